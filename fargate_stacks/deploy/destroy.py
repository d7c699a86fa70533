"""Deleting the stacks of an app, backwards: what needs something goes before what it needs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from fargate_stacks.core.template import Template
from fargate_stacks.deploy import engine, plan
from fargate_stacks.deploy.artifacts import Artifacts
from fargate_stacks.deploy.client import Client, StackState
from fargate_stacks.deploy.clock import Clock, WallClock
from fargate_stacks.deploy.engine import Ask, Run
from fargate_stacks.deploy.messages import Ended, Note, Out, Warn
from fargate_stacks.deploy.protection import retained, unprotected
from fargate_stacks.deploy.status import Do, row
from fargate_stacks.errors import DeployError


@dataclass(frozen=True)
class _Doomed:
    """A live stack that is to be deleted, and what stands in the way."""

    template: Template
    client: Client
    state: StackState
    protected: tuple[str, ...]
    retained: tuple[str, ...]


def destroy(
    templates: Mapping[str, Template],
    client: Client,
    *,
    out: Out,
    ask: Ask,
    only: Collection[str] = (),
    clock: Clock | None = None,
    timeout: float | None = None,
    wait_if_busy: bool = False,
    artifact_bucket: str | None = None,
) -> None:
    """Delete stacks in the opposite order of `templates`, after one question.

    Deletion protection is switched off first, by an update; retained resources are named and stay.
    Raises DeployError, its exit code as documented, at the first stack that stays.
    """
    run = Run(client, out, ask, clock or WallClock(), timeout, wait_if_busy, Artifacts(artifact_bucket, ask))
    chosen = engine.select(templates, only)
    doomed = [one for template in reversed(list(chosen.values())) if (one := _look(template, run)) is not None]
    if not doomed:
        return
    _refuse_protected(doomed)
    names = ", ".join(one.state.name for one in doomed)
    if not ask(f"delete {names}?"):
        raise DeployError(f"destroy: declined; nothing was deleted of {names}", exit_code=4)
    by_name = {one.template.name: one for one in doomed}
    backwards = {name: one.template for name, one in by_name.items()}
    engine.in_order(backwards, run, lambda template: _destroy(by_name[template.name], run))


def _look(template: Template, run: Run) -> _Doomed | None:
    client = run.client.at(template.region, template.account)
    state = client.stack(template.name)
    if state is None or row(state.status).delete is Do.NOTHING:
        run.out(Ended(stack=template.name, how="nothing to delete"))
        return None
    live = {} if state.status == "REVIEW_IN_PROGRESS" else engine.live_template(client, state)
    doomed = _Doomed(template, client, state, unprotected(live)[1], retained(live))
    if doomed.protected:
        text = f"deletion protection will be switched off: {', '.join(doomed.protected)}"
        run.out(Note(stack=template.name, text=text))
    if doomed.retained:
        run.out(Note(stack=template.name, text=f"these will stay: {', '.join(doomed.retained)}"))
    return doomed


def _refuse_protected(doomed: Collection[_Doomed]) -> None:
    names = [one.state.name for one in doomed if one.state.termination_protection]
    if names:
        raise DeployError(
            f"destroy: termination protection is on for {', '.join(names)}; deploy with "
            "Stack(termination_protection=False) first, or aws cloudformation update-termination-protection "
            f"--no-enable-termination-protection --stack-name {names[0]}",
            exit_code=5,
        )


def _destroy(doomed: _Doomed, run: Run) -> None:
    template, client = doomed.template, doomed.client
    state = _ready(doomed, run)
    if state is not None and doomed.protected and row(state.status).deploy is Do.UPDATE:
        _unprotect(doomed, state, run)
    if state is not None:
        ending = engine.delete(template, state, client, run)
        kept = [event for event in ending.events if event.status == "DELETE_SKIPPED"]
        for event in kept:
            text = f"it stays: {event.logical_id} ({event.type}) {event.physical_id}"
            run.out(Warn(stack=template.name, text=text))
    run.out(Ended(stack=template.name, how="deleted"))


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
        engine.attach(doomed.template, state, doomed.client, run, busy=found.delete is Do.BUSY)
    raise DeployError(f"{doomed.state.name}: another operation runs on it again and again; try later", exit_code=5)


def _unprotect(doomed: _Doomed, state: StackState, run: Run) -> None:
    off, _ = unprotected(engine.live_template(doomed.client, state))
    same = [{"ParameterKey": key, "UsePreviousValue": True} for key in off.get("Parameters", {})]
    request = plan.Request(state.name, False, off, same)
    made = plan.make(doomed.client, request, run.clock, doomed.template.owners, artifacts=run.artifacts)
    if not made.empty:
        run.out(Note(stack=state.name, text=f"switching off the deletion protection of {', '.join(doomed.protected)}"))
        engine.execute(doomed.template, made, doomed.client, run)
