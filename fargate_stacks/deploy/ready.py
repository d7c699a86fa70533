"""A stack as it is found, brought to where a change set can be made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from fargate_stacks.core.template import Template
from fargate_stacks.deploy import operate
from fargate_stacks.deploy.client import Client, Event, StackState
from fargate_stacks.deploy.diagnosis import plain_reason
from fargate_stacks.deploy.run import Run
from fargate_stacks.deploy.status import ABSENT, Do, row
from fargate_stacks.errors import DeployError


class Ready(NamedTuple):
    """A stack that can be planned for."""

    state: StackState | None
    """None where there is none yet."""
    creates: bool
    forward: bool = False
    """Its rollback was switched off: it is repaired as it stands, unless something would be replaced."""


def status_of(state: StackState | None) -> str:
    return ABSENT if state is None else state.status


def ready(template: Template, client: Client, run: Run) -> Ready:
    """Bring a stack to where a change set can be made.

    Waits for what runs, and repairs what consent was given for. Raises DeployError with exit code 5 when the
    stack is busy or a person must decide, 4 when the answer was no.
    """
    for _ in range(4):
        state = client.stack(template.name)
        found = row(status_of(state))
        match found.deploy:
            case Do.CREATE:
                return Ready(state, creates=True)
            case Do.UPDATE:
                return Ready(state, creates=False)
            case Do.FORWARD if state is not None and not _hollow(state, client):
                return Ready(state, creates=False, forward=True)
        assert state is not None
        match found.deploy:
            case Do.RECREATE | Do.FORWARD:
                _recreate(template, state, client, run)
            case Do.CONTINUE:
                _continue(template, state, client, run)
            case Do.WAIT | Do.BUSY:
                busy = found.deploy is Do.BUSY
                operate.attach(template.name, state, client, run, busy=busy, owners=template.owners)
            case _:
                raise DeployError(f"{_is(template, state)}; {found.cure}", exit_code=5)
    raise DeployError(f"{template.name}: another operation runs on it again and again; try later", exit_code=5)


def _is(template: Template, state: StackState) -> str:
    why = f": {plain_reason(state.reason)}" if state.reason else ""
    return f"{template.name}: it is {state.status}{why}"


def _hollow(state: StackState, client: Client) -> bool:
    """Tell whether a create failed before anything was made: there is nothing to repair."""
    return state.status == "CREATE_FAILED" and not any(client.resources(state.id).values())


def _recreate(template: Template, state: StackState, client: Client, run: Run) -> None:
    if state.status in ("ROLLBACK_COMPLETE", "CREATE_FAILED"):
        left = sorted({f"{one.logical_id} ({one.physical_id})" for one in _skipped(client, state.id)})
        if left:
            run.warn(
                template.name,
                f"its rollback has left behind {', '.join(left)}; what is made anew must not have the same name",
            )
        # it was never made, and its rollback has left nothing but what is kept
        agreed = run.asked(f"{template.name} was never made ({state.status}): delete what is left and create it?")
    else:
        agreed = run.confirmed(f"{_is(template, state)}: delete it with all that is left in it, and create it anew?")
    if not agreed:
        raise DeployError(f"{_is(template, state)}; declined, nothing was started", exit_code=4)
    run.note(template.name, f"it is {state.status}: deleting it, then creating it")
    operate.delete(template, state, client, run, retain=run.options.retain, force=run.options.force)


def _skipped(client: Client, stack_id: str) -> Iterator[Event]:
    page: str | None = None
    while True:
        events, page = client.events(stack_id, page)
        yield from (one for one in events if one.status == "DELETE_SKIPPED")
        if page is None:
            return


def _continue(template: Template, state: StackState, client: Client, run: Run) -> None:
    skipped = f" without {', '.join(run.options.skip)}" if run.options.skip else ""
    if not run.confirmed(f"{_is(template, state)}: go on with the rollback{skipped}?"):
        raise DeployError(f"{_is(template, state)}; declined, nothing was started", exit_code=4)
    run.note(template.name, f"going on with the rollback{skipped}")
    operate.continue_rollback(template, state, client, run)


def give_up(template: Template, state: StackState, client: Client, run: Run, why: str) -> None:
    """Roll back a stack that cannot be repaired as it stands; with consent."""
    end = "it is deleted, since it was never whole" if state.status == "CREATE_FAILED" else "it is as it was before"
    if not run.confirmed(f"{template.name} is {state.status} and {why}: roll it back, so that {end}?"):
        raise DeployError(f"{_is(template, state)}; declined, nothing was started", exit_code=4)
    run.note(template.name, "rolling back")
    operate.roll_back(template, state, client, run)
