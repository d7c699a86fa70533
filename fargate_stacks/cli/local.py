"""`local`: the cloud on this machine, by itself."""

from __future__ import annotations

from pathlib import Path

import click


@click.group()
def command() -> None:
    """Start, stop or look at the local cloud of this folder.

    `deploy --local` starts it by itself. It listens on a loopback address only, and holds nothing after a stop.
    """


@command.command()
def start() -> None:
    """Start it, or find the one that runs, and write its address as AWS_ENDPOINT_URL=..."""
    from fargate_stacks.deploy import local

    click.echo(f"AWS_ENDPOINT_URL={local.start(Path.cwd()).endpoint_url}")


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
