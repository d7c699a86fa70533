"""How a new revision of a service takes over."""

from __future__ import annotations

from typing import Any

from troposphere import ecs

from fargate_stacks.core.construct import Value


class Rolling(Value):
    """Tasks are replaced a few at a time; a revision that cannot start is rolled back.

    `min` and `max` are percentages of the desired count that stay healthy and that may run during a deployment.
    The circuit breaker is on and rolls back by default: without it CloudFormation waits for hours on tasks that
    never become healthy. Raises SpecError for a pair that leaves no room to move.
    """

    min: int = 100
    max: int = 200
    circuit_breaker: bool = True
    rollback: bool = True
    """Whether the circuit breaker goes back to the last revision that worked."""

    def check(self) -> None:
        if not 0 <= self.min <= 100:
            raise self.refuse(f"min is a percentage from 0 to 100, got {self.min}")
        if not 100 <= self.max <= 200:
            raise self.refuse(f"max is a percentage from 100 to 200, got {self.max}")
        if self.min == self.max:
            raise self.refuse(
                f"min={self.min} and max={self.max} leave no room to start or stop a task; lower min or raise max"
            )

    @property
    def rebalancing(self) -> str:
        """Availability-zone rebalancing, which ECS admits only where more than 100 % may run."""
        return "ENABLED" if self.max > 100 else "DISABLED"

    def configuration(self) -> Any:
        return ecs.DeploymentConfiguration(
            MinimumHealthyPercent=self.min,
            MaximumPercent=self.max,
            DeploymentCircuitBreaker=ecs.DeploymentCircuitBreaker(
                Enable=self.circuit_breaker, Rollback=self.circuit_breaker and self.rollback
            ),
        )
