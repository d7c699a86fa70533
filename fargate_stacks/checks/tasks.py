"""Rules about task definitions on Fargate: sizes, sums, volumes, and the order of containers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from graphlib import CycleError, TopologicalSorter

from fargate_stacks.checks.part import Part
from fargate_stacks.checks.reading import Container, Hit, Reading, rule, windows
from fargate_stacks.constructs.sizes import SIZES, WINDOWS_CPU, size_problem

_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}\Z")
_AMOUNT = re.compile(r"\s*(\d*\.?\d+)\s*(vcpu|gb)?\s*\Z", re.IGNORECASE)


@rule(
    "FS201",
    "error",
    cure="take one of the pairs that Fargate has",
    source="Fargate developer guide, task CPU and memory",
)
def size(reading: Reading) -> Iterator[Hit]:
    """A task has a size that Fargate does not run."""
    for task in reading.fargate_tasks:
        for key in ("Cpu", "Memory"):
            if task[key].absent:
                yield task.hit(f"{key} is not given, and Fargate needs it", f"give {key}")
            elif task[key].text is not None and _units(task[key]) is None:
                yield task.hit(f"{key} is {task[key].text}, which is no amount", 'write it like "256" or "512"')
        cpu, memory = _units(task["Cpu"]), _units(task["Memory"])
        problem = None if cpu is None or memory is None else size_problem(cpu, memory)
        if problem:
            said, _, near = problem.partition("; nearest legal: ")
            yield task.hit(said, f"nearest legal: {near}" if near else "")


@rule(
    "FS202",
    "error",
    cure="take Cpu 1024, 2048 or 4096",
    source="Fargate developer guide, Windows containers on Fargate",
)
def windows_size(reading: Reading) -> Iterator[Hit]:
    """A Windows task has a size that Fargate runs for Linux only."""
    for task in reading.fargate_tasks:
        cpu = _units(task["Cpu"])
        if windows(task) and cpu in SIZES and cpu not in WINDOWS_CPU:
            yield task.hit(f"Cpu is {cpu}, and Fargate runs Windows on 1 to 4 vCPU")


@rule("FS203", "error", cure="leave it out", source="Fargate developer guide, Windows containers on Fargate")
def windows_options(reading: Reading) -> Iterator[Hit]:
    """A Windows task has an option that is for Linux."""
    for task in filter(windows, reading.fargate_tasks):
        if task.part.at("RuntimePlatform.CpuArchitecture").text == "ARM64":
            yield task.hit("CpuArchitecture is ARM64, and Windows runs on X86_64", "give X86_64")
        if task["EphemeralStorage"].given:
            yield task.hit("EphemeralStorage cannot be chosen for Windows")
        for volume in task["Volumes"]:
            if volume["EFSVolumeConfiguration"].given:
                yield task.hit(f"volume {volume['Name'].text} is an EFS file system, which Windows cannot mount")
        for part in task["ContainerDefinitions"]:
            for key in ("User", "ReadonlyRootFilesystem", "LinuxParameters", "Ulimits", "SystemControls"):
                if part[key].given and not part[key].unknown and not part[key].false:
                    yield Container(task, part).hit(f"has {key}, which is for Linux")


@rule(
    "FS204",
    "error",
    cure="lower it, or raise the task's",
    source="ECS API reference, ContainerDefinition",
)
def memory_above_task(reading: Reading) -> Iterator[Hit]:
    """Containers ask for more memory than their task has."""
    for task in reading.fargate_tasks:
        memory = _units(task["Memory"])
        if memory is None:
            continue
        containers = [Container(task, part) for part in task["ContainerDefinitions"]]
        for one in containers:
            for key in ("Memory", "MemoryReservation"):
                amount = one[key].number
                if amount is not None and amount > memory:
                    yield one.hit(f"has {key} {amount:g}, and its task has {memory} MiB")
        reserved = [one["MemoryReservation"].number or 0 for one in containers]
        if sum(reserved) > memory and max(reserved) <= memory:
            yield task.hit(f"its containers reserve {sum(reserved):g} MiB together, and it has {memory}")


@rule("FS205", "error", cure="lower them, or raise the task's", source="ECS API reference, ContainerDefinition")
def cpu_above_task(reading: Reading) -> Iterator[Hit]:
    """Containers ask for more CPU together than their task has."""
    for task in reading.fargate_tasks:
        cpu = _units(task["Cpu"])
        asked = sum(part["Cpu"].number or 0 for part in task["ContainerDefinitions"])
        if cpu is not None and asked > cpu:
            yield task.hit(f"its containers ask for Cpu {asked:g} together, and it has {cpu}")


@rule(
    "FS206",
    "error",
    cure="give 21 to 200, or leave it out for 20",
    source="ECS API reference, EphemeralStorage",
)
def ephemeral_storage(reading: Reading) -> Iterator[Hit]:
    """A task asks for ephemeral storage that Fargate does not give."""
    for task in reading.fargate_tasks:
        amount = task.part.at("EphemeralStorage.SizeInGiB").number
        if amount is not None and not 21 <= amount <= 200:
            yield task.hit(f"EphemeralStorage.SizeInGiB is {amount:g}, and Fargate gives 21 to 200")


@rule("FS207", "error", cure="leave it out", source="ECS API reference, RegisterTaskDefinition")
def shared_with_host(reading: Reading) -> Iterator[Hit]:
    """A task shares something with its host, or places itself, and on Fargate there is no host to speak of."""
    for task in reading.fargate_tasks:
        pid = task["PidMode"].text
        if pid is not None and pid != "task":
            yield task.hit(f"PidMode is {pid}, and Fargate admits task only")
        for key in ("IpcMode", "PlacementConstraints", "InferenceAccelerators"):
            if task[key].given and not task[key].unknown:
                value = task[key].text
                yield task.hit(f"{key}{f' {value}' if value else ''} is refused on Fargate")


@rule("FS208", "error", cure="give awsvpc", source="ECS developer guide, task networking on Fargate")
def network_mode(reading: Reading) -> Iterator[Hit]:
    """A task on Fargate has another network mode than awsvpc."""
    for task in reading.fargate_tasks:
        mode = task["NetworkMode"]
        if mode.absent:
            yield task.hit("NetworkMode is not given, so it is bridge, which Fargate refuses")
        elif mode.text not in (None, "awsvpc"):
            yield task.hit(f"NetworkMode is {mode.text}, which Fargate refuses")


@rule("FS209", "error", cure="leave it out: each task has its own empty directory", source="ECS API reference, Volume")
def host_volume(reading: Reading) -> Iterator[Hit]:
    """A task mounts a directory of its host, and on Fargate there is none."""
    for task in reading.fargate_tasks:
        for volume in task["Volumes"]:
            path = volume.at("Host.SourcePath")
            if path.given and not path.unknown:
                yield task.hit(f"volume {volume['Name'].text} is {path.text} of the host")
            for key in ("DockerVolumeConfiguration", "FSxWindowsFileServerVolumeConfiguration"):
                if volume[key].given and not volume[key].unknown:
                    yield task.hit(f"volume {volume['Name'].text} has {key}, which Fargate refuses")


@rule("FS210", "error", cure="add the volume, or name one that there is", source="ECS API reference, MountPoint")
def unknown_volume(reading: Reading) -> Iterator[Hit]:
    """A container mounts a volume that its task does not have."""
    for one in reading.containers:
        volumes = one.task["Volumes"].names("Name")
        for mount in one["MountPoints"]:
            name = mount["SourceVolume"].text
            if name is not None and volumes is not None and name not in volumes:
                yield one.hit(f"mounts {name}, and the task has {', '.join(volumes) or 'no volume'}")


@rule("FS211", "error", cure="name a container of the task", source="ECS API reference, ContainerDependency")
def unknown_dependency(reading: Reading) -> Iterator[Hit]:
    """A container waits for one that its task does not have."""
    for one in reading.containers:
        names = one.task["ContainerDefinitions"].names("Name")
        if names is None:
            continue
        for wait in one["DependsOn"]:
            name = wait["ContainerName"].text
            if name is not None and name not in names:
                yield one.hit(f"depends on {name}, and the task has {', '.join(names)}")
        for shared in one["VolumesFrom"]:
            name = shared["SourceContainer"].text
            if name is not None and name not in names:
                yield one.hit(f"takes volumes from {name}, and the task has {', '.join(names)}")


@rule("FS212", "error", cure="give it a HealthCheck", source="ECS API reference, ContainerDependency")
def healthy_without_check(reading: Reading) -> Iterator[Hit]:
    """A container waits for another to be healthy that has no health check."""
    for one, other, condition in _waits(reading):
        if condition == "HEALTHY" and other["HealthCheck"].absent:
            yield one.hit(f"waits for {other['Name'].text} to be HEALTHY, which has no health check")


@rule("FS213", "error", cure="give it Essential: false", source="ECS API reference, ContainerDependency")
def end_of_essential(reading: Reading) -> Iterator[Hit]:
    """A container waits for the end of an essential one, with which the whole task ends."""
    for one, other, condition in _waits(reading):
        if condition in ("COMPLETE", "SUCCESS") and (other["Essential"].absent or other["Essential"].true):
            yield one.hit(f"waits for {other['Name'].text} to be {condition}, which is essential")


@rule("FS214", "error", cure="take one step out", source="ECS API reference, ContainerDependency")
def dependency_ring(reading: Reading) -> Iterator[Hit]:
    """Containers wait for each other in a ring."""
    for task in reading.of("ECS::TaskDefinition"):
        graph = {
            part["Name"].text or "": [wait["ContainerName"].text or "" for wait in part["DependsOn"]]
            for part in task["ContainerDefinitions"]
        }
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            yield task.hit(f"its containers wait in a ring: {' → '.join(error.args[1])}")


@rule("FS215", "error", cure="leave one essential", source="ECS API reference, ContainerDefinition")
def nothing_essential(reading: Reading) -> Iterator[Hit]:
    """A task has no essential container."""
    for task in reading.of("ECS::TaskDefinition"):
        containers = task["ContainerDefinitions"]
        if containers.given and containers.whole and all(part["Essential"].false for part in containers):
            yield task.hit("none of its containers is essential")


@rule("FS216", "error", cure="split the task", source="ECS service quotas")
def too_many_containers(reading: Reading) -> Iterator[Hit]:
    """A task has more than ten containers."""
    for task in reading.of("ECS::TaskDefinition"):
        count = len(list(task["ContainerDefinitions"]))
        if count > 10:
            yield task.hit(f"it has {count} containers, and ECS takes 10")


@rule("FS217", "error", cure="give each its own", source="ECS API reference, ContainerDefinition")
def twins(reading: Reading) -> Iterator[Hit]:
    """Two containers or two volumes of a task have one name, or two containers listen on one port."""
    for task in reading.of("ECS::TaskDefinition"):
        for key, what in (("ContainerDefinitions", "containers"), ("Volumes", "volumes")):
            for name in _repeated([part["Name"].text for part in task[key]]):
                yield task.hit(f"two {what} are named {name}")
        if task in reading.fargate_tasks:
            ports = [
                f"{mapping['ContainerPort'].text}/{mapping['Protocol'].text or 'tcp'}"
                for part in task["ContainerDefinitions"]
                for mapping in part["PortMappings"]
                if mapping["ContainerPort"].text is not None and not mapping["Protocol"].unknown
            ]
            for port in _repeated(ports):
                yield task.hit(f"two port mappings are for {port}, and the containers share one network interface")


@rule("FS218", "warning", cure="give Family", source="CloudFormation user guide, AWS::ECS::TaskDefinition")
def no_family(reading: Reading) -> Iterator[Hit]:
    """A task definition has no family, so every update begins a new one at revision 1."""
    for task in reading.of("ECS::TaskDefinition"):
        if task["Family"].absent:
            yield task.hit("Family is not given, so revisions do not count on, and none can be rolled back to")


@rule(
    "FS219",
    "error",
    cure="give TransitEncryption: ENABLED, and no RootDirectory beside an access point",
    source="ECS API reference, EFSVolumeConfiguration",
)
def efs_authorization(reading: Reading) -> Iterator[Hit]:
    """An EFS volume is authorized by IAM or an access point, and not encrypted on its way, which ECS refuses."""
    for task in reading.of("ECS::TaskDefinition"):
        for volume in task["Volumes"]:
            efs = volume["EFSVolumeConfiguration"]
            authorized = efs.at("AuthorizationConfig.IAM").text == "ENABLED"
            point = efs.at("AuthorizationConfig.AccessPointId").given
            encryption, name = efs["TransitEncryption"], volume["Name"].text
            if (authorized or point) and (encryption.absent or encryption.text == "DISABLED"):
                yield task.hit(f"volume {name} has an AuthorizationConfig without TransitEncryption")
            if point and efs["RootDirectory"].text not in (None, "/"):
                yield task.hit(f"volume {name} has RootDirectory {efs['RootDirectory'].text} beside an access point")


@rule("FS220", "error", cure="leave one", source="ECS developer guide, Amazon EBS volumes")
def ebs_volumes(reading: Reading) -> Iterator[Hit]:
    """A task leaves open more than one EBS volume, and ECS attaches one."""
    for task in reading.of("ECS::TaskDefinition"):
        launched = [volume["Name"].text for volume in task["Volumes"] if volume["ConfiguredAtLaunch"].true]
        if len(launched) > 1:
            yield task.hit(f"{len(launched)} volumes are configured at launch: {', '.join(map(str, launched))}")


@rule("FS221", "error", cure="take letters, digits, - and _", source="ECS API reference, RegisterTaskDefinition")
def family_name(reading: Reading) -> Iterator[Hit]:
    """A task definition's family has characters that ECS refuses."""
    for task in reading.of("ECS::TaskDefinition"):
        family = task["Family"].text
        if family is not None and not _NAME.match(family):
            yield task.hit(f"Family is {family!r}")


def _units(part: Part) -> int | None:
    """CPU units, or MiB: the amount as ECS understands it; None where it is not told or none."""
    match = _AMOUNT.match(part.text or "")
    if match is None:
        return None
    if match[2]:
        return int(float(match[1]) * 1024)
    return int(match[1]) if match[1].isdigit() else None


def _waits(reading: Reading) -> Iterator[tuple[Container, Part, str | None]]:
    """Each container that waits, the one it waits for, and how far that must be."""
    for one in reading.containers:
        others = {part["Name"].text: part for part in one.task["ContainerDefinitions"]}
        for wait in one["DependsOn"]:
            name = wait["ContainerName"].text
            if name is not None and name in others:
                yield one, others[name], wait["Condition"].text


def _repeated(names: Sequence[str | None]) -> list[str]:
    return [name for name, count in Counter(names).items() if name is not None and count > 1]
