"""A task before each deployment: what is rendered, and what its function does, with fakes for AWS."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from fargate_stacks import Container, Egress, Postgres, PreDeploy, SpecError, Task, Template
from fargate_stacks.constructs.pre_deploy import HANDLER
from fargate_stacks.testing import properties
from tests.constructs.doors import NET, rendered, service

ORDERS = Postgres("Orders", vpc=NET)
MIGRATE = Task(containers=[Container(image="example/api:7", command=["migrate"])], uses=[ORDERS.connect()])


def migrated(**fields: Any) -> Template:
    return rendered(ORDERS, service(pre_deploy=PreDeploy(task=MIGRATE, **fields)))


def test_the_service_waits_for_the_task_that_runs_before_it() -> None:
    template = migrated(timeout=timedelta(minutes=5))
    assert "WebPreDeploy" in template.resources["WebService"]["DependsOn"]
    run = properties(template, "WebPreDeploy")
    assert run["TaskDefinition"] == {"Ref": "WebPreDeployTaskDefinition"}
    assert run["SecurityGroups"] == [{"Fn::GetAtt": ["WebSecurityGroup", "GroupId"]}]
    assert run["Strategy"] == [{"capacityProvider": "FARGATE", "weight": 1}]
    assert (run["Timeout"], run["PublicIp"]) == (300, "DISABLED")
    assert template.resources["WebPreDeploy"]["Type"] == "Custom::PreDeploy"


def test_the_task_is_in_the_groups_that_the_service_is_in() -> None:
    web = service(pre_deploy=PreDeploy(task=MIGRATE), security_groups=["sg-0123456789abcdef0"])
    groups = properties(rendered(ORDERS, web), "WebPreDeploy")["SecurityGroups"]
    assert groups == [{"Fn::GetAtt": ["WebSecurityGroup", "GroupId"]}, "sg-0123456789abcdef0"]


def test_the_task_has_roles_logs_and_a_definition_of_its_own() -> None:
    template = migrated()
    (container,) = properties(template, "WebPreDeployTaskDefinition")["ContainerDefinitions"]
    assert container["Command"] == ["migrate"]
    assert {"WebPreDeployLogGroup", "WebPreDeployExecutionRole", "WebPreDeployTaskRole"} <= set(template.resources)


def test_the_task_waits_for_its_way_to_what_it_uses() -> None:
    template = migrated()
    waits = template.resources["WebPreDeploy"]["DependsOn"]
    assert {"WebOrdersIngress5432", "OrdersDBInstance1", "NetPrivateDefaultRoute1"} <= set(waits)


def test_what_only_the_task_uses_is_opened_for_it_in_both_directions() -> None:
    web = service(pre_deploy=PreDeploy(task=MIGRATE), egress=[Egress(port=443)])
    template = rendered(ORDERS, web)
    assert {"WebOrdersIngress5432", "WebOrdersEgress5432"} <= set(template.resources)


def test_the_function_may_run_that_task_and_pass_its_two_roles() -> None:
    statements = properties(migrated(), "WebPreDeployFunctionPolicy")["PolicyDocument"]["Statement"]
    by_action = {one["Action"][0]: one for one in statements}
    (family,) = by_action["ecs:RunTask"]["Resource"]
    assert family["Fn::Sub"].endswith(":task-definition/${AWS::StackName}-WebPreDeploy:*")
    assert by_action["iam:PassRole"]["Resource"] == [
        {"Fn::GetAtt": ["WebPreDeployExecutionRole", "Arn"]},
        {"Fn::GetAtt": ["WebPreDeployTaskRole", "Arn"]},
    ]
    assert by_action["iam:PassRole"]["Condition"] == {
        "StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
    }
    assert "*" not in [one for statement in statements for one in statement["Resource"]]


def test_a_service_without_it_has_none_of_this() -> None:
    assert not [one for one in rendered(service()).resources if "PreDeploy" in one]


@pytest.mark.parametrize("seconds", [0, 841, 1.5])
def test_a_run_ends_before_its_function_does(seconds: float) -> None:
    with pytest.raises(SpecError, match=re.escape(f"timeout must be 1 to 840 whole seconds, got {seconds:g}")):
        PreDeploy(task=MIGRATE, timeout=timedelta(seconds=seconds))


# the function


class Ecs:
    """The two calls that the function makes, with tasks that end as told."""

    def __init__(self, *states: dict[str, Any], failure: str = "") -> None:
        self.states = [*states]
        self.failure = failure
        self.started: dict[str, Any] = {}
        self.stopped: list[str] = []

    def run_task(self, **request: Any) -> dict[str, Any]:
        self.started = request
        return {
            "failures": [{"reason": self.failure}] if self.failure else [],
            "tasks": [] if self.failure else [{"taskArn": "arn:task"}],
        }

    def describe_tasks(self, cluster: str, tasks: list[str]) -> dict[str, Any]:
        assert tasks == ["arn:task"]
        return {"tasks": [self.states.pop(0) if len(self.states) > 1 else self.states[0]]}

    def stop_task(self, cluster: str, task: str, reason: str) -> None:
        self.stopped.append(reason)


class Context:
    def __init__(self, milliseconds: int = 900_000) -> None:
        self.milliseconds = milliseconds

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds


def state(status: str, code: int | None = None, **more: Any) -> dict[str, Any]:
    return {"lastStatus": status, "containers": [{"name": "app", "exitCode": code}], **more}


@pytest.fixture(scope="module")
def handler() -> Callable[..., Any]:
    names: dict[str, Any] = {}
    exec(HANDLER, names)  # noqa: S102 - the function as Lambda runs it
    found: Callable[..., Any] = names["handler"]
    return found


class Stacks:
    """The stack as the function finds it."""

    def __init__(self, status: str) -> None:
        self.status = status

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803 - the API's own word
        assert StackName == "arn:stack"
        return {"Stacks": [{"StackStatus": self.status}]}


def ask(
    handler: Callable[..., Any],
    ecs: Ecs,
    kind: str = "Create",
    left: int = 900_000,
    stack: str = "UPDATE_IN_PROGRESS",
    **given: Any,
) -> list[str]:
    said: list[str] = []
    properties = {
        "Cluster": "main", "TaskDefinition": "web:1", "Subnets": ["subnet-1"], "SecurityGroups": ["sg-1"],
        "PublicIp": "DISABLED", "Strategy": [{"capacityProvider": "FARGATE", "weight": 1}], "Timeout": "60", **given,
    }  # fmt: skip
    handler(
        {"RequestType": kind, "StackId": "arn:stack", "ResourceProperties": properties},
        Context(left),
        ecs=ecs,
        cfn=Stacks(stack),
        sleep=lambda seconds: None,
        respond=lambda event, context, status, reason: said.extend((status, reason)),
    )
    return said


def test_a_task_that_ends_with_0_lets_the_deployment_go_on(handler: Callable[..., Any]) -> None:
    ecs = Ecs(state("PENDING"), state("RUNNING"), state("STOPPED", 0))
    assert ask(handler, ecs) == ["SUCCESS", "done"]
    assert ecs.started["capacityProviderStrategy"] == [{"capacityProvider": "FARGATE", "weight": 1}]
    assert ecs.started["networkConfiguration"]["awsvpcConfiguration"]["subnets"] == ["subnet-1"]


def test_a_cluster_without_providers_runs_it_by_launch_type(handler: Callable[..., Any]) -> None:
    ecs = Ecs(state("STOPPED", 0))
    ask(handler, ecs, Strategy=[])
    assert ecs.started["launchType"] == "FARGATE"


def test_a_task_that_ends_with_1_stops_the_deployment_and_says_why(handler: Callable[..., Any]) -> None:
    ecs = Ecs(state("STOPPED", 1, stoppedReason="Essential container in task exited"))
    assert ask(handler, ecs) == ["FAILED", "arn:task: Essential container in task exited app: 1"]


def test_a_container_that_never_started_is_a_failure(handler: Callable[..., Any]) -> None:
    ecs = Ecs({"lastStatus": "STOPPED", "containers": [{"name": "app", "reason": "CannotPullContainerError"}]})
    assert ask(handler, ecs)[1].endswith("app: CannotPullContainerError")


def test_a_task_that_cannot_be_placed_is_a_failure(handler: Callable[..., Any]) -> None:
    assert ask(handler, Ecs(failure="RESOURCE:CPU")) == ["FAILED", "the task did not start: RESOURCE:CPU"]


def test_a_task_that_takes_too_long_is_stopped(handler: Callable[..., Any]) -> None:
    ecs = Ecs(state("RUNNING"))
    assert ask(handler, ecs, left=10_000) == ["FAILED", "arn:task: took too long"]
    assert ecs.stopped == ["pre-deploy took too long"]


def test_an_error_is_answered_so_that_the_stack_does_not_wait_an_hour(handler: Callable[..., Any]) -> None:
    status, reason = ask(handler, Ecs(state("STOPPED", 0)), Timeout="soon")
    assert (status, "soon" in reason) == ("FAILED", True)


def test_an_update_runs_it(handler: Callable[..., Any]) -> None:
    ecs = Ecs(state("STOPPED", 0))
    assert ask(handler, ecs, kind="Update") == ["SUCCESS", "done"]
    assert ecs.started["taskDefinition"] == "web:1"


def test_a_rollback_runs_no_old_migration_which_could_fail_it(handler: Callable[..., Any]) -> None:
    ecs = Ecs(state("STOPPED", 1))
    assert ask(handler, ecs, kind="Update", stack="UPDATE_ROLLBACK_IN_PROGRESS") == ["SUCCESS", "done"]
    assert ecs.started == {}


def test_the_function_may_look_at_its_own_stack_alone() -> None:
    statements = properties(migrated(), "WebPreDeployFunctionPolicy")["PolicyDocument"]["Statement"]
    (found,) = (one for one in statements if "cloudformation:DescribeStacks" in one["Action"])
    assert found["Resource"] == [{"Ref": "AWS::StackId"}]


def test_a_deletion_runs_nothing(handler: Callable[..., Any]) -> None:
    ecs = Ecs()
    assert ask(handler, ecs, kind="Delete") == ["SUCCESS", "done"]
    assert ecs.started == {}


def test_the_function_fits_into_a_template() -> None:
    assert len(HANDLER) <= 4096
