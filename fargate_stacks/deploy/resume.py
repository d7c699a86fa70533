"""Coming back to an operation that runs, or has run: its events from its start, and its verdict."""

from __future__ import annotations

from collections.abc import Mapping

from fargate_stacks.core.template import Owner
from fargate_stacks.deploy import operate
from fargate_stacks.deploy.client import Client, Event
from fargate_stacks.deploy.events import Stream
from fargate_stacks.deploy.messages import Ended, Outputs
from fargate_stacks.deploy.run import Run
from fargate_stacks.deploy.watch import Operation
from fargate_stacks.errors import DeployError

_VERBS = {
    "CREATE_IN_PROGRESS": "create",
    "UPDATE_IN_PROGRESS": "update",
    "IMPORT_IN_PROGRESS": "import",
    "DELETE_IN_PROGRESS": "delete",
}
"""By what the stack itself says first, the operation. A rollback belongs to what it rolls back."""


def resume(name: str, client: Client, run: Run, owners: Mapping[str, Owner] | None = None) -> None:
    """Say the events of a stack's newest operation, follow it to its end and judge it.

    It needs nothing of the process that began it. Raises DeployError, with the exit code of the ending, when it
    failed; with 2 when there is no such stack, or nothing ever happened to it.
    """
    state = client.stack(name)
    if state is None:
        raise DeployError(f"watch: there is no stack {name}; it is deleted already, or has another name", exit_code=2)
    start, same = _start(client, state.id)
    verb = _VERBS[start.status]
    stream = Stream(client, state.id)
    stream.begin(start, same)
    run.note(name, f"the {verb} that began at {start.time:%Y-%m-%d %H:%M:%S} UTC")
    operation = Operation(
        state.name,
        state.id,
        verb,
        stream,
        None,
        owners or {},
        f"fargate-stacks watch {name} comes back to it",
        did_start=lambda: True,
        cancel=lambda: operate.cancel(state.id, client, creates=verb == "create"),
    )
    run.interrupts.armed = True
    ending = operate.follow(operation, client, run)
    operate.judge(operation, ending, client, run)
    how = {"delete": "deleted"}.get(verb, "deployed")
    run.out(Ended(stack=name, how=how, status=ending.status))
    if ending.state is not None and ending.state.outputs:
        run.out(Outputs(stack=name, outputs=ending.state.outputs))


def _start(client: Client, stack_id: str) -> tuple[Event, set[str]]:
    """Find the newest event with which an operation began, and the ids of its millisecond that came before it."""
    found: Event | None = None
    same: set[str] = set()
    page: str | None = None
    while True:
        events, page = client.events(stack_id, page)
        for event in events:
            if found is not None and event.time == found.time:
                same.add(event.id)
            elif found is not None:
                return found, same
            elif event.physical_id == stack_id and event.status in _VERBS:
                found = event
        if page is None:
            if found is None:
                raise DeployError("watch: nothing has happened to this stack yet", exit_code=2)
            return found, same
