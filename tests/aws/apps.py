"""The stacks of the smoke test: small, cheap, each part there for a line of docs/unverified-on-aws.md."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from troposphere import logs, ssm

from fargate_stacks import (
    App,
    Backlog,
    Cluster,
    Container,
    Endpoint,
    ExistingSecret,
    FlowLogs,
    HealthCheck,
    Key,
    LoadBalancer,
    LogArchive,
    NatInstance,
    Queue,
    Scaling,
    Secret,
    Service,
    Spot,
    Stack,
    Task,
    Topic,
    Vpc,
    queue_worker,
)

NGINX = "public.ecr.aws/nginx/nginx-unprivileged:1.29"
BUSYBOX = "public.ecr.aws/docker/library/busybox:1.36"


def main(name: str, secret: str) -> App:
    """A web service and its caller behind a load balancer and a NAT instance, and a worker that a topic feeds.

    `secret` is the name of a secret that is there already.
    """
    vpc = Vpc("Net", nat=NatInstance(), ipv6=True, flow_logs=FlowLogs(retention=timedelta(days=1)))
    own, audit = Key("Own", waiting=timedelta(days=7)), LogArchive("Audit")
    cluster = Cluster("Main", vpc=vpc, storage_key=own)
    edge = LoadBalancer("Edge", vpc=vpc, public=True, access_logs=audit)
    address = Endpoint("Address", vpc=vpc, port=8080)
    news, signing = Topic("News"), Secret("Signing")
    web = Service(
        "Web",
        cluster=cluster,
        task=Task(
            containers=[
                Container(
                    image=NGINX,
                    port=8080,
                    user="101",
                    readonly_root=True,
                    drop=["ALL"],
                    tmpfs={"/tmp": 64},
                    secrets={"THERE": ExistingSecret(secret).value()},
                )
            ],
            uses=[signing.read()],
            log_retention=1,
        ),
        route=edge.route("/*", health="/"),
        endpoint=address,
    )
    calls = HealthCheck(["CMD-SHELL", "wget -q -O /dev/null $ADDRESS_URL || exit 1"], start_period=timedelta(minutes=2))
    sleeps = Container(image=BUSYBOX, command=["sleep", "86400"], health=calls)
    caller = Service(
        "Caller",
        cluster=cluster,
        task=Task(containers=[sleeps], uses=[address.connect()], log_retention=1),
        exec=True,
    )
    worker = queue_worker(
        "Work",
        cluster=cluster,
        queue=Queue("Heard", subscriptions=[news.subscription()]),
        task=Task(containers=[Container(image=BUSYBOX, command=["sleep", "86400"])], log_retention=1),
        count=Scaling(min=0, max=2, backlog=Backlog(acceptable_latency=timedelta(minutes=10))),
    )
    members = [vpc, own, audit, cluster, edge, address, news, signing, web, caller, worker.queue]
    working = replace(worker.service, capacity=Spot(base=0))
    # the caller's first tasks must find what they call
    platform = Stack(name, [one for one in members if one is not caller] + [working], removal="remove")
    return App([platform, Stack(f"{name}-caller", [caller], removal="remove")], tags={"smoke": name})


def failing(name: str) -> App:
    """A first create that fails after it has made a log group."""
    kept = logs.LogGroup("Kept", LogGroupName=f"/{name}/kept", DeletionPolicy="RetainExceptOnCreate", RetentionInDays=1)
    # SSM refuses a name that begins so
    wrong = ssm.Parameter("Wrong", DependsOn="Kept", Name="/aws/reserved", Type="String", Value="x")
    return App([Stack(name, [kept, wrong])], tags={"smoke": name})


def small(name: str, value: str) -> App:
    """A stack of one parameter, which costs nothing."""
    return App([Stack(name, [ssm.Parameter("Only", Type="String", Value=value)])], tags={"smoke": name})
