"""One task that keeps its data on a file system: Redis with a log of every write, found by others by its name.

Use it for programs that want files of their own and run once: stores, wikis, registries. The data outlives tasks,
zones and deployments, and is backed up daily. The file system is a stack of its own, so that a deploy of the service
cannot touch it. An access point makes every file belong to user 1000, whatever the image says; the mount is over TLS
and with the task's role. Two tasks must never write at once, so a deployment ends the old one before it starts the new:
some seconds without an answer. Others reach it with `uses=[store.connect()]`.
"""

from typing import Literal

from fargate_stacks import (
    AccessPoint,
    App,
    Cluster,
    Container,
    Endpoint,
    FileSystem,
    HealthCheck,
    Rolling,
    Service,
    Stack,
    Task,
    Vpc,
)


def app(stage: str = "dev", image: str = "public.ecr.aws/docker/library/redis:7.4") -> App:
    vpc = Vpc("Network")
    cluster = Cluster("Main", vpc=vpc)
    files = FileSystem("Files", vpc=vpc, access_points=[AccessPoint("Store", path="/store", permissions="0700")])
    store = Endpoint("Store", vpc=vpc, port=6379, protocol="tcp")
    redis = Service(
        "Redis",
        cluster=cluster,
        task=Task(
            cpu=512,
            memory=1024,
            containers=[
                Container(
                    image=image,
                    command=["redis-server", "--appendonly", "yes", "--dir", "/data", "--protected-mode", "no"],
                    port=6379,
                    memory=1024,
                    user="1000",
                    readonly_root=True,
                    drop=["ALL"],
                    health=HealthCheck(["CMD", "redis-cli", "ping"]),
                )
            ],
            uses=[files.mount("/data")],
        ),
        endpoint=store,
        deployment=Rolling(min=0, max=100),
    )
    removal: Literal["retain", "remove"] = "retain" if stage == "prod" else "remove"
    return App(
        [
            Stack(f"stateful-{stage}-network", [vpc, cluster], removal=removal),
            Stack(f"stateful-{stage}-data", [files], removal=removal),
            Stack(f"stateful-{stage}-services", [store, redis], removal=removal),
        ],
        tags={"stage": stage},
    )
