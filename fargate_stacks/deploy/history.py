"""What happened to stacks and their services, as one list; and the last operation of a stack by itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from fargate_stacks.deploy.client import Client, Event
from fargate_stacks.deploy.names import Directory, Found

_STARTS = tuple(f"{verb}_IN_PROGRESS" for verb in ("CREATE", "UPDATE", "DELETE", "IMPORT", "REVIEW"))


@dataclass(frozen=True)
class Entry:
    """One thing that happened."""

    time: datetime
    source: str
    """cloudformation or ecs."""
    stack: str
    name: str
    """The logical id, or the service's construct."""
    status: str
    """CloudFormation's status; empty for what a service says."""
    text: str
    type: str = ""
    id: str = ""


def last_operation(client: Client, stack_id: str) -> list[Event]:
    """Give the events of a stack's last operation, its rollback included, oldest first."""
    events: list[Event] = []
    page: str | None = None
    while True:
        some, page = client.events(stack_id, page)
        for event in some:
            events.append(event)
            if event.root and event.status in _STARTS:
                return events[::-1]
        if page is None:
            return events[::-1]


def history(directory: Directory, name: str | None, *, since: datetime | None, most: int) -> list[Entry]:
    """Give the newest entries under a name, oldest first: a stack's events, and what its services say.

    For a service it is what the service says, and the stack's events about it.
    """
    found = directory.services(name)
    entries = [one for one in _said(found) if since is None or one.time >= since]
    if name is None or directory.is_stack(name):
        stacks = directory.stacks_of(name)
        wanted = None
    else:
        stacks = sorted({one.stack for one in found if one.stack})
        wanted = {one.logical_id for one in found}
    for stack in stacks:
        if name is None and directory.is_missing(stack):
            continue
        ecs, state, _ = directory.stack(stack)
        entries += _of_stack(ecs.client, state.id, state.name, wanted, since=since, most=most)
    entries.sort(key=lambda one: one.time)
    return entries[-most:]


def _said(found: Iterable[Found]) -> list[Entry]:
    entries: list[Entry] = []
    for one in found:
        service = one.ecs.services([one.physical_id]).get(one.physical_id)
        entries += [
            Entry(event.time, "ecs", one.stack, one.name, "", event.text, "AWS::ECS::Service", event.id)
            for event in (service.events[::-1] if service is not None else ())
        ]
    return entries


def _of_stack(
    client: Client, stack_id: str, name: str, wanted: set[str] | None, *, since: datetime | None, most: int
) -> list[Entry]:
    entries: list[Entry] = []
    page: str | None = None
    while len(entries) < most:
        events, page = client.events(stack_id, page)
        entries += [
            Entry(one.time, "cloudformation", name, one.logical_id, one.status, one.reason, one.type, one.id)
            for one in events
            if (wanted is None or one.logical_id in wanted) and (since is None or one.time >= since)
        ]
        if page is None or (since is not None and events and events[-1].time < since):
            break
    return entries[::-1]
