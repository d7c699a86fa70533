"""One service of a rollout as a row: what runs, what is to run, how far it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from fargate_stacks.deploy.ecs_values import Deployment, Hook, Service, revision_of
from fargate_stacks.deploy.evidence import Collector


class State(StrEnum):
    """How far a service is."""

    WAITING = "waiting"
    ROLLING = "rolling out"
    APPROVAL = "waiting for approval"
    BACK = "rolling back"
    DONE = "done"
    UNDONE = "rolled back"
    FAILED = "failed"
    GONE = "deleted"

    @property
    def bad(self) -> bool:
        """It will not come up."""
        return self in (State.BACK, State.UNDONE, State.FAILED, State.GONE)


_SETTLED = (State.DONE, State.UNDONE, State.FAILED, State.GONE)
_STATES = {
    "PENDING": State.ROLLING,
    "IN_PROGRESS": State.ROLLING,
    "SUCCESSFUL": State.DONE,
    "STOP_REQUESTED": State.BACK,
    "ROLLBACK_REQUESTED": State.BACK,
    "ROLLBACK_IN_PROGRESS": State.BACK,
    "ROLLBACK_SUCCESSFUL": State.UNDONE,
    "STOPPED": State.FAILED,
    "ROLLBACK_FAILED": State.FAILED,
    "FAILED": State.FAILED,
}


OVER = tuple(status for status, state in _STATES.items() if state in _SETTLED)
"""The statuses of deployments to which nothing more happens."""


@dataclass(frozen=True)
class Row:
    """One service at one moment."""

    service: str
    """The construct's name, else the logical id."""
    state: State
    revision: str = ""
    """The revision of the task definition that is to run."""
    before: str = ""
    """The revision that ran before; empty for a new service."""
    running: int = 0
    desired: int = 0
    pending: int = 0
    failed: int = 0
    breaker: int | None = None
    """Failures at which the circuit breaker opens."""
    stage: str = ""
    """The lifecycle stage, or a status that this version does not know, as AWS calls it."""
    weight: float | None = None
    """Per cent of the production traffic on the new revision."""
    bake_left: int | None = None
    """Seconds of bake time left: that at the end, or that of the present share of the traffic."""
    targets: tuple[int, int] | None = None
    """Healthy targets, and all."""
    alarms: tuple[str, ...] = ()
    hook: Hook | None = None
    """The pause that waits for a person."""
    reason: str = ""

    @property
    def settled(self) -> bool:
        """Nothing more will happen."""
        return self.state in _SETTLED

    @property
    def shown(self) -> Row:
        """The row without what changes with every second."""
        return replace(self, bake_left=None)


@dataclass
class Watched:
    """One service of the operation."""

    logical_id: str
    name: str
    arn: str
    collector: Collector
    wanted: str = ""
    """The task definition that is to run."""
    before: str = ""
    """The one that ran before."""
    deployment: Deployment | None = None
    """Ours, as it was last seen."""
    service: Service | None = None
    row: Row | None = None
    stage_since: datetime | None = None
    """Since when it is in this stage, with this share of the traffic."""
    looked: float = 0.0
    asked_targets: float = 0.0
    stopping: bool = False
    since: datetime | None = None
    """A deployment made before that is not ours; None believes any of our task definition."""
    begun: datetime | None = None
    """When CloudFormation's turn for it came; None where nobody told."""
    concluded: bool = False
    """CloudFormation has done what it had to do with it."""

    @property
    def settled(self) -> bool:
        return self.row is not None and self.row.settled

    @property
    def early(self) -> bool:
        """What is seen was there before CloudFormation's turn came, which is not over: something new may follow."""
        found = self.deployment
        return not self.concluded and found is not None and is_older(found, self.begun)


def choose(service: Service, native: Deployment | None, wanted: str, *, since: datetime | None) -> Deployment | None:
    """Give the deployment that brings our task definition; None while there is none."""
    if native is not None and native.task_definition in ("", wanted) and not is_older(native, since):
        counted = next((one for one in service.rollouts if one.task_definition == wanted), None)
        return native if counted is None else replace(native, failed=max(native.failed, counted.failed))
    if native is not None and native.native:
        return None
    return next((one for one in service.rollouts if one.task_definition == wanted and not is_older(one, since)), None)


