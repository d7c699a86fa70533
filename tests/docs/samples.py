"""What fields are set to when nothing likely fits, where values belong, and why some fields set no property."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from fargate_stacks import (
    AccessPoint,
    App,
    Backlog,
    BlueGreen,
    Canary,
    CircuitBreaker,
    Cluster,
    Cognito,
    ConnectTls,
    Container,
    Deployment,
    Distribution,
    DnsNames,
    EarlySuccess,
    EbsVolume,
    Egress,
    Endpoint,
    Endpoints,
    EnvFile,
    ExecLogs,
    ExistingRole,
    ExistingSecret,
    ExistingVpc,
    ExpressService,
    FlowLogs,
    Gateway,
    Generate,
    HealthCheck,
    HostedZone,
    HttpApi,
    Image,
    ImageSource,
    Index,
    Key,
    LambdaHook,
    Lattice,
    Linear,
    LoadBalancer,
    LogArchive,
    LogDriver,
    Metric,
    MutualTls,
    NatInstance,
    NetworkLoadBalancer,
    Oidc,
    OnDemand,
    OpenTelemetry,
    Param,
    Postgres,
    PreDeploy,
    Predictive,
    Proxy,
    PullThroughCache,
    Queue,
    Restart,
    Rolling,
    Route,
    ScheduledAction,
    SecretValue,
    Service,
    Split,
    Splunk,
    Spot,
    Stack,
    StepScaling,
    Subscription,
    Table,
    TargetTracking,
    Task,
    Topic,
    TrustStore,
    Volume,
    Waf,
    allow,
)
from tests.wrong_specs import (
    ARN,
    CERTIFICATE,
    DOOR,
    FILES,
    FUNCTION,
    JOBS,
    MAIN,
    METRIC,
    NET,
    NEWS,
    ONE,
    ORDERS,
    RIGHT,
    SHARED,
    TASK,
)

INSIDE, INNER = LoadBalancer("Inside", vpc=NET), LoadBalancer("Inner", vpc=NET)
OWN, AUDIT, GUARD = Key("Own"), LogArchive("Audit"), Waf("Guard")
SAFE = LoadBalancer("Safe", vpc=NET, certificate=CERTIFICATE, logins=True)
ELSEWHERE = Topic("Elsewhere")
CLIENTS = TrustStore("Clients", bucket="b", key="k")
ZONE, OTHER_ZONE = HostedZone("example.com", id="Z1"), HostedZone("example.com", id="Z2")
NEAR = Endpoint("Near", vpc=NET, port=80)
SECOND = Cluster("Second", vpc=NET)
NAMES = DnsNames("Names", vpc=NET, domain="in.example")
MORE = [INSIDE, INNER, OWN, AUDIT, GUARD, CLIENTS, NEAR, SECOND, SAFE, ELSEWHERE]
IN_VIRGINIA = CERTIFICATE.replace("eu-west-1", "us-east-1")
ROLE = "arn:aws:iam::123456789012:role/sample"
AUTHORITY = "arn:aws:acm-pca:eu-west-1:123456789012:certificate-authority/12345678-1234-1234-1234-123456789012"
SUBNETS = [f"subnet-0fedcba987654321{number}" for number in range(4)]
OTHER = ExistingVpc(
    vpc_id="vpc-0fedcba9876543210", cidr="10.9.0.0/16", public=SUBNETS[:2], private=SUBNETS[2:], namespace="elsewhere"
)
TOOL = Container(image="example/tool:1", name="tool", essential=False)
LISTENS = Container(image="a/b:1", port=80, name="second")
WINDOWS = Task(containers=[ONE], os="WINDOWS_SERVER_2022_CORE", cpu=1024, memory=2048)
HEALTHY = Container(image="a/b:1", port=80, health=HealthCheck("true"), name="first")
TEXTS = (
    "/sample", "sample", "Sample", "sample.example.com", "10.1.0.0/16", "1.2.3", ROLE,
    CERTIFICATE, "sg-0fedcba9876543210", "subnet-0fedcba9876543210", "vpc-0fedcba9876543210", "cron(0 3 * * ? *)",
    "Europe/Paris", "m1 / 2", "https://sample.example.com", "X-Sample", "b/c:2", "123456789012", "sha256:" + "a" * 64,
)  # fmt: skip
INSTANCES: list[Any] = [
    *MORE, ONE, OTHER, TASK, NET, MAIN, DOOR, FILES, JOBS, NEWS, ZONE, Spot(), OnDemand(), FlowLogs(), Endpoints(),
    NatInstance(), ExecLogs(), HealthCheck("true"), Restart(), Volume("extra"), Proxy(access_logs="json"),
    SecretValue(arn=ExistingSecret("a").value().arn), BlueGreen(), Egress(port=443), Generate(length=20),
    Param("Given"), Image("b/c", tag="2"), JOBS.send(), DOOR.route("/sample"), MutualTls(),
    Splunk(url="https://a", token=ARN),
    PreDeploy(task=TASK), ExistingRole(ROLE), Subscription(topic=NEWS), Index("by-sample", key="day"),
    AccessPoint(name="Second"),
]  # fmt: skip
BASES: dict[Any, Sequence[Mapping[str, Any]]] = {
    **{kind: [fields] for kind, fields in RIGHT.items()},
    ExistingVpc: [
        {
            "vpc_id": "vpc-0123456789abcdef0",
            "cidr": "10.0.0.0/16",
            "public": [f"subnet-0123456789abcdef{number}" for number in (0, 1)],
            "private": [f"subnet-0123456789abcdef{number}" for number in (2, 3)],
            "isolated": [f"subnet-0123456789abcdef{number}" for number in (4, 5)],
            "namespace": "main",
        }
    ],
    ConnectTls: [{"authority": AUTHORITY}],
    Deployment: [{}],
    Distribution: [
        {"name": "X", "edge": INSIDE},
        {"name": "X", "edge": INSIDE, "domain": "a.example.com", "hosted_zone": ZONE, "certificate": IN_VIRGINIA},
    ],
    DnsNames: [{"name": "X", "vpc": NET, "domain": "in.example"}],
    ExpressService: [{"name": "X", "cluster": MAIN, "task": TASK}],
    Gateway: [{"name": "X", "vpc": NET, "clusters": [MAIN], "role": ROLE}],
    HttpApi: [{"name": "X", "edge": INSIDE}],
    ImageSource: [],
    Lattice: [{"name": "X", "vpc": NET, "prefix_list": "pl-0123456789abcdef0"}],
    LogDriver: [],
    NetworkLoadBalancer: [
        {"name": "X", "vpc": NET},
        {"name": "X", "vpc": NET, "domain": "a.example.com", "hosted_zone": ZONE},
    ],
    PreDeploy: [{"task": TASK}],
    Proxy: [{}, {"access_logs": "json"}],
    Route: [{}, {"sticky": timedelta(minutes=1)}, {"safe": True}],
    Split: [{"name": "X", "route": INSIDE.route("/x"), "weights": {"old": 1, "new": 1}, "port": 80}],
}


def _route(*, safe: bool = False, **fields: Any) -> Route:
    return (SAFE if safe else DOOR).route(**fields)


MAKERS: dict[Any, Any] = {Route: _route, Deployment: Rolling}
"""What is called in a class's place, with the fields by their names."""


