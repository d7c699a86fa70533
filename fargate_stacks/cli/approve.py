"""`approve`: a deployment that waits for a person goes on."""

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
    """Let a deployment go on that pauses for approval, and follow it to its end.

    Exits with 5 when none waits, with 10 when it is rolled back after all.

    \b
    Example:
      fargate-stacks approve Api --no-wait
    """
    from fargate_stacks.deploy.day_two import answer

    found = live.directory(name).service(name)
    return followed(live, found, answer(found, "CONTINUE", hook=hook), "approve", no_wait=no_wait, timeout=timeout)
