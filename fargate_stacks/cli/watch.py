"""`watch`: back to an operation that runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from fargate_stacks.cli.cloud import _seconds, handed, open_cloud, where_options
from fargate_stacks.cli.load import load_if_there
from fargate_stacks.cli.options import app_option, output_option, set_option
from fargate_stacks.errors import DeployError


@click.command()
@click.argument("stack")
@app_option
@set_option
@where_options
@click.option(
    "--timeout",
    metavar="TIME",
    callback=_seconds,
    help="Stop watching after 90s, 30m, 2h and exit with 9; the operation goes on. Default: never.",
)
@click.option(
    "--on-interrupt",
    type=click.Choice(["detach", "cancel"]),
    default="detach",
    show_default=True,
    help="What SIGTERM does, and Ctrl-C where there is no terminal: leave the operation running, or cancel it.",
)
@output_option
def command(**given: Any) -> int:
    """Show the newest operation of STACK from its start, follow it to its end, and judge it as deploy does.

    It works after Ctrl-C, a lost connection, expired credentials or the death of the process that began it, and
    for stacks that anybody deployed with anything. The exit codes are those of deploy.

    \b
    Examples:
      fargate-stacks watch shop-prod-services
      fargate-stacks watch shop-dev --local
    """
    from fargate_stacks.cli.screen import screen

    with screen(given["output"]) as out:
        from fargate_stacks.cli.interrupt import listening
        from fargate_stacks.deploy.clock import WallClock
        from fargate_stacks.deploy.resume import resume
        from fargate_stacks.deploy.run import Options, Run

        client = open_cloud(local=given["local"], region=given["region"], profile=given["profile"], start=False)
        if client is None:
            raise DeployError("watch: no local cloud runs here; deploy --local first", exit_code=2)
        templates = load_if_there(given["target"], given["settings"], cwd=Path.cwd(), broken=True)
        out.hide({}, templates)
        out.start("watch", [given["stack"]])
        found = templates.get(given["stack"])
        with listening(out, given["on_interrupt"]) as interrupts:
            run = Run(
                client,
                out,
                out.refuse,
                Options(timeout=given["timeout"]),
                handed("clock") or WallClock(interrupts),
                interrupts=interrupts,
            )
            resume(given["stack"], client, run, found.owners if found is not None else {})
    return 0