def _more_bases(kind: Any, *fields: Mapping[str, Any]) -> None:
    BASES[kind] = [*BASES[kind], *({**BASES[kind][0], **one} for one in fields)]


_more_bases(
    LoadBalancer, {"certificate": CERTIFICATE, "test_port": 9000}, {"domain": "a.example.com", "hosted_zone": ZONE}
)
_more_bases(Queue, {"fifo": True})
_more_bases(Topic, {"fifo": True})
_more_bases(Cognito, {"scope": "openid"})
_more_bases(EbsVolume, {"type": "io1", "iops": 300, "size": 100}, {"snapshot": "snap-0123456789abcdef0"})
_more_bases(ExecLogs, {"bucket": FILES})
_more_bases(Image, {"tag": None, "digest": "sha256:" + "b" * 64})
_more_bases(MutualTls, {"trust": CLIENTS})
_more_bases(App, {"stacks": [Stack("s", [*SHARED, Service("Odd", cluster=MAIN, task=TASK)])]})
_more_bases(Stack, {"members": [*SHARED, Service("Odd", cluster=MAIN, task=TASK)]})
_more_bases(BlueGreen, {"alarms": ["watchdog"]})
_more_bases(Canary, {"alarms": ["watchdog"]})
_more_bases(Linear, {"alarms": ["watchdog"]})
_more_bases(LambdaHook, {"timeout": timedelta(hours=1)})
_more_bases(CircuitBreaker, {"percent": 50})
_more_bases(OpenTelemetry, {"metrics": "Shop"}, {"config": "service:"})
_more_bases(
    PullThroughCache,
    {"upstream": "registry-1.docker.io", "credentials": ExistingSecret("ecr-pullthroughcache/hub").value()},
)
_more_bases(Predictive, {"cpu": None, "load": METRIC, "utilization": METRIC, "target": 50.0})
_more_bases(Endpoint, {"protocol": "tcp"})
_more_bases(Predictive, {"cpu": None, "requests": 100}, {"cpu": None, "memory": 50})
_more_bases(Service, {"route": DOOR.route()})
_more_bases(StepScaling, {"adjustment": "PercentChangeInCapacity"})
_more_bases(Rolling, {"min": 50})
_more_bases(ExistingSecret, {"arn": None, "name": "login"})
_more_bases(Container, {"port": 53})
_more_bases(NetworkLoadBalancer, {"certificate": CERTIFICATE})
_more_bases(Subscription, {"filter": {"kind": ["a"]}})
_more_bases(Postgres, {"version": "16.6"})
_more_bases(Task, {"memory": 2048}, {"os": "WINDOWS_SERVER_2022_CORE", "cpu": 1024, "memory": 2048})
_more_bases(Table, {"sort": "at"})

