"""A TCP service behind a network load balancer, with a health check over HTTP beside it.

Use it for what is not HTTP: brokers, databases of your own, game servers. Connections are handed on as they come,
from your network only; `public=True` opens them to the internet. The container sees the client's address.
"""

from fargate_stacks import App, Cluster, Container, NetworkLoadBalancer, Scaling, Service, Stack, Task, Vpc

IMAGE = "public.ecr.aws/nginx/nginx-unprivileged:1.29"


def app(stage: str = "dev", image: str = IMAGE) -> App:
    vpc = Vpc("Network")
    cluster = Cluster("Main", vpc=vpc)
    door = NetworkLoadBalancer("Door", vpc=vpc, cross_zone=True)
    broker = Service(
        "Broker",
        cluster=cluster,
        task=Task(
            containers=[
                Container(
                    image=image, port=8080, memory=512, user="101", readonly_root=True, drop=["ALL"], tmpfs={"/tmp": 64}
                )
            ]
        ),
        route=door.listen(1883, health="/", client_ip=True),
        count=Scaling(min=2, max=6, cpu=60),
    )
    stack = Stack(
        f"tcp-{stage}",
        [vpc, cluster, door, broker],
        description="A TCP service behind a network load balancer",
        outputs={"Address": door.address},
        removal="retain" if stage == "prod" else "remove",
    )
    return App([stack], tags={"stage": stage})
