"""Single tasks: how they are run, told, stopped, and what they write."""

from __future__ import annotations

import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.deploy.local.facts import ecs, ecs_guide, fact
from tests.deploy.local.scene import Scene, by_hand, ordered, scene
from tests.deploy.local.services import definition, platform

__all__ = ["by_hand", "ordered", "scene"]


@fact(
    "a task whose essential container exits is STOPPED with EssentialContainerExited",
    source=ecs_guide("stopped-task-error-codes"),
)
def test_a_task_runs_to_its_end(scene: Scene) -> None:
    """Developer guide, "Stopped tasks error codes": EssentialContainerExited."""
    task = scene.made(DesiredCount=0).ran()
    assert (task["lastStatus"], task["desiredStatus"], task["stopCode"], task["stoppedReason"]) == (
        "STOPPED",
        "STOPPED",
        "EssentialContainerExited",
        "Essential container in task exited",
    )
    assert [one["exitCode"] for one in task["containers"]] == [0]


@fact("RunTask answers with tasks that are PROVISIONING", source=ecs_guide("task-lifecycle-explanation"))
def test_a_task_that_starts_is_told_at_once(scene: Scene) -> None:
    """API reference, RunTask: the answer holds the tasks, PROVISIONING."""
    answer = scene.made(DesiredCount=0).run(count=3, startedBy="me", group="batch")
    assert [one["lastStatus"] for one in answer["tasks"]] == ["PROVISIONING"] * 3
    assert {(one["startedBy"], one["group"]) for one in answer["tasks"]} == {("me", "batch")}
    assert answer["failures"] == []


@fact("the group of a task is its family unless the request names one", source=ecs("RunTaskRequest.group"))
def test_the_group_is_the_family_if_unsaid(scene: Scene) -> None:
    """API reference, RunTask: group."""
    assert scene.made(DesiredCount=0).ran()["group"] == "family:web"


@fact("the ARN of a task holds the name of its cluster", source=ecs("Task.taskArn"))
def test_ids_are_as_fargates(scene: Scene) -> None:
    """API reference, Task and Container: ARNs with the cluster's name; 32 digits; a runtime id of two parts."""
    task = scene.made(DesiredCount=0).ran()
    [container] = task["containers"]
    assert re.fullmatch(r"arn:aws:ecs:us-east-1:\d{12}:task/[\w-]+/[\da-f]{32}", task["taskArn"])
    assert re.fullmatch(r"[\da-f]{32}-\d{10}", container["runtimeId"])
    assert container["imageDigest"].startswith("sha256:")
    assert (task["launchType"], task["platformVersion"], task["platformFamily"]) == ("FARGATE", "1.4.0", "Linux")


@fact(
    "a Fargate task has a network interface with a private address of its subnet",
    source=ecs_guide("fargate-task-networking"),
)
def test_a_task_has_an_interface_in_its_subnet(scene: Scene) -> None:
    """Developer guide, "Amazon ECS task networking for Fargate": one interface with a private address."""
    [task] = scene.made().tasks()
    [attachment] = task["attachments"]
    details = {one["name"]: one["value"] for one in attachment["details"]}
    assert (attachment["type"], attachment["status"]) == ("ElasticNetworkInterface", "ATTACHED")
    assert details["subnetId"] == scene.ids["Subnet"]
    # AWS keeps the first four addresses of a subnet
    assert details["privateIPv4Address"] == "10.0.0.4"
    assert task["containers"][0]["networkInterfaces"] == [
        {"attachmentId": attachment["id"], "privateIpv4Address": "10.0.0.4"}
    ]
    [interface] = scene.cloud.api("ec2").describe_network_interfaces(
        NetworkInterfaceIds=[details["networkInterfaceId"]]
    )["NetworkInterfaces"]
    assert (interface["Status"], interface["PrivateIpAddress"]) == ("in-use", "10.0.0.4")


def test_an_interface_goes_with_its_task(scene: Scene) -> None:
    """Developer guide, "Amazon ECS task networking for Fargate"."""
    task = scene.made(DesiredCount=0).ran()
    assert task["attachments"][0]["status"] == "DELETED"
    assert scene.cloud.api("ec2").describe_network_interfaces()["NetworkInterfaces"] == []


