"""What must exist before what, where no reference says it: the table as data, and the graph that it is held against.

CloudFormation creates at the same time whatever no Ref, GetAtt or DependsOn orders, so each row is a race that a
missing edge loses now and then, on a first deployment. Between stacks the order of the stacks is the edge.
Left out on purpose: a Service Connect client after the services that it calls. Services may call each other, so
there is no such order; whoever deploys restarts the clients that came first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from fargate_stacks.core.integrity import targets
from fargate_stacks.core.template import Template


class Node(NamedTuple):
    """One resource of one stack."""

    stack: str
    logical_id: str

    def __str__(self) -> str:
        return f"{self.stack}.{self.logical_id}"


class Graph:
    """All resources of an app, and which are surely there before which."""

    def __init__(self, templates: Mapping[str, Template]) -> None:
        self.templates = templates
        self.bodies = {
            Node(name, key): body for name, template in templates.items() for key, body in template.resources.items()
        }
        self._exports = {
            output["Export"]["Name"]: (name, output["Value"])
            for name, template in templates.items()
            for output in template.outputs.values()
            if "Export" in output
        }
        self.before = cache(self._before)

    def of_type(self, *types: str) -> Iterator[Node]:
        return (node for node, body in self.bodies.items() if body["Type"] in types)

    def properties(self, node: Node) -> dict[str, Any]:
        found: dict[str, Any] = self.bodies[node].get("Properties", {})
        return found

    def refs(self, node: Node, *path: str) -> set[Node]:
        """What the property at a path refers to, in whatever stack it lives; sequences on the way are passed."""
        return {one for value in _at(self.properties(node), path) for one in self._referred(node.stack, value)}

    def that_refer(self, node: Node, kind: str, *path: str) -> Iterator[Node]:
        """The resources of one type whose property at a path refers to a node."""
        return (one for one in self.of_type(kind) if node in self.refs(one, *path))

    def _before(self, node: Node) -> frozenset[Node]:
        seen: set[Node] = set()
        todo = [node]
        while todo:
            one = todo.pop()
            body = self.bodies[one]
            found = {Node(one.stack, name) for name in (*targets(body), *body.get("DependsOn", []))}
            todo += [other for other in found if other in self.bodies and other not in seen]
            seen |= found
        earlier = self._stacks_before(node.stack)
        return frozenset(seen | {other for other in self.bodies if other.stack in earlier})

    def _stacks_before(self, stack: str) -> set[str]:
        seen: set[str] = set()
        todo = list(self.templates[stack].after)
        while todo:
            one = todo.pop()
            if one not in seen:
                seen.add(one)
                todo += self.templates[one].after
        return seen

    def _referred(self, stack: str, value: Any) -> Iterator[Node]:
        template = self.templates[stack]
        for name in targets(value):
            if name in template.resources:
                yield Node(stack, name)
            elif name in template.references:
                producer, output, _ = template.references[name]
                yield from self._referred(producer, self.templates[producer].outputs[output]["Value"])
        for name in _imports(value):
            yield from self._referred(*self._exports[name])


def _at(value: Any, path: tuple[str, ...]) -> Iterator[Any]:
    if isinstance(value, list):
        for one in value:
            yield from _at(one, path)
    elif not path:
        yield value
    elif isinstance(value, dict) and path[0] in value:
        yield from _at(value[path[0]], path[1:])


def _imports(value: Any) -> Iterator[str]:
    for key, one in _pairs(value):
        if key == "Fn::ImportValue":
            yield one


def _pairs(value: Any) -> Iterator[tuple[str, Any]]:
    """Every key and value of a structure, however deep."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield key, one
            yield from _pairs(one)
    elif isinstance(value, list):
        for one in value:
            yield from _pairs(one)


# the parts of a template that rows speak of


def _subnets(graph: Graph, node: Node) -> set[Node]:
    """Where the tasks of a service, a schedule, a rule or a state machine run."""
    networks = [value for key, value in _pairs(graph.properties(node)) if key.lower() == "awsvpcconfiguration"]
    found = {one for network in networks for one in graph._referred(node.stack, network.get("Subnets", []))}
    return found | graph.refs(node, "Subnets")


