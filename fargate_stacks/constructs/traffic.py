"""What is measured at a load balancer over several target groups at once, by metric math."""

from __future__ import annotations

from typing import Any

from troposphere import cloudwatch

from fargate_stacks.constructs.metric import Metric, MetricMath
from fargate_stacks.constructs.scaling import Groups
from fargate_stacks.core.construct import Construct
from fargate_stacks.core.values import Text

_NAMESPACE = "AWS/ApplicationELB"


def errors_alarm(service: Construct, groups: Groups, percent: float) -> Any:
    """Give the alarm that fires when more than `percent` of the answers of one minute are 5xx.

    Its metrics are the load balancer's, so it needs no name of the service and is there before it. Errors are filled
    with 0, since a minute without any reports none; requests are not, since a minute that is reported late would count
    as one without errors and the alarm would never see two in a row (CloudWatch user guide, "Using metric math"). A
    group that has never had traffic has no series, and SUM takes those that there are.
    """

    def metric(name: str, query: str, balancer: Text, group: Text) -> Any:
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

    numbers = range(1, len(groups) + 1)
    wrong = f"SUM([{', '.join(f'FILL(e{number}, 0)' for number in numbers)}])"
    every = f"SUM([{', '.join(f'r{number}' for number in numbers)}])"
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
                Id="errors", Expression=f"100 * {wrong} / {every}", Label="errors", ReturnData=True
            ),
            *queries,
        ],
        ComparisonOperator="GreaterThanThreshold",
        Threshold=percent,
        EvaluationPeriods=2,
        DatapointsToAlarm=2,
        TreatMissingData="notBreaching",
    )


def requests_per_target(groups: Groups) -> MetricMath:
    """Give requests for each task in a minute, summed over the groups between which a deployment moves traffic.

    A group without traffic adds 0, so the sum is what each task of the live revision gets, before and after the swap.
    Not `r1 + r2` and not filled with 0: SUM of several series takes what is there, so a group that has never reported
    is no hole, and a minute that is not reported yet is no 0 (CloudWatch user guide, "Using metric math").
    """
    each = {
        f"r{number}": _of(group, "RequestCountPerTarget", "Sum", balancer)
        for number, (balancer, group) in enumerate(groups, 1)
    }
    return MetricMath(f"SUM([{', '.join(each)}])", metrics=each)


def response_time(groups: Groups) -> Metric | MetricMath:
    """Give the average seconds to an answer; over several groups each counts by how many answers it gave."""
    if len(groups) == 1:
        ((balancer, group),) = groups
        return _of(group, "TargetResponseTime", "Average", balancer)
    seconds, answers = (
        {
            f"{letter}{number}": _of(group, "TargetResponseTime", statistic, balancer)
            for number, (balancer, group) in enumerate(groups, 1)
        }
        for letter, statistic in (("s", "Sum"), ("n", "SampleCount"))
    )
    return MetricMath(
        f"SUM([{', '.join(seconds)}]) / SUM([{', '.join(answers)}])",
        metrics={**seconds, **answers},
    )


def _of(group: Text, name: str, statistic: str, balancer: Text) -> Metric:
    return Metric(
        name,
        namespace=_NAMESPACE,
        dimensions={"LoadBalancer": balancer, "TargetGroup": group},
        statistic=statistic,
    )
