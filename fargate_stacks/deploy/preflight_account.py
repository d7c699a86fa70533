"""Checks of the account: names that are taken, and roles that a new account lacks; its quotas are beside it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from fargate_stacks.deploy.client import CallFailed
from fargate_stacks.deploy.preflight_quotas import quotas
from fargate_stacks.deploy.preflight_subject import Check, Finding, Missed, Subject

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
    missed = Missed()
    for one in NAMES:
        for logical_id, properties in subject.of(one.kind):
            name = subject.text(properties.get(one.property))
            if name is None or logical_id in subject.live:
                continue
            try:
                taken = _is_taken(subject, one, name)
            except CallFailed as trouble:
                missed(trouble)
                continue
            if taken:
                kind = one.kind.removeprefix("AWS::")
                yield subject.find("FS908", logical_id, f"{kind} {name} is there already; give another name, or none")
    missed.end()


def _is_taken(subject: Subject, one: Named, name: str) -> bool:
    try:
        answer = subject.ecs.call(one.operation, of=one.service, **one.request(name))
    except CallFailed as trouble:
        if _GONE.search(trouble.code):
            return False
        if one.service == "s3" and trouble.code in ("403", "AccessDenied", "Forbidden"):
            return True  # somebody else's
        raise
    return one.taken(answer, name)


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
