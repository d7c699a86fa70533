"""Operations on one stack: started once, watched to their end, judged by what they left."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fargate_stacks.core.template import Owner, Template
from fargate_stacks.deploy import plan, refusals
from fargate_stacks.deploy.client import CallFailed, Client, StackState
from fargate_stacks.deploy.clock import Clock
from fargate_stacks.deploy.diagnosis import Diagnosis, Failure, diagnose, explained, plain_reason
from fargate_stacks.deploy.ecs import Ecs
from fargate_stacks.deploy.ecs_watch import ServiceWatch
from fargate_stacks.deploy.events import Stream
from fargate_stacks.deploy.messages import Diagnosed, Ended
from fargate_stacks.deploy.patience import patiently
from fargate_stacks.deploy.run import Run
from fargate_stacks.deploy.status import Verdict, settled, verdict
from fargate_stacks.deploy.watch import Ending, Operation, watch
from fargate_stacks.errors import DeployError

EXPRESS_WITHIN = 3600.0
"""Seconds that services may take after CloudFormation has ended an express deployment."""


class Obsolete(DeployError):
    """The stack was changed between the plan and its execution; nothing was done."""


def execute(
    template: Template, made: plan.Plan, client: Client, run: Run, *, forward: bool = False
) -> StackState | None:
    """Execute a change set and watch it; give the state that it left. Raises DeployError when it failed.

    `forward` repairs a stack whose rollback was switched off, which forbids to roll back now.
    """
    name = template.name
    token = new_token()
    verb = "create" if made.creates else "update"
    stream = Stream(client, made.stack_id, token=token)
    try:
        patiently(stream.anchor, run.clock, local=client.local)
        before = patiently(lambda: client.stack(made.stack_id), run.clock, local=client.local)
    except (KeyboardInterrupt, CallFailed):
        plan.discard(client, made)
        raise

    def undo() -> str | None:
        return cancel(made.stack_id, client, creates=made.creates)

    services = ServiceWatch(
        Ecs(client),
        run.out,
        run.clock,
        name,
        template.resources,
        template.owners,
        run.options.fail_fast,
        stop=undo,
        budget=run.ecs_budget(template),
    )
    operation = Operation(
        name,
        made.stack_id,
        verb,
        stream,
        before,
        template.owners,
        f"fargate-stacks watch {name} comes back to it",
        did_start=lambda: _did_start(client, made),
        # a second update, which switches protection on, needs the first one's end
        leaves_cleanup=not (run.options.wait_cleanup or made.protects_later),
        beside=services,
        cancel=undo,
    )
    options = run.options
    rollback_off = forward or options.no_rollback
    # with OnStackFailure or a deployment config on the change set AWS refuses DisableRollback beside it
    said = options.express or (made.creates and options.on_failure != "rollback")
    request = {} if said else {"DisableRollback": rollback_off}
    start(lambda: client.execute(made.change_set, token, **request), operation, made.change_set, client, run.clock)
    try:
        ending = follow(operation, client, run)
    except DeployError:
        services.report()
        raise
    if verdict(ending.status, deleting=False) is not Verdict.DONE:
        services.report()
    judge(operation, ending, client, run)
    if options.express:
        # CloudFormation ended when the configuration was applied; that the services come up is awaited here
        left = run.left()
        services.conclude(EXPRESS_WITHIN if left is None else left)
    else:
        services.conclude()
    return ending.state


def cancel(stack_id: str, client: Client, *, creates: bool) -> str | None:
    """Have a running operation undone; give the call's token, or None when there is nothing left to cancel.

    An update is rolled back, a stack that never was is deleted.
    """
    token = new_token()
    try:
        if creates:
            state = client.stack(stack_id)
            if state is None or settled(state.status):
                # it was made meanwhile: what is whole is not deleted
                return None
            client.delete_stack(stack_id, token)
        else:
            client.cancel_update(stack_id, token)
    except CallFailed as error:
        if error.code == "ValidationError":
            return None
        raise
    return token


def _did_start(client: Client, made: plan.Plan) -> bool:
    found = client.change_set(made.change_set)
    status = found.get("ExecutionStatus", "")
    if status in ("OBSOLETE", "EXECUTE_FAILED", "UNAVAILABLE"):
        kind = Obsolete if status == "OBSOLETE" else DeployError
        raise kind(
            f"{made.stack}: the change set was not executed ({status}): "
            f"{found.get('StatusReason') or 'the stack was changed meanwhile'}; deploy again",
            exit_code=6,
        )
    return bool(status == "EXECUTE_COMPLETE")


def start(call: Callable[[], None], operation: Operation, change_set: str, client: Client, clock: Clock) -> None:
    """Make the call that starts it; a retry that finds it started is a start."""

    def once() -> None:
        try:
            call()
        except CallFailed as lost:
            # an answer that never came: a change set tells whether it runs, of all else the watch finds out
            if change_set or lost.code != "Unreachable":
                raise

    try:
        patiently(once, clock, local=client.local)
    except KeyboardInterrupt:
        raise DeployError(
            f"{operation.name}: interrupted; the {operation.verb} may have begun; {operation.resume}", exit_code=130
        ) from None
    except CallFailed as error:
        if error.code == "TokenAlreadyExistsException" or error.code == "Unreachable":
            return
        if error.code.startswith("InvalidChangeSetStatus") and change_set:
            status = client.change_set(change_set).get("ExecutionStatus", "")
            if status in ("EXECUTE_IN_PROGRESS", "EXECUTE_COMPLETE"):
                return
            kind = Obsolete if status == "OBSOLETE" else DeployError
            text = f"{operation.name}: the change set can no longer be executed ({status}); deploy again"
            raise kind(text, exit_code=6) from error
        raise


def follow(operation: Operation, client: Client, run: Run) -> Ending:
    """Watch an operation with the limits of the run."""
    return watch(
        operation,
        client,
        out=run.out,
        clock=run.clock,
        timeout=run.left(),
        cancel_after=run.options.cancel_after,
        interrupts=run.interrupts,
    )


def delete(
    template: Template, state: StackState, client: Client, run: Run, *, retain: Sequence[str] = (), force: bool = False
) -> Ending:
    """Delete a stack and watch it. Raises DeployError when it is still there at the end."""
    more: dict[str, Any] = {"RetainResources": list(retain)} if retain else {}
    if force:
        more["DeletionMode"] = "FORCE_DELETE_STACK"
    more |= run.role(template.name)
    return _other(
        "delete",
        template,
        state,
        client,
        run,
        lambda token: client.delete_stack(state.id, token, **more),
        f"fargate-stacks watch {template.name} comes back to it",
    )


def roll_back(template: Template, state: StackState, client: Client, run: Run) -> Ending:
    """Bring a stack whose rollback was switched off to its last good state. One that never had any is deleted."""
    verb = "delete" if state.status == "CREATE_FAILED" else "rollback"
    return _other(
        verb, template, state, client, run, lambda token: client.roll_back(state.id, token, **run.role(template.name))
    )


def continue_rollback(template: Template, state: StackState, client: Client, run: Run) -> Ending:
    """Go on with a rollback that failed; the resources that the user named are left out."""
    return _other(
        "rollback",
        template,
        state,
        client,
        run,
        lambda token: client.continue_rollback(state.id, token, run.options.skip, **run.role(template.name)),
    )


def _other(
    verb: str,
    template: Template,
    state: StackState,
    client: Client,
    run: Run,
    call: Callable[[str], None],
    resume: str = "deploy again",
) -> Ending:
    token = new_token()
    stream = Stream(client, state.id, token=token)
    patiently(stream.anchor, run.clock, local=client.local)
    operation = Operation(template.name, state.id, verb, stream, state, template.owners, resume, did_start=lambda: True)
    start(lambda: call(token), operation, "", client, run.clock)
    ending = follow(operation, client, run)
    judge(operation, ending, client, run)
    return ending


def judge(operation: Operation, ending: Ending, client: Client, run: Run) -> None:
    """Say why it failed, if it did, and raise with the exit code of its ending."""
    deleting = operation.verb == "delete"
    found = verdict(ending.status, deleting=deleting)
    if operation.verb == "rollback" and ending.status.endswith("ROLLBACK_COMPLETE"):
        found = Verdict.DONE
    diagnosis = diagnose(ending.events, operation.stack_id, operation.owners, deleting=deleting)
    if found is Verdict.DONE:
        if diagnosis is not None and operation.verb != "rollback":
            for one in (diagnosis.cause, *diagnosis.also, *diagnosis.left_behind):
                run.warn(operation.name, f"left behind: {one.logical_id}: {one.reason}")
        return
    if diagnosis is None:
        diagnosis = _without_events(operation, ending, client)
    if isinstance(operation.beside, ServiceWatch):
        diagnosis = explained(diagnosis, operation.beside.evidence())
    run.out(Diagnosed(stack=operation.name, diagnosis=diagnosis))
    run.out(Ended(stack=operation.name, how="failed", status=ending.status))
    first = diagnosis.cause
    safe = found is Verdict.ROLLED_BACK
    interrupted = safe and run.interrupts.wish == "cancel"
    after = "as it was before" if deleting and safe else "rolled back" if safe else "it needs a decision"
    how = "was interrupted" if interrupted else "failed"
    raise DeployError(
        f"{operation.name}: the {operation.verb} {how}, {after} ({ending.status}): "
        f"{first.logical_id}: {first.because or first.reason}",
        exit_code=130 if interrupted else found.value,
    )


def _without_events(operation: Operation, ending: Ending, client: Client) -> Diagnosis:
    """Ask the newer calls, which know of hooks and validations; else the stack's own reason is all there is."""
    found = refusals.failed_events(client, StackName=operation.stack_id)
    if found:
        return Diagnosis(found[0], tuple(found[1:]))
    reason = plain_reason(ending.state.reason) if ending.state is not None else ""
    return Diagnosis(Failure(operation.name, operation.name, "AWS::CloudFormation::Stack", reason or "no reason given"))


