"""One app in three environments: the same constructs in other sizes, accounts and regions.

Use it when what you try in dev is what runs in prod. Everything that differs stands in `ENVIRONMENTS`; the rest is
written once, so that no environment has a thing that another lacks by accident. Put your account numbers there: a
deploy with credentials of another account is refused before anything happens. `--set stage=prod` chooses, and names
carry the stage, so that environments may also share one account.

    fargate-stacks deploy                       # dev, where you are signed in
    fargate-stacks diff --set stage=stage
    fargate-stacks deploy --set stage=prod --profile prod
"""

from dataclasses import dataclass, field
from typing import Literal

from fargate_stacks import (
    App,
    Cluster,
    Container,
    LoadBalancer,
    NatInstance,
    OnDemand,
    Postgres,
    Scaling,
    Service,
    Spot,
    Stack,
    Task,
    Vpc,
    sub,
)

IMAGE = "public.ecr.aws/nginx/nginx-unprivileged:1.29"


@dataclass(frozen=True)
class Environment:
    """What differs."""

    account: str | None
    region: str | None
    nat: Literal["single", "per-zone"] | NatInstance
    zones: int
    cpu: int
    memory: int
    tasks: tuple[int, int]
    database: tuple[float, float]
    """Aurora capacity units at least and at most; at 0 an idle database pauses."""
    databases: int
    capacity: OnDemand | Spot = field(default_factory=OnDemand)
    removal: Literal["retain", "remove"] = "retain"
    boundary: str | None = None
    """The policy by which the account bounds what every role may do."""


ENVIRONMENTS = {
    "dev": Environment(
        account=None,  # wherever you are signed in
        region=None,
        nat=NatInstance(),
        zones=2,
        cpu=256,
        memory=512,
        tasks=(1, 2),
        database=(0, 1),
        databases=1,
        capacity=Spot(base=0),
        removal="remove",
    ),
    "stage": Environment(
        account="222222222222",
        region="eu-west-1",
        nat="single",
        zones=2,
        cpu=512,
        memory=1024,
        tasks=(1, 4),
        database=(0.5, 2),
        databases=1,
    ),
    "prod": Environment(
        account="333333333333",
        region="eu-west-1",
        nat="per-zone",
        zones=3,
        cpu=1024,
        memory=2048,
        tasks=(3, 24),
        database=(2, 32),
        databases=2,
        boundary="applications",
    ),
}


def app(stage: Literal["dev", "stage", "prod"] = "dev", image: str = IMAGE) -> App:
    here = ENVIRONMENTS[stage]
    vpc = Vpc("Network", azs=here.zones, nat=here.nat)
    cluster = Cluster("Main", vpc=vpc)
    edge = LoadBalancer("Edge", vpc=vpc, public=True)
    least, most = here.database
    orders = Postgres("Orders", vpc=vpc, min_capacity=least, max_capacity=most, instances=here.databases)
    few, many = here.tasks
    api = Service(
        "Api",
        cluster=cluster,
        task=Task(
            cpu=here.cpu,
            memory=here.memory,
            containers=[
                Container(
                    image=image,
                    port=8080,
                    memory=here.memory,
                    env={"STAGE": stage},
                    user="101",
                    readonly_root=True,
                    drop=["ALL"],
                    tmpfs={"/tmp": 64},
                )
            ],
            uses=[orders.connect()],
        ),
        route=edge.route("/*"),
        count=Scaling(min=few, max=many, cpu=60),
        capacity=here.capacity,
    )
    return App(
        [
            Stack(
                f"shop-{stage}-{name}",
                members,
                account=here.account,
                region=here.region,
                removal=here.removal,
                termination_protection=here.removal == "retain",
            )
            for name, members in (("network", [vpc, cluster, edge]), ("data", [orders]), ("services", [api]))
        ],
        tags={"stage": stage},
        permissions_boundary=(
            sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/{name}", name=here.boundary)
            if here.boundary
            else None
        ),
    )
