"""A service that scales, as its policies see it: apart from them, since most services need none of their values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from fargate_stacks.core.values import Text, sub

if TYPE_CHECKING:
    from fargate_stacks.constructs.metric import Metric, MetricMath


class Scaled(NamedTuple):
    """What is scaled, and what is the same for all its policies."""

    service: str
    target: Any
    """The id of the scalable target."""
    cluster_name: Text
    service_name: Text
    out: int
    """Seconds between two steps out, where a policy says nothing else."""
    back: int
    """Seconds between two steps in."""
    keeps: bool
    """Whether policies only scale out."""

    def policy(self, part: str, kind: str, **configuration: Any) -> Any:
        from troposphere import applicationautoscaling as autoscaling

        return autoscaling.ScalingPolicy(
            f"{self.service}{part}ScalingPolicy",
            PolicyName=sub(f"${{AWS::StackName}}-{self.service}-{part.lower()}"),
            PolicyType=kind,
            ScalingTargetId=self.target,
            **configuration,
        )

    def tracking(self, part: str, goal: float, **more: Any) -> Any:
        """Give the policy that keeps a metric near `goal`; `more` says which, and what differs from the defaults."""
        from troposphere import applicationautoscaling as autoscaling

        more["TargetValue"] = goal
        more.setdefault("ScaleOutCooldown", self.out)
        more.setdefault("ScaleInCooldown", self.back)
        if more.setdefault("DisableScaleIn", self.keeps) is False:
            del more["DisableScaleIn"]
        return self.policy(
            part,
            "TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration=autoscaling.TargetTrackingScalingPolicyConfiguration(**more),
        )

    def predefined(self, part: str, goal: float, metric: str, label: Text | None = None) -> Any:
        from troposphere import applicationautoscaling as autoscaling

        more = {} if label is None else {"ResourceLabel": label}
        found = autoscaling.PredefinedMetricSpecification(PredefinedMetricType=metric, **more)
        return self.tracking(part, goal, PredefinedMetricSpecification=found)

    def customized(self, part: str, goal: float, metric: Metric | MetricMath, **more: Any) -> Any:
        from fargate_stacks.constructs.metric import customized

        return self.tracking(part, goal, CustomizedMetricSpecification=customized(metric, self), **more)

    def alarm(self, part: str, metric: Metric | MetricMath, **more: Any) -> Any:
        """Give an alarm whose action is a policy of this service."""
        from troposphere import Ref, cloudwatch

        from fargate_stacks.constructs.metric import watched

        period = more.pop("Period")
        return cloudwatch.Alarm(
            f"{self.service}{part}Alarm",
            **watched(metric, self, period),
            AlarmActions=[Ref(f"{self.service}{part}ScalingPolicy")],
            **more,
        )
