"""Checks of the account: names that are taken, quotas that a deploy would pass, roles that a new account lacks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from fargate_stacks.deploy.client import CallFailed
from fargate_stacks.deploy.preflight_subject import Check, Finding, Subject

_GONE = re.compile(r"NotFound|NoSuch|DoesNotExist|NonExistent|^404$")


class Named(NamedTuple):
    """How to find out whether a name is taken."""

    kind: str
    property: str
    service: str
    operation: str
    request: Callable[[str], Mapping[str, Any]]
    taken: Callable[[Mapping[str, Any], str], bool] = lambda answer, name: True
    """Tells it from the answer; a refusal that it does not exist means free."""


NAMES = (
    Named(
        "AWS::Logs::LogGroup",
        "LogGroupName",
        "logs",
        "DescribeLogGroups",
        lambda name: {"logGroupNamePrefix": name},
        lambda answer, name: any(one.get("logGroupName") == name for one in answer.get("logGroups", [])),
    ),
    Named(
        "AWS::ECS::Cluster",
        "ClusterName",
        "ecs",
        "DescribeClusters",
        lambda name: {"clusters": [name]},
        lambda answer, name: any(one.get("status") == "ACTIVE" for one in answer.get("clusters", [])),
    ),
    Named(
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "Name",
        "elbv2",
        "DescribeLoadBalancers",
        lambda name: {"Names": [name]},
    ),
    Named(
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        "Name",
        "elbv2",
        "DescribeTargetGroups",
        lambda name: {"Names": [name]},
    ),
    Named("AWS::ECR::Repository", "RepositoryName", "ecr", "DescribeRepositories", lambda n: {"repositoryNames": [n]}),
    Named("AWS::IAM::Role", "RoleName", "iam", "GetRole", lambda name: {"RoleName": name}),
    Named("AWS::SQS::Queue", "QueueName", "sqs", "GetQueueUrl", lambda name: {"QueueName": name}),
    Named("AWS::S3::Bucket", "BucketName", "s3", "HeadBucket", lambda name: {"Bucket": name}),
    Named(
        "AWS::RDS::DBInstance",
        "DBInstanceIdentifier",
        "rds",
        "DescribeDBInstances",
        lambda name: {"DBInstanceIdentifier": name},
    ),
)


def names(subject: Subject) -> Iterator[Finding]:
    """FS908: a name that the template gives is taken by something that is not of this stack."""
    for one in NAMES:
        for logical_id, properties in subject.of(one.kind):
            name = subject.text(properties.get(one.property))
            if name is None or logical_id in subject.live:
                continue
            try:
                answer = subject.ecs.call(one.operation, of=one.service, **one.request(name))
            except CallFailed as trouble:
                if _GONE.search(trouble.code):
                    continue
                if one.service == "s3" and trouble.code in ("403", "AccessDenied", "Forbidden"):
                    answer = {}  # somebody else's
                else:
                    raise
            if one.taken(answer, name):
                kind = one.kind.removeprefix("AWS::")
                yield subject.find("FS908", logical_id, f"{kind} {name} is there already; give another name, or none")


def quotas(subject: Subject) -> Iterator[Finding]:
    """FS909: the stack needs more than the account may have."""
    new = [kind for logical_id, kind in _kinds(subject) if logical_id not in subject.live]
    vcpu = _vcpu(subject)
    wanted: list[tuple[str, str, str, float, Callable[[], float]]] = [
        ("Fargate vCPUs", "fargate", "L-3032A538", vcpu, lambda: 0.0),
        (
            "VPCs",
            "vpc",
            "L-F678F1CE",
            new.count("AWS::EC2::VPC"),
            lambda: len(subject.ecs.call("DescribeVpcs", of="ec2").get("Vpcs", [])),
        ),
        (
            "elastic IP addresses",
            "ec2",
            "L-0263D0A3",
            new.count("AWS::EC2::EIP"),
            lambda: len(subject.ecs.call("DescribeAddresses", of="ec2").get("Addresses", [])),
        ),
    ]
    for what, service, code, more, there in wanted:
        if not more:
            continue
        answer = subject.ecs.call("GetServiceQuota", of="service-quotas", ServiceCode=service, QuotaCode=code)
        allowed = float(answer["Quota"]["Value"])
        used = there()
        if used + more > allowed:
            have = f"{used:g} are there and {more:g} more" if used else f"{more:g}"
            yield subject.find(
                "FS909",
                "",
                f"{what}: {have} are needed, the quota is {allowed:g}; ask for more (Service Quotas {code})",
            )
    yield from _rules(subject)


def _kinds(subject: Subject) -> Iterator[tuple[str, str]]:
    for logical_id, one in subject.template.resources.items():
        yield logical_id, str(one.get("Type"))


def _vcpu(subject: Subject) -> float:
    """Give the vCPUs of the stack's services at their least count."""
    sizes = {
        logical_id: int(properties.get("Cpu", 256)) / 1024 if str(properties.get("Cpu", "256")).isdigit() else 0.25
        for logical_id, properties in subject.of("AWS::ECS::TaskDefinition")
    }
    return sum(
        sizes.get(subject.refers(properties.get("TaskDefinition")), 0.0) * count
        for _, properties in subject.of("AWS::ECS::Service")
        if isinstance(count := properties.get("DesiredCount", 1), int)
    )


