"""Tasks that run once, when somebody asks: `fargate-stacks run NAME`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

from troposphere import ec2

from fargate_stacks.constructs.capacity import OnDemand, Spot
from fargate_stacks.constructs.cluster import Cluster, ExistingCluster
from fargate_stacks.constructs.definition import task_resources
from fargate_stacks.constructs.edges import rules_of_port, used_ports
from fargate_stacks.constructs.egress import Egress
from fargate_stacks.constructs.ingress import NO_EGRESS
from fargate_stacks.constructs.network import Network, Subnets
from fargate_stacks.constructs.sizes import PLATFORM_VERSIONS
from fargate_stacks.constructs.subnets import problem_of_groups
from fargate_stacks.constructs.task import Task
from fargate_stacks.core.construct import Construct
from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import Attr, Text


class Job(Construct):
    """A task that nothing keeps running: `fargate-stacks run NAME` starts it once and gives its exit code.

    For migrations, imports, reports by hand. It has the roles, log group and security group that a service has, and
    where it runs stands in the metadata of its task definition. What it `uses` is opened for it as for a service.
    `exec=True` admits ECS Exec. `egress` narrows what it may connect to. Raises SpecError as `Service` does.
    """

    cluster: Cluster | ExistingCluster
    task: Task
    capacity: OnDemand | Spot = OnDemand()
    subnets: Literal["private", "public", "isolated"] | Subnets = "private"
    exec: bool = False
    egress: Sequence[Egress] = (Egress(protocol="-1"),)
    security_groups: Sequence[Text] = ()
    """Groups of your own, by id or parameter, that its task is in beside the one that it makes."""
    platform_version: str = "LATEST"

    refused: ClassVar[Mapping[str, str]] = {
        "count": "is one; run it several times, or use a Service",
        "schedule": "is not a job's; it runs when somebody asks",
        "route": "is a service's; a job is reached by nobody",
        "vpc": "is the cluster's",
        "assign_public_ip": 'follows subnets: subnets="public" gives public addresses',
        "task_definition": "is called task",
        "launch_type": "follows the cluster: a provider strategy, or FARGATE on an ExistingCluster without providers",
        "enable_execute_command": "is called exec",
    }

    def check(self) -> None:
        if self.platform_version not in PLATFORM_VERSIONS:
            raise self.refuse(
                f"platform_version must be one of {', '.join(PLATFORM_VERSIONS)}, got {shown(self.platform_version)}"
            )
        problem = problem_of_groups(self.security_groups, made=1)
        if problem is not None:
            raise self.refuse(problem)
        problem = self.cluster.problem(self.task.os) or self.capacity.problem(self.cluster.capacity, self.task.os)
        if problem is not None:
            raise self.refuse(problem)
        for access in self.task.uses:
            for port in access.ports:
                if port.network.vpc_id != self.vpc.vpc_id:
                    raise self.refuse(
                        f"{access.label} is in another VPC than the cluster, and security groups do not reach across"
                    )
            if access.namespace is not None:
                raise self.refuse(
                    f"{access.label} is found by Service Connect, which only services join; use the load balancer's "
                    f"address, or DnsNames"
                )
        self._placed  # noqa: B018 - asks the VPC for the tier, which refuses when there is none

    # what others ask

    @property
    def task_definition(self) -> Attr:
        return self.attr("TaskDefinition")

    @property
    def security_group(self) -> Attr:
        return self.attr("SecurityGroup", "GroupId")

    @property
    def vpc(self) -> Network:
        return self.cluster.vpc

    # what is built

    def build(self) -> Iterator[Any]:
        yield ec2.SecurityGroup(
            self.id("SecurityGroup"),
            GroupDescription=f"Tasks of {self.name}",
            VpcId=self.vpc.vpc_id,
            SecurityGroupEgress=[rule for one in self.egress for rule in one.rules(ipv6=self.vpc.ipv6)] or [NO_EGRESS],
        )
        narrow = not any(one.protocol == "-1" and one.to == "0.0.0.0/0" for one in self.egress)
        for port in used_ports(self.task.uses):
            yield from rules_of_port(self, port, narrow=narrow)
        for volume in self.task.launched_volumes:
            yield from volume.resources(self)
        *others, definition = task_resources(
            self, self.task, exec=self.exec, sessions=self.cluster.session_statements if self.exec else ()
        )
        yield from others
        definition.resource["Metadata"] = {"fargate-stacks:run": self._way()}
        yield definition

    @property
    def _placed(self) -> Subnets:
        return self.subnets if isinstance(self.subnets, Subnets) else self.vpc.subnets(self.subnets, self.who)

    def _way(self) -> dict[str, Any]:
        """What `fargate-stacks run` asks of ECS, in CloudFormation's names."""
        subnets = self._placed
        said: dict[str, Any] = {
            "Cluster": self.cluster.cluster_name,
            "Subnets": list(subnets.ids) if isinstance(subnets.ids, tuple) else subnets.ids,
            "SecurityGroups": [self.security_group, *self.security_groups],
            "AssignPublicIp": "ENABLED" if subnets.tier == "public" else "DISABLED",
            "PlatformVersion": self.platform_version,
        }
        if self.cluster.capacity == "launch-type":
            said["LaunchType"] = "FARGATE"
        else:
            said["CapacityProviderStrategy"] = [one.to_dict() for one in self.capacity.strategy()]
        if self.exec:
            said["EnableExecuteCommand"] = True
        volumes = [one.launched(self, "TASK_DEFINITION").to_dict() for one in self.task.launched_volumes]
        return {**said, **({"VolumeConfigurations": volumes} if volumes else {})}
