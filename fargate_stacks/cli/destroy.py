"""`destroy`: the app's stacks, deleted."""

from __future__ import annotations

from pathlib import Path

import click

from fargate_stacks.cli.cloud import how_options, open_cloud, where_options
from fargate_stacks.cli.load import load_templates, select
from fargate_stacks.cli.options import app_option, set_option, stack_option


@click.command()
@app_option
@set_option
@stack_option
@where_options
@how_options
def command(
    target: str | None,
    settings: dict[str, str],
    stacks: tuple[str, ...],
    local: bool,
    region: str | None,
    profile: str | None,
    yes: bool,
    timeout: float | None,
    if_busy: str,
    artifact_bucket: str | None,
    output: str,
) -> int:
    """Delete the stacks, in the opposite order of deploy, after one question.

    Deletion protection is switched off first; resources that are kept by their deletion policy are named.
    With --local nothing is asked, and the local cloud is stopped once all stacks are gone. The exit codes
    are those of deploy.
    """
    from fargate_stacks.cli.screen import screen

    templates = load_templates(target, settings, cwd=Path.cwd())
    select(templates, stacks)
    with screen(output) as out:
        from fargate_stacks.deploy.destroy import destroy

        client = open_cloud(local=local, region=region, profile=profile, start=False)
        if client is None:
            click.echo("no local cloud runs here; nothing to delete", err=True)
            return 0
        destroy(
            templates,
            client,
            out=out,
            ask=out.agree if yes or local else out.ask,
            only=stacks,
            timeout=timeout,
            wait_if_busy=if_busy == "wait",
            artifact_bucket=artifact_bucket,
        )
    if local and not stacks:
        from fargate_stacks.deploy import local as local_cloud

        local_cloud.stop(Path.cwd())
        click.echo("the local cloud is stopped", err=True)
    return 0
