"""A canary that a person approves: five percent of the traffic first, then a pause, then the rest.

Use it when a new version must be seen under real load before everybody gets it. In production the deployment waits up
to eight hours for an approval and rolls back without one; elsewhere it goes on by itself.
"""

from datetime import timedelta

from fargate_stacks import App, Canary, Cluster, Container, LoadBalancer, Pause, Scaling, Service, Stack, Task, Vpc

IMAGE = "public.ecr.aws/nginx/nginx-unprivileged:1.29"


def app(stage: str = "dev", image: str = IMAGE) -> App:
    vpc = Vpc("Network")
    cluster = Cluster("Main", vpc=vpc)
    edge = LoadBalancer("Edge", vpc=vpc, public=True)
    approval = Pause(stages=["PRE_PRODUCTION_TRAFFIC_SHIFT"], timeout=timedelta(hours=8))
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
        count=Scaling(min=4, max=20, cpu=60),
        deployment=Canary(
            percent=5,
            canary_bake=timedelta(minutes=15),
            bake=timedelta(minutes=5),
            errors=2,
            hooks=[approval] if stage == "prod" else [],
        ),
    )
    stack = Stack(
        f"canary-{stage}",
        [vpc, cluster, edge, web],
        description="A web service with canary deployments",
        outputs={"Url": edge.url},
        removal="retain" if stage == "prod" else "remove",
    )
    return App([stack], tags={"stage": stage})
