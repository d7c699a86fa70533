"""A platform in three stacks: the network, the data, and the services that change every day.

Use it when data must outlive services and a deploy of the services must not be able to touch the network. The stacks
pass values on as parameters, so nothing is ever "in use by another stack". `Api` puts orders into a database and
mails into a queue; the worker takes them out.
"""

from typing import Literal

from fargate_stacks import (
    App,
    Bucket,
    Cluster,
    Container,
    LoadBalancer,
    Postgres,
    Scaling,
    Secret,
    Service,
    Stack,
    Task,
    Vpc,
    queue_worker,
)

IMAGE = "public.ecr.aws/nginx/nginx-unprivileged:1.29"


def app(stage: str = "dev", image: str = IMAGE) -> App:
    vpc = Vpc("Network", azs=3 if stage == "prod" else 2)
    cluster = Cluster("Main", vpc=vpc)
    edge = LoadBalancer("Edge", vpc=vpc, public=True)

    orders = Postgres("Orders", vpc=vpc)
    uploads = Bucket("Uploads")
    signing = Secret("Signing")

    emails = queue_worker(
        "Email",
        cluster=cluster,
        task=Task(
            containers=[
                Container(
                    image=image,
                    command=["nginx", "-g", "daemon off;"],
                    memory=512,
                    user="101",
                    readonly_root=True,
                    drop=["ALL"],
                    tmpfs={"/tmp": 64},
                )
            ]
        ),
        count=Scaling(min=1, max=5, cpu=70),
    )
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
            uses=[orders.connect(), uploads.read_write(), signing.read(), emails.queue.send()],
        ),
        route=edge.route("/*"),
        count=Scaling(min=2, max=12, cpu=60, requests=1000),
    )

    removal: Literal["retain", "remove"] = "retain" if stage == "prod" else "remove"
    return App(
        [
            Stack(f"shop-{stage}-network", [vpc, cluster, edge], outputs={"Url": edge.url}, removal=removal),
            Stack(f"shop-{stage}-data", [orders, uploads, signing, emails.queue], removal=removal),
            Stack(f"shop-{stage}-services", [api, emails.service], removal=removal),
        ],
        tags={"stage": stage},
    )
