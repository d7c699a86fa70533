"""What is at work now, as rows: the stacks that run, their resources, and their services in ECS."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import tzinfo

from fargate_stacks.cli.lines import Line, one_line, style_of
from fargate_stacks.cli.screen_ecs import rollout_lines
from fargate_stacks.deploy.client import Event
from fargate_stacks.deploy.local.stacks.durations import seconds
from fargate_stacks.deploy.messages import (
    Deleting,
    Ended,
    Happened,
    Message,
    Note,
    Planned,
    Preflighted,
    Rollout,
    Warn,
)

_BAR = 24
_SERVICE = "AWS::ECS::Service"
_TASKS = 90.0
"""Seconds that a service's tasks take to come up, as far as a bar needs to know."""
_MOST = 0.9
"""How far a resource counts that takes longer than others of its type."""
_WORDS = {
    "CREATE_IN_PROGRESS": "creating",
    "CREATE_COMPLETE": "created",
    "UPDATE_IN_PROGRESS": "updating",
    "UPDATE_COMPLETE": "updated",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": "cleaning up",
    "DELETE_IN_PROGRESS": "deleting",
    "DELETE_COMPLETE": "deleted",
    "IMPORT_IN_PROGRESS": "importing",
    "IMPORT_COMPLETE": "imported",
}
_VERBS = {"CREATE": "create", "IMPORT": "create", "UPDATE": "update", "DELETE": "delete"}
_ORDINARY = ("Resource creation Initiated", "User Initiated", "Transformation succeeded")
_REPLACES = "requires the creation of a new physical resource"


@dataclass
class _Work:
    """A resource at work."""

    type: str
    status: str
    since: float
    reason: str = ""
    service: str = ""
    """What its row in ECS is called."""

    @property
    def word(self) -> str:
        return "replacing" if _REPLACES in self.reason else _word(self.status)


@dataclass
class _Stack:
    """One stack of the block."""

    name: str
    begun: float
    planned: dict[str, float] = field(default_factory=dict)
    """The resources that the operation is to touch, and for how many seconds; empty where nobody knows."""
    status: str = ""
    done: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    work: dict[str, _Work] = field(default_factory=dict)
    services: dict[str, tuple[float, Rollout]] = field(default_factory=dict)
    """The newest row of each service, and when it came."""
    made_by: dict[str, str] = field(default_factory=dict)
    """By logical id of a service, what its row in ECS is called."""

    @property
    def rolling(self) -> set[str]:
        """Services that CloudFormation is done with, and that ECS is not."""
        return {name for name, (_, one) in self.services.items() if not one.ecs.settled}

    def turn(self, status: str) -> None:
        """Take in what the stack itself says: a rollback begins to count anew, with what was touched."""
        back = "ROLLBACK_IN_PROGRESS" in status
        if back and "ROLLBACK_IN_PROGRESS" not in self.status:
            touched = self.done | set(self.work)
            self.planned = {name: self.planned.get(name, 1.0) for name in touched}
            self.done = set()
        self.status = status


@dataclass(frozen=True)
class _Row:
    """A row, and how dearly it is kept where there is no room for all: the lowest first."""

    line: Line
    rank: tuple[int, float]


