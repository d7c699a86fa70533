"""Blue/green: the new version stands beside the old one, is tested on a port of its own, and takes all traffic at once.

Use it when half-old, half-new is worse than a switch. The old version stays ten minutes after the switch; more than
five percent of answers with 5xx bring it back. Port 9000 shows the new version before it takes traffic, to your own
network.
"""

from datetime import timedelta

from fargate_stacks import App, BlueGreen, Cluster, Container, LoadBalancer, Scaling, Service, Stack, Task, Vpc

IMAGE = "public.ecr.aws/nginx/nginx-unprivileged:1.29"


def app(stage: str = "dev", image: str = IMAGE) -> App:
    vpc = Vpc("Network")
    cluster = Cluster("Main", vpc=vpc)
    edge = LoadBalancer("Edge", vpc=vpc, public=True, test_port=9000)
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
        deployment=BlueGreen(bake=timedelta(minutes=10), errors=5),
    )
    stack = Stack(
        f"blue-green-{stage}",
        [vpc, cluster, edge, web],
        description="A web service with blue/green deployments",
        outputs={"Url": edge.url},
        removal="retain" if stage == "prod" else "remove",
    )
    return App([stack], tags={"stage": stage})
