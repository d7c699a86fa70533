"""gRPC from the internet to one service, and from that to another one by name: the load balancer and Service Connect.

Use it when services speak gRPC to each other. The load balancer takes gRPC on HTTPS alone, so it has a name; behind
it `shop` calls `prices:5000` through the proxies of Service Connect, which balance each call over the tasks, where a
plain connection of HTTP/2 would stay with the first. The image only answers gRPC's health check: put your own there.
The zone is a parameter: `deploy --parameter HostedZoneId=Z...`.
"""

from datetime import timedelta

from fargate_stacks import (
    App,
    Canary,
    Cluster,
    Container,
    Endpoint,
    HostedZone,
    LoadBalancer,
    Param,
    Proxy,
    Scaling,
    Service,
    Stack,
    Task,
    Vpc,
)

IMAGE = "registry.k8s.io/e2e-test-images/agnhost:2.53"


def app(stage: str = "dev", image: str = IMAGE, zone: str = "example.com") -> App:
    vpc = Vpc("Network")
    cluster = Cluster("Main", vpc=vpc)
    edge = LoadBalancer(
        "Edge",
        vpc=vpc,
        public=True,
        domain=f"grpc.{zone}" if stage == "prod" else f"grpc-{stage}.{zone}",
        hosted_zone=HostedZone(zone, id=Param("HostedZoneId", type="AWS::Route53::HostedZone::Id")),
        redirect=False,
    )
    address = Endpoint(
        "PricesAddress",
        vpc=vpc,
        port=5000,
        dns_name="prices",
        protocol="grpc",
        request_timeout=timedelta(seconds=5),
        idle_timeout=timedelta(minutes=30),
    )
    container = Container(
        image=image,
        command=["grpc-health-checking", "--port=5000"],
        port=5000,
        memory=512,
        user="65534",
        readonly_root=True,
        drop=["ALL"],
    )
    prices = Service(
        "Prices",
        cluster=cluster,
        task=Task(containers=[container]),
        endpoint=address,
        proxy=Proxy(access_logs="json"),
        count=Scaling(min=2, max=6, cpu=60),
    )
    shop = Service(
        "Shop",
        cluster=cluster,
        task=Task(containers=[container], uses=[address.connect(env="PRICES")]),
        route=edge.route("/shop.Shop/*", protocol="grpc", health="/grpc.health.v1.Health/Check", expect="0"),
        proxy=Proxy(access_logs="json"),
        deployment=Canary(percent=10, canary_bake=timedelta(minutes=5), errors=5),
        count=Scaling(min=2, max=10, cpu=60),
    )
    stack = Stack(
        f"grpc-{stage}",
        [vpc, cluster, edge, address, prices, shop],
        description="A gRPC service in public, and one behind it by name",
        outputs={"Url": edge.url},
        removal="retain" if stage == "prod" else "remove",
    )
    return App([stack], tags={"stage": stage})
