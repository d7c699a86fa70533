"""`status`: how the services are, at a glance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import click

from fargate_stacks.cli.live import Live, live_options
from fargate_stacks.cli.screen_ecs import plain_notice
from fargate_stacks.cli.times import since

if TYPE_CHECKING:
    from fargate_stacks.deploy.service_status import LastDeployment, ServiceStatus


@click.command()
@click.argument("name", required=False)
@click.option("--events", "count", type=click.IntRange(min=0), default=3, show_default=True, help="Events of each.")
@click.option("--fail", is_flag=True, help="Exit with 3 unless every service is healthy.")
@live_options
def command(live: Live, name: str | None, count: int, fail: bool) -> int:
    """Show the health of a service, of a stack's services, or of all: tasks, last deployment, alarms, addresses.

    NAME is a construct of infra.py, a stack, or an ARN.

    \b
    Examples:
      fargate-stacks status
      fargate-stacks status Api --output json
    """
    from fargate_stacks.deploy.service_status import statuses

    directory = live.directory(name)
    found = directory.services(name)
    shown = statuses(found, events=count)
    if not shown:
        click.echo("no service is deployed", err=True)
        for stack in directory.templates if name is None else ():
            if not directory.is_missing(stack):
                status = directory.stack(stack)[1].status
                click.echo(f"{stack}: {status}; fargate-stacks diagnose {stack} tells more", err=True)
    live.show({"services": shown}, lambda: _lines(shown, live.clock.utc()))
    return 3 if fail and any(one.health not in ("healthy", "stopped") for one in shown) else 0


def _lines(shown: Sequence[ServiceStatus], now: datetime) -> Iterator[str]:
    names = max((len(one.name) for one in shown), default=0)
    for one in shown:
        pending = f", {one.pending} pending" if one.pending else ""
        scaled = f", scaled {one.bounds[0]} to {one.bounds[1]}" if one.bounds else ""
        home = f"  ({one.stack})" if one.stack else ""
        tasks = f"{one.running}/{one.desired} running{pending}{scaled}"
        yield (
            f"{one.name:<{names}}  {one.health}  {tasks}{home}"
            if one.arn and one.health != "missing"
            else (f"{one.name:<{names}}  {one.health}{home}")
        )
        if one.deployment is not None:
            yield f"  deployment  {_deployment(one.deployment, now)}"
            if one.deployment.hook is not None:
                yield f"              it waits for fargate-stacks approve {one.name}, or reject"
        if one.targets:
            healthy = sum(target.state == "healthy" for target in one.targets)
            yield f"  targets     {healthy}/{len(one.targets)} healthy"
            for target in one.targets:
                if target.state not in ("healthy", "draining"):
                    reason = f": {target.reason}" if target.reason else ""
                    yield f"              {target.address} {target.state}{reason}"
        for alarm, state in one.alarms:
            yield f"  alarm       {alarm}: {state}"
        for url in one.urls:
            yield f"  url         {url.url}{' (inside the VPC)' if url.internal else ''}"
        for event in one.events:
            yield f"  {since(event.time, now):>8}    {plain_notice(event.text)}"
        for text in one.not_read:
            yield f"  not shown   {text}"


def _deployment(one: LastDeployment, now: datetime) -> str:
    parts = [
        f"rev {one.revision}" if one.revision else "",
        one.status.lower().replace("_", " "),
        since(one.started, now),
    ]
    if one.stage and one.finished is None:
        parts.append(one.stage)
    if one.traffic is not None and one.finished is None:
        parts.append(f"traffic {one.traffic:g} %")
    if one.failed:
        parts.append(f"{one.failed} failed tasks")
    if one.status != "SUCCESSFUL":
        parts.append(one.reason.rstrip("."))
    return ", ".join(part for part in parts if part)
