"""Going back with a whole stack: out of a running update, or out of a state that CloudFormation stopped in."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from fargate_stacks.core.template import Template
from fargate_stacks.deploy.client import Client, StackState, call
from fargate_stacks.deploy.clock import Clock
from fargate_stacks.deploy.events import Stream
from fargate_stacks.deploy.messages import Out
from fargate_stacks.deploy.watch import Operation, watch
from fargate_stacks.errors import DeployError

_BACK = ("UPDATE_ROLLBACK_COMPLETE", "ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_COMPLETE", "DELETE_COMPLETE", "absent")

CALLS = {
    "UPDATE_IN_PROGRESS": "CancelUpdateStack",
    "UPDATE_FAILED": "RollbackStack",
    "CREATE_FAILED": "RollbackStack",
    "UPDATE_ROLLBACK_FAILED": "ContinueUpdateRollback",
}
"""By status, the call that leads back; in every other status a stack has nothing to go back to."""
DELETES = ("CREATE_FAILED",)
"""Statuses from which going back means that the stack is gone."""


def roll_back(
    client: Client,
    state: StackState,
    template: Template | None,
    *,
    out: Out,
    clock: Clock,
    skip: Sequence[str] = (),
    timeout: float | None = None,
) -> str:
    """Roll a stack back and watch it; give the status that it ended in.

    `skip` names resources that ContinueUpdateRollback leaves as they are. Raises DeployError with exit code 8 when
    the stack does not arrive, 5 when there is nothing to go back to.
    """
    operation = CALLS.get(state.status)
    if operation is None:
        raise DeployError(f"{state.name}: it is {state.status}; there is no update to go back from", exit_code=5)
    if skip and operation != "ContinueUpdateRollback":
        raise DeployError(
            f"{state.name}: --skip is for a stack in UPDATE_ROLLBACK_FAILED, not {state.status}", exit_code=2
        )
    token = f"fs-{uuid.uuid4()}"
    stream = Stream(client, state.id, token=None)
    stream.anchor()
    more = {"ResourcesToSkip": list(skip)} if skip else {}
    call(client.api, operation, StackName=state.id, ClientRequestToken=token, **more)
    owners = template.owners if template is not None else {}
    resume = f"fargate-stacks events {state.name} --follow shows it"
    running = Operation(state.name, state.id, "rollback", stream, state, owners, resume, lambda: True)
    ending = watch(running, client, out=out, clock=clock, timeout=timeout)
    if ending.status not in _BACK:
        raise DeployError(f"{state.name}: the rollback ended in {ending.status}", exit_code=8)
    return ending.status
