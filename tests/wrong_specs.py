"""Right calls of everything public, and what may be written into their fields by mistake."""

# ruff: noqa: E501 - wrong values stand side by side

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from troposphere import Ref, sqs

import fargate_stacks
from fargate_stacks import (
    Access,
    AccessPoint,
    App,
    Attr,
    Backlog,
    BlueGreen,
    Bucket,
    BuiltImage,
    Cache,
    CachedImage,
    Canary,
    CircuitBreaker,
    Cluster,
    Cognito,
    Construct,
    Container,
    EarlySuccess,
    EbsVolume,
    Egress,
    Endpoint,
    Endpoints,
    EnvFile,
    ExecLogs,
    ExistingCluster,
    ExistingLoadBalancer,
    ExistingParameter,
    ExistingRole,
    ExistingSecret,
    ExistingSecurityGroup,
    ExistingVpc,
    ExternalImage,
    FileSystem,
    FireLens,
    FlowLogs,
    Generate,
    HealthCheck,
    HostedZone,
    Image,
    ImageSource,
    Index,
    Job,
    Key,
    LambdaHook,
    Linear,
    LoadBalancer,
    LockedImage,
    LogArchive,
    Metric,
    MetricMath,
    MutualTls,
    NatInstance,
    Oidc,
    OnDemand,
    OpenTelemetry,
    Param,
    Parameter,
    ParameterImage,
    Pause,
    PortAccess,
    Postgres,
    Predictive,
    PullThroughCache,
    Queue,
    Repository,
    Restart,
    Rolling,
    Scaling,
    ScheduledAction,
    ScheduledTask,
    Secret,
    SecretValue,
    Service,
    Splunk,
    Spot,
    SsmImage,
    Stack,
    StepScaling,
    Subscription,
    Table,
    TargetTracking,
    Task,
    Topic,
    TrustStore,
    Value,
    Volume,
    Vpc,
    Waf,
    queue_worker,
    sub,
)
from fargate_stacks.core.values import AttrList

NET = Vpc("Net", tiers=["public", "private", "isolated"])
MAIN = Cluster("Main", vpc=NET)
DOOR = LoadBalancer("Door", vpc=NET, public=True)
JOBS, FILES, KEY = Queue("Jobs"), Bucket("Files"), Secret("Key")
ORDERS = Postgres("Orders", vpc=NET)
NEWS, ITEMS, HELLO = Topic("News"), Table("Items", key="id"), Parameter("Hello", value="hi")
SHARE, SESSIONS = FileSystem("Share", vpc=NET), Cache("Sessions", vpc=NET)
IMAGES = Repository("Images")
PLACE = Endpoint("Place", vpc=NET, port=80)
ONE = Container(image="a/b:1", port=80)
METRIC = Metric("Open", namespace="Shop")
TASK = Task(containers=[ONE])
SHARED = [NET, MAIN, DOOR, JOBS, FILES, KEY, ORDERS, PLACE, NEWS, ITEMS, HELLO, SHARE, SESSIONS]
OLD = ExistingVpc(vpc_id="vpc-0123456789abcdef0", private=["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"])
LISTENER = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/x/1/2"
CERTIFICATE = "arn:aws:acm:eu-west-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:check"
ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf"

