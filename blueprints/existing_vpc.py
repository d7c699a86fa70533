"""A service in a VPC and on a load balancer that somebody else owns.

Use it where a platform team hands out the network. Everything existing is a parameter, so the same template serves
every account: `deploy --parameter VpcId=vpc-... --parameter ListenerArn=arn:...`. The listener is shared: this app
keeps to its own range of priorities.
"""

from fargate_stacks import (
    App,
    Cluster,
    Container,
    ExistingLoadBalancer,
    ExistingVpc,
    Param,
    Scaling,
    Service,
    Stack,
    Task,
)

IMAGE = "public.ecr.aws/nginx/nginx-unprivileged:1.29"


def app(stage: str = "dev", image: str = IMAGE) -> App:
    subnet = "AWS::EC2::Subnet::Id"
    vpc = ExistingVpc(
        vpc_id=Param("VpcId", type="AWS::EC2::VPC::Id", description="the VPC to run in"),
        private=[
            Param("PrivateSubnet1", type=subnet, description="a subnet with a way out, for tasks"),
            Param("PrivateSubnet2", type=subnet, description="the same, in another zone"),
        ],
    )
    edge = ExistingLoadBalancer(
        vpc=vpc,
        listener_arn=Param("ListenerArn", description="the listener that this service adds its rule to"),
        security_group=Param(
            "LoadBalancerSecurityGroup",
            type="AWS::EC2::SecurityGroup::Id",
            description="the load balancer's security group",
        ),
        priorities=range(1000, 2000),
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
        route=edge.route("/shop/*", health="/"),
        count=Scaling(min=2, max=6, cpu=60),
    )
    stack = Stack(
        f"existing-{stage}",
        [cluster, web],
        description="A service in an existing VPC, on an existing load balancer",
        removal="retain" if stage == "prod" else "remove",
    )
    return App([stack], tags={"stage": stage})
