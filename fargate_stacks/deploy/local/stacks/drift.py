"""Drift: what the services say of a resource now, held against what its template says.

The emulator compares some types by looking into its stores; these are read through the services' own calls. Only
properties that the template sets are compared, and of structures only the members that it sets
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from ministack.services import ecs
from ministack.services.cloudformation import drift, handlers, helpers

from fargate_stacks.deploy.local import apis
from fargate_stacks.deploy.local.calls import Refused, json_call
from fargate_stacks.deploy.local.stacks import change_sets
from fargate_stacks.deploy.local.stacks.durations import CLOCK
from fargate_stacks.deploy.local.stacks.events import Record
from fargate_stacks.deploy.local.xml import Answer

Props = Mapping[str, Any]
_STACK: ContextVar[Record | None] = ContextVar("stack_under_drift_detection", default=None)


@dataclass(frozen=True)
class Reader:
    """How a resource of a type is read: a call, where the record is in its answer, and what is called otherwise."""

    service: str
    operation: str
    request: Callable[[str, Props], dict[str, Any]]
    path: str
    properties: str
    """The properties that are compared, by the record's member of the same name in any case."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Properties that the record calls otherwise."""
    more: Callable[[str, Props, Record], Record] = lambda physical_id, props, record: {}
    """What needs another look."""
    beside: str = ""
    """The properties that it gives."""

    def read(self, physical_id: str, props: Props) -> Record | None:
        """Give the properties as they are now, in the template's shape; None when the resource is gone."""
        try:
            request = self.request(physical_id, props)
            if self.service == "ecs":  # it answers in a thread, where there is nothing to wait for
                answer = json_call("Ecs", ecs._ACTION_MAP, self.operation, request)
            else:
                answer = apis.call_now(self.service, self.operation, **request)
        except Refused as error:
            if "NotFound" in error.code or error.code == "ClientException":
                return None
            raise
        record: Any = answer
        for part in self.path.split("."):
            record = (record or {}).get(part) if part else record
            if isinstance(record, list):
                record = record[0] if record else None
        if not record or record.get("status", record.get("State")) in ("INACTIVE", "deleted", "deleting"):
            return None
        if record.get("DeletedDate"):
            return None
        known = {key.lower(): value for key, value in record.items()}
        found = {
            name: known[self.renamed.get(name, name).lower()]
            for name in self.properties.split()
            if self.renamed.get(name, name).lower() in known
        }
        found |= self.more(physical_id, props, record)
        # tags of the stack count too, whether the template names any or not
        tags = {"Tags": _tags(found["Tags"])} if "Tags" in found else {}
        return {name: like(props[name], value) for name, value in found.items() if name in props} | tags

    @property
    def names(self) -> frozenset[str]:
        """Every property that is compared."""
        return frozenset(f"{self.properties} {self.beside}".split())


def like(expected: Any, actual: Any) -> Any:
    """Give what a service says in the shape of what a template says: its names, and no member that it does not set."""
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        known = {key.lower(): value for key, value in actual.items()}
        return {key: like(value, known[key.lower()]) for key, value in expected.items() if key.lower() in known}
    if isinstance(expected, list) and isinstance(actual, list):
        keys: Record = {}
        for one in expected:
            keys |= one if isinstance(one, Mapping) else {}
        return [like(keys, one) for one in actual] if keys else actual
    return int(actual) if isinstance(actual, float) and actual.is_integer() else actual


def _tags(told: list[Record]) -> list[Record]:
    return [{"Key": one.get("Key", one.get("key")), "Value": one.get("Value", one.get("value"))} for one in told]


def _set_only(expected: Any, actual: list[Record]) -> list[Record]:
    """Give those of a service's attributes that the template sets."""
    names = [one["Key"] for one in expected or ()]
    found = {one["Key"]: one["Value"] for one in actual}
    return [{"Key": name, "Value": found[name]} for name in names if name in found]


# --- what needs a second call


def _tags_of(arn: str) -> list[Record]:
    told = apis.call_now("elbv2", "DescribeTags", ResourceArns=[arn])["TagDescriptions"]
    return list(told[0]["Tags"]) if told else []


def _balancer(arn: str, props: Props, record: Record) -> Record:
    told = apis.call_now("elbv2", "DescribeLoadBalancerAttributes", LoadBalancerArn=arn)["Attributes"]
    subnets = [one["SubnetId"] for one in record["AvailabilityZones"]]
    attributes = _set_only(props.get("LoadBalancerAttributes"), told)
    return {"LoadBalancerAttributes": attributes, "Subnets": subnets, "Tags": _tags_of(arn)}


def _group(arn: str, props: Props, record: Record) -> Record:
    told = apis.call_now("elbv2", "DescribeTargetGroupAttributes", TargetGroupArn=arn)["Attributes"]
    return {"TargetGroupAttributes": _set_only(props.get("TargetGroupAttributes"), told), "Tags": _tags_of(arn)}


def _network(vpc: str, props: Props, record: Record) -> Record:
    found = {}
    for name in ("EnableDnsSupport", "EnableDnsHostnames"):
        attribute = name[:1].lower() + name[1:]
        told = apis.call_now("ec2", "DescribeVpcAttribute", VpcId=vpc, Attribute=attribute)
        found[name] = told[name]["Value"]
    return found