RIGHT: dict[Any, dict[str, Any]] = {
    Access: {"label": "A.b()"},
    BuiltImage: {"context": ".", "repository": IMAGES},
    CachedImage: {"name": "a/b:1", "repository": "arn:aws:ecr:eu-west-1:123456789012:repository/a"},
    ExternalImage: {"initial": "a/b:1"},
    LockedImage: {"name": "a/b:1"},
    ParameterImage: {"name": "WebImage"},
    SsmImage: {"path": "/a"},
    Repository: {"name": "X"},
    PullThroughCache: {"name": "X", "upstream": "quay.io", "prefix": "quay"},
    AccessPoint: {},
    Cache: {"name": "X", "vpc": NET},
    FileSystem: {"name": "X", "vpc": NET},
    Index: {"name": "by-day", "key": "day"},
    Parameter: {"name": "X", "value": "hi"},
    Subscription: {"topic": NEWS},
    Table: {"name": "X", "key": "id"},
    Topic: {"name": "X"},
    BlueGreen: {},
    Canary: {},
    CircuitBreaker: {},
    Cognito: {
        "user_pool_arn": "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_abc",
        "client_id": "abc",
        "domain": "shop",
    },
    EarlySuccess: {"healthy": 100},
    HostedZone: {"name": "example.com", "id": "Z123456789"},
    Key: {"name": "X"},
    LambdaHook: {"function": FUNCTION, "stages": ["PRE_SCALE_UP"]},
    Linear: {},
    LogArchive: {"name": "X"},
    MutualTls: {},
    Oidc: {
        "issuer": "https://id.example.com",
        "authorization_endpoint": "https://id.example.com/authorize",
        "token_endpoint": "https://id.example.com/token",
        "user_info_endpoint": "https://id.example.com/userinfo",
        "client_id": "abc",
        "client_secret": KEY.value(),
    },
    Pause: {"stages": ["PRE_SCALE_UP"]},
    TrustStore: {"name": "X", "bucket": FILES.bucket_name, "key": "ca.pem"},
    Waf: {"name": "X"},
    Bucket: {"name": "X"},
    Cluster: {"name": "X", "vpc": NET},
    Container: {"image": "nginx"},
    Egress: {},
    Endpoint: {"name": "X", "vpc": NET, "port": 80},
    Endpoints: {},
    ExecLogs: {},
    ExistingCluster: {"name": "old", "vpc": NET},
    ExistingLoadBalancer: {"vpc": NET, "listener_arn": LISTENER, "security_group": "sg-0123456789abcdef0"},
    ExistingParameter: {"name": "/a"},
    EnvFile: {"bucket": "arn:aws:s3:::conf", "key": "a.env"},
    ExistingRole: {"arn": "arn:aws:iam::123456789012:role/api"},
    ExistingSecret: {"arn": ARN},
    FireLens: {"options": {"Name": "null"}},
    Image: {"name": "example/web", "tag": "1"},
    PortAccess: {"provider": ORDERS, "security_group": ORDERS.security_group, "port": 1, "network": NET},
    Restart: {},
    SecretValue: {"arn": ARN},
    Splunk: {"url": "https://a", "token": ARN},
    ExistingSecurityGroup: {"name": "X", "id": "sg-0123456789abcdef0", "vpc": OLD},
    ExistingVpc: {"vpc_id": "vpc-0123456789abcdef0", "cidr": "10.0.0.0/16", "private": OLD.private},
    FlowLogs: {},
    NatInstance: {},
    Generate: {},
    HealthCheck: {"command": "true"},
    LoadBalancer: {"name": "X", "vpc": NET},
    OnDemand: {},
    Postgres: {"name": "X", "vpc": NET},
    Queue: {"name": "X"},
    Rolling: {},
    Scaling: {"min": 1, "max": 2, "cpu": 50},
    Backlog: {"queue": JOBS},
    Metric: {"name": "Open", "namespace": "Shop"},
    MetricMath: {"expression": "a / 2", "metrics": {"a": METRIC}},
    Predictive: {"cpu": 50},
    ScheduledAction: {"name": "night", "schedule": "cron(0 22 * * ? *)", "max": 2},
    StepScaling: {"metric": METRIC, "above": {10: 1}},
    TargetTracking: {"metric": METRIC, "target": 5},
    Secret: {"name": "X"},
    Service: {"name": "X", "cluster": MAIN, "task": TASK},
    Spot: {},
    Job: {"name": "X", "cluster": MAIN, "task": TASK},
    ScheduledTask: {"name": "X", "cluster": MAIN, "task": TASK, "schedule": "rate(1 hour)"},
    EbsVolume: {"name": "v", "size": 9},
    OpenTelemetry: {},
    Task: {"containers": [ONE]},
    Volume: {"name": "v"},
    Vpc: {"name": "X"},
    App: {"stacks": [Stack("s", [JOBS])]},
    Stack: {"name": "s", "members": [JOBS]},
}
# whatever else is public is called with its wrong fields alone
REST: dict[Any, dict[str, Any]] = {
    kind: {}
    for name in fargate_stacks.__all__
    if isinstance(kind := getattr(fargate_stacks, name), type)
    and issubclass(kind, (Construct, Value))
    and kind not in (*RIGHT, Construct, Value)
}
VERBS: list[tuple[Callable[..., Any], dict[str, Any]]] = [
    (JOBS.send, {}),
    (JOBS.consume, {}),
    (FILES.read, {}),
    (FILES.write, {}),
    (FILES.read_write, {}),
    (KEY.read, {}),
    (NEWS.publish, {}),
    (NEWS.subscription, {}),
    (ITEMS.read, {}),
    (ITEMS.write, {}),
    (ITEMS.read_write, {}),
    (HELLO.read, {}),
    (SHARE.mount, {"path": "/data"}),
    (SESSIONS.connect, {}),
    (FILES.env_file, {"key": "a.env"}),
    (IMAGES.image, {"tag": "1"}),
    (MAIN.task_protection, {}),
    (OpenTelemetry().send, {}),
    (Task.fitting, {"containers": [ONE]}),
    (KEY.value, {}),
    (ORDERS.connect, {}),
    (PLACE.connect, {}),
    (DOOR.route, {}),
    (ExistingSecret("a").read, {}),
    (ExistingSecret("a").value, {}),
    (ExistingParameter("a").read, {}),
    (queue_worker, {"name": "X", "cluster": MAIN, "task": TASK}),
    (Param, {"name": "X"}),
]
ODD: list[Any] = [
    None, True, False, -1, 0, 1, 7, 65_536, 2**63, -(10**30), 10**400, 10**5000, 0.1, -0.5, float("nan"), float("inf"),
    "", " ", "x", "X", "ä", "漢字", "a b", "a\nb", "\x00", "\ud800", "x" * 300, "x" * 5000, "${AWS::Region}", "{x}", "*",
    "10.0.0.0/16", "300.1.1.1/8", "arn:aws:x", ARN, "nginx:1", "A" * 40, "-", "/", "1X", "aws:x",
    [], [None], [""], ["x"], ["x", "x"], [1], [[]], (), ("use1-az1",), {}, {"": ""}, {"A": "1"}, {1: 2}, {"/x": 1}, {"a": None},
    b"x", set(), {"x"}, range(3), object(), ..., Decimal(1), date(2026, 1, 1), 1j, NotImplemented,
    timedelta(0), timedelta(seconds=-1), timedelta(seconds=0.5), timedelta(days=1), timedelta.max, timedelta.min,
    NET, MAIN, DOOR, JOBS, ORDERS, PLACE, ONE, TASK, OLD, Vpc, Container, len, lambda one: None, Spot(), Rolling(),
    Scaling(min=1, max=2, requests=1), [ONE], [ONE, ONE], [JOBS.send()], [JOBS], JOBS.send(), DOOR.route(), [DOOR.route()],
    JOBS.queue_arn, AttrList("Xs", [JOBS.queue_arn]), Param("P"), Param("L", type="CommaDelimitedList"), sub("{a}", a=JOBS.queue_arn),
    Attr(Queue("Lost"), "LostQueue"), Ref("Nowhere"), sqs.Queue("Raw"), [sqs.Queue("Raw")], HealthCheck("true"), KEY.value(),
    {"A": KEY.value()}, {"A": JOBS.queue_arn}, [Volume("v")], Volume("v"), Egress(), [Egress(port=1)], FlowLogs(), NET.subnets("public", "x"),
]  # fmt: skip


