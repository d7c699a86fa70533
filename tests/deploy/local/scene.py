"""A service on the local cloud whose time passes by hand, so that each stage of what ECS does can be looked at."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.deploy.local.services import balanced, definition, platform
from tests.localcloud import Cloud

QUIET: dict[str, Any] = {"HealthCheck": {"Ref": "AWS::NoValue"}}
"""What takes the health check out of the container."""


class Scene:
    """One service `Web` of the stack `web`, its tasks and what is said of it."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.ecs = cloud.api("ecs")

    def made(
        self, container: Mapping[str, Any] | None = None, *, behind: bool = False, task: Any = None, **props: Any
    ) -> Scene:
        """Create the stack, while nothing takes time."""
        made = task or definition({**QUIET, **(container or {})})
        stack = self.cloud.create("web", (balanced if behind else platform)(made, **props))
        assert stack["StackStatus"] == "CREATE_COMPLETE", self.cloud.history("web")
        self.ids = self.cloud.physical("web")
        return self

    @property
    def service(self) -> Any:
        answer = self.ecs.describe_services(cluster=self.ids["Main"], services=[self.ids["Web"]])
        return answer["services"][0]

    def update(self, **request: Any) -> Any:
        return self.ecs.update_service(cluster=self.ids["Main"], service=self.ids["Web"], **request)["service"]

    def revised(self, image: str = "example/app:2", **change: Any) -> str:
        """Register another revision of the definition, and give its ARN."""
        before = self.ecs.describe_task_definition(taskDefinition=self.service["taskDefinition"])["taskDefinition"]
        names = ("family", "cpu", "memory", "networkMode", "requiresCompatibilities", "executionRoleArn")
        container = {**before["containerDefinitions"][0], "image": image, **change}
        made = self.ecs.register_task_definition(
            **{name: before[name] for name in names}, containerDefinitions=[container]
        )
        return str(made["taskDefinition"]["taskDefinitionArn"])

    def tasks(self, status: str = "RUNNING", **only: Any) -> list[Any]:
        """Describe the tasks whose desired status is this, newest first."""
        arns = self.ecs.list_tasks(cluster=self.ids["Main"], desiredStatus=status, **only)["taskArns"]
        return self.ecs.describe_tasks(cluster=self.ids["Main"], tasks=arns)["tasks"][::-1] if arns else []

    def statuses(self) -> list[str]:
        return sorted(task["lastStatus"] for task in self.tasks())

    def events(self) -> list[str]:
        """Give what the service said, oldest first, with tasks, deployments and groups as `…`."""
        said = [event["message"] for event in self.service["events"]][::-1]
        return [re.sub(r"\((task|deployment|target-group|service) [^\s)]+\)", r"(\1 …)", one) for one in said]

    def deployment(self, number: int = 0) -> Any:
        """Describe a service deployment: 0 is the newest."""
        listed = self.ecs.list_service_deployments(cluster=self.ids["Main"], service=self.ids["Web"])
        arn = listed["serviceDeployments"][number]["serviceDeploymentArn"]
        return self.ecs.describe_service_deployments(serviceDeploymentArns=[arn])["serviceDeployments"][0]

    def health(self, group: str = "Targets") -> list[Any]:
        answer = self.cloud.api("elbv2").describe_target_health(TargetGroupArn=self.ids[group])
        return [one["TargetHealth"] for one in answer["TargetHealthDescriptions"]]

    def lines(self, task: Any) -> list[str]:
        """Give what a task wrote."""
        stream = f"app/app/{task['taskArn'].rpartition('/')[2]}"
        answer = self.cloud.api("logs").get_log_events(logGroupName=self.ids["Log"], logStreamName=stream)
        return [one["message"] for one in answer["events"]]

    def run(self, **request: Any) -> Any:
        """Run one task of the service's definition where the service's own are."""
        request.setdefault("taskDefinition", self.service["taskDefinition"])
        request.setdefault("networkConfiguration", self.service["networkConfiguration"])
        request.setdefault("capacityProviderStrategy", [{"capacityProvider": "FARGATE", "weight": 1}])
        return self.ecs.run_task(cluster=self.ids["Main"], **request)

    def task(self, arn: str) -> Any:
        """Describe a task."""
        return self.ecs.describe_tasks(cluster=self.ids["Main"], tasks=[arn])["tasks"][0]

    def ran(self, **request: Any) -> Any:
        """Run a task to its end, and describe it."""
        return self.task(self.run(**request)["tasks"][0]["taskArn"])

    def passes(self, seconds: float) -> None:
        """Let virtual seconds pass."""
        from fargate_stacks.deploy.local.tempo import clock

        clock.advance(seconds)


@pytest.fixture
def scene(cloud: Cloud) -> Scene:
    """A service to be made; nothing takes time."""
    return Scene(cloud)


@pytest.fixture
def by_hand(local_endpoint: str) -> Any:
    """Time that stands still until the test lets it pass; ask for it as `with by_hand():`."""
    from fargate_stacks.deploy.local import tempo

    return tempo.by_hand


@pytest.fixture
def ordered(local_endpoint: str) -> Iterator[Any]:
    """Put scenarios in force for a test: `ordered(task=[...])` with entries as a file has them."""
    from fargate_stacks.deploy.local.scenarios import TABLES, script

    def put(**tables: list[dict[str, Any]]) -> None:
        script.use(**{name: [TABLES[name](entry) for entry in entries] for name, entries in tables.items()})

    with contextlib.ExitStack() as stack:
        stack.callback(script.use)
        yield put
