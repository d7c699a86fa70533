"""FS24x and FS25x: what Fargate refuses of a container."""

from __future__ import annotations

from tests.checks.truth.forms import Case, Truth, app, ref, truth
from tests.checks.truth.tasks import CHECK, FIRELENS, ON_EC2, only

TABLE: dict[str, Truth] = {
    "FS240": truth(
        only(app(Privileged=True)),
        "Task: container app is Privileged; leave it out",
        good=only(app(Privileged=False)),
        passes=[only(app(Privileged=True), **ON_EC2)],
    ),
    "FS241": truth(
        only(app(LinuxParameters={"Capabilities": {"Add": ["NET_ADMIN", "SYS_PTRACE"]}})),
        "Task: container app adds NET_ADMIN; add SYS_PTRACE at most",
        good=only(app(LinuxParameters={"Capabilities": {"Add": ["SYS_PTRACE"], "Drop": ["ALL"]}})),
    ),
    "FS242": truth(
        only(app(Links=["side"], ExtraHosts=[{"Hostname": "db", "IpAddress": "10.0.0.9"}])),
        "Task: container app has Links, which Fargate refuses; leave it out",
        "Task: container app has ExtraHosts, which Fargate refuses; leave it out",
        good=only(),
        also=[
            Case(only(app(**{key: value})), [f"Task: container app has {name}, which Fargate refuses; leave it out"])
            for key, value, name in (
                ("DnsServers", ["10.0.0.2"], "DnsServers"),
                ("DnsSearchDomains", ["local"], "DnsSearchDomains"),
                ("DockerSecurityOptions", ["no-new-privileges"], "DockerSecurityOptions"),
                ("DisableNetworking", True, "DisableNetworking"),
                ("Hostname", "web", "Hostname"),
                ("LinuxParameters", {"SharedMemorySize": 64}, "SharedMemorySize"),
                ("LinuxParameters", {"Swappiness": 10}, "Swappiness"),
                ("LinuxParameters", {"MaxSwap": 10}, "MaxSwap"),
                ("LinuxParameters", {"Devices": [{"HostPath": "/dev/fuse"}]}, "Devices"),
            )
        ]
        + [
            Case(
                only(app(ResourceRequirements=[{"Type": "GPU", "Value": "1"}])),
                ["Task: container app asks for a GPU, and Fargate has none; leave it out"],
            )
        ],
        passes=[
            only(app(Links=["side"], Hostname="web"), **{**ON_EC2, "NetworkMode": "bridge"}),
            only(app(Hostname=ref("Name"))),
            only(app(LinuxParameters={"Tmpfs": [{"ContainerPath": "/tmp", "Size": 64}]})),
        ],
    ),
    "FS243": truth(
        only(app(StopTimeout=300)),
        "Task: container app has StopTimeout 300, and Fargate waits for 120 seconds at most; give 2 to 120 seconds",
        good=only(app(StopTimeout=120)),
        also=[
            Case(
                only(app(StartTimeout=121)),
                [
                    "Task: container app has StartTimeout 121, and Fargate waits for 120 seconds at most; "
                    "give 2 to 120 seconds"
                ],
            )
        ],
        passes=[only(app(StopTimeout=300), **ON_EC2)],
    ),
    "FS244": truth(
        only(app(Name="web.app")),
        "Task: a container is named 'web.app'; take up to 255 letters, digits, - and _",
        good=only(app(Name="web_app-1")),
        also=[
            Case(only(app(Name=None)), ["Task: a container has no name; take up to 255 letters, digits, - and _"]),
            Case(
                only(app(Name="a" * 256)),
                [f"Task: a container is named '{'a' * 256}'; take up to 255 letters, digits, - and _"],
            ),
        ],
        passes=[only(app(Name=ref("Name")))],
    ),
    "FS245": truth(
        only(app(Image="")),
        "Task: container app has no image; give one like registry/name:tag",
        good=only(),
        also=[
            Case(
                only(app(Image="nginx :1")),
                ["Task: container app has the image 'nginx :1'; give one like registry/name:tag"],
            )
        ],
        passes=[only(app(Image={"Fn::Sub": "${Repository.RepositoryUri}:1"}))],
    ),
    "FS246": truth(
        only(app(PortMappings=[{"ContainerPort": 80, "HostPort": 8080}])),
        "Task: container app maps port 80 to 8080 of its host; leave HostPort out",
        good=only(app(PortMappings=[{"ContainerPort": 80}])),
        passes=[
            only(app(PortMappings=[{"ContainerPort": 80, "HostPort": 80}])),
            only(app(PortMappings=[{"ContainerPort": 80, "HostPort": 8080}]), **{**ON_EC2, "NetworkMode": "bridge"}),
        ],
    ),
    "FS247": truth(
        only(app(LogConfiguration={"LogDriver": "json-file"})),
        "Task: container app logs by json-file; give awslogs, splunk or awsfirelens",
        good=only(app(LogConfiguration={"LogDriver": "splunk"})),
        passes=[only(app(LogConfiguration={"LogDriver": "syslog"}), **ON_EC2)],
    ),
    "FS248": truth(
        only(app(LogConfiguration={"LogDriver": "awsfirelens"})),
        "Task: container app logs by awsfirelens, and no container of the task is a log router; "
        "add a container with a FirelensConfiguration",
        good=only(app(LogConfiguration={"LogDriver": "awsfirelens"}), app(Name="router", **FIRELENS)),
    ),
    "FS249": truth(
        only(
            app(FirelensConfiguration={"Type": "fluentbit", "Options": {"config-file-type": "s3"}}),
        ),
        "Task: container app has config-file-type s3; give file, and build the file into the image",
        good=only(app(FirelensConfiguration={"Type": "fluentbit", "Options": {"config-file-type": "file"}})),
    ),
    "FS250": truth(
        only(
            app(
                Environment=[{"Name": "DB", "Value": "x"}],
                Secrets=[{"Name": "DB", "ValueFrom": "arn:aws:ssm:eu-west-1:123456789012:parameter/db"}],
            ),
            ExecutionRoleArn="arn:aws:iam::123456789012:role/start",
        ),
        "Task: container app sets DB twice; give each its own name",
        good=only(
            app(
                Environment=[{"Name": "DB_HOST", "Value": "x"}],
                Secrets=[{"Name": "DB", "ValueFrom": "arn:aws:ssm:eu-west-1:123456789012:parameter/db"}],
            ),
            ExecutionRoleArn="arn:aws:iam::123456789012:role/start",
        ),
    ),
    "FS251": truth(
        only(app(HealthCheck={"Command": ["curl", "-f", "http://localhost/"]})),
        "Task: container app checks its health by curl; begin it with CMD or CMD-SHELL",
        good=only(app(**CHECK)),
        also=[
            Case(
                only(app(HealthCheck={"Command": ["CMD-SHELL"]})),
                ["Task: container app checks its health by CMD-SHELL and no command; give a command"],
            )
        ],
    ),
    "FS252": truth(
        only(app(HealthCheck={**CHECK["HealthCheck"], "Interval": 1, "Retries": 11})),
        "Task: container app has HealthCheck.Interval 1, and ECS takes 5 to 300; choose a number in that range",
        "Task: container app has HealthCheck.Retries 11, and ECS takes 1 to 10; choose a number in that range",
        good=only(app(HealthCheck={**CHECK["HealthCheck"], "Interval": 5, "Retries": 10})),
    ),
    "FS253": truth(
        only(app(Memory=256, MemoryReservation=512)),
        "Task: container app has MemoryReservation 512 above Memory 256; lower MemoryReservation, or raise Memory",
        good=only(app(Memory=512, MemoryReservation=256)),
    ),
    "FS254": truth(
        only(app(Environment=[{"Name": "MY NAME", "Value": "x"}])),
        "Task: container app has a variable named 'MY NAME'; write letters, digits and _",
        good=only(app(Environment=[{"Name": "MY_NAME", "Value": "x"}])),
    ),
}
