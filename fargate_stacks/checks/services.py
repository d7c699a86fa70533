"""Rules about services: settings that exclude, undo or deadlock each other."""

from __future__ import annotations

from collections.abc import Iterator

from fargate_stacks.checks.reading import Hit, Reading, rolling, rule, windows
from fargate_stacks.constructs.sizes import PLATFORM_VERSIONS


@rule("FS104", "warning", cure="give up one of the two", source="aws/containers-roadmap#2824")
def exec_with_read_only_root(reading: Reading) -> Iterator[Hit]:
    """ECS Exec is on for a container whose root is read-only, which AWS does not support."""
    for service in reading.services:
        task = reading.task_of(service)
        if task is None or not service["EnableExecuteCommand"].true:
            continue
        for one in task["ContainerDefinitions"]:
            if one["ReadonlyRootFilesystem"].true:
                yield service.hit(
                    f"ECS Exec cannot open a session in container {one['Name'].text}, whose root file system is "
                    "read-only (aws/containers-roadmap#2824)"
                )


@rule("FS317", "error", cure="give the task definition a TaskRoleArn", source="ECS developer guide, ECS Exec")
def exec_without_task_role(reading: Reading) -> Iterator[Hit]:
    """ECS Exec is on for a task without a task role, which ECS refuses."""
    for service in reading.services:
        task = reading.task_of(service)
        if task is not None and service["EnableExecuteCommand"].true and task["TaskRoleArn"].absent:
            yield service.hit(f"ECS Exec is on, and {task.logical_id} has no TaskRoleArn to open its channels with")


@rule("FS105", "error", cure="leave it out", source="aws/aws-cdk#3919, #5215")
def count_beside_scaling(reading: Reading) -> Iterator[Hit]:
    """A service has a DesiredCount and a scaling target: each deployment undoes what scaling decided."""
    scaled = {
        one.key
        for target in reading.of("ApplicationAutoScaling::ScalableTarget")
        if target["ScalableDimension"].text == "ecs:service:DesiredCount"
        for one in reading.follow(target.stack, target["ResourceId"])
    }
    for service in reading.services:
        count = service["DesiredCount"]
        # a parameter is a count too, but not what a condition may take away or a function of the user's may follow
        told = count.given and "Fn::If" not in str(count.value) and not reading.follow(service.stack, count)
        if service.key in scaled and told:
            said = "DesiredCount" if count.text is None else f"DesiredCount {count.text}"
            yield service.hit(f"{said} stands beside a scaling target, so each deployment undoes what scaling decided")


@rule("FS110", "error", cure="leave LaunchType out", source="ECS API reference, CreateService")
def launch_type_and_strategy(reading: Reading) -> Iterator[Hit]:
    """A service has a LaunchType and a CapacityProviderStrategy, which ECS refuses together."""
    for service in reading.services:
        launch, strategy = service["LaunchType"], service["CapacityProviderStrategy"]
        if launch.given and not launch.unknown and strategy.given and not strategy.unknown:
            yield service.hit("LaunchType and CapacityProviderStrategy exclude each other")


@rule("FS111", "error", cure="lower the first or raise the second", source="ECS API reference, DeploymentConfiguration")
def deployment_deadlock(reading: Reading) -> Iterator[Hit]:
    """A rolling deployment may neither stop a task nor start one more, so it never ends."""
    for service in reading.services:
        settings = service["DeploymentConfiguration"]
        lowest, highest = settings["MinimumHealthyPercent"], settings["MaximumPercent"]
        low = 100 if lowest.absent else lowest.number
        high = 200 if highest.absent else highest.number
        if rolling(service) and low is not None and high is not None and low >= 100 and high <= 100:
            yield service.hit(
                f"with MinimumHealthyPercent {low:g} and MaximumPercent {high:g} a deployment may neither stop a task "
                "nor start one"
            )


@rule("FS112", "error", cure="", source="ECS API reference, LoadBalancer")
def unknown_target(reading: Reading) -> Iterator[Hit]:
    """A load balancer sends to a container or port that the task does not have."""
    for service in reading.services:
        task = reading.task_of(service)
        names = None if task is None else task["ContainerDefinitions"].names("Name")
        if task is None or names is None:
            continue
        ports = {one["Name"].text: one["PortMappings"].names("ContainerPort") for one in task["ContainerDefinitions"]}
        for target in service["LoadBalancers"]:
            name, port = target["ContainerName"].text, target["ContainerPort"].text
            if name is None:
                continue
            if name not in ports:
                yield service.hit(f"the load balancer sends to container {name}; the task has {', '.join(names)}")
                continue
            mapped = ports[name]
            if port is not None and mapped is not None and port not in mapped:
                known = ", ".join(mapped) or "none"
                yield service.hit(f"the load balancer sends to port {port} of container {name}, which maps {known}")


