"""`open`: a service in the browser."""

from __future__ import annotations

import webbrowser

import click

from fargate_stacks.cli.live import Live, as_json, live_options
from fargate_stacks.errors import DeployError


@click.command()
@click.argument("name", metavar="SERVICE")
@live_options
def command(live: Live, name: str) -> int:
    """Open the address of a service in the browser, and write it; without a browser it is only written.

    \b
    Example:
      fargate-stacks open Api
    """
    from fargate_stacks.deploy.urls import urls

    found = live.directory(name).service(name)
    service = found.ecs.services([found.physical_id]).get(found.physical_id)
    addresses = [one for one in urls(found.ecs, service) if one.url.startswith("http")] if service is not None else []
    if not addresses:
        raise DeployError(f"{name}: no load balancer leads there; a service gets an address by route=")
    best = addresses[0]
    opened = live.output == "text" and webbrowser.open(best.url)
    told = {"service": found.name, "url": best.url, "internal": best.internal}
    click.echo(as_json(told) if live.output == "json" else best.url)
    if best.internal:
        click.echo(f"{name}: this address is reached from inside the VPC only", err=True)
    elif not opened and live.output == "text":
        click.echo("there is no browser here", err=True)
    return 0
