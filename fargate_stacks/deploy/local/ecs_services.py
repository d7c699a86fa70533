"""A service: its tasks, their health, what is counted and said of them; how it deploys is in ecs_rollout, ecs_shift."""

from __future__ import annotations

import math
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ministack.core.responses import get_account_id, new_uuid
from ministack.services import ecs

from fargate_stacks.deploy.local import ecs_history, ecs_placing, ecs_registry, ecs_targets
from fargate_stacks.deploy.local.ecs_targets import Target
from fargate_stacks.deploy.local.ecs_tasks import Task
from fargate_stacks.deploy.local.scenarios import script
from fargate_stacks.deploy.local.tempo import clock, pause

Data = dict[str, Any]

PROVEN = 30.0
"""How long a task without any health check runs until it counts as healthy; AWS does not say how long it waits."""

SEE = "For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
NO_INSTANCES = (
    "no container instance met all of its requirements. Reason: No Container Instances were found in your cluster."
)
EVENTS = 100
"""How many events a service keeps: those of the API reference."""


@dataclass(eq=False)
class Deployment:
    """One entry of `deployments`: a revision that runs, or is to."""

    record: Data
    definition: Mapping[str, Any]
    revision: Data
    group: int = 0
    """Which of the two target groups of blue/green its tasks are in."""
    failures: int = 0
    completed: bool = False
    failed: bool = False

    @property
    def id(self) -> str:
        return str(self.record["id"])


@dataclass(eq=False)
class Placed:
    """A task of a service."""

    task: Task
    deployment: Deployment
    targets: list[Target] = field(default_factory=list)
    known: bool = False
    """Whether load balancers and Cloud Map have been told of it, and `left`, that it goes."""
    left: bool = False
    counted: bool = False
    proven: bool = False


