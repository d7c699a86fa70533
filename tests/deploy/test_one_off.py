"""Where and how a task is started that no service runs; and how a template's values are found in a live stack."""

from __future__ import annotations

from typing import Any

import pytest

from fargate_stacks.core.template import Template
from fargate_stacks.deploy.ecs import Ecs, Resource
from fargate_stacks.deploy.names import Found, Runner
from fargate_stacks.deploy.one_off import RUN, Way, way
from fargate_stacks.deploy.resolve import Resolver, Unresolved
from fargate_stacks.errors import DeployError
from tests.deploy.answers import OLD, REGION, STACK
from tests.deploy.aws import NOON, Api, client_of

DEFINITION = {"Type": "AWS::ECS::TaskDefinition"}
NETWORK = {
    "AwsvpcConfiguration": {
        "Subnets": {"Fn::Split": [",", {"Ref": "NetworkSubnets"}]},
        "SecurityGroups": [{"Fn::GetAtt": ["JobSecurityGroup", "GroupId"]}],
        "AssignPublicIp": "DISABLED",
    }
}


def job(resources: dict[str, Any], *, template: bool = True) -> Runner:
    physical = {"JobTaskDefinition": OLD, "JobSecurityGroup": "sg-1", "MainCluster": "shop-Main"}
    stack = {
        "StackId": STACK,
        "StackName": "shop",
        "StackStatus": "CREATE_COMPLETE",
        "CreationTime": NOON,
        "Parameters": [{"ParameterKey": "NetworkSubnets", "ParameterValue": "subnet-1,subnet-2"}],
    }
    api = Api("cloudformation", {"DescribeStacks": lambda _: {"Stacks": [stack]}}, [])
    found = Found(
        "Job",
        Ecs(client_of({"cloudformation": api})),
        OLD,
        "shop",
        "JobTaskDefinition",
        Template("shop", {"JobTaskDefinition": DEFINITION, **resources}) if template else None,
        tuple(Resource(key, value, "x", "CREATE_COMPLETE") for key, value in physical.items()),
    )
    return Runner(found, OLD)


WHERE = {
    "awsvpcConfiguration": {
        "subnets": ["subnet-1", "subnet-2"],
        "securityGroups": ["sg-1"],
        "assignPublicIp": "DISABLED",
    }
}


def test_a_scheduled_task_runs_as_its_schedule_says() -> None:
    target = {
        "Arn": {"Fn::Sub": "arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:cluster/${MainCluster}"},
        "EcsParameters": {
            "TaskDefinitionArn": {"Ref": "JobTaskDefinition"},
            "NetworkConfiguration": NETWORK,
            "CapacityProviderStrategy": [{"CapacityProvider": "FARGATE_SPOT", "Weight": 1}],
            "PlatformVersion": "LATEST",
        },
    }
    schedule = {"Type": "AWS::Scheduler::Schedule", "Properties": {"Target": target}}
    assert way(job({"JobSchedule": schedule})) == Way(
        f"arn:aws:ecs:{REGION}:cluster/shop-Main",
        {
            "networkConfiguration": WHERE,
            "capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}],
            "platformVersion": "LATEST",
        },
    )


def test_a_rule_of_event_bridge_says_it_too() -> None:
    target = {
        "Arn": "arn:aws:ecs:us-east-1:0:cluster/main",
        "EcsParameters": {
            "TaskDefinitionArn": {"Ref": "JobTaskDefinition"},
            "NetworkConfiguration": {"AwsVpcConfiguration": NETWORK["AwsvpcConfiguration"]},
        },
    }
    rule = {"Type": "AWS::Events::Rule", "Properties": {"Targets": [target]}}
    assert way(job({"JobRule": rule})).request == {"networkConfiguration": WHERE, "launchType": "FARGATE"}


def test_a_job_says_it_in_its_metadata() -> None:
    said = {"Cluster": {"Ref": "MainCluster"}, **NETWORK["AwsvpcConfiguration"]}
    definition = {**DEFINITION, "Metadata": {RUN: said}}
    assert way(job({"JobTaskDefinition": definition})) == Way(
        "shop-Main", {"networkConfiguration": WHERE, "launchType": "FARGATE"}
    )


def test_a_definition_that_nobody_runs_is_refused() -> None:
    with pytest.raises(DeployError, match="Job: neither a service nor a schedule says in which subnets it runs"):
        way(job({}))


def test_a_definition_by_itself_is_refused() -> None:
    with pytest.raises(DeployError, match="name a service, job or scheduled task"):
        way(job({}, template=False))


def test_a_value_that_the_stack_does_not_tell_is_named() -> None:
    said = {"Cluster": {"Ref": "Missing"}, "Subnets": ["subnet-1"]}
    with pytest.raises(DeployError, match="the live stack does not tell Missing"):
        way(job({"JobTaskDefinition": {**DEFINITION, "Metadata": {RUN: said}}}))


RESOLVE = Resolver(
    physical=lambda name: {"Queue": "https://q", "Group": "sg-1", "Topic": "arn:aws:sns:1"}.get(name, ""),
    parameters={"Image": "api:7", "Subnets": "a, b"},
    pseudo={"AWS::Region": "us-east-1"},
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        (7, "7"),
        ({"Ref": "Image"}, "api:7"),
        ({"Ref": "Queue"}, "https://q"),
        ({"Ref": "AWS::Region"}, "us-east-1"),
        ({"Fn::GetAtt": ["Group", "GroupId"]}, "sg-1"),
        ({"Fn::GetAtt": "Topic.Arn"}, "arn:aws:sns:1"),
        ({"Fn::Sub": "${AWS::Region}/${Image}/${Group.GroupId}/${!kept}"}, "us-east-1/api:7/sg-1/${kept}"),
        ({"Fn::Sub": ["${a}-${Image}", {"a": {"Ref": "Group"}}]}, "sg-1-api:7"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Image"}]]}, "a-api:7"),
        ({"Fn::Select": [1, {"Ref": "Subnets"}]}, "b"),
    ],
)
def test_a_value_is_resolved_against_the_live_stack(value: Any, text: str) -> None:
    assert RESOLVE.text(value) == text


@pytest.mark.parametrize(
    "value",
    [
        {"Ref": "Nothing"},
        {"Fn::GetAtt": ["Queue", "Arn"]},
        {"Fn::ImportValue": "x"},
        {"Fn::Select": [5, ["a"]]},
        {"a": "mapping"},
    ],
)
def test_what_only_cloudformation_knows_is_unresolved(value: Any) -> None:
    with pytest.raises(Unresolved):
        RESOLVE.text(value)


def test_a_list_in_one_text_and_lists_in_lists_are_flat() -> None:
    assert RESOLVE.texts([{"Fn::Split": [",", "a,b"]}, "c"]) == ["a", "b", "c"]
