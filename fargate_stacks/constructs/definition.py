"""What a runner makes of a task: its log group, its two roles, and its task definition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from troposphere import GetAtt, Ref, ecs, logs

from fargate_stacks.constructs.access import ExistingRole, allow
from fargate_stacks.constructs.container import Container
from fargate_stacks.constructs.roles import execution_statements, role
from fargate_stacks.constructs.task import Task, port_name, secret_value
from fargate_stacks.core.construct import Construct
from fargate_stacks.core.ext import RuntimePlatform
from fargate_stacks.core.values import Attr, Intrinsic, by_removal, sub

_EXEC_PATHS = {"lib": "/var/lib/amazon", "log": "/var/log/amazon"}


def task_resources(
    runner: Construct,
    task: Task,
    *,
    exec: bool = False,
    sessions: Sequence[Any] = (),
    protocols: Mapping[int, str] | None = None,
) -> Iterator[Any]:
    """Give everything that `runner` needs to start `task`, in reading order.

    `<name>LogGroup`, `<name>ExecutionPolicy` and `<name>ExecutionRole` (what ECS does before the container runs: pull,
    read secrets, open log streams), `<name>TaskPolicy` and `<name>TaskRole` (what the containers may do, from `uses`),
    `<name>TaskDefinition`. With `exec` the task role may open the channels of ECS Exec, and do
    what `sessions` states so that they are written down.
    `protocols` says what is spoken at a port, which Service Connect must know.
    """
    if task.log_group is None:
        yield _log_group(runner, task)
    statements = execution_statements(task, _log_group_arn(runner, task))
    yield from role(runner, "Execution", statements, task.execution_role)
    yield from role(runner, "Task", _task_statements(task, exec=exec, sessions=sessions), task.task_role)
    yield _definition(runner, task, exec=exec, protocols=protocols or {})


def policies_to_wait_for(
    runner: Construct, task: Task, *, exec: bool = False, sessions: Sequence[Any] = ()
) -> list[Attr]:
    """The policies that name a role which exists: no reference leads from the task definition to them."""
    made: list[Any] = []
    if task.execution_role is not None:
        statements = execution_statements(task, _log_group_arn(runner, task))
        made += role(runner, "Execution", statements, task.execution_role)
    if task.task_role is not None:
        made += role(runner, "Task", _task_statements(task, exec=exec, sessions=sessions), task.task_role)
    return [Attr(runner, policy.title) for policy in made]


def _log_group(runner: Construct, task: Task) -> Any:
    return logs.LogGroup(
        runner.id("LogGroup"),
        # a generated name: a retained group with a fixed one would stand in the way of the next create
        DeletionPolicy=by_removal(retain="RetainExceptOnCreate", remove="Delete"),
        UpdateReplacePolicy=by_removal(retain="Retain", remove="Delete"),
        RetentionInDays=task.log_retention,
        **({} if task.log_encryption is None else {"KmsKeyId": task.log_encryption.arn}),
    )


def log_group_name(runner: Construct, task: Task) -> Any:
    """Give the log group's name: the runner's own, or the one that is there already."""
    return Ref(runner.id("LogGroup")) if task.log_group is None else task.log_group


def _log_group_arn(runner: Construct, task: Task) -> Any:
    if task.log_group is None:
        return GetAtt(runner.id("LogGroup"), "Arn")
    here = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:{name}:*"
    return sub(here, name=task.log_group)


def _task_statements(task: Task, *, exec: bool, sessions: Sequence[Any]) -> list[Any]:
    statements = [one for access in task.uses for one in access.statements]
    if exec:
        channels = ("CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel")
        # these actions know no resource (service authorization reference, Session Manager Message Gateway)
        statements.append(allow(*(f"ssmmessages:{one}" for one in channels), on=["*"]))
        statements += sessions
    return statements


def _definition(runner: Construct, task: Task, *, exec: bool, protocols: Mapping[int, str]) -> Any:
    more: dict[str, Any] = {}
    if task.ephemeral_storage is not None:
        more["EphemeralStorage"] = ecs.EphemeralStorage(SizeInGiB=task.ephemeral_storage)
    volumes = [one.definition() for one in task.all_volumes]
    if exec:
        readonly = [task.name_of(one) for one in task.all if one.readonly_root]
        volumes += [ecs.Volume(Name=f"{name}-exec-{part}") for name in readonly for part in _EXEC_PATHS]
    if volumes:
        more["Volumes"] = volumes
    if task.pid_mode is not None:
        more["PidMode"] = task.pid_mode
    if task.fault_injection:
        more["EnableFaultInjection"] = True
    return ecs.TaskDefinition(
        runner.id("TaskDefinition"),
        DeletionPolicy="Delete",
        # an old revision costs nothing; deregistered it could not be rolled back to, nor run once more
        UpdateReplacePolicy="Retain",
        # without a family every update would start a new one at revision 1
        Family=sub("${AWS::StackName}-" + runner.name),
        RequiresCompatibilities=["FARGATE"],
        NetworkMode="awsvpc",
        Cpu=str(task.cpu_units),
        Memory=str(task.memory_mib),
        RuntimePlatform=RuntimePlatform(CpuArchitecture=task.architecture, OperatingSystemFamily=task.os),
        ExecutionRoleArn=_role_arn(runner, "ExecutionRole", task.execution_role),
        TaskRoleArn=_role_arn(runner, "TaskRole", task.task_role),
        **more,
        ContainerDefinitions=[_container(runner, task, one, exec=exec, protocols=protocols) for one in task.all],
    )


def _role_arn(runner: Construct, part: str, existing: ExistingRole | None) -> Any:
    return GetAtt(runner.id(part), "Arn") if existing is None else existing.arn


def _container(runner: Construct, task: Task, one: Container, *, exec: bool, protocols: Mapping[int, str]) -> Any:
    name = task.name_of(one)
    secrets = task.secrets_of(one)
    fields: dict[str, Any] = {
        "EntryPoint": list(one.entrypoint),
        "Command": list(one.command),
        "WorkingDirectory": one.working_directory,
        "Cpu": one.cpu,
        "Memory": one.memory,
        "MemoryReservation": one.memory_reservation,
        "PortMappings": [_port(name, one.port, protocols, udp=one.udp)] if one.port is not None else [],
        "Environment": [ecs.Environment(Name=key, Value=value) for key, value in task.environment_of(one).items()],
        "EnvironmentFiles": [ecs.EnvironmentFile(Type="s3", Value=file.arn) for file in one.env_files],
        "Secrets": [ecs.Secret(Name=key, ValueFrom=secret.value_from) for key, secret in secrets.items()],
        "HealthCheck": one.health.definition() if one.health else None,
        "DependsOn": [
            ecs.ContainerDependency(ContainerName=other, Condition=state) for other, state in one.depends_on.items()
        ],
        "User": one.user,
        "StartTimeout": _seconds(one.start_timeout),
        "StopTimeout": _seconds(one.stop_timeout),
        "MountPoints": _mounts(task, one, name, exec=exec),
        "RestartPolicy": one.restart.definition() if one.restart else None,
        "Ulimits": [_ulimit(key, limit) for key, limit in one.ulimits.items()],
        "SystemControls": [ecs.SystemControl(Namespace=key, Value=value) for key, value in one.system_controls.items()],
        "DockerLabels": dict(one.labels) or None,
        "VersionConsistency": one.version_consistency,
        "Interactive": one.interactive or None,
        "PseudoTerminal": one.pseudo_terminal or None,
        "FirelensConfiguration": one.firelens.definition() if one.firelens else None,
    }
    if one.credentials is not None:
        credentials = secret_value(one.credentials).value_from
        fields["RepositoryCredentials"] = ecs.RepositoryCredentials(CredentialsParameter=credentials)
    if not task.windows:
        fields["ReadonlyRootFilesystem"] = one.readonly_root
        fields["LinuxParameters"] = _linux(one, exec=exec)
    return ecs.ContainerDefinition(
        Name=name,
        Image=one.image if isinstance(one.image, (str, Intrinsic)) else one.image.reference(runner, name),
        Essential=one.essential,
        **{key: value for key, value in fields.items() if value is not None and value != []},
        LogConfiguration=(task.logs.configuration(one) if task.logs else None) or _awslogs(runner, task, name),
    )


def _awslogs(runner: Construct, task: Task, name: str) -> Any:
    return ecs.LogConfiguration(
        LogDriver="awslogs",
        Options={
            "awslogs-group": log_group_name(runner, task),
            "awslogs-region": Ref("AWS::Region"),
            "awslogs-stream-prefix": name,
            # a full pipe to CloudWatch must not stop the application
            "mode": "non-blocking",
            "max-buffer-size": "25m",
        },
    )


def _seconds(span: timedelta | None) -> int | None:
    return None if span is None else int(span.total_seconds())


def _port(name: str, port: int, protocols: Mapping[int, str], *, udp: bool) -> Any:
    more = {"AppProtocol": protocols[port]} if port in protocols else {}
    return ecs.PortMapping(Name=port_name(name), ContainerPort=port, Protocol="udp" if udp else "tcp", **more)


def _ulimit(name: str, limit: int | Sequence[int]) -> Any:
    soft, hard = (limit, limit) if isinstance(limit, int) else (limit[0], limit[-1])
    return ecs.Ulimit(Name=name, SoftLimit=soft, HardLimit=hard)


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


def _mounts(task: Task, one: Container, name: str, *, exec: bool) -> list[Any]:
    mounts = [
        ecs.MountPoint(ContainerPath=path, SourceVolume=target.removesuffix(":ro"), ReadOnly=target.endswith(":ro"))
        for path, target in task.mounts_of(one).items()
    ]
    if exec and one.readonly_root:  # the agent of ECS Exec writes here
        mounts += [
            ecs.MountPoint(ContainerPath=path, SourceVolume=f"{name}-exec-{part}", ReadOnly=False)
            for part, path in _EXEC_PATHS.items()
        ]
    return mounts
