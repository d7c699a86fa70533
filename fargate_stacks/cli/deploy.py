"""`deploy`: the app's stacks, created or updated."""

from __future__ import annotations

from pathlib import Path

import click

from fargate_stacks.cli.cloud import how_options, open_cloud, where_options
from fargate_stacks.cli.load import load_templates, select
from fargate_stacks.cli.options import _pairs, app_option, set_option, stack_option


@click.command()
@app_option
@set_option
@stack_option
@where_options
@click.option(
    "--parameter",
    "given",
    metavar="[STACK.]KEY=VALUE",
    multiple=True,
    callback=_pairs,
    help="The value of a template's parameter. May be given several times. Default: the one that the stack "
    "has, else the template's own.",
)
@click.option(
    "--fail-fast",
    metavar="N",
    type=click.IntRange(min=1),
    help="Stop a service's deployment after N tasks failed in the same way, instead of waiting for the circuit "
    "breaker. A stack that never was is deleted again. Default: never.",
)
@click.option(
    "--preflight/--no-preflight",
    default=True,
    show_default=True,
    help="First ask AWS about images, secrets, certificates, subnets, names and quotas that the stacks need.",
)
@how_options
def command(
    target: str | None,
    settings: dict[str, str],
    stacks: tuple[str, ...],
    local: bool,
    region: str | None,
    profile: str | None,
    given: dict[str, str],
    fail_fast: int | None,
    preflight: bool,
    yes: bool,
    timeout: float | None,
    if_busy: str,
    artifact_bucket: str | None,
    output: str,
) -> int:
    """Create or update the stacks, one after the other in deployable order.

    Each stack's change set is shown, and executed when you agree; with --local without asking. The
    outputs go to standard output as STACK.OUTPUT=VALUE, everything else to standard error.

    \b
    Exit codes:
      0    done, or nothing to change
      1    AWS refused a call, or something unexpected
      2    the input is wrong, or something that it needs is not there; nothing was sent
      4    declined, or nobody to ask
      5    a stack is busy or in a state that needs a decision; nothing was started
      6    CloudFormation refused the change set; nothing was changed
      7    failed and rolled back; the stack is as it was
      8    failed, and the stack needs a person
      9    stopped watching; the operation goes on
      10   the stack is complete, and a service does not run what it was to run
      130  interrupted
    """
    from fargate_stacks.cli.screen import screen

    templates = load_templates(target, settings, cwd=Path.cwd())
    select(templates, stacks)
    with screen(output) as out:
        from fargate_stacks.deploy.engine import deploy

        client = open_cloud(local=local, region=region, profile=profile)
        assert client is not None
        if preflight:
            from fargate_stacks.deploy.preflight import refuse

            refuse(templates, client, out=out, given=given, only=stacks)
        deploy(
            templates,
            client,
            out=out,
            ask=out.agree if yes or local else out.ask,
            only=stacks,
            given=given,
            timeout=timeout,
            wait_if_busy=if_busy == "wait",
            artifact_bucket=artifact_bucket,
            fail_fast=fail_fast,
        )
    return 0
