"""What the commands share that change a running service: they show its rows, wait for its end and say how it was."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

from fargate_stacks.cli.cloud import _seconds
from fargate_stacks.cli.live import Live, as_json

if TYPE_CHECKING:
    from fargate_stacks.deploy.day_two import Begun
    from fargate_stacks.deploy.messages import Out
    from fargate_stacks.deploy.names import Found

_LONG = 3600.0


def wait_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --no-wait and --timeout."""
    no_wait = click.option("--no-wait", is_flag=True, help="Start it and do not wait for its end.")
    timeout = click.option(
        "--timeout",
        metavar="TIME",
        callback=_seconds,
        help="Stop watching after 90s, 30m, 2h and exit with 9; ECS goes on. Default: 1h, for scale 10m.",
    )
    return no_wait(timeout(function))


def rows(live: Live) -> Out:
    """Give the place where rows are shown: standard error, and nothing with --output json."""
    from fargate_stacks.cli.screen import Coloured, Plain

    if live.output == "json":
        return lambda message: None
    return (Coloured if sys.stderr.isatty() else Plain)(sys.stdout, sys.stderr)


def followed(live: Live, found: Found, begun: Begun, word: str, *, no_wait: bool, timeout: float | None) -> int:
    """Follow what was begun, unless told not to, and say how it ended."""
    state = "started"
    if not no_wait:
        from fargate_stacks.deploy.day_two import follow

        state = follow(found, begun, rows(live), live.clock, limit=_LONG if timeout is None else timeout).value
    told = {"service": found.name, "stack": found.stack, "action": word, "state": state}
    say(live, told | {"task_definition": begun.task_definition}, f"{found.name}: {word}, {state}")
    return 0


def say(live: Live, told: Mapping[str, Any], text: str) -> None:
    """Say how it ended: an object on standard output, or a line on standard error."""
    if live.output == "json":
        click.echo(as_json(told))
    else:
        click.echo(text, err=True)