def test_addresses_differ(scene: Scene) -> None:
    tasks = scene.made(DesiredCount=4).tasks()
    assert len({one["containers"][0]["networkInterfaces"][0]["privateIpv4Address"] for one in tasks}) == 4


@fact("the scheduler spreads tasks over Availability Zones", source=ecs_guide("ecs_services"))
def test_tasks_are_spread_over_subnets(scene: Scene) -> None:
    """Developer guide: the scheduler spreads tasks across Availability Zones."""
    scene.made(DesiredCount=0)
    network = scene.service["networkConfiguration"]["awsvpcConfiguration"]
    ec2 = scene.cloud.api("ec2")
    ec2.associate_route_table(SubnetId=scene.ids["Subnet2"], RouteTableId=scene.ids["Table"])
    network["subnets"] = [scene.ids["Subnet"], scene.ids["Subnet2"]]
    scene.update(desiredCount=4, networkConfiguration={"awsvpcConfiguration": network})
    zones = [one["availabilityZone"] for one in scene.tasks()]
    assert sorted(zones) == ["us-east-1a", "us-east-1a", "us-east-1b", "us-east-1b"]


@fact("startedBy of a service's task is the id of its deployment", source=ecs("Task.startedBy"))
def test_a_service_starts_its_tasks_in_its_name(scene: Scene) -> None:
    """API reference, Task: startedBy is the deployment's id, group the service."""
    [task] = scene.made().tasks()
    assert task["startedBy"] == scene.service["deployments"][0]["id"]
    assert task["group"] == f"service:{scene.service['serviceName']}"
    assert task["capacityProviderName"] == "FARGATE"


@fact("base tasks first, then by weight", source=ecs("CapacityProviderStrategyItem.base"))
def test_base_and_weights_choose_the_provider(scene: Scene) -> None:
    """API reference, CapacityProviderStrategyItem: base first, then by weight."""
    strategy = [
        {"CapacityProvider": "FARGATE", "Base": 2, "Weight": 0},
        {"CapacityProvider": "FARGATE_SPOT", "Weight": 1},
    ]
    names = [
        one["capacityProviderName"] for one in scene.made(DesiredCount=5, CapacityProviderStrategy=strategy).tasks()
    ]
    assert sorted(names) == ["FARGATE"] * 2 + ["FARGATE_SPOT"] * 3


@fact(
    "propagateTags gives tasks the tags of the service or the definition",
    source=ecs("CreateServiceRequest.propagateTags"),
)
@pytest.mark.parametrize(
    ("source", "expected"), [("SERVICE", "service"), ("TASK_DEFINITION", "definition"), (None, None)]
)
def test_tags_are_propagated(scene: Scene, source: str | None, expected: str | None) -> None:
    """API reference, CreateService: propagateTags."""
    task = definition({"HealthCheck": {"Ref": "AWS::NoValue"}}, Tags=[{"Key": "from", "Value": "definition"}])
    props = {"PropagateTags": source} if source else {}
    scene.made(task=task, Tags=[{"Key": "from", "Value": "service"}], **props)
    [arn] = scene.ecs.list_tasks(cluster=scene.ids["Main"])["taskArns"]
    tags = scene.ecs.describe_tasks(cluster=scene.ids["Main"], tasks=[arn], include=["TAGS"])["tasks"][0]["tags"]
    assert {tag["value"] for tag in tags if tag["key"] == "from"} == ({expected} if expected else set())


@fact("RunTask overrides command and environment of a container", source=ecs("RunTaskRequest.overrides"))
def test_overrides_are_told(scene: Scene) -> None:
    """API reference, RunTask: overrides."""
    override = {"name": "app", "command": ["migrate"], "environment": [{"name": "A", "value": "b"}]}
    task = scene.made(DesiredCount=0).ran(overrides={"containerOverrides": [override], "cpu": "512", "memory": "1024"})
    assert task["overrides"]["containerOverrides"] == [override]
    assert (task["cpu"], task["memory"]) == ("512", "1024")


# --- its end


