"""What AWS refuses and the emulator lets pass: things in use, things protected, things that are not there yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ministack.core.responses import get_account_id
from ministack.services import alb, dynamodb, ec2, ecs, rds, s3
from ministack.services.cloudformation import provisioners

from fargate_stacks.deploy.local.calls import Refused

Props = Mapping[str, Any]


def register() -> None:
    """Put the checks before the emulator's handlers of resource types, and before two calls."""
    creating: dict[str, Callable[[Props], None]] = {
        "AWS::EC2::Route": _route,
        "AWS::ElasticLoadBalancingV2::ListenerRule": _priority,
        "AWS::ElasticLoadBalancingV2::LoadBalancer": _balancer,
    }
    deleting: dict[str, Callable[[str], None]] = {
        "AWS::DynamoDB::Table": _table,
        "AWS::EC2::SecurityGroup": _group,
        "AWS::EC2::VPCGatewayAttachment": _attachment,
        "AWS::ECS::Cluster": _cluster,
        "AWS::ElasticLoadBalancingV2::LoadBalancer": _protected_balancer,
        "AWS::ElasticLoadBalancingV2::TargetGroup": _target_group,
        "AWS::RDS::DBCluster": _database_cluster,
        "AWS::RDS::DBInstance": _database_instance,
        "AWS::S3::Bucket": _bucket,
    }
    handlers = provisioners._RESOURCE_HANDLERS
    for kind, fits in creating.items():
        handlers[kind] = {**handlers[kind], "create": _before_create(fits, handlers[kind]["create"])}
    for kind, free in deleting.items():
        handlers[kind] = {**handlers[kind], "delete": _before_delete(free, handlers[kind]["delete"])}
    rule = handlers["AWS::ElasticLoadBalancingV2::ListenerRule"]
    rule["update"] = _before_rule_update(rule["update"])
    balancer = handlers["AWS::ElasticLoadBalancingV2::LoadBalancer"]
    balancer["create"] = _in_its_network(balancer["create"])
    actions = alb._ACTION_MAP
    actions["DeleteLoadBalancer"] = _call_before(
        actions["DeleteLoadBalancer"], lambda params: _protected_balancer(alb._p(params, "LoadBalancerArn"))
    )
    actions["CreateRule"] = _call_before(
        actions["CreateRule"],
        lambda params: _free_priority(alb._p(params, "ListenerArn"), alb._p(params, "Priority"), ""),
    )
    repository = handlers["AWS::ECR::Repository"]
    repository["delete"] = _told_as_aws_does(repository["delete"])
    group = handlers["AWS::ElasticLoadBalancingV2::TargetGroup"]
    for verb in ("create", "update"):
        group[verb] = _with_full_name(group[verb])


def _before_create(check: Callable[[Props], None], create: Callable[..., Any]) -> Callable[..., Any]:
    def checked(logical_id: str, props: Props, stack: str) -> Any:
        check(props)
        return create(logical_id, props, stack)

    return checked


def _before_delete(check: Callable[[str], None], delete: Callable[..., Any]) -> Callable[..., Any]:
    def checked(physical_id: str, *rest: Any) -> Any:
        check(physical_id)
        return delete(physical_id, *rest)

    return checked


def _call_before(call: Callable[[Any], Any], check: Callable[[Any], None]) -> Callable[[Any], Any]:
    def checked(params: Any) -> Any:
        try:
            check(params)
        except Refused as error:
            return alb._error(error.code, error.message)
        return call(params)

    return checked


# --- networks


def _attached(vpc: str) -> bool:
    return any(
        one.get("VpcId") == vpc for gateway in ec2._internet_gateways.values() for one in gateway.get("Attachments", ())
    )


def with_gateway(vpc: str, message: str, code: str, service: str) -> None:
    """Raise Refused when no internet gateway is attached to a network."""
    if not _attached(vpc):
        raise Refused(service, code, message)


def _route(props: Props) -> None:
    gateway, table = props.get("GatewayId", ""), ec2._route_tables.get(props.get("RouteTableId"))
    if not gateway.startswith("igw-") or table is None:
        return
    found = ec2._internet_gateways.get(gateway)
    if found is None:
        raise Refused("Ec2", "InvalidGatewayID.NotFound", f"The gateway ID '{gateway}' does not exist")
    if table["VpcId"] not in {one.get("VpcId") for one in found.get("Attachments", ())}:
        raise Refused(
            "Ec2",
            "InvalidParameterValue",
            f"route table {table['RouteTableId']} and network gateway {gateway} belong to different networks",
        )


def _attachment(physical_id: str) -> None:
    kind, _, vpc = physical_id.partition("|")
    if kind != "IGW":
        return
    mapped = any(
        nat["VpcId"] == vpc and nat["State"] == "available" and nat.get("ConnectivityType") != "private"
        for nat in ec2._nat_gateways.values()
    )
    public = any(one["VpcId"] == vpc and one["Scheme"] == "internet-facing" for one in alb._lbs.values())
    if mapped or public:
        raise Refused(
            "Ec2",
            "DependencyViolation",
            f"Network {vpc} has some mapped public address(es). Please unmap those public address(es) before "
            "detaching the gateway.",
        )


def _group(group: str) -> None:
    others = (one for one in ec2._security_groups.values() if one["GroupId"] != group)
    referred = any(
        pair.get("GroupId") == group
        for other in others
        for side in ("IpPermissions", "IpPermissionsEgress")
        for rule in other.get(side, ())
        for pair in rule.get("UserIdGroupPairs", ())
    )
    if referred or any(group in (one.get("SecurityGroups") or ()) for one in alb._lbs.values()):
        raise Refused("Ec2", "DependencyViolation", f"resource {group} has a dependent object")


