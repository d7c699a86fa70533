"""`reject`: a deployment that waits for a person is rolled back."""

from __future__ import annotations

import click

from fargate_stacks.cli.change import followed, wait_options
from fargate_stacks.cli.live import Live, live_options


@click.command()
@click.argument("name", metavar="SERVICE")
@click.option("--hook", metavar="ID", help="Which hook, where several wait.")
@wait_options
@live_options
def command(live: Live, name: str, hook: str | None, no_wait: bool, timeout: float | None) -> int:
    """Roll back a deployment that pauses for approval, and follow it to its end.

    The stack that it belongs to rolls back too. Exits with 5 when none waits.

    \b
    Example:
      fargate-stacks reject Api
    """
    from fargate_stacks.deploy.day_two import answer

    found = live.directory(name).service(name)
    return followed(live, found, answer(found, "ROLLBACK", hook=hook), "reject", no_wait=no_wait, timeout=timeout)
