"""A web site under a name of yours, with HTTPS: certificate, records and redirect come with the domain.

Use it when you own a domain whose hosted zone is in Route 53. The zone is a parameter, so the same template serves
every account: `deploy --parameter HostedZoneId=Z...`. The certificate is validated by a record in that zone, which
CloudFormation writes and waits for.
"""

from fargate_stacks import (
    App,
    Cluster,
    Container,
    HostedZone,
    LoadBalancer,
    Param,
    Scaling,
    Service,
    Stack,
    Task,
    Vpc,
)

IMAGE = "public.ecr.aws/nginx/nginx-unprivileged:1.29"


def app(stage: str = "dev", image: str = IMAGE, zone: str = "example.com") -> App:
    vpc = Vpc("Network")
    cluster = Cluster("Main", vpc=vpc)
    host = f"shop.{zone}" if stage == "prod" else f"shop-{stage}.{zone}"
    edge = LoadBalancer(
        "Edge",
        vpc=vpc,
        public=True,
        domain=host,
        hosted_zone=HostedZone(zone, id=Param("HostedZoneId", type="AWS::Route53::HostedZone::Id")),
    )
    web = Service(
        "Web",
        cluster=cluster,
        task=Task(
            containers=[
                Container(
                    image=image, port=8080, memory=512, user="101", readonly_root=True, drop=["ALL"], tmpfs={"/tmp": 64}
                )
            ]
        ),
        route=edge.route("/*"),
        count=Scaling(min=2, max=10, cpu=60, requests=1000),
    )
    stack = Stack(
        f"https-{stage}",
        [vpc, cluster, edge, web],
        description="A web site under its own name",
        outputs={"Url": edge.url},
        removal="retain" if stage == "prod" else "remove",
    )
    return App([stack], tags={"stage": stage})
