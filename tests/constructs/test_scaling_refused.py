"""Scalings that Application Auto Scaling, CloudWatch or ECS would refuse, or that would never act: exact messages."""

# ruff: noqa: E501 - error texts stand whole

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fargate_stacks import (
    Backlog,
    BlueGreen,
    Cluster,
    Container,
    ExistingCluster,
    ExistingLoadBalancer,
    LoadBalancer,
    Metric,
    MetricMath,
    OnDemand,
    Predictive,
    Scaling,
    ScheduledAction,
    Service,
    Spot,
    StepScaling,
    TargetTracking,
    Task,
    Vpc,
)
from tests.constructs.networks import refusal

NET = Vpc("Net")
MAIN = Cluster("Main", vpc=NET)
DOOR = LoadBalancer("Door", vpc=NET, public=True)
LISTENER = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/x/1/2"
NAMELESS = ExistingLoadBalancer(vpc=NET, listener_arn=LISTENER, security_group="sg-0123456789abcdef0")
WEB = Task(containers=[Container(image="example/web:1", port=8080)])
AGE = Metric("Age", namespace="Shop")
MATH = MetricMath("a / 2", metrics={"a": AGE})


def web(count: Any = 1, **fields: Any) -> Service:
    return Service("Web", **{"cluster": MAIN, "task": WEB, "count": count, **fields})


def scaling(**fields: Any) -> Scaling:
    return Scaling(**{"min": 1, "max": 4, **fields})


def action(schedule: str = "cron(0 8 * * ? *)", **fields: Any) -> ScheduledAction:
    return ScheduledAction("a", schedule=schedule, **{"min": 1, **fields})


def steps(**fields: Any) -> StepScaling:
    return StepScaling(metric=AGE, **{"above": {1: 1}, **fields})


