"""The task definition: every field of tasks and containers reaches it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from fargate_stacks.constructs.container import Container, EnvFile, HealthCheck, Restart
from fargate_stacks.constructs.image import Image
from fargate_stacks.constructs.key import Key
from fargate_stacks.constructs.task import Task
from fargate_stacks.constructs.volume import Volume
from fargate_stacks.core.values import Param, sub
from tests.constructs.tasks import container, definition, properties, run

PLAIN = Container(image="nginx:1")


def test_the_least_task_is_written_out() -> None:
    found = definition(Task(containers=[PLAIN]))
    containers = found.pop("ContainerDefinitions")
    assert found == {
        "Family": {"Fn::Sub": "${AWS::StackName}-Web"},
        "RequiresCompatibilities": ["FARGATE"],
        "NetworkMode": "awsvpc",
        "Cpu": "256",
        "Memory": "512",
        "RuntimePlatform": {"CpuArchitecture": "X86_64", "OperatingSystemFamily": "LINUX"},
        "ExecutionRoleArn": {"Fn::GetAtt": ["WebExecutionRole", "Arn"]},
        "TaskRoleArn": {"Fn::GetAtt": ["WebTaskRole", "Arn"]},
    }
    assert containers == [
        {
            "Name": "app",
            "Image": "nginx:1",
            "Essential": True,
            "ReadonlyRootFilesystem": False,
            "LinuxParameters": {"InitProcessEnabled": True},
            "LogConfiguration": {
                "LogDriver": "awslogs",
                "Options": {
                    "awslogs-group": {"Ref": "WebLogGroup"},
                    "awslogs-region": {"Ref": "AWS::Region"},
                    "awslogs-stream-prefix": "app",
                    "mode": "non-blocking",
                    "max-buffer-size": "25m",
                },
            },
        }
    ]


@pytest.mark.parametrize(
    ("fields", "path", "value"),
    [
        ({"cpu": 1024, "memory": 3072}, "Cpu", "1024"),
        ({"cpu": 1024, "memory": 3072}, "Memory", "3072"),
        ({"architecture": "ARM64"}, "RuntimePlatform", {"CpuArchitecture": "ARM64", "OperatingSystemFamily": "LINUX"}),
        ({"ephemeral_storage": 21}, "EphemeralStorage", {"SizeInGiB": 21}),
        ({"volumes": [Volume("scratch")]}, "Volumes", [{"Name": "scratch"}]),
        ({"cpu": "0.5 vCPU", "memory": "1 GB"}, "Cpu", "512"),
        ({"cpu": ".5vcpu", "memory": "1 gb"}, "Memory", "1024"),
        ({"pid_mode": "task"}, "PidMode", "task"),
        ({"fault_injection": True}, "EnableFaultInjection", True),
    ],
)
def test_each_field_of_a_task_is_a_property(fields: dict[str, Any], path: str, value: Any) -> None:
    assert definition(Task(containers=[PLAIN], **fields))[path] == value


@pytest.mark.parametrize(
    ("fields", "path", "value"),
    [
        ({"name": "web"}, "Name", "web"),
        ({"port": 80}, "PortMappings", [{"Name": "app", "ContainerPort": 80, "Protocol": "tcp"}]),
        ({"port": 53, "udp": True}, "PortMappings", [{"Name": "app", "ContainerPort": 53, "Protocol": "udp"}]),
        ({"command": ["a", "b"]}, "Command", ["a", "b"]),
        ({"entrypoint": ["/bin/x"]}, "EntryPoint", ["/bin/x"]),
        ({"working_directory": "/srv"}, "WorkingDirectory", "/srv"),
        ({"env": {"A": "1", "B": "2"}}, "Environment", [{"Name": "A", "Value": "1"}, {"Name": "B", "Value": "2"}]),
        ({"cpu": 128}, "Cpu", 128),
        ({"memory": 256}, "Memory", 256),
        ({"memory_reservation": 128}, "MemoryReservation", 128),
        ({"user": "1000:1000"}, "User", "1000:1000"),
        ({"readonly_root": True}, "ReadonlyRootFilesystem", True),
        ({"stop_timeout": timedelta(seconds=120)}, "StopTimeout", 120),
        ({"init": False}, "LinuxParameters", {"InitProcessEnabled": False}),
        ({"start_timeout": timedelta(seconds=60)}, "StartTimeout", 60),
        ({"restart": Restart()}, "RestartPolicy", {"Enabled": True, "RestartAttemptPeriod": 300}),
        (
            {"restart": Restart(period=timedelta(minutes=1), ignored_exit_codes=[0, 143])},
            "RestartPolicy",
            {"Enabled": True, "RestartAttemptPeriod": 60, "IgnoredExitCodes": [0, 143]},
        ),
        (
            {"ulimits": {"nofile": 65536, "core": (0, -1)}},
            "Ulimits",
            [
                {"Name": "nofile", "SoftLimit": 65536, "HardLimit": 65536},
                {"Name": "core", "SoftLimit": 0, "HardLimit": -1},
            ],
        ),
        (
            {"system_controls": {"net.core.somaxconn": "1024"}},
            "SystemControls",
            [{"Namespace": "net.core.somaxconn", "Value": "1024"}],
        ),
        ({"labels": {"team": "shop"}}, "DockerLabels", {"team": "shop"}),
        ({"version_consistency": "disabled"}, "VersionConsistency", "disabled"),
        ({"interactive": True}, "Interactive", True),
        ({"pseudo_terminal": True}, "PseudoTerminal", True),
        (
            {"env_files": [EnvFile(bucket="arn:aws:s3:::conf", key="prod.env")]},
            "EnvironmentFiles",
            [{"Type": "s3", "Value": "arn:aws:s3:::conf/prod.env"}],
        ),
        (
            {"credentials": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:hub-AbCdEf"},
            "RepositoryCredentials",
            {"CredentialsParameter": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:hub-AbCdEf"},
        ),
        ({"image": Image("example/web", tag="1.2")}, "Image", "example/web:1.2"),
        (
            {"image": Image("example/web", digest="sha256:" + "a" * 64)},
            "Image",
            "example/web@sha256:" + "a" * 64,
        ),
        (
            {"drop": ["ALL"], "add": ["SYS_PTRACE"]},
            "LinuxParameters",
            {"InitProcessEnabled": True, "Capabilities": {"Drop": ["ALL"], "Add": ["SYS_PTRACE"]}},
        ),
        (
            {"tmpfs": {"/tmp": 64}},
            "LinuxParameters",
            {
                "InitProcessEnabled": True,
                "Tmpfs": [{"ContainerPath": "/tmp", "Size": 64, "MountOptions": ["mode=1777"]}],
            },
        ),
        (
            {"health": HealthCheck("curl -f localhost")},
            "HealthCheck",
            {"Command": ["CMD-SHELL", "curl -f localhost"], "Interval": 30, "Timeout": 5, "Retries": 3},
        ),
        (
            {
                "health": HealthCheck(
                    ["CMD", "/health"],
                    interval=timedelta(seconds=10),
                    timeout=timedelta(seconds=2),
                    retries=5,
                    start_period=timedelta(seconds=60),
                )
            },
            "HealthCheck",
            {"Command": ["CMD", "/health"], "Interval": 10, "Timeout": 2, "Retries": 5, "StartPeriod": 60},
        ),
    ],
)
def test_each_field_of_a_container_is_a_property(fields: dict[str, Any], path: str, value: Any) -> None:
    assert container(Container(**{"image": "nginx:1", **fields}))[path] == value


def test_mounts_name_volumes_and_may_be_read_only() -> None:
    one = Container(image="nginx:1", mounts={"/data": "shared", "/etc/conf": "config:ro"})
    found = container(one, volumes=[Volume("shared"), Volume("config")])
    assert found["MountPoints"] == [
        {"ContainerPath": "/data", "SourceVolume": "shared", "ReadOnly": False},
        {"ContainerPath": "/etc/conf", "SourceVolume": "config", "ReadOnly": True},
    ]


def test_containers_wait_for_each_other() -> None:
    init = Container(name="init", image="busybox:1", essential=False)
    main = Container(name="main", image="nginx:1", depends_on={"init": "SUCCESS"})
    first, second = definition(Task(containers=[main, init]))["ContainerDefinitions"]
    assert first["DependsOn"] == [{"ContainerName": "init", "Condition": "SUCCESS"}]
    assert (first["Essential"], second["Essential"]) == (True, False)


def test_values_known_after_deployment_may_stand_in_image_and_environment() -> None:
    tag = Param("Tag")
    found = container(Container(image=sub("example/web:{tag}", tag=tag), env={"TAG": tag}))
    assert found["Image"] == {"Fn::Sub": "example/web:${Tag}"}
    assert found["Environment"] == [{"Name": "TAG", "Value": {"Ref": "Tag"}}]


def test_secrets_say_where_they_are_and_which_part_is_meant() -> None:
    arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf"
    ssm = "arn:aws:ssm:eu-west-1:123456789012:parameter/shop/key"
    found = container(
        Container(image="nginx:1", secrets={"A": arn, "B": f"{arn}:password::", "C": f"{arn}:::v1", "D": ssm})
    )
    assert found["Secrets"] == [
        {"Name": "A", "ValueFrom": arn},
        {"Name": "B", "ValueFrom": f"{arn}:password::"},
        {"Name": "C", "ValueFrom": f"{arn}:::v1"},
        {"Name": "D", "ValueFrom": ssm},
    ]


@pytest.mark.parametrize(("name", "port_name"), [("Web", "web"), ("-x", "x"), ("W" * 80, "w" * 64), ("_", "port")])
def test_a_port_is_named_as_ecs_admits_names(name: str, port_name: str) -> None:
    (mapping,) = container(Container(name=name, image="nginx:1", port=80))["PortMappings"]
    assert mapping["Name"] == port_name


def test_a_fargate_task_of_windows_has_no_linux_parameters_and_no_read_only_root() -> None:
    task = Task(os="WINDOWS_SERVER_2025_CORE", cpu=1024, memory=2048, containers=[PLAIN])
    found = definition(task)
    (one,) = found["ContainerDefinitions"]
    assert found["RuntimePlatform"] == {
        "CpuArchitecture": "X86_64",
        "OperatingSystemFamily": "WINDOWS_SERVER_2025_CORE",
    }
    assert one.keys() == {"Name", "Image", "Essential", "LogConfiguration"}


# traps of AWS


def test_a_family_is_always_set_so_that_revisions_go_on_counting_trap_4() -> None:
    assert definition(Task(containers=[PLAIN]))["Family"] == {"Fn::Sub": "${AWS::StackName}-Web"}


def test_an_old_revision_is_kept_so_that_it_can_be_rolled_back_to_trap_4() -> None:
    body = run(Task(containers=[PLAIN])).resources["WebTaskDefinition"]
    assert (body["DeletionPolicy"], body["UpdateReplacePolicy"]) == ("Delete", "Retain")


def test_exec_gets_writable_directories_beside_a_read_only_root_trap_5() -> None:
    one = Container(image="nginx:1", readonly_root=True, init=False)
    found = definition(Task(containers=[one, Container(name="side", image="busybox:1")]), exec=True)
    assert found["Volumes"] == [{"Name": "app-exec-lib"}, {"Name": "app-exec-log"}]
    app, side = found["ContainerDefinitions"]
    assert app["MountPoints"] == [
        {"ContainerPath": "/var/lib/amazon", "SourceVolume": "app-exec-lib", "ReadOnly": False},
        {"ContainerPath": "/var/log/amazon", "SourceVolume": "app-exec-log", "ReadOnly": False},
    ]
    assert "MountPoints" not in side
    assert app["LinuxParameters"]["InitProcessEnabled"] is True


def test_without_exec_nothing_is_made_for_it_trap_5() -> None:
    found = definition(Task(containers=[Container(image="nginx:1", readonly_root=True)]))
    assert "Volumes" not in found
    assert "MountPoints" not in found["ContainerDefinitions"][0]


def test_logs_may_be_encrypted_with_a_key_of_ones_own() -> None:
    key = Key("Own")
    template = run(Task(containers=[PLAIN], log_encryption=key), key)
    assert properties(template, "WebLogGroup")["KmsKeyId"] == {"Fn::GetAtt": ["OwnKey", "Arn"]}


def test_a_full_pipe_to_the_logs_does_not_stop_the_application() -> None:
    options = container(PLAIN)["LogConfiguration"]["Options"]
    assert (options["mode"], options["max-buffer-size"]) == ("non-blocking", "25m")


@pytest.mark.parametrize(
    ("removal", "policies"), [("retain", ("RetainExceptOnCreate", "Retain")), ("remove", ("Delete",) * 2)]
)
def test_logs_are_kept_for_days_in_a_group_without_a_fixed_name(removal: str, policies: tuple[str, str]) -> None:
    template = run(Task(containers=[PLAIN], log_retention=7), removal=removal)
    body = template.resources["WebLogGroup"]
    assert properties(template, "WebLogGroup") == {"RetentionInDays": 7}
    assert (body["DeletionPolicy"], body["UpdateReplacePolicy"]) == policies