@rule("FS115", "warning", cure="enable it", source="ECS developer guide, deployment circuit breaker")
def no_circuit_breaker(reading: Reading) -> Iterator[Hit]:
    """A rolling deployment has no circuit breaker: one that cannot succeed goes on for hours."""
    for service in reading.services:
        breaker = service.part.at("DeploymentConfiguration.DeploymentCircuitBreaker.Enable")
        if rolling(service) and (breaker.absent or breaker.false):
            yield service.hit(
                "there is no deployment circuit breaker, so a deployment whose tasks cannot start goes on for up to "
                "three hours"
            )


@rule("FS301", "error", cure="leave it out", source="ECS developer guide, task placement")
def placement(reading: Reading) -> Iterator[Hit]:
    """A Fargate service chooses where tasks are placed, and there are no instances to choose from."""
    for service in reading.fargate_services:
        for key in ("PlacementStrategies", "PlacementConstraints"):
            if service[key].given and not service[key].unknown:
                yield service.hit(f"{key} is refused on Fargate, which has no instances to choose from")


@rule("FS302", "error", cure="use REPLICA", source="ECS API reference, CreateService")
def daemon(reading: Reading) -> Iterator[Hit]:
    """A Fargate service is a daemon, one task an instance, and there are no instances."""
    for service in reading.fargate_services:
        if service["SchedulingStrategy"].text == "DAEMON":
            yield service.hit("SchedulingStrategy DAEMON is refused on Fargate")


@rule("FS303", "error", cure="give NetworkConfiguration", source="ECS API reference, NetworkConfiguration")
def no_network(reading: Reading) -> Iterator[Hit]:
    """A Fargate service does not say in which subnets its tasks run."""
    for service in reading.fargate_services:
        if not service.part.at("NetworkConfiguration.AwsvpcConfiguration.Subnets").given:
            yield service.hit("there are no subnets under NetworkConfiguration.AwsvpcConfiguration")


@rule(
    "FS304",
    "error",
    cure="add FARGATE to its RequiresCompatibilities",
    source="ECS API reference, RegisterTaskDefinition",
)
def not_for_fargate(reading: Reading) -> Iterator[Hit]:
    """A service runs a task definition on Fargate that was registered for other instances."""
    for service in reading.fargate_services:
        task = reading.task_of(service)
        if task is None:
            continue
        wanted = task["RequiresCompatibilities"]
        if wanted.given and wanted.whole and "FARGATE" not in [one.text for one in wanted]:
            listed = ", ".join(str(one.text) for one in wanted)
            yield service.hit(f"{task.logical_id} is registered for {listed}, and the service runs it on Fargate")


@rule("FS305", "error", cure="leave it out for LATEST", source="ECS developer guide, Fargate platform versions")
def platform_version(reading: Reading) -> Iterator[Hit]:
    """A service asks for a platform version that Fargate does not have."""
    for service in reading.fargate_services:
        version = service["PlatformVersion"].text
        task = reading.task_of(service)
        known = ("LATEST", "1.0.0") if task is not None and windows(task) else PLATFORM_VERSIONS
        if version is not None and version not in known:
            yield service.hit(f"PlatformVersion {version} does not exist; there are {', '.join(known)}")


@rule("FS306", "error", cure="leave it out", source="ECS API reference, CreateService")
def grace_without_load_balancer(reading: Reading) -> Iterator[Hit]:
    """A service has a grace period for load-balancer checks and no load balancer, which ECS refuses."""
    for service in reading.services:
        grace = service["HealthCheckGracePeriodSeconds"]
        fronts = ("LoadBalancers", "VpcLatticeConfigurations", "GatewayConnectors")
        if (grace.number or 0) > 0 and all(service[key].value in ([], None) or service[key].absent for key in fronts):
            yield service.hit(f"HealthCheckGracePeriodSeconds {grace.text} is for load-balancer checks; there are none")


