"""Scaling by a forecast."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from fargate_stacks.core.construct import Value
from fargate_stacks.core.values import Text

if TYPE_CHECKING:
    from fargate_stacks.constructs.metric import Metric, MetricMath
    from fargate_stacks.constructs.scaled import Scaled

_OWN = ("load", "utilization", "target")
_PAIRS = {"cpu": "ECSServiceCPUUtilization", "memory": "ECSServiceMemoryUtilization", "requests": "ALBRequestCount"}


class Predictive(Value):
    """Starts tasks before the load comes, by a forecast from the last 14 days; 24 hours are the least.

    One of `cpu`, `memory` (percent) and `requests` (a minute for each task) is the target. For a metric of your own
    `load` is what there is to do altogether (statistic Sum), `utilization` how much of it a task has (Average) and
    `target` where that should be. By default the forecast is only made, to be looked at; `mode="ForecastAndScale"`
    acts on it. Predictive scaling only scales out: give `Scaling` a target too, which scales in. Raises SpecError for
    none or several targets.
    """

    cpu: float | None = None
    memory: float | None = None
    requests: float | None = None
    load: Metric | MetricMath | None = None
    utilization: Metric | MetricMath | None = None
    target: float | None = None
    mode: Literal["ForecastOnly", "ForecastAndScale"] = "ForecastOnly"
    ahead: timedelta = timedelta(minutes=5)
    """How long before the hour tasks start (SchedulingBufferTime); less than an hour."""
    buffer: int | None = None
    """Lets a forecast near or above `max` raise it, and by so many percent more; 0 to 100. By default `max` holds."""

    refused: ClassVar[Mapping[str, str]] = {
        "scheduling_buffer_time": "is called ahead",
        "scaling": "is called utilization",
        "max_capacity_buffer": "is called buffer",
        "max_capacity_breach_behavior": "follows from buffer",
    }

    def check(self) -> None:
        own = [key for key in _OWN if getattr(self, key) is not None]
        given = [*(key for key in _PAIRS if getattr(self, key) is not None), *own[:1]]
        if len(given) != 1:
            raise self.refuse(
                f"a forecast has one target, got {' and '.join(given) or 'none'}; "
                "give one of cpu, memory, requests, or load, utilization and target"
            )
        if own and len(own) < len(_OWN):
            lacking = " and ".join(key for key in _OWN if key not in own)
            raise self.refuse(f"load, utilization and target belong together; give {lacking} too")
        goal: float = getattr(self, "target" if own else given[0])
        if given[0] in ("cpu", "memory") and not 0 < goal <= 100:
            raise self.refuse(f"{given[0]} is a percentage above 0 and up to 100, got {goal:g}")
        if goal <= 0:
            raise self.refuse(f"{'target' if own else 'requests'} is a number above 0 for each task, got {goal:g}")
        seconds = self.ahead.total_seconds()
        if not 0 <= seconds < 3600 or seconds % 1:  # an hour is what a forecast is made for
            raise self.refuse(f"ahead must be 0 to 3599 whole seconds, got {seconds:g}")
        if self.buffer is not None and not 0 <= self.buffer <= 100:
            raise self.refuse(f"buffer is a percentage from 0 to 100, got {self.buffer}")

    def resource(self, scaled: Scaled, label: Text | None) -> Any:
        from troposphere import applicationautoscaling as autoscaling

        beyond: dict[str, Any] = {"MaxCapacityBreachBehavior": "HonorMaxCapacity"}
        if self.buffer is not None:
            beyond = {"MaxCapacityBreachBehavior": "IncreaseMaxCapacity", "MaxCapacityBuffer": self.buffer}
        return scaled.policy(
            "Predictive",
            "PredictiveScaling",
            PredictiveScalingPolicyConfiguration=autoscaling.PredictiveScalingPolicyConfiguration(
                Mode=self.mode,
                SchedulingBufferTime=int(self.ahead.total_seconds()),
                **beyond,
                MetricSpecifications=[self._specification(scaled, label)],
            ),
        )

    def _specification(self, scaled: Scaled, label: Text | None) -> Any:
        from troposphere import applicationautoscaling as autoscaling

        if self.load is not None and self.utilization is not None:
            from fargate_stacks.constructs.metric import forecast_queries

            return autoscaling.PredictiveScalingMetricSpecification(
                TargetValue=self.target,
                CustomizedLoadMetricSpecification=autoscaling.PredictiveScalingCustomizedLoadMetric(
                    MetricDataQueries=forecast_queries(self.load, scaled)
                ),
                CustomizedScalingMetricSpecification=autoscaling.PredictiveScalingCustomizedScalingMetric(
                    MetricDataQueries=forecast_queries(self.utilization, scaled)
                ),
            )
        ((kind, goal),) = [(kind, goal) for key, kind in _PAIRS.items() if (goal := getattr(self, key)) is not None]
        labelled = {} if label is None else {"ResourceLabel": label}
        return autoscaling.PredictiveScalingMetricSpecification(
            TargetValue=goal,
            PredefinedMetricPairSpecification=autoscaling.PredictiveScalingPredefinedMetricPair(
                PredefinedMetricType=kind, **labelled
            ),
        )
