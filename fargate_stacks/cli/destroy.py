"""`destroy`: the app's stacks, deleted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from fargate_stacks.cli.cloud import by_stack, handed, how_options, open_clouds, places_options
from fargate_stacks.cli.deploy import find
from fargate_stacks.cli.options import app_option, set_option, stack_option


@click.command()
@app_option
@set_option
@stack_option
@click.option(
    "--template",
    "file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A CloudFormation template of any origin, as the stack that --stack names, instead of an app.",
)
@places_options
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

    local = given["local"]
    templates, stacks = find(given)
    with screen(given["output"]) as out:
        from fargate_stacks.cli.interrupt import listening
        from fargate_stacks.deploy.destroy import destroy
        from fargate_stacks.deploy.run import Options

        out.hide({}, templates)
        out.start("destroy", stacks or templates)
        client, clients = open_clouds(
            local=local, region=given["region"], profiles=given["profiles"], templates=templates, start=False
        )
        if client is None:
            click.echo("no local cloud runs here; nothing to delete", err=True)
            return 0
        role, roles = by_stack(given["roles"], templates, "--role-arn")
        options = Options(
            timeout=given["timeout"],
            cancel_after=given["cancel_after"],
            wait_if_busy=given["if_busy"] == "wait",
            cancel_if_busy=given["if_busy"] == "cancel",
            concurrency=given["concurrency"],
            approved=given["approved"],
            artifact_bucket=given["artifact_bucket"],
            role_arn=role,
            role_arns=roles,
            retain=given["retain"],
            force=given["force"],
        )
        with listening(out, given["on_interrupt"]) as interrupts:
            destroy(
                templates,
                client,
                out=out,
                ask=out.agree if given["yes"] or local else out.ask,
                confirm=out.agree if local else out.confirm,
                only=stacks,
                options=options,
                interrupts=interrupts,
                clients=clients,
                clock=handed("clock"),
            )
    if local and not stacks:
        from fargate_stacks.deploy import local as local_cloud

        local_cloud.stop(Path.cwd())
        click.echo("the local cloud is stopped", err=True)
    return 0
