"""Service-linked roles: an account begins without them, and a service makes its own at its first use.

https://docs.aws.amazon.com/IAM/latest/UserGuide/using-service-linked-roles.html
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import alb, ecs, iam
from ministack.services.cloudformation import provisioners

ECS = "ecs.amazonaws.com"
ELB = "elasticloadbalancing.amazonaws.com"
SCALING = "ecs.application-autoscaling.amazonaws.com"
NAMES = {
    ECS: "AWSServiceRoleForECS",
    ELB: "AWSServiceRoleForElasticLoadBalancing",
    SCALING: "AWSServiceRoleForApplicationAutoScaling_ECSService",
    "autoscaling.amazonaws.com": "AWSServiceRoleForAutoScaling",
    "dynamodb.application-autoscaling.amazonaws.com": "AWSServiceRoleForApplicationAutoScaling_DynamoDBTable",
    "ecs-compute.amazonaws.com": "AWSServiceRoleForECSCompute",
    "eks.amazonaws.com": "AWSServiceRoleForAmazonEKS",
    "eks-fargate.amazonaws.com": "AWSServiceRoleForAmazonEKSForFargate",
    "elasticache.amazonaws.com": "AWSServiceRoleForElastiCache",
    "pullthroughcache.ecr.amazonaws.com": "AWSServiceRoleForECRPullThroughCache",
    "rds.amazonaws.com": "AWSServiceRoleForRDS",
    "replication.ecr.amazonaws.com": "AWSServiceRoleForECRReplication",
    "vpc-lattice.amazonaws.com": "AWSServiceRoleForVpcLattice",
}
"""By service: its role. The names of IAM follow no rule."""

_FIRST_USE = {
    "AWS::ApplicationAutoScaling::ScalableTarget": SCALING,
    "AWS::ECS::Cluster": ECS,
    "AWS::ElastiCache::ReplicationGroup": "elasticache.amazonaws.com",
    "AWS::ElastiCache::ServerlessCache": "elasticache.amazonaws.com",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": ELB,
    "AWS::RDS::DBCluster": "rds.amazonaws.com",
    "AWS::RDS::DBInstance": "rds.amazonaws.com",
}


def register() -> None:
    """Give the roles the names that they have, and let the first use of a service make its role."""
    iam._IAM_HANDLERS["CreateServiceLinkedRole"] = _named(iam._IAM_HANDLERS["CreateServiceLinkedRole"])
    handlers = provisioners._RESOURCE_HANDLERS
    for kind, service in _FIRST_USE.items():
        handlers[kind] = {**handlers[kind], "create": _used(handlers[kind]["create"], service)}
    ecs._ACTION_MAP["CreateCluster"] = _used(ecs._ACTION_MAP["CreateCluster"], ECS)
    alb._ACTION_MAP["CreateLoadBalancer"] = _used(alb._ACTION_MAP["CreateLoadBalancer"], ELB)


def there(service: str) -> bool:
    """Tell whether an account has the role of a service."""
    return NAMES[service] in iam._roles


def make(service: str) -> None:
    """Make the role of a service, where it is missing."""
    if not there(service):
        iam._IAM_HANDLERS["CreateServiceLinkedRole"]({"AWSServiceName": [service]})


def _used(create: Callable[..., Any], service: str) -> Callable[..., Any]:
    if inspect.iscoroutinefunction(create):

        async def creating(*arguments: Any) -> Any:
            make(service)
            return await create(*arguments)

        return creating

    def created(*arguments: Any) -> Any:
        make(service)
        return create(*arguments)

    return created


def _named(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def create(params: Mapping[str, Any]) -> Any:
        service = iam._p(params, "AWSServiceName")
        # those of other services are named without a collision
        name = NAMES.get(service) or "AWSServiceRoleFor" + "".join(
            part.capitalize() for part in service.removesuffix(".amazonaws.com").replace("-", ".").split(".")
        )
        if name in iam._roles:
            said = f"Service role name {name} has been taken in this account, please try a different suffix."
            return iam._error(400, "InvalidInput", said, ns="iam")
        other = f"AWSServiceRoleFor{service.partition('.')[0].capitalize()}"
        kept = iam._roles.pop(other, None)
        status, kinds, body = original(params)
        made = iam._roles.pop(other, None)
        if kept is not None:
            iam._roles[other] = kept
        if made is None:
            return status, kinds, body
        iam._roles[name] = {**made, "RoleName": name, "Arn": made["Arn"].replace(other, name)}
        return status, kinds, body.replace(other.encode(), name.encode())

    return create
