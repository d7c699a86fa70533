"""A stack with one service, and what happens to it as a script: CloudFormation's and ECS's side on one clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fargate_stacks.deploy.engine import deploy
from fargate_stacks.deploy.messages import Message
from fargate_stacks.deploy.run import Options
from fargate_stacks.errors import DeployError
from tests.deploy.answers import CLUSTER, DEPLOYMENT, NEW, OLD, REGION, SERVICE, STACK, TEMPLATE, TYPES, Answers


class World(Answers):
    """One stack `shop` with the service Api; `at` says what happens after how many seconds of its operation."""

    # the script

    def at(self, seconds: float, *acts: Callable[[], None]) -> None:
        """Have something happen so many seconds after the operation began, in the order of the script."""
        for act in acts:
            self.steps.append((seconds, len(self.steps), act))

    def after_now(self, seconds: float, *acts: Callable[[], None]) -> None:
        """Have something happen so many seconds from now on."""
        assert self.begun is not None
        self.at(self.clock.passed - self.begun + seconds, *acts)

    def says(self, text: str) -> Callable[[], None]:
        """The service says something."""

        def act() -> None:
            assert self.service is not None
            one = {"id": f"e{len(self.service['events'])}", "createdAt": self.clock.utc(), "message": text}
            self.service["events"].insert(0, one)

        return act

    def cfn(self, logical_id: str, status: str, physical: str = "", reason: str = "") -> Callable[[], None]:
        """The stack has an event; one of its own changes its status."""

        def act() -> None:
            root = logical_id == "shop"
            if root:
                self.status = status
            event = {
                "EventId": f"{len(self.events)}",
                "StackId": STACK,
                "StackName": "shop",
                "LogicalResourceId": logical_id,
                "PhysicalResourceId": STACK if root else physical,
                "ResourceType": TYPES[logical_id],
                "ResourceStatus": status,
                "Timestamp": self.clock.utc(),
                "ClientRequestToken": self.token,
            }
            self.events.append({**event, "ResourceStatusReason": reason} if reason else event)

        return act

    def rolls_out(self, definition: str = NEW) -> Callable[[], None]:
        """ECS begins with the new revision."""

        def act() -> None:
            if self.service is None:
                self.service = self._service(self.desired)
                self.service["deployments"] = []
            older = self.service["deployments"][:1]
            for one in older:
                one["status"] = "ACTIVE"
            self.service["deployments"] = [self._entry(definition, "ecs-svc/2"), *older]
            self.service["taskDefinition"] = definition
            if self.native:
                self.service["currentServiceDeployment"] = DEPLOYMENT
                self.deployment = {
                    "serviceDeploymentArn": DEPLOYMENT,
                    "serviceArn": SERVICE,
                    "clusterArn": CLUSTER,
                    "status": "IN_PROGRESS",
                    "createdAt": self.clock.utc(),
                    "updatedAt": self.clock.utc(),
                    "targetServiceRevision": {"arn": f"{DEPLOYMENT}/new", "requestedTaskCount": self.desired},
                    "deploymentConfiguration": {"strategy": "ROLLING"},
                    "deploymentCircuitBreaker": {"status": "MONITORING", "failureCount": 0, "threshold": 3},
                }
            self.counts(running=0, pending=self.desired)()

        return act

    def counts(self, *, running: int, pending: int = 0, failed: int = 0) -> Callable[[], None]:
        """So many tasks of the new revision run, are pending, have failed."""

        def act() -> None:
            assert self.service is not None
            self.service["deployments"][0] |= {
                "runningCount": running,
                "pendingCount": pending,
                "failedTasks": failed,
            }
            self.service["runningCount"] = sum(one["runningCount"] for one in self.service["deployments"])
            self.service["pendingCount"] = pending
            if self.deployment is not None:
                self.deployment["targetServiceRevision"] |= {"runningTaskCount": running, "pendingTaskCount": pending}
                self.deployment["deploymentCircuitBreaker"]["failureCount"] = failed

        return act

    def deploys(self, **changes: Any) -> Callable[[], None]:
        """The service deployment changes; `weight` is the production traffic."""

        def act() -> None:
            assert self.deployment is not None
            weight = changes.pop("weight", None)
            if weight is not None:
                self.deployment["targetServiceRevision"]["requestedProductionTrafficWeight"] = float(weight)
            self.deployment |= {**changes, "updatedAt": self.clock.utc()}

        return act

    def entry(self, state: str, reason: str = "") -> Callable[[], None]:
        """The newest entry of `deployments` changes its state."""

        def act() -> None:
            assert self.service is not None
            self.service["deployments"][0] |= {"rolloutState": state, "rolloutStateReason": reason}

        return act

    def comes_up(self) -> Callable[[], None]:
        """All tasks of the new revision run, and the old one is gone."""

        def act() -> None:
            assert self.service is not None
            self.counts(running=self.desired, failed=self.service["deployments"][0]["failedTasks"])()
            self.entry("COMPLETED")()
            del self.service["deployments"][1:]
            if self.deployment is not None:
                self.deploys(status="SUCCESSFUL", finishedAt=self.clock.utc())()

        return act

    def goes_back(self, reason: str) -> Callable[[], None]:
        """ECS puts the old revision back, and nobody is told."""

        def act() -> None:
            assert self.service is not None
            self.service["deployments"] = [self._entry(OLD, "ecs-svc/3", "COMPLETED", running=self.desired)]
            self.service |= {"taskDefinition": OLD, "runningCount": self.desired, "pendingCount": 0}
            if self.deployment is not None:
                self.deploys(status="ROLLBACK_SUCCESSFUL", rollback={"reason": reason})()

        return act

    def is_deleted(self) -> Callable[[], None]:
        def act() -> None:
            assert self.service is not None
            self.service["status"] = "INACTIVE"

        return act

    def fails(
        self,
        code: str,
        reason: str,
        *,
        exit_code: int | None = None,
        why: str = "",
        log: tuple[str, ...] = (),
        definition: str = NEW,
    ) -> Callable[[], None]:
        """A task stops; `why` is what ECS says of its container."""

        def act() -> None:
            number = f"{len(self.tasks):032x}"
            arn = f"arn:aws:ecs:{REGION}:task/main/{number}"
            container: dict[str, Any] = {"name": "app", "lastStatus": "STOPPED"}
            if exit_code is not None:
                container["exitCode"] = exit_code
            if why:
                container["reason"] = why
            self.tasks[arn] = {
                "taskArn": arn,
                "lastStatus": "STOPPED",
                "taskDefinitionArn": definition,
                "group": "service:shop-Api",
                "startedBy": "ecs-svc/2",
                "stopCode": code,
                "stoppedReason": reason,
                "createdAt": self.clock.utc(),
                "stoppedAt": self.clock.utc(),
                "containers": [container],
            }
            if log:
                self.logs[f"app/app/{number}"] = list(log)

        return act

    def deploys_as_usual(self) -> None:
        """What CloudFormation does up to the service, and that ECS begins: 3 seconds."""
        verb = "CREATE" if self.creates else "UPDATE"
        self.at(0, self.cfn("shop", f"{verb}_IN_PROGRESS"))
        self.at(1, self.cfn("ApiTaskDefinition", f"{verb}_IN_PROGRESS", "" if self.creates else OLD))
        self.at(1, self.cfn("ApiTaskDefinition", f"{verb}_COMPLETE", NEW))
        self.at(2, self.cfn("ApiService", f"{verb}_IN_PROGRESS", "" if self.creates else SERVICE))
        self.at(3, self.rolls_out(), self.cfn("ApiService", f"{verb}_IN_PROGRESS", SERVICE))

    def ends_well(self, seconds: float) -> None:
        verb = "CREATE" if self.creates else "UPDATE"
        self.at(seconds, self.cfn("ApiService", f"{verb}_COMPLETE", SERVICE), self.cfn("shop", f"{verb}_COMPLETE"))

    def ends_badly(self, seconds: float, reason: str, *, why: str = "tasks failed to start.") -> None:
        """CloudFormation gives up and rolls back: an update's service goes back, a new one is deleted."""
        if self.creates:
            self.at(seconds, self.cfn("ApiService", "CREATE_FAILED", SERVICE, reason))
            self.at(seconds, self.cfn("shop", "ROLLBACK_IN_PROGRESS", reason="The following resource(s) failed"))
            self.at(seconds + 20, self.cfn("ApiService", "DELETE_COMPLETE", SERVICE), self.is_deleted())
            self.at(seconds + 21, self.cfn("shop", "ROLLBACK_COMPLETE"))
            return
        self.at(seconds, self.cfn("ApiService", "UPDATE_FAILED", SERVICE, reason))
        self.at(seconds, self.cfn("shop", "UPDATE_ROLLBACK_IN_PROGRESS", reason="The following resource(s) failed"))
        self.at(seconds + 5, self.cfn("ApiService", "UPDATE_COMPLETE", SERVICE), self.goes_back(why))
        self.at(seconds + 6, self.cfn("shop", "UPDATE_ROLLBACK_COMPLETE"))

    # a run

    def play(
        self, listen: Callable[[Message], None] = lambda message: None, **options: Any
    ) -> tuple[list[Message], DeployError | None]:
        """Deploy; give what was said and how it failed, if it did. `listen` hears each message when it is said."""
        said: list[Message] = []

        def out(message: Message) -> None:
            said.append(message)
            listen(message)

        try:
            deploy(
                {"shop": TEMPLATE},
                self.client,
                out=out,
                ask=lambda _: True,
                options=Options(**options),
                clock=self.clock,
            )
        except DeployError as error:
            return said, error
        return said, None
