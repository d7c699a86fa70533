"""Why tasks stopped, kept while it can be had: a rollback deletes the service, and ECS soon forgets tasks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from fargate_stacks.deploy.client import CallFailed
from fargate_stacks.deploy.ecs import Ecs
from fargate_stacks.deploy.ecs_values import Container, Notice, Service, Task
from fargate_stacks.deploy.hint import Hint
from fargate_stacks.deploy.hints import hints

LINES = 30
"""How many of the last log lines are kept of each kind of failure."""

TELLS_MORE = ("health-path", "health-timeout", "health-port")
"""Hints from a service's events that say more than `health-check`, which a stopped task gives."""

_ORDERLY = re.compile(r"Scaling activity initiated by|rebalanc", re.IGNORECASE)
"""What ECS says of a task that is stopped because another takes its place."""
_TELLING = re.compile(r"failed|unhealthy|unable|unavailable|limit|rolling back|alarm", re.IGNORECASE)
"""Words of service events after which it is worth while to look for stopped tasks."""
_SIGNALLED = (None, 0, 137, 143)
_IDS = (
    (re.compile(r"arn:[\w-]+:[\w:/.+=@*-]+"), "<arn>"),
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "<id>"),
    (re.compile(r"\b[0-9a-f]{32}\b"), "<id>"),
    (re.compile(r"(?i)request ?id:? ?[\w-]+"), "<request>"),
    (re.compile(r"\b\d{1,3}(\.\d{1,3}){3}(:\d+)?\b"), "<address>"),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z?"), "<time>"),
    (re.compile(r"(?<=retried )\d+"), "<n>"),
)


@dataclass(frozen=True)
class Stopped:
    """Tasks that stopped in one and the same way."""

    code: str
    """AWS's stop code: TaskFailedToStart, EssentialContainerExited, …"""
    container: str
    """The container that explains it; empty where none does."""
    exit_code: int | None
    reason: str
    """The newest task's, in AWS's words."""
    count: int
    newest: str
    """The id of the newest of these tasks."""
    at: datetime | None
    log: tuple[str, ...] = ()
    """The last lines of that task's container."""
    hints: tuple[Hint, ...] = ()
    ours: bool = True
    """The task stopped of itself, and not because AWS took its machine back."""


@dataclass(frozen=True)
class Evidence:
    """All that is known of why a service does not come up."""

    service: str
    """The construct's name, else the logical id."""
    stopped: tuple[Stopped, ...] = ()
    """The most frequent first."""
    events: tuple[str, ...] = ()
    """What the service said that tells something, oldest first."""
    hints: tuple[Hint, ...] = ()
    """What the service's events mean."""
    alarms: tuple[str, ...] = ()
    """Alarms that fired during the rollout."""


Signature = tuple[str, str, int | None, str]


