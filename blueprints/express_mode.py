"""An HTTPS address from an image, with nothing in front of it to own; and the way out, when you outgrow it.

Use it for a first version: ECS makes the load balancer, its rules, its certificate and its scaling, and you own the
task. `--set eject=true` gives the same task, log group, roles and scaling to a service behind a load balancer of your
own, with every setting of it in the template. The new service is there before the old one goes; its address differs.
"""

from fargate_stacks import App, Cluster, Container, ExpressService, LoadBalancer, Scaling, Service, Stack, Task, Vpc

IMAGE = "public.ecr.aws/nginx/nginx-unprivileged:1.29"


def app(stage: str = "dev", image: str = IMAGE, eject: bool = False) -> App:
    vpc = Vpc("Network", nat="single" if eject else "none")
    cluster = Cluster("Main", vpc=vpc)
    count = Scaling(min=1, max=5, cpu=60)
    # Express Mode wants its container named Main; the service keeps the name, so that only who runs the task changes
    task = Task(
        containers=[
            Container(
                image=image,
                port=8080,
                name="Main",
                memory=512,
                user="101",
                readonly_root=True,
                drop=["ALL"],
                tmpfs={"/tmp": 64},
            )
        ]
    )

    if eject:
        edge = LoadBalancer("Edge", vpc=vpc, public=True)
        web: Service | ExpressService = Service("Web", cluster=cluster, task=task, route=edge.route("/*"), count=count)
        members, url = [vpc, cluster, edge, web], edge.url
    else:
        web = ExpressService("Web", cluster=cluster, task=task, count=count)
        members, url = [vpc, cluster, web], web.endpoint

    stack = Stack(
        f"express-{stage}",
        members,
        description="A web service that ECS puts an address in front of",
        outputs={"Url": url},
        removal="retain" if stage == "prod" else "remove",
    )
    return App([stack], tags={"stage": stage})
