"""`scale`: how many tasks of a service run."""

from __future__ import annotations

import click

from fargate_stacks.cli.change import rows, say, wait_options
from fargate_stacks.cli.live import Live, live_options


@click.command()
@click.argument("name", metavar="SERVICE")
@click.argument("count", type=click.IntRange(min=0))
@click.option("--min", "least", type=click.IntRange(min=0), help="The least that autoscaling keeps from now on.")
@click.option("--max", "most", type=click.IntRange(min=0), help="The most that autoscaling starts from now on.")
@wait_options
@live_options
def command(
    live: Live, name: str, count: int, least: int | None, most: int | None, no_wait: bool, timeout: float | None
) -> int:
    """Have COUNT tasks of a service run, and wait until they do.

    Where autoscaling keeps the number it goes on from there; COUNT must lie within its bounds, which --min and --max
    move. The template is not changed: a deploy of a fixed count puts its own number back.

    \b
    Examples:
      fargate-stacks scale Api 4
      fargate-stacks scale Api 1 --min 1
    """
    from fargate_stacks.deploy.day_two import await_count, scale

    found = live.directory(name).service(name)
    begun = live.clock.utc()
    done = dict(scale(found, count, least=least, most=most))
    if not no_wait:
        limit = 600.0 if timeout is None else timeout
        service = await_count(found, count, rows(live), live.clock, limit=limit, begun=begun)
        done["running"] = service.running
    bounds = done["bounds"]
    scaled = f"; autoscaling keeps {bounds[0]} to {bounds[1]} and may change it" if bounds else ""
    say(live, done, f"{found.name}: {done['before']} -> {count} tasks{scaled}")
    return 0
