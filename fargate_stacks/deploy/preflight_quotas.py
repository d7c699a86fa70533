"""Quotas that a deploy would pass: Fargate vCPUs, VPCs, elastic IP addresses, rules of a load balancer."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from fargate_stacks.deploy.client import CallFailed
from fargate_stacks.deploy.preflight_subject import Finding, Missed, Subject

USAGE = timedelta(minutes=20)
"""How far back the newest number of what is in use is looked for; AWS publishes one a minute."""
RULES = "AWS::ElasticLoadBalancingV2::ListenerRule"


class Quota(NamedTuple):
    """One quota, and what the stack adds to what is there."""

    what: str
    service: str
    code: str
    more: float
    there: Callable[[Mapping[str, Any]], float]
    """How much is in use, from what Service Quotas says of the quota."""


def quotas(subject: Subject) -> Iterator[Finding]:
    """FS909: the stack needs more than the account may have. What may not be asked is left out, the rest is not."""
    missed = Missed()
    for one in _wanted(subject):
        if not one.more:
            continue
        try:
            asked = {"ServiceCode": one.service, "QuotaCode": one.code}
            quota = subject.ecs.call("GetServiceQuota", of="service-quotas", **asked)["Quota"]
            allowed = float(quota["Value"])
        except CallFailed as trouble:
            missed(trouble)
            continue
        try:
            used = one.there(quota)
        except CallFailed as trouble:
            missed(trouble)
            used = 0.0
        if used + one.more > allowed:
            have = f"{used:g} are there and {one.more:g} more" if used else f"{one.more:g}"
            yield subject.find(
                "FS909",
                "",
                f"{one.what}: {have} are needed, the quota is {allowed:g}; ask for more (Service Quotas {one.code})",
            )
    try:
        yield from _rules(subject)
    except CallFailed as trouble:
        missed(trouble)
    missed.end()


def _wanted(subject: Subject) -> Iterator[Quota]:
    kinds = [
        str(one.get("Type")) for logical_id, one in subject.template.resources.items() if logical_id not in subject.live
    ]
    on_demand, spot = _vcpus(subject)
    yield Quota("Fargate vCPUs", "fargate", "L-3032A538", on_demand, lambda quota: _used(subject, quota))
    yield Quota("Fargate Spot vCPUs", "fargate", "L-36FBB829", spot, lambda quota: _used(subject, quota))
    yield Quota(
        "VPCs",
        "vpc",
        "L-F678F1CE",
        kinds.count("AWS::EC2::VPC"),
        lambda _: len(subject.ecs.call("DescribeVpcs", of="ec2").get("Vpcs", [])),
    )
    yield Quota(
        "elastic IP addresses",
        "ec2",
        "L-0263D0A3",
        kinds.count("AWS::EC2::EIP"),
        lambda _: len(subject.ecs.call("DescribeAddresses", of="ec2").get("Addresses", [])),
    )


def _used(subject: Subject, quota: Mapping[str, Any]) -> float:
    """Give how much of a quota is in use, by the metric that Service Quotas names for it; 0 where it names none."""
    metric = quota.get("UsageMetric")
    if not metric:
        return 0.0
    statistic = metric.get("MetricStatisticRecommendation", "Maximum")
    now = subject.now()
    answer = subject.ecs.call(
        "GetMetricStatistics",
        of="cloudwatch",
        Namespace=metric["MetricNamespace"],
        MetricName=metric["MetricName"],
        Dimensions=[{"Name": name, "Value": value} for name, value in metric.get("MetricDimensions", {}).items()],
        StartTime=now - USAGE,
        EndTime=now,
        Period=60,
        Statistics=[statistic],
    )
    points: list[Mapping[str, Any]] = sorted(answer.get("Datapoints", []), key=lambda one: one["Timestamp"])
    return float(points[-1].get(statistic, 0.0)) if points else 0.0


def _vcpus(subject: Subject) -> tuple[float, float]:
    """Give the vCPUs of the stack's new services at their least count: on demand, and on Spot."""
    sizes = {
        logical_id: int(properties.get("Cpu", 256)) / 1024 if str(properties.get("Cpu", "256")).isdigit() else 0.25
        for logical_id, properties in subject.of("AWS::ECS::TaskDefinition")
    }
    on_demand = spot = 0.0
    for logical_id, properties in subject.of("AWS::ECS::Service"):
        count = properties.get("DesiredCount", 1)
        if logical_id in subject.live or not isinstance(count, int):
            continue
        size = sizes.get(subject.refers(properties.get("TaskDefinition")), 0.0)
        on_spot = _on_spot(properties.get("CapacityProviderStrategy", []), count)
        on_demand += size * (count - on_spot)
        spot += size * on_spot
    return on_demand, spot


def _on_spot(strategy: Sequence[Mapping[str, Any]], count: int) -> int:
    """Give how many of a service's tasks the strategy puts on Spot, at least: bases first, the rest by weight."""
    spot = [one for one in strategy if one.get("CapacityProvider") == "FARGATE_SPOT"]
    if not spot:
        return 0
    base, own = (sum(int(one.get("Base", 0)) for one in some) for some in (strategy, spot))
    weights, weight = (sum(int(one.get("Weight", 0)) for one in some) for some in (strategy, spot))
    share = weight / weights if weights else 0.0
    return min(count, own) + math.floor(max(0, count - base) * share)


def _rules(subject: Subject) -> Iterator[Finding]:
    """Count the rules of load balancers that live already, with those that the stack adds; default rules are free."""
    added: dict[str, list[str]] = {}
    for logical_id, properties in subject.of(RULES):
        listener = subject.text(properties.get("ListenerArn"))
        if listener and logical_id not in subject.live:
            balancer = listener.replace(":listener/", ":loadbalancer/").rpartition("/")[0]
            added.setdefault(balancer, []).append(logical_id)
    if not added:
        return
    limits = subject.ecs.call("DescribeAccountLimits", of="elbv2").get("Limits", [])
    most = next((int(one["Max"]) for one in limits if one["Name"] == "rules-per-application-load-balancer"), 100)
    for balancer, logical_ids in added.items():
        listeners = subject.ecs.call("DescribeListeners", of="elbv2", LoadBalancerArn=balancer).get("Listeners", [])
        there = sum(
            not rule.get("IsDefault")
            for one in listeners
            for rule in subject.ecs.call("DescribeRules", of="elbv2", ListenerArn=one["ListenerArn"]).get("Rules", [])
        )
        if there + len(logical_ids) > most:
            yield subject.find(
                "FS909",
                logical_ids[0],
                f"listener rules: {there} are there, {len(logical_ids)} more are needed, the balancer takes {most}",
            )
