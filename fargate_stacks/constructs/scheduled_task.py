"""Tasks that EventBridge Scheduler starts, by the clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from troposphere import GetAtt, Ref, iam, scheduler

from fargate_stacks.constructs.access import allow, merge_statements
from fargate_stacks.constructs.cron import kind_of, problem_of, zone_problem
from fargate_stacks.constructs.definition import policies_to_wait_for
from fargate_stacks.constructs.edges import used_ports
from fargate_stacks.constructs.job import Job
from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import Attr, sub

if TYPE_CHECKING:
    from fargate_stacks.providers.queue import Queue


class ScheduledTask(Job):
    """A task that starts by the clock, in the zone where people live, and is tried again when it cannot be started.

    `schedule` is `cron(minutes hours day-of-month month day-of-week year)`, `rate(1 hour)` or
    `at(2027-01-31T08:00:00)`. A start that ECS refuses is tried again `retries` times within `max_age`, then a note
    of it goes into `dead_letters` if there are such. What a task itself does wrong starts nothing again; its exit code
    is in its events and its log. Two may overlap when one takes longer than the schedule. `fargate-stacks run NAME`
    starts one more. Facts: EventBridge Scheduler API reference. Raises SpecError as `Job` does.
    """

    schedule: str
    timezone: str = "UTC"
    """An IANA name like Europe/Berlin, whose daylight saving is kept."""
    start: datetime | None = None
    end: datetime | None = None
    """Bounds of a cron or a rate, with a time zone."""
    window: timedelta | None = None
    """Any time within so many minutes after the schedule will do, which spreads load; 1 to 1440 minutes."""
    retries: int = 3
    max_age: timedelta = timedelta(hours=1)
    dead_letters: Queue | None = None
    enabled: bool = True

    refused: ClassVar[Mapping[str, str]] = {
        **{key: text for key, text in Job.refused.items() if key != "schedule"},
        "cron": 'is written into schedule="cron(...)"',
        "rate": 'is written into schedule="rate(...)"',
        "time_zone": "is called timezone",
        "dead_letter_queue": "is called dead_letters; it takes a Queue",
        "flexible_time_window": "is called window; it takes a timedelta",
    }

    def check(self) -> None:
        super().check()
        problem = problem_of(self.schedule) or zone_problem(self.timezone)
        if problem is not None:
            raise self.refuse(problem)
        for key, value in (("start", self.start), ("end", self.end)):
            if value is not None and kind_of(self.schedule) == "at":
                raise self.refuse(f"at(...) happens once, and {key} is for cron and rate; leave it out")
            if value is not None and value.utcoffset() is None:
                raise self.refuse(f"{key} has no time zone, got {shown(value.isoformat())}; give tzinfo=")
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise self.refuse(f"start={self.start.isoformat()} is not before end={self.end.isoformat()}")
        if self.window is not None:
            minutes = self.window.total_seconds() / 60
            if not 1 <= minutes <= 1440 or minutes % 1:
                raise self.refuse(f"window must be 1 to 1440 whole minutes, got {minutes:g}")
        if not 0 <= self.retries <= 185:
            raise self.refuse(f"retries must be 0 to 185, got {self.retries}")
        seconds = self.max_age.total_seconds()
        if not 60 <= seconds <= 86_400 or seconds % 1:
            raise self.refuse(f"max_age must be 60 to 86400 whole seconds, got {seconds:g}")
        if self.dead_letters is not None and self.dead_letters.fifo:
            raise self.refuse("dead_letters is a FIFO queue, which the scheduler cannot send to; give another")
        for volume in self.task.launched_volumes:
            raise self.refuse(f"volume {volume.name} is EBS, which the scheduler does not make; use ephemeral_storage=")

    def build(self) -> Iterator[Any]:
        yield from super().build()
        yield iam.ManagedPolicy(
            self.id("SchedulePolicy"),
            Description=f"Starts tasks of {self.name}",
            PolicyDocument={"Version": "2012-10-17", "Statement": merge_statements(self._statements())},
        )
        yield iam.Role(
            self.id("ScheduleRole"),
            AssumeRolePolicyDocument=_trust(),
            ManagedPolicyArns=[Ref(self.id("SchedulePolicy"))],
        )
        yield self._schedule()

    def _schedule(self) -> Any:
        more: dict[str, Any] = {}
        for key, value in (("StartDate", self.start), ("EndDate", self.end)):
            if value is not None:
                more[key] = value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        window: dict[str, Any] = {"Mode": "OFF"}
        if self.window is not None:
            window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": int(self.window.total_seconds() / 60)}
        return scheduler.Schedule(
            self.id("Schedule"),
            DependsOn=self._waits(),
            ScheduleExpression=self.schedule,
            ScheduleExpressionTimezone=self.timezone,
            FlexibleTimeWindow=scheduler.FlexibleTimeWindow(**window),
            State="ENABLED" if self.enabled else "DISABLED",
            Target=self._target(),
            **more,
        )

    def _target(self) -> Any:
        said = self._way()
        network = scheduler.AwsVpcConfiguration(
            **{key: said.pop(key) for key in ("Subnets", "SecurityGroups", "AssignPublicIp")}
        )
        said.pop("Cluster")
        strategy = said.pop("CapacityProviderStrategy", None)
        if strategy is not None:
            said["CapacityProviderStrategy"] = [scheduler.CapacityProviderStrategyItem(**one) for one in strategy]
        letters = self.dead_letters
        more = {} if letters is None else {"DeadLetterConfig": scheduler.DeadLetterConfig(Arn=letters.queue_arn)}
        return scheduler.Target(
            Arn=self.cluster.cluster_arn,
            RoleArn=GetAtt(self.id("ScheduleRole"), "Arn"),
            EcsParameters=scheduler.EcsParameters(
                TaskDefinitionArn=Ref(self.id("TaskDefinition")),
                TaskCount=1,
                NetworkConfiguration=scheduler.NetworkConfiguration(AwsvpcConfiguration=network),
                PropagateTags="TASK_DEFINITION",
                EnableECSManagedTags=True,
                **said,
            ),
            RetryPolicy=scheduler.RetryPolicy(
                MaximumRetryAttempts=self.retries, MaximumEventAgeInSeconds=int(self.max_age.total_seconds())
            ),
            **more,
        )

    def _statements(self) -> Iterator[Any]:
        from awacs.aws import ArnLike, Condition, StringEquals

        here = "${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}"
        family = sub(f"arn:{here}:task-definition/${{AWS::StackName}}-{self.name}:*")
        tasks = sub(f"arn:{here}:task/{{cluster}}/*", cluster=self.cluster.cluster_name)
        in_cluster = Condition(ArnLike({"ecs:cluster": self.cluster.cluster_arn}))
        yield allow("ecs:RunTask", on=[family], when=in_cluster)
        # a task that is started gets the tags of its definition
        yield allow("ecs:TagResource", on=[tasks], when=Condition(StringEquals({"ecs:CreateAction": "RunTask"})))
        roles = [
            GetAtt(self.id(part), "Arn") if existing is None else existing.arn
            for part, existing in (
                ("ExecutionRole", self.task.execution_role),
                ("TaskRole", self.task.task_role),
            )
        ]
        to_tasks = Condition(StringEquals({"iam:PassedToService": "ecs-tasks.amazonaws.com"}))
        yield allow("iam:PassRole", on=roles, when=to_tasks)
        if self.dead_letters is not None:
            yield from self.dead_letters.send().statements

    def _waits(self) -> list[Attr]:
        """What the first task needs and no reference orders."""
        narrow = not any(one.protocol == "-1" and one.to == "0.0.0.0/0" for one in self.egress)
        ways = ("Ingress", "Egress") if narrow else ("Ingress",)
        ports = [self.attr(f"{one.provider.name}{way}{one.port}") for one in used_ports(self.task.uses) for way in ways]
        sessions = self.cluster.session_statements if self.exec else ()
        policies = policies_to_wait_for(self, self.task, exec=self.exec, sessions=sessions)
        return [*ports, *self._placed.after, *self.task.after, *policies]


def _trust() -> dict[str, Any]:
    """Only schedules of this account take the role: the scheduler says its group, not the schedule."""
    group = sub("arn:${AWS::Partition}:scheduler:${AWS::Region}:${AWS::AccountId}:schedule-group/default")
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "scheduler.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {
                    "StringEquals": {"aws:SourceAccount": Ref("AWS::AccountId"), "aws:SourceArn": group},
                },
            }
        ],
    }
