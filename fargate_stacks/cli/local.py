"""`local`: the cloud on this machine, by itself, and the options by which other commands set it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fargate_stacks.errors import DeployError

if TYPE_CHECKING:
    from fargate_stacks.deploy.local import Running

_ASKED = "fargate_stacks.local"


def _ask(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
    if value is not None and not ctx.resilient_parsing:
        ctx.meta.setdefault(_ASKED, {})[param.name] = value
    return value


local_options = (
    click.option(
        "--local-speed",
        metavar="TIMES",
        type=click.FloatRange(min=0),
        expose_value=False,
        callback=_ask,
        help="How many seconds of AWS pass in one on the local cloud, 60 for instance. 0, the default: nothing takes "
        "time.",
    ),
    click.option(
        "--scenario",
        metavar="NAME|FILE",
        expose_value=False,
        callback=_ask,
        help="What goes wrong on the local cloud; local scenarios lists the names. Default: local.toml, if there is "
        "one.",
    ),
)
"""--local-speed and --scenario. Their values are kept with the command's context until `set_up` asks."""


def set_up(cloud: Running, folder: Path) -> None:
    """Give a local cloud the scenario and the speed that the command was asked for.

    Without, it goes on as before; what is wrong in the folder's local.toml is said all the same.
    """
    from fargate_stacks.deploy import local
    from fargate_stacks.deploy.local.ready_made import choose
    from fargate_stacks.deploy.local.scenarios import NAME, load

    context = click.get_current_context(silent=True)
    asked = context.meta.get(_ASKED, {}) if context is not None else {}
    if "scenario" in asked:
        local.play(cloud, choose(asked["scenario"], folder))
    elif (folder / NAME).is_file():
        load(folder / NAME)
    if "local_speed" in asked:
        local.pace(cloud, asked["local_speed"])


@click.group()
def command() -> None:
    """Start, stop or look at the local cloud of this folder.

    `deploy --local` starts it by itself. It listens on a loopback address only, and holds nothing after a stop.
    """


@command.command()
@local_options[0]
@local_options[1]
def start() -> None:
    """Start it, or find the one that runs, and write its address as AWS_ENDPOINT_URL=..."""
    from fargate_stacks.deploy import local

    found = local.start(Path.cwd())
    set_up(found, Path.cwd())
    click.echo(f"AWS_ENDPOINT_URL={found.endpoint_url}")


@command.command()
def stop() -> None:
    """Stop it; everything in it is gone."""
    from fargate_stacks.deploy import local

    stopped = local.stop(Path.cwd())
    click.echo("stopped" if stopped else "no local cloud runs here", err=True)


@command.command()
def status() -> int:
    """Write its address as AWS_ENDPOINT_URL=..., or exit with 1 if none runs."""
    from fargate_stacks.deploy import local

    found = local.status(Path.cwd())
    if found is None:
        click.echo("no local cloud runs here; start one with fargate-stacks local start", err=True)
        return 1
    click.echo(f"AWS_ENDPOINT_URL={found.endpoint_url}")
    return 0


@command.command()
def reset() -> None:
    """Empty it: every stack and everything else is gone, and so is the scenario; the address stays."""
    from fargate_stacks.deploy import local

    found = local.status(Path.cwd())
    if found is None:
        raise DeployError("local: no local cloud runs here; start one with fargate-stacks local start", exit_code=2)
    local.reset(found)
    click.echo("empty", err=True)


@command.command()
def scenarios() -> None:
    """List what can be told to go wrong: the names for --scenario, and for [[task]] in a local.toml.

    A scenario file is TOML: speed, seed, [[task]], [[hook]], [[alarm]], [[resource]] and [[api]]. The documentation
    has an example of each.
    """
    from fargate_stacks.deploy.local.ready_made import READY_MADE

    width = max(map(len, READY_MADE))
    for name, (told, _) in READY_MADE.items():
        click.echo(f"{name:{width}}  {told}")
