"""Rules about container definitions on Fargate: what is refused there, and what is misspelt."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from fargate_stacks.checks.reading import Hit, Reading, rule

_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}\Z")
_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./:@-]{0,254}\Z")
_REFUSED = (
    "Links", "ExtraHosts", "DnsServers", "DnsSearchDomains", "DockerSecurityOptions", "DisableNetworking", "Hostname",
    "LinuxParameters.Devices", "LinuxParameters.SharedMemorySize", "LinuxParameters.Swappiness",
    "LinuxParameters.MaxSwap",
)  # fmt: skip
_LOG_DRIVERS = ("awslogs", "splunk", "awsfirelens")
_CHECK = (("Interval", 5, 300), ("Timeout", 2, 60), ("Retries", 1, 10), ("StartPeriod", 0, 300))


@rule("FS240", "error", cure="leave it out", source="ECS API reference, ContainerDefinition")
def privileged(reading: Reading) -> Iterator[Hit]:
    """A container is privileged, which Fargate refuses."""
    for one in reading.fargate_containers:
        if one["Privileged"].true:
            yield one.hit("is Privileged")


@rule("FS241", "error", cure="add SYS_PTRACE at most", source="ECS API reference, KernelCapabilities")
def added_capabilities(reading: Reading) -> Iterator[Hit]:
    """A container adds a kernel capability that Fargate refuses."""
    for one in reading.fargate_containers:
        added = [part.text for part in one.part.at("LinuxParameters.Capabilities.Add")]
        wrong = [name for name in added if name is not None and name != "SYS_PTRACE"]
        if wrong:
            yield one.hit(f"adds {', '.join(wrong)}")


@rule("FS242", "error", cure="leave it out", source="ECS API reference, ContainerDefinition")
def refused_on_fargate(reading: Reading) -> Iterator[Hit]:
    """A container has an option that Fargate refuses."""
    for one in reading.fargate_containers:
        for path in _REFUSED:
            part = one.part.at(path)
            if part.given and not part.unknown and not part.false:
                yield one.hit(f"has {path.rpartition('.')[2]}, which Fargate refuses")
        for need in one["ResourceRequirements"]:
            if need["Type"].text in ("GPU", "NeuronDevice", "InferenceAccelerator"):
                yield one.hit(f"asks for a {need['Type'].text}, and Fargate has none")


@rule("FS243", "error", cure="give 2 to 120 seconds", source="ECS API reference, ContainerDefinition")
def stop_timeout(reading: Reading) -> Iterator[Hit]:
    """A container takes longer to stop, or to start, than Fargate waits."""
    for one in reading.fargate_containers:
        for key in ("StopTimeout", "StartTimeout"):
            seconds = one[key].number
            if seconds is not None and not (2 if key == "StartTimeout" else 0) <= seconds <= 120:
                yield one.hit(f"has {key} {seconds:g}, and Fargate waits for 120 seconds at most")


@rule(
    "FS244",
    "error",
    cure="take up to 255 letters, digits, - and _",
    source="ECS API reference, ContainerDefinition",
)
def container_name(reading: Reading) -> Iterator[Hit]:
    """A container has no name, or one that ECS refuses."""
    for one in reading.containers:
        name = "" if one["Name"].absent else one["Name"].text
        if name is not None and not _NAME.match(name):
            yield one.task.hit(f"a container is named {name!r}" if name else "a container has no name")


@rule("FS245", "error", cure="give one like registry/name:tag", source="ECS API reference, ContainerDefinition")
def no_image(reading: Reading) -> Iterator[Hit]:
    """A container has no image, or text that names none."""
    for one in reading.containers:
        image = "" if one["Image"].absent else one["Image"].text
        if image is not None and not _IMAGE.match(image):
            yield one.hit(f"has the image {image!r}" if image else "has no image")


@rule("FS246", "error", cure="leave HostPort out", source="ECS API reference, PortMapping")
def host_port(reading: Reading) -> Iterator[Hit]:
    """A container's port is another on its host, and on Fargate both are one."""
    for one in reading.fargate_containers:
        for mapping in one["PortMappings"]:
            host, port = mapping["HostPort"].number, mapping["ContainerPort"].number
            if host is not None and port is not None and host not in (port, 0):
                yield one.hit(f"maps port {port:g} to {host:g} of its host")


