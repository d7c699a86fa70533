"""One load balancer, two apps: the platform owns the door, and each team deploys by itself.

Use it when teams share a load balancer and not a repository. `app` is the platform and gives the addresses that teams
need as outputs; `team` is one team's app, which finds them as parameters and keeps to its own range of priorities:
`deploy --app infra.py:team --set name=shop --set first=1000`.
"""

from typing import Literal

from fargate_stacks import (
    App,
    Cluster,
    Container,
    ExistingLoadBalancer,
    ExistingVpc,
    LoadBalancer,
    Param,
    Service,
    Stack,
    Task,
    Vpc,
)

IMAGE = "public.ecr.aws/nginx/nginx-unprivileged:1.29"


def removal(stage: str) -> Literal["retain", "remove"]:
    return "retain" if stage == "prod" else "remove"


def app(stage: str = "dev", image: str = IMAGE) -> App:
    vpc = Vpc("Network")
    edge = LoadBalancer("Edge", vpc=vpc, public=True)
    home = Service(
        "Home",
        cluster=(cluster := Cluster("Main", vpc=vpc)),
        task=Task(
            containers=[
                Container(
                    image=image, port=8080, memory=512, user="101", readonly_root=True, drop=["ALL"], tmpfs={"/tmp": 64}
                )
            ]
        ),
        route=edge.route("/*"),
    )
    stack = Stack(
        f"edge-{stage}",
        [vpc, cluster, edge, home],
        description="The door that teams share, and a home page behind it",
        outputs={"Url": edge.url, "ListenerArn": edge.listener_arn, "SecurityGroup": edge.security_group},
        removal=removal(stage),
    )
    return App([stack], tags={"stage": stage})


def team(stage: str = "dev", image: str = IMAGE, name: str = "shop", first: int = 1000) -> App:
    subnet = "AWS::EC2::Subnet::Id"
    vpc = ExistingVpc(
        vpc_id=Param("VpcId", type="AWS::EC2::VPC::Id"),
        private=[Param("PrivateSubnet1", type=subnet), Param("PrivateSubnet2", type=subnet)],
    )
    edge = ExistingLoadBalancer(
        vpc=vpc,
        listener_arn=Param("ListenerArn"),
        security_group=Param("LoadBalancerSecurityGroup", type="AWS::EC2::SecurityGroup::Id"),
        priorities=range(first, first + 1000),
    )
    cluster = Cluster("Main", vpc=vpc)
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
        route=edge.route(f"/{name}/*", health="/"),
    )
    stack = Stack(f"{name}-{stage}", [cluster, web], description=f"The app of team {name}", removal=removal(stage))
    return App([stack], tags={"stage": stage, "team": name})