@dataclass(eq=False)
class Service:
    """A service and all that it runs."""

    record: Data
    cluster: Data
    strategy: Callable[[Service], None]
    """What is done, at each change, to bring the service where it shall be."""
    deployments: list[Deployment] = field(default_factory=list)
    placed: list[Placed] = field(default_factory=list)
    current: Data | None = None
    """The service deployment that goes on, or went on last."""
    failure: tuple[str, str] | None = None
    """Why CloudFormation's operation fails, and the handler error code."""
    streak: int = 0
    """Failures since a task was healthy."""
    not_before: float = 0
    since: float = 0
    """When it was made or changed last: CloudFormation's patience counts from there."""
    steady: bool = False
    busy: bool = False
    shift: Any = None

    @property
    def name(self) -> str:
        return str(self.record["serviceName"])

    @property
    def desired(self) -> int:
        return int(self.record["desiredCount"])

    @property
    def primary(self) -> Deployment:
        return self.deployments[0]

    @property
    def in_flight(self) -> bool:
        """Whether a service deployment goes on."""
        return self.current is not None and self.current["status"] not in ecs_history.OVER

    def over(self) -> bool:
        """Tell whether there is nothing to wait for: steady, failed, or gone."""
        if self.record["status"] != "ACTIVE":
            return bool(self.record["status"] == "INACTIVE")
        return not self.in_flight and (self.steady or self.failure is not None)

    # --- what it says

    def says(self, message: str) -> None:
        """Put an event on top of the service's events."""
        event = {"id": new_uuid(), "createdAt": time.time(), "message": f"(service {self.name}) {message}"}
        self.record["events"] = [event, *self.record["events"]][:EVENTS]

    # --- its tasks

    def live(self, deployment: Deployment | None = None) -> list[Placed]:
        """Give the tasks that start or run, of one deployment or of all."""
        return [one for one in self.placed if one.task.live and deployment in (None, one.deployment)]

    def healthy(self, one: Placed) -> bool:
        """Tell whether a task runs and passes the checks that it has."""
        if not one.task.live or one.task.status != "RUNNING":
            return False
        containers = one.deployment.definition["containerDefinitions"]
        # what is not essential has no part in a task's health (API reference, HealthCheck)
        checked = any(each.get("healthCheck") for each in containers if each.get("essential", True))
        if checked and one.task.record["healthStatus"] != "HEALTHY":
            return False
        if self.record.get("loadBalancers"):
            return bool(one.targets) and all(target.healthy for target in one.targets)
        return bool(checked or clock.now() - one.task.running_at >= PROVEN)

    def start(self, deployment: Deployment, count: int) -> None:
        """Start tasks of a deployment, unless failures have made the scheduler wait."""
        if clock.now() < self.not_before:
            return
        if self.record.get("launchType") == "EC2":
            # the default of a service that names neither launch type nor provider, in a cluster that has none either
            if not any(NO_INSTANCES in event["message"] for event in self.record["events"]):
                self.says(f"was unable to place a task because {NO_INSTANCES} {SEE}")
            return
        started = [made for made in (self._start(deployment) for _ in range(count)) if made]
        if started:
            tasks = " ".join(f"(task {task.id})" for task in started)
            self.says(f"has started {len(started)} tasks: {tasks}.")

    def _start(self, deployment: Deployment) -> Task | None:
        definition = deployment.definition
        tags = [*ecs._tags.get(self.record["serviceArn"], ()), *ecs._tags.get(definition["taskDefinitionArn"], ())]
        rule = script.pick(
            get_account_id(),
            ecs_placing.named(definition, self.name),
            [one["image"] for one in definition["containerDefinitions"]],
            tags,
        )
        if rule is not None and rule.kind.moment == "place":
            self.says(f"was unable to place a task. Reason: {rule.kind.reason}. {SEE}")
            self._count_failure(deployment)
            return None
        propagated = {"SERVICE": self.record["serviceArn"], "TASK_DEFINITION": definition["taskDefinitionArn"]}
        source = propagated.get(self.record.get("propagateTags", "NONE"))
        strategy = self.record.get("capacityProviderStrategy")
        task = ecs_placing.begin(
            definition,
            cluster=self.cluster,
            network=deployment.revision["networkConfiguration"],
            rule=rule,
            changed=self.task_changed,
            group=f"service:{self.name}",
            startedBy=deployment.id,
            enableExecuteCommand=bool(self.record.get("enableExecuteCommand")),
            tags=list(ecs._tags.get(source, ())) if source else [],
            capacityProviderName=_provider(strategy, len(self.live())) if strategy else None,
        )
        task.draining = max((ecs_targets.delay(one) for one, _ in self.ports(deployment)), default=0)
        self.placed.append(Placed(task, deployment))
        return task

    def ports(self, deployment: Deployment) -> list[tuple[str, int]]:
        """Give the target groups and ports of a deployment's tasks."""
        found = []
        for one in deployment.revision.get("loadBalancers", ()):
            groups = (one["targetGroupArn"], one.get("advancedConfiguration", {}).get("alternateTargetGroupArn"))
            found.append((groups[deployment.group] or groups[0], one["containerPort"]))
        return found

    def stop(self, some: list[Placed], reason: str = "", *, failed: bool = False) -> None:
        """Stop tasks as the scheduler does."""
        for one in some:
            one.task.failed = failed
            one.task.stop(
                "ServiceSchedulerInitiated",
                reason or f"Scaling activity initiated by (deployment {one.deployment.id})",
            )
        if some and not failed:
            tasks = " ".join(f"(task {one.task.id})" for one in some)
            self.says(f"has stopped {len(some)} running tasks: {tasks}.")

    # --- what happens to them

    def task_changed(self, task: Task) -> None:
        """Hear that a task has another state or health."""
        one = next((one for one in self.placed if one.task is task), None)
        if one is None:
            return
        if task.status == "RUNNING" and not one.known:
            one.known = True
            self._register(one)
            clock.after(PROVEN, self.step)
        if task.stopping and one.known and not one.left:
            one.left = True
            self._deregister(one)
        if task.live and task.record["healthStatus"] == "UNHEALTHY":
            self.says(f"(task {task.id}) failed container health checks.")
            task.failed = True
            task.stop("ServiceSchedulerInitiated", "Task failed container health checks")
            return
        if task.stopping and not one.counted:
            one.counted = True
            if task.failed or task.record["stopCode"] == "EssentialContainerExited":
                self._count_failure(one.deployment)
        if task.status == "STOPPED":
            self.placed.remove(one)
        self.step()

    def _register(self, one: Placed) -> None:
        ecs_registry.add(one.task, one.deployment.revision.get("serviceRegistries"), self.record)
        for group, port in self.ports(one.deployment):
            one.targets.append(ecs_targets.add(one.task, group, port, self._target_changed))
            self.says(f"registered 1 targets in (target-group {group})")

    def _deregister(self, one: Placed) -> None:
        ecs_registry.remove(one.task, one.deployment.revision.get("serviceRegistries"))
        for target in one.targets:
            ecs_targets.remove(target)
            self.says(f"deregistered 1 targets in (target-group {target.group})")
        if one.targets:
            self.says("has begun draining connections on 1 tasks.")

    def _target_changed(self, target: Target) -> None:
        task = target.task
        grace = self.record.get("healthCheckGracePeriodSeconds", 0)
        if target.state == "unhealthy" and task.live:
            if clock.now() - task.running_at < grace:
                return
            self.says(
                f"(task {task.id}) (port {target.port}) is unhealthy in (target-group {target.group}) due to "
                f"(reason {target.why()})"
            )
            task.failed = True
            task.stop("ServiceSchedulerInitiated", f"Task failed ELB health checks in (target-group {target.group})")
            return
        self.step()

    def _count_failure(self, deployment: Deployment) -> None:
        self.streak += 1
        if not deployment.completed:
            deployment.failures += 1
        if self.streak == 10:
            self.says(f"is unable to consistently start tasks successfully. {SEE}")
        # the scheduler waits longer and longer, 27 minutes at most (page "service throttle logic")
        wait = pause(self.streak)
        self.not_before = clock.now() + wait
        clock.after(wait, self.step)

    # --- where it is

    def step(self) -> None:
        """Look at what is, and do what brings the service nearer to what shall be."""
        if self.busy:
            return
        self.busy = True
        try:
            if self.record["status"] == "DRAINING":
                self.stop(self.live())
                if all(one.task.status in ("STOPPING", "DEPROVISIONING", "STOPPED") for one in self.placed):
                    self.record["status"] = "INACTIVE"
            elif self.record["status"] == "ACTIVE":
                self._prove()
                self.strategy(self)
            self._count()
        finally:
            self.busy = False

    def _prove(self) -> None:
        for one in self.placed:
            if not one.proven and self.healthy(one):
                one.proven = True
                self.streak, self.not_before = 0, 0
                breaker = self.record["deploymentConfiguration"].get("deploymentCircuitBreaker", {})
                if breaker.get("resetOnHealthyTask", True):
                    one.deployment.failures = 0

    def say_steady(self) -> None:
        """Say once that the service is where it shall be."""
        if not self.steady:
            self.steady = True
            self.says("has reached a steady state.")

    def _count(self) -> None:
        total = {"runningCount": 0, "pendingCount": 0}
        for deployment in self.deployments:
            mine = self.live(deployment)
            running = sum(one.task.status == "RUNNING" for one in mine)
            counts = {"runningCount": running, "pendingCount": len(mine) - running}
            desired = self.desired if deployment is self.primary or self.shift else len(mine)
            deployment.record |= {**counts, "failedTasks": deployment.failures, "desiredCount": desired}
            for name, number in counts.items():
                total[name] += number
        for one in list(self.deployments[1:]):
            if not any(placed.deployment is one for placed in self.placed) and self._dispensable(one):
                self.deployments.remove(one)
        self.record |= {**total, "deployments": [one.record for one in self.deployments]}
        self._tell()

    def _dispensable(self, deployment: Deployment) -> bool:
        """Tell whether a deployment without tasks can be forgotten: not while it is what a rollback would go to."""
        return deployment.failed or not self.in_flight or not deployment.completed

    def _tell(self) -> None:
        """Write the counts into the service deployment and the current revisions."""
        numbers = {one.revision["serviceRevisionArn"]: _numbers(one, self) for one in self.deployments}
        self.record["currentServiceRevisions"] = [{"arn": arn, **one} for arn, one in numbers.items()]
        if self.current is None:
            return
        if self.in_flight:
            self.record["currentServiceDeployment"] = self.current["serviceDeploymentArn"]
        else:
            self.record.pop("currentServiceDeployment", None)
        none = {"requestedTaskCount": 0, "runningTaskCount": 0, "pendingTaskCount": 0}
        target = self.current["targetServiceRevision"]
        for one in (target, *self.current["sourceServiceRevisions"]):
            one |= numbers.get(one["arn"], none)
        breaker = self.current["deploymentCircuitBreaker"]
        mine = next((one for one in self.deployments if one.revision["serviceRevisionArn"] == target["arn"]), None)
        if mine is not None and breaker["status"] == "MONITORING":
            breaker["failureCount"] = mine.failures
        self.current["updatedAt"] = time.time()


