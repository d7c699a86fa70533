"""What is measured at a load balancer over several target groups at once, by metric math."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from troposphere import Ref, cloudwatch
from troposphere import applicationautoscaling as autoscaling

from fargate_stacks.constructs.scaling import Scaling
from fargate_stacks.core.construct import Construct
from fargate_stacks.core.values import Text, sub

Groups = Sequence[tuple[Text, Any]]
"""Full names of a load balancer and of a target group."""
_NAMESPACE = "AWS/ApplicationELB"


def _sum(prefix: str, count: int) -> str:
    # a group without traffic has no data at all, and one missing value would make the sum missing
    return "+".join(f"FILL({prefix}{number},0)" for number in range(1, count + 1))


def errors_alarm(service: Construct, groups: Groups, percent: float) -> Any:
    """Give the alarm that fires when more than `percent` of the answers of one minute are 5xx.

    Its metrics are the load balancer's, so it needs no name of the service and is there before it.
    """

    def metric(name: str, query: str, balancer: Text, group: Any) -> Any:
        return cloudwatch.MetricDataQuery(
            Id=query,
            ReturnData=False,
            MetricStat=cloudwatch.MetricStat(
                Metric=cloudwatch.Metric(
                    Namespace=_NAMESPACE,
                    MetricName=name,
                    Dimensions=[
                        cloudwatch.MetricDimension(Name="LoadBalancer", Value=balancer),
                        cloudwatch.MetricDimension(Name="TargetGroup", Value=group),
                    ],
                ),
                Period=60,
                Stat="Sum",
            ),
        )

    wrong, every = _sum("e", len(groups)), _sum("r", len(groups))
    queries = [
        metric(name, f"{letter}{number}", balancer, group)
        for name, letter in (("HTTPCode_Target_5XX_Count", "e"), ("RequestCount", "r"))
        for number, (balancer, group) in enumerate(groups, 1)
    ]
    return cloudwatch.Alarm(
        service.id("ErrorsAlarm"),
        AlarmDescription=f"More than {percent:g} % of the answers of {service.name} are 5xx",
        Metrics=[
            cloudwatch.MetricDataQuery(
                Id="errors", Expression=f"IF({every}>0, 100*({wrong})/({every}), 0)", Label="errors", ReturnData=True
            ),
            *queries,
        ],
        ComparisonOperator="GreaterThanThreshold",
        Threshold=percent,
        EvaluationPeriods=2,
        DatapointsToAlarm=2,
        TreatMissingData="notBreaching",
    )


def requests_policy(name: str, target: str, count: Scaling, groups: Groups) -> Any:
    """Give the scaling policy by requests for each task, summed over the groups between which a deployment swaps."""
    queries = [
        autoscaling.TargetTrackingMetricDataQuery(
            Id=f"r{number}",
            ReturnData=False,
            MetricStat=autoscaling.TargetTrackingMetricStat(
                Metric=autoscaling.TargetTrackingMetric(
                    Namespace=_NAMESPACE,
                    MetricName="RequestCountPerTarget",
                    Dimensions=[autoscaling.TargetTrackingMetricDimension(Name="TargetGroup", Value=group)],
                ),
                Stat="Sum",
            ),
        )
        for number, (_, group) in enumerate(groups, 1)
    ]
    return autoscaling.ScalingPolicy(
        f"{name}RequestsScalingPolicy",
        PolicyName=sub(f"${{AWS::StackName}}-{name}-requests"),
        PolicyType="TargetTrackingScaling",
        ScalingTargetId=Ref(target),
        TargetTrackingScalingPolicyConfiguration=autoscaling.TargetTrackingScalingPolicyConfiguration(
            CustomizedMetricSpecification=autoscaling.CustomizedMetricSpecification(
                Metrics=[
                    autoscaling.TargetTrackingMetricDataQuery(
                        Id="requests", Expression=_sum("r", len(groups)), Label="requests", ReturnData=True
                    ),
                    *queries,
                ]
            ),
            TargetValue=count.requests,
            ScaleOutCooldown=int(count.scale_out_cooldown.total_seconds()),
            ScaleInCooldown=int(count.scale_in_cooldown.total_seconds()),
        ),
    )