class Block:
    """Learns from messages what is at work; a stack whose end was told is not shown any more."""

    def __init__(self, zone: tzinfo | None = None) -> None:
        self._zone = zone
        self._stacks: dict[str, _Stack] = {}
        self._ended = 0
        self.busy = ""
        """What is done before any stack is."""

    def take(self, message: Message, now: float) -> None:
        """Learn from a message."""
        if not isinstance(message, (Note, Warn, Preflighted)):
            self.busy = ""
        if not message.stack:
            return
        known = self._stacks.get(message.stack)
        match message:
            case Planned(plan=plan):
                if not plan.empty:
                    weights = {one.logical_id: _seconds(one.type, one.action) for one in plan.changes}
                    self._stacks[message.stack] = _Stack(message.stack, now, weights)
            case Deleting(resources=resources):
                self._stacks[message.stack] = _Stack(message.stack, now, dict.fromkeys(resources, 1.0))
            case Happened(event=event):
                stack = known or self._stacks.setdefault(message.stack, _Stack(message.stack, now))
                self._happened(stack, event, message, now)
            case Rollout(ecs=row):
                if known is not None:
                    known.services[row.service] = (now, message)
            case Ended():
                self._ended += self._stacks.pop(message.stack, None) is not None

    def _happened(self, stack: _Stack, event: Event, message: Happened, now: float) -> None:
        name = message.path or event.logical_id
        if event.root:
            if event.stack == stack.name:
                stack.begun = stack.begun if stack.status else now
                stack.turn(event.status)
            return  # a nested stack is a resource of the one around it
        if event.type == _SERVICE:
            stack.made_by[name] = message.owner.name if message.owner is not None else event.logical_id
        if event.settled:
            stack.work.pop(name, None)
            stack.done.add(name)
            if event.status.endswith("_FAILED"):
                stack.failed.add(name)
        else:
            since = stack.work[name].since if name in stack.work else now
            service = stack.made_by.get(name, "")
            stack.work[name] = _Work(event.type, event.status, since, one_line(event.reason), service)

    # the rows

    def rows(self, now: float, *, width: int, height: int) -> list[Line]:
        """Give the rows: the stacks that run, what is at work in each, those that wait; no more than there is room."""
        running = [one for one in self._stacks.values() if one.status]
        if not running:
            return [Line(self.busy, "dim")] if self.busy and height > 0 else []
        found = [row for stack in running for row in self._of(stack, now, width)]
        found += self._waiting()
        if len(found) <= height:
            return [one.line for one in found]
        kept = sorted(range(len(found)), key=lambda number: (found[number].rank, number))[: max(0, height - 1)]
        rows = [found[number].line for number in sorted(kept)]
        return [*rows, Line(f"  ... and {len(found) - len(kept)} more", "dim")][-max(1, height) :]

    def _of(self, stack: _Stack, now: float, width: int) -> Iterator[_Row]:
        word = "waiting for its services" if _waits(stack) else _word(stack.status)
        style = "" if _waits(stack) else style_of(stack.status)
        yield _Row(Line(_head(stack, word, now, width), f"bold {style}".strip()), (0, stack.begun))
        names = max(map(len, stack.work), default=0)
        shown = set()
        for name, work in sorted(stack.work.items(), key=lambda item: item[1].since):
            reason = "" if work.reason.startswith(_ORDINARY) or work.word == "replacing" else work.reason
            kind = work.type.removeprefix("AWS::")
            told = f"  {name:<{min(names, 40)}}  {work.word:<9}  {time(now - work.since):>5}  {kind}  {reason}".rstrip()
            yield _Row(Line(told, style_of(work.status)), (2, work.since))
            if work.service in stack.services:
                shown.add(work.service)
                yield from self._rollout(stack, work.service, now, "    ")
        for service in stack.services:
            if service not in shown:
                yield from self._rollout(stack, service, now, "  ")

    def _rollout(self, stack: _Stack, service: str, now: float, indent: str) -> Iterator[_Row]:
        since, rollout = stack.services[service]
        for text, style in rollout_lines(rollout.ecs, self._zone, now - since):
            yield _Row(Line(f"{indent}{text}", style), (1, since))

    def _waiting(self) -> Iterator[_Row]:
        names = [one.name for one in self._stacks.values() if not one.status]
        count = self._ended + len(self._stacks)
        if count > 1:
            told = f"{self._ended} of {count} stacks ended" + (f", waiting: {', '.join(names)}" if names else "")
            yield _Row(Line(told, "dim"), (0, 0.0))


def _waits(stack: _Stack) -> bool:
    return stack.status.endswith("_COMPLETE") and bool(stack.rolling)


def _head(stack: _Stack, word: str, now: float, width: int) -> str:
    done = stack.done - {name for name, service in stack.made_by.items() if service in stack.rolling}
    failed = f"  {len(stack.failed)} failed" if stack.failed else ""
    end = f"{failed}  {time(now - stack.begun)}"
    if stack.status.endswith("_COMPLETE") and not stack.rolling:
        return f"{stack.name}  {word}{end}"
    if not stack.planned:
        return f"{stack.name}  {word}  {len(done)} done{end}"
    count = f"{len(done & set(stack.planned))}/{len(stack.planned)}"
    room = width - len(f"{stack.name}  {word}  []  {count}{end}")
    full = round(_share(stack, done, now) * (size := max(4, min(_BAR, room))))
    return f"{stack.name}  {word}  [{'#' * full}{'.' * (size - full)}]  {count}{end}"


def _share(stack: _Stack, done: Collection[str], now: float) -> float:
    """Tell how much of the operation is done, by the time that its resources take."""
    whole = sum(stack.planned.values())
    part = sum(weight for name, weight in stack.planned.items() if name in done)
    for name, work in stack.work.items():
        weight = stack.planned.get(name, 0.0)
        part += min(_MOST * weight, now - work.since)
    return min(1.0, part / whole) if whole else 0.0


def _seconds(kind: str, action: str) -> float:
    verb = {"Add": "create", "Import": "create", "Remove": "delete"}.get(action, "update")
    return _TASKS if kind == _SERVICE and verb != "delete" else seconds(kind, verb)


def _word(status: str) -> str:
    if status in _WORDS:
        return _WORDS[status]
    if "ROLLBACK" in status and not status.endswith("_FAILED"):
        return "rolling back" if status.endswith("_IN_PROGRESS") and "CLEANUP" not in status else "rolled back"
    return status.lower().replace("_", " ")


def time(seconds: float) -> str:
    """Give seconds as minutes and seconds, or as hours, minutes and seconds."""
    whole = max(0, int(seconds))
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
