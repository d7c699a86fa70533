"""Options of the commands that speak to a cloud, and the way there."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from fargate_stacks.cli.local import local_options, set_up
from fargate_stacks.cli.options import output_option
from fargate_stacks.core.construct import nearest
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


def _kinds(ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> frozenset[str]:
    kinds = {kind.strip() for one in given for kind in one.split(",")}
    wrong = sorted(kinds - {"broadening", "data-loss"})
    if wrong:
        raise click.BadParameter(f"write broadening or data-loss, got {wrong[0]!r}", ctx, param)
    return frozenset(kinds)


_WHERE = (
    click.option("--local", is_flag=True, help="Use the local cloud of this folder; it needs no account."),
    click.option("--region", metavar="REGION", help="The region of stacks that name none."),
    click.option("--profile", metavar="NAME", help="The profile of the AWS configuration."),
    *local_options,
)
_PROFILES = click.option(
    "--profile",
    "profiles",
    metavar="[STACK=]NAME",
    multiple=True,
    help="The profile of the AWS configuration, or that of one stack. May be given several times.",
)
role_option = click.option(
    "--role-arn",
    "roles",
    metavar="[STACK=]ARN",
    multiple=True,
    help="The role with which CloudFormation works, or that of one stack. May be given several times. Default: your "
    "own rights.",
)
_HOW = (
    click.option("--yes", "-y", is_flag=True, help="Ask nothing. Broadening and loss of data need --approve."),
    click.option(
        "--approve",
        "approved",
        metavar="KINDS",
        multiple=True,
        callback=_kinds,
        help="Approve broadening (who may do more, what is reached from anywhere) or data-loss, or both by a comma.",
    ),
    click.option(
        "--concurrency",
        metavar="N",
        type=click.IntRange(min=1),
        default=8,
        show_default=True,
        help="Stacks that are worked on at one time.",
    ),
    click.option(
        "--timeout",
        metavar="TIME",
        callback=_seconds,
        help="Stop watching after 90s, 30m, 2h and exit with 9; the operations go on. Default: never.",
    ),
    click.option(
        "--cancel-after",
        metavar="TIME",
        callback=_seconds,
        help="Cancel an operation that has not ended after 90s, 30m, 2h. Default: never.",
    ),
    click.option(
        "--on-interrupt",
        type=click.Choice(["detach", "cancel"]),
        default="detach",
        show_default=True,
        help="What SIGTERM does, and Ctrl-C where there is no terminal: leave the operations running, or cancel them.",
    ),
    click.option(
        "--if-busy",
        type=click.Choice(["fail", "wait", "cancel"]),
        default="fail",
        show_default=True,
        help="What to do when somebody else's operation runs on a stack; cancel has an update rolled back first.",
    ),
    click.option(
        "--artifact-bucket",
        metavar="NAME",
        help="The bucket for templates over 51,200 bytes. Default: the one of this account and region, made when you "
        "agree; with --local it makes itself.",
    ),
    role_option,
    output_option,
)


def where_options(function: _F) -> _F:
    """Add --local, --region and --profile."""
    return reduce(lambda done, option: option(done), reversed(_WHERE), function)


def places_options(function: _F) -> _F:
    """Add --local, --region and --profile, the last for single stacks too."""
    return reduce(
        lambda done, option: option(done), (*reversed(local_options), _PROFILES, *reversed(_WHERE[:2])), function
    )


def how_options(function: _F) -> _F:
    """Add the options of commands that change stacks."""
    return reduce(lambda done, option: option(done), reversed(_HOW), function)


def by_stack(given: tuple[str, ...], templates: Mapping[str, object], option: str) -> tuple[str | None, dict[str, str]]:
    """Take apart the values of an option that are NAME for all stacks or STACK=NAME for one."""
    common: str | None = None
    single: dict[str, str] = {}
    for one in given:
        stack, equals, value = one.partition("=")
        if not equals or one.startswith("arn:"):  # names of roles may hold the sign
            common = one
        elif stack in templates:
            single[stack] = value
        else:
            raise DeployError(f"{option} {one}: the app has no stack {stack}{nearest(stack, templates)}", exit_code=2)
    return common, single


def handed(name: str) -> Any:
    """Give what the caller of a command hands over in place of what it would open itself: its client, its clock."""
    context = click.get_current_context(silent=True)
    return (context.obj or {}).get(name) if context is not None else None


def open_clouds(
    *, local: bool, region: str | None, profiles: tuple[str, ...], templates: Mapping[str, object], start: bool = True
) -> tuple[Client | None, dict[str, Client]]:
    """Connect to the local cloud of this folder or to AWS, and for stacks with a profile of their own by that.

    The local one is started where none runs; with `start` off None says that none runs.
    """
    from fargate_stacks.deploy.client import connect

    common, single = by_stack(profiles, templates, "--profile")
    if local and profiles:
        raise DeployError("deploy: --local uses no profile; leave --profile out", exit_code=2)
    client = open_cloud(local=local, region=region, profile=common, start=start)
    # one client for a profile, so that its stacks share one budget of requests
    opened = {name: connect(region=region, profile=name) for name in dict.fromkeys(single.values())}
    return client, {stack: opened[name] for stack, name in single.items()}


def open_cloud(*, local: bool, region: str | None, profile: str | None, start: bool = True) -> Client | None:
    """Connect to the local cloud of this folder or to AWS.

    The local one is started where none runs; with `start` off None says that none runs.
    """
    from fargate_stacks.deploy.client import connect

    found_elsewhere: Client | None = handed("client")
    if found_elsewhere is not None:
        return found_elsewhere
    if not local:
        return connect(region=region, profile=profile)
    from fargate_stacks.deploy import local as local_cloud

    folder = Path.cwd()
    found = local_cloud.start(folder) if start else local_cloud.status(folder)
    if found is None:
        return None
    set_up(found, folder)
    return connect(endpoint_url=found.endpoint_url, region=region)