def _rules(group: str, props: Props, record: Record) -> Record:
    """Give the rules of a group, but for those that resources of the same stack attach to it."""
    stack = _STACK.get() or {}
    attached = {one["PhysicalResourceId"] for one in stack.get("_resources", {}).values()}
    told = apis.call_now("ec2", "DescribeSecurityGroupRules", Filters=[{"Name": "group-id", "Values": [group]}])
    sides: dict[bool, list[Record]] = {False: [], True: []}
    for one in told["SecurityGroupRules"]:
        if one["SecurityGroupRuleId"] not in attached:
            sides[bool(one["IsEgress"])].append(rule(one))
    return {"SecurityGroupIngress": sides[False], "SecurityGroupEgress": sides[True]}


def rule(told: Record) -> Record:
    """Give a rule of a security group as a template says it."""
    side = "Destination" if told["IsEgress"] else "Source"
    found = {
        "IpProtocol": told["IpProtocol"],
        "CidrIp": told.get("CidrIpv4"),
        "CidrIpv6": told.get("CidrIpv6"),
        "Description": told.get("Description") or None,
        f"{side}PrefixListId": told.get("PrefixListId"),
        f"{side}SecurityGroupId": (told.get("ReferencedGroupInfo") or {}).get("GroupId"),
    }
    if told["IpProtocol"] != "-1":
        found |= {"FromPort": told.get("FromPort"), "ToPort": told.get("ToPort")}
    return {key: value for key, value in found.items() if value is not None}


def _routed(physical_id: str, props: Props, record: Record) -> Record:
    target = props.get("DestinationCidrBlock")
    routes = [one for one in record["Routes"] if one.get("DestinationCidrBlock") == target]
    return dict(routes[0]) if routes else {}


def _ids(name: str) -> Callable[[str, Props], dict[str, Any]]:
    return lambda physical_id, props: {name: [physical_id]}


def _scaled(physical_id: str, props: Props) -> dict[str, Any]:
    resource, dimension, namespace = physical_id.split("|")
    return {"ServiceNamespace": namespace, "ResourceIds": [resource], "ScalableDimension": dimension}