def is_older(one: Deployment, since: datetime | None) -> bool:
    """Tell whether a deployment was made before a moment; without one none was."""
    return since is not None and one.created is not None and one.created < since


def look(one: Watched, *, gone: bool, now: datetime) -> Row:
    """Give the row of a service as it was last seen."""
    service, ours = one.service, one.deployment
    assert service is not None
    row = _seen(one, service, ours, gone=gone, now=now)
    return replace(row, state=State.WAITING, reason="") if row.settled and one.early and not gone else row


def _seen(one: Watched, service: Service, ours: Deployment | None, *, gone: bool, now: datetime) -> Row:
    base = Row(
        service=one.name,
        state=State.WAITING,
        revision=revision_of(one.wanted),
        before=revision_of(one.before),
        running=service.running,
        desired=service.desired,
        pending=service.pending,
        targets=one.row.targets if one.row is not None else None,
    )
    if gone:
        last = one.row.state if one.row is not None and one.row.settled else State.GONE
        return replace(base, state=last, failed=one.row.failed if one.row else 0, reason="the service was deleted")
    if ours is None:
        return base
    if not ours.native:
        return _counted(replace(base, failed=ours.failed, reason=ours.reason.rstrip(".")), service, ours, one.wanted)
    state = _STATES.get(ours.status)  # None for a status that this version does not know
    hook = next((hook for hook in ours.hooks if hook.waits), None) if state is State.ROLLING else None
    known = state or State.ROLLING
    # where nothing of our revision is wanted any more, what the service runs is told instead
    runs = service if known is State.UNDONE or (known is State.BACK and not ours.desired) else ours
    return replace(
        base,
        state=State.APPROVAL if hook is not None else known,
        running=runs.running,
        desired=runs.desired,
        pending=runs.pending,
        failed=ours.failed,
        breaker=ours.breaker,
        stage=ours.status if state is None else "" if known in _SETTLED else ours.stage,
        weight=ours.weight if known not in _SETTLED and ours.strategy != "ROLLING" else None,
        bake_left=_bake_left(one, ours, now),
        alarms=ours.alarms,
        hook=hook,
        reason=_why(ours) if known.bad else "",
    )


def _why(ours: Deployment) -> str:
    """Give why a deployment goes or went back, and the hooks that had a part in it."""
    hooks = [
        f"hook {hook.target.rpartition(':')[2]} {hook.status.lower().replace('_', ' ')}"
        for hook in ours.hooks
        if hook.status in ("FAILED", "TIMED_OUT") and hook.target
    ]
    return "; ".join(one for one in ((ours.rollback or ours.reason).rstrip("."), *hooks) if one)


def _counted(row: Row, service: Service, ours: Deployment, wanted: str) -> Row:
    """Judge an entry of `deployments`: the primary one is what ECS works towards."""
    primary = service.primary
    if primary is None or primary.task_definition != wanted:
        over = primary is not None and primary.status == "SUCCESSFUL"
        return replace(row, state=State.UNDONE if over else State.BACK)
    row = replace(row, running=ours.running, desired=ours.desired, pending=ours.pending)
    if ours.status == "FAILED":
        return replace(row, state=State.FAILED)
    complete = ours.running == ours.desired and (
        ours.status == "SUCCESSFUL" or (not ours.status and len(service.rollouts) == 1)
    )
    unknown = ours.status not in _STATES and ours.status != ""
    return replace(
        row,
        state=State.DONE if complete else State.ROLLING,
        stage=ours.status if unknown else "",
        reason="",
    )


def _bake_left(one: Watched, ours: Deployment, now: datetime) -> int | None:
    step = ours.stage == "PRODUCTION_TRAFFIC_SHIFT" and 0 < (ours.weight or 0) < 100
    minutes = ours.bake_minutes if ours.stage == "BAKE_TIME" else ours.step_minutes if step else 0
    if not minutes or one.stage_since is None or ours.status not in ("IN_PROGRESS", ""):
        return None
    left = one.stage_since + timedelta(minutes=minutes) - now
    return max(0, round(left.total_seconds()))
