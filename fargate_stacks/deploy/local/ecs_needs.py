"""What a Fargate task needs before its containers run, and what ECS says where it is not there.

The order is that of Fargate's platform: secrets and registry credentials, the log stream, the image, the file
systems. The words are those of the pages "ResourceInitializationError" and "CannotPullContainerError" of the ECS
developer guide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Any, NamedTuple

from ministack.core.responses import get_account_id, get_region
from ministack.services import cloudwatch_logs, ec2, efs, secretsmanager, ssm

from fargate_stacks.deploy.local.roles import allows

Props = Mapping[str, Any]

_ASM = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
    "unable to retrieve secret from asm: service call has been retried {tries} time(s): "
)
_SSM = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
    "unable to retrieve secrets from ssm: service call has been retried {tries} time(s): "
)
_LOGS = "ResourceInitializationError: failed to validate logger args: "
_TIMEOUT = 'RequestError: send request failed caused by: Post "https://{host}/": dial tcp {address}:443: i/o timeout'


class Image(NamedTuple):
    """An image's name, taken apart."""

    registry: str
    repository: str
    tag: str

    @property
    def ref(self) -> str:
        return f"{self.registry}/{self.repository}{'' if self.tag.startswith('@') else ':'}{self.tag}"

    @property
    def private(self) -> bool:
        """Whether it is in a private ECR registry."""
        return ".dkr.ecr." in self.registry


def image(text: str) -> Image:
    """Take an image's name apart as containerd does: Docker Hub and `latest` are what goes without saying."""
    name, at, digest = text.partition("@")
    first, slash, rest = name.partition("/")
    if not slash or not ("." in first or ":" in first or first == "localhost"):
        first, rest = "docker.io", name if slash else f"library/{name}"
    repository, colon, tag = rest.partition(":")
    return Image(first, repository, at + digest if at else tag if colon else "latest")


class Network(NamedTuple):
    """Where a task's interface is."""

    subnet: str
    groups: tuple[str, ...]
    public: bool

    def reaches(self, service: str) -> bool:
        """Tell whether an API of this region (`ecr.api`, `logs`) can be called from here."""
        return self.leads_out() or self._endpoint(service)

    def leads_out(self) -> bool:
        """Tell whether the subnet's default route and the groups let HTTPS out to the internet."""
        return _lets_https_out(self.groups) and self._default_route()

    def _default_route(self) -> bool:
        place = ec2._subnets.get(self.subnet)
        if place is None:
            return False
        if place.get("DefaultForAz"):
            # a default subnet's way out is not among the emulator's routes
            return self.public
        for route in self._table().get("Routes", ()):
            if route.get("DestinationCidrBlock") != "0.0.0.0/0":
                continue
            if route.get("GatewayId", "").startswith("igw-"):
                return self.public
            nat = route.get("NatGatewayId")
            return nat is None or ec2._nat_gateways.get(nat, {}).get("State") == "available"
        return False

    def faces_the_internet(self) -> bool:
        """Tell whether the subnet's default route leads to an internet gateway."""
        place = ec2._subnets.get(self.subnet)
        if place is None or place.get("DefaultForAz"):
            return place is not None
        routes = self._table().get("Routes", ())
        return any(
            one.get("DestinationCidrBlock") == "0.0.0.0/0" and one.get("GatewayId", "").startswith("igw-")
            for one in routes
        )

    def _table(self) -> Props:
        vpc = ec2._subnets[self.subnet].get("VpcId")
        main: Props = {}
        for table in ec2._route_tables.values():
            for one in table["Associations"]:
                if one.get("SubnetId") == self.subnet:
                    found: Props = table
                    return found
                if one.get("Main") and table["VpcId"] == vpc:
                    main = table
        return main

    def _endpoint(self, service: str) -> bool:
        place = ec2._subnets.get(self.subnet, {})
        for one in ec2._vpc_endpoints.values():
            if one["VpcId"] != place.get("VpcId") or not one["ServiceName"].endswith(f".{get_region()}.{service}"):
                continue
            if one["VpcEndpointType"] == "Gateway":
                return self._table().get("RouteTableId") in one.get("RouteTableIds", ())
            return _lets_https_out(self.groups)
        return False


def _lets_https_out(groups: tuple[str, ...]) -> bool:
    """Tell whether one of the groups has a rule for 443; ECS takes the VPC's default group where none is given."""
    known = [ec2._security_groups[group] for group in groups if group in ec2._security_groups]
    if not known:
        return not groups
    for group in known:
        for rule in group["IpPermissionsEgress"]:
            if rule["IpProtocol"] == "-1":
                return True
            if rule["IpProtocol"] in ("tcp", "6") and int(rule["FromPort"]) <= 443 <= int(rule["ToPort"]):
                return True
    return False


def problem(definition: Props, network: Network, task_id: str) -> str:
    """Say why a task cannot start, in ECS's words; empty when it can."""
    return next(_problems(definition, network, task_id), "")


def _problems(definition: Props, network: Network, task_id: str) -> Iterator[str]:
    containers = definition["containerDefinitions"]
    words = {"address": address(network.subnet), "role": definition.get("executionRoleArn", "")}
    for container in containers:
        for secret in container.get("secrets", ()):
            yield from _secret(secret["valueFrom"], network, words, task_id)
        credentials = container.get("repositoryCredentials", {}).get("credentialsParameter")
        if credentials:
            yield from _secret(credentials, network, words, task_id)
    for container in containers:
        yield from _registry(image(container["image"]), network, words, task_id)
    for container in containers:
        logs = container.get("logConfiguration", {})
        if logs.get("logDriver") == "awslogs":
            yield from _stream(logs.get("options", {}), network, words, task_id)
    for container in containers:
        yield from _pull(image(container["image"]), network, words)
    for volume in definition.get("volumes", ()):
        if "efsVolumeConfiguration" in volume:
            yield from _mount(volume["efsVolumeConfiguration"]["fileSystemId"], network)