# --- load balancers


def _balancer(props: Props) -> None:
    named = [one.get("SubnetId", "") for one in props.get("SubnetMappings") or ()]
    subnets = [*(props.get("Subnets") or ()), *named]
    for name in subnets:
        if name not in ec2._subnets:
            raise Refused("ElasticLoadBalancingV2", "SubnetNotFound", f"The subnet ID '{name}' does not exist")
    found = [ec2._subnets[name] for name in subnets]
    if props.get("Type", "application") == "application" and len({one["AvailabilityZone"] for one in found}) < 2:
        raise Refused(
            "ElasticLoadBalancingV2",
            "ValidationError",
            "At least two subnets in two different Availability Zones must be specified",
        )
    if props.get("Scheme", "internet-facing") == "internet-facing":
        vpc = found[0]["VpcId"]
        message = f"VPC {vpc} has no internet gateway"
        with_gateway(vpc, message, "InvalidSubnet", "ElasticLoadBalancingV2")


def _in_its_network(create: Callable[..., Any]) -> Callable[..., Any]:
    def created(logical_id: str, props: Props, stack: str) -> Any:
        arn, attributes = create(logical_id, props, stack)
        balancer = alb._lbs[arn]
        if balancer["Subnets"]:
            balancer["VpcId"] = ec2._subnets[balancer["Subnets"][0]]["VpcId"]
        return arn, attributes

    return created


def _with_full_name(function: Callable[..., Any]) -> Callable[..., Any]:
    def mended(*arguments: Any) -> Any:
        arn, attributes = function(*arguments)
        return arn, {**attributes, "TargetGroupFullName": arn.rpartition(":")[2]}

    return mended


def _protected_balancer(arn: str) -> None:
    if any(
        one["Key"] == "deletion_protection.enabled" and one["Value"] == "true" for one in alb._lb_attrs.get(arn) or ()
    ):
        raise Refused(
            "ElasticLoadBalancingV2",
            "OperationNotPermitted",
            f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled",
        )


def _priority(props: Props) -> None:
    _free_priority(props.get("ListenerArn", ""), str(props.get("Priority", "")), "")


def _free_priority(listener: str, priority: str, mine: str) -> None:
    for arn, rule in alb._rules.items():
        if arn != mine and rule["ListenerArn"] == listener and str(rule["Priority"]) == priority:
            raise Refused("ElasticLoadBalancingV2", "PriorityInUse", f"Priority '{priority}' is currently in use")


def _before_rule_update(update: Callable[..., Any]) -> Callable[..., Any]:
    def checked(arn: str, old: Props, new: Props, *rest: Any) -> Any:
        if old.get("Priority") != new.get("Priority") and old.get("ListenerArn") == new.get("ListenerArn"):
            _free_priority(new.get("ListenerArn", ""), str(new.get("Priority", "")), arn)
        return update(arn, old, new, *rest)

    return checked


def _target_group(arn: str) -> None:
    actions = [action for one in alb._listeners.values() for action in one["DefaultActions"]]
    actions += [action for one in alb._rules.values() for action in one["Actions"]]
    if arn in {target for action in actions for target in _targets(action)}:
        raise Refused(
            "ElasticLoadBalancingV2",
            "ResourceInUse",
            f"Target group '{arn}' is currently in use by a listener or a rule",
        )


def _targets(action: Mapping[str, Any]) -> Iterator[str]:
    yield action.get("TargetGroupArn", "")
    for one in (action.get("ForwardConfig") or {}).get("TargetGroups", ()):
        yield one.get("TargetGroupArn", "")


# --- what holds data


def _bucket(name: str) -> None:
    bucket = s3._buckets.get(name) or {}
    if bucket.get("objects"):
        raise Refused(
            "S3", "BucketNotEmpty", "The bucket you tried to delete is not empty. You must delete all versions in the "
            "bucket."
        )  # fmt: skip


def _told_as_aws_does(delete: Callable[..., Any]) -> Callable[..., Any]:
    def told(name: str, *rest: Any) -> Any:
        try:
            return delete(name, *rest)
        except ValueError as error:
            if "is not empty" not in str(error):
                raise
            raise Refused(
                "Ecr",
                "RepositoryNotEmptyException",
                f"The repository with name '{name}' in registry with id '{get_account_id()}' cannot be deleted because "
                "it still contains images",
            ) from error

    return told


def _table(name: str) -> None:
    if (dynamodb._tables.get(name) or {}).get("DeletionProtectionEnabled"):
        raise Refused(
            "DynamoDb",
            "ValidationException",
            "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection "
            "first.",
        )


def _database_cluster(name: str) -> None:
    cluster = rds._clusters.get(name) or {}
    if cluster.get("DeletionProtection"):
        raise Refused(
            "Rds",
            "InvalidParameterCombination",
            "Cannot delete protected Cluster, please disable deletion protection and try again.",
        )
    if cluster.get("DBClusterMembers"):
        raise Refused(
            "Rds",
            "InvalidDBClusterStateFault",
            "Cluster cannot be deleted, it still contains DB instances in non-deleting state.",
        )


def _database_instance(name: str) -> None:
    if (rds._instances.get(name) or {}).get("DeletionProtection"):
        raise Refused(
            "Rds",
            "InvalidParameterCombination",
            "Cannot delete protected DB Instance, please disable deletion protection and try again.",
        )


def _cluster(name: str) -> None:
    arn = (ecs._clusters.get(name) or {}).get("clusterArn")
    if any(one["clusterArn"] == arn and one["status"] == "ACTIVE" for one in ecs._services.values()):
        raise Refused(
            "Ecs", "ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active."
        )
