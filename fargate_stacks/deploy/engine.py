"""Deploying the stacks of an app: plan, ask, execute, watch, one stack after the other."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fargate_stacks.core.template import Template
from fargate_stacks.core.yaml import load
from fargate_stacks.deploy import parameters, plan
from fargate_stacks.deploy.artifacts import Artifacts
from fargate_stacks.deploy.client import CallFailed, Client, StackState
from fargate_stacks.deploy.clock import Clock, WallClock
from fargate_stacks.deploy.diagnosis import Diagnosis, Failure, diagnose, plain_reason
from fargate_stacks.deploy.ecs import Ecs
from fargate_stacks.deploy.ecs_watch import ServiceWatch
from fargate_stacks.deploy.events import Stream
from fargate_stacks.deploy.messages import Diagnosed, Ended, Note, Out, Outputs, Planned, Warn
from fargate_stacks.deploy.protection import unprotected
from fargate_stacks.deploy.status import ABSENT, Do, Verdict, row, verdict
from fargate_stacks.deploy.watch import Ending, Operation, watch
from fargate_stacks.errors import DeployError

Ask = Callable[[str], bool]
"""Asks a yes-or-no question; with --yes the answer is yes."""


@dataclass(frozen=True)
class Run:
    """What every stack of one run shares."""

    client: Client
    out: Out
    ask: Ask
    clock: Clock = field(default_factory=WallClock)
    timeout: float | None = None
    """Seconds to watch one operation before leaving it to itself."""
    wait_if_busy: bool = False
    """Wait for somebody else's operation instead of refusing."""
    artifacts: Artifacts = field(default_factory=Artifacts)
    """The way of templates that are too long for a request."""
    fail_fast: int | None = None
    """Task failures of one kind after which a service's deployment is stopped."""


def deploy(
    templates: Mapping[str, Template],
    client: Client,
    *,
    out: Out,
    ask: Ask,
    only: Collection[str] = (),
    given: Mapping[str, str] | None = None,
    clock: Clock | None = None,
    timeout: float | None = None,
    wait_if_busy: bool = False,
    fail_fast: int | None = None,
    artifact_bucket: str | None = None,
) -> None:
    """Deploy stacks in the order of `templates`, which must be deployable.

    `only` limits it to some of them; `given` holds parameter values by KEY or STACK.KEY. Raises
    DeployError, its exit code as documented, at the first stack that cannot be deployed; what was not
    tried is said before.
    """
    run = Run(client, out, ask, clock or WallClock(), timeout, wait_if_busy, Artifacts(artifact_bucket, ask), fail_fast)
    chosen = select(templates, only)
    sorted_out = parameters.given_for(given or {}, chosen)
    parameters.refuse_missing(
        {
            name: parameters.missing(template, _client(run, template).stack(name), sorted_out[name])
            for name, template in chosen.items()
            if template.parameters
        }
    )
    in_order(chosen, run, lambda template: _deploy(template, run, templates, sorted_out[template.name]))


def select(templates: Mapping[str, Template], only: Collection[str]) -> dict[str, Template]:
    """Give the templates named, all without a name, in their order. Raises DeployError for an unknown name."""
    unknown = [name for name in only if name not in templates]
    if unknown:
        raise DeployError(
            f"deploy: the app has no stack {', '.join(unknown)}; it has {', '.join(templates)}", exit_code=2
        )
    return {name: template for name, template in templates.items() if not only or name in only}


def in_order(templates: Mapping[str, Template], run: Run, one: Callable[[Template], None]) -> None:
    """Do one stack after the other; a failure stops the run and names what was not tried."""
    left = list(templates)
    for name, template in templates.items():
        left.remove(name)
        try:
            one(template)
        except DeployError:
            if left:
                run.out(Warn(text=f"not tried: {', '.join(left)}"))
            raise


def _client(run: Run, template: Template) -> Client:
    return run.client.at(template.region, template.account)


def _deploy(template: Template, run: Run, app: Mapping[str, Template], given: Mapping[str, str]) -> None:
    client = _client(run, template)
    before = ready(template, client, run)
    try:
        first, request = _plan(template, client, run, before, app, given)
    except KeyboardInterrupt:
        raise DeployError(f"{template.name}: interrupted; nothing was started", exit_code=130) from None
    run.out(Planned(stack=template.name, plan=first))
    state = before
    if not first.empty:
        _approve(first, client, run)
        state = execute(template, first, client, run)
        if first.protects_later:
            names = ", ".join(first.protects_later)
            run.out(Note(stack=template.name, text=f"switching on the deletion protection of {names}"))
            kept = [{"ParameterKey": key, "UsePreviousValue": True} for key in template.parameters]
            again = replace(request, creates=False, template=template.to_dict(), parameters=kept)
            second = plan.make(client, again, run.clock, template.owners, artifacts=run.artifacts)
            if not second.empty:
                state = execute(template, second, client, run)
    _finish(template, client, run, state, changed=not first.empty)


