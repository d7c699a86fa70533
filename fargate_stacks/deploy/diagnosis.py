"""Why an operation failed: the first cause, what failed beside it, and nothing that only followed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from fargate_stacks.core.template import Owner
from fargate_stacks.deploy.client import Event
from fargate_stacks.deploy.evidence import Evidence
from fargate_stacks.deploy.hint import Hint
from fargate_stacks.deploy.stack_hints import stack_hints

_CASCADE = re.compile(
    r"(creation|update|deletion) cancell?ed"
    r"|embedded stack .* (was|were) not successfully"
    r"|the following resource\(s\) failed to",
    re.IGNORECASE,
)
_NOISE = (
    re.compile(r'Resource handler returned message: "(?P<kept>.*?)"(?= \(RequestToken:|$)', re.DOTALL),
    re.compile(r"Resource handler returned message: (?P<kept>)"),
    re.compile(r"\s*\((?P<kept>)(?:Service|RequestToken|HandlerErrorCode|SDK Attempt Count): [^()]*\)"),
)
_CODES = (
    re.compile(r"HandlerErrorCode: (\w+)"),
    re.compile(r"Error Code: (\w+)"),
)


@dataclass(frozen=True)
class Failure:
    """One resource that failed of itself."""

    stack: str
    logical_id: str
    type: str
    reason: str
    code: str = ""
    """What the service calls the error, as `ECS::Service:NotStabilized`; empty where it gives none."""
    owner: Owner | None = None
    hints: tuple[Hint, ...] = ()
    """What it most likely means, and what to do."""
    because: str = ""
    """What stopped the tasks of a service; empty where nothing is known of it."""


@dataclass(frozen=True)
class Diagnosis:
    """What went wrong."""

    cause: Failure
    also: tuple[Failure, ...] = ()
    """Other resources that failed of themselves, in order."""
    followed: int = 0
    """How many more failed only because another did."""
    left_behind: tuple[Failure, ...] = ()
    """What an update could not delete while cleaning up; it goes on costing."""


class Paths:
    """Where the resources of nested stacks are, learned from the events that name the nested stacks."""

    def __init__(self) -> None:
        self._within: dict[str, tuple[str, str]] = {}
        """By the id of a nested stack, the stack that it is in and its logical id there."""

    def saw(self, event: Event) -> None:
        """Take in an event: one of a nested stack, in its parent, tells where the nested one is."""
        nested = event.physical_id
        if event.type == "AWS::CloudFormation::Stack" and nested and nested != event.stack_id:
            self._within[nested] = event.stack_id, event.logical_id

    def of(self, event: Event) -> str:
        """Give the path of a resource: its logical id, after those of the stacks it is nested in."""
        path, stack = event.logical_id, event.stack_id
        while stack in self._within:
            stack, around = self._within[stack]
            path = f"{around}/{path}"
        return path


def diagnose(
    events: Iterable[Event], stack_id: str, owners: Mapping[str, Owner], *, deleting: bool = False
) -> Diagnosis | None:
    """Find the first cause among the events of one operation, which are in order; None without a failure.

    Without a failed resource the stack's own reason is the cause: an export in use, a rollback alarm,
    a person who cancelled.
    """
    own: list[Failure] = []
    left: list[Failure] = []
    followed = 0
    roots: list[Event] = []
    paths = Paths()
    events = list(events)
    for event in events:
        # what happened in a nested stack may come before the event that tells its id
        paths.saw(event)
    for event in events:
        if event.physical_id == stack_id:
            roots.append(event)
        elif event.root or not event.status.endswith("_FAILED"):
            continue
        elif _CASCADE.search(event.reason):
            followed += 1
        elif event.status == "DELETE_FAILED" and not deleting:
            left.append(_failure(event, stack_id, owners, paths))
        else:
            own.append(_failure(event, stack_id, owners, paths))
    if not own:
        own = _of_the_stack(roots, stack_id, owners, paths)
    if not own and left:
        own, left = left, []
    if not own:
        return None
    return Diagnosis(own[0], tuple(own[1:]), followed, tuple(left))


def explained(found: Diagnosis, evidence: Mapping[str, Evidence]) -> Diagnosis:
    """Give a diagnosis in which failed services say what stopped their tasks; `evidence` is by logical id."""

    def explain(one: Failure) -> Failure:
        known = evidence.get(one.logical_id)
        if known is None:
            return one
        means = tuple(dict.fromkeys([hint for kind in known.stopped for hint in kind.hints] + list(known.hints)))
        told = [hint.means for hint in means[:1]] or [kind.reason for kind in known.stopped[:1]]
        return replace(one, hints=means or one.hints, because="".join(told))

    return replace(found, cause=explain(found.cause), also=tuple(explain(one) for one in found.also))


def plain_reason(reason: str) -> str:
    """Strip what services wrap around a reason: handlers, request ids, quotation marks."""
    wrapped = _NOISE[0].search(reason) or _NOISE[1].search(reason)
    for noise in _NOISE:
        reason = noise.sub(lambda match: match.group("kept"), reason)
    reason = reason.strip()
    return reason[1:-1] if wrapped and len(reason) > 1 and reason[0] == reason[-1] == '"' else reason


def _failure(event: Event, stack_id: str, owners: Mapping[str, Owner], paths: Paths) -> Failure:
    code = next((match.group(1) for match in (one.search(event.reason) for one in _CODES) if match), "")
    kind = event.type.removeprefix("AWS::")
    return Failure(
        stack=event.stack,
        logical_id=paths.of(event),
        type=event.type,
        reason=plain_reason(event.reason),
        hints=stack_hints(event.type, event.reason),
        code=f"{kind}:{code}" if code else "",
        owner=owners.get(event.logical_id) if event.stack_id == stack_id else None,
    )


def _of_the_stack(roots: list[Event], stack_id: str, owners: Mapping[str, Owner], paths: Paths) -> list[Failure]:
    for event in roots:
        turned = "ROLLBACK_IN_PROGRESS" in event.status or event.status.endswith("_FAILED")
        if turned and event.reason:
            return [_failure(event, stack_id, owners, paths)]
    return []
