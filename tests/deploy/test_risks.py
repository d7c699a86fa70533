"""What a change broadens, and what data it loses."""

from __future__ import annotations

from typing import Any

import pytest

from fargate_stacks.deploy.offline import differences
from fargate_stacks.deploy.risks import lost, risks
from tests.deploy.stage import resource


def found(old: dict[str, Any], new: dict[str, Any]) -> list[tuple[str, str]]:
    changes = differences({"Resources": old}, {"Resources": new})
    return [(one.kind, one.text) for one in risks(changes, old, new)]


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    return {"A": resource("AWS::IAM::ManagedPolicy", PolicyDocument=document)}


def allow(*actions: str, on: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": on, **more}


DENY = {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}
SAME_POLICY = policy(allow("s3:Get", on="arn:a"))


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ({}, policy(allow("s3:Get", on="arn:a")), "s3:Get on arn:a is allowed"),
        (SAME_POLICY, policy(allow("s3:Get", "s3:Put", on="arn:a")), "s3:Get, s3:Put on arn:a is allowed"),
        (SAME_POLICY, policy(allow("s3:Get", on=["arn:a", "arn:b"])), "s3:Get on arn:a, arn:b is allowed"),
        (SAME_POLICY, policy(allow("s3:Get", on="*")), "s3:Get on * is allowed"),
        (policy(allow("s3:Get", Condition={"a": 1})), policy(allow("s3:Get")), "s3:Get on * is allowed"),
        (policy(allow("s3:Get"), DENY), policy(allow("s3:Get")), "a denial goes: s3:* on * is allowed"),
    ],
)
def test_a_policy_that_allows_more(old: dict[str, Any], new: dict[str, Any], text: str) -> None:
    assert found(old, new) == [("broadening", text)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (SAME_POLICY, SAME_POLICY),
        (policy(allow("s3:Get", "s3:Put")), policy(allow("s3:Get"))),
        (policy(allow("s3:Get")), policy(allow("s3:Get", on="arn:a"))),
        (policy(allow("s3:Get")), policy(allow("s3:Get", Sid="Named"))),
        (policy(allow("s3:Get")), policy(allow("s3:Get"), DENY)),
    ],
)
def test_a_policy_that_allows_no_more(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert found(old, new) == []


def role(**properties: Any) -> dict[str, Any]:
    return {"A": resource("AWS::IAM::Role", **properties)}


def test_a_role_that_trusts_somebody_else() -> None:
    trusts = [
        role(AssumeRolePolicyDocument={"Statement": [{"Effect": "Allow", "Principal": {"AWS": who}, "Action": "a:b"}]})
        for who in ("arn:1", "arn:2")
    ]
    assert found(*trusts) == [("broadening", 'a:b by {"AWS": "arn:2"} is allowed')]


def test_a_managed_policy_that_is_attached() -> None:
    assert found(role(), role(ManagedPolicyArns=["arn:aws:iam::aws:policy/Admin"])) == [
        ("broadening", "ManagedPolicyArns: arn:aws:iam::aws:policy/Admin is attached")
    ]


def test_a_permissions_boundary_that_goes() -> None:
    assert found(role(PermissionsBoundary="b"), role()) == [("broadening", "its permissions boundary changes or goes")]


def group(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"A": resource("AWS::EC2::SecurityGroup", SecurityGroupIngress=list(rules))}


def test_a_port_that_is_opened_to_everybody() -> None:
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0"}
    assert found(group(), group(rule)) == [("broadening", "port 22 is opened to everybody")]
    assert found(group(rule), group({**rule, "Description": "ssh"})) == []


def test_a_port_that_is_opened_to_some() -> None:
    assert found(group(), group({"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "CidrIp": "10.0.0.0/8"})) == []


def test_every_port_by_a_rule_of_its_own() -> None:
    rule = resource("AWS::EC2::SecurityGroupIngress", IpProtocol="-1", CidrIpv6="::/0")
    assert found({}, {"A": rule}) == [("broadening", "every port is opened to everybody")]


def test_a_load_balancer_that_faces_the_internet() -> None:
    kind = "AWS::ElasticLoadBalancingV2::LoadBalancer"
    inside, outside = ({"A": resource(kind, Scheme=scheme)} for scheme in ("internal", "internet-facing"))
    assert found(inside, outside) == [("broadening", "the load balancer is reachable from the internet")]
    assert found(outside, {"A": resource(kind, Name="x", Scheme="internet-facing")}) == []


BUCKET = {"A": resource("AWS::S3::Bucket", BucketName="a")}


def test_data_that_is_removed() -> None:
    assert found(BUCKET, {}) == [("data-loss", "it is removed, and objects with it")]


@pytest.mark.parametrize("kept", ["Retain", "Snapshot", "RetainExceptOnCreate"])
def test_data_that_is_kept_is_not_lost(kept: str) -> None:
    assert found({"A": {**BUCKET["A"], "DeletionPolicy": kept}}, {}) == []


def test_data_that_is_replaced() -> None:
    assert found(BUCKET, {"A": resource("AWS::S3::Bucket", BucketName="b")}) == [
        ("data-loss", "it is replaced, and objects lost with the old one")
    ]


def test_data_whose_old_one_is_kept() -> None:
    new = {**resource("AWS::S3::Bucket", BucketName="b"), "UpdateReplacePolicy": "Retain"}
    assert found(BUCKET, {"A": new}) == []


def test_what_holds_no_data_may_go() -> None:
    assert found({"A": resource("AWS::ECS::Service")}, {}) == []


def test_what_a_delete_loses() -> None:
    kept = {**BUCKET["A"], "DeletionPolicy": "Retain"}
    assert lost({"Resources": {**BUCKET, "B": kept, "C": resource()}}) == ("A",)
