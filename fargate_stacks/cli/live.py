"""What the commands for a running app share: their options, the way to AWS, and how a refusal is told."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fargate_stacks.cli.cloud import open_cloud, where_options
from fargate_stacks.cli.options import app_option, set_option
from fargate_stacks.errors import DeployError

if TYPE_CHECKING:
    from fargate_stacks.deploy.client import Client
    from fargate_stacks.deploy.clock import Clock
    from fargate_stacks.deploy.names import Directory


@dataclass
class Live:
    """The app and its cloud, opened when they are asked for."""

    target: str | None
    settings: dict[str, str]
    local: bool
    region: str | None
    profile: str | None
    output: str
    given: dict[str, Any] = field(default_factory=dict)

    @property
    def client(self) -> Client:
        """AWS, or the local cloud. Raises DeployError when none runs here."""
        if "client" not in self.given:
            found = open_cloud(local=self.local, region=self.region, profile=self.profile, start=False)
            if found is None:
                raise DeployError("no local cloud runs here; deploy --local first")
            self.given["client"] = found
        client: Client = self.given["client"]
        return client

    def directory(self, *names: str | None) -> Directory:
        """Give the names of the app; the app is not loaded where every name is an ARN."""
        from fargate_stacks.deploy.names import Directory

        if names and all(one is not None and one.startswith("arn:") for one in names):
            return Directory({}, self.client)
        if "templates" not in self.given:
            from fargate_stacks.cli.load import load_templates

            self.given["templates"] = load_templates(self.target, self.settings, cwd=Path.cwd())
        return Directory(self.given["templates"], self.client)

    @property
    def clock(self) -> Clock:
        """Give the machine's clock."""
        if "clock" not in self.given:
            from fargate_stacks.deploy.clock import WallClock

            self.given["clock"] = WallClock()
        clock: Clock = self.given["clock"]
        return clock

    def show(self, value: Any, lines: Callable[[], Iterator[str]]) -> None:
        """Write a value as JSON, or as the lines that people read."""
        if self.output == "json":
            click.echo(as_json(value, indent=2))
            return
        for line in lines():
            click.echo(line)


def live_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --app, --set, --local, --region, --profile and --output, and hand them over as one `Live`."""

    @functools.wraps(function)
    def call(
        target: str | None,
        settings: dict[str, str],
        local: bool,
        region: str | None,
        profile: str | None,
        output: str,
        **rest: Any,
    ) -> Any:
        live = Live(target, settings, local, region, profile, output)
        # whoever calls the command may hand the cloud, the app and the clock over instead
        live.given.update(click.get_current_context().obj or {})
        with told():
            return function(live, **rest)

    output = click.option(
        "--output",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="For people, or for programs.",
    )
    return app_option(set_option(where_options(output(call))))


@contextmanager
def told() -> Iterator[None]:
    """Say of a refused call which permission is missing."""
    from fargate_stacks.deploy.client import CallFailed

    try:
        yield
    except CallFailed as error:
        if error.denied:
            raise DeployError(f"not allowed: {error.message or error.code}; it needs {error.action}") from error
        raise


def as_json(value: Any, *, indent: int | None = None) -> str:
    """Give dataclasses, times and all else as JSON."""
    import dataclasses

    def plain(one: object) -> object:
        if dataclasses.is_dataclass(one) and not isinstance(one, type):
            return {each.name: getattr(one, each.name) for each in dataclasses.fields(one)}
        if hasattr(one, "isoformat"):
            return one.isoformat()
        return str(one)

    return json.dumps(value, default=plain, indent=indent)
