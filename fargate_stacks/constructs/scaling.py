"""How many tasks a service runs, when that is not a fixed number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from fargate_stacks.core.construct import Value
from fargate_stacks.core.values import Text, sub

if TYPE_CHECKING:
    from fargate_stacks.constructs.backlog import Backlog
    from fargate_stacks.constructs.predictive import Predictive
    from fargate_stacks.constructs.scaled import Scaled
    from fargate_stacks.constructs.scaling_policies import StepScaling, TargetTracking
    from fargate_stacks.constructs.scheduled import ScheduledAction

Groups = Sequence[tuple[Text, Text]]
"""Full names of a load balancer and of a target group, for each group between which a deployment moves traffic."""
_LONGEST = 2_147_483_647


class Scaling(Value):
    """Between `min` and `max` tasks, so that each metric given stays near its target.

    `cpu` and `memory` are percentages of what the task has, `requests` is requests a minute for each task and
    `response_time` the average time to an answer, both of which need a route; `backlog` follows a queue. With several
    metrics the one that asks for most tasks wins. `high_resolution=True` measures CPU and memory every 20 seconds
    instead of 60, for which CloudWatch takes money. `schedule` changes the bounds at given times; `predictive` scales
    by a forecast; `policies` are for metrics of your own. `min=0` needs something that starts the first task again:
    `backlog`, steps above, or a schedule. The service's DesiredCount is left out of the template: a deploy does not
    reset what the scaler chose. Raises SpecError for bounds or targets that cannot be.
    """

    min: int
    max: int
    cpu: float | None = None
    memory: float | None = None
    requests: float | None = None
    response_time: timedelta | None = None
    backlog: Backlog | None = None
    policies: Sequence[TargetTracking | StepScaling] = ()
    schedule: Sequence[ScheduledAction] = ()
    predictive: Predictive | None = None
    high_resolution: bool = False
    scale_out_cooldown: timedelta = timedelta(seconds=60)
    scale_in_cooldown: timedelta = timedelta(seconds=300)
    disable_scale_in: bool = False
    """Whether targets only add tasks; steps and schedules still take them away."""

    refused: ClassVar[Mapping[str, str]] = {
        "min_capacity": "is called min",
        "max_capacity": "is called max",
        "desired": "is left to the scaler; min is where it starts",
        "queue": "is written backlog=Backlog(queue=...)",
        "queue_delay": "is written backlog=Backlog(queue=..., acceptable_latency=..., processing_time=...)",
        "cooldown": "is two: scale_out_cooldown and scale_in_cooldown",
        "metrics": "of your own are policies=[TargetTracking(metric=..., target=...)]",
        "resolution": 'is called high_resolution: True is every 20 seconds',
        "timezone": "belongs to each ScheduledAction",
    }  # fmt: skip

    def check(self) -> None:
        if not 0 <= self.min <= self.max:
            raise self.refuse(f"0 ≤ min ≤ max is wanted, got min={self.min}, max={self.max}; swap or change them")
        if self.max == 0:
            raise self.refuse("max=0 can run no task; give max at least 1")
        for key, value in (("cpu", self.cpu), ("memory", self.memory)):
            if value is not None and not 0 < value <= 100:
                raise self.refuse(f"{key} is a percentage above 0 and up to 100, got {value:g}")
        if self.requests is not None and self.requests <= 0:
            raise self.refuse(f"requests is a number a minute for each task, above 0, got {self.requests:g}")
        if self.response_time is not None and self.response_time <= timedelta(0):
            raise self.refuse(
                f"response_time must be longer than nothing, got {self.response_time.total_seconds():g} s"
            )
        if self.high_resolution and self.cpu is None and self.memory is None:
            raise self.refuse("high_resolution is of CPU and memory; give cpu= or memory=, or leave it out")
        for key in ("scale_out_cooldown", "scale_in_cooldown"):
            pause = getattr(self, key).total_seconds()
            if not 0 <= pause <= _LONGEST or pause % 1:
                raise self.refuse(f"{key} must be whole seconds, 0 or more, got {pause:g}")
        if self.policies:
            from fargate_stacks.constructs.scaling_policies import check_policies

            check_policies(self, self.policies)
        self._check_schedule()

    def _check_schedule(self) -> None:
        names = [one.name for one in self.schedule]
        if len(names) > 200:
            raise self.refuse(f"a service takes 200 scheduled actions, got {len(names)}; write days into one cron")
        for one in self.schedule:
            if names.count(one.name) > 1:
                raise self.refuse(f"two scheduled actions are named {one.name!r}; rename one")
            if one.max is None and one.min is not None and one.min > self.max:
                raise self.refuse(f"{one.who} sets min={one.min} above max={self.max}; give it a max= too")
            if one.min is None and one.max is not None and one.max < self.min:
                raise self.refuse(f"{one.who} sets max={one.max} below min={self.min}; give it a min= too")

    # what a service asks

    @property
    def has_metric(self) -> bool:
        """Whether anything but the clock says how many tasks are wanted."""
        given = (self.cpu, self.memory, self.requests, self.response_time, self.backlog, self.predictive)
        return any(one is not None for one in given) or bool(self.policies)

    @property
    def needs_route(self) -> bool:
        """Whether something is measured at a load balancer."""
        forecast = self.predictive is not None and self.predictive.requests is not None
        return self.requests is not None or self.response_time is not None or forecast

    @property
    def starts_from_zero(self) -> bool:
        """Whether something can start a task where none runs, and so none has a CPU or a request to measure."""
        steps = any(getattr(one, "above", None) for one in self.policies)
        return self.backlog is not None or steps or any(one.min for one in self.schedule)

    def monitoring(self) -> dict[str, Any]:
        """Give what the service says of how often it is measured; nothing where that is every minute."""
        if not self.high_resolution:
            return {}
        from troposphere import ecs

        measured = (("CPUUtilization", self.cpu), ("MemoryUtilization", self.memory))
        names = [name for name, goal in measured if goal is not None]
        configuration = ecs.MetricConfiguration(MetricNames=names, ResolutionSeconds=20)
        return {"Monitoring": ecs.MonitoringConfiguration(MetricConfigurations=[configuration])}

    def resources(self, service: str, *, cluster_name: Text, service_name: Text, groups: Groups) -> Iterator[Any]:
        """Give the scalable target, its policies and their alarms; `groups` are the target groups of the one route."""
        from troposphere import Ref
        from troposphere import applicationautoscaling as autoscaling

        from fargate_stacks.constructs.scaled import Scaled

        target = f"{service}ScalableTarget"
        actions = [one.action() for one in self.schedule]
        yield autoscaling.ScalableTarget(
            target,
            ServiceNamespace="ecs",
            ScalableDimension="ecs:service:DesiredCount",
            ResourceId=sub("service/{cluster}/{service}", cluster=cluster_name, service=service_name),
            MinCapacity=self.min,
            MaxCapacity=self.max,
            **({"ScheduledActions": actions} if actions else {}),
        )
        scaled = Scaled(
            service,
            Ref(target),
            cluster_name,
            service_name,
            out=int(self.scale_out_cooldown.total_seconds()),
            back=int(self.scale_in_cooldown.total_seconds()),
            keeps=self.disable_scale_in,
        )
        yield from self._utilization(scaled)
        yield from self._traffic(scaled, groups)
        if self.backlog is not None:
            yield from self.backlog.resources(scaled, from_zero=self.min == 0)
        for one in self.policies:
            yield from one.resources(scaled)

    def _utilization(self, scaled: Scaled) -> Iterator[Any]:
        suffix = "HighResolution" if self.high_resolution else ""
        if self.cpu is not None:
            yield scaled.predefined("Cpu", self.cpu, f"ECSServiceAverageCPUUtilization{suffix}")
        if self.memory is not None:
            yield scaled.predefined("Memory", self.memory, f"ECSServiceAverageMemoryUtilization{suffix}")

    def _traffic(self, scaled: Scaled, groups: Groups) -> Iterator[Any]:
        from troposphere import Join

        label: Any = Join("/", [*groups[0]]) if groups else None
        if self.requests is not None:
            if len(groups) > 1:
                from fargate_stacks.constructs.traffic import requests_per_target

                # the predefined metric sees one target group, which is empty after every other deployment
                yield scaled.customized("Requests", self.requests, requests_per_target(groups))
            else:
                yield scaled.predefined("Requests", self.requests, "ALBRequestCountPerTarget", label)
        if self.response_time is not None:
            from fargate_stacks.constructs.traffic import response_time

            yield scaled.customized("ResponseTime", self.response_time.total_seconds(), response_time(groups))
        if self.predictive is not None:
            yield self.predictive.resource(scaled, label if self.predictive.requests is not None else None)
