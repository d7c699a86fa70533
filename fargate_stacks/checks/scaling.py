"""Rules about how a service's number of tasks follows its load."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fargate_stacks.checks.part import Part
from fargate_stacks.checks.reading import Hit, Reading, Resource, rule, strategy_of

_TARGET = "ApplicationAutoScaling::ScalableTarget"
_POLICY = "ApplicationAutoScaling::ScalingPolicy"
_COUNT = "ecs:service:DesiredCount"


@rule("FS501", "error", cure="swap or change them", source="Application Auto Scaling API, RegisterScalableTarget")
def bounds(reading: Reading) -> Iterator[Hit]:
    """A scaling target has a least capacity above its most."""
    for target in reading.of(_TARGET):
        least, most = target["MinCapacity"].number, target["MaxCapacity"].number
        if least is not None and most is not None and least > most:
            yield target.hit(f"MinCapacity {least:g} is above MaxCapacity {most:g}")
        elif least is not None and least < 0:
            yield target.hit(f"MinCapacity is {least:g}", "give 0 or more")


@rule(
    "FS502",
    "error",
    cure="write service/<cluster name>/<service name>; Ref of a service is its ARN, GetAtt Name its name",
    source="Application Auto Scaling API, RegisterScalableTarget",
)
def resource_id(reading: Reading) -> Iterator[Hit]:
    """A scaling target of a service does not name it as service/cluster/name."""
    for target in reading.of(_TARGET):
        value = target["ResourceId"]
        if target["ScalableDimension"].text != _COUNT:
            continue
        if value.text is not None:
            if not re.fullmatch(r"service/[^/]+/[^/]+", value.text):
                yield target.hit(f"ResourceId is {value.text}")
            continue
        for one in reading.follow(target.stack, value):
            named = one.type == "AWS::ECS::Service" and _refers(value.value, one.logical_id)
            # what is split off an ARN may be the name
            if named and "Fn::Split" not in str(value.value):
                yield target.hit(f"ResourceId holds the Ref of {one.logical_id}, which is its ARN")


@rule(
    "FS503",
    "error",
    cure="sum the requests of both target groups by metric math in a CustomizedMetricSpecification",
    source="aws/containers-roadmap#1681",
)
def requests_under_shifting(reading: Reading) -> Iterator[Hit]:
    """A service that shifts traffic scales by the requests of one target group, which is empty after a swap."""
    for policy, service in _policies(reading):
        metric = policy.part.at("TargetTrackingScalingPolicyConfiguration.PredefinedMetricSpecification")
        shifting = strategy_of(service) in ("BLUE_GREEN", "LINEAR", "CANARY")
        if shifting and metric["PredefinedMetricType"].text == "ALBRequestCountPerTarget":
            yield policy.hit(f"ALBRequestCountPerTarget counts one target group, and {service.logical_id} has two")


@rule("FS504", "error", cure="give it", source="Application Auto Scaling API, PredefinedMetricSpecification")
def no_label(reading: Reading) -> Iterator[Hit]:
    """A policy scales by requests and does not say of which target group."""
    for policy in reading.of(_POLICY):
        metric = policy.part.at("TargetTrackingScalingPolicyConfiguration.PredefinedMetricSpecification")
        if metric["PredefinedMetricType"].text == "ALBRequestCountPerTarget" and metric["ResourceLabel"].absent:
            yield policy.hit("ALBRequestCountPerTarget has no ResourceLabel")


@rule(
    "FS505",
    "warning",
    cure="give the cluster ClusterSettings containerInsights: enabled",
    option='give Cluster(insights="enabled")',
    source="ECS developer guide, target tracking",
)
def without_insights(reading: Reading) -> Iterator[Hit]:
    """A policy scales by a metric of Container Insights on a cluster that does not keep them, so it never scales."""
    for policy, service in _policies(reading):
        metric = policy.part.at("TargetTrackingScalingPolicyConfiguration.CustomizedMetricSpecification")
        cluster = reading.one(service.stack, service["Cluster"], "ECS::Cluster")
        if cluster is None or "ECS/ContainerInsights" not in str(metric.value):
            continue
        settings = {one["Name"].text: one["Value"].text for one in cluster["ClusterSettings"]}
        if cluster["ClusterSettings"].whole and settings.get("containerInsights", "disabled") == "disabled":
            yield policy.hit(f"it reads ECS/ContainerInsights, which {cluster.logical_id} does not keep")


@rule(
    "FS506",
    "error",
    cure="give TargetTrackingScalingPolicyConfiguration",
    source="Application Auto Scaling API, PutScalingPolicy",
)
def policy_without_configuration(reading: Reading) -> Iterator[Hit]:
    """A scaling policy has no configuration of its type."""
    for policy in reading.of(_POLICY):
        kind = policy["PolicyType"].text
        key = {
            "TargetTrackingScaling": "TargetTrackingScalingPolicyConfiguration",
            "StepScaling": "StepScalingPolicyConfiguration",
            "PredictiveScaling": "PredictiveScalingPolicyConfiguration",
        }.get(kind or "")
        if key is not None and policy[key].absent:
            yield policy.hit(f"PolicyType is {kind} and there is no {key}", f"give {key}")


@rule("FS507", "error", cure="give a number above 0", source="Application Auto Scaling API, PutScalingPolicy")
def target_value(reading: Reading) -> Iterator[Hit]:
    """A target-tracking policy has a target that no metric reaches."""
    for policy in reading.of(_POLICY):
        tracking = policy["TargetTrackingScalingPolicyConfiguration"]
        value = tracking["TargetValue"].number
        metric = tracking.at("PredefinedMetricSpecification.PredefinedMetricType").text or ""
        if value is not None and value <= 0:
            yield policy.hit(f"TargetValue is {value:g}")
        elif value is not None and value > 100 and metric.startswith("ECSServiceAverage"):
            yield policy.hit(f"TargetValue is {value:g}, and {metric} is a percentage", "give 1 to 100")


def _policies(reading: Reading) -> Iterator[tuple[Resource, Resource]]:
    """Each scaling policy with the service that it scales, as far as they are among the templates."""
    for policy in reading.of(_POLICY):
        targets = [
            one for one in reading.follow(policy.stack, policy["ScalingTargetId"]) if one.type == f"AWS::{_TARGET}"
        ]
        values: list[tuple[str, Part]] = [(one.stack, one["ResourceId"]) for one in targets]
        for stack, value in [*values, (policy.stack, policy["ResourceId"])]:
            for one in reading.follow(stack, value):
                if one.type == "AWS::ECS::Service":
                    yield policy, one


def _refers(value: object, logical_id: str) -> bool:
    """Whether a value holds the Ref of a resource, and not one of its attributes."""
    if isinstance(value, list):
        return any(_refers(one, logical_id) for one in value)
    if not isinstance(value, dict):
        return False
    sub = value.get("Fn::Sub")
    text, own = (sub[0], sub[1]) if isinstance(sub, list) and len(sub) == 2 else (sub, {})
    if isinstance(text, str) and f"${{{logical_id}}}" in text and logical_id not in own:
        return True
    return value.get("Ref") == logical_id or any(
        _refers(one, logical_id) for key, one in value.items() if key not in ("Ref", "Fn::GetAtt")
    )
