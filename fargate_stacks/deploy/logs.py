"""The log lines of a service's tasks, of all containers together, in the order of time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from fargate_stacks.deploy.client import CallFailed
from fargate_stacks.deploy.clock import Clock
from fargate_stacks.deploy.ecs import Ecs
from fargate_stacks.errors import DeployError

EVERY = 2.0
"""Seconds between two reads while following; FilterLogEvents may be called five times a second (quotas of the API)."""
LATE = timedelta(seconds=15)
"""How much later than its own time a line may become readable."""


@dataclass(frozen=True)
class Line:
    """One line that a container wrote."""

    time: datetime
    task: str
    container: str
    text: str


@dataclass(frozen=True)
class Place:
    """A log group and the containers that write to it, each with the start of its streams' names."""

    group: str
    prefixes: tuple[tuple[str, str], ...]
    """Container, and `prefix/container/` of its streams."""


def places(ecs: Ecs, task_definition: str, *, container: str | None = None) -> list[Place]:
    """Give where the containers of a task definition write. Raises DeployError for a container that it lacks."""
    containers = ecs.task_definition(task_definition).get("containerDefinitions", [])
    names = [one["name"] for one in containers]
    if container is not None and container not in names:
        raise DeployError(f"there is no container {container}; the task has {', '.join(names)}", exit_code=2)
    by_group: dict[str, list[tuple[str, str]]] = {}
    for name in names if container is None else [container]:
        found = ecs.log_stream(task_definition, name, "")
        if found is not None:
            by_group.setdefault(found[0], []).append((name, found[1]))
    if not by_group:
        raise DeployError(f"{task_definition.rpartition('/')[2]}: no container writes to CloudWatch Logs", exit_code=2)
    return [Place(group, tuple(prefixes)) for group, prefixes in by_group.items()]


class Reader:
    """Reads what several containers wrote since a time; a line is given once, whenever it becomes readable."""

    def __init__(
        self, ecs: Ecs, where: Iterable[Place], *, since: datetime, pattern: str = "", tasks: Iterable[str] = ()
    ) -> None:
        self._ecs = ecs
        self._places = list(where)
        self._pattern = pattern
        self._tasks = list(tasks)
        self._since = since
        self._seen: dict[str, datetime] = {}

    def read(self) -> list[Line]:
        """Give the new lines in order. Raises CallFailed; a stream that was never written has none."""
        found = {
            event_id: line
            for place in self._places
            for event_id, line in self._of(place)
            if event_id not in self._seen and (not self._tasks or line.task in self._tasks)
        }
        self._seen |= {event_id: line.time for event_id, line in found.items()}
        newest = max((line.time for line in found.values()), default=self._since)
        self._since = max(self._since, newest - LATE)
        self._seen = {event_id: time for event_id, time in self._seen.items() if time >= self._since}
        return sorted(found.values(), key=lambda line: line.time)

    def follow(self, clock: Clock) -> Iterator[Line]:
        """Give lines as they come, for ever; a throttled read is made again later."""
        while True:
            try:
                yield from self.read()
            except CallFailed as trouble:
                if not trouble.transient:
                    raise
            clock.sleep(EVERY)

    def _of(self, place: Place) -> Iterator[tuple[str, Line]]:
        asked: dict[str, object] = {"logGroupName": place.group, "startTime": _millis(self._since)}
        if self._pattern:
            asked["filterPattern"] = self._pattern
        if len(place.prefixes) == 1:
            # streams by name would be refused altogether where one of them was never written
            asked["logStreamNamePrefix"] = place.prefixes[0][1] + (self._tasks[0] if len(self._tasks) == 1 else "")
        token: dict[str, str] = {}
        while True:
            try:
                answer = self._ecs.call("FilterLogEvents", of="logs", **asked, **token)
            except CallFailed as trouble:
                if trouble.code == "ResourceNotFoundException":
                    return
                raise
            for one in answer.get("events", []):
                stream = str(one.get("logStreamName", ""))
                container = next((name for name, prefix in place.prefixes if stream.startswith(prefix)), None)
                if container is None:
                    continue
                time = datetime.fromtimestamp(one.get("timestamp", 0) / 1000, UTC)
                line = Line(time, stream.rpartition("/")[2], container, str(one.get("message", "")).rstrip("\n"))
                yield str(one.get("eventId") or f"{stream}{time}{line.text}"), line
            if not answer.get("nextToken"):
                return
            token = {"nextToken": answer["nextToken"]}


def previous_task(ecs: Ecs, where: Iterable[Place], running: Iterable[str]) -> str | None:
    """Give the id of the task that wrote last and does not run any more; None when there is none."""
    alive = set(running)
    newest: tuple[int, str] | None = None
    for place in where:
        answer = ecs.call(
            "DescribeLogStreams", of="logs", logGroupName=place.group, orderBy="LastEventTime", descending=True
        )
        for one in answer.get("logStreams", []):
            stream = str(one.get("logStreamName", ""))
            task = stream.rpartition("/")[2]
            if task in alive or not any(stream.startswith(prefix) for _, prefix in place.prefixes):
                continue
            written = one.get("lastEventTimestamp", one.get("creationTime", 0))
            if newest is None or written > newest[0]:
                newest = (written, task)
    return newest[1] if newest is not None else None


def _millis(time: datetime) -> int:
    return int(time.timestamp() * 1000)
