"""`deploy`: the app's stacks, created or updated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from fargate_stacks.cli.cloud import how_options
from fargate_stacks.cli.options import _pairs
from fargate_stacks.cli.parameter_file import read_parameters
from fargate_stacks.cli.stacks import answers, find, opened, options_of, stacks_options
from fargate_stacks.errors import LoadError

parameter_options = (
    click.option(
        "--parameter",
        "given",
        metavar="[STACK.]KEY=VALUE",
        multiple=True,
        callback=_pairs,
        help="The value of a template's parameter. May be given several times. Default: the one that the stack "
        "has, else the template's own.",
    ),
    click.option(
        "--parameters",
        "parameter_file",
        metavar="FILE",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Parameter values by KEY or STACK.KEY in YAML or JSON, or a list as the AWS command line takes it.",
    ),
)


def parameter_option(function: Any) -> Any:
    """Add --parameter and --parameters."""
    for option in reversed(parameter_options):
        function = option(function)
    return function


@click.command()
@stacks_options
@parameter_option
@click.option("--tag", "tags", metavar="KEY=VALUE", multiple=True, callback=_pairs, help="A tag of the stacks.")
@click.option("--dry-run", is_flag=True, help="Show the plan, change nothing. The same as diff.")
@click.option("--exit-code", "tell", is_flag=True, help="With --dry-run: exit with 3 when there are changes.")
@click.option(
    "--approve-plan",
    metavar="HASH",
    help="Execute the plan with this hash, as diff has shown it, without asking; stop with 4 for any other.",
)
@click.option("--fail-on-empty", is_flag=True, help="Exit with 3 when there is nothing to change.")
@click.option(
    "--wait-cleanup/--no-wait-cleanup",
    default=True,
    show_default=True,
    help="Wait until an update has deleted what it replaced; without, a stack is done when all is new.",
)
@click.option(
    "--no-rollback",
    is_flag=True,
    help="Leave what failed as it is, to look at it; the next deploy repairs it. Not possible where an update "
    "replaces something.",
)
@click.option(
    "--on-failure",
    type=click.Choice(["rollback", "delete", "do-nothing"]),
    default="rollback",
    show_default=True,
    help="What becomes of a stack whose create failed.",
)
@click.option(
    "--skip",
    metavar="ID",
    multiple=True,
    help="A resource to leave out when a failed rollback is continued. May be given several times.",
)
@click.option(
    "--express",
    is_flag=True,
    help="CloudFormation ends when the configuration is applied; that the services come up is awaited here, from ECS. "
    "Faster where many resources are slow to settle.",
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
@click.option("--notification-arn", "topics", metavar="ARN", multiple=True, help="A topic that CloudFormation tells.")
@click.option(
    "--stack-policy",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A stack policy, as JSON.",
)
@click.option(
    "--builder",
    metavar="PROGRAM",
    help="What builds and pushes images. Default: docker or podman, the first that is found.",
)
@click.option("--import-existing", is_flag=True, help="Take in resources that exist already under their names.")
@how_options
def command(**given: Any) -> int:
    """Create or update the stacks, each as soon as those that it needs are done.

    All stacks are planned first and shown; then you are asked once. With --local nothing is asked. The outputs
    go to standard output as STACK.OUTPUT=VALUE, everything else to standard error.

    \b
    Exit codes:
      0    done, or nothing to change
      1    AWS refused a call, or something unexpected
      2    the input is wrong, or something that it needs is not there; nothing was sent
      3    there are changes (--dry-run --exit-code), or none (--fail-on-empty)
      4    declined, or an approval is missing
      5    a stack is busy or in a state that needs a decision; nothing was started
      6    CloudFormation refused the change set; nothing was changed
      7    failed and rolled back; the stack is as it was
      8    failed, and the stack needs a person
      9    stopped watching; the operation goes on
      10   the stack is complete, and a service does not run what it was to run
      130  interrupted
    """
    from fargate_stacks.cli.screen import screen

    if given["express"] and (given["no_rollback"] or given["on_failure"] != "rollback"):
        raise LoadError("--express: AWS takes neither --no-rollback nor --on-failure with it; leave one out")
    templates, stacks = find(given)
    values = read_parameters(given["parameter_file"]) | given["given"]
    with screen(given["output"]) as out:
        from fargate_stacks.cli.interrupt import listening
        from fargate_stacks.deploy.engine import deploy, preview

        out.hide(values, templates)
        out.start("deploy", stacks or templates)
        where = opened(given, templates)
        assert where is not None
        policy = given["stack_policy"]
        told = "fail_fast approve_plan express no_rollback on_failure skip import_existing builder wait_cleanup".split()
        options = options_of(
            given,
            templates,
            notification_arns=given["topics"],
            stack_policy=policy.read_text("utf-8") if policy else None,
            **{key: given[key] for key in told},
        )
        if given["dry_run"]:
            changes = preview(
                templates,
                where.client,
                out=out,
                ask=out.refuse,
                only=stacks,
                given=values,
                options=options,
                clients=where.clients,
                clock=where.clock,
            )
            return out.code(3 if changes and given["tell"] else 0)
        if given["preflight"]:
            from fargate_stacks.deploy.bootstrap import offer
            from fargate_stacks.deploy.preflight import refuse

            refuse(templates, where.client, out=out, given=values, only=stacks, clients=where.clients)
            offer(
                templates,
                where.client,
                out=out,
                ask=out.refuse if options.approve_plan else out.agree if given["yes"] else out.ask,
                only=stacks,
                clients=where.clients,
                clock=where.clock,
            )
        ask, confirm = answers(given, out)
        with listening(out, given["on_interrupt"]) as interrupts:
            deploy(
                templates,
                where.client,
                out=out,
                ask=ask,
                confirm=confirm,
                only=stacks,
                given=values,
                options=options,
                interrupts=interrupts,
                clients=where.clients,
                clock=where.clock,
            )
        return out.code(3 if given["fail_on_empty"] and not out.changed else 0)