def _associations(graph: Graph, subnets: Iterable[Node]) -> set[Node]:
    kind = "AWS::EC2::SubnetRouteTableAssociation"
    return {one for subnet in subnets for one in graph.that_refer(subnet, kind, "SubnetId")}


def _tables(graph: Graph, subnets: Iterable[Node]) -> set[Node]:
    return {table for one in _associations(graph, subnets) for table in graph.refs(one, "RouteTableId")}


def _default_routes(graph: Graph, subnets: Iterable[Node]) -> set[Node]:
    return {
        route
        for table in _tables(graph, subnets)
        for route in graph.that_refer(table, "AWS::EC2::Route", "RouteTableId")
        if graph.properties(route).get("DestinationCidrBlock") == "0.0.0.0/0"
        or graph.properties(route).get("DestinationIpv6CidrBlock") == "::/0"
    }


def _by_ipv4(graph: Graph, routes: Iterable[Node]) -> set[Node]:
    return {one for one in routes if "DestinationCidrBlock" in graph.properties(one)}


def _attachments(graph: Graph, vpcs: Iterable[Node]) -> set[Node]:
    return {one for vpc in vpcs for one in graph.that_refer(vpc, "AWS::EC2::VPCGatewayAttachment", "VpcId")}


def _vpcs(graph: Graph, subnets: Iterable[Node]) -> set[Node]:
    return {vpc for subnet in subnets for vpc in graph.refs(subnet, "VpcId")}


def _doors(graph: Graph, service: Node) -> set[Node]:
    """The rules and listeners that send requests to a service."""
    groups = graph.refs(service, "LoadBalancers", "TargetGroupArn")
    return {
        one
        for kind, path in (
            ("AWS::ElasticLoadBalancingV2::ListenerRule", "Actions"),
            ("AWS::ElasticLoadBalancingV2::Listener", "DefaultActions"),
        )
        for one in graph.of_type(kind)
        if groups & graph.refs(one, path)
    }


# the prerequisites: each gives what must be there before a node


def way_out(graph: Graph, node: Node) -> set[Node]:
    subnets = _subnets(graph, node)
    return _associations(graph, subnets) | _default_routes(graph, subnets)


def nat_way_out(graph: Graph, node: Node) -> set[Node]:
    subnets = graph.refs(node, "SubnetId")
    return _associations(graph, subnets) | _by_ipv4(graph, _default_routes(graph, subnets))


def endpoints(graph: Graph, node: Node) -> set[Node]:
    """Gateway endpoints of the subnets' tables; without a way out, the VPC's interface endpoints too."""
    subnets = _subnets(graph, node)
    found = {
        one
        for table in _tables(graph, subnets)
        for one in graph.that_refer(table, "AWS::EC2::VPCEndpoint", "RouteTableIds")
    }
    if not _default_routes(graph, subnets):
        for vpc in _vpcs(graph, subnets):
            found |= set(graph.that_refer(vpc, "AWS::EC2::VPCEndpoint", "VpcId"))
    return found


def gateway_of_balancer(graph: Graph, node: Node) -> set[Node]:
    if graph.properties(node).get("Scheme") != "internet-facing":
        return set()
    return _attachments(graph, _vpcs(graph, graph.refs(node, "Subnets")))


def gateway_of_nat(graph: Graph, node: Node) -> set[Node]:
    return _attachments(graph, _vpcs(graph, graph.refs(node, "SubnetId")))


def gateway_of_address(graph: Graph, node: Node) -> set[Node]:
    """An address has no reference to a VPC: that of the NAT gateways that take it."""
    nats = graph.that_refer(node, "AWS::EC2::NatGateway", "AllocationId")
    return {one for nat in nats for one in gateway_of_nat(graph, nat)}


