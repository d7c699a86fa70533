"""`diagnose`: why something failed, after the fact."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from fargate_stacks.cli.live import Live, live_options
from fargate_stacks.cli.masks import Masks

if TYPE_CHECKING:
    from fargate_stacks.deploy.after_the_fact import Findings


@click.command()
@click.argument("name", metavar="STACK | SERVICE")
@live_options
def command(live: Live, name: str) -> int:
    """Find out why the last deployment of a stack failed, or why tasks of a service stop.

    The cause, what the stopped tasks and their last log lines tell, and what to do about it. ECS remembers stopped
    tasks for about an hour; deploy collects the same while it happens.

    \b
    Examples:
      fargate-stacks diagnose shop-dev-services
      fargate-stacks diagnose Api --output json
    """
    from fargate_stacks.deploy.after_the_fact import look

    findings: Findings = Masks().within(look(live.directory(name), name))
    live.show(findings, lambda: _lines(findings))
    return 0


def _lines(found: Findings) -> Iterator[str]:
    from fargate_stacks.cli.screen import lines
    from fargate_stacks.cli.screen_ecs import evidence_lines
    from fargate_stacks.deploy.messages import Diagnosed

    if found.status:
        yield f"{found.stack}: {found.status}"
    for one in found.services:
        yield f"{one.name}: {one.health}, {one.running}/{one.desired} running"
    for evidence in found.evidence:
        well = any(one.name == evidence.service and one.health == "healthy" for one in found.services)
        title = "what ECS tells, though it is healthy now" if well else "why it does not come up"
        yield from (text for text, _ in evidence_lines(evidence, title))
    if found.diagnosis is not None:
        yield from (line.text for line in lines(Diagnosed(stack=found.stack, diagnosis=found.diagnosis)))
    for text in found.not_read:
        yield f"not read: {text}"
    if found.diagnosis is None and not found.evidence:
        yield "nothing has failed that CloudFormation or ECS still know of"
