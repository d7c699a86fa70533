"""An infra.py that is right, and that both type checkers must take as it is."""

from fargate_stacks import (
    App,
    Cluster,
    Container,
    LoadBalancer,
    Scaling,
    Service,
    Stack,
    Task,
    Vpc,
    render,
    sub,
)


def app(stage: str = "dev") -> App:
    vpc = Vpc("Network", azs=3)
    cluster = Cluster("Main", vpc=vpc)
    edge = LoadBalancer("Edge", vpc=vpc, public=True)
    web = Service(
        "Web",
        cluster=cluster,
        task=Task(cpu=512, memory=1024, containers=[Container(image="example/web:1", port=80)]),
        route=edge.route("/*"),
        count=Scaling(min=1, max=4, cpu=60),
    )
    network = Stack(f"net-{stage}", [vpc, [cluster, edge]], outputs={"Vpc": sub("id {id}", id=vpc.vpc_id)})
    return App([network, Stack(f"web-{stage}", (web,))], tags={"stage": stage})


templates = [template.to_yaml() for template in render(app()).values()]
