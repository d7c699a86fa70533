"""An account in one region, as the proofs ask it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from fargate_stacks import Template
from fargate_stacks.deploy.client import Client

_T = TypeVar("_T")


class Refuted(Exception):
    """What the account shows is not what we rely on."""


@dataclass
class Account:
    """Calls, the ids of what was deployed, and waiting."""

    client: Client
    name: str
    """What the names of all stacks begin with."""
    patience: float = 1.0
    """How much of each wait is waited: less on the local cloud, where everything is there at once."""
    sleep: Callable[[float], None] = time.sleep
    templates: Mapping[str, Template] = field(default_factory=dict)

    def api(self, service: str) -> Any:
        return self.client.service(service)

    @cached_property
    def ids(self) -> dict[str, str]:
        """Physical ids by logical id, of all stacks that were deployed."""
        found: dict[str, str] = {}
        for stack in self.templates:
            state = self.client.stack(stack)
            if state is not None:
                found |= self.client.resources(state.id)
        return found

    def until(self, minutes: float, what: str, ask: Callable[[], _T | None]) -> _T:
        """Ask until there is an answer. Raises Refuted when there is none in time."""
        tries = max(1, round(minutes * 60 * self.patience / 10))
        for number in range(tries):
            answer = ask()
            if answer:
                return answer
            if number < tries - 1:
                self.sleep(10)
        raise Refuted(f"{what}: not within {minutes:g} minutes")

    def tasks(self, service: str) -> list[dict[str, Any]]:
        """Give the running tasks of a service by its construct's name."""
        ecs, cluster = self.api("ecs"), self.ids["MainCluster"]
        arns = ecs.list_tasks(cluster=cluster, serviceName=self.ids[f"{service}Service"].rpartition("/")[2])["taskArns"]
        found: list[dict[str, Any]] = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else []
        return [one for one in found if one["lastStatus"] == "RUNNING"]

    def running(self, service: str) -> dict[str, Any]:
        return self.until(5, f"{service} has a running task", lambda: next(iter(self.tasks(service)), None))
