"""One running operation, watched to its end. Events are for the eye; the verdict is DescribeStacks'."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from fargate_stacks.core.template import Owner
from fargate_stacks.deploy.client import CallFailed, Client, Event, StackState
from fargate_stacks.deploy.clock import Clock
from fargate_stacks.deploy.diagnosis import Paths
from fargate_stacks.deploy.events import Stream
from fargate_stacks.deploy.interrupts import Interrupts
from fargate_stacks.deploy.messages import Happened, Out, Waiting, Warn
from fargate_stacks.deploy.status import ABSENT, CLEANING, settled
from fargate_stacks.errors import DeployError

EVIDENCE_WITHIN = 30.0
"""Seconds after which an operation that shows no sign of life is asked about."""
ROOT_QUIET = 15.0
"""Seconds without an event of the stack itself after which its status is asked for."""
STILL_WAITING = 30.0
STALE_FOR = 60.0
"""Seconds that DescribeStacks may contradict the stack's last event before it is believed."""
DRAIN_WITHIN = 10.0
"""Seconds for the last reads, once the verdict is known: what waits for this stack waits for them too."""


class Beside(Protocol):
    """What is watched beside a stack, as its services in ECS. Neither call raises."""

    def saw(self, event: Event) -> None: ...

    def tick(self) -> None: ...


@dataclass(frozen=True)
class Operation:
    """A create, update or delete that runs."""

    name: str
    stack_id: str
    verb: str
    stream: Stream
    before: StackState | None
    """What the stack was before; stale reads show it again."""
    owners: Mapping[str, Owner] = field(default_factory=dict)
    resume: str = "deploy again"
    """What to do to come back to it."""
    did_start: Callable[[], bool] | None = None
    """Asked when nothing is seen of the operation: True if it started, False if that is not known yet;
    raises DeployError if it never will."""
    beside: Beside | None = None
    leaves_cleanup: bool = False
    """It counts as ended when all is new, while what was replaced is still being deleted."""
    cancel: Callable[[], str | None] | None = None
    """Has it undone; gives the token of that call, or None when nothing is left to cancel."""


@dataclass(frozen=True)
class Ending:
    """The settled state; None when the stack is gone."""

    state: StackState | None
    events: list[Event]

    @property
    def status(self) -> str:
        return ABSENT if self.state is None else self.state.status


class Tempo:
    """How long to wait between two reads: briefly at first and while events flow, longer when idle."""

    def __init__(self, clock: Clock, *, local: bool) -> None:
        self._clock = clock
        self._begun = clock.monotonic()
        self._first, self._flow, self._most = (0.05, 0.1, 0.5) if local else (1.0, 2.0, 5.0)
        self._pause = self._first
        self._penalty = 0.0

    def read(self, *, events: bool, throttled: bool) -> None:
        """Take in what the last read brought."""
        age = self._clock.monotonic() - self._begun
        most = self._most * 2 if age > 300 else self._most
        if age < 10 * self._first:
            self._pause = self._first
        else:
            self._pause = self._flow if events else min(max(self._pause, self._flow) * 1.5, most)
        self._penalty = min(max(self._penalty, self._pause) * 2, 30.0) if throttled else self._penalty / 2

    def hurry(self) -> None:
        """Look more often again: a rollback has begun, however long ago the operation did."""
        self._begun = self._clock.monotonic() - 10 * self._first
        self._pause = self._flow

    def pause(self) -> float:
        return max(self._pause, self._penalty)