def placed(thing: Any) -> App:
    """An app with the thing in it, in the place where such a thing belongs."""
    members: list[Any] = []
    match thing:
        case App():
            return thing
        case Stack():
            return App([thing])
        case Construct():
            members = [thing]
        case Task():
            members = [Service("Odd", cluster=MAIN, task=thing)]
        case Container():
            members = [Service("Odd", cluster=MAIN, task=Task(containers=[thing], volumes=[Volume("x")]))]
        case BlueGreen() | Canary() | Linear() | Rolling():
            members = [Service("Odd", cluster=MAIN, task=TASK, route=DOOR.route(), deployment=thing)]
        case Pause() | LambdaHook():
            return placed(BlueGreen(hooks=[thing]))
        case CircuitBreaker():
            return placed(Rolling(circuit_breaker=thing))
        case EarlySuccess():
            return placed(Rolling(early_success=thing))
        case Cognito() | Oidc():
            door = LoadBalancer("OddDoor", vpc=NET, certificate=CERTIFICATE, logins=True)
            members = [door, Service("Odd", cluster=MAIN, task=TASK, route=door.route(login=thing))]
        case HostedZone():
            members = [LoadBalancer("OddDoor", vpc=NET, domain="a.example.com", hosted_zone=thing)]
        case MutualTls():
            members = [LoadBalancer("OddDoor", vpc=NET, certificate=CERTIFICATE, mutual_tls=thing)]
        case FireLens() | Splunk():
            members = [Service("Odd", cluster=MAIN, task=Task(containers=[ONE], logs=thing))]
        case AccessPoint():
            members = [FileSystem("Odd", vpc=NET, access_points=[thing])]
        case Index():
            members = [Table("Odd", key="id", indexes=[thing])]
        case Subscription():
            members = [Queue("Odd", subscriptions=[thing])]
        case ImageSource():
            task = Task(containers=[Container(image=thing)])
            service = Service("Odd", cluster=MAIN, task=task)
            return App([Stack("images", [IMAGES]), Stack("s", [*SHARED, service])])
        case Restart():
            return placed(Container(image="a/b:1", restart=thing))
        case EnvFile():
            return placed(Container(image="a/b:1", env_files=[thing]))
        case SecretValue():
            return placed(Container(image="a/b:1", secrets={"S": thing}, credentials=thing))
        case PortAccess():
            return placed(Access(label="A.b()", ports=[thing]))
        case ExistingRole():
            return placed(Task(containers=[ONE], task_role=thing, execution_role=thing))
        case Access():
            members = [Service("Odd", cluster=MAIN, task=Task(containers=[ONE], uses=[thing]))]
        case Backlog():
            return placed(Scaling(min=0, max=3, backlog=thing))
        case Metric():
            return placed(TargetTracking(name="Odd", metric=thing, target=1))
        case MetricMath():
            return placed(StepScaling(name="Odd", metric=thing, below={1: -1}))
        case StepScaling() | TargetTracking():
            return placed(Scaling(min=1, max=3, policies=[thing]))
        case ScheduledAction():
            return placed(Scaling(min=1, max=3, schedule=[thing]))
        case Predictive():
            return placed(Scaling(min=1, max=3, cpu=50, predictive=thing))
        case Scaling():
            members = [Service("Odd", cluster=MAIN, task=TASK, count=thing, route=DOOR.route())]
        case ExistingVpc():
            members = [Cluster("Odd", vpc=thing), LoadBalancer("OddDoor", vpc=thing)]
        case ExistingLoadBalancer():
            members = [Service("Odd", cluster=MAIN, task=TASK, route=thing.route())]
        case ExistingCluster():
            members = [Service("Odd", cluster=thing, task=TASK)]
        case fargate_stacks.Route():
            members = [Service("Odd", cluster=MAIN, task=TASK, route=thing)]
        case fargate_stacks.QueueWorker():
            members = [*thing]
        case Param():
            return App([Stack("s", [*SHARED], outputs={"Odd": thing})])
    return App([Stack("s", [*SHARED, *members])])
