"""A stack's events as a stream in which nothing is lost, repeated or somebody else's.

1. A stack is read by its id. 2. Before the call that changes something `anchor` remembers the newest
millisecond; what comes later is ours, and no clock of this machine has a say. 3. Pages are read newest
first, each to its end, until an event that is known and older than the newest by an overlap. 4. Ids are
committed only when the whole read of a scope succeeded, and each nested stack is a scope of its own.
5. Only the event id tells two events apart. 6. Nested stacks are scopes by physical id, read from the
start of the operation. 7. Events come out by time, then in the order of AWS. 8. Where events carry
request tokens, those of an operation before or after ours are left out. 9. A failed read is reported,
never raised, and loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from fargate_stacks.deploy.client import CallFailed, Event

OVERLAP = timedelta(seconds=30)
"""How much later than its own time an event may become visible."""


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
        self._token = token
        self._root = _Scope(stack_id)
        self._nested: dict[str, _Scope] = {}
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
            # many events share a millisecond, and that millisecond may fill more than a page
            if page is None or any(event.time != newest for event in events):
                break
        self._root.since = self._root.high = newest
        self._root.before = frozenset(ids)

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
            taken = self._own(new) if todo is self._root else new
            todo.seen |= {event.id for event in taken}
            todo.high = max((event.time for event in taken), default=todo.high)
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

    def _own(self, events: Iterable[Event]) -> list[Event]:
        """Leave out the events of operations before and after ours, where tokens tell."""
        events = list(events)
        for event in events:
            if self._of_the_stack(event) and (self._token is None or event.token in (self._token, "")):
                first = self.started
                self.started = event if first is None or event.time < first.time else first
        own = []
        for event in events:
            foreign = bool(self._token and event.token and event.token != self._token)
            if foreign and not self._between(event):
                continue
            own.append(event)
            if self._of_the_stack(event) and event.settled:
                last = self.terminal
                self.terminal = event if last is None or event.time >= last.time else last
        return own

    def _of_the_stack(self, event: Event) -> bool:
        return event.physical_id == self._root.stack_id

    def _between(self, event: Event) -> bool:
        """A cancel and its rollback have a token of their own, and lie inside our operation."""
        return (
            self.started is not None
            and event.time >= self.started.time
            and (self.terminal is None or event.time < self.terminal.time)
        )

    def _open_nested(self, events: Iterable[Event]) -> None:
        start = self.started.time if self.started is not None else self._root.since
        for event in events:
            nested = event.physical_id
            if event.type != "AWS::CloudFormation::Stack" or nested == event.stack_id:
                continue
            if nested.startswith("arn:") and nested not in self._nested:
                self._nested[nested] = _Scope(nested, since=start)