@fact("StopTask ends the containers by SIGTERM and tells its reason", source=ecs("StopTask"))
def test_a_task_is_stopped(scene: Scene, by_hand: Any) -> None:
    """API reference, StopTask: the reason is told; SIGTERM ends the containers."""
    scene.made(DesiredCount=0)
    with by_hand():
        arn = scene.run()["tasks"][0]["taskArn"]
        scene.passes(25)
        answer = scene.ecs.stop_task(cluster=scene.ids["Main"], task=arn, reason="enough")["task"]
        assert (answer["desiredStatus"], answer["lastStatus"]) == ("STOPPED", "DEACTIVATING")
        scene.passes(30)
        task = scene.task(arn)
    assert (task["stopCode"], task["stoppedReason"]) == ("UserInitiated", "enough")
    assert task["containers"][0]["exitCode"] == 143
    assert task["createdAt"] <= task["startedAt"] <= task["stoppingAt"] <= task["stoppedAt"]


def test_a_task_is_stopped_before_it_runs(scene: Scene, by_hand: Any) -> None:
    """Developer guide, "Amazon ECS task lifecycle": without having run there is no exit code."""
    scene.made(DesiredCount=0)
    with by_hand():
        arn = scene.run()["tasks"][0]["taskArn"]
        scene.ecs.stop_task(cluster=scene.ids["Main"], task=arn)
        scene.passes(60)
        task = scene.task(arn)
    assert (task["lastStatus"], task["stoppedReason"]) == ("STOPPED", "Task stopped by user")
    assert "exitCode" not in task["containers"][0]
    assert "startedAt" not in task


@fact("a service replaces a task that stops", source=ecs_guide("ecs_services"))
def test_a_service_replaces_a_task_that_a_person_stopped(scene: Scene) -> None:
    """Developer guide: the service scheduler keeps the desired count."""
    scene.made()
    [before] = scene.tasks()
    scene.ecs.stop_task(cluster=scene.ids["Main"], task=before["taskArn"])
    [after] = scene.tasks()
    assert after["taskArn"] != before["taskArn"]
    assert scene.events()[-1] == "(service …) has reached a steady state."


def test_a_stopped_task_is_told_for_an_hour(scene: Scene, by_hand: Any) -> None:
    """Developer guide, "View stopped tasks": for at least one hour."""
    scene.made(DesiredCount=0)
    with by_hand():
        arn = scene.run()["tasks"][0]["taskArn"]
        scene.passes(600)
        assert [one["taskArn"] for one in scene.tasks("STOPPED")] == [arn]
        scene.passes(3700)
        answer = scene.ecs.describe_tasks(cluster=scene.ids["Main"], tasks=[arn])
        assert answer["failures"] == [{"arn": arn, "reason": "MISSING"}]


@pytest.mark.parametrize("by", ["serviceName", "family", "startedBy"])
def test_tasks_are_listed_by(scene: Scene, by: str) -> None:
    """API reference, ListTasks."""
    scene.made()
    scene.run(startedBy="me")
    value = {"serviceName": scene.service["serviceName"], "family": "web", "startedBy": "me"}[by]
    assert len(scene.tasks("STOPPED" if by == "startedBy" else "RUNNING", **{by: value})) == 1


@fact("SUCCESS waits until another container has exited with code 0", source=ecs("ContainerDependency.condition"))
def test_a_container_on_whose_end_others_wait_has_ended(scene: Scene) -> None:
    """API reference, ContainerDependency: SUCCESS waits for exit code 0."""
    task = definition(
        {"HealthCheck": {"Ref": "AWS::NoValue"}, "DependsOn": [{"ContainerName": "init", "Condition": "SUCCESS"}]}
    )
    task["Properties"]["ContainerDefinitions"].append({"Name": "init", "Image": "example/init:1", "Essential": False})
    [found] = scene.made(task=task).tasks()
    ended = next(one for one in found["containers"] if one["name"] == "init")
    assert (found["lastStatus"], ended["lastStatus"], ended["exitCode"]) == ("RUNNING", "STOPPED", 0)


# --- what it writes


@fact("a log stream is prefix/container/task", source=ecs_guide("using_awslogs"))
def test_lines_are_in_the_stream_of_the_task(scene: Scene) -> None:
    """Developer guide, "awslogs": prefix-name/container-name/ecs-task-id."""
    task = scene.made(DesiredCount=0).ran()
    assert scene.lines(task) == ["(local cloud) example/app:1: no container runs here"]


def test_last_words_are_written_before_the_end(scene: Scene, ordered: Any) -> None:
    ordered(task=[{"scenario": "crash", "exit_code": 3, "log": ["no such table: orders", "bye"]}])
    task = scene.made(DesiredCount=0).ran()
    assert scene.lines(task)[-2:] == ["no such table: orders", "bye"]
    assert task["containers"][0]["exitCode"] == 3


