"""A web service whose bounds follow the clock: wide at the start of the working day, narrow at night.

Use it when load comes by the hour, faster than any metric can tell: opening times, lessons, a sale. The schedule
moves the bounds, CPU decides between them, and a forecast is made beside it, to be compared with what came. Times
are those of `timezone`, daylight saving included. In development the service sleeps at night and on weekends.
"""

from fargate_stacks import (
    App,
    Cluster,
    Container,
    LoadBalancer,
    Predictive,
    Scaling,
    ScheduledAction,
    Service,
    Stack,
    Task,
    Vpc,
)


def office_hours(timezone: str) -> Scaling:
    return Scaling(
        min=2,
        max=12,
        cpu=60,
        predictive=Predictive(cpu=60),
        schedule=[
            ScheduledAction("open", schedule="cron(45 7 ? * MON-FRI *)", timezone=timezone, min=6, max=20),
            ScheduledAction("close", schedule="cron(0 19 ? * MON-FRI *)", timezone=timezone, min=2, max=12),
        ],
    )


def asleep_at_night(timezone: str) -> Scaling:
    return Scaling(
        min=1,
        max=2,
        cpu=60,
        schedule=[
            ScheduledAction("wake", schedule="cron(0 8 ? * MON-FRI *)", timezone=timezone, min=1, max=2),
            ScheduledAction("sleep", schedule="cron(0 20 ? * MON-FRI *)", timezone=timezone, min=0, max=0),
        ],
    )


def app(
    stage: str = "dev",
    image: str = "public.ecr.aws/nginx/nginx-unprivileged:1.29",
    timezone: str = "Europe/Berlin",
) -> App:
    vpc = Vpc("Network")
    cluster = Cluster("Main", vpc=vpc)
    edge = LoadBalancer("Edge", vpc=vpc, public=True)
    web = Service(
        "Web",
        cluster=cluster,
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
                )
            ],
        ),
        route=edge.route("/*"),
        count=office_hours(timezone) if stage == "prod" else asleep_at_night(timezone),
    )
    stack = Stack(
        f"hours-{stage}",
        [vpc, cluster, edge, web],
        description="A web service that is wide awake in office hours",
        outputs={"Url": edge.url},
        removal="retain" if stage == "prod" else "remove",
    )
    return App([stack], tags={"stage": stage})
