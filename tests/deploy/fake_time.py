"""A clock that nobody waits for: a sleep moves it, and what falls due happens on the way."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 1, tzinfo=UTC)


class VirtualClock:
    def __init__(self) -> None:
        self.seconds = 0.0
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._number = itertools.count()
        self.interrupts: list[float] = []
        """When somebody presses Ctrl-C."""

    def monotonic(self) -> float:
        return self.seconds

    def utc(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def at(self, delay: float, do: Callable[[], None]) -> None:
        """Let something happen after a while."""
        heapq.heappush(self._due, (self.seconds + delay, next(self._number), do))

    def spawn(self, steps: Iterator[float]) -> None:
        """Run a generator that yields how long it pauses."""

        def step() -> None:
            pause = next(steps, None)
            if pause is not None:
                self.at(pause, step)

        step()

    def sleep(self, seconds: float) -> None:
        end = self.seconds + seconds
        while self._due and self._due[0][0] <= end:
            self.seconds, _, do = heapq.heappop(self._due)
            do()
        self.seconds = end
        if self.interrupts and self.interrupts[0] <= end:
            self.interrupts.pop(0)
            raise KeyboardInterrupt
