"""`diff`: what a deploy would do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fargate_stacks.cli.cloud import role_option
from fargate_stacks.cli.deploy import parameter_option
from fargate_stacks.cli.parameter_file import read_parameters
from fargate_stacks.cli.stacks import find, opened, options_of, stacks_options
from fargate_stacks.errors import DeployError

if TYPE_CHECKING:
    from fargate_stacks.cli.screen import Screen
    from fargate_stacks.core.template import Template


@click.command()
@stacks_options
@parameter_option
@click.option(
    "--offline",
    metavar="FILE | DIR",
    type=click.Path(exists=True, path_type=Path),
    help="Compare with a template, or with those in a folder named STACK.yaml or STACK.json, and ask AWS nothing.",
)
@click.option("--exit-code", "tell", is_flag=True, help="Exit with 3 when there are changes.")
@click.option(
    "--concurrency",
    metavar="N",
    type=click.IntRange(min=1),
    default=8,
    show_default=True,
    help="Stacks that are planned at one time.",
)
@click.option("--artifact-bucket", metavar="NAME", help="The bucket for templates over 51,200 bytes.")
@role_option
@click.option(
    "--output",
    type=click.Choice(["auto", "plain", "jsonl"]),
    default="auto",
    show_default=True,
    help="For people, or typed JSON lines on standard output.",
)
def command(**given: Any) -> int:
    """Show what a deploy would do: resources added, changed, replaced and removed, each property before and after.

    AWS makes a real change set for each stack, which is read and deleted again. What depends on a stack that is
    itself about to change is compared by the templates. The last line has the hash of the plan, which
    `deploy --approve-plan` takes.

    \b
    Examples:
      fargate-stacks diff
      fargate-stacks diff --exit-code --output jsonl
      fargate-stacks diff --offline templates/
    """
    from fargate_stacks.cli.screen import screen

    templates, stacks = find(given)
    values = read_parameters(given["parameter_file"]) | given["given"]
    output = "plain" if given["output"] == "auto" else given["output"]
    with screen(output) as out:
        out.hide(values, templates)
        out.start("diff", stacks or templates)
        if given["offline"] is not None:
            changes = _offline(templates, stacks, given["offline"], out)
            return out.code(3 if changes and given["tell"] else 0)
        from fargate_stacks.deploy.engine import preview

        where = opened(given, templates)
        assert where is not None
        changes = preview(
            templates,
            where.client,
            out=out,
            ask=out.refuse,
            only=stacks,
            given=values,
            options=options_of(given, templates),
            clients=where.clients,
            clock=where.clock,
        )
        return out.code(3 if changes and given["tell"] else 0)


def _offline(templates: dict[str, Template], stacks: tuple[str, ...], path: Path, out: Screen) -> bool:
    from fargate_stacks.deploy.foreign import read
    from fargate_stacks.deploy.messages import Ended, Planned
    from fargate_stacks.deploy.offline import plan

    chosen = {name: one for name, one in templates.items() if not stacks or name in stacks}
    if path.is_file() and len(chosen) != 1:
        raise DeployError(
            f"--offline {path}: it is one template; name its stack with --stack, or give a folder", exit_code=2
        )
    found = False
    for name, template in chosen.items():
        file = path if path.is_file() else _file(path, name)
        made = plan(read(file, name).to_dict() if file is not None else None, template)
        found = found or not made.empty
        out(Planned(stack=name, plan=made))
        if made.empty:
            out(Ended(stack=name, how="no changes"))
    return found


def _file(folder: Path, name: str) -> Path | None:
    """Give the template of a stack in a folder; None where it is new."""
    for ending in ("yaml", "yml", "json", "template"):
        if (folder / f"{name}.{ending}").is_file():
            return folder / f"{name}.{ending}"
    return None
