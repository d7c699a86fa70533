"""Apps made of every option with every other: each pair of options that may stand together is in one of them.

A case is a choice for each dimension. Rows are found greedily, from one seed, so they are the same on every run.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import combinations
from typing import Any

from fargate_stacks import (
    AccessPoint,
    App,
    BlueGreen,
    Bucket,
    Cache,
    Canary,
    Cluster,
    Construct,
    Container,
    EbsVolume,
    Egress,
    Endpoint,
    Endpoints,
    EnvFile,
    ExecLogs,
    ExistingSecurityGroup,
    FileSystem,
    FireLens,
    FlowLogs,
    HealthCheck,
    Image,
    Index,
    Key,
    Linear,
    LoadBalancer,
    NatInstance,
    OnDemand,
    OpenTelemetry,
    Param,
    Parameter,
    Postgres,
    Queue,
    Restart,
    Rolling,
    Scaling,
    Secret,
    Service,
    Splunk,
    Spot,
    Stack,
    Table,
    Task,
    Topic,
    Volume,
    Vpc,
    sub,
)

ROWS = 128
DIMENSIONS: dict[str, tuple[str, ...]] = {
    "network": tuple("single per-zone zones three-tiers logged endpoints instance dual both".split()),
    "cluster": ("plain", "exec-logs", "storage-key", "defaults"),
    "bounds": ("none", "bounded"),
    "subnets": ("private", "public", "isolated"),
    "insights": ("enabled", "enhanced", "disabled"),
    "capacity": ("on-demand", "spot", "spot-only"),
    "platform": ("x86", "arm", "windows"),
    "size": ("small", "medium", "text", "large", "fitting"),
    "image": ("public", "ecr", "parameter", "digest"),
    "container": ("plain", "hardened", "exec", "healthy", "restarting", "limited", "private", "files"),
    "beside": ("nothing", "sidecar", "init"),
    "storage": ("none", "ephemeral", "shared", "efs", "efs-read-only", "ebs"),
    "logs": ("cloudwatch", "key", "firelens", "splunk"),
    "uses": tuple("none queue topic table bucket database cache secrets keys protection telemetry existing".split()),
    "count": ("one", "two", "cpu", "memory", "requests"),
    "way": ("none", "route", "routes", "https", "endpoint", "both"),
    "deployment": ("rolling", "in-place", "blue-green", "linear", "canary"),
    "egress": ("everywhere", "https"),
    "stacks": ("one", "parameters", "exports"),
    "removal": ("retain", "remove"),
}
ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web:7"
PUBLIC = "public.ecr.aws/nginx/nginx-unprivileged:1.29"
CERTIFICATE = "arn:aws:acm:eu-west-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
REGISTRY = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:registry-AbCdEf"


_WITH_NAT = ("single", "per-zone", "zones", "logged", "instance", "dual", "both")


def fits(choice: Mapping[str, str]) -> bool:
    """Whether a choice, perhaps not of all dimensions yet, is one that Fargate would run."""

    def both(one: str, of: tuple[str, ...], other: str, among: tuple[str, ...]) -> bool:
        return choice.get(one) in of and choice.get(other) in among

    return not (
        both("network", _WITH_NAT, "subnets", ("isolated",))
        or both("network", ("endpoints",), "subnets", ("private",))
        # without a way out an image comes from ECR, and no other registry or log service is reached
        or both("subnets", ("isolated",), "image", ("public", "digest", "parameter"))
        or both("subnets", ("isolated",), "container", ("private",))
        or both("subnets", ("isolated",), "beside", ("sidecar", "init"))
        or both("subnets", ("isolated",), "logs", ("firelens", "splunk"))
        or both("platform", ("windows",), "capacity", ("spot", "spot-only"))
        or both("platform", ("windows",), "size", ("small", "large"))
        or both("platform", ("windows",), "container", ("hardened", "limited", "files", "exec"))
        or both("subnets", ("isolated",), "uses", ("telemetry",))
        or both("platform", ("windows",), "uses", ("telemetry",))
        or both("platform", ("windows",), "cluster", ("storage-key",))
        or both("platform", ("windows",), "storage", ("ephemeral", "efs", "efs-read-only", "ebs"))
        or both("platform", ("windows",), "logs", ("firelens",))
        or both("count", ("requests",), "way", ("none", "endpoint", "routes"))
        or both("deployment", ("blue-green", "linear", "canary"), "way", ("none", "endpoint", "both", "routes"))
    )


def rows() -> list[dict[str, str]]:
    """The cases: every pair that fits is in one, and there are at least `ROWS`."""
    chance = random.Random(20)
    open_pairs = {pair for pair in _pairs() if fits(dict(pair))}
    found: list[dict[str, str]] = []
    while open_pairs or len(found) < ROWS:
        row = max((_candidate(chance, open_pairs) for _ in range(12)), key=lambda one: len(_covers(one) & open_pairs))
        open_pairs -= _covers(row)
        found.append(row)
    return found


def _pairs() -> Iterator[frozenset[tuple[str, str]]]:
    for (one, values), (other, others) in combinations(DIMENSIONS.items(), 2):
        yield from (frozenset({(one, a), (other, b)}) for a in values for b in others)


def _covers(row: Mapping[str, str]) -> set[frozenset[tuple[str, str]]]:
    return {frozenset(pair) for pair in combinations(row.items(), 2)}


def _candidate(chance: random.Random, open_pairs: set[frozenset[tuple[str, str]]]) -> dict[str, str]:
    """A row that begins with an open pair, each further choice taking what closes most."""
    row = dict(chance.choice(sorted(map(sorted, open_pairs)))) if open_pairs else {}
    names = [one for one in DIMENSIONS if one not in row]
    chance.shuffle(names)
    for name in names:
        values = [one for one in DIMENSIONS[name] if fits({**row, name: one})]
        chance.shuffle(values)
        row[name] = max(
            values, key=lambda one: sum(frozenset({(name, one), pair}) in open_pairs for pair in row.items())
        )
    return {name: row[name] for name in DIMENSIONS}


# what a choice builds


def app(choice: Mapping[str, str], *, secret: str = REGISTRY) -> App:
    vpc = _network(choice["network"])
    own, archive = Key("Own"), Bucket("Archive")
    cluster = Cluster("Main", vpc=vpc, **_cluster(choice, vpc, own, archive))
    stores, uses = _uses(choice["uses"], vpc, own, cluster)
    if choice["cluster"] == "exec-logs":
        stores.append(archive)
    doors, way = _way(choice["way"], vpc)
    task = _task(choice, vpc, own, stores, uses, secret)
    service = Service(
        "Web",
        cluster=cluster,
        task=task,
        subnets=choice["subnets"],  # type: ignore[arg-type]
        capacity={"on-demand": OnDemand(), "spot": Spot(base=1, on_demand=1, spot=3), "spot-only": Spot(base=0)}[
            choice["capacity"]
        ],
        count=_count(choice["count"]),
        deployment=_deployment(choice["deployment"]),
        egress=[Egress(port=443)] if choice["egress"] == "https" else [Egress(protocol="-1")],
        exec=choice["container"] == "exec",
        **way,
    )
    # what a cluster is encrypted with is made before it, in whatever stack
    return _stacks(choice, [vpc, *doors], [own, *stores], [cluster, service])


def _stacks(choice: Mapping[str, str], base: list[Construct], data: list[Construct], run: list[Construct]) -> App:
    removal: Any = choice["removal"]
    policy = sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/bounds")
    bounds: dict[str, Any] = {}
    if choice["bounds"] == "bounded":
        bounds = {"permissions_boundary": policy, "role_path": "/shop/"}
    if choice["stacks"] == "one":
        return App([Stack("all", [base, data, run], removal=removal)], tags={"team": "shop"}, **bounds)
    stacks = [Stack("base", base, removal=removal), Stack("data", data, removal=removal)]
    return App(
        [*stacks, Stack("run", run, removal=removal)],
        tags={"team": "shop"},
        references=choice["stacks"],  # type: ignore[arg-type]
        **bounds,
    )


def _cluster(choice: Mapping[str, str], vpc: Vpc, own: Key, archive: Bucket) -> dict[str, Any]:
    more: dict[str, Any] = {"insights": choice["insights"]}
    match choice["cluster"]:
        case "exec-logs":
            more["exec_logs"] = ExecLogs(key=own, bucket=archive, prefix="exec/")
        case "storage-key":
            more["storage_key"] = own
        case "defaults":
            more |= {"default_capacity": Spot(base=2), "namespace": vpc.namespace_arn}
    return more


def _network(kind: str) -> Vpc:
    match kind:
        case "per-zone":
            return Vpc("Net", nat="per-zone", azs=3)
        case "zones":
            return Vpc("Net", azs=("use1-az1", "use1-az4"))
        case "three-tiers":
            return Vpc("Net", tiers=["public", "private", "isolated"], endpoints="private-tasks")
        case "instance":
            return Vpc("Net", nat=NatInstance())
        case "dual":
            return Vpc("Net", ipv6=True)
        case "both":
            return Vpc("Net", nat=NatInstance(per_zone=True), ipv6=True, azs=3)
        case "logged":
            return Vpc("Net", flow_logs=FlowLogs(), cidr="10.8.0.0/20")
        case "endpoints":
            also = ["sqs", "sns", "kms", "dynamodb"]
            return Vpc("Net", nat="none", endpoints=Endpoints(also=also))
        case _:
            return Vpc("Net")


def _uses(kind: str, vpc: Vpc, own: Key, cluster: Cluster) -> tuple[list[Construct], list[Any]]:
    jobs, news = Queue("Jobs"), Topic("News")
    match kind:
        case "queue":
            return [jobs], [jobs.send(), jobs.consume(env="WORK_URL")]
        case "topic":
            heard = Queue("Heard", subscriptions=[news.subscription(filter={"kind": ["new"]})])
            return [news, heard], [news.publish(), heard.consume()]
        case "table":
            table = Table("Items", key="id", indexes=[Index("by-day", key="day")], ttl="gone")
            return [table], [table.read_write()]
        case "bucket":
            bucket = Bucket("Files", expire=timedelta(days=30))
            return [bucket], [bucket.read(prefix="in/"), bucket.write(prefix="out/", env="OUT")]
        case "database":
            database = Postgres("Orders", vpc=vpc)
            return [database], [database.connect()]
        case "cache":
            cache = Cache("Sessions", vpc=vpc, max_storage=5)
            return [cache], [cache.connect()]
        case "secrets":
            secret, hello = Secret("Token"), Parameter("Hello", value="hi")
            return [secret, hello], [secret.read(), hello.read()]
        case "protection":
            return [], [cluster.task_protection()]
        case "telemetry":
            return [], [OpenTelemetry(metrics="Shop").send()]
        case "existing":
            legacy = Postgres("Legacy", vpc=vpc)  # its group stands for one that something else owns
            group = ExistingSecurityGroup("Old", id=legacy.security_group, vpc=vpc, host="legacy.internal")
            return [legacy], [group.connect(5432)]
        case "keys":
            queue, table = Queue("Sealed", encryption=own), Table("Items", key="id", encryption=own)
            secret = Secret("Token", encryption=own)
            return [queue, table, secret], [queue.send(), table.read(), secret.read()]
        case _:
            return [], []


def _way(kind: str, vpc: Vpc) -> tuple[list[Construct], dict[str, Any]]:
    door = LoadBalancer("Door", vpc=vpc, public=True)
    place = Endpoint("Place", vpc=vpc, port=8080)
    match kind:
        case "route":
            return [door], {"route": door.route("/*")}
        case "routes":
            return [door], {"route": [door.route("/*"), door.route("/admin/*", name="admin", host="a.example.com")]}
        case "https":
            safe = LoadBalancer("Door", vpc=vpc, public=True, certificate=CERTIFICATE)
            return [safe], {"route": safe.route("/*", method="GET"), "grace": timedelta(minutes=2)}
        case "endpoint":
            return [place], {"endpoint": place}
        case "both":
            return [door, place], {"route": door.route("/*"), "endpoint": place}
        case _:
            return [], {}


def _count(kind: str) -> int | Scaling:
    match kind:
        case "cpu":
            return Scaling(min=1, max=4, cpu=60)
        case "memory":
            return Scaling(min=2, max=4, memory=70, scale_in_cooldown=timedelta(minutes=10))
        case "requests":
            return Scaling(min=1, max=9, cpu=60, requests=500)
        case _:
            return 1 if kind == "one" else 2


def _deployment(kind: str) -> Any:
    return {
        "rolling": Rolling(),
        "in-place": Rolling(min=0, max=100),
        "blue-green": BlueGreen(),
        "linear": Linear(step=25),
        "canary": Canary(percent=10),
    }[kind]


def _task(choice: Mapping[str, str], vpc: Vpc, own: Key, stores: list[Construct], uses: list[Any], secret: str) -> Task:
    app = Container(**{"image": _image(choice["image"]), "port": 8080, **_container(choice["container"], secret)})
    containers: list[Container] = [app]
    volumes: list[Volume] = []
    if choice["beside"] == "sidecar":
        containers.append(Container(name="side", image=PUBLIC, essential=False, cpu=32, memory=64))
    if choice["beside"] == "init":
        containers.append(Container(name="init", image=PUBLIC, essential=False, command=["nginx", "-t"]))
        containers[0] = replace(app, depends_on={"init": "SUCCESS"})
    if choice["storage"] == "shared":
        volumes = [Volume("scratch")]
        containers[0] = replace(containers[0], mounts={"/scratch": "scratch"})
    if choice["storage"] == "ebs":
        volumes = [EbsVolume("fast", size=20)]
        containers[0] = replace(containers[0], mounts={"/fast": "fast"})
    if choice["storage"] in ("efs", "efs-read-only"):
        share = FileSystem("Share", vpc=vpc, access_points=[AccessPoint("Data")])
        stores.append(share)
        uses = [*uses, share.mount("/share", read_only=choice["storage"] == "efs-read-only")]
    platform: dict[str, Any] = {
        "x86": {},
        "arm": {"architecture": "ARM64"},
        "windows": {"os": "WINDOWS_SERVER_2022_CORE"},
    }[choice["platform"]]
    sizes: dict[str, dict[str, Any]] = {
        "small": {"cpu": 256, "memory": 1024},
        "medium": {"cpu": 1024, "memory": 3072},
        "text": {"cpu": "2 vCPU", "memory": "4 GB"},
        "large": {"cpu": 8192, "memory": 20480},
    }
    size = sizes.get(choice["size"], {})
    if choice["size"] == "fitting":
        fitted = Task.fitting(containers, os=platform.get("os", "LINUX"), volumes=volumes)
        size = {"cpu": fitted.cpu, "memory": fitted.memory_mib if fitted.memory_mib > 512 else 1024}
    task = Task(containers=containers, volumes=volumes, uses=uses, **platform, **size)
    if choice["storage"] == "ephemeral":
        task = replace(task, ephemeral_storage=40)
    match choice["logs"]:
        case "key":
            return replace(task, log_encryption=own, log_retention=365)
        case "firelens":
            return replace(task, logs=FireLens(options={"Name": "null"}))
        case "splunk":
            return replace(task, logs=Splunk(url="https://splunk.example.com:8088", token=secret))
        case _:
            return task


def _image(kind: str) -> Any:
    return {
        "public": PUBLIC,
        "ecr": ECR,
        "parameter": Param("WebImage", default=PUBLIC),
        "digest": Image("public.ecr.aws/nginx/nginx-unprivileged", digest="sha256:" + "ab" * 32),
    }[kind]


def _container(kind: str, secret: str) -> dict[str, Any]:
    match kind:
        case "hardened":
            return {"user": "101", "readonly_root": True, "drop": ["ALL"], "tmpfs": {"/tmp": 64}}
        case "exec":
            return {"env": {"MODE": "debug"}}
        case "healthy":
            return {"health": HealthCheck("curl -f localhost:8080"), "stop_timeout": timedelta(seconds=60)}
        case "restarting":
            return {"restart": Restart(ignored_exit_codes=[0]), "start_timeout": timedelta(seconds=30)}
        case "limited":
            return {"ulimits": {"nofile": 65536}, "system_controls": {"net.core.somaxconn": "1024"}, "cpu": 128}
        case "private":
            return {"image": "registry.example.com/shop/web:7", "credentials": secret}
        case "files":
            return {"env_files": [EnvFile(bucket="arn:aws:s3:::shop-conf", key="prod.env")], "labels": {"team": "shop"}}
        case _:
            return {}
