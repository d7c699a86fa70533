"""Time, as a parameter: so that tests wait for nothing."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What the deployer asks of time."""

    def monotonic(self) -> float: ...

    def utc(self) -> datetime: ...

    def sleep(self, seconds: float) -> None: ...


class WallClock:
    """The machine's clock; a sleep is up to a fifth longer or shorter, so that clients do not march in step."""

    def monotonic(self) -> float:
        return time.monotonic()

    def utc(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds * random.uniform(0.8, 1.2))
