"""What the emulator keeps and does not tell, or is given and does not keep: put right around its own calls."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import ec2, rds, sns
from ministack.services.cloudformation import provisioners

from fargate_stacks.deploy.local import apis
from fargate_stacks.deploy.local.kept import serve
from fargate_stacks.deploy.local.shapes import input_of
from fargate_stacks.deploy.local.xml import answer_of_ec2

Record = dict[str, Any]
Props = Mapping[str, Any]


def register() -> None:
    """Put it around the calls and the handlers of resource types."""
    actions = ec2._ACTION_MAP
    for action, records, key, more in _TOLD:
        actions[action] = _with_more(action, actions[action], records, key, more)
    actions["DescribeInstanceAttribute"] = _with_user_data(actions["DescribeInstanceAttribute"])
    actions["DescribeAddresses"] = _by_address(actions["DescribeAddresses"])
    sns._get_subscription_attributes = _with_ends(sns._get_subscription_attributes)
    lambda_runtime.kill_workers = _closing(lambda_runtime.kill_workers)
    rds._instance_xml = _without_nothing(rds._instance_xml)
    # what botocore does not know is left out
    serve("acm", "acm", {})
    handlers = provisioners._RESOURCE_HANDLERS
    for kind, after in (("AWS::S3::Bucket", _lifecycle), ("AWS::DynamoDB::Table", _recovery)):
        for verb in ("create", "update"):
            handlers[kind][verb] = _then(handlers[kind][verb], after)
    handlers["AWS::ApiGatewayV2::Route"] = _by_own_id(handlers["AWS::ApiGatewayV2::Route"])


def _closing(kill: Callable[..., None]) -> Callable[..., None]:
    """Close the pipes to processes of functions that are ended, which the emulator leaves to the garbage."""

    def killed(workers: Iterable[Any]) -> None:
        ended = [one for one in workers if one is not None]
        processes = [one._proc for one in ended if one._proc is not None]
        kill(ended)
        for process in processes:
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()

    return killed


# --- EC2


def _with_more(
    action: str,
    described: Callable[..., Any],
    records: Callable[[Record], Iterable[Record]],
    key: str,
    more: Callable[[str], Record],
) -> Callable[..., Any]:
    """Write an answer anew, with what more is known of each record."""

    def describe(params: Any) -> Any:
        told = described(params)
        if told[0] >= 400:
            return told
        parsed = apis.parsed("ec2", action, told)
        for one in records(parsed):
            one.update(more(one[key]))
        return answer_of_ec2(action, parsed)

    return describe


_EVERYTHING = {"Statement": [{"Action": "*", "Effect": "Allow", "Principal": "*", "Resource": "*"}]}
"""The policy that an endpoint has where none is given; EC2 guide, "Control access to VPC endpoints"."""


def _endpoint(name: str) -> Record:
    record = ec2._vpc_endpoints[name]
    policy = record.get("PolicyDocument") or _EVERYTHING
    groups = [
        {"GroupId": one, "GroupName": ec2._security_groups.get(one, {}).get("GroupName", "")}
        for one in record.get("SecurityGroupIds") or ()
    ]
    return {
        "Groups": groups,
        "PolicyDocument": policy if isinstance(policy, str) else json.dumps(policy),
        "PrivateDnsEnabled": str(record.get("PrivateDnsEnabled", False)).lower() == "true",
    }


def _rule(name: str) -> Record:
    for group in ec2._security_groups.values():
        for way in ("IpPermissions", "IpPermissionsEgress"):
            for rule in group[way]:
                if rule.get("SecurityGroupRuleId") == name and rule.get("PrefixListIds"):
                    return {"PrefixListId": rule["PrefixListIds"][0]["PrefixListId"]}
    return {}


def _instance(name: str) -> Record:
    record = ec2._instances[name]
    kept = {one: record[one] for one in ("MetadataOptions", "EbsOptimized") if one in record}
    if "MetadataOptions" in kept:
        kept["MetadataOptions"] = input_of("ec2", "ModifyInstanceMetadataOptions")(kept["MetadataOptions"])
    return kept


_TOLD: tuple[tuple[str, Callable[[Record], Iterable[Record]], str, Callable[[str], Record]], ...] = (
    ("DescribeVpcEndpoints", lambda told: told["VpcEndpoints"], "VpcEndpointId", _endpoint),
    ("DescribeSecurityGroupRules", lambda told: told["SecurityGroupRules"], "SecurityGroupRuleId", _rule),
    (
        "DescribeInstances",
        lambda told: [one for place in told["Reservations"] for one in place["Instances"]],
        "InstanceId",
        _instance,
    ),
)


def _with_user_data(described: Callable[..., Any]) -> Callable[..., Any]:
    def describe(params: Any) -> Any:
        told = described(params)
        if told[0] >= 400 or ec2._p(params, "Attribute") != "userData":
            return told
        instance = ec2._p(params, "InstanceId")
        value = ec2._instances[instance].get("UserData")
        data = {"Value": value} if value else {}
        return answer_of_ec2("DescribeInstanceAttribute", {"InstanceId": instance, "UserData": data})

    return describe


def _by_address(described: Callable[..., Any]) -> Callable[..., Any]:
    def describe(params: Any) -> Any:
        wanted = ec2._parse_member_list(params, "PublicIp")
        told = described(params)
        if not wanted or told[0] >= 400:
            return told
        found = apis.parsed("ec2", "DescribeAddresses", told)["Addresses"]
        kept = [one for one in found if one["PublicIp"] in wanted]
        return answer_of_ec2("DescribeAddresses", {"Addresses": kept})

    return describe


# --- SNS, RDS, S3, DynamoDB, API Gateway


def _with_ends(told: Callable[..., Any]) -> Callable[..., Any]:
    """Tell between what a subscription is, too."""

    def get(params: Any) -> Any:
        arn = sns._p(params, "SubscriptionArn")
        topic = sns._sub_arn_to_topic.get(arn)
        found = sns._find_subscription(topic, arn) if topic else None
        if found is not None:
            ends = {"SubscriptionArn": arn, "TopicArn": topic, "Protocol": found["protocol"]}
            found["attributes"] |= {**ends, "Endpoint": found["endpoint"]}
        return told(params)

    return get


def _without_nothing(written: Callable[..., str]) -> Callable[..., str]:
    return lambda *given: written(*given).replace("<ReplicaMode></ReplicaMode>", "")


def _then(handler: Callable[..., Any], after: Callable[[str, Props], None]) -> Callable[..., Any]:
    """Do what the emulator's handler leaves out."""

    def done(*arguments: Any) -> Any:
        physical_id, attributes = handler(*arguments)
        # create(logical id, properties, stack), update(physical id, old, new, stack)
        after(physical_id, arguments[1] if len(arguments) == 3 else arguments[2])
        return physical_id, attributes

    return done


