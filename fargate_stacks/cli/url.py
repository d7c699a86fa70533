"""`url`: where a service can be called."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fargate_stacks.cli.live import Live, live_options
from fargate_stacks.errors import DeployError

if TYPE_CHECKING:
    from fargate_stacks.deploy.urls import Url


@click.command()
@click.argument("name", required=False)
@click.option("--all", "every", is_flag=True, help="All addresses. Default: the best one of each service.")
@live_options
def command(live: Live, name: str | None, every: bool) -> int:
    """Write the address of a service, of a stack's services, or of all.

    The best address is an encrypted one from outside. Exits with 1 when there is none.

    \b
    Examples:
      fargate-stacks url Api
      fargate-stacks url --all --output json
    """
    from fargate_stacks.deploy.urls import urls

    found = live.directory(name).services(name)
    shown: list[tuple[str, str, list[Url]]] = []
    for one in found:
        service = one.ecs.services([one.physical_id]).get(one.physical_id)
        addresses = urls(one.ecs, service) if service is not None else []
        shown.append((one.name, one.stack, addresses if every else addresses[:1]))
    if not any(addresses for _, _, addresses in shown):
        who = name or "the app"
        raise DeployError(f"{who}: no load balancer leads there, so it has no address; a service gets one by route=")
    several = len(found) > 1
    live.show(
        {"services": [{"service": who, "stack": stack, "urls": some} for who, stack, some in shown]},
        lambda: (f"{who}  {url.url}" if several else url.url for who, _, some in shown for url in some),
    )
    return 0
