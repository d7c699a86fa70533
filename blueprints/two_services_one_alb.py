"""Two services behind one load balancer, told apart by path and by host.

Use it when several small services share an address and the price of one load balancer. Each service owns its
routes; a third one is added without touching the first two, and no priority moves.
"""

from fargate_stacks import App, Cluster, Container, LoadBalancer, Service, Stack, Task, Vpc

IMAGE = "public.ecr.aws/nginx/nginx-unprivileged:1.29"


def app(stage: str = "dev", image: str = IMAGE) -> App:
    vpc = Vpc("Network")
    cluster = Cluster("Main", vpc=vpc)
    edge = LoadBalancer("Edge", vpc=vpc, public=True)
    task = Task(
        containers=[
            Container(
                image=image, port=8080, memory=512, user="101", readonly_root=True, drop=["ALL"], tmpfs={"/tmp": 64}
            )
        ]
    )
    shop = Service("Shop", cluster=cluster, task=task, count=2, route=edge.route("/*"))
    admin = Service(
        "Admin",
        cluster=cluster,
        task=task,
        route=[
            edge.route("/admin/*", health="/"),
            edge.route(host="admin.example.com", name="host"),
        ],
    )
    stack = Stack(
        f"two-{stage}",
        [vpc, cluster, edge, shop, admin],
        description="Two services behind one load balancer",
        outputs={"Url": edge.url},
        removal="retain" if stage == "prod" else "remove",
    )
    return App([stack], tags={"stage": stage})
