"""`restart`: all tasks of a service, anew."""

from __future__ import annotations

import click

from fargate_stacks.cli.change import followed, wait_options
from fargate_stacks.cli.live import Live, live_options


@click.command()
@click.argument("name", metavar="SERVICE")
@wait_options
@live_options
def command(live: Live, name: str, no_wait: bool, timeout: float | None) -> int:
    """Start the tasks of a service anew, with the task definition that it has: new secrets, a moved image tag.

    As in a deployment, new tasks must be healthy before old ones go. Exits with 10 when they do not come up.

    \b
    Example:
      fargate-stacks restart Api
    """
    from fargate_stacks.deploy.day_two import restart

    found = live.directory(name).service(name)
    return followed(live, found, restart(found), "restart", no_wait=no_wait, timeout=timeout)
