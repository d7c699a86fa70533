"""Time spans as the whole numbers that AWS takes."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from fargate_stacks.core.construct import Frozen

_UNITS = {"seconds": timedelta(seconds=1), "days": timedelta(days=1)}


def whole(thing: Frozen, field: str, unit: Literal["seconds", "days"], low: int, high: int) -> int:
    """Give a timedelta field of a construct in whole units. Raises SpecError outside `low` to `high`."""
    value: timedelta = getattr(thing, field)
    number, rest = divmod(value, _UNITS[unit])
    if rest or not low <= number <= high:
        got, near = f"{value / _UNITS[unit]:.10g}", _near(value, unit, low, high)
        raise thing.refuse(f"{field} must be {low} to {high} whole {unit}, got {got}; give timedelta({unit}={near})")
    return number


def _near(value: timedelta, unit: str, low: int, high: int) -> int:
    return min(max(round(value / _UNITS[unit]), low), high)