class _Watch:
    def __init__(self, operation: Operation, client: Client, out: Out, clock: Clock, interrupts: Interrupts) -> None:
        self.operation = operation
        self.client = client
        self.out = out
        self.clock = clock
        self.begun = clock.monotonic()
        self.tempo = Tempo(clock, local=client.local)
        self.events: list[Event] = []
        self.at_work: dict[str, None] = {}
        self.last_event = self.last_root = self.last_said = self.silent_since = self.begun
        self.disagrees_since: float | None = None
        self.blind = False
        self.cleaning = False
        self.started = False
        self.interrupts = interrupts
        self.cancelled = False
        self.paths = Paths()

    def run(self, timeout: float | None, cancel_after: float | None) -> Ending:
        while True:
            try:
                ending = self.step(timeout, cancel_after)
            except KeyboardInterrupt as how:
                self.interrupts.pressed(how)
                continue
            if ending is not None:
                return ending

    def step(self, timeout: float | None, cancel_after: float | None) -> Ending | None:
        """Look once, and wait until the next look."""
        self.heed(cancel_after)
        brought = self.read()
        if self.operation.beside is not None:
            self.operation.beside.tick()
        ending = self.verdict()
        if ending is not None:
            return ending
        now = self.clock.monotonic()
        if timeout is not None and now - self.begun >= timeout:
            raise self.stopped("the time is over", exit_code=9)
        if not self.started and now - self.silent_since > EVIDENCE_WITHIN:
            self.ask_for_evidence()
        if not brought and now - max(self.last_event, self.last_said) >= STILL_WAITING:
            self.last_said = now
            self.out(
                Waiting(stack=self.operation.name, seconds=round(now - self.last_event), resources=tuple(self.at_work))
            )
        self.clock.sleep(self.tempo.pause())
        return None

    def heed(self, cancel_after: float | None) -> None:
        """Do what somebody wished by Ctrl-C, or what the time demands."""
        wish = self.interrupts.wish
        if wish == "detach":
            raise self.stopped("interrupted", exit_code=130)
        late = cancel_after is not None and self.clock.monotonic() - self.begun >= cancel_after
        if self.cancelled or not (late or wish == "cancel"):
            return
        self.cancelled = True
        try:
            token = self.operation.cancel() if self.operation.cancel is not None else None
        except CallFailed as refused:
            self.out(Warn(stack=self.operation.name, text=f"it could not be cancelled: {refused}"))
            return
        if token is None:
            text = "there is nothing to cancel any more; watching it to its end"
        else:
            self.operation.stream.also(token)
            text = "cancelling: the time for it is over" if late else "cancelling"
        self.out(Warn(stack=self.operation.name, text=text))

    def read(self, *, whole: bool = False) -> bool:
        """Read the events once and say them; tell whether there were any."""
        if self.blind:
            self.tempo.read(events=False, throttled=False)
            return False
        events, troubles = self.operation.stream.read(whole=whole)
        for event in events:
            self.paths.saw(event)
        for event in events:
            self.say(event)
        for trouble in troubles:
            self.suffer(trouble)
        self.tempo.read(events=bool(events), throttled=any(one.transient for one in troubles))
        if self.operation.stream.started is not None:
            self.started = True
        return bool(events)

    def say(self, event: Event) -> None:
        self.events.append(event)
        self.last_event = self.clock.monotonic()
        home = event.stack_id == self.operation.stack_id
        if home and event.root:
            self.last_root = self.last_event
            self.cleaning = event.status == CLEANING
            if event.status.endswith("ROLLBACK_IN_PROGRESS"):
                self.tempo.hurry()
        elif event.settled:
            self.at_work.pop(event.logical_id, None)
        else:
            self.at_work[event.logical_id] = None
        owner = self.operation.owners.get(event.logical_id) if home and not event.root else None
        path = self.paths.of(event) if not home else ""
        self.out(Happened(stack=self.operation.name, event=event, owner=owner, path=path))
        if self.operation.beside is not None:
            self.operation.beside.saw(event)

    def suffer(self, trouble: CallFailed) -> None:
        """Live with a failed read: what cannot be seen does not fail the deploy."""
        if trouble.expired:
            raise self.stopped(f"the credentials are not good any more ({trouble.message})", exit_code=9)
        if trouble.denied and not self.blind:
            self.blind = True
            text = f"events cannot be read ({trouble.message}); only the status is watched"
            self.out(Warn(stack=self.operation.name, text=text))

    def verdict(self) -> Ending | None:
        """Ask DescribeStacks when there is reason to; give the ending once it is settled and not stale."""
        now = self.clock.monotonic()
        terminal = self.operation.stream.terminal
        if terminal is None and self.operation.leaves_cleanup and self.cleaning:
            state = self.client.stack(self.operation.stack_id)
            return Ending(state, self.events) if state is not None and state.status == CLEANING else None
        if not (terminal is not None or self.blind or now - self.last_root >= ROOT_QUIET):
            return None
        try:
            state = self.client.again(self.operation.stack_id)
        except CallFailed as trouble:
            self.suffer(trouble)
            return None
        if not self.believed(state, terminal, now):
            return None
        self.drain()
        return Ending(state, self.events)

    def believed(self, state: StackState | None, terminal: Event | None, now: float) -> bool:
        before = self.operation.before
        status = "DELETE_COMPLETE" if state is None else state.status
        if terminal is None:
            changed = state is None or before is None or _differs(state, before)
            self.started = self.started or changed
            # no last event: it may come late, or events cannot be read
            return settled(status) and status != "REVIEW_IN_PROGRESS" and self.started
        if status == terminal.status:
            return True
        if not settled(status) or status == "REVIEW_IN_PROGRESS":
            self.disagrees_since = None
            return False
        if self.disagrees_since is None:
            self.disagrees_since = now
        return now - self.disagrees_since > STALE_FOR

    def drain(self) -> None:
        """Read twice more: the last events may become visible after the status. Many stacks share the reads."""
        enough = self.clock.monotonic() + DRAIN_WITHIN
        for _ in range(2):
            self.clock.sleep(0.05 if self.client.local else 1.0)
            if self.clock.monotonic() > enough:
                return
            try:
                self.read(whole=True)
            except DeployError:
                return

    def ask_for_evidence(self) -> None:
        self.silent_since = self.clock.monotonic()
        if self.operation.did_start is not None:
            self.started = self.operation.did_start()

    def stopped(self, why: str, *, exit_code: int) -> DeployError:
        operation = self.operation
        return DeployError(
            f"{operation.name}: stopped watching, {why}; the {operation.verb} goes on; {operation.resume}",
            exit_code=exit_code,
        )


def watch(
    operation: Operation,
    client: Client,
    *,
    out: Out,
    clock: Clock,
    timeout: float | None = None,
    cancel_after: float | None = None,
    interrupts: Interrupts | None = None,
) -> Ending:
    """Watch an operation until its stack has settled, and say each event once.

    Raises DeployError with exit code 9 after `timeout` seconds or when the credentials end, and with 130 when
    somebody interrupts and leaves it running; the operation goes on then. A cancel is watched to its end.
    """
    watching = _Watch(operation, client, out, clock, interrupts or Interrupts())
    return watching.run(timeout, cancel_after)


def _differs(state: StackState, before: StackState) -> bool:
    return (state.status, state.updated, state.operations) != (before.status, before.updated, before.operations)
