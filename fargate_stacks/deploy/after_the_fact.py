"""Why something failed, found out afterwards: the last operation of a stack, and what ECS still knows of tasks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fargate_stacks.deploy.client import CallFailed
from fargate_stacks.deploy.diagnosis import Diagnosis, diagnose, explained
from fargate_stacks.deploy.ecs_values import Service, forgotten
from fargate_stacks.deploy.evidence import Collector, Evidence
from fargate_stacks.deploy.history import last_operation
from fargate_stacks.deploy.names import SERVICE, Directory, Found
from fargate_stacks.deploy.service_status import ServiceStatus, statuses


@dataclass(frozen=True)
class Findings:
    """What is known of a stack and its services, or of one service."""

    stack: str
    status: str = ""
    diagnosis: Diagnosis | None = None
    """Why the stack's last operation failed; None where it did not."""
    services: tuple[ServiceStatus, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    not_read: tuple[str, ...] = ()


def look(directory: Directory, name: str) -> Findings:
    """Look at a stack, or at one service, after the fact; for a service that is not there any more, at its stack."""
    home = None if directory.is_stack(name) else directory.home_of_gone(name)
    if home is not None:
        return look(directory, home)
    if not directory.is_stack(name):
        found = directory.services(name)
        return _with_services(Findings(found[0].stack if found else ""), found)
    ecs, state, template = directory.stack(name)
    events = last_operation(ecs.client, state.id)
    deleting = any(one.root and one.status == "DELETE_IN_PROGRESS" for one in events)
    diagnosis = diagnose(events, state.id, template.owners if template else {}, deleting=deleting)
    found = directory.services(name)
    # what a rollback has deleted is known from the events alone
    known = {one.physical_id for one in found}
    gone = {
        one.physical_id: Found(_name(template, one.logical_id), ecs, one.physical_id, state.name, one.logical_id)
        for one in events
        if one.type == SERVICE and one.physical_id.startswith("arn:") and one.physical_id not in known
    }
    return _with_services(Findings(state.name, state.status, diagnosis), [*found, *gone.values()])


def _with_services(findings: Findings, found: Iterable[Found]) -> Findings:
    found = list(found)
    live = [one for one in statuses(found) if one.health != "missing"]
    collected = [_evidence(one) for one in found]
    known = {one.logical_id: told for one, (told, _) in zip(found, collected, strict=True)}
    return Findings(
        findings.stack,
        findings.status,
        explained(findings.diagnosis, known) if findings.diagnosis is not None else None,
        tuple(live),
        tuple(one for one, _ in collected if one.stopped or one.events),
        tuple(dict.fromkeys(text for _, texts in collected for text in texts)),
    )


def _evidence(found: Found) -> tuple[Evidence, list[str]]:
    collector = Collector(found.ecs, found.name)
    try:
        service = found.ecs.services([found.physical_id]).get(found.physical_id) or _gone(found)
        collector.hear(service.events, since=None)
        collector.look(service, "", since=None)
    except CallFailed as trouble:
        return collector.evidence(), [f"{trouble.operation}: {trouble.message or trouble.code}"]
    return collector.evidence(), list(collector.troubles)


def _gone(found: Found) -> Service:
    """Give what can be known of a service that ECS has forgotten."""
    return forgotten(found.physical_id, _family(found))


def _family(found: Found) -> str:
    """Give a task family as the constructs name it: the stack's name and the construct's."""
    return f"{found.stack}-{found.name}"


def _name(template: object, logical_id: str) -> str:
    owners = getattr(template, "owners", {})
    return owners[logical_id].name if logical_id in owners else logical_id
