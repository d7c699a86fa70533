"""Mistakes in scaling that others let through: the same thing as a raw template, and what each judge says of it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from fargate_stacks import (
    BlueGreen,
    Cluster,
    Container,
    LoadBalancer,
    Metric,
    MetricMath,
    Predictive,
    Scaling,
    ScheduledAction,
    Service,
    SpecError,
    Spot,
    StepScaling,
    TargetTracking,
    Task,
    Vpc,
    queue_worker,
)
from tests.judges import noticed_by

NET = Vpc("Net")
MAIN = Cluster("Main", vpc=NET)
DOOR = LoadBalancer("Door", vpc=NET)
TASK = Task(containers=[Container(image="example/web:1", port=8080)])
AGE = Metric("Age", namespace="Shop")


def web(count: Any = 1, **fields: Any) -> Any:
    return Service("Web", **{"cluster": MAIN, "task": TASK, "count": count, **fields})


def tracked(metric: Mapping[str, Any], goal: float = 60) -> dict[str, Any]:
    return {
        "PolicyName": "p",
        "PolicyType": "TargetTrackingScaling",
        "ScalingTargetId": {"Ref": "Target"},
        "TargetTrackingScalingPolicyConfiguration": {"TargetValue": goal, **metric},
    }


def predefined(metric: str, **more: Any) -> dict[str, Any]:
    return {"PredefinedMetricSpecification": {"PredefinedMetricType": metric, **more}}


CPU = predefined("ECSServiceAverageCPUUtilization")
TARGET: dict[str, Any] = {
    "ServiceNamespace": "ecs",
    "ScalableDimension": "ecs:service:DesiredCount",
    "ResourceId": {"Fn::Sub": "service/${Main}/${Web.Name}"},
    "MinCapacity": 1,
    "MaxCapacity": 4,
}
BASE: dict[str, Any] = {
    "Main": ("AWS::ECS::Cluster", {"ClusterSettings": [{"Name": "containerInsights", "Value": "enabled"}]}),
    "Definition": (
        "AWS::ECS::TaskDefinition",
        {
            "Family": "web",
            "Cpu": "1024",
            "Memory": "2048",
            "NetworkMode": "awsvpc",
            "RequiresCompatibilities": ["FARGATE"],
            "ContainerDefinitions": [{"Name": "app", "Image": "example/web:1"}],
        },
    ),
    "Web": (
        "AWS::ECS::Service",
        {
            "Cluster": {"Ref": "Main"},
            "TaskDefinition": {"Ref": "Definition"},
            "CapacityProviderStrategy": [{"CapacityProvider": "FARGATE", "Weight": 1}],
            "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": ["subnet-0123456789abcdef0"]}},
        },
    ),
    "Target": ("AWS::ApplicationAutoScaling::ScalableTarget", TARGET),
    "Policy": ("AWS::ApplicationAutoScaling::ScalingPolicy", tracked(CPU)),
}
ALARM: dict[str, Any] = {
    "Namespace": "Shop",
    "MetricName": "Age",
    "Statistic": "Average",
    "Period": 60,
    "EvaluationPeriods": 3,
    "Threshold": 1,
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
}
BACKLOG = {
    "CustomizedMetricSpecification": {
        "Metrics": [
            {"Id": "e", "Expression": "messages / tasks", "ReturnData": True},
            *(
                {
                    "Id": key,
                    "ReturnData": False,
                    "MetricStat": {"Metric": {"Namespace": space, "MetricName": name}, "Stat": "Average"},
                }
                for key, space, name in (
                    ("messages", "AWS/SQS", "ApproximateNumberOfMessagesVisible"),
                    ("tasks", "ECS/ContainerInsights", "RunningTaskCount"),
                )
            ),
        ]
    }
}


def scheduled(**action: Any) -> dict[str, Any]:
    one = {"ScheduledActionName": "a", "Schedule": "cron(0 8 * * ? *)", "ScalableTargetAction": {"MinCapacity": 1}}
    return {"Target": {"ScheduledActions": [{**one, **action}]}}


def stepped(**configuration: Any) -> dict[str, Any]:
    return {
        "Policy": {
            "PolicyType": "StepScaling",
            "TargetTrackingScalingPolicyConfiguration": None,
            "StepScalingPolicyConfiguration": {
                "AdjustmentType": "ChangeInCapacity",
                "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
                **configuration,
            },
        }
    }


class Mistake(NamedTuple):
    """One mistake: in our words, in a raw template, and by whom it is noticed."""

    ours: Callable[[], Any]
    raw: dict[str, Any]
    noticed: str = ""


MISTAKES = {
    "a percentage of 120": Mistake(lambda: Scaling(min=1, max=4, cpu=120), {"Policy": tracked(CPU, 120)}),
    "more at least than at most": Mistake(lambda: Scaling(min=5, max=4, cpu=60), {"Target": {"MinCapacity": 5}}),
    "no way back from zero": Mistake(lambda: web(Scaling(min=0, max=4, cpu=60)), {"Target": {"MinCapacity": 0}}),
    "nothing that would scale": Mistake(lambda: web(Scaling(min=1, max=4)), {"Policy": None}),
    "five fields of cron": Mistake(
        lambda: ScheduledAction("a", schedule="cron(0 8 * * *)", min=1), scheduled(Schedule="cron(0 8 * * *)")
    ),
    "an hour 25": Mistake(
        lambda: ScheduledAction("a", schedule="cron(0 25 * * ? *)", min=1), scheduled(Schedule="cron(0 25 * * ? *)")
    ),
    "five minute": Mistake(
        lambda: ScheduledAction("a", schedule="rate(5 minute)", min=1), scheduled(Schedule="rate(5 minute)")
    ),
    "a day that does not exist": Mistake(
        lambda: ScheduledAction("a", schedule="at(2027-02-30T08:00:00)", min=1),
        scheduled(Schedule="at(2027-02-30T08:00:00)"),
    ),
    "a zone that does not exist": Mistake(
        lambda: ScheduledAction("a", schedule="cron(0 8 * * ? *)", min=1, timezone="Europe/Berln"),
        scheduled(Timezone="Europe/Berln"),
    ),
    "an action that changes nothing": Mistake(
        lambda: ScheduledAction("a", schedule="rate(1 day)"), scheduled(ScalableTargetAction={})
    ),
    "an action turned around": Mistake(
        lambda: ScheduledAction("a", schedule="rate(1 day)", min=4, max=2),
        scheduled(ScalableTargetAction={"MinCapacity": 4, "MaxCapacity": 2}),
    ),
    "two actions of one name": Mistake(
        lambda: Scaling(min=1, max=4, schedule=[ScheduledAction("a", schedule="rate(1 day)", min=n) for n in (1, 2)]),
        {
            "Target": {
                "ScheduledActions": [
                    {"ScheduledActionName": "a", "Schedule": "rate(1 day)", "ScalableTargetAction": {"MinCapacity": n}}
                    for n in (1, 2)
                ]
            }
        },
    ),
    "a step to minus two": Mistake(
        lambda: StepScaling(metric=AGE, above={1: -2}, adjustment="ExactCapacity"),
        stepped(
            AdjustmentType="ExactCapacity", StepAdjustments=[{"MetricIntervalLowerBound": 0, "ScalingAdjustment": -2}]
        ),
    ),
    "a least change of a number": Mistake(
        lambda: StepScaling(metric=AGE, above={1: 1}, min_adjustment=2), stepped(MinAdjustmentMagnitude=2)
    ),
    "four of three periods": Mistake(
        lambda: StepScaling(metric=AGE, above={1: 1}, periods=3, datapoints=4),
        {"Alarm": ("AWS::CloudWatch::Alarm", {**ALARM, "DatapointsToAlarm": 4})},
    ),
    "a period of 45 seconds": Mistake(
        lambda: StepScaling(metric=AGE, above={1: 1}, period=timedelta(seconds=45)),
        {"Alarm": ("AWS::CloudWatch::Alarm", {**ALARM, "Period": 45})},
        noticed="cfn-lint",
    ),
    "an id that nobody gave": Mistake(
        lambda: MetricMath("messages / taks", metrics={"messages": AGE, "tasks": AGE}),
        {"Policy": tracked(json.loads(json.dumps(BACKLOG).replace("/ tasks", "/ taks")))},
    ),
    "one metric to two targets": Mistake(
        lambda: Scaling(
            min=1,
            max=4,
            policies=[TargetTracking(metric=AGE, target=n, name=name) for n, name in ((1, "One"), (2, "Two"))],
        ),
        {"Other": ("AWS::ApplicationAutoScaling::ScalingPolicy", {**tracked(CPU, 50), "PolicyName": "q"})},
    ),
    "a backlog without Container Insights": Mistake(
        lambda: queue_worker(
            "Mail",
            cluster=Cluster("Main", vpc=NET, insights="disabled"),
            task=TASK,
            count=Scaling(min=1, max=4),
        ),
        {
            "Main": {"ClusterSettings": [{"Name": "containerInsights", "Value": "disabled"}]},
            "Policy": tracked(BACKLOG, 100),
        },
    ),
    "a forecast of one of two target groups": Mistake(
        lambda: web(
            Scaling(min=1, max=4, cpu=60, predictive=Predictive(requests=9)),
            route=DOOR.route(),
            deployment=BlueGreen(),
        ),
        {
            "Web": {"DeploymentConfiguration": {"Strategy": "BLUE_GREEN"}},
            "Policy": tracked(predefined("ALBRequestCountPerTarget", ResourceLabel="app/a/1/targetgroup/b/2"), 9),
        },
    ),
    "Windows on Spot": Mistake(
        lambda: web(
            capacity=Spot(),
            task=Task(
                cpu=1024,
                memory=2048,
                os="WINDOWS_SERVER_2022_CORE",
                containers=[Container(image="example/web:1")],
            ),
        ),
        {
            "Definition": {
                "RuntimePlatform": {"OperatingSystemFamily": "WINDOWS_SERVER_2022_CORE", "CpuArchitecture": "X86_64"}
            },
            "Web": {"CapacityProviderStrategy": [{"CapacityProvider": "FARGATE_SPOT", "Weight": 1}]},
        },
    ),
}  # fmt: skip


def raw(mistake: Mistake) -> dict[str, Any]:
    """Give the template of a mistake: what is right, changed in one place."""
    resources = {
        key: {"Type": kind, "Properties": copy.deepcopy(properties)} for key, (kind, properties) in BASE.items()
    }
    for key, change in mistake.raw.items():
        if change is None:
            del resources[key]
        elif isinstance(change, tuple):
            resources[key] = {"Type": change[0], "Properties": change[1]}
        else:
            properties = {**resources[key]["Properties"], **change}
            resources[key]["Properties"] = {name: value for name, value in properties.items() if value is not None}
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}


def test_what_the_mistakes_are_made_in_is_right() -> None:
    assert noticed_by(raw(Mistake(lambda: None, {}))) == ""


@pytest.mark.parametrize("name", MISTAKES)
def test_we_refuse_it(name: str) -> None:
    with pytest.raises(SpecError):
        MISTAKES[name].ours()


@pytest.mark.parametrize("name", MISTAKES)
def test_others_notice_it_or_not(name: str) -> None:
    assert noticed_by(raw(MISTAKES[name])) == MISTAKES[name].noticed
