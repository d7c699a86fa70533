"""Tasks on Fargate: from PROVISIONING to STOPPED, with what makes them fail on the way.

The states are those of the page "Amazon ECS task lifecycle"; how long each lasts is ours. No container runs: a task
is a record, its log lines say so.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ministack.core.responses import get_account_id, get_region, new_uuid
from ministack.services import ecs

from fargate_stacks.deploy.local import ecs_interfaces, ecs_logs, ecs_needs
from fargate_stacks.deploy.local.ecs_needs import Network
from fargate_stacks.deploy.local.scenarios import TaskRule
from fargate_stacks.deploy.local.tempo import clock

Data = dict[str, Any]

SECONDS = {"PROVISIONING": 6.0, "PENDING": 12.0, "ACTIVATING": 2.0, "STOPPING": 3.0, "DEPROVISIONING": 4.0}
"""How long a task is in each state."""

RUNS = 20.0
"""How long a task that nobody's service keeps runs before its containers end with 0."""

KEPT = 3600.0
"""How long a stopped task can be described: ECS says at least an hour."""


@dataclass(eq=False)
class Task:
    """One task: its record as the API tells it, and what drives it."""

    record: Data
    definition: Mapping[str, Any]
    network: Network
    rule: TaskRule | None
    lasts: float
    changed: Callable[[Task], None]
    stopping: bool = False
    ready_at: float = math.inf
    """The virtual time from which its port answers."""
    running_at: float = math.inf
    draining: float = 0
    """How long it stays registered with a load balancer after it is to stop."""
    address: str = ""
    failed: bool = field(default=False, init=False)
    """Whether its end counts as a failure of its deployment."""

    @property
    def arn(self) -> str:
        return str(self.record["taskArn"])

    @property
    def id(self) -> str:
        return self.arn.rpartition("/")[2]

    @property
    def status(self) -> str:
        return str(self.record["lastStatus"])

    @property
    def live(self) -> bool:
        """Whether it starts or runs, and is not on its way out."""
        return not self.stopping

    def answers(self) -> bool:
        """Tell whether its port answers at this moment."""
        return self.status == "RUNNING" and clock.now() >= self.ready_at

    def goes_wrong(self, moment: str) -> TaskRule | None:
        """Give the rule under which this task fails at a moment."""
        return self.rule if self.rule is not None and self.rule.kind.moment == moment else None

    # --- its way up

    def provision(self) -> None:
        """Plan its way up."""
        self._next("PROVISIONING", self._attach)

    def _attach(self) -> None:
        if self.stopping:
            return
        attachment = self.record["attachments"][0]
        self.address = ecs_interfaces.attach(self.network, attachment)
        for container in self.record["containers"]:
            container["networkInterfaces"] = [{"attachmentId": attachment["id"], "privateIpv4Address": self.address}]
        self.record |= {"connectivity": "CONNECTED", "connectivityAt": time.time(), "pullStartedAt": time.time()}
        self._become("PENDING")
        self._next("PENDING", self._pull)

    def _pull(self) -> None:
        if self.stopping:
            return
        reason = self._refusal()
        if reason:
            self.failed = True
            if reason.startswith("CannotPull"):
                self.record["containers"][0]["reason"] = reason
            self.stop("TaskFailedToStart", reason)
            return
        self.record["pullStoppedAt"] = time.time()
        self._become("ACTIVATING")
        self._next("ACTIVATING", self._run)

    def _refusal(self) -> str:
        rule = self.goes_wrong("start") or self.goes_wrong("pull")
        if rule is None:
            return ecs_needs.problem(self.definition, self.network, self.id)
        return rule.kind.reason.format_map(self._words())

    def _words(self) -> Data:
        container = self.definition["containerDefinitions"][0]
        image = ecs_needs.image(container["image"])
        platform = self.definition.get("runtimePlatform", {})
        secrets = [
            one["valueFrom"] for each in self.definition["containerDefinitions"] for one in each.get("secrets", ())
        ]
        place = f"{get_region()}:{get_account_id()}"
        return {
            "ref": image.ref,
            "registry": "registry-1.docker.io" if image.registry == "docker.io" else image.registry,
            "repository": image.repository,
            "tag": image.tag.lstrip("@"),
            "platform": f"linux/{'arm64' if platform.get('cpuArchitecture') == 'ARM64' else 'amd64'}",
            "secret": secrets[0] if secrets else f"arn:aws:secretsmanager:{place}:secret:token-AbCdEf",
            "account": get_account_id(),
            "region": get_region(),
            "role": self.definition.get("executionRoleArn", "role/ecsTaskExecutionRole").rpartition("/")[2],
            "id": self.id,
            "address": ecs_needs.address(self.network.subnet),
            "stream": f"arn:aws:logs:{place}:log-group:{ecs_logs.group(container)}:log-stream:{self.id}",
            "group": "",
        }

    def _run(self) -> None:
        if self.stopping:
            return
        now = time.time()
        slow = self.goes_wrong("run")
        self.running_at = clock.now()
        self.ready_at = clock.now() + (slow.option("after") if slow else 0)
        waited = _waited_for(self.definition)
        for container, given in zip(self.record["containers"], self.definition["containerDefinitions"], strict=True):
            ended = given["name"] in waited
            number = f"{time.time_ns() % 10**10:010d}"
            container |= {
                "lastStatus": "STOPPED" if ended else "RUNNING",
                "runtimeId": f"{self.id}-{number}",
                "imageDigest": f"sha256:{new_uuid().replace('-', '') * 2}",
            }
            if ended:
                container["exitCode"] = 0
            ecs_logs.write(given, self.id, [f"(local cloud) {given['image']}: no container runs here"])
            if given.get("healthCheck") and not ended:
                self._watch(container, given["healthCheck"])
        self.record["startedAt"] = now
        self._become("RUNNING")
        self._plan_end()
        self.changed(self)

    def _plan_end(self) -> None:
        rule = self.goes_wrong("end")
        after = rule.option("after") if rule else self.lasts
        if after < math.inf:
            clock.after(after, self._end)

    def _end(self) -> None:
        if self.stopping:
            return
        rule = self.goes_wrong("end")
        essential = self._essential()
        container, given = self.record["containers"][essential], self.definition["containerDefinitions"][essential]
        if rule is None:
            container["exitCode"] = 0
            self.stop("EssentialContainerExited", "Essential container in task exited")
            return
        ecs_logs.write(given, self.id, rule.option("log"))
        container["exitCode"] = rule.option("exit_code")
        if rule.kind.container:
            container["reason"] = rule.kind.container
        spot = rule.kind.name == "spot-interruption"
        self.failed = not spot
        self.stop("SpotInterruption" if spot else "EssentialContainerExited", rule.kind.reason)

    def _essential(self) -> int:
        waited = _waited_for(self.definition)
        return next(
            number
            for number, one in enumerate(self.definition["containerDefinitions"])
            if one.get("essential", True) and one["name"] not in waited
        )

    # --- the containers' own health checks

    def _watch(self, container: Data, check: Mapping[str, Any], failures: int = 0) -> None:
        interval = check.get("interval", 30)

        def look() -> None:
            if self.stopping:
                return
            sick = self.goes_wrong("check")
            well = self.answers() and not (sick and clock.now() - self.running_at >= sick.option("after"))
            failed = failures
            if well:
                self._feels(container, "HEALTHY")
                failed = 0
            elif clock.now() - self.running_at > check.get("startPeriod", 0):
                failed += 1
                if failed >= check.get("retries", 3):
                    self._feels(container, "UNHEALTHY")
                    return
            if not well or sick:
                self._watch(container, check, failed)

        clock.after(interval, look)

    def _feels(self, container: Data, health: str) -> None:
        if container["healthStatus"] == health:
            return
        container["healthStatus"] = health
        essential = [one.get("essential", True) for one in self.definition["containerDefinitions"]]
        checked = [bool(one.get("healthCheck")) for one in self.definition["containerDefinitions"]]
        states = [
            one["healthStatus"]
            for one, needed, has in zip(self.record["containers"], essential, checked, strict=True)
            if needed and has
        ]
        worst = next((state for state in ("UNHEALTHY", "UNKNOWN") if state in states), "HEALTHY")
        self.record["healthStatus"] = worst if states else "UNKNOWN"
        self._bump()
        self.changed(self)

    # --- its way down

    def stop(self, code: str, reason: str) -> None:
        """Stop it for a reason; one that stops already keeps the reason it has."""
        if self.stopping:
            return
        self.stopping = True
        was_up = self.status == "RUNNING"
        self.record |= {
            "desiredStatus": "STOPPED",
            "stopCode": code,
            "stoppedReason": reason,
            "stoppingAt": time.time(),
        }
        if was_up:
            self._become("DEACTIVATING")
            clock.after(self.draining, self._terminate)
        else:
            self._become("DEPROVISIONING")
            self._next("DEPROVISIONING", self._gone)
        self.changed(self)

    def _terminate(self) -> None:
        self._become("STOPPING")
        self._next("STOPPING", self._exit)

    def _exit(self) -> None:
        for container in self.record["containers"]:
            # who is told by SIGTERM to end
            container.setdefault("exitCode", 143)
            container["lastStatus"] = "STOPPED"
        self.record["executionStoppedAt"] = time.time()
        self._become("DEPROVISIONING")
        self._next("DEPROVISIONING", self._gone)

    def _gone(self) -> None:
        for container in self.record["containers"]:
            container["lastStatus"] = "STOPPED"
        ecs_interfaces.detach(self.record["attachments"][0])
        self.record["stoppedAt"] = time.time()
        self._become("STOPPED")
        clock.after(KEPT, lambda: ecs._tasks.pop(self.arn, None), patient=True)
        self.changed(self)

    def _become(self, status: str) -> None:
        self.record["lastStatus"] = status
        self._bump()

    def _bump(self) -> None:
        self.record["version"] += 1

    def _next(self, status: str, act: Callable[[], None]) -> None:
        clock.after(SECONDS[status], act)


def _waited_for(definition: Mapping[str, Any]) -> set[str]:
    """Give the containers on whose end others wait: they have ended when the task runs."""
    return {
        one["containerName"]
        for container in definition["containerDefinitions"]
        for one in container.get("dependsOn", ())
        if one["condition"] in ("SUCCESS", "COMPLETE")
    }