def _secret(value: str, network: Network, words: Props, task_id: str) -> Iterator[str]:
    if ":secretsmanager:" in value:
        arn = ":".join(value.split(":")[:7])
        start = _ASM + f"failed to fetch secret {arn} from secrets manager: "
        if not network.reaches("secretsmanager"):
            host = f"secretsmanager.{get_region()}.amazonaws.com"
            yield start.format(tries=5) + _TIMEOUT.format(host=host, **words)
        elif secretsmanager._resolve(arn)[1] is None:
            yield start.format(tries=1) + "ResourceNotFoundException: Secrets Manager can't find the specified secret."
        else:
            full = secretsmanager._resolve(arn)[1]["ARN"]
            yield from _denied(start.format(tries=1), words["role"], "secretsmanager:GetSecretValue", full, task_id)
        return
    name = value.partition(":parameter")[2] if value.startswith("arn:") else value
    if not network.reaches("ssm"):
        yield _SSM.format(tries=5) + _TIMEOUT.format(host=f"ssm.{get_region()}.amazonaws.com", **words)
    elif ssm._lookup_parameter(value, flexible_name=True)[1] is None:
        yield _SSM.format(tries=1) + f"invalid ssm parameters: {name}"
    else:
        arn = f"arn:aws:ssm:{get_region()}:{get_account_id()}:parameter/{name.removeprefix('/')}"
        yield from _denied(_SSM.format(tries=1), words["role"], "ssm:GetParameters", arn, task_id)


def _registry(found: Image, network: Network, words: Props, task_id: str) -> Iterator[str]:
    if not found.private:
        return
    start = (
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
        "unable to retrieve ecr registry auth: service call has been retried "
    )
    if not network.reaches("ecr.api"):
        host = f"api.ecr.{get_region()}.amazonaws.com"
        yield (
            f"{start}3 time(s): "
            + _TIMEOUT.format(host=host, **words)
            + ". Please check your task network configuration."
        )
    else:
        yield from _denied(f"{start}1 time(s): ", words["role"], "ecr:GetAuthorizationToken", "*", task_id)


def _stream(options: Props, network: Network, words: Props, task_id: str) -> Iterator[str]:
    group = options.get("awslogs-group", "")
    if not network.reaches("logs"):
        yield (
            f"{_LOGS}The task cannot find the Amazon CloudWatch log group defined in the task definition. There is a "
            "connection issue between the task and Amazon CloudWatch. Check your network configuration. : "
            "signal: killed"
        )
        return
    start = f"{_LOGS}create stream has been retried 1 times: failed to create Cloudwatch log stream: "
    arn = f"arn:aws:logs:{get_region()}:{get_account_id()}:log-group:{group}"
    if group not in cloudwatch_logs._log_groups:
        if options.get("awslogs-create-group") != "true":
            yield f"{start}ResourceNotFoundException: The specified log group does not exist. : exit status 1"
            return
        yield from _denied(start, words["role"], "logs:CreateLogGroup", f"{arn}:log-stream:", task_id)
    yield from _denied(start, words["role"], "logs:CreateLogStream", f"{arn}:log-stream:", task_id)


def _pull(found: Image, network: Network, words: Props) -> Iterator[str]:
    if network.leads_out() or (found.private and network.reaches("ecr.dkr") and network.reaches("s3")):
        return
    host = "registry-1.docker.io" if found.registry == "docker.io" else found.registry
    yield (
        f"CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref {found.ref}: "
        f'failed to do request: Head "https://{host}/v2/{found.repository}/manifests/{found.tag.lstrip("@")}": '
        f"dial tcp {words['address']}:443: i/o timeout"
    )


def _mount(system: str, network: Network) -> Iterator[str]:
    place = ec2._subnets.get(network.subnet, {})
    for target in efs._mount_targets.values():
        other = ec2._subnets.get(target["SubnetId"], {})
        if target["FileSystemId"] == system and other.get("AvailabilityZone") == place.get("AvailabilityZone"):
            return
    yield (
        "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: Failed to "
        f'resolve "{system}.efs.{get_region()}.amazonaws.com" - check that your file system ID is correct, and ensure '
        "that the VPC has an EFS mount target for this file system ID."
    )


def _denied(start: str, role: str, action: str, resource: str, task_id: str) -> Iterator[str]:
    if not allows(role, action, resource):
        user = f"arn:aws:sts::{get_account_id()}:assumed-role/{role.rpartition('/')[2]}/{task_id}"
        yield (
            f"{start}AccessDeniedException: User: {user} is not authorized to perform: {action} on resource: "
            f"{resource} because no identity-based policy allows the {action} action"
        )


def address(subnet: str) -> str:
    """Give an address outside the VPC to which nothing could be sent; the same for a subnet."""
    return f"52.94.{sum(subnet.encode()) % 250}.11"


def addresses(subnet: str) -> Iterator[str]:
    """Give the free addresses of a subnet; AWS keeps the first four and the last."""
    network = ip_network(ec2._subnets.get(subnet, {}).get("CidrBlock", "10.255.0.0/24"))
    for number in range(4, network.num_addresses - 1):
        yield str(network[number])
