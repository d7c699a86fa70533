"""Whether a task, from where it runs, reaches what it needs to start and what it may call."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from fargate_stacks.checks.finding import Templates
from fargate_stacks.checks.reading import Hit, referred, resources, services, task_of
from fargate_stacks.core.template import Template

_ECR = re.compile(r"\.dkr\.ecr(-fips)?\.")
# the services whose calls a task makes, by the prefix of their IAM actions: what their endpoint is called
_ENDPOINT_OF = {
    "sqs": "sqs", "sns": "sns", "dynamodb": "dynamodb", "s3": "s3", "kms": "kms", "states": "states",
    "events": "events",
    "secretsmanager": "secretsmanager", "ssm": "ssm", "kinesis": "kinesis-streams", "firehose": "kinesis-firehose",
    "cloudwatch": "monitoring", "xray": "xray", "logs": "logs", "lambda": "lambda", "ecs": "ecs",
    "ssmmessages": "ssmmessages", "bedrock": "bedrock-runtime",
}  # fmt: skip


class Node(NamedTuple):
    """One resource of one stack."""

    stack: str
    logical_id: str


class _Network:
    """Subnets, their ways out, and the endpoints of their VPCs, over all stacks of an app."""

    def __init__(self, templates: Templates) -> None:
        self.templates = templates
        self.exports = {
            output["Export"]["Name"]: (name, output["Value"])
            for name, template in templates.items()
            for output in template.outputs.values()
            if isinstance(output.get("Export", {}).get("Name"), str)
        }
        self.tables: dict[Node, set[Node]] = {}
        self.routes: dict[Node, list[Mapping[str, Any]]] = {}
        self.endpoints: list[tuple[set[Node], str, set[Node]]] = []
        for name, template in templates.items():
            for _, one in resources(template, "AWS::EC2::SubnetRouteTableAssociation"):
                for subnet in self.nodes(name, one.get("SubnetId")):
                    self.tables.setdefault(subnet, set()).update(self.nodes(name, one.get("RouteTableId")))
            for _, one in resources(template, "AWS::EC2::Route"):
                if one.get("DestinationCidrBlock") == "0.0.0.0/0":
                    for table in self.nodes(name, one.get("RouteTableId")):
                        self.routes.setdefault(table, []).append(one)
            for _, one in resources(template, "AWS::EC2::VPCEndpoint"):
                service = json.dumps(one.get("ServiceName", "")).rstrip('"}')
                gateway = set(self.nodes(name, one.get("RouteTableIds")))
                self.endpoints.append((set(self.nodes(name, one.get("VpcId"))), service, gateway))

    def nodes(self, stack: str, value: Any) -> Iterator[Node]:
        """What a value of a stack refers to, in whatever stack that lives."""
        template = self.templates[stack]
        for name in referred(value):
            if name in template.resources:
                yield Node(stack, name)
            elif name in template.references:
                producer, output, _ = template.references[name]
                if producer in self.templates and output in self.templates[producer].outputs:
                    yield from self.nodes(producer, self.templates[producer].outputs[output]["Value"])
        for name in _imports(value):
            if name in self.exports:
                yield from self.nodes(*self.exports[name])

    def leads_out(self, subnet: Node, *, public_address: bool) -> bool:
        routes = [route for table in self.tables[subnet] for route in self.routes.get(table, [])]
        # behind an internet gateway only what has a public address is answered
        return any(public_address or "GatewayId" not in route for route in routes)

    def endpoint(self, subnet: Node, service: str) -> bool:
        vpc = set(self.nodes(subnet.stack, self.properties(subnet).get("VpcId")))
        return any(
            where & vpc and name.endswith(f".{service}") and (not gateway or gateway & self.tables[subnet])
            for where, name, gateway in self.endpoints
        )

    def properties(self, node: Node) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.templates[node.stack].resources[node.logical_id].get("Properties", {})
        return found

    def shut_in(self, template: Template, service: Mapping[str, Any]) -> Node | None:
        """A subnet of a service that leads nowhere; None when all lead out, or when one is not in the app."""
        network = service.get("NetworkConfiguration", {}).get("AwsvpcConfiguration", {})
        subnets = list(self.nodes(template.name, network.get("Subnets")))
        if not subnets or any(one not in self.tables for one in subnets):
            return None
        public = network.get("AssignPublicIp") == "ENABLED"
        return next((one for one in subnets if not self.leads_out(one, public_address=public)), None)


def cannot_start(templates: Templates) -> Iterator[Hit]:
    """A task cannot start: from its subnets no way leads to its image, its secrets or its log."""
    network = _Network(templates)
    for template, logical_id, service in services(templates):
        subnet = network.shut_in(template, service)
        task = task_of(template, service)
        if subnet is None or task is None:
            continue
        for need, why in _needs(network, template, service, task):
            if need is None:
                yield Hit(template.name, logical_id, f"{why}, and its subnets lead nowhere; {_CURE_IMAGE}")
            elif not network.endpoint(subnet, need):
                yield Hit(
                    template.name,
                    logical_id,
                    f"{why}, and its subnets have neither a way out nor an endpoint of {need}; {_cure(need)}",
                )


def cannot_call(templates: Templates) -> Iterator[Hit]:
    """A task may call a service of AWS to which no way leads from its subnets."""
    network = _Network(templates)
    for template, logical_id, service in services(templates):
        subnet = network.shut_in(template, service)
        task = task_of(template, service)
        if subnet is None or task is None:
            continue
        for called in _calls(template, task):
            if called != "ssmmessages" and not network.endpoint(subnet, called):
                yield Hit(
                    template.name,
                    logical_id,
                    f"its task may call {called}, and its subnets have neither a way out nor an endpoint of it; "
                    f"{_cure(called)}",
                )


_CURE_IMAGE = 'copy the image to ECR, or give Vpc(nat="single")'


def _cure(service: str) -> str:
    if service == "s3":
        return 'give Vpc(s3_endpoint=True), or Vpc(nat="single")'
    if service in ("ecr.api", "ecr.dkr", "logs", "secretsmanager", "ssm", "ssmmessages"):
        return 'give Vpc(endpoints="private-tasks"), or Vpc(nat="single")'
    return f'give Vpc(endpoints=Endpoints(also=["{service}"])), or Vpc(nat="single")'


def _needs(
    network: _Network, template: Template, service: Mapping[str, Any], task: Mapping[str, Any]
) -> Iterator[tuple[str | None, str]]:
    """Each endpoint that a task needs to start, and for what; no endpoint at all leads to another registry."""
    found: dict[str | None, str] = {}
    for one in task.get("ContainerDefinitions", ()):
        name = f"container {one.get('Name')}"
        image = one.get("Image")
        text = image if isinstance(image, str) else json.dumps(image)
        if _ECR.search(text) or any("ECR::Repository" in kind for kind in _kinds(network, template, image)):
            for need in ("ecr.api", "ecr.dkr", "s3"):
                found.setdefault(need, f"{name} is pulled from ECR")
        elif isinstance(image, str):
            found.setdefault(None, f"{name} is pulled from {_registry(image)}")
        if one.get("LogConfiguration", {}).get("LogDriver") == "awslogs":
            found.setdefault("logs", f"{name} logs to CloudWatch")
        for secret in one.get("Secrets", ()):
            found.setdefault(
                _store(network, template, secret.get("ValueFrom")), f"{name} reads the secret {secret.get('Name')}"
            )
        if one.get("EnvironmentFiles"):
            found.setdefault("s3", f"{name} reads an environment file")
    if service.get("EnableExecuteCommand") is True:
        found.setdefault("ssmmessages", "it admits ECS Exec")
    yield from found.items()


def _kinds(network: _Network, template: Template, value: Any) -> list[str]:
    nodes = network.nodes(template.name, value)
    return [network.templates[one.stack].resources[one.logical_id]["Type"] for one in nodes]


def _store(network: _Network, template: Template, value: Any) -> str:
    parameter = ":ssm:" in json.dumps(value) or "AWS::SSM::Parameter" in _kinds(network, template, value)
    return "ssm" if parameter else "secretsmanager"


def _registry(image: str) -> str:
    host, slash, _ = image.partition("/")
    return host if slash and re.search(r"[.:]|^localhost$", host) else "docker.io"


def _calls(template: Template, task: Mapping[str, Any]) -> list[str]:
    """The services whose actions the task role allows, each once and in order."""
    found: dict[str, None] = {}
    for role in referred(task.get("TaskRoleArn")):
        attached = template.resources.get(role, {}).get("Properties", {}).get("ManagedPolicyArns", ())
        for policy in referred(list(attached)):
            document = template.resources.get(policy, {}).get("Properties", {}).get("PolicyDocument", {})
            for statement in document.get("Statement", ()):
                actions = statement.get("Action", ())
                for action in [actions] if isinstance(actions, str) else actions:
                    service = _ENDPOINT_OF.get(action.partition(":")[0])
                    if service is not None and statement.get("Effect") == "Allow":
                        found.setdefault(service)
    return list(found)


def _imports(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, one in value.items():
            if key == "Fn::ImportValue" and isinstance(one, str):
                yield one
            else:
                yield from _imports(one)
    elif isinstance(value, list):
        for one in value:
            yield from _imports(one)
