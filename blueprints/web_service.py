"""One public web service behind a load balancer, scaled by load: the place to start.

Use it for a web site or an API that the internet calls. The container runs as a non-root user on a read-only
file system, which the image named here really supports. Costs of the defaults: one NAT gateway, one load balancer,
Container Insights.
"""

from fargate_stacks import App, Cluster, Container, LoadBalancer, Scaling, Service, Stack, Task, Vpc


def app(
    stage: str = "dev",
    image: str = "public.ecr.aws/nginx/nginx-unprivileged:1.29",
) -> App:
    vpc = Vpc("Network")
    cluster = Cluster("Main", vpc=vpc)
    edge = LoadBalancer("Edge", vpc=vpc, public=True)
    web = Service(
        "Web",
        cluster=cluster,
        task=Task(
            cpu=256,
            memory=512,
            containers=[
                Container(
                    image=image,
                    port=8080,
                    memory=512,
                    user="101",
                    readonly_root=True,
                    drop=["ALL"],
                    tmpfs={"/tmp": 64},
                )
            ],
        ),
        route=edge.route("/*"),
        count=Scaling(min=2, max=10, cpu=60, requests=1000),
    )
    stack = Stack(
        f"web-{stage}",
        [vpc, cluster, edge, web],
        description="A public web service",
        outputs={"Url": edge.url},
        removal="retain" if stage == "prod" else "remove",
    )
    return App([stack], tags={"stage": stage})