WRONG: list[tuple[Callable[[], Any], str]] = [
    # nothing that would act, or nothing to measure
    (lambda: web(scaling()), 'Service "Web": Scaling(min=1, max=4) names no metric and no schedule, so nothing would change the number; give one, like cpu=60, or count=1'),
    (lambda: web(Scaling(min=0, max=4, cpu=60)), 'Service "Web": Scaling(min=0) would not come back from zero: without a task there is no CPU and no request to measure; give min=1, backlog=, a StepScaling with above=, or a schedule that sets min='),
    (lambda: web(Scaling(min=0, max=4, schedule=[action(min=0)])), 'Service "Web": Scaling(min=0) would not come back from zero: without a task there is no CPU and no request to measure; give min=1, backlog=, a StepScaling with above=, or a schedule that sets min='),
    (lambda: web(scaling(requests=5)), 'Service "Web": Scaling(requests=) needs exactly one route of an ALB, got 0 ways in; give one route=, or scale by cpu or memory'),
    (lambda: web(scaling(response_time=timedelta(1)), route=[DOOR.route("/a"), DOOR.route("/b", name="b")]), 'Service "Web": Scaling(response_time=) needs exactly one route of an ALB, got 2 ways in; give one route=, or scale by cpu or memory'),
    (lambda: web(scaling(requests=5), route=NAMELESS.route()), "Service \"Web\": Scaling(requests=) needs the load balancer's name; give full_name= to it"),
    (lambda: web(scaling(cpu=5, predictive=Predictive(requests=5))), 'Service "Web": Scaling(predictive=Predictive(requests=)) needs exactly one route of an ALB, got 0 ways in; give one route=, or scale by cpu or memory'),
    (lambda: web(scaling(cpu=5, predictive=Predictive(requests=5)), route=DOOR.route(), deployment=BlueGreen()), 'Service "Web": a forecast of requests sees one target group, and BlueGreen moves traffic between two; forecast cpu or memory, or deploy by Rolling()'),
    (lambda: web(scaling(backlog=Backlog())), 'Service "Web": Backlog has no queue; give Backlog(queue=jobs), or make the service by queue_worker'),
    (lambda: scaling(high_resolution=True, requests=5), "Scaling: high_resolution is of CPU and memory; give cpu= or memory=, or leave it out"),
    # bounds and targets
    (lambda: Scaling(min=5, max=4), "Scaling: 0 ≤ min ≤ max is wanted, got min=5, max=4; swap or change them"),
    (lambda: scaling(cpu=120), "Scaling: cpu is a percentage above 0 and up to 100, got 120"),
    (lambda: scaling(response_time=timedelta(0)), "Scaling: response_time must be longer than nothing, got 0 s"),
    (lambda: scaling(scale_out_cooldown=timedelta(milliseconds=1500)), "Scaling: scale_out_cooldown must be whole seconds, 0 or more, got 1.5"),
    (lambda: scaling(cooldown=timedelta(1)), "Scaling: cooldown is two: scale_out_cooldown and scale_in_cooldown"),
    (lambda: scaling(queue_delay=1), "Scaling: queue_delay is written backlog=Backlog(queue=..., acceptable_latency=..., processing_time=...)"),
    (lambda: TargetTracking(metric=AGE, target=0), "TargetTracking: target must be a number above 0 and up to 2^360, got 0"),
    (lambda: TargetTracking(metric=AGE, target=1, scale_in_cooldown=timedelta(seconds=-1)), "TargetTracking: scale_in_cooldown must be whole seconds, 0 or more, got -1"),
    # names, which logical ids are made of
    (lambda: scaling(policies=[TargetTracking(metric=AGE, target=1), TargetTracking(metric=AGE, target=2)]), "Scaling: the name Age of a TargetTracking is taken by another TargetTracking; give name="),
    (lambda: scaling(policies=[steps(name="Cpu")]), "Scaling: the name Cpu of a StepScaling is taken by a policy of Scaling's own; give name="),
    (lambda: scaling(policies=[TargetTracking(metric=AGE, target=1), TargetTracking(metric=Metric("Age", namespace="Shop"), target=2, name="Other")]), "Scaling: Age and Other follow one metric, and Application Auto Scaling takes a metric once; keep the lower target"),
    (lambda: scaling(policies=[steps(name=f"S{number}") for number in range(51)]), "Scaling: a service takes 50 policies, each side of steps is one, got 51"),
    (lambda: scaling(schedule=[ScheduledAction(f"a{number}", schedule="rate(1 day)", min=1) for number in range(201)]), "Scaling: a service takes 200 scheduled actions, got 201; write days into one cron"),
    (lambda: TargetTracking(metric=MATH, target=1), "TargetTracking: an expression has no name of its own; give name="),
    (lambda: TargetTracking(metric=AGE, target=1, name="my-age"), "TargetTracking \"my-age\": name is a capital, then letters and digits, got 'my-age'; it is part of logical ids"),
    (lambda: TargetTracking(metric=Metric("5xx", namespace="Shop"), target=1), "TargetTracking: the metric's name has no letter that a logical id may begin with; give name="),
    (lambda: scaling(schedule=[action(), action(min=2)]), "Scaling: two scheduled actions are named 'a'; rename one"),
    # metrics
    (lambda: Metric("A", namespace=":Shop"), "Metric \"A\": namespace must not start with a colon, got ':Shop'"),
    (lambda: Metric("", namespace="Shop"), "Metric: name must be 1 to 255 printable ASCII characters, got ''"),
    (lambda: Metric("A", namespace="Shop", statistic="average"), "Metric \"A\": statistic must be Average, Maximum, Minimum, SampleCount, Sum or a percentile like p90, got 'average'; did you mean Average"),
    (lambda: Metric("A", namespace="Shop", dimensions={"ServiceName": "x"}, of_service=True), 'Metric "A": of_service=True gives the dimension ServiceName; leave it out of dimensions'),
    (lambda: Metric("A", namespace="Shop", dimensions={"Queue": ""}), "Metric \"A\": dimension Queue must be 1 to 1024 ASCII characters, got ''"),
    (lambda: Metric("A", namespace="Shop", dimensions={f"D{number}": "x" for number in range(31)}), 'Metric "A": CloudWatch knows up to 30 dimensions, got 31'),
    (lambda: Metric("A", namespace="Shop", period=60), 'Metric "A": period belongs to StepScaling; target tracking looks every minute'),
    (lambda: MetricMath("a + b", metrics={"a": AGE}), "MetricMath: the expression uses b, which is not given"),
    (lambda: MetricMath("open + 1", metrics={"opne": AGE}), "MetricMath: the expression uses open, which is not given; did you mean opne"),
    (lambda: MetricMath("a", metrics={"a": AGE, "b": AGE}), "MetricMath: b is given and the expression does not use it; leave it out"),
    (lambda: MetricMath("A", metrics={"A": AGE}), "MetricMath: an id is a lower-case letter, then letters, digits and _, got 'A'"),
    (lambda: MetricMath("SUM(METRICS())", metrics={"a": AGE}), "MetricMath: METRICS() gives several time series, and a policy follows one; name the metrics"),
    (lambda: MetricMath("a", metrics={}), "MetricMath: it names no metric; give metrics={'m1': Metric(...)}"),
    # steps
    (lambda: StepScaling(metric=AGE), "StepScaling: it has no step; give above={100: 1} or below={10: -1}"),
    (lambda: steps(below={1: -1}), "StepScaling: below=1 reaches above=1, so that both would act; leave a gap between them"),
    (lambda: steps(above={1: 0}), "StepScaling: a change of 0 at 1 does nothing; leave the step out"),
    (lambda: steps(above={1: -2}, adjustment="ExactCapacity"), "StepScaling: ExactCapacity is a number of tasks, 0 or more, got -2 at 1"),
    (lambda: steps(above=dict.fromkeys(range(21), 1)), "StepScaling: a policy takes 20 steps, got 21 in above"),
    (lambda: steps(min_adjustment=2), "StepScaling: min_adjustment is for PercentChangeInCapacity, got ChangeInCapacity"),
    (lambda: steps(period=timedelta(seconds=45)), "StepScaling: period must be 10, 20 or 30 seconds or whole minutes, got 45"),
    (lambda: steps(periods=3, datapoints=4), "StepScaling: datapoints must be 1 to periods=3, got 4"),
    (lambda: steps(period=timedelta(minutes=5), periods=289), "StepScaling: 289 periods of 300 s are 86700 s; an alarm looks back 86400 s at most"),
    (lambda: steps(threshold=5), "StepScaling: threshold is the step nearest to normal: the lowest of above, the highest of below"),
    # the clock
    (lambda: action("0 8 * * *"), "ScheduledAction \"a\": schedule must be \"cron(...)\", \"rate(...)\" or \"at(...)\", got '0 8 * * *'"),
    (lambda: action("cron(0 8 * * *)"), 'ScheduledAction "a": cron takes six fields (minutes hours day-of-month month day-of-week year), got 5; the sixth is the year, * for every'),
    (lambda: action("cron(0 8 * * * *)"), 'ScheduledAction "a": exactly one of day of month and day of week is ?, got * and *; write ? for one'),
    (lambda: action("cron(0 25 * * ? *)"), 'ScheduledAction "a": hours of a cron is 0 to 23, got 25'),
    (lambda: action("cron(0 8 ? * MON-FRE *)"), 'ScheduledAction "a": day of week of a cron is 1 to 7 or SUN-SAT, got MON-FRE'),
    (lambda: action("rate(5 minute)"), "ScheduledAction \"a\": rate takes the unit in its grammatical number, got '5 minute'; write rate(5 minutes)"),
    (lambda: action("rate(0 hours)"), "ScheduledAction \"a\": rate is a number and a unit like \"rate(5 minutes)\", got '0 hours'"),
    (lambda: action("at(2027-02-30T08:00:00)"), "ScheduledAction \"a\": at takes a date and time like \"at(2027-01-31T08:00:00)\", got '2027-02-30T08:00:00'"),
    (lambda: action(timezone="Europe/Berln"), "ScheduledAction \"a\": there is no time zone 'Europe/Berln'; did you mean Europe/Berlin"),
    (lambda: action("rate(1 hour)", timezone="Europe/Berlin"), 'ScheduledAction "a": a rate has no time zone; leave timezone out or write a cron'),
    (lambda: action(min=None), 'ScheduledAction "a": it changes nothing; give min=, max= or both'),
    (lambda: action(min=4, max=3), 'ScheduledAction "a": min=4 is above max=3; swap or change them'),
    (lambda: action(start=datetime(2027, 1, 1)), "ScheduledAction \"a\": start has no time zone, got '2027-01-01T00:00:00'; give datetime(..., tzinfo=timezone.utc)"),
    (lambda: action(start=datetime(2027, 1, 2, tzinfo=UTC), end=datetime(2027, 1, 1, tzinfo=UTC)), 'ScheduledAction "a": start=2027-01-02T00:00:00+00:00 is not before end=2027-01-01T00:00:00+00:00'),
    (lambda: action("at(2027-01-01T00:00:00)", end=datetime(2027, 1, 1, tzinfo=UTC)), 'ScheduledAction "a": at(...) happens once, and end is for cron and rate; leave it out'),
    (lambda: ScheduledAction("a/b", schedule="rate(1 hour)", min=1), 'ScheduledAction "a/b": name is 1 to 256 characters without : / | and no space at its ends'),
    (lambda: scaling(schedule=[action(min=9)]), 'Scaling: ScheduledAction "a" sets min=9 above max=4; give it a max= too'),
    (lambda: Scaling(min=3, max=4, schedule=[action(min=None, max=2)]), 'Scaling: ScheduledAction "a" sets max=2 below min=3; give it a min= too'),
    # forecasts
    (lambda: Predictive(), "Predictive: a forecast has one target, got none; give one of cpu, memory, requests, or load, utilization and target"),
    (lambda: Predictive(cpu=5, requests=5), "Predictive: a forecast has one target, got cpu and requests; give one of cpu, memory, requests, or load, utilization and target"),
    (lambda: Predictive(cpu=5, load=AGE), "Predictive: a forecast has one target, got cpu and load; give one of cpu, memory, requests, or load, utilization and target"),
    (lambda: Predictive(load=AGE), "Predictive: load, utilization and target belong together; give utilization and target too"),
    (lambda: Predictive(load=AGE, utilization=AGE, target=0), "Predictive: target is a number above 0 for each task, got 0"),
    (lambda: Predictive(requests=-1), "Predictive: requests is a number above 0 for each task, got -1"),
    (lambda: Predictive(memory=101), "Predictive: memory is a percentage above 0 and up to 100, got 101"),
    (lambda: Predictive(cpu=5, ahead=timedelta(hours=1)), "Predictive: ahead must be 0 to 3599 whole seconds, got 3600"),
    (lambda: Predictive(cpu=5, buffer=101), "Predictive: buffer is a percentage from 0 to 100, got 101"),
    (lambda: Predictive(cpu=5, max_capacity_buffer=1), "Predictive: max_capacity_buffer is called buffer"),
    # capacity
    (lambda: Spot(spot=0), "Spot: spot=0 never uses Spot; use OnDemand() or give spot a weight"),
    (lambda: Spot(on_demand=1001), "Spot: on_demand is a weight from 0 to 1000, got 1001"),
    (lambda: Spot(base=-1), "Spot: base is 0 to 100,000 tasks, got -1"),
    (lambda: Spot(weight=3), "Spot: weight is two: on_demand and spot"),
    (lambda: OnDemand(base=2), "OnDemand: base is for Spot(base=): so many tasks on demand before Spot is used"),
    (lambda: web(capacity=Spot(), task=Task(cpu=1024, memory=2048, os="WINDOWS_SERVER_2022_CORE", containers=[Container(image="a/b:1")])), 'Service "Web": Fargate Spot runs LINUX only, got os=WINDOWS_SERVER_2022_CORE; use OnDemand()'),
    (lambda: web(capacity=Spot(), cluster=ExistingCluster("old", vpc=NET)), 'Service "Web": Spot needs a cluster with the FARGATE_SPOT provider; give ExistingCluster(capacity="providers") when it has it, or use OnDemand()'),
    (lambda: web(capacity=Spot(), cluster=ExistingCluster("old", vpc=NET, capacity=["FARGATE"])), 'Service "Web": the cluster has no provider FARGATE_SPOT, it has FARGATE; associate it, or use OnDemand()'),
    (lambda: web(capacity=Spot(base=2), cluster=ExistingCluster("old", vpc=NET, capacity=["FARGATE_SPOT"])), 'Service "Web": the cluster has no provider FARGATE, it has FARGATE_SPOT; associate it, or use Spot(base=0)'),
    (lambda: web(cluster=ExistingCluster("old", vpc=NET, capacity=["FARGATE_SPOT", "mine"])), 'Service "Web": the cluster has no provider FARGATE, it has FARGATE_SPOT, mine; associate it, or use Spot(base=0)'),
    (lambda: ExistingCluster("old", vpc=NET, capacity=["my-instances"]), 'ExistingCluster "old": tasks on Fargate need the provider FARGATE or FARGATE_SPOT, got my-instances; associate one with the cluster, or give capacity="launch-type"'),
    (lambda: ExistingCluster("old", vpc=NET, capacity=["FARGATE", "FARGATE"]), 'ExistingCluster "old": capacity names a provider twice, got FARGATE, FARGATE'),
    (lambda: web(capacity="my-instances"), "Service \"Web\": capacity must be OnDemand or Spot, got 'my-instances'; pass OnDemand or Spot"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "message"), WRONG, ids=[message[:60] for _, message in WRONG])
