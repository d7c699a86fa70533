"""Tasks that are kept running, reached through routes and endpoints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from troposphere import Ref, ec2, ecs

from fargate_stacks.constructs.capacity import OnDemand, Spot
from fargate_stacks.constructs.cluster import Cluster, ExistingCluster
from fargate_stacks.constructs.definition import policies_to_wait_for, task_resources
from fargate_stacks.constructs.deployment import Deployment, Rolling
from fargate_stacks.constructs.edges import Way, rules_of_port, rules_of_way, used_ports
from fargate_stacks.constructs.egress import Egress
from fargate_stacks.constructs.endpoint import Endpoint
from fargate_stacks.constructs.entry import Entry, Target
from fargate_stacks.constructs.ingress import NO_EGRESS
from fargate_stacks.constructs.network import Network, Subnets
from fargate_stacks.constructs.route import Route
from fargate_stacks.constructs.scaling import Scaling
from fargate_stacks.constructs.service_connect import service_connect
from fargate_stacks.constructs.sizes import PLATFORM_VERSIONS
from fargate_stacks.constructs.subnets import problem_of_groups
from fargate_stacks.constructs.task import Task
from fargate_stacks.core import ext
from fargate_stacks.core.construct import Construct, nearest
from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import Attr, Text

if TYPE_CHECKING:  # few services have them: they are imported where they are given
    from fargate_stacks.constructs.access import Access
    from fargate_stacks.constructs.pre_deploy import PreDeploy
    from fargate_stacks.constructs.proxy import Proxy

_GRACE = timedelta(seconds=60)


class Service(Construct):
    """A task that is kept running `count` times, replaced on every change, and rolled back when it cannot start.

    Tasks run in private subnets without public addresses; `subnets="public"` gives them public addresses. `route`
    is one route or several of a load balancer, `endpoint` an address inside the VPC. `grace` is how long failing
    load-balancer checks are ignored after a task starts: 60 seconds by default when there is a route, since
    ECS's own default of 0 kills slow starters in a loop. `exec=True` admits ECS Exec. `egress` narrows what tasks may
    connect to; what `uses` needs is added. The service waits for what its first task needs. Raises SpecError.
    """

    cluster: Cluster | ExistingCluster
    task: Task
    count: int | Scaling = 1
    route: Entry | Sequence[Entry] | None = None
    endpoint: Endpoint | None = None
    proxy: Proxy | None = None
    """What Service Connect's proxy logs; nothing but its own start by default."""
    deployment: Deployment = Rolling()
    pre_deploy: PreDeploy | None = None
    """A task that must succeed before each new revision starts, such as a migration."""
    capacity: OnDemand | Spot = OnDemand()
    subnets: Literal["private", "public", "isolated"] | Subnets = "private"
    grace: timedelta | None = None
    exec: bool = False
    egress: Sequence[Egress] = (Egress(protocol="-1"),)
    security_groups: Sequence[Text] = ()
    """Groups of your own, by id or parameter, that its tasks are in beside the one that it makes."""
    platform_version: str = "LATEST"

    refused: ClassVar[Mapping[str, str]] = {
        "desired_count": "is called count",
        "launch_type": "follows the cluster: a provider strategy, or FARGATE on an ExistingCluster without providers",
        "vpc": "is the cluster's",
        "assign_public_ip": 'follows subnets: subnets="public" gives public addresses',
        "load_balancer": "is reached by route=edge.route(...)",
        "task_definition": "is called task",
        "routes": "is called route; it takes one or a sequence",
        "health_check_grace_period": "is called grace",
        "enable_execute_command": "is called exec",
        "placement_strategies": "is refused on Fargate, which has no instances to choose from; leave it out",
        "placement_constraints": "is refused on Fargate, which has no instances to choose from; leave it out",
        "scheduling_strategy": "is always REPLICA on Fargate; leave it out",
    }  # fmt: skip

    def check(self) -> None:
        if isinstance(self.count, int) and self.count < 0:
            raise self.refuse(f"count must be 0 or more, got {self.count}")
        if self.platform_version not in PLATFORM_VERSIONS:
            raise self.refuse(
                f"platform_version must be one of {', '.join(PLATFORM_VERSIONS)}, got {shown(self.platform_version)}"
            )
        problem = problem_of_groups(self.security_groups, made=1 if self.endpoint is None else 2)
        if problem is not None:
            raise self.refuse(problem)
        self._check_routes()
        self._check_networks()
        self._check_capacity()
        if self.endpoint is not None and self.endpoint.port not in {one.port for one in self.task.containers}:
            raise self.refuse(
                f"no container has port {self.endpoint.port} of {self.endpoint.who}; "
                f"give one Container(port={self.endpoint.port})"
            )
        if isinstance(self.count, Scaling):
            from fargate_stacks.constructs.scaling_checks import check_scaling

            check_scaling(self, self.count)
        if self.deployment.errors is not None:
            measured = [
                one for one in self.routes if isinstance(one, Route) and one.load_balancer.full_name is not None
            ]
            if not measured:
                raise self.refuse(
                    "errors= is measured at a route of a load balancer; give one, with its full_name= if it exists"
                )
        if self.grace is not None:
            seconds = self.grace.total_seconds()
            if not self.routes:
                raise self.refuse("grace is for load-balancer checks and there is no route; leave it out")
            if not 0 <= seconds <= 2_147_483_647 or seconds % 1:
                raise self.refuse(f"grace must be whole seconds, 0 or more, got {seconds:g}")

    def _check_routes(self) -> None:
        if len(self.routes) > 5:
            raise self.refuse(f"ECS attaches five target groups to a service, got {len(self.routes)} routes")
        alone = [one for one in self.routes if one.alone]
        if len(alone) > 1:
            raise self.refuse(f"ECS takes one of its kind, got {' and '.join(one.who for one in alone)}; leave one out")
        for one in self.routes:
            twins = [other for other in self.routes if other.part == one.part]
            if len(twins) > 1:
                raise self.refuse(f"{twins[0].who} and {twins[1].who} need names of their own; give one route(name=)")
            one.check_target(self._target(one))

    def _check_networks(self) -> None:
        ends: list[tuple[str, Network]] = [
            *((access.label, port.network) for access in self._uses for port in access.ports),
            *((one.front, one.network) for one in self.routes if one.network is not None),
        ]
        if self.endpoint is not None:
            ends.append((self.endpoint.who, self.endpoint.vpc))
        for who, network in ends:
            if network.vpc_id != self.vpc.vpc_id:
                raise self.refuse(f"{who} is in another VPC than the cluster, and security groups do not reach across")
        namespaces = {one.namespace for one in self.task.uses if one.namespace is not None}
        if len(namespaces) > 1:
            raise self.refuse("its endpoints are in different namespaces, and a service joins one")
        self._subnets  # noqa: B018 - asks the VPC for the tier, which refuses when there is none

    def _check_capacity(self) -> None:
        problem = self.cluster.problem(self.task.os) or self.capacity.problem(self.cluster.capacity, self.task.os)
        if problem is not None:
            raise self.refuse(problem)

    # what others ask

    @property
    def service_name(self) -> Attr:
        return self.attr("Service", "Name")

    @property
    def service_arn(self) -> Attr:
        return self.attr("Service")

    @property
    def security_group(self) -> Attr:
        return self.attr("SecurityGroup", "GroupId")

    @property
    def vpc(self) -> Network:
        return self.cluster.vpc

    @property
    def placed(self) -> Subnets:
        """The subnets in which its tasks run."""
        return self._subnets

    @property
    def routes(self) -> tuple[Entry, ...]:
        return (self.route,) if isinstance(self.route, Entry) else tuple(self.route or ())

    # what is built

    def build(self) -> Iterator[Any]:
        yield self._security_group()
        yield from self._edge_rules()
        yield from task_resources(self, self.task, **self._exec, protocols=self._protocols)
        yield from self.deployment.resources(self)
        if self.endpoint is not None and self.endpoint.tls is not None:
            yield from self.endpoint.tls.resources(self)
        for one in self.routes:
            yield from one.resources(self._target(one))
        yield from self._moving_traffic()
        if self.pre_deploy is not None:
            yield from self.pre_deploy.resources(self)
        for volume in self.task.launched_volumes:
            yield from volume.resources(self)
        yield self._service()
        if isinstance(self.count, Scaling):
            yield from self._scaling(self.count)

    def _security_group(self) -> Any:
        return ec2.SecurityGroup(
            self.id("SecurityGroup"),
            GroupDescription=f"Tasks of {self.name}",
            VpcId=self.vpc.vpc_id,
            SecurityGroupEgress=[rule for one in self.egress for rule in one.rules(ipv6=self.vpc.ipv6)] or [NO_EGRESS],
        )

    def _edge_rules(self) -> Iterator[Any]:
        """The ways between this service's tasks, its load balancers and what it uses: all in this stack."""
        for way in self._doors():
            yield from rules_of_way(self, way)
        for one in used_ports(self._uses):
            yield from rules_of_port(self, one, narrow=self._narrow)

    def _service(self) -> Any:
        subnets = self._subnets
        address = [self.endpoint.security_group] if self.endpoint else []
        groups = [self.security_group, *address, *self.security_groups]
        more: dict[str, Any] = {}
        if isinstance(self.count, int):  # left out under scaling: a deploy must not reset the scaler's number
            more["DesiredCount"] = self.count
        else:
            more.update(self.count.monitoring())
        if self.cluster.capacity == "launch-type":
            more["LaunchType"] = "FARGATE"
        else:  # always a strategy, since a change from launch type to strategy replaces the service
            more["CapacityProviderStrategy"] = self.capacity.strategy()
        if self.routes:
            for one in self.routes:
                key, item = one.attach(self._target(one))
                more.setdefault(key, []).append(item)
        if "LoadBalancers" in more:
            grace = _GRACE if self.grace is None else self.grace
            more["HealthCheckGracePeriodSeconds"] = int(grace.total_seconds())
        if self.task.launched_volumes:
            more["VolumeConfigurations"] = [one.launched(self, "SERVICE") for one in self.task.launched_volumes]
        connect = service_connect(self, self.task, self.endpoint, self.proxy)
        if connect is not None:
            more["ServiceConnectConfiguration"] = connect
        return ext.Service(
            self.id("Service"),
            DependsOn=self._waits(subnets),
            Cluster=self.cluster.cluster_name,
            TaskDefinition=Ref(self.id("TaskDefinition")),
            **more,
            **self.deployment.controller(),
            DeploymentConfiguration=self.deployment.configuration(self),
            AvailabilityZoneRebalancing=self.deployment.rebalancing,
            NetworkConfiguration=ecs.NetworkConfiguration(
                AwsvpcConfiguration=ecs.AwsvpcConfiguration(
                    Subnets=list(subnets.ids) if isinstance(subnets.ids, tuple) else subnets.ids,
                    SecurityGroups=groups,
                    AssignPublicIp="ENABLED" if subnets.tier == "public" else "DISABLED",
                )
            ),
            EnableExecuteCommand=self.exec,
            PlatformVersion=self.platform_version,
            PropagateTags="SERVICE",
            EnableECSManagedTags=True,
        )

    def _moving_traffic(self) -> Iterator[Any]:
        """What a deployment that moves traffic, or that watches errors, needs beside the entries."""
        if self.deployment.shifts and any(one.shifts for one in self.routes):
            from fargate_stacks.constructs.shifting import load_balancer_role

            yield load_balancer_role(self)
        if self.deployment.errors is not None:
            from fargate_stacks.constructs.traffic import errors_alarm

            yield errors_alarm(self, self._groups(), self.deployment.errors)

    def _scaling(self, count: Scaling) -> Iterator[Any]:
        yield from count.resources(
            self.name,
            cluster_name=self.cluster.cluster_name,
            service_name=self.service_name,
            groups=self._groups() if count.needs_route else (),
        )

    # the parts that several of these need

    @property
    def _exec(self) -> dict[str, Any]:
        return {"exec": self.exec, "sessions": self.cluster.session_statements if self.exec else ()}

    @property
    def _protocols(self) -> dict[int, str]:
        """What Service Connect is told of the endpoint's port; of TCP it is told nothing."""
        if self.endpoint is None or self.endpoint.protocol == "tcp":
            return {}
        return {self.endpoint.port: self.endpoint.protocol}

    @property
    def _narrow(self) -> bool:
        return not any(one.protocol == "-1" and one.to == "0.0.0.0/0" for one in self.egress)

    @property
    def _subnets(self) -> Subnets:
        if isinstance(self.subnets, Subnets):
            return self.subnets
        return self.vpc.subnets(self.subnets, self.who)

    def _target(self, entry: Entry) -> Target:
        """The container and port that an entry leads to."""
        ported = [(one, one.port) for one in self.task.containers if one.port is not None]
        if entry.container is not None:
            names = [self.task.name_of(one) for one in self.task.containers]
            if entry.container not in names:
                raise self.refuse(
                    f"{entry.who} leads to container {entry.container!r}, which the task lacks"
                    f"{nearest(entry.container, names) or '; it has ' + ', '.join(names)}"
                )
            ported = [(one, port) for one, port in ported if self.task.name_of(one) == entry.container]
        if entry.port is not None:
            ported = [(one, port) for one, port in ported if port == entry.port]
        if not ported:
            wanted = f"port {entry.port}" if entry.port is not None else "a port"
            raise self.refuse(f"{entry.who} needs a container with {wanted}; give one Container(port=...)")
        container, port = ported[0]
        return Target(
            service=self,
            container=self.task.name_of(container),
            port=port,
            port_name=self.task.port_name(port),
            udp=container.udp,
            network=self.vpc,
            cluster=self.cluster,
            deployment=self.deployment,
        )

    def _groups(self) -> list[tuple[Text, Text]]:
        """The load balancer's and the target group's full name, for each target group that can be measured."""
        parts = ("TargetGroup", "GreenTargetGroup") if self.deployment.shifts else ("TargetGroup",)
        return [
            (one.load_balancer.full_name, self.attr(f"{one.part}{part}", "TargetGroupFullName"))
            for one in self.routes
            if isinstance(one, Route) and one.load_balancer.full_name is not None
            for part in parts
        ]

    def _doors(self) -> list[Way]:
        """The security groups that reach this service, each with a port and a protocol, once."""
        found: dict[tuple[str, int], Way] = {}
        for one in self.routes:
            if one.door is not None:
                way = Way(one.door, self._target(one).port, one.protocol_of_rules)
                known = found.setdefault((one.door.name, way.port), way)
                if known.door.security_group != one.door.security_group:
                    raise self.refuse(f"two of its ways in are named {one.door.name}; rename one of them")
                if known.protocol != way.protocol:
                    found[one.door.name, way.port] = way._replace(protocol="-1")
        return list(found.values())

    def _waits(self, subnets: Subnets) -> list[Attr]:
        """What the first task needs and no reference orders: without it the breaker can end a healthy first deploy."""
        parts = [part for one in self.routes for part in one.waits(self._target(one))]
        rules = [self.attr(part) for part in (*parts, *self.deployment.waits())]
        doors = [self.attr(f"{one.door.name}{way}{one.port}") for one in self._doors() for way in ("Ingress", "Egress")]
        others = [one for entry in self.routes for one in entry.after]
        policies = policies_to_wait_for(self, self.task, **self._exec)
        before = [] if self.pre_deploy is None else [self.attr("PreDeploy")]
        return [*rules, *doors, *others, *policies, *before, *self.ways_out(subnets)]

    def ways_out(self, subnets: Subnets) -> list[Attr]:
        """What must be there before any task of this service can reach what it uses."""
        ways = ("Ingress", "Egress") if self._narrow else ("Ingress",)
        ports = [self.attr(f"{one.provider.name}{way}{one.port}") for one in used_ports(self._uses) for way in ways]
        before = () if self.pre_deploy is None else self.pre_deploy.task.after
        return [*ports, *subnets.after, *self.task.after, *before]

    @property
    def _uses(self) -> list[Access]:
        """What the service's tasks use, and the task that runs before them."""
        return [*self.task.uses, *([] if self.pre_deploy is None else self.pre_deploy.task.uses)]
