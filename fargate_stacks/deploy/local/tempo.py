"""The time of the local cloud: virtual seconds, which pass as fast as is asked for.

What takes AWS minutes is put on one clock as "in so many seconds"; the clock's speed says how long that is here.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import math
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ministack.core.responses import get_account_id, get_region, request_scope

HORIZON = 37 * 3600.0
"""How far an instant clock runs ahead of whoever touched it last: longer than CloudFormation waits for a service."""


@dataclass(order=True)
class _Event:
    at: float
    number: int
    account: str = field(compare=False)
    region: str = field(compare=False)
    act: Callable[[], None] = field(compare=False)
    patient: bool = field(compare=False)


class Clock:
    """Events in virtual seconds, and the lock under which they and the calls that they answer run.

    `speed` is virtual seconds a second. `math.inf` (the default) runs all that is planned as soon as a call ends;
    0 stands still until `advance`, which tests use. An event is planned and run in the account and region of the
    call that planned it.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._changed = threading.Condition(self.lock)
        self._numbers = itertools.count()
        self._events: list[_Event] = []
        self._speed = math.inf
        self._virtual = 0.0
        self._real = time.monotonic()
        self._running = False
        self._thread: threading.Thread | None = None

    @property
    def speed(self) -> float:
        return self._speed

    @speed.setter
    def speed(self, speed: float) -> None:
        if speed < 0:
            raise ValueError(f"speed: {speed} is less than 0")
        with self.lock:
            self._virtual, self._real = self.now(), time.monotonic()
            self._speed = speed
            if 0 < speed < math.inf and self._thread is None:
                self._thread = threading.Thread(target=self._drive, name="local-clock", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def now(self) -> float:
        """Give the virtual seconds since the beginning."""
        if self._speed in (0, math.inf) or self._running:
            return self._virtual
        return self._virtual + (time.monotonic() - self._real) * self._speed

    def real(self, seconds: float) -> float:
        """Give how many seconds of this machine virtual ones last, at the speed of now."""
        return seconds / self._speed if 0 < self._speed < math.inf else seconds

    def after(self, seconds: float, act: Callable[[], None], *, patient: bool = False) -> None:
        """Plan an event; a patient one waits for a person or for days, so that no instant clock hurries it."""
        with self.lock:
            event = _Event(self.now() + seconds, next(self._numbers), get_account_id(), get_region(), act, patient)
            heapq.heappush(self._events, event)
            self._changed.notify_all()

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Hold the lock for a call that changes something; an instant clock then runs all that follows from it."""
        with self.lock:
            yield
            if self._speed == math.inf and not self._running:
                self._run(self._virtual + HORIZON, hurried=True)

    def advance(self, seconds: float) -> None:
        """Let virtual seconds pass at once."""
        with self.lock:
            end = self.now() + seconds
            self._run(end, hurried=False)
            self._virtual = max(self._virtual, end)
            self._real = time.monotonic()

    def forget(self) -> None:
        """Drop all events: a reset."""
        with self.lock:
            self._events.clear()

    def wait(self, over: Callable[[], bool], timeout: float | None = None) -> bool:
        """Block a thread until `over()`, looked at after each event."""
        with self.lock:
            return self._changed.wait_for(over, timeout)

    def _run(self, end: float, *, hurried: bool) -> None:
        self._running = True
        kept: list[_Event] = []
        try:
            while self._events and self._events[0].at <= end:
                event = heapq.heappop(self._events)
                if hurried and event.patient:
                    kept.append(event)
                    continue
                self._virtual = max(self._virtual, event.at)
                with request_scope(event.account, event.region):
                    event.act()
        finally:
            for event in kept:
                heapq.heappush(self._events, event)
            self._running = False
            self._changed.notify_all()

    def _drive(self) -> None:
        while True:
            with self.lock:
                if not 0 < self._speed < math.inf:
                    self._changed.wait()
                    continue
                now = self.now()
                if self._events and self._events[0].at <= now:
                    self._run(now, hurried=False)
                    self._virtual, self._real = max(now, self._virtual), time.monotonic()
                    continue
                left = (self._events[0].at - now) / self._speed if self._events else None
                self._changed.wait(left)


clock = Clock()
"""The clock of this process's local cloud."""


@contextlib.contextmanager
def by_hand() -> Iterator[Clock]:
    """Let the clock stand still in a test: time passes with `advance` only."""
    before = clock.speed
    clock.speed = 0
    try:
        yield clock
    finally:
        clock.speed = before


def pause(streak: int) -> float:
    """Give the seconds that ECS waits before the next start, after so many failures in a row: 27 minutes at most."""
    # the eighth doubling is above the most, and a float holds no more than a thousand of them
    return 0.0 if streak < 3 else min(27 * 60.0, 10.0 * 2 ** min(streak - 3, 8))
