"""A task that runs once: started with overrides, its log followed, its container's exit code given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from fargate_stacks.deploy.client import CallFailed, call
from fargate_stacks.deploy.clock import Clock
from fargate_stacks.deploy.ecs import Ecs
from fargate_stacks.deploy.ecs_values import Service, Task
from fargate_stacks.deploy.ecs_values import task as read_task
from fargate_stacks.deploy.evidence import Collector, Evidence
from fargate_stacks.deploy.hints import hints
from fargate_stacks.deploy.logs import Line, Reader, places
from fargate_stacks.deploy.names import Found, Runner
from fargate_stacks.deploy.resolve import Resolver, Unresolved
from fargate_stacks.errors import DeployError

RUN = "fargate-stacks:run"
"""The Metadata of a task definition that says how it is run, where no service and no schedule does."""
_STARTED_BY = "fargate-stacks"


@dataclass(frozen=True)
class Overrides:
    """What is different from the task definition for this once."""

    command: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    cpu: int | None = None
    memory: int | None = None

    def request(self, container: str) -> dict[str, Any]:
        """Give RunTask's `overrides`."""
        own: dict[str, Any] = {}
        if self.command:
            own["command"] = list(self.command)
        if self.environment:
            own["environment"] = [{"name": key, "value": value} for key, value in self.environment.items()]
        whole: dict[str, Any] = {"containerOverrides": [{"name": container, **own}]} if own else {}
        if self.cpu is not None:
            whole["cpu"] = str(self.cpu)
        if self.memory is not None:
            whole["memory"] = str(self.memory)
        return whole


@dataclass(frozen=True)
class Way:
    """Where and how a task is started: RunTask's own fields."""

    cluster: str
    request: Mapping[str, Any]


@dataclass(frozen=True)
class Ran:
    """A task that has stopped."""

    task: Task
    container: str
    exit_code: int | None
    reason: str
    evidence: Evidence


def way(runner: Runner) -> Way:
    """Find out how a task is started: as its service starts them, or as its schedule, rule or metadata says.

    Raises DeployError with exit code 2 where nothing says it.
    """
    if runner.service is not None:
        return _as_service(runner.service)
    found = runner.found
    if found.template is None:
        raise DeployError(
            f"{found.name}: a task definition alone does not say where it runs; name a service, job or scheduled task "
            "of the app",
            exit_code=2,
        )
    said = _said(found)
    if said is None:
        raise DeployError(f"{found.name}: neither a service nor a schedule says in which subnets it runs", exit_code=2)
    resolve = resolver(found)
    try:
        network = {"subnets": resolve.texts(said["Subnets"])}
        if said.get("SecurityGroups"):
            network["securityGroups"] = resolve.texts(said["SecurityGroups"])
        request: dict[str, Any] = {
            "networkConfiguration": {
                "awsvpcConfiguration": {**network, "assignPublicIp": said.get("AssignPublicIp", "DISABLED")}
            }
        }
        strategy = resolve(said.get("CapacityProviderStrategy") or [])
        if strategy:
            request["capacityProviderStrategy"] = _as_the_api_spells(strategy)
        else:
            request["launchType"] = said.get("LaunchType", "FARGATE")
        if said.get("PlatformVersion"):
            request["platformVersion"] = said["PlatformVersion"]
        if said.get("EnableExecuteCommand"):
            request["enableExecuteCommand"] = True
        if said.get("VolumeConfigurations"):
            request["volumeConfigurations"] = _as_the_api_spells(resolve(said["VolumeConfigurations"]))
        return Way(resolve.text(said["Cluster"]), request)
    except (Unresolved, KeyError) as missing:
        raise DeployError(
            f"{found.name}: the live stack does not tell {missing}; deploy it again", exit_code=2
        ) from None


def _as_service(service: Service) -> Way:
    request: dict[str, Any] = {"networkConfiguration": dict(service.network)}
    if service.capacity:
        request["capacityProviderStrategy"] = [dict(one) for one in service.capacity]
    else:
        request["launchType"] = service.launch_type or "FARGATE"
    if service.platform_version:
        request["platformVersion"] = service.platform_version
    if service.volumes:
        request["volumeConfigurations"] = [_of_a_task(one) for one in service.volumes]
    return Way(service.cluster, request)


def _of_a_task(volume: Mapping[str, Any]) -> dict[str, Any]:
    """Give a service's volume as RunTask takes it: there is no service to take tags from."""
    disk = dict(volume.get("managedEBSVolume", {}))
    disk["tagSpecifications"] = [
        {**one, "propagateTags": "TASK_DEFINITION"} if one.get("propagateTags") == "SERVICE" else dict(one)
        for one in disk.get("tagSpecifications", [])
    ]
    return {"name": volume["name"], "managedEBSVolume": disk}


def _as_the_api_spells(value: Any) -> Any:
    """Give a value of a template with the names of the API, whose first letter is small."""
    if isinstance(value, dict):
        return {key[0].lower() + key[1:]: _as_the_api_spells(one) for key, one in value.items()}
    return [_as_the_api_spells(one) for one in value] if isinstance(value, list) else value


