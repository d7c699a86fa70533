"""`drift`: what is different in AWS from what the stacks say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from fargate_stacks.cli.live import Live, live_options
from fargate_stacks.cli.masks import Masks

if TYPE_CHECKING:
    from fargate_stacks.deploy.drift import Drifted


@click.command()
@click.argument("name", metavar="[STACK]", required=False)
@click.option("--fail", is_flag=True, help="Exit with 3 when something has drifted.")
@live_options
def command(live: Live, name: str | None, fail: bool) -> int:
    """Compare the deployed stacks, or one, with what there is: changes by hand, deleted resources, rollbacks.

    What ECS and autoscaling set while a stack runs is shown and does not count.

    \b
    Examples:
      fargate-stacks drift
      fargate-stacks drift shop-prod-services --fail
    """
    from fargate_stacks.deploy.drift import drift

    directory = live.directory(name)
    stacks = [one for one in directory.stacks_of(name) if name is not None or not directory.is_missing(one)]
    found: list[Drifted] = []
    for stack in stacks:
        ecs, state, template = directory.stack(stack)
        found += Masks().within(drift(ecs, state.id, state.name, template, live.clock))
    real = [one for one in found if not one.normal]
    live.show({"stacks": stacks, "drifted": found}, lambda: _lines(stacks, found))
    return 3 if fail and real else 0


def _lines(stacks: Sequence[str], found: Sequence[Drifted]) -> Iterator[str]:
    if not found:
        yield f"no drift in {', '.join(stacks)}" if stacks else "no stack is deployed"
    for one in found:
        owner = f"  {one.owner}" if one.owner is not None else ""
        word = f"normal: {one.normal}" if one.normal else one.status.lower()
        yield f"{one.stack}  {one.logical_id}  {one.type}{owner}  {word}"
        for difference in one.differences:
            yield f"  {difference.path}: {difference.expected} -> {difference.actual}"
