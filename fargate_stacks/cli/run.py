"""`run`: a task, once."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from fargate_stacks.cli.change import say
from fargate_stacks.cli.live import Live, live_options
from fargate_stacks.cli.options import _pairs

if TYPE_CHECKING:
    from fargate_stacks.deploy.logs import Line


@click.command()
@click.argument("name", metavar="TASK")
@click.argument("words", metavar="[-- COMMAND...]", nargs=-1, type=click.UNPROCESSED)
@click.option("--container", metavar="NAME", help="Whose command and environment change, and whose exit code counts.")
@click.option(
    "--env", metavar="KEY=VALUE", multiple=True, callback=_pairs, help="An environment variable for this run."
)
@click.option("--cpu", type=int, metavar="UNITS", help="Another task size, in CPU units.")
@click.option("--memory", type=int, metavar="MIB", help="Another task size, in MiB.")
@click.option("--detach", is_flag=True, help="Start it and do not wait.")
@click.option("--stop-on-interrupt", is_flag=True, help="Stop the task at Ctrl-C. Default: it goes on.")
@live_options
def command(
    live: Live,
    name: str,
    words: tuple[str, ...],
    container: str | None,
    env: dict[str, str],
    cpu: int | None,
    memory: int | None,
    detach: bool,
    stop_on_interrupt: bool,
) -> int:
    """Run a task once, show what it writes, and exit with its container's exit code.

    TASK is a service, job or scheduled task of infra.py: the task runs where its own tasks run, with its roles and
    secrets. What stands behind -- replaces the command of its first essential container.

    \b
    Examples:
      fargate-stacks run Migrate
      fargate-stacks run Api --env VERBOSE=1 -- python manage.py migrate
    """
    from fargate_stacks.deploy import one_off

    runner = live.directory(name).runner(name)
    ecs = runner.found.ecs
    chosen = one_off.main_container(ecs, runner.task_definition, container)
    task = one_off.start(runner, one_off.Overrides(words, env, cpu, memory), chosen)
    told = {"task": task.arn, "task_definition": task.task_definition, "container": chosen}
    quiet = live.output == "json"
    if detach:
        say(live, told | {"status": task.status, "exit_code": None}, f"{name}: task {task.id} is started")
        return 0

    def write(line: Line) -> None:
        place = "" if line.container == chosen else f"{line.container}  "
        click.echo(f"{place}{line.text}", err=quiet)

    def change(status: str) -> None:
        if not quiet:
            click.echo(f"{name}: task {task.id} {status.lower()}", err=True)

    try:
        ran = one_off.follow(runner, task, chosen, live.clock, line=write, change=change)
    except KeyboardInterrupt:
        if stop_on_interrupt:
            one_off.stop(runner, task)
            click.echo(f"{name}: task {task.id} is being stopped", err=True)
        else:
            click.echo(f"{name}: task {task.id} goes on; its lines: fargate-stacks logs {name} --follow", err=True)
        return 130
    code = 1 if ran.exit_code is None else ran.exit_code
    if code and not quiet:
        from fargate_stacks.cli.screen_ecs import evidence_lines

        for text, _ in evidence_lines(ran.evidence, "why it failed"):
            click.echo(text, err=True)
    ended = f"{name}: {chosen} exited with {ran.exit_code}" if ran.exit_code is not None else f"{name}: {ran.reason}"
    say(live, told | {"status": "STOPPED", "exit_code": ran.exit_code, "reason": ran.reason}, ended)
    sys.stdout.flush()
    return code
