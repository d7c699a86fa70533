"""One budget of requests for an account and region, whatever the number of stacks that are watched there."""

from __future__ import annotations

import threading

from fargate_stacks.deploy.clock import Clock

RATE = 2.0
"""Reads a second. CloudFormation refuses more than about five DescribeStacks a second and account."""
BURST = 5.0


class Budget:
    """A bucket of tokens: a read takes one, and waits where there is none."""

    def __init__(self, clock: Clock, *, rate: float = RATE, burst: float = BURST) -> None:
        self._clock = clock
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._filled = clock.monotonic()
        self._lock = threading.Lock()

    def take(self) -> None:
        """Take one token; wait for it where all are spent."""
        wait = self.spend(1)
        if wait > 0:
            self._clock.sleep(wait)

    def spend(self, calls: int) -> float:
        """Take a token for each call; give the seconds after which there are tokens again."""
        with self._lock:
            now = self._clock.monotonic()
            self._tokens = min(self._burst, self._tokens + (now - self._filled) * self._rate)
            self._filled = now
            # below zero it is a debt: who comes later waits longer
            self._tokens -= calls
            return max(0.0, -self._tokens / self._rate)
