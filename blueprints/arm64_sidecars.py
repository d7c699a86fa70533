"""A web service on ARM64 with everything beside it that a task may have: a helper, a log router, a collector of traces.

Use it where one container is not enough. Graviton costs a fifth less; every image must be built for it, and those here
are. `Refresh` writes a page into a volume that the web server reads, and the server waits until the first one is there.
Log lines go through Fluent Bit into a log group that it makes; traces go to X-Ray through a collector of OpenTelemetry.
Only the web server is essential: when another container ends, it is started again, or the task goes on without it.
"""

from datetime import timedelta

from fargate_stacks import (
    Access,
    App,
    Cluster,
    Container,
    FireLens,
    HealthCheck,
    LoadBalancer,
    OpenTelemetry,
    Restart,
    Scaling,
    Service,
    Stack,
    Task,
    Volume,
    Vpc,
    allow,
    sub,
)

GROUP = "/web/${AWS::StackName}"
LOGS = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:" + GROUP + ":*"


def app(stage: str = "dev", image: str = "public.ecr.aws/nginx/nginx-unprivileged:1.29") -> App:
    vpc = Vpc("Network")
    cluster = Cluster("Main", vpc=vpc)
    edge = LoadBalancer("Edge", vpc=vpc, public=True)
    writing = Access(
        label="LogGroup.write()",
        statements=[
            allow(
                *("logs:CreateLogGroup", "logs:PutRetentionPolicy", "logs:CreateLogStream", "logs:PutLogEvents"),
                on=[sub(LOGS)],
            )
        ],
    )
    server = Container(
        image=image,
        port=8080,
        user="101",
        readonly_root=True,
        drop=["ALL"],
        tmpfs={"/tmp": 64},
        mounts={"/usr/share/nginx/html": "site:ro"},
        depends_on={"refresh": "HEALTHY"},
        memory=512,
    )
    refresh = Container(
        name="refresh",
        image="public.ecr.aws/docker/library/busybox:1.37",
        command=["sh", "-c", "while true; do date > /site/index.html; sleep 60; done"],
        mounts={"/site": "site"},
        user="0",  # a volume that is shared belongs to root
        readonly_root=True,
        drop=["ALL"],
        essential=False,
        health=HealthCheck("test -s /site/index.html", interval=timedelta(seconds=5)),
        restart=Restart(period=timedelta(minutes=1)),
        memory=32,
    )
    web = Service(
        "Web",
        cluster=cluster,
        task=Task(
            architecture="ARM64",
            cpu=512,
            memory=1024,
            containers=[server, refresh],
            volumes=[Volume("site")],
            logs=FireLens(
                options={
                    "Name": "cloudwatch_logs",
                    "region": sub("${AWS::Region}"),
                    "log_group_name": sub(GROUP),
                    "log_stream_prefix": "task-",
                    "auto_create_group": "true",
                    "log_retention_days": "30",
                },
                memory=128,
            ),
            uses=[OpenTelemetry(memory=128).send(), writing],
        ),
        route=edge.route("/*"),
        count=Scaling(min=2, max=6, cpu=60) if stage == "prod" else 1,
    )
    stack = Stack(
        f"sidecars-{stage}",
        [vpc, cluster, edge, web],
        description="A web service on ARM64 with sidecars",
        outputs={"Url": edge.url},
        removal="retain" if stage == "prod" else "remove",
    )
    return App([stack], tags={"stage": stage})
