"""When a rolling deployment has failed, and when it has succeeded."""

from __future__ import annotations

from typing import Any, Literal

from troposphere import ecs

from fargate_stacks.core.construct import Value


class CircuitBreaker(Value):
    """When a rolling deployment counts as failed: after so many tasks that did not start.

    By default half of the desired count, at least 3 and at most 200. `failures` is a number of tasks, `percent` a
    part of the desired count, which `bounded=False` frees of its bounds. `reset` starts the count anew when a task
    becomes healthy. Raises SpecError for both together.
    """

    failures: int | None = None
    percent: int | None = None
    bounded: bool = True
    reset: bool | None = None

    def check(self) -> None:
        if self.failures is not None and self.percent is not None:
            raise self.refuse(f"it counts failures or a percent, got both ({self.failures}, {self.percent}); give one")
        for key, value in (("failures", self.failures), ("percent", self.percent)):
            if value is not None and value < 1:
                raise self.refuse(f"{key} must be 1 or more, got {value}")
        if not self.bounded and self.percent is None:
            raise self.refuse("bounded=False is for a percent; give percent=")

    def threshold(self) -> dict[str, Any]:
        more: dict[str, Any] = {} if self.reset is None else {"ResetOnHealthyTask": self.reset}
        if self.failures is not None:
            more["ThresholdConfiguration"] = ecs.ThresholdConfiguration(Type="COUNT", Value=self.failures)
        elif self.percent is not None:
            kind = "BOUNDED_PERCENT" if self.bounded else "UNBOUNDED_PERCENT"
            more["ThresholdConfiguration"] = ecs.ThresholdConfiguration(Type=kind, Value=self.percent)
        return more


class EarlySuccess(Value):
    """A rolling deployment counts as done when this percentage of tasks is healthy.

    The old revision's last tasks are then stopped later, or before the deployment ends with `cleanup="blocking"`.
    """

    healthy: int
    cleanup: Literal["deferred", "blocking"] = "deferred"

    def check(self) -> None:
        if not 0 <= self.healthy <= 100:
            raise self.refuse(f"healthy is a percentage from 0 to 100, got {self.healthy}")
