"""How resources are read back by the calls of their services, with the names that templates have."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.localcloud import Cloud

Said = Mapping[str, Any]
Reader = Callable[[Cloud, str, Said], Any]


def of(service: str, operation: str, path: str, **request: str) -> Reader:
    """Read by a call whose arguments are `id`, `[id]`, or `=Property` of the template; `path` leads to the record."""

    def read(cloud: Cloud, physical_id: str, said: Said) -> Any:
        def value(text: str) -> Any:
            if text.startswith("["):
                return [value(text[1:-1])]
            if text.startswith("="):
                return said[text[1:]]
            return physical_id.split("|")[int(text[3:] or 0)] if text.startswith("id/") else physical_id

        found = getattr(cloud.api(service), operation)(**{name: value(text) for name, text in request.items()})
        for part in path.split("."):
            found = found if not part else found[int(part)] if part.isdigit() else found[part]
        return found

    return read


def many(*readers: Reader) -> Reader:
    def read(cloud: Cloud, physical_id: str, said: Said) -> Any:
        return {key: value for one in readers for key, value in one(cloud, physical_id, said).items()}

    return read


def among(service: str, operation: str, path: str, key: str, value: str = "id", **request: str) -> Reader:
    """Read by a list, of which one entry is meant."""
    listed = of(service, operation, path, **request)

    def read(cloud: Cloud, physical_id: str, said: Said) -> Any:
        wanted = said[value[1:]] if value.startswith("=") else physical_id
        return next(one for one in listed(cloud, physical_id, said) if one.get(key) == wanted)

    return read


def attributes(name: str, read: Reader) -> Reader:
    """Give a list of keys and values under the name that the template has."""
    return lambda cloud, physical_id, said: {name: read(cloud, physical_id, said)}


def renamed(read: Reader, **names: str) -> Reader:
    """Give a record with parts under the names of the template: `Template="api.path"`."""

    def renamed(cloud: Cloud, physical_id: str, said: Said) -> Any:
        told = read(cloud, physical_id, said)
        return {**told, **{name: at(told, path) for name, path in names.items() if at(told, path) is not None}}

    return renamed


def at(told: Any, path: str) -> Any:
    for part in path.split("."):
        if part == "*":
            return [at(one, path.partition("*.")[2]) for one in told]
        told = told[int(part)] if part.isdigit() and isinstance(told, list) else (told or {}).get(part)
        if told is None:
            return None
    return told


def rule(cloud: Cloud, physical_id: str, said: Said) -> Any:
    rules = cloud.api("ec2").describe_security_group_rules(SecurityGroupRuleIds=[physical_id])["SecurityGroupRules"]
    return flat(rules[0])


def rules(cloud: Cloud, physical_id: str, said: Said) -> Any:
    of = [{"Name": "group-id", "Values": [physical_id]}]
    rules = cloud.api("ec2").describe_security_group_rules(Filters=of)["SecurityGroupRules"]
    return {
        f"SecurityGroup{way}": [flat(one) for one in rules if one["IsEgress"] is (way == "Egress")]
        for way in ("Ingress", "Egress")
    }


def flat(told: Mapping[str, Any]) -> dict[str, Any]:
    """Give a rule with the names of a template."""
    other = told.get("ReferencedGroupInfo", {}).get("GroupId")
    return {
        **told,
        "CidrIp": told.get("CidrIpv4"),
        "SourceSecurityGroupId": other,
        "DestinationSecurityGroupId": other,
        "SourcePrefixListId": told.get("PrefixListId"),
    }


def route(cloud: Cloud, physical_id: str, said: Said) -> Any:
    tables = cloud.api("ec2").describe_route_tables(RouteTableIds=[said["RouteTableId"]])["RouteTables"]
    ends = ("DestinationCidrBlock", "DestinationIpv6CidrBlock")
    [route] = [one for one in tables[0]["Routes"] if all(one.get(end) == said.get(end) for end in ends)]
    return {**route, "RouteTableId": tables[0]["RouteTableId"]}


def policy_of(service: str, operation: str, path: str, **request: str) -> Reader:
    read = of(service, operation, path, **request)
    return lambda cloud, physical_id, said: {**said, "PolicyDocument": json.loads(read(cloud, physical_id, said))}


def vpc(cloud: Cloud, physical_id: str, said: Said) -> Any:
    ec2 = cloud.api("ec2")
    told = dict(ec2.describe_vpcs(VpcIds=[physical_id])["Vpcs"][0])
    for name in ("EnableDnsHostnames", "EnableDnsSupport"):
        attribute = name[0].lower() + name[1:]
        told[name] = ec2.describe_vpc_attribute(VpcId=physical_id, Attribute=attribute)[name]["Value"]
    return told


def service(cloud: Cloud, physical_id: str, said: Said) -> Any:
    ecs = cloud.api("ecs")
    told = ecs.describe_services(cluster=said["Cluster"], services=[physical_id])["services"][0]
    now = told["deployments"][0]
    parts = ("serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations")
    return {**told, "cluster": said["Cluster"], **{name: now[name] for name in parts if name in now}}


def cluster(cloud: Cloud, physical_id: str, said: Said) -> Any:
    include = ["SETTINGS", "CONFIGURATIONS"]
    told = cloud.api("ecs").describe_clusters(clusters=[physical_id], include=include)["clusters"][0]
    return {**told, "ClusterSettings": told["settings"]}


def express(cloud: Cloud, physical_id: str, said: Said) -> Any:
    told = cloud.api("ecs").describe_express_gateway_service(serviceArn=physical_id)["service"]
    return {**told["activeConfigurations"][0], **told, "Cluster": told["cluster"].rpartition("/")[2]}


def target(cloud: Cloud, physical_id: str, said: Said) -> Any:
    api = cloud.api("application-autoscaling")
    ids = {"ServiceNamespace": "ecs", "ResourceIds": [said["ResourceId"]]}
    told = api.describe_scalable_targets(**ids)["ScalableTargets"][0]
    actions = api.describe_scheduled_actions(ServiceNamespace="ecs", ResourceId=said["ResourceId"])["ScheduledActions"]
    order = [one["ScheduledActionName"] for one in said.get("ScheduledActions", ())]
    return {**told, "ScheduledActions": sorted(actions, key=lambda one: order.index(one["ScheduledActionName"]))}


def bucket(cloud: Cloud, physical_id: str, said: Said) -> Any:
    s3 = cloud.api("s3")
    name = {"Bucket": physical_id}
    told: dict[str, Any] = {}
    if "BucketEncryption" in said:
        rules = s3.get_bucket_encryption(**name)["ServerSideEncryptionConfiguration"]["Rules"]
        defaults = [{"ServerSideEncryptionByDefault": one["ApplyServerSideEncryptionByDefault"]} for one in rules]
        told["BucketEncryption"] = {"ServerSideEncryptionConfiguration": defaults}
    if "PublicAccessBlockConfiguration" in said:
        told |= s3.get_public_access_block(**name)
    if "VersioningConfiguration" in said:
        told["VersioningConfiguration"] = s3.get_bucket_versioning(**name)
    if "OwnershipControls" in said:
        told |= s3.get_bucket_ownership_controls(**name)
    if "NotificationConfiguration" in said:
        answer = s3.get_bucket_notification_configuration(**name)
        told["NotificationConfiguration"] = {
            # EventBridge is on where it is told of at all
            key: {"EventBridgeEnabled": True}
            for key in said["NotificationConfiguration"]
            if key in answer
        }
    if "LifecycleConfiguration" in said:
        told["LifecycleConfiguration"] = {"Rules": lifecycle(s3.get_bucket_lifecycle_configuration(**name)["Rules"])}
    return told


def lifecycle(rules: Any) -> list[dict[str, Any]]:
    """Give the rules of a lifecycle with the names of a template."""
    found = []
    for one in rules:
        rule = {**one, "Id": one.get("ID")}
        if "Expiration" in one:
            rule["ExpirationInDays"] = one["Expiration"].get("Days")
        rule["Prefix"] = one.get("Filter", {}).get("Prefix", one.get("Prefix", ""))
        found.append(rule)
    return found


def queue(cloud: Cloud, physical_id: str, said: Said) -> Any:
    told = cloud.api("sqs").get_queue_attributes(QueueUrl=physical_id, AttributeNames=["All"])["Attributes"]
    return {key: json.loads(value) if value.startswith("{") else value for key, value in told.items()}


def parsed(read: Reader, *names: str) -> Reader:
    def parsed(cloud: Cloud, physical_id: str, said: Said) -> Any:
        told = read(cloud, physical_id, said)
        return {**told, **{name: json.loads(told[name]) for name in names if isinstance(told.get(name), str)}}

    return parsed


def managed_policy(cloud: Cloud, physical_id: str, said: Said) -> Any:
    iam = cloud.api("iam")
    told = iam.get_policy(PolicyArn=physical_id)["Policy"]
    version = iam.get_policy_version(PolicyArn=physical_id, VersionId=told["DefaultVersionId"])["PolicyVersion"]
    return {**told, "PolicyDocument": version["Document"]}


def role(cloud: Cloud, physical_id: str, said: Said) -> Any:
    iam = cloud.api("iam")
    attached = iam.list_attached_role_policies(RoleName=physical_id)["AttachedPolicies"]
    told = iam.get_role(RoleName=physical_id)["Role"]
    return {**told, "ManagedPolicyArns": [one["PolicyArn"] for one in attached]}


def acl(cloud: Cloud, physical_id: str, said: Said) -> Any:
    name, identifier, scope = physical_id.split("|")
    return {**cloud.api("wafv2").get_web_acl(Name=name, Id=identifier, Scope=scope)["WebACL"], "Scope": scope}


def lattice(noun: str, name: str) -> Reader:
    def read(cloud: Cloud, physical_id: str, said: Said) -> Any:
        above = {
            key: said[key[0].upper() + key[1:]]
            for key, part in (("serviceIdentifier", "/listener/"), ("listenerIdentifier", "/rule/"))
            if part in physical_id
        }
        told = getattr(cloud.api("vpc-lattice"), f"get_{noun}")(**{f"{name}Identifier": physical_id}, **above)
        ends = {
            "ServiceIdentifier": told.get("serviceArn"),
            "ServiceNetworkIdentifier": told.get("serviceNetworkArn"),
            "VpcIdentifier": told.get("vpcId"),
        }
        if noun == "rule":
            # by the names that found it
            ends |= {one: said[one] for one in ("ServiceIdentifier", "ListenerIdentifier")}
        return {**told, **{key: value for key, value in ends.items() if value is not None}}

    return read


def attachment(cloud: Cloud, physical_id: str, said: Said) -> Any:
    """What an attachment does is that the secret has the address of the database."""
    secret = json.loads(cloud.api("secretsmanager").get_secret_value(SecretId=said["SecretId"])["SecretString"])
    [cluster] = cloud.api("rds").describe_db_clusters(DBClusterIdentifier=said["TargetId"])["DBClusters"]
    same = (secret.get("host"), str(secret.get("port"))) == (cluster["Endpoint"], str(cluster["Port"]))
    return said if same else {}


def distribution(cloud: Cloud, physical_id: str, said: Said) -> Any:
    told = cloud.api("cloudfront").get_distribution(Id=physical_id)["Distribution"]["DistributionConfig"]
    behavior = told["DefaultCacheBehavior"]
    more = {"CachedMethods": behavior["AllowedMethods"]["CachedMethods"]}
    config = {**told, "IPV6Enabled": told["IsIPV6Enabled"], "DefaultCacheBehavior": {**behavior, **more}}
    return {"DistributionConfig": config}


def scaling_policy(cloud: Cloud, physical_id: str, said: Said) -> Any:
    api = cloud.api("application-autoscaling")
    listed = api.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    told = next(one for one in listed if one["PolicyARN"] == physical_id)
    names = ("ResourceId", "ScalableDimension", "ServiceNamespace")
    return {**told, "ScalingTargetId": "|".join(told[name] for name in names)}


def instance(cloud: Cloud, physical_id: str, said: Said) -> Any:
    ec2 = cloud.api("ec2")
    told = ec2.describe_instances(InstanceIds=[physical_id])["Reservations"][0]["Instances"][0]
    data = ec2.describe_instance_attribute(InstanceId=physical_id, Attribute="userData")["UserData"]
    interface = {
        "DeviceIndex": "0",
        "SubnetId": told["SubnetId"],
        "GroupSet": [one["GroupId"] for one in told["SecurityGroups"]],
        "AssociatePublicIpAddress": bool(told.get("PublicIpAddress")),
    }
    ids = [one["Ebs"]["VolumeId"] for one in told["BlockDeviceMappings"]]
    volumes = [
        {"DeviceName": one["Attachments"][0]["Device"], "Ebs": {**one, **one["Attachments"][0]}}
        for one in ec2.describe_volumes(VolumeIds=ids)["Volumes"]
    ]
    more = {"UserData": data.get("Value"), "NetworkInterfaces": [interface], "BlockDeviceMappings": volumes}
    return {**told, **more}


def endpoint(cloud: Cloud, physical_id: str, said: Said) -> Any:
    told = cloud.api("ec2").describe_vpc_endpoints(VpcEndpointIds=[physical_id])["VpcEndpoints"][0]
    groups = [one["GroupId"] for one in told.get("Groups", ())]
    return {**told, "SecurityGroupIds": groups, "PolicyDocument": json.loads(told.get("PolicyDocument") or "{}")}


def function(cloud: Cloud, physical_id: str, said: Said) -> Any:
    return cloud.api("lambda").get_function(FunctionName=physical_id)["Configuration"]


def certificates(cloud: Cloud, physical_id: str, said: Said) -> Any:
    answer = cloud.api("elbv2").describe_listener_certificates(ListenerArn=said["ListenerArn"])["Certificates"]
    more = [{"CertificateArn": one["CertificateArn"]} for one in answer if not one["IsDefault"]]
    return {"ListenerArn": said["ListenerArn"], "Certificates": more}
