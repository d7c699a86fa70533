"""An API that only your own network reaches: an internal load balancer, and an address for other services.

Use it for a back end. Nothing here has a public address; `Orders` is reached through the load balancer from the VPC
and, without it, by services that take `orders.connect()`. `Reports` is such a caller.
"""

from fargate_stacks import (
    App,
    Cluster,
    Container,
    Endpoint,
    LoadBalancer,
    Scaling,
    Service,
    Stack,
    Task,
    Vpc,
)

IMAGE = "public.ecr.aws/nginx/nginx-unprivileged:1.29"


def app(stage: str = "dev", image: str = IMAGE) -> App:
    vpc = Vpc("Network")
    cluster = Cluster("Main", vpc=vpc)
    inside = LoadBalancer("Inside", vpc=vpc)
    orders = Endpoint("Orders", vpc=vpc, port=8080)
    api = Service(
        "Api",
        cluster=cluster,
        task=Task(
            cpu=512,
            memory=1024,
            containers=[
                Container(
                    image=image,
                    port=8080,
                    memory=1024,
                    user="101",
                    readonly_root=True,
                    drop=["ALL"],
                    tmpfs={"/tmp": 64},
                )
            ],
        ),
        endpoint=orders,
        route=inside.route("/orders/*", health="/", name="orders"),
        count=Scaling(min=2, max=6, cpu=70, memory=80),
    )
    reports = Service(
        "Reports",
        cluster=cluster,
        task=Task(
            cpu=512,
            memory=1024,
            containers=[
                Container(image=image, memory=1024, user="101", readonly_root=True, drop=["ALL"], tmpfs={"/tmp": 64})
            ],
            uses=[orders.connect()],
        ),
    )
    stack = Stack(
        f"internal-{stage}",
        [vpc, cluster, inside, orders, api, reports],
        description="An internal API and one of its callers",
        outputs={"Url": inside.url},
        removal="retain" if stage == "prod" else "remove",
    )
    return App([stack], tags={"stage": stage})
