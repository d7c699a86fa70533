"""How many tasks a service runs, when that is not a fixed number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, ClassVar

from troposphere import Ref
from troposphere import applicationautoscaling as scaling

from fargate_stacks.core.construct import Value
from fargate_stacks.core.values import Text, sub


class Scaling(Value):
    """Between `min` and `max` tasks, so that each metric given stays near its target.

    `cpu` and `memory` are percentages of what the task has, `requests` is requests a minute for each task, which
    needs a route. With several metrics the one that asks for most tasks wins. The service's DesiredCount is then
    left out of the template: a deploy does not reset what the scaler chose. Raises SpecError for bounds or targets
    that cannot be.
    """

    min: int
    max: int
    cpu: float | None = None
    memory: float | None = None
    requests: float | None = None
    scale_out_cooldown: timedelta = timedelta(seconds=60)
    scale_in_cooldown: timedelta = timedelta(seconds=300)

    refused: ClassVar[Mapping[str, str]] = {
        "min_capacity": "is called min",
        "max_capacity": "is called max",
        "desired": "is left to the scaler; min is where it starts",
    }

    def check(self) -> None:
        if not 0 <= self.min <= self.max:
            raise self.refuse(f"0 ≤ min ≤ max is wanted, got min={self.min}, max={self.max}; swap or change them")
        if self.max == 0:
            raise self.refuse("max=0 can run no task; give max at least 1")
        for key, value in (("cpu", self.cpu), ("memory", self.memory)):
            if value is not None and not 0 < value <= 100:
                raise self.refuse(f"{key} is a percentage above 0 and up to 100, got {value:g}")
        if self.requests is not None and self.requests <= 0:
            raise self.refuse(f"requests is a number a minute for each task, above 0, got {self.requests:g}")
        for key in ("scale_out_cooldown", "scale_in_cooldown"):
            pause: timedelta = getattr(self, key)
            if pause < timedelta(0) or pause.total_seconds() % 1:
                raise self.refuse(f"{key} must be whole seconds, 0 or more, got {pause.total_seconds():g}")

    def target(self, logical_id: str, *, cluster_name: Text, service_name: Text) -> Any:
        return scaling.ScalableTarget(
            logical_id,
            ServiceNamespace="ecs",
            ScalableDimension="ecs:service:DesiredCount",
            ResourceId=sub("service/{cluster}/{service}", cluster=cluster_name, service=service_name),
            MinCapacity=self.min,
            MaxCapacity=self.max,
        )

    def policies(self, name: str, target: str, requests_label: Text | None) -> Iterator[Any]:
        """Give one target-tracking policy a metric; `requests_label` names the load balancer and target group."""
        metrics = (
            ("Cpu", self.cpu, "ECSServiceAverageCPUUtilization", None),
            ("Memory", self.memory, "ECSServiceAverageMemoryUtilization", None),
            ("Requests", self.requests, "ALBRequestCountPerTarget", requests_label),
        )
        for part, goal, metric, label in metrics:
            if goal is None:
                continue
            more = {"ResourceLabel": label} if label is not None else {}
            logical_id = f"{name}{part}ScalingPolicy"
            yield scaling.ScalingPolicy(
                logical_id,
                PolicyName=sub(f"${{AWS::StackName}}-{name}-{part.lower()}"),
                PolicyType="TargetTrackingScaling",
                ScalingTargetId=Ref(target),
                TargetTrackingScalingPolicyConfiguration=scaling.TargetTrackingScalingPolicyConfiguration(
                    PredefinedMetricSpecification=scaling.PredefinedMetricSpecification(
                        PredefinedMetricType=metric, **more
                    ),
                    TargetValue=goal,
                    ScaleOutCooldown=int(self.scale_out_cooldown.total_seconds()),
                    ScaleInCooldown=int(self.scale_in_cooldown.total_seconds()),
                ),
            )