@rule("FS247", "error", cure="give awslogs, splunk or awsfirelens", source="ECS API reference, LogConfiguration")
def log_driver(reading: Reading) -> Iterator[Hit]:
    """A container logs by a driver that Fargate does not have."""
    for one in reading.fargate_containers:
        driver = one.part.at("LogConfiguration.LogDriver").text
        if driver is not None and driver not in _LOG_DRIVERS:
            yield one.hit(f"logs by {driver}")


@rule("FS248", "error", cure="add a container with a FirelensConfiguration", source="ECS developer guide, FireLens")
def no_log_router(reading: Reading) -> Iterator[Hit]:
    """A container logs by awsfirelens, and its task has no log router."""
    for task in reading.of("ECS::TaskDefinition"):
        containers = task["ContainerDefinitions"]
        if containers.whole and all(part["FirelensConfiguration"].absent for part in containers):
            for one in reading.containers:
                if one.task is task and one.part.at("LogConfiguration.LogDriver").text == "awsfirelens":
                    yield one.hit("logs by awsfirelens, and no container of the task is a log router")


@rule("FS249", "error", cure="give file, and build the file into the image", source="ECS developer guide, FireLens")
def router_configuration(reading: Reading) -> Iterator[Hit]:
    """A log router reads its configuration from S3, which Fargate does not support."""
    for one in reading.fargate_containers:
        if one.part.at("FirelensConfiguration.Options.config-file-type").text == "s3":
            yield one.hit("has config-file-type s3")


@rule("FS250", "error", cure="give each its own name", source="ECS API reference, Secret")
def variable_twice(reading: Reading) -> Iterator[Hit]:
    """A container sets one environment variable twice, or both in plain text and as a secret."""
    for one in reading.containers:
        names = [part["Name"].text for key in ("Environment", "Secrets") for part in one[key]]
        for name, count in Counter(names).items():
            if name is not None and count > 1:
                yield one.hit(f"sets {name} twice")


@rule("FS251", "error", cure="begin it with CMD or CMD-SHELL", source="ECS API reference, HealthCheck")
def health_check_command(reading: Reading) -> Iterator[Hit]:
    """A health check's command does not begin with CMD or CMD-SHELL, so it never passes."""
    for one in reading.containers:
        command = one.part.at("HealthCheck.Command")
        words = [part.text for part in command]
        if command.given and command.whole and words[:1] != [None]:
            if words[0] not in ("CMD", "CMD-SHELL", "NONE"):
                yield one.hit(f"checks its health by {words[0]}")
            elif len(words) < 2 and words[0] != "NONE":
                yield one.hit(f"checks its health by {words[0]} and no command", "give a command")


@rule("FS252", "error", cure="choose a number in that range", source="ECS API reference, HealthCheck")
def health_check_times(reading: Reading) -> Iterator[Hit]:
    """A health check's times or retries are out of range."""
    for one in reading.containers:
        for key, low, high in _CHECK:
            number = one.part.at(f"HealthCheck.{key}").number
            if number is not None and not low <= number <= high:
                yield one.hit(f"has HealthCheck.{key} {number:g}, and ECS takes {low} to {high}")


@rule(
    "FS253", "error", cure="lower MemoryReservation, or raise Memory", source="ECS API reference, ContainerDefinition"
)
def reservation_above_limit(reading: Reading) -> Iterator[Hit]:
    """A container reserves more memory than it may use."""
    for one in reading.containers:
        limit, reserved = one["Memory"].number, one["MemoryReservation"].number
        if limit is not None and reserved is not None and reserved > limit:
            yield one.hit(f"has MemoryReservation {reserved:g} above Memory {limit:g}")


@rule("FS254", "error", cure="write letters, digits and _", source="POSIX, environment variables")
def variable_name(reading: Reading) -> Iterator[Hit]:
    """An environment variable has no name, or one that holds = or a space."""
    for one in reading.containers:
        for key in ("Environment", "Secrets"):
            for part in one[key]:
                name = "" if part["Name"].absent else part["Name"].text
                if name is not None and (not name or re.search(r"[=\s\0]", name)):
                    yield one.hit(f"has a variable named {name!r}")
