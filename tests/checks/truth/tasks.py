"""FS2xx: what Fargate refuses of a task definition."""

from __future__ import annotations

from typing import Any

from tests.checks.truth.forms import Case, Resources, Truth, app, ref, service, task, truth

WINDOWS = {"RuntimePlatform": {"OperatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}, "Cpu": "1024", "Memory": "2048"}
LOGS = {"LogDriver": "awslogs", "Options": {"awslogs-group": "shop", "awslogs-region": "eu-west-1"}}
ON_EC2 = {"RequiresCompatibilities": ["EC2"]}


def only(*containers: Any, **properties: Any) -> Resources:
    return {"Task": task(*containers, **properties)}


def beside(**properties: Any) -> dict[str, Any]:
    return app(Name="side", **properties)


FIRELENS = {"FirelensConfiguration": {"Type": "fluentbit"}}
WAIT = {"DependsOn": [{"ContainerName": "side", "Condition": "HEALTHY"}]}
CHECK = {"HealthCheck": {"Command": ["CMD-SHELL", "curl -f http://localhost/"]}}

TABLE: dict[str, Truth] = {
    "FS201": truth(
        only(Cpu="256", Memory="4096"),
        "Task: cpu=256 allows memory from 512 to 2048 MiB (512, 1024 or 2048), got 4096; nearest legal: cpu=256, "
        "memory=2048",
        good=only(Cpu="256", Memory="2048"),
        also=[
            Case(
                only(Cpu=300),
                [
                    "Task: Fargate has cpu 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, got cpu=300; "
                    "nearest legal: cpu=256, memory=512"
                ],
            ),
            Case(only(Memory=None), ["Task: Memory is not given, and Fargate needs it; give Memory"]),
            Case(only(Cpu="small"), ['Task: Cpu is small, which is no amount; write it like "256" or "512"']),
            Case(
                {"Task": task(RequiresCompatibilities=None, Memory="700"), "Web": service()},
                [
                    "Task: cpu=256 allows memory from 512 to 2048 MiB (512, 1024 or 2048), got 700; "
                    "nearest legal: cpu=256, memory=512"
                ],
            ),
        ],
        passes=[only(Cpu=".25 vCPU", Memory="1GB"), only(Cpu=ref("Cpu")), only(Cpu="300", **ON_EC2)],
    ),
    "FS202": truth(
        only(**{**WINDOWS, "Cpu": "512"}),
        "Task: Cpu is 512, and Fargate runs Windows on 1 to 4 vCPU; take Cpu 1024, 2048 or 4096",
        good=only(**WINDOWS),
        also=[
            Case(
                only(**{**WINDOWS, "Cpu": "8192", "Memory": "16384"}),
                ["Task: Cpu is 8192, and Fargate runs Windows on 1 to 4 vCPU; take Cpu 1024, 2048 or 4096"],
            )
        ],
    ),
    "FS203": truth(
        only(app(User="app", ReadonlyRootFilesystem=True), **WINDOWS),
        "Task: container app has User, which is for Linux; leave it out",
        "Task: container app has ReadonlyRootFilesystem, which is for Linux; leave it out",
        good=only(**WINDOWS),
        also=[
            Case(
                only(EphemeralStorage={"SizeInGiB": 40}, **WINDOWS),
                ["Task: EphemeralStorage cannot be chosen for Windows; leave it out"],
            ),
            Case(
                only(**{**WINDOWS, "RuntimePlatform": {**WINDOWS["RuntimePlatform"], "CpuArchitecture": "ARM64"}}),  # type: ignore[dict-item]
                ["Task: CpuArchitecture is ARM64, and Windows runs on X86_64; give X86_64"],
            ),
            Case(
                only(Volumes=[{"Name": "files", "EFSVolumeConfiguration": {"FilesystemId": "fs-1"}}], **WINDOWS),
                ["Task: volume files is an EFS file system, which Windows cannot mount; leave it out"],
            ),
        ],
    ),
    "FS204": truth(
        only(app(Memory=1024)),
        "Task: container app has Memory 1024, and its task has 512 MiB; lower it, or raise the task's",
        good=only(app(Memory=512)),
        also=[
            Case(
                only(app(MemoryReservation=1024)),
                [
                    "Task: container app has MemoryReservation 1024, and its task has 512 MiB; "
                    "lower it, or raise the task's"
                ],
            ),
            Case(
                only(app(MemoryReservation=300), beside(MemoryReservation=300)),
                ["Task: its containers reserve 600 MiB together, and it has 512; lower it, or raise the task's"],
            ),
        ],
        passes=[only(app(Memory=ref("Memory"))), only(app(Memory=2000), Memory="2 GB")],
    ),
    "FS205": truth(
        only(app(Cpu=200), beside(Cpu=100)),
        "Task: its containers ask for Cpu 300 together, and it has 256; lower them, or raise the task's",
        good=only(app(Cpu=156), beside(Cpu=100)),
        passes=[only(app(Cpu=2000), Cpu=ref("Cpu"))],
    ),
    "FS206": truth(
        only(EphemeralStorage={"SizeInGiB": 20}),
        "Task: EphemeralStorage.SizeInGiB is 20, and Fargate gives 21 to 200; give 21 to 200, or leave it out for 20",
        good=only(EphemeralStorage={"SizeInGiB": 21}),
        also=[
            Case(
                only(EphemeralStorage={"SizeInGiB": 201}),
                [
                    "Task: EphemeralStorage.SizeInGiB is 201, and Fargate gives 21 to 200; "
                    "give 21 to 200, or leave it out for 20"
                ],
            )
        ],
        passes=[only(EphemeralStorage={"SizeInGiB": 200})],
    ),
    "FS207": truth(
        only(PidMode="host", IpcMode="task"),
        "Task: PidMode is host, and Fargate admits task only; leave it out",
        "Task: IpcMode task is refused on Fargate; leave it out",
        good=only(PidMode="task"),
        also=[
            Case(
                only(PlacementConstraints=[{"Type": "memberOf", "Expression": "attribute:ecs.os-type == linux"}]),
                ["Task: PlacementConstraints is refused on Fargate; leave it out"],
            )
        ],
        passes=[only(PidMode="host", IpcMode="host", **ON_EC2)],
    ),
    "FS208": truth(
        only(NetworkMode="bridge"),
        "Task: NetworkMode is bridge, which Fargate refuses; give awsvpc",
        good=only(),
        also=[
            Case(
                only(NetworkMode=None),
                ["Task: NetworkMode is not given, so it is bridge, which Fargate refuses; give awsvpc"],
            )
        ],
        passes=[only(NetworkMode=ref("Mode")), only(NetworkMode="host", **ON_EC2)],
    ),
    "FS209": truth(
        only(Volumes=[{"Name": "data", "Host": {"SourcePath": "/var/data"}}]),
        "Task: volume data is /var/data of the host; leave it out: each task has its own empty directory",
        good=only(Volumes=[{"Name": "data"}]),
        also=[
            Case(
                only(Volumes=[{"Name": "data", "DockerVolumeConfiguration": {"Scope": "task"}}]),
                [
                    "Task: volume data has DockerVolumeConfiguration, which Fargate refuses; "
                    "leave it out: each task has its own empty directory"
                ],
            )
        ],
        passes=[only(Volumes=[{"Name": "data", "Host": {}}])],
    ),
    "FS210": truth(
        only(app(MountPoints=[{"SourceVolume": "dat", "ContainerPath": "/data"}]), Volumes=[{"Name": "data"}]),
        "Task: container app mounts dat, and the task has data; add the volume, or name one that there is",
        good=only(app(MountPoints=[{"SourceVolume": "data", "ContainerPath": "/data"}]), Volumes=[{"Name": "data"}]),
        passes=[
            only(app(MountPoints=[{"SourceVolume": "dat", "ContainerPath": "/data"}]), Volumes=[ref("Volume")]),
            only(app(MountPoints=[{"SourceVolume": ref("Name"), "ContainerPath": "/data"}])),
        ],
    ),
    "FS211": truth(
        only(app(DependsOn=[{"ContainerName": "sde", "Condition": "START"}]), beside()),
        "Task: container app depends on sde, and the task has app, side; name a container of the task",
        good=only(app(DependsOn=[{"ContainerName": "side", "Condition": "START"}]), beside()),
        also=[
            Case(
                only(app(VolumesFrom=[{"SourceContainer": "sde"}])),
                ["Task: container app takes volumes from sde, and the task has app; name a container of the task"],
            )
        ],
    ),
    "FS212": truth(
        only(app(**WAIT), beside()),
        "Task: container app waits for side to be HEALTHY, which has no health check; give it a HealthCheck",
        good=only(app(**WAIT), beside(**CHECK)),
        passes=[only(app(DependsOn=[{"ContainerName": "side", "Condition": "START"}]), beside())],
    ),
    "FS213": truth(
        only(app(DependsOn=[{"ContainerName": "side", "Condition": "SUCCESS"}]), beside()),
        "Task: container app waits for side to be SUCCESS, which is essential; give it Essential: false",
        good=only(app(DependsOn=[{"ContainerName": "side", "Condition": "SUCCESS"}]), beside(Essential=False)),
    ),
    "FS214": truth(
        only(app(**WAIT, **CHECK), beside(**CHECK, DependsOn=[{"ContainerName": "app", "Condition": "HEALTHY"}])),
        "Task: its containers wait in a ring: app → side → app; take one step out",
        good=only(app(**WAIT), beside(**CHECK)),
    ),
    "FS215": truth(
        only(app(Essential=False)),
        "Task: none of its containers is essential; leave one essential",
        good=only(app(Essential=False), beside()),
    ),
    "FS216": truth(
        only(*(app(Name=f"app{place}") for place in range(11))),
        "Task: it has 11 containers, and ECS takes 10; split the task",
        good=only(*(app(Name=f"app{place}") for place in range(10))),
    ),
    "FS217": truth(
        only(app(PortMappings=[{"ContainerPort": 80}]), app(PortMappings=[{"ContainerPort": 80}])),
        "Task: two containers are named app; give each its own",
        "Task: two port mappings are for 80/tcp, and the containers share one network interface; give each its own",
        good=only(app(PortMappings=[{"ContainerPort": 80}]), beside(PortMappings=[{"ContainerPort": 81}])),
        also=[
            Case(
                only(Volumes=[{"Name": "data"}, {"Name": "data"}]),
                ["Task: two volumes are named data; give each its own"],
            )
        ],
        passes=[only(app(PortMappings=[{"ContainerPort": 53}, {"ContainerPort": 53, "Protocol": "udp"}]))],
    ),
    "FS218": truth(
        only(Family=None),
        "Task: Family is not given, so revisions do not count on, and none can be rolled back to; give Family",
        good=only(),
    ),
    "FS219": truth(
        only(
            Volumes=[
                {
                    "Name": "files",
                    "EFSVolumeConfiguration": {
                        "FilesystemId": "fs-1",
                        "RootDirectory": "/shop",
                        "AuthorizationConfig": {"AccessPointId": "fsap-1", "IAM": "ENABLED"},
                    },
                }
            ]
        ),
        "Task: volume files has an AuthorizationConfig without TransitEncryption; "
        "give TransitEncryption: ENABLED, and no RootDirectory beside an access point",
        "Task: volume files has RootDirectory /shop beside an access point; "
        "give TransitEncryption: ENABLED, and no RootDirectory beside an access point",
        good=only(
            Volumes=[
                {
                    "Name": "files",
                    "EFSVolumeConfiguration": {
                        "FilesystemId": "fs-1",
                        "TransitEncryption": "ENABLED",
                        "AuthorizationConfig": {"AccessPointId": "fsap-1", "IAM": "ENABLED"},
                    },
                }
            ]
        ),
    ),
    "FS220": truth(
        only(Volumes=[{"Name": "one", "ConfiguredAtLaunch": True}, {"Name": "two", "ConfiguredAtLaunch": True}]),
        "Task: 2 volumes are configured at launch: one, two; leave one",
        good=only(Volumes=[{"Name": "one", "ConfiguredAtLaunch": True}, {"Name": "two"}]),
    ),
    "FS221": truth(
        only(Family="shop/web"),
        "Task: Family is 'shop/web'; take letters, digits, - and _",
        good=only(Family="shop-web"),
        passes=[only(Family={"Fn::Sub": "${AWS::StackName}-web"})],
    ),
}
