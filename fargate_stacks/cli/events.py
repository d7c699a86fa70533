"""`events`: what happened to stacks and services."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import click

from fargate_stacks.cli.live import Live, as_json, live_options
from fargate_stacks.cli.masks import Masks
from fargate_stacks.cli.screen_ecs import plain_notice
from fargate_stacks.cli.times import ago

if TYPE_CHECKING:
    from fargate_stacks.deploy.history import Entry


@click.command()
@click.argument("name", required=False)
@click.option("--since", metavar="TIME", callback=ago, help="Only the last 90s, 10m, 2h, 1d.")
@click.option("--follow", "-f", is_flag=True, help="Go on until Ctrl-C.")
@click.option("--lines", type=click.IntRange(min=1), default=50, show_default=True, help="At most so many.")
@live_options
def command(live: Live, name: str | None, since: timedelta | None, follow: bool, lines: int) -> int:
    """Show what happened: the events of stacks, and what their services in ECS say, in the order of time.

    NAME is a construct of infra.py, a stack, or an ARN. With --output json each entry is an object on a line.

    \b
    Examples:
      fargate-stacks events Api --since 2h
      fargate-stacks events --follow
    """
    from fargate_stacks.deploy.history import history

    directory = live.directory(name)
    start = live.clock.utc() - since if since is not None else None
    seen: set[tuple[str, str]] = set()
    hidden = Masks()
    try:
        while True:
            for entry in history(directory, name, since=start, most=lines):
                if (entry.source, entry.id) not in seen:
                    seen.add((entry.source, entry.id))
                    shown = hidden.within(entry)
                    click.echo(as_json(shown) if live.output == "json" else _line(shown))
            if not follow:
                return 0
            live.clock.sleep(5)
    except KeyboardInterrupt:
        return 0


def _line(entry: Entry) -> str:
    parts = [
        f"{entry.time:%Y-%m-%d %H:%M:%S}",
        entry.stack,
        entry.name,
        entry.status,
        plain_notice(" ".join(entry.text.split())),
    ]
    return "  ".join(part for part in parts if part)
