"""What a change makes public or lets somebody do, and what data it loses: both need their own approval."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fargate_stacks.deploy.plan import Change, Risk
from fargate_stacks.deploy.protection import removal

_DATA = {
    "AWS::Logs::LogGroup": "logs",
    "AWS::S3::Bucket": "objects",
    "AWS::EFS::FileSystem": "files",
    "AWS::DynamoDB::Table": "items",
    "AWS::DynamoDB::GlobalTable": "items",
    "AWS::RDS::DBCluster": "the database",
    "AWS::RDS::DBInstance": "the database",
    "AWS::RDS::GlobalCluster": "the database",
    "AWS::DocDB::DBCluster": "the database",
    "AWS::Neptune::DBCluster": "the database",
    "AWS::DSQL::Cluster": "the database",
    "AWS::MemoryDB::Cluster": "the database",
    "AWS::OpenSearchService::Domain": "the index",
    "AWS::ECR::Repository": "images",
    "AWS::SecretsManager::Secret": "the secret",
    "AWS::KMS::Key": "whatever it encrypts",
    "AWS::Kinesis::Stream": "records",
    "AWS::Cognito::UserPool": "the users",
    "AWS::EC2::Volume": "the volume",
    "AWS::Backup::BackupVault": "backups",
}
"""By type, what is lost with a resource."""

_DOCUMENTS = {
    "AWS::IAM::Role": ("AssumeRolePolicyDocument",),
    "AWS::IAM::ManagedPolicy": ("PolicyDocument",),
    "AWS::IAM::Policy": ("PolicyDocument",),
    "AWS::IAM::RolePolicy": ("PolicyDocument",),
    "AWS::IAM::UserPolicy": ("PolicyDocument",),
    "AWS::IAM::GroupPolicy": ("PolicyDocument",),
    "AWS::S3::BucketPolicy": ("PolicyDocument",),
    "AWS::SQS::QueuePolicy": ("PolicyDocument",),
    "AWS::SNS::TopicPolicy": ("PolicyDocument",),
    "AWS::KMS::Key": ("KeyPolicy",),
    "AWS::SecretsManager::ResourcePolicy": ("ResourcePolicy",),
    "AWS::ECR::Repository": ("RepositoryPolicyText",),
    "AWS::EFS::FileSystem": ("FileSystemPolicy",),
    "AWS::EC2::VPCEndpoint": ("PolicyDocument",),
    "AWS::Logs::ResourcePolicy": ("PolicyDocument",),
    "AWS::Logs::LogGroup": ("ResourcePolicyDocument",),
    "AWS::Events::EventBusPolicy": ("Statement",),
}
"""By type, the properties that hold a policy."""
_ATTACHED = {
    "AWS::IAM::Role": ("ManagedPolicyArns",),
    "AWS::IAM::User": ("ManagedPolicyArns", "Groups"),
    "AWS::IAM::Group": ("ManagedPolicyArns",),
    "AWS::IAM::ManagedPolicy": ("Roles", "Users", "Groups"),
    "AWS::IAM::Policy": ("Roles", "Users", "Groups"),
}
_LISTED = 6
"""Actions of a statement that a line names; the plan has them all."""
_ANYWHERE = ("0.0.0.0/0", "::/0")


def risks(
    changes: Iterable[Change], old: Mapping[str, Any], new: Mapping[str, Any], *, creates: bool = False
) -> tuple[Risk, ...]:
    """Give what the changes from one template's resources to another's broaden or lose."""
    before = {} if creates else old
    found: list[Risk] = []
    for change in changes:
        key = change.logical_id
        if change.action == "Remove" or change.replacement != "no":
            found += _loss(change, before.get(key, {}), new.get(key, {}))
        if change.action in ("Add", "Modify", "Import", "Dynamic"):
            found += [Risk("broadening", key, text) for text in _broadening(before.get(key, {}), new.get(key, {}))]
    return tuple(dict.fromkeys(found))


def lost(template: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the logical ids whose data goes when their stack is deleted."""
    resources = template.get("Resources", {})
    return tuple(key for key, one in resources.items() if one.get("Type") in _DATA and removal(one) == "Delete")


def _loss(change: Change, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Risk]:
    what = _DATA.get(change.type)
    if what is None:
        return
    policy = change.policy
    if change.action == "Remove":
        if (policy or removal(old)) == "Delete":
            yield Risk("data-loss", change.logical_id, f"it is removed, and {what} with it")
    elif not policy.endswith(("Retain", "Snapshot")) and new.get("UpdateReplacePolicy", "Delete") == "Delete":
        word = "is" if change.replacement == "yes" else "may be"
        yield Risk("data-loss", change.logical_id, f"it {word} replaced, and {what} lost with the old one")