def _lifecycle(bucket: str, props: Props) -> None:
    rules = [_lifecycle_rule(one) for one in (props.get("LifecycleConfiguration") or {}).get("Rules", ())]
    if rules:
        configuration = {"Rules": rules}
        apis.call_now("s3", "PutBucketLifecycleConfiguration", Bucket=bucket, LifecycleConfiguration=configuration)
    else:
        apis.call_now("s3", "DeleteBucketLifecycle", Bucket=bucket)


def _lifecycle_rule(given: Props) -> Record:
    """Give a rule with the names of S3's API; CloudFormation has its own for some."""
    rule: Record = {"Status": given["Status"], "Filter": {"Prefix": given.get("Prefix", "")}}
    if "Id" in given:
        rule["ID"] = given["Id"]
    expiration = {
        name: given[key]
        for name, key in (
            ("Days", "ExpirationInDays"),
            ("Date", "ExpirationDate"),
            ("ExpiredObjectDeleteMarker", "ExpiredObjectDeleteMarker"),
        )
        if key in given
    }
    if expiration:
        rule["Expiration"] = {name: int(value) if name == "Days" else value for name, value in expiration.items()}
    if "AbortIncompleteMultipartUpload" in given:
        days = int(given["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"])
        rule["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": days}
    if "NoncurrentVersionExpiration" in given:
        old = given["NoncurrentVersionExpiration"]
        rule["NoncurrentVersionExpiration"] = {name: int(value) for name, value in old.items()}
    moved = [*given.get("Transitions", ()), *([given["Transition"]] if "Transition" in given else ())]
    if moved:
        rule["Transitions"] = [
            {"StorageClass": one["StorageClass"], "Days": int(one["TransitionInDays"])} for one in moved
        ]
    return rule


def _recovery(table: str, props: Props) -> None:
    given = props.get("PointInTimeRecoverySpecification") or {}
    wanted = str(given.get("PointInTimeRecoveryEnabled", False)).lower() == "true"
    specification = {"PointInTimeRecoveryEnabled": wanted}
    apis.call_now(
        "dynamodb", "UpdateContinuousBackups", TableName=table, PointInTimeRecoverySpecification=specification
    )


def _by_own_id(handler: Mapping[str, Any]) -> dict[str, Any]:
    """Let a route's id be what AWS gives: its own, without the API's before it."""

    def create(*arguments: Any) -> Any:
        physical_id, attributes = handler["create"](*arguments)
        return physical_id.rpartition("/")[2], attributes

    def update(physical_id: str, old: Props, new: Props, *rest: Any, **named: Any) -> Any:
        whole, attributes = handler["update"](f"{old['ApiId']}/{physical_id}", old, new, *rest, **named)
        return whole.rpartition("/")[2], attributes

    def delete(physical_id: str, props: Props) -> None:
        handler["delete"](f"{props['ApiId']}/{physical_id}", props)

    return {**handler, "create": create, "update": update, "delete": delete}
