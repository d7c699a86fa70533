"""`destroy`: the app's stacks, deleted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from fargate_stacks.cli.cloud import how_options
from fargate_stacks.cli.stacks import answers, find, opened, options_of, stacks_options


@click.command()
@stacks_options
@click.option(
    "--retain",
    metavar="ID",
    multiple=True,
    help="A resource to leave behind when a delete that failed is tried again. May be given several times.",
)
@click.option("--force", is_flag=True, help="Delete a stack whose delete failed, with whatever stays behind.")
@how_options
def command(**given: Any) -> int:
    """Delete the stacks, in the opposite order of deploy, after one question.

    First everything is named that is protected, kept by its deletion policy, not empty, or goes with the data in
    it. Deletion protection is switched off by an update; buckets and repositories are emptied, once the loss of
    data is approved (--approve data-loss, or the question). With --local nothing is asked, and the local cloud is
    stopped once all stacks are gone. The exit codes are those of deploy.
    """
    from fargate_stacks.cli.screen import screen

    templates, stacks = find(given)
    with screen(given["output"]) as out:
        from fargate_stacks.cli.interrupt import listening
        from fargate_stacks.deploy.destroy import destroy

        out.hide({}, templates)
        out.start("destroy", stacks or templates)
        where = opened(given, templates, start=False)
        if where is None:
            click.echo("no local cloud runs here; nothing to delete", err=True)
            return 0
        options = options_of(given, templates, retain=given["retain"], force=given["force"])
        ask, confirm = answers(given, out)
        with listening(out, given["on_interrupt"]) as interrupts:
            destroy(
                templates,
                where.client,
                out=out,
                ask=ask,
                confirm=confirm,
                only=stacks,
                options=options,
                interrupts=interrupts,
                clients=where.clients,
                clock=where.clock,
            )
    if given["local"] and not stacks:
        from fargate_stacks.deploy import local as local_cloud

        local_cloud.stop(Path.cwd())
        click.echo("the local cloud is stopped", err=True)
    return 0
