"""Time, as a parameter: so that tests wait for nothing."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime
from typing import Protocol

from fargate_stacks.deploy.interrupts import Interrupts


class Clock(Protocol):
    """What the deployer asks of time."""

    def monotonic(self) -> float: ...

    def utc(self) -> datetime: ...

    def sleep(self, seconds: float) -> None: ...


class WallClock:
    """The machine's clock; a sleep is up to a fifth longer or shorter, so that clients do not march in step.

    In a thread of its own a sleep ends early when somebody presses Ctrl-C.
    """

    def __init__(self, interrupts: Interrupts | None = None) -> None:
        self._interrupts = interrupts or Interrupts()

    def monotonic(self) -> float:
        return time.monotonic()

    def utc(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        self._interrupts.wait(seconds * random.uniform(0.8, 1.2))