def _numbers(deployment: Deployment, service: Service) -> Data:
    record = deployment.record
    return {
        "requestedTaskCount": service.desired if deployment is service.primary or service.shift else 0,
        "runningTaskCount": record["runningCount"],
        "pendingTaskCount": record["pendingCount"],
    }


def new_deployment(service: Service, definition: Mapping[str, Any]) -> Deployment:
    """Put a deployment of the service as it now is before the others."""
    now = time.time()
    record: Data = {
        "id": f"ecs-svc/{secrets.randbelow(9 * 10**18) + 10**18}",
        "status": "PRIMARY",
        "taskDefinition": definition["taskDefinitionArn"],
        "desiredCount": service.desired,
        "pendingCount": 0,
        "runningCount": 0,
        "failedTasks": 0,
        "createdAt": now,
        "updatedAt": now,
        **{
            name: service.record[name]
            for name in (
                "capacityProviderStrategy",
                "launchType",
                "platformVersion",
                "platformFamily",
                "networkConfiguration",
                "serviceConnectConfiguration",
                "volumeConfigurations",
                "vpcLatticeConfigurations",
            )
            if service.record.get(name)
        },
    }
    if record.get("platformVersion") == "LATEST":
        record["platformVersion"] = "1.4.0" if record.get("platformFamily") == "Linux" else "1.0.0"
    for one in service.deployments:
        one.record["status"] = "ACTIVE"
    made = Deployment(record, definition, ecs_history.revision(service.record, definition))
    service.deployments.insert(0, made)
    service.steady = False
    return made


def _provider(strategy: list[Data], number: int) -> str:
    """Give the capacity provider of the next task: the base first, then by weight."""
    based = next((one for one in strategy if number < one.get("base", 0)), None)
    if based:
        return str(based["capacityProvider"])
    weights = [one for one in strategy for _ in range(math.ceil(one.get("weight", 0)))]
    return str((weights[number % len(weights)] if weights else strategy[0])["capacityProvider"])
