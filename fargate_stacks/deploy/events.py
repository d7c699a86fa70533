"""A stack's events as a stream in which nothing is lost, repeated or somebody else's.

1. A stack is read by its id. 2. Before the call that changes something `anchor` remembers the newest
millisecond; what comes later is ours, and no clock of this machine has a say. 3. Pages are read newest
first, each to its end, until an event that is known and older than the newest by an overlap. 4. Ids are
committed only when the whole read of a scope succeeded, and each nested stack is a scope of its own.
5. Only the event id tells two events apart. 6. Nested stacks are scopes by physical id, read from the
start of the operation. 7. Events come out by time, then in the order of AWS. 8. Where events carry
request tokens, those of an operation before or after ours are left out; a token that nobody has
explained yet is held until the stack's own events explain it. 9. A failed read is reported, never
raised, and loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from fargate_stacks.deploy.client import CallFailed, Event

OVERLAP = timedelta(seconds=30)
"""How much later than its own time an event may become visible."""


_OPENINGS = frozenset("CREATE_IN_PROGRESS UPDATE_IN_PROGRESS IMPORT_IN_PROGRESS REVIEW_IN_PROGRESS".split())
"""What a stack says first in an operation that interrupts no other."""


_INTERRUPTIONS = ("ROLLBACK_IN_PROGRESS", "DELETE_IN_PROGRESS")
"""What a stack says first in an operation that takes over from ours."""


class Pages(Protocol):
    """What the stream needs of a client."""

    def events(self, stack_id: str, page: str | None) -> tuple[list[Event], str | None]: ...


class Reading(NamedTuple):
    """What one read brought: new events in order, and the calls that failed."""

    events: list[Event]
    troubles: list[CallFailed]


@dataclass
class _Scope:
    """How far one stack, root or nested, has been read."""

    stack_id: str
    since: datetime | None = None
    before: frozenset[str] = frozenset()
    """Ids of the anchor's own millisecond."""
    seen: set[str] = field(default_factory=set)
    high: datetime | None = None

    def ours(self, event: Event) -> bool:
        return self.since is None or (event.time >= self.since and event.id not in self.before)


class Stream:
    """The events of one operation on a stack and on the stacks nested in it."""

    def __init__(self, pages: Pages, stack_id: str, *, token: str | None = None) -> None:
        self._pages = pages
        self._ours = {token} if token else set()
        self._foreign: set[str] = set()
        self._root = _Scope(stack_id)
        self._nested: dict[str, _Scope] = {}
        self._held: list[Event] = []
        self.started: Event | None = None
        """The root event that our call made."""
        self.terminal: Event | None = None
        """The newest event that says the stack itself has settled."""

    def anchor(self) -> None:
        """Remember where the history ends now, so that only what comes later is read."""
        newest: datetime | None = None
        ids: set[str] = set()
        page: str | None = None
        while True:
            events, page = self._pages.events(self._root.stack_id, page)
            if newest is None and events:
                newest = max(event.time for event in events)
            ids |= {event.id for event in events if event.time == newest}
            self._foreign |= {event.token for event in events} - self._ours - {""}
            # many events share a millisecond, and that millisecond may fill more than a page
            if page is None or any(event.time != newest for event in events):
                break
        self._root.since = self._root.high = newest
        self._root.before = frozenset(ids)

    def begin(self, start: Event, before: set[str]) -> None:
        """Read from an event on; `before` has the ids of its millisecond that are older."""
        self._root.since = self._root.high = start.time
        self._root.before = frozenset(before)

    def also(self, token: str) -> None:
        """Count another call among ours: the cancel of the operation."""
        if self._ours:
            self._ours.add(token)

    def read(self, *, whole: bool = False) -> Reading:
        """Give what is new, oldest first; `whole` reads back to the start of the operation."""
        found: list[Event] = []
        troubles: list[CallFailed] = []
        read: set[str] = set()
        while True:
            scopes = [self._root, *self._nested.values()]
            todo = next((scope for scope in scopes if scope.stack_id not in read), None)
            if todo is None:
                break
            read.add(todo.stack_id)
            try:
                new = self._new(todo, whole=whole)
            except CallFailed as trouble:
                if todo is self._root or not trouble.gone:
                    troubles.append(trouble)
                continue
            todo.seen |= {event.id for event in new}
            todo.high = max((event.time for event in new), default=todo.high)
            for event in new:
                self._learn(event)
            self._held += new
            taken = self._release(whole=whole and not troubles)
            self._open_nested(taken)
            found += taken
        found.sort(key=lambda event: event.time)
        return Reading(found, troubles)

    def _new(self, scope: _Scope, *, whole: bool) -> list[Event]:
        """Read one scope back to what is known; oldest first."""
        new: dict[str, Event] = {}
        floor = scope.since if whole else scope.high
        page: str | None = None
        while True:
            events, page = self._pages.events(scope.stack_id, page)
            reached = False
            for event in events:
                if scope.ours(event) and event.id not in scope.seen:
                    new.setdefault(event.id, event)
                elif floor is not None and event.time < floor - OVERLAP:
                    reached = True
            if page is None or reached:
                oldest_first = list(reversed(new.values()))
                oldest_first.sort(key=lambda event: event.time)
                return oldest_first

    def _learn(self, event: Event) -> None:
        """See from an event of the stack itself when ours began and ended, and whose a token is."""
        if event.physical_id != self._root.stack_id:
            return
        if self._ours and event.token not in self._ours:
            if not event.token:
                if self._after_the_end(event):
                    return
            elif event.status in _OPENINGS or (event.token not in self._foreign and self._after_the_end(event)):
                self._foreign.add(event.token)
                return
            elif event.token in self._foreign or not event.status.endswith(_INTERRUPTIONS):
                return
            else:
                # a cancel, a rollback or a delete has a token of its own, and lies inside our operation
                self._ours.add(event.token)
                for held in self._held:
                    if held.token == event.token:
                        self._learn(held)
        if self.started is None or event.time < self.started.time:
            self.started = event
        if event.settled and (self.terminal is None or event.time >= self.terminal.time):
            self.terminal = event

    def _after_the_end(self, event: Event) -> bool:
        return self.terminal is not None and event.time > self.terminal.time

    def _release(self, *, whole: bool) -> list[Event]:
        """Give the held events that are ours and drop those that are not; the rest stays held."""
        held, self._held = self._held, []
        taken = []
        for event in held:
            if not self._ours or event.token in self._ours:
                taken.append(event)
            elif event.token in self._foreign:
                continue
            elif not event.token or whole:
                if not self._after_the_end(event):
                    taken.append(event)
            else:
                self._held.append(event)
        return taken

    def _open_nested(self, events: Iterable[Event]) -> None:
        since = self._root.since
        for event in events:
            nested = event.physical_id
            if event.type != "AWS::CloudFormation::Stack" or nested == event.stack_id:
                continue
            if nested.startswith("arn:") and nested not in self._nested:
                self._nested[nested] = _Scope(nested, since=since, high=since)