READERS: dict[str, Reader] = {
    "AWS::ECS::Cluster": Reader(
        "ecs",
        "DescribeClusters",
        lambda physical_id, props: {"clusters": [physical_id], "include": ["SETTINGS", "CONFIGURATIONS", "TAGS"]},
        "clusters",
        "ClusterName ClusterSettings CapacityProviders DefaultCapacityProviderStrategy Configuration Tags",
        {"ClusterSettings": "settings"},
    ),
    "AWS::ECS::Service": Reader(
        "ecs",
        "DescribeServices",
        lambda physical_id, props: {
            "cluster": physical_id.split("/")[-2],
            "services": [physical_id],
            "include": ["TAGS"],
        },
        "services",
        "ServiceName DesiredCount TaskDefinition HealthCheckGracePeriodSeconds EnableExecuteCommand PropagateTags "
        "DeploymentConfiguration NetworkConfiguration LoadBalancers CapacityProviderStrategy LaunchType "
        "PlatformVersion AvailabilityZoneRebalancing EnableECSManagedTags ServiceRegistries Tags",
    ),
    "AWS::ECS::TaskDefinition": Reader(
        "ecs",
        "DescribeTaskDefinition",
        lambda physical_id, props: {"taskDefinition": physical_id},
        "taskDefinition",
        "Family Cpu Memory NetworkMode RequiresCompatibilities RuntimePlatform ExecutionRoleArn TaskRoleArn",
    ),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": Reader(
        "elbv2",
        "DescribeLoadBalancers",
        _ids("LoadBalancerArns"),
        "LoadBalancers",
        "Name Scheme Type IpAddressType SecurityGroups",
        {"Name": "LoadBalancerName"},
        _balancer,
        "LoadBalancerAttributes Subnets Tags",
    ),
    "AWS::ElasticLoadBalancingV2::TargetGroup": Reader(
        "elbv2",
        "DescribeTargetGroups",
        _ids("TargetGroupArns"),
        "TargetGroups",
        "Name Port Protocol ProtocolVersion VpcId TargetType HealthCheckPath HealthCheckPort HealthCheckProtocol "
        "HealthCheckEnabled HealthCheckIntervalSeconds HealthCheckTimeoutSeconds HealthyThresholdCount "
        "UnhealthyThresholdCount Matcher",
        {"Name": "TargetGroupName"},
        _group,
        "TargetGroupAttributes Tags",
    ),
    "AWS::ElasticLoadBalancingV2::Listener": Reader(
        "elbv2",
        "DescribeListeners",
        _ids("ListenerArns"),
        "Listeners",
        "Port Protocol SslPolicy Certificates DefaultActions LoadBalancerArn",
    ),
    "AWS::ElasticLoadBalancingV2::ListenerRule": Reader(
        "elbv2", "DescribeRules", _ids("RuleArns"), "Rules", "Priority Conditions Actions"
    ),
    "AWS::EC2::VPC": Reader(
        "ec2",
        "DescribeVpcs",
        _ids("VpcIds"),
        "Vpcs",
        "CidrBlock InstanceTenancy Tags",
        more=_network,
        beside="EnableDnsSupport EnableDnsHostnames",
    ),
    "AWS::EC2::Subnet": Reader(
        "ec2",
        "DescribeSubnets",
        _ids("SubnetIds"),
        "Subnets",
        "CidrBlock AvailabilityZone MapPublicIpOnLaunch VpcId Tags",
    ),
    "AWS::EC2::InternetGateway": Reader(
        "ec2", "DescribeInternetGateways", _ids("InternetGatewayIds"), "InternetGateways", "Tags"
    ),
    "AWS::EC2::RouteTable": Reader("ec2", "DescribeRouteTables", _ids("RouteTableIds"), "RouteTables", "VpcId Tags"),
    "AWS::EC2::Route": Reader(
        "ec2",
        "DescribeRouteTables",
        lambda physical_id, props: {"RouteTableIds": [props["RouteTableId"]]},
        "RouteTables",
        "RouteTableId",
        more=_routed,
        beside="DestinationCidrBlock GatewayId NatGatewayId",
    ),
    "AWS::EC2::EIP": Reader("ec2", "DescribeAddresses", _ids("PublicIps"), "Addresses", "Domain Tags"),
    "AWS::EC2::NatGateway": Reader(
        "ec2", "DescribeNatGateways", _ids("NatGatewayIds"), "NatGateways", "SubnetId ConnectivityType Tags"
    ),
    "AWS::EC2::VPCEndpoint": Reader(
        "ec2",
        "DescribeVpcEndpoints",
        _ids("VpcEndpointIds"),
        "VpcEndpoints",
        "VpcId ServiceName VpcEndpointType SubnetIds RouteTableIds PrivateDnsEnabled",
    ),
    "AWS::EC2::SecurityGroup": Reader(
        "ec2",
        "DescribeSecurityGroups",
        _ids("GroupIds"),
        "SecurityGroups",
        "GroupName GroupDescription VpcId Tags",
        {"GroupDescription": "Description"},
        _rules,
        "SecurityGroupIngress SecurityGroupEgress",
    ),
    **{
        f"AWS::EC2::SecurityGroup{way}": Reader(
            "ec2",
            "DescribeSecurityGroupRules",
            _ids("SecurityGroupRuleIds"),
            "SecurityGroupRules",
            "GroupId",
            more=lambda physical_id, props, record: rule(record),
            beside=f"IpProtocol CidrIp CidrIpv6 FromPort ToPort Description {side}SecurityGroupId {side}PrefixListId",
        )
        for way, side in (("Ingress", "Source"), ("Egress", "Destination"))
    },
    "AWS::ApplicationAutoScaling::ScalableTarget": Reader(
        "application-autoscaling",
        "DescribeScalableTargets",
        _scaled,
        "ScalableTargets",
        "MinCapacity MaxCapacity ResourceId ScalableDimension ServiceNamespace SuspendedState",
    ),
    "AWS::SecretsManager::Secret": Reader(
        "secretsmanager",
        "DescribeSecret",
        lambda physical_id, props: {"SecretId": physical_id},
        "",
        "Name Description KmsKeyId Tags",
    ),
    "AWS::CloudWatch::Alarm": Reader(
        "cloudwatch",
        "DescribeAlarms",
        _ids("AlarmNames"),
        "MetricAlarms",
        "AlarmName AlarmDescription MetricName Namespace Statistic ComparisonOperator Threshold Period "
        "EvaluationPeriods TreatMissingData ActionsEnabled",
    ),
}


def register() -> None:
    """Let these types be looked at too, and let a detection take its time."""
    for kind, reader in READERS.items():
        drift._DRIFT_READERS[kind] = (reader.read, reader.names)
    drift.detect_resource_drift = _of_its_stack(drift.detect_resource_drift)
    actions = handlers._ACTION_HANDLERS
    actions["DetectStackDrift"] = _in_a_while(actions["DetectStackDrift"])


def _of_its_stack(detect: Callable[..., Record]) -> Callable[..., Record]:
    def detected(stack: Record, logical_id: str, record: Record, timestamp: str) -> Record:
        token = _STACK.set(stack)
        try:
            return detect(stack, logical_id, record, timestamp)
        finally:
            _STACK.reset(token)

    return detected


def _in_a_while(detect: Callable[[Props], Answer]) -> Callable[[Props], Answer]:
    """Say DETECTION_IN_PROGRESS first."""

    def begun(params: Props) -> Answer:
        told = detect(params)
        if told[0] >= 400:
            return told
        stack = handlers._resolve_stack(helpers._p(params, "StackName"))
        detection: Record = list(stack["_drift_detections"].values())[-1]
        end = dict(detection)
        detection |= {"DetectionStatus": "DETECTION_IN_PROGRESS"}
        detection.pop("DriftedStackResourceCount", None)

        async def finish() -> None:
            await CLOCK.pass_(10)
            detection.update(end)

        change_sets.start(finish())
        return told

    return begun