def _broadening(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    kind = new.get("Type", "")
    before, after = old.get("Properties") or {}, new.get("Properties") or {}
    for name in _DOCUMENTS.get(kind, ()):
        yield from _wider(_statements(before.get(name)), _statements(after.get(name)), kind)
    if kind.startswith("AWS::IAM::"):
        yield from _wider(_inline(before), _inline(after), kind)
        if "PermissionsBoundary" in before and after.get("PermissionsBoundary") != before["PermissionsBoundary"]:
            yield "its permissions boundary changes or goes"
    for name in _ATTACHED.get(kind, ()):
        for one in _list(after.get(name)):
            if one not in _list(before.get(name)):
                yield f"{name}: {_text(one)} is attached"
    if kind in ("AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress"):
        for rule in _open(kind, after):
            if rule not in list(_open(kind, before)):
                yield f"{_ports(rule)} is opened to everybody"
    if kind == "AWS::ElasticLoadBalancingV2::LoadBalancer" and _public(after) and not (before and _public(before)):
        yield "the load balancer is reachable from the internet"
    if kind == "AWS::Lambda::Permission" and before != after:
        yield f"{_text(after.get('Principal'))} may invoke {_text(after.get('FunctionName'))}"
    if after.get("PubliclyAccessible") in (True, "true") and before.get("PubliclyAccessible") not in (True, "true"):
        yield "it gets a public address"
    block = "PublicAccessBlockConfiguration"
    if kind == "AWS::S3::Bucket" and block in before and before[block] != after.get(block):
        yield "its block of public access changes or goes"


def _statements(document: Any) -> list[dict[str, Any]]:
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except ValueError:
            return [{"Effect": "Allow", "Text": document}]
    if isinstance(document, dict) and "Statement" not in document and "Effect" not in document:
        # an intrinsic that makes the document: only its text can be compared
        return [{"Effect": "Allow", "Text": json.dumps(document)}] if document else []
    statements = document.get("Statement", document) if isinstance(document, dict) else document
    return [one for one in _list(statements) if isinstance(one, dict)]


def _inline(properties: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        statement
        for policy in _list(properties.get("Policies"))
        if isinstance(policy, dict)
        for statement in _statements(policy.get("PolicyDocument"))
    ]


def _wider(old: list[dict[str, Any]], new: list[dict[str, Any]], kind: str) -> Iterator[str]:
    for one in new:
        if one.get("Effect", "Allow") == "Allow" and not any(_covers(other, one) for other in old):
            yield _told(one)
    for one in old:
        if one.get("Effect") == "Deny" and one not in new and new:
            yield f"a denial goes: {_told(one)}"


def _covers(wide: Mapping[str, Any], narrow: Mapping[str, Any]) -> bool:
    """Tell whether one statement allows all that another does, as far as text shows it."""
    lists = ("Action", "Resource")
    rest = [{key: value for key, value in one.items() if key not in (*lists, "Sid")} for one in (wide, narrow)]
    return rest[0] == rest[1] and all(
        "*" in _list(wide.get(name)) or all(one in _list(wide.get(name)) for one in _list(narrow.get(name)))
        for name in lists
    )


def _told(statement: Mapping[str, Any]) -> str:
    if "Text" in statement:
        return "its policy changes"
    listed = [_text(one) for one in _list(statement.get("Action", statement.get("NotAction")))]
    actions = ", ".join(listed[:_LISTED]) + (f" and {len(listed) - _LISTED} more" if len(listed) > _LISTED else "")
    who = f" by {_text(statement['Principal'])}" if "Principal" in statement else ""
    on = ", ".join(_text(one) for one in _list(statement.get("Resource")))
    return f"{actions or 'all actions'}{f' on {on}' if on else ''}{who} is allowed"


def _open(kind: str, properties: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    rules = [properties] if kind.endswith("Ingress") else _list(properties.get("SecurityGroupIngress"))
    for rule in rules:
        if isinstance(rule, dict) and (rule.get("CidrIp") in _ANYWHERE or rule.get("CidrIpv6") in _ANYWHERE):
            yield {key: rule[key] for key in ("IpProtocol", "FromPort", "ToPort", "CidrIp", "CidrIpv6") if key in rule}


def _ports(rule: Mapping[str, Any]) -> str:
    if str(rule.get("IpProtocol")) == "-1":
        return "every port"
    first, last = rule.get("FromPort"), rule.get("ToPort")
    return f"port {first}" if first == last else f"ports {first}-{last}"


def _public(properties: Mapping[str, Any]) -> bool:
    # without a scheme a load balancer faces the internet
    return bool(properties.get("Scheme", "internet-facing") != "internal")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