def _plan(
    template: Template,
    client: Client,
    run: Run,
    before: StackState | None,
    app: Mapping[str, Template],
    given: Mapping[str, str],
) -> tuple[plan.Plan, plan.Request]:
    creates = row(_status(before)).deploy is not Do.UPDATE

    def outputs(stack: str) -> Mapping[str, str] | None:
        producer = app.get(stack)
        where = client if producer is None else _client(run, producer)
        state = where.stack(stack)
        return None if state is None or row(state.status).deploy is Do.CREATE else state.outputs

    live = None if creates else before
    values, notes = parameters.resolve(template, live, given, outputs)
    for text in notes:
        run.out(Note(stack=template.name, text=text))
    body = template.to_dict()
    existing = () if live is None else live_template(client, live).get("Resources", {})
    first, later = unprotected(body, keep=existing)
    request = plan.Request(template.name, creates, first, values, template.tags)
    made = plan.make(client, request, run.clock, template.owners, artifacts=run.artifacts, protects_later=later)
    return made, request


def _approve(made: plan.Plan, client: Client, run: Run) -> None:
    """Ask; at no and at Ctrl-C the change set goes, and the empty stack that it made."""
    try:
        agreed = run.ask(f"deploy these changes to {made.stack}?")
    except KeyboardInterrupt:
        plan.discard(client, made)
        raise DeployError(f"{made.stack}: interrupted; nothing was started", exit_code=130) from None
    except DeployError:
        plan.discard(client, made)
        raise
    if not agreed:
        plan.discard(client, made)
        raise DeployError(f"{made.stack}: declined; nothing was started", exit_code=4)


def _finish(template: Template, client: Client, run: Run, state: StackState | None, *, changed: bool) -> None:
    if state is None:
        return
    wanted = template.termination_protection
    if wanted is not None and wanted != state.termination_protection:
        client.protect_from_termination(state.id, wanted)
        run.out(Note(stack=template.name, text=f"termination protection is {'on' if wanted else 'off'}"))
    run.out(Ended(stack=template.name, how="deployed" if changed else "no changes", status=state.status))
    if state.outputs:
        run.out(Outputs(stack=template.name, outputs=state.outputs))


def ready(template: Template, client: Client, run: Run) -> StackState | None:
    """Bring a stack to where a change set can be made, and give its state; None when there is none.

    Raises DeployError with exit code 5 when it is busy or a person must decide.
    """
    for _ in range(3):
        state = client.stack(template.name)
        status = _status(state)
        found = row(status)
        if found.deploy in (Do.CREATE, Do.UPDATE):
            return state
        assert state is not None
        if found.deploy is Do.DECIDE:
            why = f": {plain_reason(state.reason)}" if state.reason else ""
            raise DeployError(f"{template.name}: it is {status}{why}; {found.cure}", exit_code=5)
        if found.deploy is Do.RECREATE:
            if not run.ask(f"{template.name} was never made ({status}): delete what is left and create it?"):
                raise DeployError(f"{template.name}: declined; nothing was started", exit_code=4)
            run.out(Note(stack=template.name, text=f"it is {status}: deleting it, then creating it"))
            delete(template, state, client, run)
        else:
            attach(template, state, client, run, busy=found.deploy is Do.BUSY)
    raise DeployError(f"{template.name}: another operation runs on it again and again; try later", exit_code=5)


def attach(template: Template, state: StackState, client: Client, run: Run, *, busy: bool) -> None:
    """Watch what runs on a stack to its end. Raises DeployError when it is somebody else's and we may not."""
    if busy and not run.wait_if_busy:
        raise DeployError(
            f"{template.name}: another operation runs on it ({state.status}); try later, or give --if-busy wait",
            exit_code=5,
        )
    run.out(Note(stack=template.name, text=f"it is {state.status}: waiting for the end of that"))
    stream = Stream(client, state.id)
    stream.anchor()
    running = Operation(template.name, state.id, "operation", stream, None, template.owners)
    watch(running, client, out=run.out, clock=run.clock, timeout=run.timeout)


