"""How networks, roles, logs, alarms, secrets and names are read back through their services' own calls."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.localcloud import Cloud

Compared = Iterator[tuple[str, Any, Any]]
Reader = Callable[[Cloud, str, dict[str, Any]], Compared]


def described(service: str, call: str, ids: str, answer: str, *keys: str) -> Reader:
    """Give a reader of what one call describes by its id: these properties, and the tags."""

    def read(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
        live = getattr(cloud.api(service), call)(**{ids: [physical]})[answer][0]
        for key in keys:
            if key in wanted:
                yield key, wanted[key], live.get(key)
        yield from tags(wanted, live.get("Tags", ()))

    return read


def tags(wanted: Mapping[str, Any], live: Any) -> Compared:
    """Hold the tags that a template names against those of a service; it may have more."""
    found = {one.get("Key", one.get("key")): one.get("Value", one.get("value")) for one in live}
    said = wanted.get("Tags") or ()
    pairs = said.items() if isinstance(said, Mapping) else [(one["Key"], one["Value"]) for one in said]
    for key, value in pairs:
        yield f"tag {key}", value, found.get(key)


def _vpc(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    ec2 = cloud.api("ec2")
    yield from described("ec2", "describe_vpcs", "VpcIds", "Vpcs", "CidrBlock")(cloud, physical, wanted)
    for key in ("EnableDnsSupport", "EnableDnsHostnames"):
        if key in wanted:
            attribute = key[:1].lower() + key[1:]
            told = ec2.describe_vpc_attribute(VpcId=physical, Attribute=attribute)[key]["Value"]
            yield key, str(wanted[key]).lower(), str(told).lower()


def _attachment(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    found = cloud.api("ec2").describe_internet_gateways(InternetGatewayIds=[wanted["InternetGatewayId"]])
    [gateway] = found["InternetGateways"]
    yield "VpcId", [wanted["VpcId"]], [one["VpcId"] for one in gateway["Attachments"]]


def _address(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    [live] = cloud.api("ec2").describe_addresses(PublicIps=[physical])["Addresses"]
    yield "Domain", wanted.get("Domain", "vpc"), live["Domain"]
    yield "InstanceId", wanted.get("InstanceId"), live.get("InstanceId")
    yield from tags(wanted, live.get("Tags", ()))


def _instance(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    [reserved] = cloud.api("ec2").describe_instances(InstanceIds=[physical])["Reservations"]
    [live] = reserved["Instances"]
    yield "State", "running", live["State"]["Name"]
    yield "InstanceType", wanted["InstanceType"], live["InstanceType"]
    yield "SourceDestCheck", str(wanted["SourceDestCheck"]).lower(), str(live["SourceDestCheck"]).lower()
    yield "SubnetId", wanted["NetworkInterfaces"][0]["SubnetId"], live["SubnetId"]
    yield from tags(wanted, live.get("Tags", ()))


def _subnet(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    keys = ("VpcId", "CidrBlock", "AvailabilityZone")
    yield from described("ec2", "describe_subnets", "SubnetIds", "Subnets", *keys)(cloud, physical, wanted)
    [live] = cloud.api("ec2").describe_subnets(SubnetIds=[physical])["Subnets"]
    yield "IPv6 blocks", "Ipv6CidrBlock" in wanted, bool(live.get("Ipv6CidrBlockAssociationSet"))


def _nat(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    [live] = cloud.api("ec2").describe_nat_gateways(NatGatewayIds=[physical])["NatGateways"]
    yield "State", "available", live["State"]
    yield "SubnetId", wanted["SubnetId"], live["SubnetId"]
    if "AllocationId" in wanted:
        yield "AllocationId", wanted["AllocationId"], live["NatGatewayAddresses"][0]["AllocationId"]
    yield from tags(wanted, live.get("Tags", ()))


def _rule(told: Mapping[str, Any]) -> dict[str, Any]:
    side = "Destination" if told["IsEgress"] else "Source"
    found = {
        "IpProtocol": told["IpProtocol"],
        "FromPort": told.get("FromPort"),
        "ToPort": told.get("ToPort"),
        "CidrIp": told.get("CidrIpv4"),
        "CidrIpv6": told.get("CidrIpv6"),
        "Description": told.get("Description"),
        f"{side}SecurityGroupId": told.get("ReferencedGroupInfo", {}).get("GroupId"),
        f"{side}PrefixListId": told.get("PrefixListId"),
    }
    return {key: value for key, value in found.items() if value is not None}


def _group(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    ec2 = cloud.api("ec2")
    [live] = ec2.describe_security_groups(GroupIds=[physical])["SecurityGroups"]
    yield "GroupDescription", wanted["GroupDescription"], live["Description"]
    yield "VpcId", wanted["VpcId"], live["VpcId"]
    yield from tags(wanted, live.get("Tags", ()))
    told = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [physical]}])
    rules = [_rule(one) for one in told["SecurityGroupRules"]]
    for key in ("SecurityGroupIngress", "SecurityGroupEgress"):
        for said in wanted.get(key, ()):
            yield (
                key,
                [said],
                [one for one in rules if all(_alike(value, one.get(name)) for name, value in said.items())],
            )


def _alike(said: Any, live: Any) -> bool:
    return said == live or str(said) == str(live) or repr(said) == "(anything)"


def _single_rule(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    [told] = cloud.api("ec2").describe_security_group_rules(SecurityGroupRuleIds=[physical])["SecurityGroupRules"]
    live = {"GroupId": told["GroupId"], **_rule(told)}
    for key in wanted.keys() - {"Tags"}:
        yield key, wanted[key], live.get(key)


def _endpoint(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    [live] = cloud.api("ec2").describe_vpc_endpoints(VpcEndpointIds=[physical])["VpcEndpoints"]
    for key in ("VpcId", "ServiceName", "VpcEndpointType", "RouteTableIds", "SubnetIds"):
        if key in wanted:
            yield key, wanted[key], live.get(key)


def _flow_log(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    [live] = cloud.api("ec2").describe_flow_logs(FlowLogIds=[physical])["FlowLogs"]
    for key in ("ResourceId", "TrafficType", "LogDestinationType", "LogGroupName", "DeliverLogsPermissionArn",
                "LogDestination", "MaxAggregationInterval"):  # fmt: skip
        if key in wanted:
            yield key, wanted[key], live.get(key)


def _cluster(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    told = cloud.api("ecs").describe_clusters(clusters=[physical], include=["SETTINGS", "TAGS", "CONFIGURATIONS"])
    [live] = told["clusters"]
    yield "status", "ACTIVE", live["status"]
    for said in wanted.get("ClusterSettings", ()):
        yield (
            "ClusterSettings",
            {"name": said["Name"], "value": said["Value"]},
            next((one for one in live["settings"] if one["name"] == said["Name"]), None),
        )
    session = wanted.get("Configuration", {}).get("ExecuteCommandConfiguration", {})
    told_session = live.get("configuration", {}).get("executeCommandConfiguration", {})
    for key in ("KmsKeyId", "Logging"):
        yield key, session.get(key), told_session.get(key[:1].lower() + key[1:])
    storage = wanted.get("Configuration", {}).get("ManagedStorageConfiguration", {})
    told_storage = live.get("configuration", {}).get("managedStorageConfiguration", {})
    key = "FargateEphemeralStorageKmsKeyId"
    yield key, storage.get(key), told_storage.get("fargateEphemeralStorageKmsKeyId")
    namespace = wanted.get("ServiceConnectDefaults", {}).get("Namespace")
    yield "ServiceConnectDefaults", namespace, live.get("serviceConnectDefaults", {}).get("namespace")
    if "DefaultCapacityProviderStrategy" in wanted:  # else it is that of ClusterCapacityProviderAssociations
        said_strategy = [one["CapacityProvider"] for one in wanted["DefaultCapacityProviderStrategy"]]
        told_strategy = [one["capacityProvider"] for one in live.get("defaultCapacityProviderStrategy", ())]
        yield "DefaultCapacityProviderStrategy", said_strategy, told_strategy
    yield from tags(wanted, live.get("tags", ()))


def _providers(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    [live] = cloud.api("ecs").describe_clusters(clusters=[wanted["Cluster"]])["clusters"]
    yield "CapacityProviders", wanted["CapacityProviders"], live["capacityProviders"]
    yield (
        "DefaultCapacityProviderStrategy",
        [one["CapacityProvider"] for one in wanted["DefaultCapacityProviderStrategy"]],
        [one["capacityProvider"] for one in live["defaultCapacityProviderStrategy"]],
    )


def _log_group(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    found = cloud.api("logs").describe_log_groups(logGroupNamePrefix=physical)["logGroups"]
    live = next(one for one in found if one["logGroupName"] == physical)
    if "RetentionInDays" in wanted:
        yield "RetentionInDays", wanted["RetentionInDays"], live.get("retentionInDays")


def _role(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    iam = cloud.api("iam")
    live = iam.get_role(RoleName=physical)["Role"]
    yield "AssumeRolePolicyDocument", wanted["AssumeRolePolicyDocument"], live["AssumeRolePolicyDocument"]
    yield "Path", wanted.get("Path", "/"), live["Path"]
    boundary = live.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    yield "PermissionsBoundary", wanted.get("PermissionsBoundary"), boundary
    attached = iam.list_attached_role_policies(RoleName=physical)["AttachedPolicies"]
    if "ManagedPolicyArns" in wanted:
        yield "ManagedPolicyArns", wanted["ManagedPolicyArns"], [one["PolicyArn"] for one in attached]
    for policy in wanted.get("Policies", ()):
        told = iam.get_role_policy(RoleName=physical, PolicyName=policy["PolicyName"])
        yield f"policy {policy['PolicyName']}", policy["PolicyDocument"], told["PolicyDocument"]
    yield from tags(wanted, live.get("Tags", ()))


def _policy(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    iam = cloud.api("iam")
    live = iam.get_policy(PolicyArn=physical)["Policy"]
    version = iam.get_policy_version(PolicyArn=physical, VersionId=live["DefaultVersionId"])["PolicyVersion"]
    document = version["Document"]
    yield "PolicyDocument", wanted["PolicyDocument"], json.loads(document) if isinstance(document, str) else document


def _alarm(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    found = cloud.api("cloudwatch").describe_alarms(AlarmNames=[physical])["MetricAlarms"]
    live: dict[str, Any] = found[0] if found else {}
    for key in ("MetricName", "Namespace", "Statistic", "ComparisonOperator", "Period", "EvaluationPeriods",
                "TreatMissingData", "AlarmActions", "AlarmDescription", "Dimensions", "DatapointsToAlarm"):  # fmt: skip
        if key in wanted:
            yield key, wanted[key], live.get(key)
    if "Threshold" in wanted:
        yield "Threshold", float(wanted["Threshold"]), live.get("Threshold")


def _composite(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    found = cloud.api("cloudwatch").describe_alarms(AlarmNames=[physical], AlarmTypes=["CompositeAlarm"])
    [live] = found["CompositeAlarms"]
    for key in ("AlarmRule", "AlarmActions", "AlarmDescription"):
        if key in wanted:
            yield key, wanted[key], live.get(key)


def _secret(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    api = cloud.api("secretsmanager")
    live = api.describe_secret(SecretId=physical)
    if "Description" in wanted:
        yield "Description", wanted["Description"], live.get("Description")
    made = wanted.get("GenerateSecretString", {}).get("GenerateStringKey")
    if made:
        told = json.loads(api.get_secret_value(SecretId=physical)["SecretString"])
        length = wanted["GenerateSecretString"].get("PasswordLength", 32)
        yield made, int(length), len(told[made])
    yield from tags(wanted, live.get("Tags", ()))


def _parameter(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    live = cloud.api("ssm").get_parameter(Name=physical)["Parameter"]
    for key in ("Type", "Value"):
        yield key, wanted[key], live[key]


def _topic(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    live = cloud.api("sns").get_topic_attributes(TopicArn=physical)["Attributes"]
    if "DisplayName" in wanted:
        yield "DisplayName", wanted["DisplayName"], live["DisplayName"]


def _namespace(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    live = cloud.api("servicediscovery").get_namespace(Id=physical)["Namespace"]
    yield "Name", wanted["Name"], live["Name"]


def _discovery(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    live = cloud.api("servicediscovery").get_service(Id=physical)["Service"]
    if "Name" in wanted:
        yield "Name", wanted["Name"], live["Name"]
    for key in ("DnsConfig", "HealthCheckCustomConfig"):
        if key in wanted:
            yield key, wanted[key], live.get(key)


READERS: dict[str, Reader] = {
    "AWS::EC2::VPC": _vpc,
    "AWS::EC2::Subnet": _subnet,
    "AWS::EC2::Instance": _instance,
    "AWS::EC2::InternetGateway": described(
        "ec2", "describe_internet_gateways", "InternetGatewayIds", "InternetGateways"
    ),
    "AWS::EC2::VPCGatewayAttachment": _attachment,
    "AWS::EC2::RouteTable": described("ec2", "describe_route_tables", "RouteTableIds", "RouteTables", "VpcId"),
    "AWS::EC2::EIP": _address,
    "AWS::EC2::NatGateway": _nat,
    "AWS::EC2::SecurityGroup": _group,
    "AWS::EC2::SecurityGroupIngress": _single_rule,
    "AWS::EC2::SecurityGroupEgress": _single_rule,
    "AWS::EC2::VPCEndpoint": _endpoint,
    "AWS::EC2::FlowLog": _flow_log,
    "AWS::ECS::Cluster": _cluster,
    "AWS::ECS::ClusterCapacityProviderAssociations": _providers,
    "AWS::Logs::LogGroup": _log_group,
    "AWS::IAM::Role": _role,
    "AWS::IAM::ManagedPolicy": _policy,
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::CloudWatch::CompositeAlarm": _composite,
    "AWS::SecretsManager::Secret": _secret,
    "AWS::SSM::Parameter": _parameter,
    "AWS::SNS::Topic": _topic,
    "AWS::ServiceDiscovery::PrivateDnsNamespace": _namespace,
    "AWS::ServiceDiscovery::Service": _discovery,
}
