"""Random worlds for the event stream: what a stack's history may look like, and how badly it may be read."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from fargate_stacks.deploy.client import CallFailed, Event

START = datetime(2026, 1, 1, tzinfo=UTC)
ROOT = "arn:aws:cloudformation:us-east-1:000000000000:stack/top/1"
OURS, CANCEL, EARLIER, LATER = "ours", "cancel", "earlier", "later"
LATEST = 12.0
"""Seconds after which every event is visible; the stream is promised half a minute."""


@dataclass(frozen=True)
class Seen:
    event: Event
    visible: datetime


@dataclass
class World:
    """Stacks with histories; `now` moves, calls fail now and then, pages are tiny."""

    seed: int
    now: datetime = START
    ours: list[Event] = field(default_factory=list)
    histories: dict[str, list[Seen]] = field(default_factory=dict)
    faults: bool = True

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.page = self.rng.choice((1, 2, 3, 7, 50))
        self.throttled = self.rng.choice((0.0, 0.05, 0.3))
        self.late = self.rng.choice((0.0, 0.05, 0.4))
        self.burst = self.rng.choice((0.2, 0.6, 0.95))
        self.tokens = self.rng.random() < 0.8
        self._at = self.now
        self._earlier()
        self.anchored = self._at

    # the two ends of the story

    def _earlier(self) -> None:
        """The operations before ours, the last of which may end in the millisecond before our anchor."""
        self._say(ROOT, "root", ROOT, "REVIEW_IN_PROGRESS", "")
        for _ in range(self.rng.randrange(4)):
            self._say(ROOT, "root", ROOT, "UPDATE_IN_PROGRESS", EARLIER)
            for number in range(self.rng.randrange(9)):
                self._say(ROOT, f"R{number}", f"r-{number}", "UPDATE_COMPLETE", EARLIER)
            self._say(ROOT, "root", ROOT, "UPDATE_COMPLETE", EARLIER)
        self.now = self._at + timedelta(seconds=LATEST + 1)

    def happen(self) -> None:
        """Our operation, from start to end, and perhaps somebody else's after it."""
        self._at = self.now + timedelta(milliseconds=1)
        self._say(ROOT, "root", ROOT, "UPDATE_IN_PROGRESS", OURS)
        self._work(ROOT, depth=0)
        token = OURS
        if self.rng.random() < 0.3:
            token = self.rng.choice((OURS, CANCEL))
            self._say(ROOT, "root", ROOT, "UPDATE_ROLLBACK_IN_PROGRESS", token)
            self._work(ROOT, depth=0, token=token)
            self._say(ROOT, "root", ROOT, "UPDATE_ROLLBACK_COMPLETE", token)
        else:
            self._say(ROOT, "root", ROOT, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", token)
            self._work(ROOT, depth=2, token=token)
            self._say(ROOT, "root", ROOT, "UPDATE_COMPLETE", token)
        if self.tokens and self.rng.random() < 0.4:
            self._at += timedelta(milliseconds=1)
            self._say(ROOT, "root", ROOT, "UPDATE_IN_PROGRESS", LATER)
            for stack_id in list(self.histories):
                self._say(stack_id, "R0", "r-0", "UPDATE_COMPLETE", LATER)
            self._say(ROOT, "root", ROOT, "UPDATE_COMPLETE", LATER)

    def _work(self, stack_id: str, *, depth: int, token: str = OURS) -> None:
        for number in range(self.rng.randrange(6)):
            if depth < 2 and self.rng.random() < 0.25:
                self._nested(stack_id, f"Nested{number}", depth, token)
                continue
            self._say(stack_id, f"R{number}", "", "UPDATE_IN_PROGRESS", token)
            self._say(stack_id, f"R{number}", f"r-{number}", "UPDATE_COMPLETE", token)

    def _nested(self, parent: str, logical_id: str, depth: int, token: str) -> None:
        """A nested stack; a replaced one has the same logical id and another physical one."""
        for generation in range(self.rng.choice((1, 1, 2))):
            child = f"{parent}-{logical_id}-{generation}"
            if child not in self.histories:
                self._say(child, "R0", "r-0", "CREATE_COMPLETE", EARLIER, early=True)
            self._say(parent, logical_id, child, "UPDATE_IN_PROGRESS", token)
            self._say(child, logical_id, child, "UPDATE_IN_PROGRESS", token)
            self._work(child, depth=depth + 1, token=token)
            self._say(child, logical_id, child, "UPDATE_COMPLETE", token)
            self._say(parent, logical_id, child, "UPDATE_COMPLETE", token)

    def _say(
        self, stack_id: str, logical_id: str, physical_id: str, status: str, token: str, *, early: bool = False
    ) -> None:
        if self.rng.random() > self.burst:
            self._at += timedelta(milliseconds=self.rng.choice((1, 40, 900, 4_000)))
        time = START - timedelta(hours=1) if early else self._at
        history = self.histories.setdefault(stack_id, [])
        kind = "AWS::CloudFormation::Stack" if physical_id.startswith("arn:") else "AWS::SQS::Queue"
        event = Event(
            id=f"{stack_id}#{len(history)}",
            stack_id=stack_id,
            stack="root",
            logical_id=logical_id,
            physical_id=physical_id,
            type=kind,
            status=status,
            reason="",
            time=time,
            token=token if self.tokens else "",
        )
        after = self.rng.uniform(0, LATEST) if self.rng.random() < self.late else 0.0
        history.append(Seen(event, time + timedelta(seconds=after)))
        if token in (OURS, CANCEL):
            self.ours.append(event)

    # what the stream sees

    def wait(self) -> None:
        """Let some time pass between two reads."""
        self.now += timedelta(seconds=self.rng.choice((0.5, 2.0, 5.0)))

    @property
    def over(self) -> bool:
        """All that happened is visible."""
        return self.now > self._at + timedelta(seconds=LATEST + 1)

    def events(self, stack_id: str, page: str | None) -> tuple[list[Event], str | None]:
        """One page, newest first; the next one begins after the last event of this one."""
        if self.faults and self.rng.random() < self.throttled:
            raise CallFailed("DescribeStackEvents", "Throttling", "Rate exceeded")
        visible = [one.event for one in reversed(self.histories.get(stack_id, [])) if one.visible <= self.now]
        begin = next((i + 1 for i, event in enumerate(visible) if event.id == page), 0)
        found = visible[begin : begin + self.page]
        return found, found[-1].id if found and begin + self.page < len(visible) else None
