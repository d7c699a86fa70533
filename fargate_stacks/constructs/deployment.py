"""How a new revision of a service takes over: what all ways share, and the rolling one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from troposphere import Ref, ecs
from troposphere import elasticloadbalancingv2 as elb

from fargate_stacks.core.construct import Construct, Value
from fargate_stacks.core.values import Attr, Text

if TYPE_CHECKING:  # imported where they are given
    from fargate_stacks.constructs.rolling import CircuitBreaker, EarlySuccess


class Deployment(Value):
    """How a new revision takes over: `Rolling`, `BlueGreen`, `Linear` or `Canary`.

    `alarms` are names of CloudWatch alarms: one that fires while a deployment runs ends it, and unless
    `rollback=False` the last revision that worked comes back. `errors` makes such an alarm: a percentage of answers
    5xx that the service's tasks may give in a minute, over all its target groups; it needs a route of an application
    load balancer and costs what CloudWatch takes for an alarm.
    """

    alarms: Sequence[Text] = ()
    errors: float | None = None
    rollback: bool = True
    """Whether a deployment that fails goes back to the last revision that worked."""

    shifts: ClassVar[bool] = False
    """Whether two revisions stand side by side, each with its own target group."""

    def check(self) -> None:
        if self.errors is not None and not 0 < self.errors < 100:
            raise self.refuse(f"errors is a percentage between 0 and 100, got {self.errors:g}")

    @property
    def rebalancing(self) -> str:
        """Availability-zone rebalancing, which ECS admits only where more than 100 % may run."""
        return "ENABLED"

    def configuration(self, service: Construct) -> Any:
        """Give the service's DeploymentConfiguration."""
        raise NotImplementedError

    def controller(self) -> dict[str, Any]:
        """Give what the service says of who deploys it; nothing where that is ECS by default."""
        return {}

    def resources(self, service: Construct) -> Iterator[Any]:
        """Give what the service's stack needs for its deployments."""
        yield from ()

    def waits(self) -> list[str]:
        """Give the parts of the service that must be there before its first deployment."""
        return []

    def forward(self, service: Construct, part: str, rule: str) -> Any:
        """Give the action of a listener rule of an application load balancer, or of a network one's listener."""
        action = elb.Action if rule.endswith("Listener") else elb.ListenerRuleAction
        return action(Type="forward", TargetGroupArn=Ref(service.id(f"{part}TargetGroup")))

    def alternate(self, service: Construct, *, group: Attr, production: Attr, test: Attr | None) -> dict[str, Any]:
        """Give what an entry of the service's LoadBalancers says of the second revision."""
        return {}

    def watched(self, service: Construct) -> dict[str, Any]:
        """Give the alarms that end a deployment."""
        names = [*self.alarms, *([] if self.errors is None else [Ref(service.id("ErrorsAlarm"))])]
        if not names:
            return {}
        return {"Alarms": ecs.DeploymentAlarms(AlarmNames=names, Enable=True, Rollback=self.rollback)}


class Rolling(Deployment):
    """Tasks are replaced a few at a time; a revision that cannot start is rolled back.

    `min` and `max` are percentages of the desired count that stay healthy and that may run during a deployment.
    The circuit breaker is on and rolls back by default: without it CloudFormation waits for hours on tasks that
    never become healthy. Raises SpecError for a pair that leaves no room to move.
    """

    min: int = 100
    max: int = 200
    circuit_breaker: bool | CircuitBreaker = True
    early_success: EarlySuccess | None = None
    """By default a deployment ends when every task is healthy and the old ones are gone."""

    def check(self) -> None:
        super().check()
        if not 0 <= self.min <= 100:
            raise self.refuse(f"min is a percentage from 0 to 100, got {self.min}")
        if not 100 <= self.max <= 200:
            raise self.refuse(f"max is a percentage from 100 to 200, got {self.max}")
        if self.min == self.max:
            raise self.refuse(
                f"min={self.min} and max={self.max} leave no room to start or stop a task; lower min or raise max"
            )
        if self.early_success is not None and self.early_success.healthy < self.min:
            raise self.refuse(
                f"early_success at {self.early_success.healthy} % is below min={self.min}, which ECS refuses; raise it"
            )

    @property
    def rebalancing(self) -> str:
        return "ENABLED" if self.max > 100 else "DISABLED"

    def configuration(self, service: Construct) -> Any:
        breaker = self.circuit_breaker
        enabled = bool(breaker)
        threshold = {} if isinstance(breaker, bool) else breaker.threshold()
        early = {}
        if self.early_success is not None:
            early["EarlySuccessCriteria"] = ecs.DeploymentEarlySuccessCriteria(
                Enable=True,
                HealthyPercent=self.early_success.healthy,
                SourceServiceRevisionCleanup=self.early_success.cleanup.upper(),
            )
        return ecs.DeploymentConfiguration(
            MinimumHealthyPercent=self.min,
            MaximumPercent=self.max,
            DeploymentCircuitBreaker=ecs.DeploymentCircuitBreaker(
                Enable=enabled, Rollback=enabled and self.rollback, **threshold
            ),
            **early,
            **self.watched(service),
        )
