"""Whether a task, from where it runs, reaches what it needs to start and what it may call."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from fargate_stacks.checks.part import Part
from fargate_stacks.checks.reading import Container, Hit, Reading, Resource, rule

_ECR = re.compile(r"\.dkr\.ecr(-fips)?\.")
# the services whose calls a task makes, by the prefix of their IAM actions: what their endpoint is called
_ENDPOINT_OF = {
    "sqs": "sqs", "sns": "sns", "dynamodb": "dynamodb", "s3": "s3", "kms": "kms", "states": "states",
    "events": "events",
    "secretsmanager": "secretsmanager", "ssm": "ssm", "kinesis": "kinesis-streams", "firehose": "kinesis-firehose",
    "cloudwatch": "monitoring", "xray": "xray", "logs": "logs", "lambda": "lambda", "ecs": "ecs",
    "ssmmessages": "ssmmessages", "bedrock": "bedrock-runtime",
}  # fmt: skip


class _Network:
    """Subnets, their ways out, and the endpoints of their VPCs, over all stacks of an app."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.tables: dict[Resource, list[Resource]] = {}
        self.routes: dict[Resource, list[Resource]] = {}
        self.endpoints: list[tuple[set[Resource], str, set[Resource]]] = []
        for one in reading.of("EC2::SubnetRouteTableAssociation"):
            for subnet in reading.follow(one.stack, one["SubnetId"]):
                self.tables.setdefault(subnet, []).extend(reading.follow(one.stack, one["RouteTableId"]))
        for one in reading.of("EC2::Route"):
            if one["DestinationCidrBlock"].text == "0.0.0.0/0":
                for table in reading.follow(one.stack, one["RouteTableId"]):
                    self.routes.setdefault(table, []).append(one)
        for one in reading.of("EC2::VPCEndpoint"):
            service = json.dumps(one["ServiceName"].value, default=str).rstrip('"}]')
            gateway = set(reading.follow(one.stack, one["RouteTableIds"]))
            self.endpoints.append((set(reading.follow(one.stack, one["VpcId"])), service, gateway))

    def leads_out(self, subnet: Resource, *, public_address: bool) -> bool:
        routes = [route for table in self.tables[subnet] for route in self.routes.get(table, [])]
        # behind an internet gateway only what has a public address is answered
        return any(public_address or route["GatewayId"].absent for route in routes)

    def endpoint(self, subnet: Resource, service: str) -> bool:
        vpc = set(self.reading.follow(subnet.stack, subnet["VpcId"]))
        return any(
            where & vpc and name.endswith(f".{service}") and (not gateway or gateway.intersection(self.tables[subnet]))
            for where, name, gateway in self.endpoints
        )

    def shut_in(self, service: Resource) -> Resource | None:
        """A subnet of a service that leads nowhere; None when all lead out, or when one is not in the app."""
        network = service.part.at("NetworkConfiguration.AwsvpcConfiguration")
        subnets = self.reading.follow(service.stack, network["Subnets"])
        if not subnets or network["AssignPublicIp"].unknown or any(one not in self.tables for one in subnets):
            return None
        public = network["AssignPublicIp"].text == "ENABLED"
        return next((one for one in subnets if not self.leads_out(one, public_address=public)), None)


@rule("FS130", "error", cure="", source="ECS developer guide, task networking on Fargate")
def cannot_start(reading: Reading) -> Iterator[Hit]:
    """A task cannot start: from its subnets no way leads to its image, its secrets or its log."""
    network = _Network(reading)
    for service in reading.services:
        subnet, task = network.shut_in(service), reading.task_of(service)
        if subnet is None or task is None:
            continue
        for need, why in _needs(reading, service, task):
            if need is None:
                yield service.hit(f"{why}, and its subnets lead nowhere", *_CURE_IMAGE)
            elif not network.endpoint(subnet, need):
                yield service.hit(
                    f"{why}, and its subnets have neither a way out nor an endpoint of {need}", *_cure(need)
                )


