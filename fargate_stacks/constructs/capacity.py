"""What a service's tasks run on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from troposphere import ecs

from fargate_stacks.core.construct import Value

Known = Literal["launch-type", "providers"] | Sequence[str]
"""How a cluster is asked for capacity: by launch type, by provider, or by the providers named."""


class OnDemand(Value):
    """Every task runs on FARGATE."""

    refused: ClassVar[dict[str, str]] = {
        "base": "is for Spot(base=): so many tasks on demand before Spot is used",
        "weight": "is for Spot(on_demand=, spot=)",
    }

    def strategy(self) -> list[Any]:
        return [ecs.CapacityProviderStrategyItem(CapacityProvider="FARGATE", Weight=1)]

    def problem(self, known: Known, os: str) -> str | None:
        """Say why a cluster or a task cannot take this capacity, or None."""
        return _missing(known, "FARGATE", "use Spot(base=0)")


class Spot(Value):
    """Tasks run on FARGATE_SPOT, beside a base on FARGATE that is never taken away.

    Spot takes a task back with two minutes' notice. There is no fallback to FARGATE when Spot has no capacity; the
    weights decide. `base` tasks run on FARGATE first; the rest is spread `on_demand` : `spot`. So `Spot()` puts the
    first task on FARGATE and all others on FARGATE_SPOT, and a service of one task never sees Spot.
    Raises SpecError for weights out of 0-1000 and for a base out of 0-100,000.
    """

    base: int = 1
    on_demand: int = 0
    spot: int = 1

    refused: ClassVar[dict[str, str]] = {
        "weight": "is two: on_demand and spot",
        "weights": "are two: on_demand and spot",
        "on_demand_base": "is called base",
    }

    def check(self) -> None:
        if not 0 <= self.base <= 100_000:
            raise self.refuse(f"base is 0 to 100,000 tasks, got {self.base}")
        for key, weight in (("on_demand", self.on_demand), ("spot", self.spot)):
            if not 0 <= weight <= 1000:
                raise self.refuse(f"{key} is a weight from 0 to 1000, got {weight}")
        if self.spot == 0:
            raise self.refuse("spot=0 never uses Spot; use OnDemand() or give spot a weight")

    def strategy(self) -> list[Any]:
        items = [ecs.CapacityProviderStrategyItem(CapacityProvider="FARGATE_SPOT", Weight=self.spot)]
        if self.base or self.on_demand:
            items.insert(
                0,
                ecs.CapacityProviderStrategyItem(CapacityProvider="FARGATE", Base=self.base, Weight=self.on_demand),
            )
        return items

    def problem(self, known: Known, os: str) -> str | None:
        """Say why a cluster or a task cannot take this capacity, or None."""
        if known == "launch-type":
            return (
                'Spot needs a cluster with the FARGATE_SPOT provider; give ExistingCluster(capacity="providers") '
                "when it has it, or use OnDemand()"
            )
        if os != "LINUX":
            return f"Fargate Spot runs LINUX only, got os={os}; use OnDemand()"
        on_demand = _missing(known, "FARGATE", "use Spot(base=0)") if self.base or self.on_demand else None
        return _missing(known, "FARGATE_SPOT", "use OnDemand()") or on_demand


def _missing(known: Known, wanted: str, cure: str) -> str | None:
    if isinstance(known, str) or wanted in known:
        return None
    return f"the cluster has no provider {wanted}, it has {', '.join(known)}; associate it, or {cure}"
