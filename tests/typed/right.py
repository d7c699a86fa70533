"""An infra.py that is right, and that both type checkers must take as it is."""

from datetime import timedelta

from fargate_stacks import (
    App,
    Backlog,
    Cluster,
    Container,
    LoadBalancer,
    Metric,
    MetricMath,
    Predictive,
    Queue,
    Scaling,
    ScheduledAction,
    Service,
    Stack,
    StepScaling,
    TargetTracking,
    Task,
    Vpc,
    queue_worker,
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
    jobs = Queue("Jobs")
    depth = Metric("Depth", namespace="Shop", dimensions={"Queue": jobs.queue_name})
    worker = queue_worker(
        "Worker",
        cluster=cluster,
        task=Task(containers=[Container(image="example/worker:1")]),
        queue=jobs,
        count=Scaling(
            min=0,
            max=9,
            backlog=Backlog(acceptable_latency=timedelta(minutes=1)),
            policies=[
                StepScaling(metric=depth, above={100: 1, 500.5: 5}),
                TargetTracking(name="Load", metric=MetricMath("d / 2", metrics={"d": depth}), target=1),
            ],
            schedule=[ScheduledAction("night", schedule="cron(0 22 * * ? *)", timezone="Europe/Berlin", max=2)],
            predictive=Predictive(cpu=50),
        ),
    )
    network = Stack(f"net-{stage}", [vpc, [cluster, edge]], outputs={"Vpc": sub("id {id}", id=vpc.vpc_id)})
    return App([network, Stack(f"web-{stage}", (web, *worker))], tags={"stage": stage})


templates = [template.to_yaml() for template in render(app()).values()]
