"""Tasks that rules and schedules start, and where Cloud Map finds those of a service."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fargate_stacks import App, Cluster, Container, DnsNames, Service, Stack, Task, Vpc, render
from tests.deploy.local.services import definition, platform
from tests.localcloud import Cloud

MAY: list[dict[str, Any]] = [
    {"Effect": "Allow", "Action": "ecs:RunTask", "Resource": "*"},
    {"Effect": "Allow", "Action": "iam:PassRole", "Resource": {"Fn::GetAtt": ["Role", "Arn"]}},
]
NETWORK = {"Subnets": [{"Ref": "Subnet"}], "SecurityGroups": [{"Ref": "Group"}], "AssignPublicIp": "ENABLED"}


def target(spelled: str = "AwsvpcConfiguration", **more: Any) -> dict[str, Any]:
    """Give the target of a schedule; a rule spells its network in another way."""
    parameters = {
        "TaskDefinitionArn": {"Ref": "Task"},
        "LaunchType": "FARGATE",
        "TaskCount": 1,
        "NetworkConfiguration": {spelled: NETWORK},
    }
    return {
        "Arn": {"Fn::GetAtt": ["Main", "Arn"]},
        "RoleArn": {"Fn::GetAtt": ["Starter", "Arn"]},
        "EcsParameters": parameters,
        **more,
    }


def starter(service: str, statements: list[dict[str, Any]]) -> dict[str, Any]:
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    policy = {"PolicyName": "start", "PolicyDocument": {"Version": "2012-10-17", "Statement": statements}}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": {"Statement": [trust]}, "Policies": [policy]},
    }


def rule(**more: Any) -> dict[str, Any]:
    pattern = {"source": ["shop"], "detail-type": ["order"]}
    return {
        "Type": "AWS::Events::Rule",
        "Properties": {"EventPattern": pattern, "Targets": [{"Id": "task", **target("AwsVpcConfiguration", **more)}]},
    }


def made(cloud: Cloud, statements: list[dict[str, Any]] | None = None, **resources: Any) -> dict[str, str]:
    quiet = definition({"HealthCheck": {"Ref": "AWS::NoValue"}})
    body = platform(quiet, DesiredCount=0)
    body["Resources"] |= {"Starter": starter("events.amazonaws.com", MAY if statements is None else statements)}
    body["Resources"] |= resources
    assert cloud.create("s", body)["StackStatus"] == "CREATE_COMPLETE", cloud.history("s")
    return cloud.physical("s")


def ended(cloud: Cloud, ids: dict[str, str]) -> list[Any]:
    ecs = cloud.api("ecs")
    arns = ecs.list_tasks(cluster=ids["Main"], desiredStatus="STOPPED")["taskArns"]
    return ecs.describe_tasks(cluster=ids["Main"], tasks=arns)["tasks"] if arns else []


def order(cloud: Cloud) -> None:
    entry = {"Source": "shop", "DetailType": "order", "Detail": json.dumps({"number": 7})}
    assert cloud.api("events").put_events(Entries=[entry])["FailedEntryCount"] == 0


def test_an_event_starts_the_task_of_its_rule(cloud: Cloud) -> None:
    ids = made(cloud, Rule=rule())
    order(cloud)
    [task] = ended(cloud, ids)
    assert (task["taskDefinitionArn"], task["launchType"]) == (ids["Task"], "FARGATE")
    assert task["startedBy"].startswith("events-rule/")
    assert [one["exitCode"] for one in task["containers"]] == [0]


def test_a_rule_may_start_several(cloud: Cloud) -> None:
    given = target("AwsVpcConfiguration")["EcsParameters"]
    ids = made(cloud, Rule=rule(EcsParameters={**given, "TaskCount": 3}))
    order(cloud)
    assert len(ended(cloud, ids)) == 3


def test_the_input_of_a_target_overrides_containers(cloud: Cloud) -> None:
    given = {"containerOverrides": [{"name": "app", "command": ["report", "--all"]}]}
    ids = made(cloud, Rule=rule(Input=json.dumps(given)))
    order(cloud)
    [task] = ended(cloud, ids)
    assert task["overrides"]["containerOverrides"][0]["command"] == ["report", "--all"]


@pytest.mark.parametrize("missing", [0, 1], ids=["RunTask", "PassRole"])
def test_a_rule_whose_role_may_not_starts_nothing(cloud: Cloud, missing: int) -> None:
    ids = made(cloud, [one for number, one in enumerate(MAY) if number != missing], Rule=rule())
    order(cloud)
    assert ended(cloud, ids) == []


def test_a_schedule_starts_its_task_when_its_time_has_come(cloud: Cloud) -> None:
    from ministack.services import scheduler

    schedule = {
        "Type": "AWS::Scheduler::Schedule",
        "Properties": {
            "ScheduleExpression": "at(2026-01-01T00:00:00)",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": target(),
        },
    }
    ids = made(cloud, Starter=starter("scheduler.amazonaws.com", MAY), Schedule=schedule)
    # it looks every ten seconds by itself
    scheduler._tick_schedules()
    [task] = ended(cloud, ids)
    assert task["startedBy"].startswith("chronos-schedule/")
    assert task["taskDefinitionArn"] == ids["Task"]
    scheduler._tick_schedules()
    assert len(ended(cloud, ids)) == 1


def test_a_schedule_that_is_off_starts_nothing(cloud: Cloud) -> None:
    from ministack.services import scheduler

    schedule = {
        "Type": "AWS::Scheduler::Schedule",
        "Properties": {
            "ScheduleExpression": "at(2026-01-01T00:00:00)",
            "State": "DISABLED",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": target(),
        },
    }
    ids = made(cloud, Starter=starter("scheduler.amazonaws.com", MAY), Schedule=schedule)
    scheduler._tick_schedules()
    assert ended(cloud, ids) == []


# --- Cloud Map

VPC = Vpc("Net", nat="single")
MAIN = Cluster("Main", vpc=VPC)
NAMES = DnsNames("Names", vpc=VPC, domain="in.example")


def registered(cloud: Cloud, count: int) -> list[Any]:
    task = Task(containers=[Container(image="public.ecr.aws/x/api:7", port=8080)])
    web = Service("Web", cluster=MAIN, task=task, route=NAMES.register("web"), count=count)
    templates = render(App([Stack("s", [VPC, MAIN, NAMES, web], removal="remove")]))
    body = templates["s"].to_json()
    known = {one["StackName"] for one in cloud.api("cloudformation").describe_stacks()["Stacks"]}
    stack = (cloud.update if "s" in known else cloud.create)("s", body)
    assert stack["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), cloud.history("s")[-1]
    found = cloud.api("servicediscovery")
    [service] = found.list_services()["Services"]
    instances: list[Any] = found.list_instances(ServiceId=service["Id"])["Instances"]
    return instances


def test_each_running_task_is_an_instance_in_cloud_map(cloud: Cloud) -> None:
    instances = registered(cloud, 2)
    ecs, ids = cloud.api("ecs"), cloud.physical("s")
    arns = ecs.list_tasks(cluster=ids["MainCluster"])["taskArns"]
    assert {one["Id"] for one in instances} == {arn.rpartition("/")[2] for arn in arns}
    tasks = ecs.describe_tasks(cluster=ids["MainCluster"], tasks=arns)["tasks"]
    addresses = {one["containers"][0]["networkInterfaces"][0]["privateIpv4Address"] for one in tasks}
    assert {one["Attributes"]["AWS_INSTANCE_IPV4"] for one in instances} == addresses
    assert {one["Attributes"]["ECS_SERVICE_NAME"] for one in instances} == {ids["WebService"].rpartition("/")[2]}


def test_a_task_that_stops_leaves_cloud_map(cloud: Cloud) -> None:
    before = {one["Id"] for one in registered(cloud, 2)}
    after = {one["Id"] for one in registered(cloud, 1)}
    assert len(after) == 1
    assert after < before


def test_callers_discover_the_tasks_by_name(cloud: Cloud) -> None:
    instances = registered(cloud, 2)
    told = cloud.api("servicediscovery").discover_instances(NamespaceName="in.example", ServiceName="web")
    assert {one["InstanceId"] for one in told["Instances"]} == {one["Id"] for one in instances}
