"""The contract of logical ids: every part that a construct can make, by hand. Renaming one is a breaking change."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

import fargate_stacks
from fargate_stacks import (
    App,
    Backlog,
    BlueGreen,
    Bucket,
    Cache,
    Cluster,
    Construct,
    Container,
    Distribution,
    DnsNames,
    EbsVolume,
    Egress,
    Endpoint,
    Endpoints,
    ExecLogs,
    ExpressService,
    FileSystem,
    FlowLogs,
    Gateway,
    HostedZone,
    HttpApi,
    Job,
    Key,
    LambdaHook,
    Lattice,
    LoadBalancer,
    LogArchive,
    Metric,
    NatInstance,
    NetworkLoadBalancer,
    Parameter,
    Postgres,
    PreDeploy,
    Predictive,
    PullThroughCache,
    Queue,
    Repository,
    Scaling,
    ScheduledAction,
    ScheduledTask,
    Secret,
    Service,
    Split,
    Stack,
    StepScaling,
    Table,
    TargetTracking,
    Task,
    Topic,
    TrustStore,
    Vpc,
    Waf,
    queue_worker,
    render,
)

CERTIFICATE = "arn:aws:acm:eu-west-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"


def container(port: int | None = 8080) -> Container:
    return Container(image="example/api:7", port=port)


def everything() -> list[Construct]:
    """One of each construct, with every option that makes resources."""
    vpc = Vpc(
        "Net",
        nat="per-zone",
        tiers=["public", "private", "isolated"],
        flow_logs=FlowLogs(),
        endpoints=Endpoints(also=["dynamodb"]),
    )
    both = Vpc("Both", nat=NatInstance(per_zone=True), ipv6=True)
    cluster = Cluster("Main", vpc=vpc, exec_logs=ExecLogs())
    edge = LoadBalancer("Edge", vpc=vpc, public=True, certificate=CERTIFICATE)
    address = Endpoint("Address", vpc=vpc, port=8080)
    data = Postgres("Orders", vpc=vpc, instances=2)
    bucket, queue, secret = Bucket("Uploads"), Queue("Jobs"), Secret("Signing")
    shop = Service(
        "Shop",
        cluster=cluster,
        task=Task(containers=[container()], uses=[data.connect(), bucket.read(), queue.send(), secret.read()]),
        route=[edge.route("/*"), edge.route(host="a.example.com", name="host")],
        endpoint=address,
        count=Scaling(min=1, max=2, cpu=50, memory=50),
        egress=[Egress(port=443)],
    )
    client = Service(
        "Client",
        cluster=cluster,
        task=Task(containers=[container()], uses=[address.connect()]),
        route=edge.route("/client"),
        count=Scaling(min=1, max=2, requests=5),
    )
    key, audit, guard = Key("Own"), LogArchive("Audit"), Waf("Guard")
    named = LoadBalancer(
        "Named",
        vpc=vpc,
        domain="shop.example.com",
        hosted_zone=HostedZone("example.com", id="Z1"),
        test_port=9000,
        waf=guard,
    )
    several = LoadBalancer("Several", vpc=vpc, certificate=[CERTIFICATE, CERTIFICATE.replace("1234", "2222")])
    green = Service(
        "Green",
        cluster=cluster,
        task=Task(containers=[container()]),
        route=named.route("/green", name="way"),
        deployment=BlueGreen(
            errors=5,
            hooks=[LambdaHook(function="arn:aws:lambda:eu-west-1:123456789012:function:f", stages=["POST_SCALE_UP"])],
        ),
    )
    lines = NetworkLoadBalancer(
        "Lines", vpc=vpc, domain="db.example.com", hosted_zone=HostedZone("example.com", id="Z1")
    )
    listener = Service(
        "Listener", cluster=cluster, task=Task(containers=[container()]), route=lines.listen(443, protocol="TLS")
    )
    inner = LoadBalancer("Inner", vpc=vpc)
    split = Split("Half", route=inner.route("/half"), weights={"old": 1, "new": 1}, port=8080)
    names = DnsNames("Names", vpc=vpc, domain="in.example")
    mesh = Lattice("Mesh", vpc=vpc, prefix_list="pl-0123456789abcdef0")
    migrated = Service(
        "Migrated",
        cluster=cluster,
        task=Task(containers=[container()]),
        route=names.register("migrated"),
        pre_deploy=PreDeploy(task=Task(containers=[container(None)])),
    )
    meshed = Service("Meshed", cluster=cluster, task=Task(containers=[container()]), route=mesh.route(priority=1))
    fronts = [inner, split, names, mesh, migrated, meshed, HttpApi("Api", edge=inner), Distribution("Cdn", edge=inner)]
    shared = Gateway("Shared", vpc=vpc, clusters=[cluster], role="arn:aws:iam::123456789012:role/gateways")
    express = ExpressService("Quick", cluster=cluster, task=Task(containers=[container()], uses=[data.connect()]))
    doors = [
        shared,
        express,
        lines,
        listener,
        key,
        audit,
        guard,
        TrustStore("Clients", bucket="b", key="k"),
        named,
        several,
        green,
    ]
    disk = EbsVolume("data", size=20, encryption=key)
    importer = Job(
        "Import", cluster=cluster, task=Task(containers=[container(None)], volumes=[disk], uses=[data.connect()])
    )
    nightly = ScheduledTask(
        "Nightly", cluster=cluster, task=Task(containers=[container(None)]), schedule="rate(1 day)", dead_letters=queue
    )
    holder = Service("Holder", cluster=cluster, task=Task(containers=[container(None)], volumes=[disk]))
    news = Topic("News")
    stores = [
        FileSystem("Share", vpc=vpc),
        Cache("Sessions", vpc=vpc),
        Table("Items", key="id"),
        Parameter("Hello", value="hi"),
        Repository("Images"),
        PullThroughCache("Public", upstream="public.ecr.aws", prefix="public"),
        news,
        Queue("Heard", subscriptions=[news.subscription()]),
    ]
    worker = queue_worker("Mail", cluster=cluster, task=Task(containers=[container(None)]))
    scaled = queue_worker(
        "Post",
        cluster=cluster,
        task=Task(containers=[container()]),
        count=Scaling(
            min=0,
            max=2,
            backlog=Backlog(),
            predictive=Predictive(cpu=50),
            schedule=[ScheduledAction("night", schedule="cron(0 22 * * ? *)", max=1)],
            policies=[
                StepScaling(metric=Metric("queue.age", namespace="Shop"), above={9: 1}, below={1: -1}),
                TargetTracking(metric=Metric("Open", namespace="Shop"), target=5, name="Load"),
            ],
        ),
    )
    count = scaled.service.count
    assert isinstance(count, Scaling)
    posted = replace(
        scaled.service, route=edge.route("/post"), count=replace(count, response_time=timedelta(seconds=1))
    )
    return [
        *(vpc, both, cluster, edge, address, data, bucket, queue, secret, shop, client),
        *(*doors, *fronts, *stores, *worker, scaled.queue, posted, importer, holder, nightly),
    ]


CONTRACT = {
    "Net": """
        Vpc InternetGateway InternetGatewayAttachment PublicSubnet1 PublicSubnet2 PublicRouteTable
        PublicSubnet1RouteTableAssociation PublicSubnet2RouteTableAssociation PublicDefaultRoute
        ElasticIp1 ElasticIp2 NatGateway1 NatGateway2 PrivateSubnet1 PrivateSubnet2 PrivateRouteTable1
        PrivateRouteTable2 PrivateSubnet1RouteTableAssociation PrivateSubnet2RouteTableAssociation PrivateDefaultRoute1
        PrivateDefaultRoute2
        IsolatedSubnet1 IsolatedSubnet2 IsolatedRouteTable IsolatedSubnet1RouteTableAssociation
        IsolatedSubnet2RouteTableAssociation S3Endpoint EndpointSecurityGroup EcrApiEndpoint EcrDkrEndpoint
        LogsEndpoint SecretsmanagerEndpoint SsmEndpoint SsmmessagesEndpoint DynamodbEndpoint
        Namespace FlowLogGroup FlowLogPolicy FlowLogRole FlowLog
    """,
    "Both": """
        Vpc Ipv6CidrBlock InternetGateway InternetGatewayAttachment PublicSubnet1 PublicSubnet2 PublicRouteTable
        PublicSubnet1RouteTableAssociation PublicSubnet2RouteTableAssociation PublicDefaultRoute PublicDefaultIpv6Route
        NatSecurityGroup NatInstance1 NatInstance2 NatInstanceElasticIp1 NatInstanceElasticIp2 PrivateSubnet1
        PrivateSubnet2 PrivateRouteTable1 PrivateRouteTable2 PrivateSubnet1RouteTableAssociation
        PrivateSubnet2RouteTableAssociation PrivateDefaultRoute1 PrivateDefaultRoute2 EgressOnlyInternetGateway
        PrivateDefaultIpv6Route1 PrivateDefaultIpv6Route2 S3Endpoint Namespace
    """,
    "Main": "ExecLogGroup Cluster",
    "Edge": "SecurityGroup LoadBalancer Listener RedirectListener",
    "Address": "SecurityGroup",
    "Orders": "SecurityGroup DBSubnetGroup Secret DBCluster SecretAttachment DBInstance1 DBInstance2",
    "Uploads": "Bucket BucketPolicy",
    "Jobs": "Queue QueuePolicy DeadLetterQueue DeadLetterQueuePolicy",
    "Signing": "Secret",
    "Shop": """
        SecurityGroup EdgeIngress8080 EdgeEgress8080 OrdersIngress5432 OrdersEgress5432 LogGroup
        ExecutionPolicy ExecutionRole TaskPolicy TaskRole TaskDefinition
        TargetGroup ListenerRule HostTargetGroup HostListenerRule Service ScalableTarget CpuScalingPolicy
        MemoryScalingPolicy
    """,
    "Client": """
        SecurityGroup EdgeIngress8080 EdgeEgress8080 AddressIngress8080 LogGroup
        ExecutionPolicy ExecutionRole TaskRole TaskDefinition
        TargetGroup ListenerRule Service ScalableTarget RequestsScalingPolicy
    """,
    "Own": "Key Alias",
    "Audit": "Bucket BucketPolicy",
    "Guard": "WebAcl LogGroup Logging",
    "Clients": "TrustStore",
    "Named": """
        SecurityGroup Certificate LoadBalancer Listener TestListener RedirectListener ShopExampleComRecord
        WafAssociation
    """,
    "Several": "SecurityGroup LoadBalancer Listener Certificate222256782222 RedirectListener",
    "Green": """
        SecurityGroup NamedIngress8080 NamedEgress8080 LogGroup ExecutionPolicy ExecutionRole TaskRole TaskDefinition
        HookPolicy HookRole WayTargetGroup WayGreenTargetGroup WayListenerRule WayTestListenerRule LoadBalancerRole
        ErrorsAlarm Service
    """,
    "Inner": "SecurityGroup LoadBalancer Listener",
    "Half": "OldTargetGroup NewTargetGroup ListenerRule",
    "Names": "DnsNamespace",
    "Mesh": """
        ServiceNetwork SecurityGroup VpcAssociation LatticeService ServiceAssociation LatticeListener
    """,
    "Meshed": """
        SecurityGroup LogGroup ExecutionPolicy ExecutionRole TaskRole TaskDefinition
        LatticeIngress8080 LatticeTargetGroup LatticeRule LatticeRole Service
    """,
    "Migrated": """
        SecurityGroup LogGroup ExecutionPolicy ExecutionRole TaskRole TaskDefinition Port8080Open DiscoveryService
        PreDeployLogGroup PreDeployExecutionPolicy PreDeployExecutionRole PreDeployTaskRole PreDeployTaskDefinition
        PreDeployFunctionLogGroup PreDeployFunctionPolicy PreDeployFunctionRole PreDeployFunction PreDeploy Service
    """,
    "Api": "SecurityGroup InnerEgress80 InnerIngress80 VpcLink Api Integration Route LogGroup Stage",
    "Cdn": "VpcOrigin Distribution",
    "Shared": "SecurityGroup Gateway MainAssociation",
    "Quick": """
        SecurityGroup OrdersIngress5432 LogGroup ExecutionPolicy ExecutionRole TaskRole TaskDefinition
        InfrastructureRole Express
    """,
    "Lines": "SecurityGroup Certificate LoadBalancer DbExampleComRecord",
    "Listener": """
        SecurityGroup LinesIngress8080 LinesEgress8080 LogGroup ExecutionPolicy ExecutionRole TaskRole TaskDefinition
        LinesTcp443Open TargetGroup Listener Service
    """,
    "Import": """
        SecurityGroup OrdersIngress5432 VolumePolicy VolumeRole LogGroup ExecutionPolicy ExecutionRole TaskRole
        TaskDefinition
    """,
    "Nightly": """
        SecurityGroup LogGroup ExecutionPolicy ExecutionRole TaskRole TaskDefinition SchedulePolicy ScheduleRole
        Schedule
    """,
    "Holder": """
        SecurityGroup LogGroup ExecutionPolicy ExecutionRole TaskRole TaskDefinition VolumePolicy VolumeRole Service
    """,
    "Images": "Repository",
    "Public": "Rule",
    "Share": "SecurityGroup FileSystem MountTarget1 MountTarget2 DataAccessPoint",
    "Sessions": "SecurityGroup ServerlessCache",
    "Items": "Table",
    "Hello": "Parameter",
    "News": "Topic TopicPolicy",
    "Heard": "Queue QueuePolicy DeadLetterQueue DeadLetterQueuePolicy NewsSubscription",
    "Mail": "SecurityGroup LogGroup ExecutionPolicy ExecutionRole TaskPolicy TaskRole TaskDefinition Service",
    "Post": """
        SecurityGroup EdgeIngress8080 EdgeEgress8080 LogGroup ExecutionPolicy ExecutionRole TaskPolicy TaskRole
        TaskDefinition TargetGroup ListenerRule Service ScalableTarget BacklogScalingPolicy WakeScalingPolicy WakeAlarm
        ResponseTimeScalingPolicy PredictiveScalingPolicy QueueAgeAboveScalingPolicy QueueAgeAboveAlarm
        QueueAgeBelowScalingPolicy QueueAgeBelowAlarm LoadScalingPolicy
    """,
    "PostJobs": "Queue QueuePolicy DeadLetterQueue DeadLetterQueuePolicy",
    "MailJobs": "Queue QueuePolicy DeadLetterQueue DeadLetterQueuePolicy",
}  # fmt: skip


def ids(*stacks: Stack) -> dict[str, str]:
    """Give the type of each resource of an app by its logical id, whatever stack it is in."""
    return {key: one["Type"] for template in render(App(stacks)).values() for key, one in template.resources.items()}


@pytest.fixture(scope="module")
def parts() -> dict[str, list[str]]:
    """The parts of each construct, as rendered."""
    template = render(App([Stack("all", everything())]))["all"]
    found: dict[str, list[str]] = {}
    for logical_id, owner in template.owners.items():
        assert logical_id.startswith(owner.name)
        found.setdefault(owner.name, []).append(logical_id.removeprefix(owner.name))
    return found


@pytest.mark.parametrize("name", CONTRACT)
def test_the_parts_are_as_promised(name: str, parts: dict[str, list[str]]) -> None:
    assert sorted(parts[name]) == sorted(CONTRACT[name].split())


def test_every_construct_has_promised(parts: dict[str, list[str]]) -> None:
    assert set(parts) == set(CONTRACT)
    public = [getattr(fargate_stacks, name) for name in fargate_stacks.__all__]
    constructs = {one for one in public if isinstance(one, type) and issubclass(one, Construct)} - {Construct}
    assert {type(one) for one in everything()} == constructs


def test_the_order_of_members_changes_no_id() -> None:
    whole = ids(Stack("all", everything()))
    members = everything()
    assert ids(Stack("all", members[::-1])) == whole
    for start in range(len(members)):
        assert ids(Stack("all", [*members[start:], *members[:start]])) == whole


def test_lists_of_members_change_no_id() -> None:
    first, *rest = everything()
    assert ids(Stack("all", [[first, (rest[0], [rest[1]])], rest[2:]])) == ids(Stack("all", everything()))


def test_moving_a_construct_to_another_stack_changes_no_id() -> None:
    whole = ids(Stack("all", everything()))
    for border in range(1, len(everything())):
        members = everything()
        assert ids(Stack("second", members[border:]), Stack("first", members[:border])) == whole


def test_the_order_of_routes_changes_no_id() -> None:
    vpc = Vpc("Net")
    cluster, edge = Cluster("Main", vpc=vpc), LoadBalancer("Edge", vpc=vpc)
    routes = [edge.route("/*"), edge.route("/a", name="a"), edge.route("/b", name="b")]
    found = {
        frozenset(
            ids(
                Stack(
                    "all",
                    [
                        vpc,
                        cluster,
                        edge,
                        Service("Web", cluster=cluster, task=Task(containers=[container()]), route=order),
                    ],
                )
            ).items()
        )
        for order in permutations(routes)
    }
    assert len(found) == 1
