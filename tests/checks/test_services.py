"""What the rules about services object to, and what they let pass."""

from __future__ import annotations

from typing import Any

import pytest

from tests.checks.templates import container, found, service, task, template


def judged(code: str, **properties: Any) -> list[str]:
    return found(code, template(Task=task(), Web=service(**properties)))


def test_exec_into_a_read_only_root_is_found() -> None:
    assert judged("FS104", EnableExecuteCommand=True) == [
        "s.Web: ECS Exec cannot open a session in container app, whose root file system is read-only "
        "(aws/containers-roadmap#2824); give up one of the two"
    ]


def test_exec_into_a_writable_root_passes() -> None:
    writable = task(container(ReadonlyRootFilesystem=None))
    assert found("FS104", template(Task=writable, Web=service(EnableExecuteCommand=True))) == []


@pytest.mark.parametrize(
    "resource_id",
    [
        {"Fn::Sub": "service/${Main}/${Web.Name}"},
        {"Fn::Sub": ["service/x/${name}", {"name": {"Fn::GetAtt": ["Web", "Name"]}}]},
        {"Fn::Join": ["/", ["service", {"Ref": "Main"}, {"Fn::GetAtt": "Web.Name"}]]},
    ],
)
def test_a_count_beside_a_scaling_target_is_found(resource_id: object) -> None:
    target = ("ApplicationAutoScaling::ScalableTarget", {
        "ResourceId": resource_id, "ScalableDimension": "ecs:service:DesiredCount",
    })  # fmt: skip
    assert found("FS105", template(Web=service(DesiredCount=2), Target=target)) == [
        "s.Web: DesiredCount 2 stands beside a scaling target, so each deployment undoes what scaling decided; "
        "leave it out"
    ]
    assert found("FS105", template(Web=service(), Target=target)) == []


def test_a_count_without_scaling_passes() -> None:
    assert judged("FS105", DesiredCount=2) == []


def test_a_launch_type_beside_a_strategy_is_found() -> None:
    strategy = [{"CapacityProvider": "FARGATE", "Weight": 1}]
    assert judged("FS110", LaunchType="FARGATE", CapacityProviderStrategy=strategy) == [
        "s.Web: LaunchType and CapacityProviderStrategy exclude each other; leave LaunchType out"
    ]
    assert judged("FS110", LaunchType="FARGATE") == judged("FS110", CapacityProviderStrategy=strategy) == []


def test_a_deployment_that_may_neither_stop_nor_start_a_task_is_found() -> None:
    stuck = {"MinimumHealthyPercent": 100, "MaximumPercent": 100}
    assert judged("FS111", DeploymentConfiguration=stuck) == [
        "s.Web: with MinimumHealthyPercent 100 and MaximumPercent 100 a deployment may neither stop a task nor "
        "start one; lower the first or raise the second"
    ]


@pytest.mark.parametrize(
    "settings",
    [
        {"MinimumHealthyPercent": 0, "MaximumPercent": 100},
        {"MinimumHealthyPercent": 100, "MaximumPercent": 150},
        {"MinimumHealthyPercent": 100, "MaximumPercent": 100, "Strategy": "BLUE_GREEN"},
        {},
    ],
)
def test_a_deployment_with_room_passes(settings: dict[str, Any]) -> None:
    assert judged("FS111", DeploymentConfiguration=settings) == []


@pytest.mark.parametrize(
    ("name", "port", "problem"),
    [
        ("web", 80, "the load balancer sends to container web; the task has app"),
        ("app", 8080, "the load balancer sends to port 8080 of container app, which maps 80"),
    ],
)
def test_a_target_that_the_task_does_not_have_is_found(name: str, port: int, problem: str) -> None:
    assert judged("FS112", LoadBalancers=[{"ContainerName": name, "ContainerPort": port}]) == [f"s.Web: {problem}"]


def test_a_target_that_the_task_has_passes() -> None:
    assert judged("FS112", LoadBalancers=[{"ContainerName": "app", "ContainerPort": 80}]) == []


def test_a_task_of_another_template_is_not_judged() -> None:
    elsewhere = service(TaskDefinition={"Ref": "Imported"}, LoadBalancers=[{"ContainerName": "x"}])
    assert found("FS112", template(Web=elsewhere)) == []


def test_a_missing_circuit_breaker_is_found() -> None:
    assert judged("FS115", DeploymentConfiguration={}) == [
        "s.Web: there is no deployment circuit breaker, so a deployment whose tasks cannot start goes on for up to "
        "three hours; enable it"
    ]


@pytest.mark.parametrize(
    "properties",
    [
        {},
        {"DeploymentConfiguration": {"Strategy": "BLUE_GREEN"}},
        {"DeploymentConfiguration": {}, "DeploymentController": {"Type": "EXTERNAL"}},
    ],
)
def test_other_ways_to_deploy_need_no_circuit_breaker(properties: dict[str, Any]) -> None:
    assert judged("FS115", **properties) == []
