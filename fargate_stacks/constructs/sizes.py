"""The sizes that Fargate runs: 77 pairs of CPU and memory.

Source: AWS Fargate developer guide, "Task CPU and memory"; judged in the tests by cfn-lint's rule E3047.
"""

from __future__ import annotations

import re
from typing import Literal

SIZES: dict[int, tuple[int, ...]] = {
    256: (512, 1024, 2048),
    512: tuple(range(1024, 4096 + 1, 1024)),
    1024: tuple(range(2048, 8192 + 1, 1024)),
    2048: tuple(range(4096, 16384 + 1, 1024)),
    4096: tuple(range(8192, 30720 + 1, 1024)),
    8192: tuple(range(16384, 61440 + 1, 4096)),
    16384: tuple(range(32768, 122880 + 1, 8192)),
    32768: (61440, 122880, 249856),
}
"""CPU units (1024 are one vCPU) and the memory in MiB that each admits."""

_TEXT = re.compile(r"(\d*\.?\d+) *(vcpu|gb)?\Z", re.ASCII | re.IGNORECASE)
# USD an hour for a vCPU and for a GB (AWS Fargate pricing, us-east-1, Linux): their proportion decides what is cheapest
_VCPU_PRICE, _GB_PRICE = 0.04048, 0.004445

WINDOWS_CPU = (1024, 2048, 4096)
"""What Fargate runs Windows on."""

PLATFORM_VERSIONS = ("LATEST", "1.4.0", "1.3.0", "1.2.0", "1.1.0", "1.0.0")
"""What Fargate has had to run tasks on (developer guide, "Fargate platform versions")."""


def size_problem(cpu: int, memory: int, *, windows: bool = False) -> str | None:
    """Say what is wrong with a size, the nearest legal one included, or nothing."""
    allowed = {one: SIZES[one] for one in SIZES if not windows or one in WINDOWS_CPU}
    if cpu in allowed and memory in allowed[cpu]:
        return None
    near_cpu, near_memory = min(
        ((one, amount) for one, amounts in allowed.items() for amount in amounts),
        # the ratio decides, so that 300 is nearer to 256 than to 512 whatever the memory
        key=lambda pair: (_apart(pair[0], cpu) + _apart(pair[1], memory), pair),
    )
    if cpu not in allowed:
        what = "Windows on Fargate" if windows else "Fargate"
        words = ", ".join(str(one) for one in allowed)
        return f"{what} has cpu {words}, got cpu={cpu}; nearest legal: cpu={near_cpu}, memory={near_memory}"
    amounts = allowed[cpu]
    near_memory = min(amounts, key=lambda amount: (_apart(amount, memory), amount))
    return (
        f"cpu={cpu} allows memory from {amounts[0]} to {amounts[-1]} MiB{_steps(amounts)}, got {memory}; "
        f"nearest legal: cpu={cpu}, memory={near_memory}"
    )


def units(value: int | str, unit: Literal["vCPU", "GB"]) -> int | None:
    """Read a size in CPU units or MiB, or a text like `0.5 vCPU` or `2 GB`; None when it is neither."""
    if isinstance(value, int):
        return value
    found = _TEXT.match(value.strip())
    if found is None or (found[2] or unit).lower() != unit.lower():
        return None
    amount = float(found[1]) * (1024 if found[2] else 1)
    return int(amount) if amount.is_integer() else None


def cheapest(cpu: int, memory: int, *, windows: bool = False) -> tuple[int, int] | None:
    """Give the cheapest size with at least this much of both, or None when no size has it."""
    fitting = [
        (one, amount)
        for one, amounts in SIZES.items()
        for amount in amounts
        if one >= cpu and amount >= memory and (not windows or one in WINDOWS_CPU)
    ]
    return min(fitting, key=lambda pair: pair[0] * _VCPU_PRICE + pair[1] * _GB_PRICE, default=None)


def _apart(one: int, other: int) -> float:
    larger, smaller = max(one, other), max(min(one, other), 1)
    return larger / smaller


def _steps(amounts: tuple[int, ...]) -> str:
    if len(amounts) == 3:
        return f" ({amounts[0]}, {amounts[1]} or {amounts[2]})"
    return f" in steps of {amounts[1] - amounts[0]}"