@rule("FS131", "warning", cure="", source="VPC user guide, interface endpoints")
def cannot_call(reading: Reading) -> Iterator[Hit]:
    """A task may call a service of AWS to which no way leads from its subnets."""
    network = _Network(reading)
    for service in reading.services:
        subnet, task = network.shut_in(service), reading.task_of(service)
        if subnet is None or task is None:
            continue
        for called in _calls(reading, task):
            if called != "ssmmessages" and not network.endpoint(subnet, called):
                yield service.hit(
                    f"its task may call {called}, and its subnets have neither a way out nor an endpoint of it",
                    *_cure(called),
                )


_CURE_IMAGE = (
    "copy the image to ECR, or give the subnets a route to a NAT gateway",
    'copy the image to ECR, or give Vpc(nat="single")',
)


def _cure(service: str) -> tuple[str, str]:
    """The cure in CloudFormation's words, and in those of our constructs."""
    foreign = f"give a VPC endpoint of {service}, or a route to a NAT gateway"
    if service == "s3":
        return foreign, 'give Vpc(s3_endpoint=True), or Vpc(nat="single")'
    if service in ("ecr.api", "ecr.dkr", "logs", "secretsmanager", "ssm", "ssmmessages"):
        return foreign, 'give Vpc(endpoints="private-tasks"), or Vpc(nat="single")'
    return foreign, f'give Vpc(endpoints=Endpoints(also=["{service}"])), or Vpc(nat="single")'


def _needs(reading: Reading, service: Resource, task: Resource) -> Iterator[tuple[str | None, str]]:
    """Each endpoint that a task needs to start, and for what; no endpoint at all leads to another registry."""
    found: dict[str | None, str] = {}
    for part in task["ContainerDefinitions"]:
        one = Container(task, part)
        image = one["Image"]
        text = image.text
        if _ECR.search(text or json.dumps(image.value, default=str)) or any(
            "ECR::Repository" in kind for kind in _kinds(reading, task, image)
        ):
            for need in ("ecr.api", "ecr.dkr", "s3"):
                found.setdefault(need, f"{one.name} is pulled from ECR")
        elif text:
            found.setdefault(None, f"{one.name} is pulled from {_registry(text)}")
        if part.at("LogConfiguration.LogDriver").text == "awslogs":
            found.setdefault("logs", f"{one.name} logs to CloudWatch")
        for secret in part["Secrets"]:
            store = _store(reading, task, secret["ValueFrom"])
            found.setdefault(store, f"{one.name} reads the secret {secret['Name'].text}")
        if part["EnvironmentFiles"].given:
            found.setdefault("s3", f"{one.name} reads an environment file")
    if service["EnableExecuteCommand"].true:
        found.setdefault("ssmmessages", "it admits ECS Exec")
    yield from found.items()


def _kinds(reading: Reading, task: Resource, value: Part) -> list[str]:
    return [one.type for one in reading.follow(task.stack, value)]


def _store(reading: Reading, task: Resource, value: Part) -> str:
    named = ":ssm:" in json.dumps(value.value, default=str)
    return "ssm" if named or "AWS::SSM::Parameter" in _kinds(reading, task, value) else "secretsmanager"


def _registry(image: str) -> str:
    host, slash, _ = image.partition("/")
    return host if slash and re.search(r"[.:]|^localhost$", host) else "docker.io"


def _calls(reading: Reading, task: Resource) -> list[str]:
    """The services whose actions the task role allows, each once and in order."""
    found: dict[str, None] = {}
    role = reading.one(task.stack, task["TaskRoleArn"], "IAM::Role")
    for policy in reading.follow(role.stack, role["ManagedPolicyArns"]) if role is not None else ():
        for statement in policy.part.at("PolicyDocument.Statement"):
            actions = statement["Action"]
            for action in [actions] if isinstance(actions.value, str) else actions:
                service = _ENDPOINT_OF.get((action.text or "").partition(":")[0])
                if service is not None and statement["Effect"].text == "Allow":
                    found.setdefault(service)
    return list(found)
