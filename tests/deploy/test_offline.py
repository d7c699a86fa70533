"""The difference of two templates, without AWS."""

from __future__ import annotations

from typing import Any

import pytest

from fargate_stacks.deploy.offline import differences
from fargate_stacks.deploy.plan import Change, PropertyChange
from fargate_stacks.deploy.protection import removal
from tests.deploy.stage import resource


def between(old: dict[str, Any], new: dict[str, Any], **moved: str) -> tuple[Change, ...]:
    return differences({"Resources": old}, {"Resources": new}, moved=moved)


def test_the_same_is_no_change() -> None:
    assert between({"A": resource(DelaySeconds=1)}, {"A": resource(DelaySeconds=1)}) == ()


def test_what_is_new_is_added_and_what_is_gone_removed() -> None:
    assert [(one.action, one.logical_id) for one in between({"A": resource()}, {"B": resource()})] == [
        ("Add", "B"),
        ("Remove", "A"),
    ]


def test_a_property_is_told_before_and_after() -> None:
    (change,) = between({"A": resource(DelaySeconds=1)}, {"A": resource(DelaySeconds=2)})
    assert change.properties == (PropertyChange("DelaySeconds", "1", "2"),)
    assert change.replacement == "no"


def test_only_the_leaf_that_differs_is_told() -> None:
    old = {"A": resource(RedrivePolicy={"maxReceiveCount": 3, "deadLetterTargetArn": "x"})}
    new = {"A": resource(RedrivePolicy={"maxReceiveCount": 5, "deadLetterTargetArn": "x"})}
    assert between(old, new)[0].properties == (PropertyChange("RedrivePolicy.maxReceiveCount", "3", "5"),)


def test_items_of_lists_of_one_length_are_held_side_by_side() -> None:
    old, new = ({"A": resource(Tags=[{"Key": "k", "Value": value}])} for value in "ab")
    assert between(old, new)[0].properties == (PropertyChange("Tags.k.Value", "a", "b"),)


def test_an_intrinsic_is_one_value() -> None:
    old, new = ({"A": resource(QueueName={"Fn::Sub": text})} for text in ("${A}x", "${A}y"))
    assert between(old, new)[0].properties[0].path == "QueueName"


@pytest.mark.parametrize(
    ("kind", "name", "replacement"),
    [
        ("AWS::SQS::Queue", "QueueName", "yes"),
        ("AWS::SQS::Queue", "DelaySeconds", "no"),
        ("AWS::ECS::TaskDefinition", "Cpu", "yes"),
        ("AWS::Nobody::Knows", "It", "maybe"),
    ],
)
def test_what_is_replaced_is_known_from_the_schema(kind: str, name: str, replacement: str) -> None:
    (change,) = between({"A": resource(kind, **{name: "1"})}, {"A": resource(kind, **{name: "2"})})
    assert change.replacement == replacement


def test_another_type_is_another_resource() -> None:
    changes = between({"A": resource()}, {"A": resource("AWS::SNS::Topic")})
    assert [(one.action, one.type) for one in changes] == [("Remove", "AWS::SQS::Queue"), ("Add", "AWS::SNS::Topic")]


def test_a_value_that_another_stack_is_yet_to_make_is_said_so() -> None:
    same = {"A": resource("AWS::EC2::SecurityGroup", VpcId={"Ref": "NetVpc"})}
    (change,) = between(same, same, NetVpc="(known after net.Vpc)")
    assert (change.properties[0].after, change.replacement) == ("(known after net.Vpc)", "maybe")


def test_what_refers_to_a_replaced_resource_changes_with_it() -> None:
    task, service = "AWS::ECS::TaskDefinition", resource("AWS::ECS::Service", TaskDefinition={"Ref": "Task"})
    old, new = ({"Task": resource(task, Cpu=cpu), "Web": service} for cpu in ("256", "512"))
    assert [(one.logical_id, one.replacement) for one in between(old, new)] == [("Task", "yes"), ("Web", "no")]


def test_metadata_changes_nothing() -> None:
    assert between({"A": resource()}, {"A": {**resource(), "Metadata": {"x": 1}}}) == ()


@pytest.mark.parametrize(
    ("one", "policy"),
    [
        (resource(), "Delete"),
        ({**resource(), "DeletionPolicy": "Retain"}, "Retain"),
        ({**resource(), "DeletionPolicy": "RetainExceptOnCreate"}, "Retain"),
        (resource("AWS::RDS::DBCluster"), "Snapshot"),
        (resource("AWS::RDS::DBInstance"), "Snapshot"),
        (resource("AWS::RDS::DBInstance", DBClusterIdentifier="c"), "Delete"),
    ],
)
def test_what_becomes_of_a_resource_that_is_taken_out(one: dict[str, Any], policy: str) -> None:
    assert removal(one) == policy