# --- what is refused


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"taskDefinition": "nothing"}, "TaskDefinition not found."),
        ({"count": 11}, "Count cannot be less than 1 or greater than 10."),
        (
            {"networkConfiguration": {}},
            "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
        ),
        (
            {"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}},
            r"The subnet ID 'subnet-1' does not exist \(ErrorCode: InvalidSubnetID.NotFound\)",
        ),
        ({"capacityProviderStrategy": [{"capacityProvider": "mine"}]}, "not associated with the cluster"),
        ({"capacityProviderStrategy": []}, "No Container Instances were found in your cluster."),
        (
            {"overrides": {"containerOverrides": [{"name": "other"}]}},
            "Override for container named other is not a container in the TaskDefinition.",
        ),
        ({"tags": [{"key": "fargate-stacks:scenario", "value": "crush"}]}, "did you mean crash?"),
    ],
)
def test_run_task_refuses(scene: Scene, change: dict[str, Any], message: str) -> None:
    """API reference, RunTask, and what ECS was seen to answer."""
    scene.made(DesiredCount=0)
    with pytest.raises(ClientError, match=message):
        scene.run(**change)


@fact(
    "a service names a container and a port of its definition behind its load balancer",
    source=ecs("LoadBalancer.containerPort"),
)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"containerName": "other"}, "The container other does not exist in the task definition."),
        ({"containerPort": 81}, "The container app did not have a container port 81 defined."),
        ({"targetGroupArn": "arn:aws:elasticloadbalancing:x"}, "target group does not exist"),
    ],
)
def test_a_service_is_refused_for_its_load_balancer(scene: Scene, change: dict[str, Any], message: str) -> None:
    """Developer guide, "Service load balancing": what ECS was seen to answer."""
    scene.made(behind=True)
    [before] = scene.service["loadBalancers"]
    with pytest.raises(ClientError, match=message):
        scene.update(loadBalancers=[{**before, **change}])


def test_a_target_group_without_a_load_balancer_is_refused(scene: Scene) -> None:
    """What ECS answers when no listener forwards to the group; a service must wait for its listener rule."""
    scene.made(behind=True)
    group = scene.cloud.api("elbv2").create_target_group(
        Name="alone", Port=80, Protocol="HTTP", VpcId=scene.ids["Vpc"], TargetType="ip"
    )["TargetGroups"][0]["TargetGroupArn"]
    with pytest.raises(ClientError, match="does not have an associated load balancer"):
        scene.update(loadBalancers=[{"containerName": "app", "containerPort": 80, "targetGroupArn": group}])


@fact(
    "secrets and logs of a Fargate task need an execution role",
    source=ecs("RegisterTaskDefinitionRequest.executionRoleArn"),
)
@pytest.mark.parametrize(
    ("container", "message"),
    [
        ({"logConfiguration": {"logDriver": "awslogs"}}, "execution role ARN to support log driver awslogs."),
        ({"image": "1.dkr.ecr.us-east-1.amazonaws.com/a:1"}, "execution role ARN to support ECR images."),
        ({"secrets": [{"name": "A", "valueFrom": "a"}]}, "you must also specify a value for 'executionRoleArn'"),
    ],
)
def test_a_definition_is_refused_without_the_role_that_it_needs(
    scene: Scene, container: dict[str, Any], message: str
) -> None:
    """Developer guide, "Amazon ECS task execution IAM role": what RegisterTaskDefinition answers."""
    with pytest.raises(ClientError, match=message):
        scene.ecs.register_task_definition(
            family="web",
            cpu="256",
            memory="512",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            containerDefinitions=[{"name": "app", "image": "example/app:1", **container}],
        )


def test_without_instances_nothing_of_the_launch_type_ec2_starts(scene: Scene) -> None:
    """Developer guide, "Service event messages": the default launch type is EC2."""
    template = platform(DesiredCount=0)
    del template["Resources"]["Web"]["Properties"]["CapacityProviderStrategy"]
    scene.cloud.create("web", template)
    scene.ids = scene.cloud.physical("web")
    scene.update(desiredCount=1)
    assert "No Container Instances were found in your cluster." in scene.events()[-1]
    assert scene.tasks() == []
