"""What `check --template` finds in the templates of others, our own types refuse where it is written."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from fargate_stacks import (
    App,
    BlueGreen,
    Canary,
    Cluster,
    Container,
    EarlySuccess,
    Endpoint,
    ExistingCluster,
    FargateStacksError,
    FireLens,
    HealthCheck,
    LambdaHook,
    Linear,
    LoadBalancer,
    Metric,
    MetricMath,
    Pause,
    Rolling,
    Scaling,
    ScheduledAction,
    Service,
    Spot,
    Stack,
    StepScaling,
    TargetTracking,
    Task,
    Volume,
    Vpc,
    render,
)
from fargate_stacks.checks.rules import RULES

VPC = Vpc("Net")
CLUSTER = Cluster("Main", vpc=VPC)
EDGE = LoadBalancer("Edge", vpc=VPC)
WINDOWS: dict[str, Any] = {"os": "WINDOWS_SERVER_2022_CORE", "cpu": 1024, "memory": 2048}
SSM = "arn:aws:ssm:eu-west-1:123456789012:parameter/db"


def one(**fields: Any) -> Container:
    return Container(**{"image": "public.ecr.aws/nginx/nginx:1.29", **fields})


def task(*containers: Container, **fields: Any) -> Task:
    return Task(containers=list(containers) or [one(port=80)], **fields)


def service(name: str = "Web", **fields: Any) -> Service:
    return Service(name, **{"cluster": CLUSTER, "task": task(), **fields})


def twins() -> Any:
    routes = [service(name, route=EDGE.route(path, priority=5)) for name, path in (("A", "/a"), ("B", "/b"))]
    return render(App([Stack("s", [VPC, CLUSTER, EDGE, *routes])]))


QUEUED = Metric("Queued", namespace="Shop")


def twin(name: str) -> TargetTracking:
    return TargetTracking(name=name, metric=QUEUED, target=1)


REFUSED: list[tuple[str, Callable[[], Any], str]] = [
    ("FS105", lambda: service(count=Scaling(min=1, max=2, cpu=60), desired_count=2), "desired_count is called count"),
    ("FS106", twins, "have the same priority 5"),
    ("FS110", lambda: service(launch_type="FARGATE"), "launch_type follows the cluster"),
    ("FS111", lambda: Rolling(min=100, max=100), "leave no room to start or stop a task"),
    ("FS112", lambda: service(route=EDGE.route(container="web")), "container 'web', which the task lacks"),
    ("FS112", lambda: service(route=EDGE.route(port=8080)), "needs a container with port 8080"),
    ("FS201", lambda: task(memory=4096), "cpu=256 allows memory from 512 to 2048"),
    ("FS201", lambda: task(cpu=300), "got cpu=300; nearest legal: cpu=256"),
    ("FS202", lambda: task(**{**WINDOWS, "cpu": 512}), "Windows on Fargate has cpu 1024, 2048, 4096"),
    ("FS203", lambda: task(one(user="app"), **WINDOWS), "user is for Linux"),
    ("FS203", lambda: task(architecture="ARM64", **WINDOWS), "runs on X86_64, got ARM64"),
    ("FS203", lambda: task(ephemeral_storage=30, **WINDOWS), "ephemeral_storage cannot be chosen for Windows"),
    ("FS204", lambda: task(one(memory=1024)), "more than the task's memory=512"),
    ("FS204", lambda: task(one(memory_reservation=300), one(name="b", memory_reservation=300)), "reserve 600 MiB"),
    ("FS205", lambda: task(one(cpu=200), one(name="b", cpu=100)), "ask for cpu 300 together"),
    ("FS206", lambda: task(ephemeral_storage=20), "ephemeral_storage must be 21 to 200 GiB, got 20"),
    ("FS206", lambda: task(ephemeral_storage=201), "got 201"),
    ("FS207", lambda: task(pid_mode="host"), "pid_mode must be one of 'task' or None, got 'host'"),
    ("FS207", lambda: task(ipc_mode="host"), "ipc_mode is refused on Fargate"),
    ("FS207", lambda: task(placement_constraints=[]), "placement_constraints is refused on Fargate"),
    ("FS208", lambda: task(network_mode="bridge"), "network_mode is always awsvpc"),
    ("FS209", lambda: Volume("data", source_path="/var"), "there is no field source_path"),
    ("FS210", lambda: task(one(mounts={"/d": "dat"}), volumes=[Volume("data")]), "the task has no such volume"),
    ("FS211", lambda: task(one(depends_on={"sde": "START"}), one(name="side")), "which the task lacks"),
    ("FS212", lambda: task(one(depends_on={"side": "HEALTHY"}), one(name="side")), "which has no health check"),
    ("FS213", lambda: task(one(depends_on={"side": "SUCCESS"}), one(name="side")), "the end of an essential container"),
    (
        "FS214",
        lambda: task(one(depends_on={"side": "START"}), one(name="side", depends_on={"app": "START"})),
        "in a ring",
    ),
    ("FS215", lambda: task(one(essential=False)), "no container is essential"),
    ("FS216", lambda: task(*(one(name=f"a{n}") for n in range(11))), "1 to 10 containers, got 11"),
    ("FS217", lambda: task(one(), one(name="app")), 'two containers are named "app"'),
    ("FS217", lambda: task(one(port=80), one(name="b", port=80)), "both listen on port 80"),
    ("FS217", lambda: task(volumes=[Volume("a"), Volume("a")]), 'two volumes are named "a"'),
    ("FS221", lambda: task(family="a/b"), "family derives from the stack's"),
    ("FS240", lambda: one(privileged=True), "privileged is refused on Fargate"),
    ("FS241", lambda: one(add=["NET_ADMIN"]), "add must be a sequence of one of 'SYS_PTRACE'"),
    *(
        ("FS242", lambda field=field: one(**{field: ["x"]}), f"{field} is refused")
        for field in (
            "links", "extra_hosts", "dns_servers", "dns_search_domains", "docker_security_options",
            "disable_networking", "hostname", "devices", "shared_memory_size", "swappiness", "max_swap", "gpu",
        )
    ),
    ("FS243", lambda: one(stop_timeout=timedelta(seconds=121)), "stop_timeout must be 2 to 120"),
    ("FS243", lambda: one(start_timeout=timedelta(seconds=121)), "start_timeout must be 2 to 120"),
    ("FS244", lambda: one(name="web.app"), "letters, digits, hyphens and underscores, got 'web.app'"),
    ("FS245", lambda: one(image=""), "image must be a reference like registry/name:tag"),
    ("FS246", lambda: one(port=80, host_port=8080), "host_port is the container's port"),
    ("FS247", lambda: task(logs="syslog"), "logs must be LogDriver or None"),
    ("FS249", lambda: FireLens(config_file_type="s3"), "config_file_type is always file on Fargate"),
    ("FS250", lambda: one(env={"A": "1"}, secrets={"A": SSM}), "A is both in env and in secrets"),
    ("FS251", lambda: HealthCheck(["curl", "x"]), 'command starts with "CMD" or "CMD-SHELL"'),
    ("FS252", lambda: HealthCheck("true", retries=11), "retries must be 1 to 10"),
    ("FS253", lambda: one(memory=256, memory_reservation=512), "memory_reservation=512 is above memory=256"),
    ("FS254", lambda: one(env={"MY NAME": "x"}), "an environment name is letters, digits and _"),
    ("FS301", lambda: service(placement_strategies=[]), "placement_strategies is refused on Fargate"),
    ("FS301", lambda: service(placement_constraints=[]), "placement_constraints is refused on Fargate"),
    ("FS302", lambda: service(scheduling_strategy="DAEMON"), "scheduling_strategy is always REPLICA"),
    ("FS305", lambda: service(platform_version="1.5.0"), "platform_version must be one of LATEST, 1.4.0"),
    ("FS306", lambda: service(grace=timedelta(seconds=60)), "grace is for load-balancer checks and there is no route"),
    ("FS308", lambda: service(endpoint=Endpoint("Api", vpc=VPC, port=8080)), "no container has port 8080"),
    ("FS331", lambda: BlueGreen(circuit_breaker=True), "circuit_breaker is for Rolling"),
    ("FS332", lambda: BlueGreen(early_success=EarlySuccess(healthy=50)), "early_success is for Rolling"),
    ("FS332", lambda: BlueGreen(step=10), "there is no field step"),
    ("FS332", lambda: Rolling(bake=timedelta(minutes=5)), "there is no field bake"),
    ("FS333", lambda: Pause(stages=["PRODUCTION_TRAFFIC_SHIFT"]), "ECS admits no pause at PRODUCTION_TRAFFIC_SHIFT"),
    ("FS333", lambda: Pause(stages=["TEST_TRAFFIC_SHIFT"]), "ECS admits no pause at TEST_TRAFFIC_SHIFT"),
    ("FS334", lambda: LambdaHook(stages=["POST_SCALE_UP"]), "function is missing"),
    ("FS334", lambda: Pause(stages=[]), "it has no stage"),
    ("FS335", lambda: Rolling(early_success=EarlySuccess(healthy=50)), "early_success at 50 % is below min=100"),
    (
        "FS336",
        lambda: BlueGreen(bake=timedelta(days=1), hooks=[Pause(stages=["POST_TEST_TRAFFIC_SHIFT"])]),
        "48 hours together",
    ),
    ("FS337", lambda: Linear(step=2), "step is a percentage from 3 to 100"),
    ("FS337", lambda: Canary(percent=0), "percent is 0.1 to 100"),
    (
        "FS340",
        lambda: service(cluster=ExistingCluster("main", vpc=VPC), capacity=Spot()),
        "needs a cluster with the FARGATE_SPOT provider",
    ),
    ("FS341", lambda: Spot(spot=0), "spot=0 never uses Spot"),
    ("FS343", lambda: service(task=task(**WINDOWS), capacity=Spot()), "Fargate Spot runs LINUX only"),
    ("FS401", lambda: EDGE.route(target_type="instance"), "there is no argument target_type"),
    ("FS404", lambda: EDGE.route(priority=0), "priority must be 1 to 50000"),
    ("FS406", lambda: EDGE.route(timeout=timedelta(seconds=10)), "below interval=10"),
    ("FS408", lambda: EDGE.route(deregistration_delay=timedelta(seconds=3000)), "must be 0 to 1500"),
    ("FS420", lambda: LoadBalancer("E", vpc=VPC, idle_timeot=1), "no field idle_timeot; did you mean idle_timeout"),
    ("FS421", lambda: LoadBalancer("E", vpc=VPC, idle_timeout=timedelta(hours=2)), "idle_timeout must be 1 to 4000"),
    ("FS421", lambda: LoadBalancer("E", vpc=VPC, desync="strict"), "desync must be one of"),
    ("FS501", lambda: Scaling(min=4, max=2, cpu=60), "0 ≤ min ≤ max is wanted"),
    ("FS504", lambda: service(count=Scaling(min=1, max=2, requests=100)), "needs exactly one route"),
    ("FS507", lambda: Scaling(min=1, max=2, cpu=600), "cpu is a percentage"),
    ("FS508", lambda: ScheduledAction("a", schedule="cron(0 8 * * *)", min=1), "cron takes six fields"),
    ("FS508", lambda: ScheduledAction("a", schedule="rate(1 day)", min=1, timezone="Etc/UTC"), "has no time zone"),
    ("FS509", lambda: ScheduledAction("a", schedule="rate(1 day)", min=2, max=1), "min=2 is above max=1"),
    ("FS510", lambda: service(count=Scaling(min=0, max=2, cpu=60)), "would not come back from zero"),
    ("FS511", lambda: MetricMath("b", metrics={"a": QUEUED}), "uses b, which is not given"),
    ("FS512", lambda: StepScaling(metric=QUEUED, above={1: 1}, datapoints=2), "datapoints must be 1 to periods=1"),
    ("FS513", lambda: Scaling(min=1, max=2, policies=[twin("A"), twin("B")]), "A and B follow one metric"),
]  # fmt: skip

NOTHING_TO_SAY = {
    "FS113": "each runner makes an execution role",
    "FS114": "the stream prefix is the container's name",
    "FS130": "it depends on the network, which may be in another stack: check says it",
    "FS219": "a volume of a FileSystem is encrypted on its way and authorized by its access point",
    "FS220": "one EBS volume is all that a task takes",
    "FS248": "FireLens brings its router",
    "FS303": "a service's subnets are its cluster's VPC's",
    "FS304": "every task is for Fargate",
    "FS309": "an Endpoint brings its namespace",
    "FS310": "the access log comes with its log group",
    "FS311": "rebalancing is off in so many words where there is no room",
    "FS312": "an EBS volume is one value, written on both sides",
    "FS317": "each runner makes a task role",
    "FS330": "the second target group is made with the first",
    "FS338": "alarms are rendered where there are names",
    "FS402": "a route is a target group and its rule",
    "FS403": "a service waits for its rules",
    "FS405": "weights are parameters that the deployer fills",
    "FS407": "names are CloudFormation's",
    "FS410": "a load balancer with logs waits for the bucket's policy",
    "FS502": "the name is the service's own attribute",
    "FS503": "requests are summed over both target groups by metric math",
    "FS506": "a policy is rendered with its configuration",
    "FS623": "a topic has a key of one's own or none",
    "FS624": "the log group of a Waf is named so",
    "FS626": "no construct starts single tasks on a schedule",
}


@pytest.mark.parametrize(("code", "make", "said"), REFUSED, ids=[f"{code}-{said[:30]}" for code, _, said in REFUSED])
def test_a_mistake_is_refused_where_it_is_written(code: str, make: Callable[[], Any], said: str) -> None:
    with pytest.raises(FargateStacksError, match=re.escape(said)):
        make()


def test_every_error_is_refused_or_cannot_be_written() -> None:
    errors = [one.code for one in RULES if one.severity == "error"]
    assert sorted({code for code, _, _ in REFUSED} | set(NOTHING_TO_SAY)) == sorted(
        {*errors, *(code for code, _, _ in REFUSED if code not in errors)}
    )