def test_what_would_be_refused_or_would_never_act_is_answered(make: Callable[[], Any], message: str) -> None:
    assert refusal(make) == message


@pytest.mark.parametrize(
    "expression",
    [
        "cron(0 8 ? * MON-FRI *)", "cron(0/15 0-6 1,15 JAN-MAR,12 ? 2027)", "cron(5 4 L * ? *)", "cron(5 4 15W * ? *)",
        "cron(0 8 ? * 2#1 *)", "cron(0 8 ? * FRIL *)", "cron(*/5 * * * ? 2027-2030)", "rate(1 minute)", "rate(12 hours)",
        "rate(1 day)", "at(2027-12-31T23:59:59)",
    ],
)  # fmt: skip
def test_every_form_of_a_schedule_is_taken(expression: str) -> None:
    assert action(expression).schedule == expression


@pytest.mark.parametrize(
    "expression",
    [
        "cron(60 8 * * ? *)", "cron(0 8 32 * ? *)", "cron(0 8 * 13 ? *)", "cron(0 8 ? * 8 *)", "cron(0 8 ? * 0 *)",
        "cron(0 8 * * ? 1969)", "cron(? 8 * * ? *)", "cron(0 8 32W * ? *)", "cron(0 8 ? * 2#6 *)", "cron(0/0 8 * * ? *)",
        "cron(0-1-2 8 * * ? *)", "cron(0, 8 * * ? *)", "cron()", "rate(1 minutes)", "rate(1.5 hours)", "rate(1 week)",
        "at(2027-01-01)", "at()", "CRON(0 8 * * ? *)", "cron(0 8 * * ? *) ",
    ],
)  # fmt: skip
def test_no_other_form_is(expression: str) -> None:
    assert refusal(lambda: action(expression)).startswith('ScheduledAction "a": ')


@pytest.mark.parametrize("statistic", ["p0", "p50", "p99.9", "p100", "tm90", "wm99", "ts10", "tc5"])
def test_percentiles_and_trimmed_statistics_are_taken(statistic: str) -> None:
    assert Metric("A", namespace="Shop", statistic=statistic).statistic == statistic