def _said(found: Found) -> Mapping[str, Any] | None:
    """Give what the template says of how a task definition is run, in CloudFormation's names."""
    assert found.template is not None
    resources = found.template.resources
    own = resources.get(found.logical_id, {}).get("Metadata", {}).get(RUN)
    if own is not None:
        return dict(own)
    for one in resources.values():
        properties = one.get("Properties", {})
        targets = [properties.get("Target", {}), *(properties.get("Targets") or [])]
        for target in targets:
            run = target.get("EcsParameters") or {}
            if run.get("TaskDefinitionArn") == {"Ref": found.logical_id}:
                network = run.get("NetworkConfiguration", {})
                vpc = network.get("AwsvpcConfiguration") or network.get("AwsVpcConfiguration") or {}
                return {**run, **vpc, "Cluster": target.get("Arn")}
    return None


def resolver(found: Found) -> Resolver:
    """Resolve values of a live stack's template."""
    raw = call(found.ecs.client.api, "DescribeStacks", StackName=found.stack)["Stacks"][0]
    stack_id = raw.get("StackId", "")
    parts = stack_id.split(":") if stack_id.startswith("arn:") else ["", "aws", "", found.ecs.client.region, ""]
    resources = found.template.resources if found.template is not None else {}

    def arn(logical_id: str, physical_id: str) -> str:
        one = resources.get(logical_id, {})
        if one.get("Type") == "AWS::IAM::Role":
            path = one.get("Properties", {}).get("Path", "/")
            return f"arn:{parts[1]}:iam::{parts[4]}:role{path}{physical_id}" if isinstance(path, str) else ""
        if one.get("Type") == "AWS::KMS::Key":
            return f"arn:{parts[1]}:kms:{parts[3]}:{parts[4]}:key/{physical_id}"
        return ""

    return Resolver(
        physical=found.physical,
        arn=arn,
        parameters={one["ParameterKey"]: one.get("ParameterValue", "") for one in raw.get("Parameters", [])},
        pseudo={
            "AWS::Region": parts[3],
            "AWS::AccountId": parts[4],
            "AWS::Partition": parts[1],
            "AWS::StackName": raw["StackName"],
            "AWS::StackId": stack_id,
        },
    )


def main_container(ecs: Ecs, task_definition: str, wanted: str | None) -> str:
    """Give the container that overrides and the exit code are about: the one named, else the first essential one."""
    containers = ecs.task_definition(task_definition).get("containerDefinitions", [])
    names = [one["name"] for one in containers]
    if wanted is not None:
        if wanted not in names:
            raise DeployError(f"there is no container {wanted}; the task has {', '.join(names)}", exit_code=2)
        return wanted
    return str(next((one["name"] for one in containers if one.get("essential", True)), names[0]))


def start(runner: Runner, overrides: Overrides, container: str) -> Task:
    """Start the task. Raises DeployError when ECS does not."""
    ecs, how = runner.found.ecs, way(runner)
    changed = overrides.request(container)
    more: dict[str, Any] = {"overrides": changed} if changed else {}
    answer = ecs.call(
        "RunTask",
        cluster=how.cluster,
        taskDefinition=runner.task_definition,
        count=1,
        startedBy=_STARTED_BY,
        **how.request,
        **more,
    )
    if answer.get("tasks"):
        return read_task(answer["tasks"][0])
    told = [f"{one.get('reason', '?')} {one.get('detail', '')}".strip() for one in answer.get("failures", [])]
    meant = hints(reasons=told)
    cure = f"; {meant[0].do}" if meant else ""
    raise DeployError(f"{runner.found.name}: ECS did not start the task: {', '.join(told) or 'no reason given'}{cure}")


def follow(
    runner: Runner,
    task: Task,
    container: str,
    clock: Clock,
    *,
    line: Callable[[Line], None],
    change: Callable[[str], None],
) -> Ran:
    """Follow a task to its end: `line` takes what it writes, `change` each new status."""
    ecs = runner.found.ecs
    reader = _reader(ecs, task, clock)
    status = ""
    while True:
        found = ecs.tasks(_cluster(task), [task.arn])
        task = found[0] if found else replace(task, status="STOPPED", stopped_reason="ECS has forgotten the task")
        if task.status != status:
            status = task.status
            change(status)
        _read(reader, line)
        if task.status == "STOPPED":
            break
        clock.sleep(0.2 if ecs.client.local else 2.0)
    # the last lines become readable some seconds after the task has ended
    for _ in range(1 if ecs.client.local else 3):
        clock.sleep(0.1 if ecs.client.local else 2.0)
        _read(reader, line)
    own = next((one for one in task.containers if one.name == container), None)
    reason = "; ".join(dict.fromkeys(one for one in (task.stopped_reason, own.reason if own else "") if one))
    collector = Collector(ecs, runner.found.name)
    code = own.exit_code if own else None
    if code != 0:
        collector.take([task])
    return Ran(task, container, code, reason, collector.evidence())


def stop(runner: Runner, task: Task) -> None:
    """Have a task end."""
    runner.found.ecs.call("StopTask", cluster=_cluster(task), task=task.arn, reason="interrupted by fargate-stacks run")


def _reader(ecs: Ecs, task: Task, clock: Clock) -> Reader | None:
    try:
        where = places(ecs, task.task_definition)
    except DeployError as no_log:
        if isinstance(no_log, CallFailed) and not no_log.denied:
            raise
        return None
    return Reader(ecs, where, since=(task.created or clock.utc()) - timedelta(minutes=5), tasks=[task.id])


def _read(reader: Reader | None, line: Callable[[Line], None]) -> None:
    if reader is None:
        return
    try:
        for one in reader.read():
            line(one)
    except CallFailed as trouble:
        if not (trouble.transient or trouble.denied):
            raise


def _cluster(task: Task) -> str:
    parts = task.arn.partition(":task/")[2].split("/")
    return parts[0] if len(parts) > 1 else "default"
