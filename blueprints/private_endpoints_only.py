"""An internal service in a VPC without any way to the internet: nothing comes in, nothing goes out.

Use it where tasks may not reach the world and the world may not reach them: regulated data, audits, closed networks.
There is no internet gateway and no NAT; interface endpoints lead to ECR, the log, secrets and the queue, gateway
endpoints to S3 and DynamoDB, each for principals of this account alone. `fargate-stacks check` follows every service
from its subnets to what it needs. The image must be in ECR (`--set image=...`), and callers in the VPC or in networks
that are peered with it. Each interface endpoint costs about 7 USD a month and zone: seven of them in two zones cost as
much as three NAT gateways. For ECS Exec and `fargate-stacks tunnel` give `exec=True`; its endpoint is there, and the
sessions are kept.
"""

from datetime import timedelta

from fargate_stacks import (
    App,
    Cluster,
    Container,
    Egress,
    Endpoints,
    ExecLogs,
    FlowLogs,
    HealthCheck,
    LoadBalancer,
    Queue,
    Scaling,
    Secret,
    Service,
    Stack,
    Table,
    Task,
    Vpc,
)

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/ledger:1"


def app(stage: str = "dev", image: str = IMAGE) -> App:
    prod = stage == "prod"
    vpc = Vpc(
        "Network",
        azs=3 if prod else 2,
        nat="none",
        tiers=["isolated"],
        endpoints=Endpoints(also=["sqs", "dynamodb"]),
        flow_logs=FlowLogs(traffic="ALL" if prod else "REJECT", retention=timedelta(days=90)),
    )
    cluster = Cluster("Main", vpc=vpc, exec_logs=ExecLogs(retention=timedelta(days=90)))
    door = LoadBalancer("Door", vpc=vpc)
    entries, changes, signing = Table("Entries", key="id"), Queue("Changes"), Secret("Signing")
    ledger = Service(
        "Ledger",
        cluster=cluster,
        subnets="isolated",
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
                    health=HealthCheck(["CMD-SHELL", "wget -q -O /dev/null http://127.0.0.1:8080/ || exit 1"]),
                )
            ],
            uses=[entries.read_write(), changes.send(), signing.read()],
        ),
        route=door.route("/*"),
        count=Scaling(min=2 if prod else 1, max=6, cpu=60),
        # to the endpoints by HTTPS, and to nobody else: there is no other way, and now there is no permission either
        egress=[Egress(port=443)],
    )
    stack = Stack(
        f"ledger-{stage}",
        [vpc, cluster, door, entries, changes, signing, ledger],
        description="An internal service in a network without a way to the internet",
        outputs={"Url": door.url},
        removal="retain" if prod else "remove",
    )
    return App([stack], tags={"stage": stage})
