"""Deleting the stacks of an app, backwards: what needs something goes before what it needs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from fargate_stacks.core.template import Template
from fargate_stacks.deploy import contents, graph, guard, nested, operate, plan
from fargate_stacks.deploy.client import CallFailed, Client, StackState
from fargate_stacks.deploy.clock import Clock
from fargate_stacks.deploy.diagnosis import plain_reason
from fargate_stacks.deploy.interrupts import Interrupts
from fargate_stacks.deploy.messages import Deleting, Ended, Out
from fargate_stacks.deploy.protection import retained, unprotected
from fargate_stacks.deploy.risks import lost
from fargate_stacks.deploy.run import Ask, Options, Run, live_template, opened, select
from fargate_stacks.deploy.status import Do, row
from fargate_stacks.errors import DeployError


@dataclass(frozen=True)
class _Doomed:
    """A live stack that is to be deleted, and what stands in the way."""

    template: Template
    client: Client
    state: StackState
    live: Mapping[str, Any]
    protected: tuple[str, ...] = ()
    retained: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    full: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.template.name


def destroy(
    templates: Mapping[str, Template],
    client: Client,
    *,
    out: Out,
    ask: Ask,
    confirm: Ask | None = None,
    only: Collection[str] = (),
    options: Options | None = None,
    clock: Clock | None = None,
    interrupts: Interrupts | None = None,
    clients: Mapping[str, Client] | None = None,
) -> None:
    """Delete stacks in the opposite order of `templates`, after one question.

    What is protected, kept, not empty or lost for good is named first. Deletion protection is switched off by
    an update, buckets and repositories are emptied once the loss of data is approved. Raises DeployError, its
    exit code as documented; a stack that stays stops only what it needs.
    """
    run = opened(
        client,
        out=out,
        ask=ask,
        confirm=confirm,
        options=options,
        clock=clock,
        interrupts=interrupts,
        clients=clients,
    )
    chosen = select(templates, only)
    doomed: dict[str, _Doomed] = {}

    def look(name: str) -> None:
        found = _look(chosen[name], run)
        if found is not None:
            doomed[name] = found

    backwards = list(reversed(chosen))
    graph.work(dict.fromkeys(backwards, ()), look, concurrency=run.options.concurrency).raise_worst()
    doomed = {name: doomed[name] for name in backwards if name in doomed}
    for one in doomed.values():
        _tell(one, run)
    if not doomed:
        return
    _refuse_protected(doomed.values())
    after = _after(doomed, templates, run)
    _agree(doomed.values(), run)
    run.interrupts.armed = True
    outcome = graph.work(
        after,
        lambda name: _destroy(doomed[name], run),
        concurrency=run.options.concurrency,
        interrupts=run.interrupts,
    )
    if outcome.not_tried:
        run.warn("", f"not tried: {', '.join(outcome.not_tried)}")
    outcome.raise_worst()


def _look(template: Template, run: Run) -> _Doomed | None:
    client = run.at(template)
    state = client.stack(template.name)
    if state is None or row(state.status).delete is Do.NOTHING:
        run.out(Ended(stack=template.name, how="nothing to delete"))
        return None
    if state.status == "REVIEW_IN_PROGRESS":
        return _Doomed(template, client, state, {})
    if state.status == "DELETE_FAILED" and state.reason:
        run.note(template.name, f"its last delete failed: {plain_reason(state.reason)}")
    live = live_template(client, state)
    if nested.hides(live):
        whole = nested.inside(client, state.id)
        live, physical = {**live, "Resources": whole.resources}, whole.physical
    else:
        physical = client.resources(state.id)
    return _Doomed(
        template,
        client,
        state,
        live,
        unprotected(live)[1],
        retained(live),
        lost(live),
        contents.full(client, live, physical),
    )


def _tell(one: _Doomed, run: Run) -> None:
    message = Deleting(
        stack=one.name,
        resources=tuple(one.live.get("Resources", {})),
        protected=one.protected,
        retained=one.retained,
        full=tuple(one.full),
        lost=one.lost,
    )
    run.out(message)


def _refuse_protected(doomed: Collection[_Doomed]) -> None:
    names = [one.state.name for one in doomed if one.state.termination_protection]
    if names:
        raise DeployError(
            f"destroy: termination protection is on for {', '.join(names)}; deploy with "
            "Stack(termination_protection=False) first, or aws cloudformation update-termination-protection "
            f"--no-enable-termination-protection --stack-name {names[0]}",
            exit_code=5,
        )
    for one in doomed:
        inner = [key for key in one.protected if "/" in key]
        if inner:
            # the template of a nested stack lies somewhere else: an update of this one does not reach it
            raise DeployError(
                f"destroy: {one.name}: deletion protection is on for {', '.join(inner)}, in a nested stack; switch it "
                "off in that template and deploy it first",
                exit_code=5,
            )


def _after(doomed: Mapping[str, _Doomed], app: Mapping[str, Template], run: Run) -> dict[str, set[str]]:
    """Give what each stack goes after: those that use it. Raises DeployError where one of those stays."""
    after: dict[str, set[str]] = {name: set() for name in doomed}
    for name, one in doomed.items():
        for producer in (*one.template.after, *(held.producer for held in guard.held_by(name, one.live))):
            if producer in after and producer != name:
                after[producer].add(name)
    for name, template in app.items():
        if name in doomed:
            continue
        client = run.at(template)
        state = client.stack(name)
        if state is None or row(state.status).deploy is Do.CREATE:
            continue
        for held in guard.held_by(name, live_template(client, state)):
            if held.producer in doomed:
                raise DeployError(
                    f"{held.producer}: {name} still uses its {held.output}; destroy {name} too, or first", exit_code=5
                )
    return after


def _agree(doomed: Collection[_Doomed], run: Run) -> None:
    names = ", ".join(one.state.name for one in doomed)
    loses = any(one.lost or one.full for one in doomed)
    if loses and "data-loss" not in run.options.approved:
        agreed = run.confirmed(f"delete {names}, with the data in them?")
        cure = "; --approve data-loss approves it"
    else:
        agreed, cure = run.asked(f"delete {names}?"), ""
    if not agreed:
        raise DeployError(f"destroy: declined; nothing was deleted of {names}{cure}", exit_code=4)


def _destroy(doomed: _Doomed, run: Run) -> None:
    template, client = doomed.template, doomed.client
    state = _ready(doomed, run)
    if state is not None and doomed.protected and row(state.status).deploy is Do.UPDATE:
        _unprotect(doomed, state, run)
    if state is not None:
        _empty(doomed, run)
        failed = state.status == "DELETE_FAILED"
        ending = operate.delete(
            template,
            state,
            client,
            run,
            retain=run.options.retain if failed else (),
            force=run.options.force and failed,
        )
        kept = [event for event in ending.events if event.status == "DELETE_SKIPPED"]
        for event in kept:
            run.warn(template.name, f"it stays: {event.logical_id} ({event.type}) {event.physical_id}")
    run.out(Ended(stack=template.name, how="deleted"))


def _empty(doomed: _Doomed, run: Run) -> None:
    for logical_id, physical in doomed.full.items():
        run.note(doomed.name, f"emptying {logical_id} ({physical})")
        try:
            contents.empty(doomed.client, doomed.live["Resources"][logical_id]["Type"], physical)
        except CallFailed as refused:
            run.warn(doomed.name, f"{logical_id} could not be emptied: {refused}")


def _ready(doomed: _Doomed, run: Run) -> StackState | None:
    """Wait until the stack can be deleted; give its state, None when it went meanwhile."""
    for _ in range(3):
        state = doomed.client.stack(doomed.state.id)
        if state is None:
            return None
        found = row(state.status)
        if found.delete is Do.NOTHING:
            return None
        if found.delete is Do.DELETE:
            return state
        if found.delete is Do.DECIDE:
            raise DeployError(f"{state.name}: it is {state.status}; {found.cure}", exit_code=5)
        operate.attach(doomed.name, state, doomed.client, run, busy=found.delete is Do.BUSY)
    raise DeployError(f"{doomed.state.name}: another operation runs on it again and again; try later", exit_code=5)


def _unprotect(doomed: _Doomed, state: StackState, run: Run) -> None:
    off, _ = unprotected(live_template(doomed.client, state))
    same = [{"ParameterKey": key, "UsePreviousValue": True} for key in off.get("Parameters", {})]
    request = plan.Request(state.name, False, off, same)
    made = plan.make(doomed.client, request, run.clock, doomed.template.owners, artifacts=run.artifacts)
    if not made.empty:
        run.note(state.name, f"switching off the deletion protection of {', '.join(doomed.protected)}")
        operate.execute(doomed.template, made, doomed.client, run)
