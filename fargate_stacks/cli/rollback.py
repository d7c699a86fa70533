"""`rollback`: a service or a stack, back to what ran before."""

from __future__ import annotations

import sys

import click

from fargate_stacks.cli.change import followed, rows, say, wait_options
from fargate_stacks.cli.live import Live, live_options
from fargate_stacks.errors import DeployError


@click.command()
@click.argument("name", metavar="SERVICE | STACK")
@click.option("--to", type=click.IntRange(min=1), metavar="REVISION", help="This revision of the task definition.")
@click.option("--skip", metavar="ID", multiple=True, help="A resource that a stuck rollback is to leave as it is.")
@click.option("--yes", "-y", is_flag=True, help="Ask nothing.")
@wait_options
@live_options
def command(
    live: Live, name: str, to: int | None, skip: tuple[str, ...], yes: bool, no_wait: bool, timeout: float | None
) -> int:
    """Stop a running deployment of a service and go back; or run the task definition before the present one again.

    A stack that is being updated, or got stuck, is rolled back by CloudFormation; of a settled stack each service is
    put back. A service that was put back differs from its stack until the next deploy of a changed task: `drift`
    shows it. Exits with 5 when there is nothing to go back to.

    \b
    Examples:
      fargate-stacks rollback Api
      fargate-stacks rollback Api --to 41
      fargate-stacks rollback shop-prod-services --yes
    """
    from fargate_stacks.deploy.day_two import roll_back

    directory = live.directory(name)
    if directory.is_stack(name):
        from fargate_stacks.deploy.stack_rollback import CALLS, DELETES
        from fargate_stacks.deploy.stack_rollback import roll_back as roll_back_stack

        ecs, state, template = directory.stack(name)
        if state.status in CALLS:
            gone = state.status in DELETES
            _agree(f"roll back {state.name} ({state.status})" + (": it will be deleted" if gone else ""), yes=yes)
            status = roll_back_stack(
                ecs.client, state, template, out=rows(live), clock=live.clock, skip=skip, timeout=timeout
            )
            say(live, {"stack": state.name, "status": status}, f"{state.name}: {status}")
            return 0
    if skip:
        raise DeployError(f"rollback: {name} is not a stack whose rollback is stuck; leave --skip out", exit_code=2)
    found = directory.services(name)
    if len(found) > 1 and to is not None:
        raise DeployError(f"rollback: {name} means {len(found)} services; --to is for one", exit_code=2)
    if len(found) > 1:
        _agree(f"put back {', '.join(one.name for one in found)}", yes=yes)
    code = 0
    for one in found:
        code = max(code, followed(live, one, roll_back(one, to=to), "rollback", no_wait=no_wait, timeout=timeout))
    return code


def _agree(question: str, *, yes: bool) -> None:
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise DeployError("rollback: there is no terminal to ask on; give --yes", exit_code=4)
    if not click.confirm(f"{question}?", err=True):
        raise DeployError("rollback: declined; nothing was started", exit_code=4)
