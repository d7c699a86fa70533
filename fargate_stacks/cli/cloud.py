"""Options of the commands that speak to a cloud, and the way there."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from fargate_stacks.errors import DeployError

if TYPE_CHECKING:
    from fargate_stacks.deploy.client import Client

_F = TypeVar("_F", bound=Callable[..., Any])
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}


def _seconds(ctx: click.Context, param: click.Parameter, text: str | None) -> float | None:
    if text is None:
        return None
    match = re.fullmatch(r"(\d+)([smh]?)", text)
    if match is None:
        raise click.BadParameter(f"write seconds, or 90s, 30m, 2h; got {text!r}", ctx, param)
    return float(int(match.group(1)) * _UNITS[match.group(2)])


_WHERE = (
    click.option("--local", is_flag=True, help="Use the local cloud of this folder; it needs no account."),
    click.option("--region", metavar="REGION", help="The region of stacks that name none."),
    click.option("--profile", metavar="NAME", help="The profile of the AWS configuration."),
)
_HOW = (
    click.option("--yes", "-y", is_flag=True, help="Ask nothing."),
    click.option(
        "--timeout",
        metavar="TIME",
        callback=_seconds,
        help="Stop watching after 90s, 30m, 2h and exit with 9; the operation goes on. Default: never.",
    ),
    click.option(
        "--if-busy",
        type=click.Choice(["fail", "wait"]),
        default="fail",
        show_default=True,
        help="What to do when somebody else's operation runs on a stack.",
    ),
    click.option(
        "--artifact-bucket",
        metavar="NAME",
        help="The bucket for templates over 51,200 bytes. Default: the one of this account and region, made when you "
        "agree; with --local it makes itself.",
    ),
    click.option(
        "--output",
        type=click.Choice(["plain", "jsonl", "quiet"]),
        default="plain",
        show_default=True,
        help="One line for each change of state; typed JSON lines on standard output; or only what failed.",
    ),
)


def where_options(function: _F) -> _F:
    """Add --local, --region and --profile."""
    return reduce(lambda done, option: option(done), reversed(_WHERE), function)


def how_options(function: _F) -> _F:
    """Add --yes, --timeout, --if-busy, --artifact-bucket and --output."""
    return reduce(lambda done, option: option(done), reversed(_HOW), function)


def open_cloud(*, local: bool, region: str | None, profile: str | None, start: bool = True) -> Client | None:
    """Connect to the local cloud of this folder or to AWS.

    The local one is started where none runs; with `start` off None says that none runs.
    """
    from fargate_stacks.deploy.client import connect

    if not local:
        return connect(region=region, profile=profile)
    if profile is not None:
        raise DeployError("deploy: --local uses no profile; leave --profile out", exit_code=2)
    from fargate_stacks.deploy import local as local_cloud

    folder = Path.cwd()
    found = local_cloud.start(folder) if start else local_cloud.status(folder)
    return None if found is None else connect(endpoint_url=found.endpoint_url, region=region)
