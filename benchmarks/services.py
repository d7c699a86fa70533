"""How many calls a minute it takes to watch services roll out: `python benchmarks/services.py [SERVICES [STACKS]]`.

By default one stack with 40 services, all of which are replaced at once and take ten minutes; nothing is asked over
a network, and the clock is virtual. Printed are the calls a minute by operation, and all.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from fargate_stacks.deploy.budget import Budget
from fargate_stacks.deploy.client import Client
from fargate_stacks.deploy.ecs import Ecs
from fargate_stacks.deploy.ecs_watch import ServiceWatch
from fargate_stacks.deploy.run import ECS_RATE

ARN = "arn:aws:ecs:us-east-1:000000000000"
MINUTES = 10
BUDGET = 120
"""Calls a minute: two a second for one account and region, as the watching of the stacks has them."""


class VirtualClock:
    """Passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.passed = 0.0

    def monotonic(self) -> float:
        return self.passed

    def utc(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.passed)

    def sleep(self, seconds: float) -> None:
        self.passed += seconds


class Api:
    """ECS and its load balancers with many services, whose tasks come up one after the other."""

    def __init__(self, clock: VirtualClock, calls: Counter[str]) -> None:
        self.clock = clock
        self.calls = calls

    def __getattr__(self, method: str) -> Callable[..., dict[str, Any]]:
        def call(**request: Any) -> dict[str, Any]:
            self.calls[method] += 1
            answer = vars(type(self)).get(f"_{method}")
            return answer(self, request) if answer is not None else {}

        return call

    def _describe_services(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"services": [self._service(arn) for arn in request["services"]]}

    def _describe_service_deployments(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"serviceDeployments": [self._deployment(arn) for arn in request["serviceDeploymentArns"]]}

    def _describe_service_revisions(self, request: dict[str, Any]) -> dict[str, Any]:
        return {
            "serviceRevisions": [
                {"serviceRevisionArn": arn, "taskDefinition": f"{arn}:2"} for arn in request["serviceRevisionArns"]
            ]
        }

    def _describe_target_health(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"TargetHealthDescriptions": [{"Target": {"Id": "10.0.0.1"}, "TargetHealth": {"State": "initial"}}]}

    def _service(self, arn: str) -> dict[str, Any]:
        name = arn.rpartition("/")[2]
        return {
            "serviceArn": arn,
            "serviceName": name,
            "status": "ACTIVE",
            "desiredCount": 4,
            "runningCount": self._running(name),
            "taskDefinition": f"{ARN}:revision/{name}:2",
            "currentServiceDeployment": f"{ARN}:service-deployment/main/{name}/1",
            "loadBalancers": [{"targetGroupArn": f"{ARN}:targetgroup/{name}", "containerName": "app"}],
        }

    def _deployment(self, arn: str) -> dict[str, Any]:
        name = arn.split("/")[2]
        revision = {"arn": f"{ARN}:revision/{name}", "requestedTaskCount": 4, "runningTaskCount": self._running(name)}
        return {
            "serviceDeploymentArn": arn,
            "status": "IN_PROGRESS",
            "targetServiceRevision": revision,
            "createdAt": datetime(2026, 1, 1, tzinfo=UTC),
        }

    def _running(self, name: str) -> int:
        """Give one task more every two minutes, at another moment for each service."""
        return min(3, int((self.clock.passed + int(name) * 3) // 120))


def per_minute(services: int, stacks: int = 1) -> dict[str, float]:
    """Watch the services of some stacks for ten minutes; give the calls a minute by operation, most frequent first."""
    clock = VirtualClock()
    calls: Counter[str] = Counter()
    api = Api(clock, calls)
    budget = Budget(clock, rate=ECS_RATE)
    client = Client(api=api, beside=lambda service: api)
    watches = [ServiceWatch(Ecs(client), lambda message: None, clock, budget=budget) for _ in range(stacks)]
    for number in range(services):
        watch = watches[number % stacks]
        watch.add(f"Service{number}", f"{ARN}:service/main/{number}", wanted=f"{ARN}:revision/{number}:2")
    while clock.passed < MINUTES * 60:
        for watch in watches:
            watch.tick()
        clock.sleep(1)
    return {operation: count / MINUTES for operation, count in calls.most_common()}


def main(services: int, stacks: int) -> None:
    """Print the calls; exit with 1 when they pass the budget."""
    found = per_minute(services, stacks)
    for operation, calls in found.items():
        print(f"{operation:<32} {calls:6.1f} a minute")
    total = sum(found.values())
    where = f"{services} services in {stacks} stack{'' if stacks == 1 else 's'}"
    print(f"{where}: {total:.0f} calls a minute; the budget is {BUDGET}")
    if total > BUDGET:
        raise SystemExit(1)


if __name__ == "__main__":
    main(*(int(one) for one in [*sys.argv[1:3], *("40", "1")[len(sys.argv) - 1 :]]))