BUSY = Task(containers=[Container(image="c/d:3", port=80)], cpu=512, memory=1024)
TWICE = [ONE, Container(image="a/b:1", port=81, name="second")]
SAMPLES: dict[str, Sequence[Any]] = {
    "Access.statements": [[allow("sqs:SendMessage", on=[JOBS.queue_arn])]],
    "Access.ports": [ORDERS.connect().ports],
    "Access.after": [[JOBS.queue_arn]],
    "Access.sidecars": [[TOOL]],
    "AccessPoint.permissions": ["0700"],
    "App.permissions_boundary": ["arn:aws:iam::123456789012:policy/sample"],
    "App.role_path": ["/sample/"],
    "BlueGreen.rollback": [False],
    "BlueGreen.hooks": [[LambdaHook(function=FUNCTION, stages=["PRE_SCALE_UP"])]],
    "Canary.hooks": [[LambdaHook(function=FUNCTION, stages=["PRE_SCALE_UP"])]],
    "Linear.hooks": [[LambdaHook(function=FUNCTION, stages=["PRE_SCALE_UP"])]],
    "Cognito.scope": ["openid email"],
    "Oidc.scope": ["openid email"],
    "Container.depends_on": [{"tool": "START"}],
    "Container.drop": [["ALL"]],
    "Container.mounts": [{"/data": "x"}],
    "Container.env_files": [[EnvFile(bucket="arn:aws:s3:::conf", key="a.env")]],
    "Container.ulimits": [{"nofile": 1024}],
    "Container.system_controls": [{"net.core.somaxconn": "1024"}],
    "Distribution.countries": [["DE"]],
    "Distribution.domain": ["b.example.com"],
    "Distribution.certificate": [IN_VIRGINIA.replace("/1234", "/4321")],
    "Distribution.edge": [SAFE],
    "Distribution.hosted_zone": [OTHER_ZONE],
    "LoadBalancer.hosted_zone": [OTHER_ZONE],
    "NetworkLoadBalancer.hosted_zone": [OTHER_ZONE],
    "HttpApi.edge": [INNER],
    "EarlySuccess.healthy": [75],
    "EbsVolume.snapshot": ["snap-0123456789abcdef1"],
    "EbsVolume.initialization_rate": [200],
    "Endpoint.tls": [ConnectTls(authority=AUTHORITY)],
    "EnvFile.key": ["sample.env"],
    "ExistingSecret.name": ["sample"],
    "ExpressService.task": [BUSY],
    "Job.task": [BUSY],
    "ScheduledTask.task": [BUSY],
    "ScheduledTask.platform_version": ["1.4.0"],
    "ScheduledTask.start": [datetime(2027, 1, 1, tzinfo=UTC)],
    "ScheduledTask.end": [datetime(2028, 1, 1, tzinfo=UTC)],
    "Service.task": [BUSY],
    "PreDeploy.task": [BUSY],
    "Job.platform_version": ["1.4.0"],
    "Service.platform_version": ["1.4.0"],
    "Service.proxy": [Proxy(access_logs="json")],
    "LambdaHook.then": ["continue"],
    "Metric.statistic": ["Sum"],
    "MetricMath.expression": ["a / 3"],
    "MetricMath.metrics": [{"a": METRIC, "b": METRIC}, {"a": Metric("Shut", namespace="Shop")}],
    "StepScaling.metric": [Metric("Shut", namespace="Shop")],
    "TargetTracking.metric": [Metric("Shut", namespace="Shop")],
    "StepScaling.min_adjustment": [2],
    "NatInstance.type": ["t3.micro"],
    "NetworkLoadBalancer.tls_policy": ["ELBSecurityPolicy-TLS13-1-3-2021-06"],
    "NetworkLoadBalancer.allow_from": [["192.0.2.0/24"]],
    "OpenTelemetry.traces": [False],
    "OpenTelemetry.statements": [[allow("sqs:SendMessage", on=[JOBS.queue_arn])]],
    "Postgres.version": ["16.8", "16.6", "17.4"],
    "Predictive.load": [Metric("Shut", namespace="Shop")],
    "Predictive.utilization": [Metric("Shut", namespace="Shop")],
    "Predictive.target": [40.0],
    "PullThroughCache.upstream": ["public.ecr.aws", "registry.k8s.io"],
    "PullThroughCache.credentials": [ExistingSecret("ecr-pullthroughcache/other").value()],
    "Rolling.max": [150],
    "Rolling.early_success": [EarlySuccess(healthy=75)],
    "Route.method": ["GET"],
    "ExistingVpc.public": [OTHER.public],
    "ExistingVpc.private": [OTHER.private],
    "Route.expect": ["200"],
    "Route.protocol": ["http2"],
    "Route.port": [81],
    "Route.container": ["second"],
    "Route.login": [Oidc(**RIGHT[Oidc])],
    "Scaling.backlog": [Backlog(queue=JOBS)],
    "Scaling.policies": [[TargetTracking(name="Odd", metric=METRIC, target=5)]],
    "Scaling.schedule": [[ScheduledAction("night", schedule="cron(0 22 * * ? *)", max=2)]],
    "Scaling.predictive": [Predictive(cpu=50)],
    "ScheduledAction.start": [datetime(2027, 1, 1, tzinfo=UTC)],
    "ScheduledAction.end": [datetime(2028, 1, 1, tzinfo=UTC)],
    "SecretValue.after": [[JOBS.queue_arn]],
    "Split.weights": [{"old": 3, "new": 1}],
    "Split.port": [81],
    "Stack.members": [[FILES]],
    "Stack.permissions_boundary": ["arn:aws:iam::123456789012:policy/sample"],
    "Stack.role_path": ["/sample/"],
    "Subscription.topic": [ELSEWHERE],
    "Table.types": [{"id": "N"}],
    "Task.containers": [[Container(image="c/d:3", port=80)]],
    "Task.cpu": [512, 2048],
    "Vpc.tiers": [["public", "private", "isolated"]],
    "Waf.groups": [["AWSManagedRulesCommonRuleSet"]],
    "Waf.observe": [[]],
}
_LOOK = "nothing: it is looked at when the app is made"
REASONS: dict[str, str] = {
    "Construct.name": "the start of every logical id",
    "Access.label": "nothing: what error messages call it",
    "Access.container": "nothing by itself: the container that gets what it brings",
    "App.stacks": "the templates themselves",
    "App.references": "how values pass between stacks: `Parameters`, or `Outputs` with `Export`",
    "BuiltImage.repository": "the image's name, by the note from which `deploy` builds and pushes",
    "BuiltImage.dockerfile": "nothing: what the client on your machine builds from",
    "BuiltImage.target": "nothing: what the client on your machine builds",
    "BuiltImage.args": "nothing: what the client on your machine builds with",
    "Container.firelens": "`AWS::ECS::TaskDefinition ContainerDefinitions.FirelensConfiguration`, by `Task(logs=)`",
    "ExistingCluster.insights": f"{_LOOK}: scaling by backlog needs Container Insights",
    "ExistingLoadBalancer.vpc": f"{_LOOK}: its services must be in the same VPC",
    "ExistingLoadBalancer.priorities": "`AWS::ElasticLoadBalancingV2::ListenerRule Priority`, chosen among them",
    "ExistingLoadBalancer.full_name": "the dimension of metrics, where a service scales by requests or watches errors",
    "ExistingLoadBalancer.secure": f"{_LOOK}: what a route may ask of the listener",
    "ExistingLoadBalancer.logins": f"{_LOOK}: whether a route may ask for a login",
    "ExistingLoadBalancer.test_listener_arn": (
        "`AWS::ElasticLoadBalancingV2::ListenerRule ListenerArn` of blue/green test rules"
    ),
    "HttpApi.tls_name": "`AWS::ApiGatewayV2::Integration TlsConfig.ServerNameToVerify`, before an HTTPS load balancer",
    "LockedImage.name": "`AWS::ECS::TaskDefinition ContainerDefinitions.Image`, with the digest that the lock file has",
    "LockedImage.lock": "nothing: the file that holds the digests",
    "PortAccess.network": f"{_LOOK}: an edge across two VPCs is refused",
    "Route.load_balancer": "the listener's: a route is made by the load balancer's own verb",
    "Stack.name": "the stack's name",
    "Stack.description": "`Description`",
    "Stack.region": "where the stack is deployed",
    "Stack.account": "where the stack is deployed",
    "Stack.tags": "`Tags` of every resource that takes tags, and of the stack",
    "Stack.outputs": "`Outputs`",
    "Stack.termination_protection": "the stack's own termination protection",
    "Stack.customize": "whatever it changes",
    "Cluster.vpc": (
        "nothing by itself: its services run there, `AWS::ECS::Service NetworkConfiguration.AwsvpcConfiguration`"
    ),
    "HostedZone.name": f"{_LOOK}: domains must lie in it",
    "Service.proxy": "`AWS::ECS::Service ServiceConnectConfiguration`, where it serves or calls an endpoint",
    "Gateway.vpc": "`AWS::ECS::Gateway Configuration.HostSharedAlb.NetworkConfiguration.Subnets`: that of its clusters",
    "CircuitBreaker.bounded": (
        "`AWS::ECS::Service DeploymentConfiguration.DeploymentCircuitBreaker.ThresholdConfiguration.Type`"
    ),
}


def make(kind: Any, fields: Mapping[str, Any]) -> Any:
    return MAKERS.get(kind, kind)(**fields)