def instance_way_out(graph: Graph, node: Node) -> set[Node]:
    """A NAT instance fetches what it needs when it boots."""
    subnets = graph.refs(node, "NetworkInterfaces", "SubnetId")
    return _associations(graph, subnets) | _by_ipv4(graph, _default_routes(graph, subnets))


def address_of_route(graph: Graph, node: Node) -> set[Node]:
    """The lasting address of the instance that a route leads to: its coming cuts open connections."""
    targets = graph.refs(node, "InstanceId")
    return {one for target in targets for one in graph.that_refer(target, "AWS::EC2::EIP", "InstanceId")}


def block_of_subnet(graph: Graph, node: Node) -> set[Node]:
    if "Ipv6CidrBlock" not in graph.properties(node):
        return set()
    return {
        one for vpc in graph.refs(node, "VpcId") for one in graph.that_refer(vpc, "AWS::EC2::VPCCidrBlock", "VpcId")
    }


def gateway_of_route(graph: Graph, node: Node) -> set[Node]:
    gateways = graph.refs(node, "GatewayId")
    kind = "AWS::EC2::VPCGatewayAttachment"
    return {one for gateway in gateways for one in graph.that_refer(gateway, kind, "InternetGatewayId")}


def listener_rules(graph: Graph, node: Node) -> set[Node]:
    return _doors(graph, node)


def policies(graph: Graph, node: Node) -> set[Node]:
    """The policies that name a role, for each role that a node reaches."""
    kinds = {"AWS::IAM::Policy": "Roles", "AWS::IAM::ManagedPolicy": "Roles", "AWS::IAM::RolePolicy": "RoleName"}
    roles = graph.before(node) & set(graph.of_type("AWS::IAM::Role"))
    return {one for role in roles for kind, path in kinds.items() for one in graph.that_refer(role, kind, path)}


def security_group_rules(graph: Graph, node: Node) -> set[Node]:
    """The ways from a service to what it uses, and from its load balancers to it."""
    own = graph.refs(node, "NetworkConfiguration", "AwsvpcConfiguration", "SecurityGroups")
    listeners = {one for door in _doors(graph, node) for one in (door, *graph.refs(door, "ListenerArn"))}
    balancers = {one for listener in listeners for one in graph.refs(listener, "LoadBalancerArn")}
    theirs = {group for one in balancers for group in graph.refs(one, "SecurityGroups")}
    found: set[Node] = set()
    for one in graph.of_type("AWS::EC2::SecurityGroupIngress"):
        to, source = graph.refs(one, "GroupId"), graph.refs(one, "SourceSecurityGroupId")
        if source & own or (to & own and source & theirs):
            found.add(one)
    for one in graph.of_type("AWS::EC2::SecurityGroupEgress"):
        start, to = graph.refs(one, "GroupId"), graph.refs(one, "DestinationSecurityGroupId")
        if start & own or (start & theirs and to & own):
            found.add(one)
    return found


def providers(graph: Graph, node: Node) -> set[Node]:
    kind = "AWS::ECS::ClusterCapacityProviderAssociations"
    return {one for cluster in graph.refs(node, "Cluster") for one in graph.that_refer(cluster, kind, "Cluster")}


def mount_targets(graph: Graph, node: Node) -> set[Node]:
    definitions = graph.refs(node, "TaskDefinition")
    path = ("Volumes", "EFSVolumeConfiguration", "FilesystemId")
    systems = {system for one in definitions for system in graph.refs(one, *path)}
    return {one for system in systems for one in graph.that_refer(system, "AWS::EFS::MountTarget", "FileSystemId")}


def database_instances(graph: Graph, node: Node) -> set[Node]:
    clusters = graph.before(node) & set(graph.of_type("AWS::RDS::DBCluster"))
    used = {one for definition in graph.refs(node, "TaskDefinition") for one in graph.refs(definition)} & clusters
    return {one for db in used for one in graph.that_refer(db, "AWS::RDS::DBInstance", "DBClusterIdentifier")}


