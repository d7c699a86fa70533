"""What a runner makes of a task: its log group, its two roles, and its task definition."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from troposphere import GetAtt, Ref, ecs, logs

from fargate_stacks.constructs.access import allow
from fargate_stacks.constructs.container import Container
from fargate_stacks.constructs.roles import execution_statements, role
from fargate_stacks.constructs.task import Task, port_name
from fargate_stacks.core.construct import Construct
from fargate_stacks.core.ext import RuntimePlatform
from fargate_stacks.core.values import by_removal, sub

_EXEC_PATHS = {"lib": "/var/lib/amazon", "log": "/var/log/amazon"}


def task_resources(runner: Construct, task: Task, *, exec: bool = False) -> Iterator[Any]:
    """Give everything that `runner` needs to start `task`, in reading order.

    `<name>LogGroup`, `<name>ExecutionPolicy` and `<name>ExecutionRole` (what ECS does before the container runs: pull,
    read secrets, open log streams), `<name>TaskPolicy` and `<name>TaskRole` (what the containers may do, from `uses`),
    `<name>TaskDefinition`. With `exec` the task role may open the channels of ECS Exec.
    """
    yield _log_group(runner, task)
    group_arn = GetAtt(runner.id("LogGroup"), "Arn")
    yield from role(runner, "Execution", execution_statements(task, group_arn))
    yield from role(runner, "Task", _task_statements(task, exec=exec))
    yield _definition(runner, task, exec=exec)


def _log_group(runner: Construct, task: Task) -> Any:
    return logs.LogGroup(
        runner.id("LogGroup"),
        # a generated name: a retained group with a fixed one would stand in the way of the next create
        DeletionPolicy=by_removal(retain="RetainExceptOnCreate", remove="Delete"),
        UpdateReplacePolicy=by_removal(retain="Retain", remove="Delete"),
        RetentionInDays=task.log_retention,
    )


def _task_statements(task: Task, *, exec: bool) -> list[Any]:
    statements = [one for access in task.uses for one in access.statements]
    if exec:
        channels = ("CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel")
        # these actions know no resource (service authorization reference, Session Manager Message Gateway)
        statements.append(allow(*(f"ssmmessages:{one}" for one in channels), on=["*"]))
    return statements


def _definition(runner: Construct, task: Task, *, exec: bool) -> Any:
    more: dict[str, Any] = {}
    if task.ephemeral_storage is not None:
        more["EphemeralStorage"] = ecs.EphemeralStorage(SizeInGiB=task.ephemeral_storage)
    volumes = [one.name for one in task.volumes]
    if exec:
        volumes += [
            f"{task.name_of(one)}-exec-{part}" for one in task.containers if one.readonly_root for part in _EXEC_PATHS
        ]
    if volumes:
        more["Volumes"] = [ecs.Volume(Name=name) for name in volumes]
    return ecs.TaskDefinition(
        runner.id("TaskDefinition"),
        DeletionPolicy="Delete",
        # an old revision costs nothing; deregistered it could not be rolled back to, nor run once more
        UpdateReplacePolicy="Retain",
        # without a family every update would start a new one at revision 1
        Family=sub("${AWS::StackName}-" + runner.name),
        RequiresCompatibilities=["FARGATE"],
        NetworkMode="awsvpc",
        Cpu=str(task.cpu),
        Memory=str(task.memory),
        RuntimePlatform=RuntimePlatform(CpuArchitecture=task.architecture, OperatingSystemFamily=task.os),
        ExecutionRoleArn=GetAtt(runner.id("ExecutionRole"), "Arn"),
        TaskRoleArn=GetAtt(runner.id("TaskRole"), "Arn"),
        **more,
        ContainerDefinitions=[_container(runner, task, one, exec=exec) for one in task.containers],
    )


def _container(runner: Construct, task: Task, one: Container, *, exec: bool) -> Any:
    name = task.name_of(one)
    fields: dict[str, Any] = {
        "EntryPoint": list(one.entrypoint),
        "Command": list(one.command),
        "WorkingDirectory": one.working_directory,
        "Cpu": one.cpu,
        "Memory": one.memory,
        "MemoryReservation": one.memory_reservation,
        "PortMappings": [_port(name, one.port)] if one.port is not None else [],
        "Environment": [ecs.Environment(Name=key, Value=value) for key, value in task.environment_of(one).items()],
        "Secrets": [ecs.Secret(Name=key, ValueFrom=v.value_from) for key, v in task.secrets_of(one).items()],
        "HealthCheck": one.health.definition() if one.health else None,
        "DependsOn": [
            ecs.ContainerDependency(ContainerName=other, Condition=state) for other, state in one.depends_on.items()
        ],
        "User": one.user,
        "StopTimeout": int(one.stop_timeout.total_seconds()) if one.stop_timeout else None,
        "MountPoints": _mounts(one, name, exec=exec),
    }
    if not task.windows:
        fields["ReadonlyRootFilesystem"] = one.readonly_root
        fields["LinuxParameters"] = _linux(one, exec=exec)
    return ecs.ContainerDefinition(
        Name=name,
        Image=one.image,
        Essential=one.essential,
        **{key: value for key, value in fields.items() if value is not None and value != []},
        LogConfiguration=ecs.LogConfiguration(
            LogDriver="awslogs",
            Options={
                "awslogs-group": Ref(runner.id("LogGroup")),
                "awslogs-region": Ref("AWS::Region"),
                "awslogs-stream-prefix": name,
                # a full pipe to CloudWatch must not stop the application
                "mode": "non-blocking",
                "max-buffer-size": "25m",
            },
        ),
    )


def _port(name: str, port: int) -> Any:
    return ecs.PortMapping(Name=port_name(name), ContainerPort=port, Protocol="tcp")


def _linux(one: Container, *, exec: bool) -> Any:
    more: dict[str, Any] = {}
    if one.drop or one.add:
        kept = {"Drop": list(one.drop), "Add": list(one.add)}
        more["Capabilities"] = ecs.KernelCapabilities(**{key: value for key, value in kept.items() if value})
    if one.tmpfs:
        more["Tmpfs"] = [
            # writable for whoever the image runs as, as /tmp is everywhere
            ecs.Tmpfs(ContainerPath=path, Size=size, MountOptions=["mode=1777"])
            for path, size in one.tmpfs.items()
        ]
    return ecs.LinuxParameters(InitProcessEnabled=one.init or exec, **more)


def _mounts(one: Container, name: str, *, exec: bool) -> list[Any]:
    mounts = [
        ecs.MountPoint(ContainerPath=path, SourceVolume=target.removesuffix(":ro"), ReadOnly=target.endswith(":ro"))
        for path, target in one.mounts.items()
    ]
    if exec and one.readonly_root:  # the agent of ECS Exec writes here
        mounts += [
            ecs.MountPoint(ContainerPath=path, SourceVolume=f"{name}-exec-{part}", ReadOnly=False)
            for part, path in _EXEC_PATHS.items()
        ]
    return mounts