def attach(
    name: str, state: StackState, client: Client, run: Run, *, busy: bool, owners: Mapping[str, Owner] | None = None
) -> None:
    """Watch what runs on a stack to its end. Raises DeployError when it is somebody else's and we may not."""
    if busy and not (run.options.wait_if_busy or run.options.cancel_if_busy):
        raise DeployError(
            f"{name}: another operation runs on it ({state.status}); fargate-stacks watch {name} shows it, "
            "--if-busy wait waits for it",
            exit_code=5,
        )
    if busy and run.options.cancel_if_busy:
        _cancel_theirs(name, state, client, run)
    run.note(name, f"it is {state.status}: waiting for the end of that")
    stream = Stream(client, state.id)
    patiently(stream.anchor, run.clock, local=client.local)
    follow(Operation(name, state.id, "operation", stream, None, owners or {}), client, run)


def _cancel_theirs(name: str, state: StackState, client: Client, run: Run) -> None:
    if state.status != "UPDATE_IN_PROGRESS":
        raise DeployError(
            f"{name}: it is {state.status}, and only an update can be cancelled; --if-busy wait waits for it",
            exit_code=5,
        )
    run.warn(name, "cancelling the update that somebody else runs")
    try:
        client.cancel_update(state.id, new_token())
    except CallFailed as error:
        if error.code != "ValidationError":  # it ended meanwhile
            raise


def new_token() -> str:
    """Make the token of a call: a retry with the same one is the same request."""
    return f"fs-{uuid.uuid4()}"