class Collector:
    """Collects the evidence of one service's rollout; each task is described once, each kind of failure logged once."""

    def __init__(self, ecs: Ecs, name: str) -> None:
        self._ecs = ecs
        self._name = name
        self._known: set[str] = set()
        self._groups: dict[Signature, Stopped] = {}
        self._events: dict[str, Notice] = {}
        self._alarms: dict[str, None] = {}
        self.troubles: dict[str, None] = {}
        """What could not be asked, once each; the rest of the evidence stands."""

    def hear(self, events: Iterable[Notice], *, since: datetime | None) -> bool:
        """Take in a service's events; tell whether a new one makes it worth while to look for stopped tasks."""
        telling = False
        for event in events:
            if event.id not in self._events and (since is None or event.time >= since):
                self._events[event.id] = event
                telling = telling or bool(_TELLING.search(event.text))
        return telling

    def alarm(self, names: Iterable[str]) -> None:
        """Take in the alarms that have fired."""
        self._alarms |= dict.fromkeys(names)

    def look(self, service: Service, task_definition: str, *, since: datetime | None) -> list[Stopped]:
        """Look for stopped tasks of a task definition, of any where it is empty; give what kinds of failure are new.

        A service that is gone is found by its task family. Never raises CallFailed: see `troubles`.
        """
        try:
            tasks = self._stopped(service, task_definition)
        except CallFailed as trouble:
            self._suffer(trouble)
            return []
        ours = [
            one
            for one in tasks
            if task_definition in ("", one.task_definition)
            and (not one.group or one.group == f"service:{service.name}")
            and not (since is not None and one.created is not None and one.created < since)
        ]
        self._known |= {one.arn for one in tasks}
        return self.take(ours, balanced=service.balanced)

    def take(self, tasks: Iterable[Task], *, balanced: Sequence[str] = ()) -> list[Stopped]:
        """Take in tasks that have stopped; give the kinds of failure that are new."""
        new: dict[Signature, Task] = {}
        for task in sorted(tasks, key=_time):
            if task.stop_code != "UserInitiated" and not _ORDERLY.search(task.stopped_reason):
                signature = self._count(task)
                if signature in new or self._groups[signature].count == 1:
                    new[signature] = task
        for signature, task in new.items():
            self._explain(signature, task, balanced)
        return [self._groups[signature] for signature in new]

    def most(self) -> int:
        """Give how many tasks failed in the most frequent way that is the task's own."""
        return max((one.count for one in self._groups.values() if one.ours), default=0)

    def evidence(self) -> Evidence:
        """Give all that was collected so far."""
        told = sorted(self._events.values(), key=lambda one: one.time)
        texts = list(dict.fromkeys(one.text for one in told if _TELLING.search(one.text)))
        kinds = sorted(self._groups.values(), key=lambda one: -one.count)
        known = {hint.code for one in kinds for hint in one.hints}
        meant = tuple(hint for hint in hints(events=texts) if hint.code not in known)
        if any(hint.code in TELLS_MORE for hint in meant):
            # what the load balancer got is in the events; of the tasks ECS only says that the check failed
            kinds = [replace(one, hints=tuple(h for h in one.hints if h.code != "health-check")) for one in kinds]
        return Evidence(self._name, tuple(kinds), tuple(_without_repeats(texts)), meant, tuple(self._alarms))

    def _stopped(self, service: Service, task_definition: str) -> list[Task]:
        if service.status == "ACTIVE":
            arns = self._ecs.task_arns(service.cluster, status="STOPPED", serviceName=service.name)
        else:
            family = (task_definition or service.task_definition).rpartition("/")[2].partition(":")[0]
            arns = self._ecs.task_arns(service.cluster, status="STOPPED", family=family)
        return self._ecs.tasks(service.cluster, [arn for arn in arns if arn not in self._known])

    def _count(self, task: Task) -> Signature:
        container = _culprit(task)
        name = container.name if container is not None else ""
        code = container.exit_code if container is not None else None
        reason = "; ".join(
            dict.fromkeys(one for one in (task.stopped_reason, container.reason if container else "") if one)
        )
        signature = (task.stop_code, name, code, _normal(reason))
        before = self._groups.get(signature)
        if before is None:
            ours = task.stop_code not in ("SpotInterruption", "TerminationNotice", "InfrastructureHealth")
            self._groups[signature] = Stopped(
                task.stop_code, name, code, reason, 1, task.id, task.stopped or task.created, ours=ours
            )
        else:
            self._groups[signature] = replace(
                before, count=before.count + 1, newest=task.id, at=task.stopped or task.created, reason=reason
            )
        return signature

    def _explain(self, signature: Signature, task: Task, balanced: Sequence[str]) -> None:
        """Add the last log lines and what it all means; asked once for each kind of failure."""
        found = self._groups[signature]
        log: Sequence[str] = ()
        try:
            container = found.container or self._main(task.task_definition, balanced)
            place = self._ecs.log_stream(task.task_definition, container, found.newest)
            if place is not None and found.code != "TaskFailedToStart":
                log = self._ecs.last_lines(*place, most=LINES)
        except CallFailed as trouble:
            self._suffer(trouble)
        meant = hints(reasons=[found.code, found.reason], exit_code=found.exit_code, log=log)
        self._groups[signature] = replace(found, log=tuple(log), hints=meant)

    def _main(self, task_definition: str, balanced: Sequence[str]) -> str:
        containers = self._ecs.task_definition(task_definition).get("containerDefinitions", [])
        names = [*balanced, *(one["name"] for one in containers if one.get("essential", True))]
        return names[0] if names else ""

    def _suffer(self, trouble: CallFailed) -> None:
        if not trouble.transient:
            self.troubles.setdefault(f"{trouble.operation}: {trouble.message or trouble.code}", None)


def _culprit(task: Task) -> Container | None:
    """Give the container that explains why a task stopped: others were only told to stop with it."""
    blamed = [one for one in task.containers if one.reason or one.exit_code not in _SIGNALLED]
    if not blamed and task.stop_code == "EssentialContainerExited":
        blamed = [one for one in task.containers if one.exit_code == 0] or [
            one for one in task.containers if one.exit_code is not None
        ]
    return min(blamed, key=lambda one: (not one.reason, one.exit_code in _SIGNALLED), default=None)


def _time(task: Task) -> datetime:
    return task.stopped or task.created or datetime.min.replace(tzinfo=UTC)


def _normal(reason: str) -> str:
    """Give a reason without what differs from task to task."""
    for pattern, instead in _IDS:
        reason = pattern.sub(instead, reason)
    return " ".join(reason.split())


def _without_repeats(texts: Iterable[str]) -> list[str]:
    """Give one text of each kind, the newest."""
    return list({_normal(text): text for text in texts}.values())