def _rules(subject: Subject) -> Iterator[Finding]:
    """Count the rules of listeners that live already, with those that the stack adds."""
    added: dict[str, list[str]] = {}
    for logical_id, properties in subject.of("AWS::ElasticLoadBalancingV2::ListenerRule"):
        listener = subject.text(properties.get("ListenerArn"))
        if listener and logical_id not in subject.live:
            added.setdefault(listener, []).append(logical_id)
    if not added:
        return
    limits = subject.ecs.call("DescribeAccountLimits", of="elbv2").get("Limits", [])
    most = next((int(one["Max"]) for one in limits if one["Name"] == "rules-per-application-load-balancer"), 100)
    for listener, logical_ids in added.items():
        rules = subject.ecs.call("DescribeRules", of="elbv2", ListenerArn=listener).get("Rules", [])
        there = sum(not one.get("IsDefault") for one in rules)
        if there + len(logical_ids) > most:
            yield subject.find(
                "FS909",
                logical_ids[0],
                f"listener rules: {there} are there, {len(logical_ids)} more are needed, the balancer takes {most}",
            )


ROLES = (
    ("AWS::ECS::Cluster", "AWSServiceRoleForECS", "ecs.amazonaws.com"),
    (
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "AWSServiceRoleForElasticLoadBalancing",
        "elasticloadbalancing.amazonaws.com",
    ),
    (
        "AWS::ApplicationAutoScaling::ScalableTarget",
        "AWSServiceRoleForApplicationAutoScaling_ECSService",
        "ecs.application-autoscaling.amazonaws.com",
    ),
    ("AWS::RDS::DBInstance", "AWSServiceRoleForRDS", "rds.amazonaws.com"),
)


def service_linked_roles(subject: Subject) -> Iterator[Finding]:
    """FS912: a new account lacks a role of AWS's own, and the first create of a resource fails for it."""
    if subject.state is not None:
        return
    for kind, role, service in ROLES:
        logical_id = next((one for one, _ in subject.of(kind)), None)
        if logical_id is None:
            continue
        try:
            subject.ecs.call("GetRole", of="iam", RoleName=role)
        except CallFailed as trouble:
            if not _GONE.search(trouble.code):
                raise
            yield subject.find(
                "FS912",
                logical_id,
                f"the account has no {role} yet, and a first create often fails for that; "
                "fargate-stacks bootstrap makes it, or "
                f"aws iam create-service-linked-role --aws-service-name {service}",
                "warning",
            )


ACCOUNT: tuple[Check, ...] = (names, quotas, service_linked_roles)
