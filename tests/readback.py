"""What a deployed template has become, read back through the services' own APIs and held against what it says.

    assert Deployed(cloud, templates).differences() == []

Each comparison is between a property of the template, its references resolved to physical ids, and what the service
that owns the resource describes. What cannot be known from the template (an ARN that a service made up) matches
anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fargate_stacks import Template
from tests import readers
from tests.localcloud import Cloud


class Anything:
    """Equal to whatever it is compared with."""

    def __repr__(self) -> str:
        return "(anything)"


ANY = Anything()


class Deployed:
    """The stacks of an app in one account of the local cloud."""

    def __init__(
        self, cloud: Cloud, templates: Mapping[str, Template], readers: Mapping[str, Reader] | None = None
    ) -> None:
        self.cloud = cloud
        self.readers = READERS if readers is None else readers
        self.templates = templates
        self.physical = {name: cloud.physical(name) for name in templates}
        self.parameters = {name: self._parameters(name) for name in templates}
        self.compared: set[str] = set()

    def _parameters(self, stack: str) -> dict[str, str]:
        found = self.cloud.api("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
        return {one["ParameterKey"]: one["ParameterValue"] for one in found.get("Parameters", ())}

    def differences(self) -> list[str]:
        """Say of each resource in what it is not as its template says."""
        return [
            f"{stack}.{logical_id}: {problem}"
            for stack, template in self.templates.items()
            for logical_id, body in template.resources.items()
            for problem in self._differences(stack, logical_id, body)
        ]

    def _differences(self, stack: str, logical_id: str, body: Mapping[str, Any]) -> Iterator[str]:
        read = self.readers.get(body["Type"])
        if read is None:
            return
        self.compared.add(body["Type"])
        wanted = self.resolve(stack, body.get("Properties", {}))
        for what, said, live in read(self.cloud, self.physical[stack][logical_id], wanted):
            if not same(said, live):
                yield f"{what} is {live!r}, the template says {said!r}"

    # references

    def resolve(self, stack: str, value: Any) -> Any:
        """Give a value of a template with its references filled in, `ANY` where only AWS knows."""
        if isinstance(value, list):
            return [self.resolve(stack, one) for one in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((key, inner),) = value.items()
            if key == "Ref":
                return self._ref(stack, inner)
            if key == "Fn::GetAtt":
                return self._attribute(stack, *inner)
            if key == "Fn::Sub":
                return self._sub(stack, inner)
            if key == "Fn::Join":
                parts = self.resolve(stack, inner[1])
                return ANY if any(one is ANY for one in parts) else inner[0].join(map(str, parts))
            if key == "Fn::ImportValue":
                return self._imported(inner)
            if key == "Fn::Split":
                text = self.resolve(stack, inner[1])
                return text.split(inner[0]) if isinstance(text, str) else ANY
            if key.startswith("Fn::"):
                return ANY
        return {key: self.resolve(stack, one) for key, one in value.items()}

    def _imported(self, name: str) -> Any:
        for stack, template in self.templates.items():
            for output in template.outputs.values():
                if output.get("Export", {}).get("Name") == name:
                    return self.resolve(stack, output["Value"])
        return ANY

    def _ref(self, stack: str, name: str) -> Any:
        if name in self.templates[stack].metadata.get("FargateStacks", {}).get("Weights", {}):
            # ECS moves these in every deployment
            return ANY
        if name in self.templates[stack].parameters:
            text = self.parameters[stack][name]
            kind = self.templates[stack].parameters[name]["Type"]
            return text.split(",") if kind.startswith("List<") or kind == "CommaDelimitedList" else text
        pseudo = {"AWS::Region": self.cloud.region, "AWS::AccountId": self.cloud.account, "AWS::StackName": stack}
        return self.physical[stack].get(name, pseudo.get(name, ANY))

    def _attribute(self, stack: str, logical_id: str, attribute: str) -> Any:
        physical = self.physical[stack][logical_id]
        ends = {
            "GroupId": lambda: physical,
            "LoadBalancerFullName": lambda: physical.partition("loadbalancer/")[2],
            "Id": lambda: physical.rpartition("/")[2],
            "Name": lambda: physical.rpartition("/")[2],
        }
        return ends.get(attribute, lambda: ANY)()

    def _sub(self, stack: str, value: Any) -> Any:
        text, extra = (value, {}) if isinstance(value, str) else value
        parts = re.split(r"\$\{([^!}]+)\}", text)
        for index in range(1, len(parts), 2):
            name, _, attribute = parts[index].partition(".")
            if name in extra:
                found = self.resolve(stack, extra[name])
            else:
                found = self._attribute(stack, name, attribute) if attribute else self._ref(stack, parts[index])
            if found is ANY:
                return ANY
            parts[index] = str(found)
        return "".join(parts)


def same(said: Any, live: Any) -> bool:
    """Whether a service describes what the template said; it may describe more keys."""
    if said is ANY:
        return True
    if isinstance(said, dict) and isinstance(live, dict):
        return all(one is ANY or (key in live and same(one, live[key])) for key, one in said.items())
    if isinstance(said, list) and isinstance(live, list):
        return len(said) == len(live) and all(same(one, other) for one, other in zip(said, live, strict=True))
    if said == live:
        return True
    # a template may say a number as text, and the other way round
    return type(said) is not bool and {type(said), type(live)} <= {int, float, str} and str(said) == str(live)


def camel(value: Any) -> Any:
    """Turn the keys of a template into those of the ECS API: `ContainerPort` → `containerPort`."""
    if isinstance(value, list):
        return [camel(one) for one in value]
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: camel(one) for key, one in value.items()}
    return value


Compared = Iterator[tuple[str, Any, Any]]


def _route(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    tables = cloud.api("ec2").describe_route_tables(RouteTableIds=[wanted["RouteTableId"]])["RouteTables"]
    kind = next(key for key in ("DestinationCidrBlock", "DestinationIpv6CidrBlock") if key in wanted)
    live: dict[str, Any] = next((one for one in tables[0]["Routes"] if one.get(kind) == wanted[kind]), {})
    for key in ("GatewayId", "NatGatewayId", "InstanceId", "EgressOnlyInternetGatewayId"):
        if key in wanted:
            yield key, wanted[key], live.get(key)


def _association(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    tables = cloud.api("ec2").describe_route_tables(RouteTableIds=[wanted["RouteTableId"]])["RouteTables"]
    yield "subnet", True, wanted["SubnetId"] in [one.get("SubnetId") for one in tables[0]["Associations"]]


def _group(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    live = cloud.api("elbv2").describe_target_groups(TargetGroupArns=[physical])["TargetGroups"][0]
    for key in ("Port", "Protocol", "ProtocolVersion", "VpcId", "HealthCheckPath", "HealthCheckProtocol", "Matcher",
                "HealthCheckIntervalSeconds", "HealthCheckTimeoutSeconds", "HealthyThresholdCount", "TargetType",
                "UnhealthyThresholdCount"):  # fmt: skip
        if key in wanted:
            yield key, wanted[key], live.get(key)
    attributes = cloud.api("elbv2").describe_target_group_attributes(TargetGroupArn=physical)["Attributes"]
    yield from _attributes(wanted.get("TargetGroupAttributes", ()), attributes)


def _balancer(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    live = cloud.api("elbv2").describe_load_balancers(LoadBalancerArns=[physical])["LoadBalancers"][0]
    yield "Scheme", wanted["Scheme"], live["Scheme"]
    yield "Type", wanted["Type"], live["Type"]
    yield "Subnets", sorted(wanted["Subnets"]), sorted(one["SubnetId"] for one in live["AvailabilityZones"])
    yield "SecurityGroups", wanted["SecurityGroups"], live["SecurityGroups"]
    attributes = cloud.api("elbv2").describe_load_balancer_attributes(LoadBalancerArn=physical)["Attributes"]
    yield from _attributes(wanted["LoadBalancerAttributes"], attributes, but=("deletion_protection.enabled",))


def _attributes(said: Any, live: Any, but: tuple[str, ...] = ()) -> Compared:
    found = {one["Key"]: one["Value"] for one in live}
    for one in said:
        if one["Key"] not in but:
            yield one["Key"], one["Value"], found.get(one["Key"])


def _listener(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    live = cloud.api("elbv2").describe_listeners(ListenerArns=[physical])["Listeners"][0]
    for key in ("Port", "Protocol", "LoadBalancerArn", "SslPolicy", "Certificates", "MutualAuthentication"):
        if key in wanted:
            yield key, wanted[key], live.get(key)
    yield (
        "DefaultActions",
        [one["Type"] for one in wanted["DefaultActions"]],
        [one["Type"] for one in live["DefaultActions"]],
    )


def _rule(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    live = cloud.api("elbv2").describe_rules(RuleArns=[physical])["Rules"][0]
    yield "Priority", wanted["Priority"], live["Priority"]
    yield "Conditions", wanted["Conditions"], live["Conditions"]
    yield "Actions", [_told(one) for one in wanted["Actions"]], live["Actions"]
    if "Transforms" in wanted:
        yield "Transforms", wanted["Transforms"], live.get("Transforms")
    for said, action in zip(wanted["Actions"], live["Actions"], strict=True):
        groups = said.get("ForwardConfig", {}).get("TargetGroups", ())
        if any(one["Weight"] is ANY for one in groups):
            # between deployments all traffic goes to one of the two groups
            weights = sorted(one["Weight"] for one in action["ForwardConfig"]["TargetGroups"])
            yield "weights", [0, 100], weights


def _told(action: dict[str, Any]) -> dict[str, Any]:
    """An action as it is described: nobody is told the secret of a login."""
    login = action.get("AuthenticateOidcConfig", {})
    return {**action, "AuthenticateOidcConfig": {**login, "ClientSecret": ANY}} if login else action


def _definition(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    live = cloud.api("ecs").describe_task_definition(taskDefinition=physical)["taskDefinition"]
    for key in ("Family", "Cpu", "Memory", "NetworkMode", "RequiresCompatibilities", "RuntimePlatform"):
        yield key, camel(wanted[key]), live.get(camel({key: 0}).popitem()[0])
    for said, container in zip(wanted["ContainerDefinitions"], live["containerDefinitions"], strict=True):
        for key in ("Name", "Image", "Essential", "PortMappings", "Environment", "Secrets", "User", "Command",
                    "ReadonlyRootFilesystem", "HealthCheck", "Memory", "Cpu", "DependsOn"):  # fmt: skip
            if key in said:
                yield f"{said['Name']}.{key}", camel(said[key]), container.get(camel({key: 0}).popitem()[0])
        # the options are named as Docker names them
        yield "LogDriver", said["LogConfiguration"]["LogDriver"], container["logConfiguration"]["logDriver"]
        yield "Options", said["LogConfiguration"]["Options"], container["logConfiguration"]["options"]


def _service(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    live = cloud.api("ecs").describe_services(cluster=wanted["Cluster"], services=[physical])["services"][0]
    yield "TaskDefinition", wanted["TaskDefinition"], live["taskDefinition"]
    if "DesiredCount" in wanted:
        yield "DesiredCount", wanted["DesiredCount"], live["desiredCount"]
    yield "running", live["desiredCount"], live["runningCount"]
    for key in ("NetworkConfiguration", "CapacityProviderStrategy", "HealthCheckGracePeriodSeconds",
                "EnableExecuteCommand", "DeploymentConfiguration", "LoadBalancers"):  # fmt: skip
        if key in wanted:
            yield key, camel(wanted[key]), live.get(camel({key: 0}).popitem()[0])


def _target(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    found = cloud.api("application-autoscaling").describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    live: dict[str, Any] = next((one for one in found if one["ResourceId"] == wanted["ResourceId"]), {})
    for key in ("ResourceId", "MinCapacity", "MaxCapacity", "ScalableDimension"):
        yield key, wanted[key], live.get(key)


def _policy(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    found = cloud.api("application-autoscaling").describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    live: dict[str, Any] = next((one for one in found if one["PolicyName"] == wanted["PolicyName"]), {})
    yield "PolicyType", wanted["PolicyType"], live.get("PolicyType")
    key = "TargetTrackingScalingPolicyConfiguration"
    if key in wanted:
        yield key, wanted[key], live.get(key)


Reader = Callable[[Cloud, str, dict[str, Any]], Compared]
READERS: dict[str, Reader] = {
    **readers.READERS,
    "AWS::EC2::Route": _route,
    "AWS::EC2::SubnetRouteTableAssociation": _association,
    "AWS::ElasticLoadBalancingV2::TargetGroup": _group,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": _balancer,
    "AWS::ElasticLoadBalancingV2::Listener": _listener,
    "AWS::ElasticLoadBalancingV2::ListenerRule": _rule,
    "AWS::ECS::TaskDefinition": _definition,
    "AWS::ECS::Service": _service,
    "AWS::ApplicationAutoScaling::ScalableTarget": _target,
    "AWS::ApplicationAutoScaling::ScalingPolicy": _policy,
}
