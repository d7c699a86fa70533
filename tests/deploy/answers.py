"""AWS's side of a stack with one service: what it answers, and the state that it answers from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fargate_stacks.core.template import Owner, Template
from fargate_stacks.deploy.client import Client
from tests.deploy.aws import NOON, Api, VirtualClock, client_of, refusal

REGION = "us-east-1:000000000000"
STACK = f"arn:aws:cloudformation:{REGION}:stack/shop/1"
CLUSTER = f"arn:aws:ecs:{REGION}:cluster/main"
SERVICE = f"arn:aws:ecs:{REGION}:service/main/shop-Api"
GROUP = f"arn:aws:elasticloadbalancing:{REGION}:targetgroup/api/1"
DEPLOYMENT = f"arn:aws:ecs:{REGION}:service-deployment/main/shop-Api/d2"
OLD, NEW = (f"arn:aws:ecs:{REGION}:task-definition/shop-Api:{number}" for number in (17, 18))
TYPES = {
    "ApiTaskDefinition": "AWS::ECS::TaskDefinition",
    "ApiService": "AWS::ECS::Service",
    "shop": "AWS::CloudFormation::Stack",
}
TEMPLATE = Template(
    name="shop",
    resources={
        "ApiTaskDefinition": {"Type": "AWS::ECS::TaskDefinition"},
        "ApiService": {"Type": "AWS::ECS::Service", "Properties": {"TaskDefinition": {"Ref": "ApiTaskDefinition"}}},
    },
    owners={"ApiTaskDefinition": Owner("Api", "Service", None), "ApiService": Owner("Api", "Service", None)},
)


class Answers:
    """One stack `shop` with the service Api, its tasks and logs, on a clock that only tests move."""

    def __init__(self, *, creates: bool = False, native: bool = True, desired: int = 2) -> None:
        self.clock = VirtualClock()
        self.creates = creates
        self.native = native
        self.calls: list[str] = []
        self.requests: dict[str, dict[str, Any]] = {}
        self.steps: list[tuple[float, int, Callable[[], None]]] = []
        self.begun: float | None = None
        self.status = "REVIEW_IN_PROGRESS" if creates else "UPDATE_COMPLETE"
        self.exists = not creates
        self.token = ""
        self.events: list[dict[str, Any]] = []
        self.desired = desired
        self.service: dict[str, Any] | None = None if creates else self._service(desired)
        self.deployment: dict[str, Any] | None = None
        self.tasks: dict[str, dict[str, Any]] = {}
        self.logs: dict[str, list[str]] = {}
        self.targets: list[str] = ["healthy"] * desired
        self.outcomes: dict[str, Callable[[], None]] = {}
        """By operation, what a changing call sets off."""
        apis = {
            "cloudformation": self._cloudformation(),
            "ecs": self._ecs(),
            "logs": {"GetLogEvents": self._log_events},
            "elbv2": {"DescribeTargetHealth": self._target_health},
        }
        self.apis = {name: Api(name, answers, self.calls) for name, answers in apis.items()}
        self.client: Client = client_of(self.apis)

    def _now(self) -> None:
        """Let happen what is due, each at its own moment."""
        if self.begun is None:
            return
        here = self.clock.passed
        while True:
            due = sorted(step for step in self.steps if self.begun + step[0] <= here)
            if not due:
                break
            self.steps.remove(due[0])
            self.clock.passed = max(self.begun + due[0][0], 0)
            due[0][2]()
        self.clock.passed = here

    def _cloudformation(self) -> dict[str, Callable[[dict[str, Any]], dict[str, Any]]]:
        return {
            "DescribeEvents": lambda request: {"OperationEvents": []},
            "DescribeStacks": self._stacks,
            "DescribeStackEvents": self._stack_events,
            "GetTemplate": lambda _: {"TemplateBody": '{"Resources": {}}'},
            "CreateChangeSet": self._change_set_made,
            "DescribeChangeSet": lambda _: {"Status": "CREATE_COMPLETE", "ExecutionStatus": "AVAILABLE", "Changes": []},
            "ListChangeSets": lambda _: {"Summaries": []},
            "ExecuteChangeSet": self._execute,
            "CancelUpdateStack": self._sets_off("CancelUpdateStack"),
            "DeleteStack": self._sets_off("DeleteStack"),
        }

    def _ecs(self) -> dict[str, Callable[[dict[str, Any]], dict[str, Any]]]:
        return {
            "DescribeServices": self._services,
            "DescribeServiceDeployments": lambda _: {
                "serviceDeployments": [self.deployment] if self.deployment else []
            },
            "DescribeServiceRevisions": lambda request: {
                "serviceRevisions": [
                    {"serviceRevisionArn": arn, "taskDefinition": NEW} for arn in request["serviceRevisionArns"]
                ]
            },
            "ListTasks": lambda _: {"taskArns": list(self.tasks)},
            "DescribeTasks": lambda request: {"tasks": [self.tasks[arn] for arn in request["tasks"]]},
            "DescribeTaskDefinition": self._definition,
            "StopServiceDeployment": self._sets_off("StopServiceDeployment", serviceDeploymentArn=DEPLOYMENT),
        }

    def _stack_events(self, request: dict[str, Any]) -> dict[str, Any]:
        self._now()
        return {"StackEvents": self.events[::-1]}

    def _sets_off(self, operation: str, **answer: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
        def act(request: dict[str, Any]) -> dict[str, Any]:
            self._now()
            if operation not in self.outcomes:
                raise refusal("ClientException", "it cannot be done now", operation)
            self.outcomes[operation]()
            return dict(answer)

        return act

    def _stacks(self, request: dict[str, Any]) -> dict[str, Any]:
        self._now()
        if not self.exists:
            raise refusal("ValidationError", "Stack with id shop does not exist")
        return {"Stacks": [{"StackId": STACK, "StackName": "shop", "StackStatus": self.status, "CreationTime": NOON}]}

    def _change_set_made(self, request: dict[str, Any]) -> dict[str, Any]:
        self.requests["CreateChangeSet"] = request
        self.exists = True
        return {"Id": "arn:aws:cloudformation:change-set/1", "StackId": STACK}

    def _execute(self, request: dict[str, Any]) -> dict[str, Any]:
        self.requests["ExecuteChangeSet"] = request
        self.begun = self.clock.passed
        self.token = request["ClientRequestToken"]
        self._now()
        return {}

    def _services(self, request: dict[str, Any]) -> dict[str, Any]:
        self._now()
        assert len(request["services"]) <= 10
        if self.service is None:
            return {"services": [], "failures": [{"arn": SERVICE, "reason": "MISSING"}]}
        return {"services": [self.service]}

    def _definition(self, request: dict[str, Any]) -> dict[str, Any]:
        options = {"awslogs-group": "shop-api", "awslogs-stream-prefix": "app", "awslogs-region": "us-east-1"}
        container = {"name": "app", "essential": True, "logConfiguration": {"logDriver": "awslogs", "options": options}}
        return {"taskDefinition": {"taskDefinitionArn": request["taskDefinition"], "containerDefinitions": [container]}}

    def _log_events(self, request: dict[str, Any]) -> dict[str, Any]:
        lines = self.logs.get(request["logStreamName"])
        if lines is None:
            raise refusal("ResourceNotFoundException", "The specified log stream does not exist.")
        return {"events": [{"timestamp": 0, "message": line} for line in lines]}

    def _target_health(self, request: dict[str, Any]) -> dict[str, Any]:
        return {
            "TargetHealthDescriptions": [
                {"Target": {"Id": f"10.0.0.{number}", "Port": 80}, "TargetHealth": {"State": state}}
                for number, state in enumerate(self.targets)
            ]
        }

    def _entry(self, definition: str, id: str, state: str = "IN_PROGRESS", *, running: int = 0) -> dict[str, Any]:
        return {
            "id": id,
            "status": "PRIMARY",
            "taskDefinition": definition,
            "desiredCount": self.desired,
            "runningCount": running,
            "pendingCount": 0,
            "failedTasks": 0,
            "rolloutState": state,
            "createdAt": self.clock.utc(),
            "updatedAt": self.clock.utc(),
        }

    def _service(self, desired: int) -> dict[str, Any]:
        return {
            "serviceArn": SERVICE,
            "serviceName": "shop-Api",
            "clusterArn": CLUSTER,
            "status": "ACTIVE",
            "taskDefinition": OLD,
            "desiredCount": desired,
            "runningCount": desired,
            "pendingCount": 0,
            "events": [],
            "loadBalancers": [{"targetGroupArn": GROUP, "containerName": "app", "containerPort": 80}],
            "deployments": [self._entry(OLD, "ecs-svc/1", "COMPLETED", running=desired)],
        }