def log_bucket_policies(graph: Graph, node: Node) -> set[Node]:
    buckets = graph.refs(node, "LoadBalancerAttributes")
    return {one for bucket in buckets for one in graph.that_refer(bucket, "AWS::S3::BucketPolicy", "Bucket")}


def delivery_policies(graph: Graph, node: Node) -> set[Node]:
    """The policies of the queues and topics that a node delivers to."""
    to = (
        graph.refs(node, "Targets", "Arn")
        | graph.refs(node, "Endpoint")
        | graph.refs(node, "NotificationConfiguration")
    )
    kinds = {"AWS::SQS::QueuePolicy": "Queues", "AWS::SNS::TopicPolicy": "Topics"}
    return {one for target in to for kind, path in kinds.items() for one in graph.that_refer(target, kind, path)}


class Row(NamedTuple):
    """A race: what a type of resource must come after, and what happens otherwise."""

    consumers: tuple[str, ...]
    prerequisite: Callable[[Graph, Node], set[Node]]
    otherwise: str


SERVICE = ("AWS::ECS::Service",)
RUNNERS = (*SERVICE, "AWS::Scheduler::Schedule", "AWS::Events::Rule", "AWS::StepFunctions::StateMachine")
BALANCERS = ("AWS::ElasticLoadBalancingV2::LoadBalancer",)

TABLE = (
    Row(BALANCERS, gateway_of_balancer, "EC2 refuses it: the VPC has no internet gateway"),
    Row(("AWS::EC2::EIP",), gateway_of_address, "EC2 refuses the address now and then"),
    Row(("AWS::EC2::NatGateway",), gateway_of_nat, "EC2 refuses it: the network has no internet gateway attached"),
    Row(("AWS::EC2::NatGateway",), nat_way_out, "what stands behind it is told that it works before it does"),
    Row(("AWS::EC2::Route",), gateway_of_route, "EC2 refuses it: the gateway is not attached"),
    Row(("AWS::EC2::Instance",), instance_way_out, "it cannot fetch what translates, and never says that it does"),
    Row(("AWS::EC2::Route",), address_of_route, "the first tasks lose their connections when the address changes"),
    Row(("AWS::EC2::Subnet",), block_of_subnet, "the VPC has no IPv6 block yet to take a part of"),
    Row(RUNNERS, way_out, "the first tasks cannot pull their image, and the circuit breaker ends the deployment"),
    Row(RUNNERS, endpoints, "the first tasks cannot pull their image, or lose the connection while they do"),
    Row(RUNNERS, policies, "the first tasks are denied their secrets and logs"),
    Row(SERVICE, listener_rules, "ECS refuses it: the target group has no load balancer"),
    Row(SERVICE, security_group_rules, "the first tasks reach nobody, and health checks do not reach them"),
    Row(SERVICE, providers, "ECS refuses it: the capacity provider is not the cluster's"),
    Row(SERVICE, mount_targets, "the first tasks cannot mount their volume"),
    Row(SERVICE, database_instances, "the first tasks find a database that nothing answers for"),
    Row(BALANCERS, log_bucket_policies, "ELB refuses it: access denied for the bucket of its logs"),
    Row(
        ("AWS::Events::Rule", "AWS::SNS::Subscription", "AWS::S3::Bucket"),
        delivery_policies,
        "the first events are lost, or the source is refused",
    ),
)


def pairs(graph: Graph, row: Row) -> Iterator[tuple[Node, Node]]:
    """What one row says of an app: each consumer with each of its prerequisites."""
    for node in graph.of_type(*row.consumers):
        for needed in sorted(row.prerequisite(graph, node)):
            if needed != node:
                yield node, needed


def races(templates: Mapping[str, Template]) -> list[str]:
    """Say which prerequisites are not surely there before their consumers."""
    graph = Graph(templates)
    return [
        f"{node} does not wait for {needed}: {row.otherwise}"
        for row in TABLE
        for node, needed in pairs(graph, row)
        if needed not in graph.before(node)
    ]
