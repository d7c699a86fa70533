"""What a service's tasks run on."""

from __future__ import annotations

from typing import Any

from troposphere import ecs

from fargate_stacks.core.construct import Value


class OnDemand(Value):
    """Every task runs on FARGATE."""

    def strategy(self) -> list[Any]:
        return [ecs.CapacityProviderStrategyItem(CapacityProvider="FARGATE", Weight=1)]


class Spot(Value):
    """Tasks run on FARGATE_SPOT, beside a base on FARGATE that is never taken away.

    Spot takes a task back with two minutes' notice. There is no fallback to FARGATE when Spot has no capacity; the
    weights decide. `base` tasks run on FARGATE first; the rest is spread `on_demand` : `spot`.
    Raises SpecError for weights out of 0-1000 and for a base out of 0-100,000.
    """

    base: int = 1
    on_demand: int = 0
    spot: int = 1

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
