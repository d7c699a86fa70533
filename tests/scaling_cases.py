"""Every way to scale beside every other: pairwise over what `Scaling` and the unions around it can say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from fargate_stacks import (
    App,
    Backlog,
    BlueGreen,
    Canary,
    Cluster,
    Container,
    ExistingCluster,
    Linear,
    LoadBalancer,
    Metric,
    MetricMath,
    OnDemand,
    Predictive,
    Queue,
    Rolling,
    Scaling,
    ScheduledAction,
    Service,
    Spot,
    Stack,
    StepScaling,
    TargetTracking,
    Task,
    Vpc,
)
from tests.pairwise import pairwise

Case = Mapping[str, str]
DEPTH = Metric("Depth", namespace="Shop", dimensions={"Kind": "orders"}, statistic="Maximum")
SLOW = Metric("Latency", namespace="Shop", statistic="p95", of_service=True)
LOAD = MetricMath(
    "open / slots", metrics={"open": Metric("Open", namespace="Shop"), "slots": "depth + 1", "depth": DEPTH}
)

UTILIZATION: dict[str, dict[str, Any]] = {
    "none": {},
    "cpu": {"cpu": 60},
    "memory": {"memory": 70.5},
    "both": {"cpu": 55, "memory": 80},
    "20 s": {"cpu": 60, "memory": 70, "high_resolution": True},
}
TRAFFIC: dict[str, dict[str, Any]] = {
    "none": {},
    "requests": {"requests": 1000},
    "response time": {"response_time": timedelta(milliseconds=250)},
}
QUEUE = {"none": None, "own": "own", "named": "orders.fifo"}
POLICIES: dict[str, list[Any]] = {
    "none": [],
    "steps": [StepScaling(metric=DEPTH, above={100: 1, 500: 5}, below={10: -1, 2: -2})],
    "steps by expression": [
        StepScaling(
            name="Load",
            metric=LOAD,
            above={0.8: 25, 2: 100},
            adjustment="PercentChangeInCapacity",
            min_adjustment=1,
            period=timedelta(seconds=30),
            periods=3,
            datapoints=2,
        )
    ],
    "steps to a number": [StepScaling(metric=SLOW, above={1: 4}, adjustment="ExactCapacity", missing_data="ignore")],
    "steps below": [
        StepScaling(name="Idle", metric=DEPTH, below={5: -1}, cooldown=timedelta(0), aggregation="Minimum")
    ],
    "target": [TargetTracking(metric=DEPTH, target=12.5, disable_scale_in=True)],
    "target by expression": [
        TargetTracking(name="Load", metric=LOAD, target=0.7),
    ],
    "both": [TargetTracking(metric=SLOW, target=1), StepScaling(metric=DEPTH, above={1: 1}, below={0: -1})],
}
CLOCK: dict[str, list[ScheduledAction]] = {
    "none": [],
    "days": [
        ScheduledAction("morning", schedule="cron(0 8 ? * MON-FRI *)", timezone="Europe/Berlin", min=2, max=8),
        ScheduledAction("evening", schedule="cron(30 18 ? * MON-FRI *)", timezone="Europe/Berlin", min=1, max=8),
    ],
    "once": [ScheduledAction("fair", schedule="at(2027-03-01T08:00:00)", timezone="Asia/Seoul", max=12)],
    "rate": [
        ScheduledAction(
            "beat",
            schedule="rate(2 hours)",
            min=1,
            start=datetime(2027, 1, 1, tzinfo=UTC),
            end=datetime(2027, 2, 1, tzinfo=UTC),
        )
    ],
}
FORECAST = {
    "none": None,
    "cpu": Predictive(cpu=50),
    "memory": Predictive(memory=60, mode="ForecastAndScale", ahead=timedelta(minutes=10), buffer=10),
    "requests": Predictive(requests=900),
    "own": Predictive(
        load=Metric("Depth", namespace="Shop", dimensions={"Kind": "orders"}, statistic="Sum"),
        utilization=LOAD,
        target=0.6,
    ),
}
DEPLOYMENT = {"rolling": Rolling(), "blue/green": BlueGreen(), "linear": Linear(), "canary": Canary()}
CAPACITY = {
    "on demand": OnDemand(),
    "spot": Spot(),
    "mixed": Spot(base=2, on_demand=1, spot=3),
    "spot only": Spot(base=0),
}
CLUSTER: dict[str, dict[str, Any]] = {
    "own": {},
    "by launch type": {"capacity": "launch-type"},
    "by providers": {"capacity": ["FARGATE", "FARGATE_SPOT"]},
}
WAKING = ("steps", "steps by expression", "steps to a number", "both")
"""The policies that add the first task, too."""
FACTORS: dict[str, list[str]] = {
    "utilization": [*UTILIZATION],
    "traffic": [*TRAFFIC],
    "queue": [*QUEUE],
    "policies": [*POLICIES],
    "clock": [*CLOCK],
    "forecast": [*FORECAST],
    "deployment": [*DEPLOYMENT],
    "capacity": [*CAPACITY],
    "cluster": [*CLUSTER],
    "from zero": ["yes", "no"],
}


def possible(case: Case) -> bool:
    """Say whether a service can be so: what is refused has tests of its own."""
    metrics = [case[one] for one in ("utilization", "traffic", "queue", "policies", "forecast", "clock")]
    wakes = case["queue"] != "none" or case["policies"] in WAKING or case["clock"] in ("days", "rate")
    return (
        any(one != "none" for one in metrics)
        and (case["from zero"] == "no" or wakes)
        and (case["forecast"] != "requests" or case["deployment"] == "rolling")
        and (case["cluster"] != "by launch type" or case["capacity"] == "on demand")
    )


def app(case: Case) -> App:
    """Give the case as an app of one stack; a queue of the case's own is in it."""
    vpc = Vpc("Net", nat="none", tiers=["public"])
    cluster: Any = Cluster("Main", vpc=vpc)
    if case["cluster"] != "own":
        cluster = ExistingCluster("old", vpc=vpc, insights="enabled", **CLUSTER[case["cluster"]])
    edge = LoadBalancer("Edge", vpc=vpc, public=True)
    jobs = Queue("Jobs")
    queue = {"none": None, "own": Backlog(queue=jobs), "named": Backlog(queue="orders.fifo")}[case["queue"]]
    web = Service(
        "Web",
        cluster=cluster,
        task=Task(containers=[Container(image="public.ecr.aws/nginx/nginx-unprivileged:1.29", port=8080)]),
        route=edge.route("/*"),
        subnets="public",
        count=Scaling(
            min=0 if case["from zero"] == "yes" else 1,
            max=10,
            **UTILIZATION[case["utilization"]],
            **TRAFFIC[case["traffic"]],
            backlog=queue,
            policies=POLICIES[case["policies"]],
            schedule=CLOCK[case["clock"]],
            predictive=FORECAST[case["forecast"]],
            disable_scale_in=case["clock"] == "once",
            scale_in_cooldown=timedelta(seconds=120),
        ),
        deployment=DEPLOYMENT[case["deployment"]],
        capacity=CAPACITY[case["capacity"]],
    )
    members = [
        vpc,
        edge,
        web,
        *([jobs] if case["queue"] == "own" else ()),
        *([cluster] if case["cluster"] == "own" else ()),
    ]
    return App([Stack("scaled", members)])


CASES = pairwise(FACTORS, possible)


def label(case: Case) -> str:
    return ", ".join(value for key, value in case.items() if value not in ("none", "no") and key != "from zero")