def execute(template: Template, made: plan.Plan, client: Client, run: Run) -> StackState:
    """Execute a change set and watch it; give the state that it left. Raises DeployError when it failed."""
    name = template.name
    token = _token()
    verb = "create" if made.creates else "update"
    stream = Stream(client, made.stack_id, token=token)

    def did_start() -> bool:
        found = client.change_set(made.change_set)
        status = found.get("ExecutionStatus", "")
        if status in ("OBSOLETE", "EXECUTE_FAILED", "UNAVAILABLE"):
            raise DeployError(
                f"{name}: the change set was not executed ({status}): "
                f"{found.get('StatusReason') or 'the stack was changed meanwhile'}; deploy again",
                exit_code=6,
            )
        return bool(status == "EXECUTE_COMPLETE")

    try:
        stream.anchor()
        before = client.stack(made.stack_id)
    except (KeyboardInterrupt, CallFailed) as error:
        plan.discard(client, made)
        if isinstance(error, CallFailed):
            raise
        raise DeployError(f"{name}: interrupted; nothing was started", exit_code=130) from None
    resume = f"fargate-stacks deploy --stack {name} --if-busy wait comes back to it"
    services = ServiceWatch(
        Ecs(client),
        run.out,
        run.clock,
        name,
        template.resources,
        template.owners,
        run.fail_fast,
        stop=lambda: _cancel(made, client),
    )
    operation = Operation(name, made.stack_id, verb, stream, before, template.owners, resume, did_start, services)
    _start(lambda: client.execute(made.change_set, token), operation, made.change_set, client)
    try:
        ending = watch(operation, client, out=run.out, clock=run.clock, timeout=run.timeout)
    except DeployError:
        services.report()
        raise
    if verdict(ending.status, deleting=False) is not Verdict.DONE:
        services.report()
    judge(operation, ending, run)
    services.conclude()
    assert ending.state is not None
    return ending.state


def _cancel(made: plan.Plan, client: Client) -> None:
    """Have a running operation undone: an update is rolled back, a stack that never was is deleted."""
    if made.creates:
        client.delete_stack(made.stack_id, _token())
    else:
        client.cancel_update(made.stack_id, _token())


def _start(call: Callable[[], None], operation: Operation, change_set: str, client: Client) -> None:
    """Make the call that starts it; a retry that finds it started is a start."""
    try:
        call()
    except KeyboardInterrupt:
        raise DeployError(
            f"{operation.name}: interrupted; the {operation.verb} may have begun; {operation.resume}", exit_code=130
        ) from None
    except CallFailed as error:
        if error.code == "TokenAlreadyExistsException" or error.code == "Unreachable":
            return
        if error.code.startswith("InvalidChangeSetStatus"):
            status = client.change_set(change_set).get("ExecutionStatus", "")
            if status in ("EXECUTE_IN_PROGRESS", "EXECUTE_COMPLETE"):
                return
            raise DeployError(
                f"{operation.name}: the change set can no longer be executed ({status}); deploy again", exit_code=6
            ) from error
        raise


def delete(template: Template, state: StackState, client: Client, run: Run) -> Ending:
    """Delete a stack and watch it. Raises DeployError when it is still there at the end."""
    token = _token()
    stream = Stream(client, state.id, token=token)
    stream.anchor()
    resume = f"fargate-stacks destroy --stack {template.name} comes back to it"
    operation = Operation(
        template.name, state.id, "delete", stream, state, template.owners, resume, did_start=lambda: True
    )
    _start(lambda: client.delete_stack(state.id, token), operation, "", client)
    ending = watch(operation, client, out=run.out, clock=run.clock, timeout=run.timeout)
    judge(operation, ending, run)
    return ending


def judge(operation: Operation, ending: Ending, run: Run) -> None:
    """Say why it failed, if it did, and raise with the exit code of its ending."""
    deleting = operation.verb == "delete"
    found = verdict(ending.status, deleting=deleting)
    diagnosis = diagnose(ending.events, operation.stack_id, operation.owners, deleting=deleting)
    if found is Verdict.DONE:
        if diagnosis is not None:
            for one in (diagnosis.cause, *diagnosis.also, *diagnosis.left_behind):
                run.out(Warn(stack=operation.name, text=f"left behind: {one.logical_id}: {one.reason}"))
        return
    if diagnosis is None:
        reason = plain_reason(ending.state.reason) if ending.state is not None else ""
        cause = Failure(operation.name, operation.name, "AWS::CloudFormation::Stack", reason or "no reason given")
        diagnosis = Diagnosis(cause)
    run.out(Diagnosed(stack=operation.name, diagnosis=diagnosis))
    run.out(Ended(stack=operation.name, how="failed", status=ending.status))
    first = diagnosis.cause
    safe = found is Verdict.ROLLED_BACK
    after = "as it was before" if deleting and safe else "rolled back" if safe else "it needs a decision"
    raise DeployError(
        f"{operation.name}: the {operation.verb} failed, {after} ({ending.status}): {first.logical_id}: {first.reason}",
        exit_code=found.value,
    )


def live_template(client: Client, state: StackState) -> dict[str, Any]:
    """Give the template that a stack was last deployed with, as data."""
    body = client.template(state.id)
    return load(body) if isinstance(body, str) else dict(body)


def _status(state: StackState | None) -> str:
    return ABSENT if state is None else state.status


def _token() -> str:
    return f"fs-{uuid.uuid4()}"
