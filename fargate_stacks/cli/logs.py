"""`logs`: what the containers of a service or a task write."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from fargate_stacks.cli.live import Live, as_json, live_options
from fargate_stacks.cli.times import ago
from fargate_stacks.errors import DeployError

if TYPE_CHECKING:
    from fargate_stacks.deploy.logs import Line


@click.command()
@click.argument("name")
@click.option("--follow", "-f", is_flag=True, help="Go on until Ctrl-C.")
@click.option("--since", metavar="TIME", callback=ago, help="Only the last 90s, 10m, 2h, 1d. Default: 1h.")
@click.option(
    "--filter",
    "pattern",
    metavar="PATTERN",
    default="",
    help="A filter pattern of CloudWatch Logs: a word, or {$.level = error} for lines of JSON.",
)
@click.option("--container", metavar="NAME", help="Only this container. Default: all.")
@click.option("--task", metavar="ID", help="Only the task whose id begins like this.")
@click.option("--previous", is_flag=True, help="The task that ran last and does not run any more.")
@click.option("--lines", type=click.IntRange(min=1), default=100, show_default=True, help="At most so many at first.")
@live_options
def command(
    live: Live,
    name: str,
    follow: bool,
    since: timedelta | None,
    pattern: str,
    container: str | None,
    task: str | None,
    previous: bool,
    lines: int,
) -> int:
    """Show what the tasks of a service write, all containers and tasks together in the order of time.

    NAME is a construct of infra.py that runs tasks, or the ARN of a service or task definition. With
    --output json each line is an object.

    \b
    Examples:
      fargate-stacks logs Api --follow
      fargate-stacks logs Api --since 2h --filter ERROR --output json
      fargate-stacks logs Api --previous
    """
    from fargate_stacks.deploy.logs import Reader, places, previous_task

    if previous and (follow or task):
        raise DeployError("logs: --previous is about a task that has ended; leave --follow and --task out", exit_code=2)
    runner = live.directory(name).runner(name)
    ecs, service = runner.found.ecs, runner.service
    where = places(ecs, runner.task_definition, container=container)
    start = live.clock.utc() - (since or timedelta(hours=1))
    only: list[str] = []
    if previous:
        alive = [] if service is None else ecs.task_arns(service.cluster, serviceName=service.name)
        last = previous_task(ecs, where, [one.rpartition("/")[2] for one in alive])
        if last is None:
            raise DeployError(f"{name}: no log is kept of a task that has ended")
        only = [last]
        start = live.clock.utc() - (since or timedelta(days=3650))
    reader = Reader(ecs, where, since=start, pattern=pattern, tasks=only)
    show = _Show(live.output, containers=sum(len(one.prefixes) for one in where), task=task)
    try:
        shown = show(reader.read(), most=lines)
        if not shown and not follow:
            matching = " that match" if pattern else ""
            click.echo(f"{name}: no lines{matching} since {start:%Y-%m-%d %H:%M}; --since looks further back", err=True)
        for line in reader.follow(live.clock) if follow else ():
            show([line])
    except KeyboardInterrupt:
        if not follow:
            raise
    return 0


class _Show:
    """Writes lines, each with its task and, where there are several, its container."""

    def __init__(self, output: str, *, containers: int, task: str | None) -> None:
        self._output = output
        self._containers = containers
        self._task = task or ""

    def __call__(self, some: Iterable[Line], *, most: int | None = None) -> int:
        """Write lines, the last `most` of them; give how many."""
        wanted = [line for line in some if line.task.startswith(self._task)]
        wanted = wanted[-most:] if most is not None else wanted
        for line in wanted:
            if self._output == "json":
                click.echo(as_json(line))
                continue
            place = f"{line.container}/{line.task[:8]}" if self._containers > 1 else line.task[:8]
            click.echo(f"{line.time:%Y-%m-%d %H:%M:%S}  {place}  {line.text}")
        return len(wanted)