@rule(
    "FS307",
    "info",
    cure="give HealthCheckGracePeriodSeconds",
    option="give grace=",
    source="ECS API reference, CreateService",
)
def no_grace(reading: Reading) -> Iterator[Hit]:
    """A service behind a load balancer has no grace period: a slow start is killed in a loop."""
    for service in reading.services:
        grace = service["HealthCheckGracePeriodSeconds"]
        if service["LoadBalancers"].given and (grace.absent or grace.number == 0):
            yield service.hit("tasks that fail the load balancer's checks while they start are killed, over and over")


@rule("FS308", "error", cure="name a port mapping so", source="ECS API reference, ServiceConnectService")
def unknown_port_name(reading: Reading) -> Iterator[Hit]:
    """Service Connect names a port that no container of the task maps."""
    for service in reading.services:
        task = reading.task_of(service)
        if task is None or not task["ContainerDefinitions"].whole:
            continue
        lists = [one["PortMappings"].names("Name") for one in task["ContainerDefinitions"]]
        if None in lists:
            continue
        known = [name for names in lists for name in names or ()]
        for where, key in (
            ("ServiceConnectConfiguration.Services", "Service Connect"),
            ("GatewayConnectors", "gateway"),
        ):
            for one in service.part.at(where):
                name = one["PortName"].text
                if name is not None and name not in known:
                    listed = ", ".join(known) or "none with a name"
                    yield service.hit(f"the {key} port {name} is not mapped by the task, which has {listed}")


@rule("FS309", "error", cure="give Namespace", source="ECS API reference, ServiceConnectConfiguration")
def no_namespace(reading: Reading) -> Iterator[Hit]:
    """Service Connect is on, and neither the service nor its cluster names a namespace."""
    for service in reading.services:
        connect = service["ServiceConnectConfiguration"]
        cluster = reading.one(service.stack, service["Cluster"], "ECS::Cluster")
        if not connect["Enabled"].true or connect["Namespace"].given or cluster is None:
            continue
        if cluster["ServiceConnectDefaults"].absent:
            yield service.hit(f"Service Connect is on without a Namespace, and {cluster.logical_id} has no default")


@rule("FS310", "error", cure="give LogConfiguration", source="ECS API reference, ServiceConnectAccessLogConfiguration")
def connect_access_log(reading: Reading) -> Iterator[Hit]:
    """Service Connect keeps access logs, and has no log configuration to write them with."""
    for service in reading.services:
        connect = service["ServiceConnectConfiguration"]
        if connect["AccessLogConfiguration"].given and connect["LogConfiguration"].absent:
            yield service.hit("AccessLogConfiguration needs a LogConfiguration beside it")


@rule(
    "FS311",
    "error",
    cure="raise MaximumPercent, or give DISABLED",
    source="ECS developer guide, Availability Zone rebalancing",
)
def rebalancing_without_room(reading: Reading) -> Iterator[Hit]:
    """Tasks are to be rebalanced between zones, and none may be started beyond the count."""
    for service in reading.services:
        most = service.part.at("DeploymentConfiguration.MaximumPercent").number
        if service["AvailabilityZoneRebalancing"].text == "ENABLED" and most is not None and most <= 100:
            yield service.hit(f"AvailabilityZoneRebalancing needs MaximumPercent above 100, got {most:g}")


@rule("FS312", "error", cure="give the same name on both sides", source="ECS API reference, ServiceVolumeConfiguration")
def volume_not_configured(reading: Reading) -> Iterator[Hit]:
    """A service configures an EBS volume that its task does not leave open, or leaves one open unconfigured."""
    for service in reading.services:
        task = reading.task_of(service)
        configured = service["VolumeConfigurations"].names("Name")
        if task is None or configured is None or not task["Volumes"].whole:
            continue
        volumes = {one["Name"].text: one["ConfiguredAtLaunch"] for one in task["Volumes"]}
        if any(part.unknown for part in volumes.values()) or None in volumes:
            continue
        launched = [name for name, part in volumes.items() if part.true]
        for name in configured:
            if name not in launched:
                what = "has no ConfiguredAtLaunch: true" if name in volumes else "is not a volume of the task"
                yield service.hit(f"VolumeConfigurations names {name}, which {what}")
        for left in launched:
            if left not in configured:
                yield service.hit(f"the task's volume {left} is configured at launch, and the service does not do so")
