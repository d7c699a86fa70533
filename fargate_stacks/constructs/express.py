"""ECS Express Mode: an address with HTTPS from a task, with everything in front of it owned by ECS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar, Literal

from troposphere import GetAtt, Ref, ec2, ecs, iam

from fargate_stacks.constructs.cluster import Cluster, ExistingCluster
from fargate_stacks.constructs.definition import task_resources
from fargate_stacks.constructs.edges import rules_of_port, used_ports
from fargate_stacks.constructs.network import Network
from fargate_stacks.constructs.scaling import Scaling
from fargate_stacks.constructs.shifting import trust_of_ecs
from fargate_stacks.constructs.task import Task
from fargate_stacks.core.construct import Construct
from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import Attr, sub

_MAIN = "Main"
_METRICS = {"cpu": "AVERAGE_CPU", "memory": "AVERAGE_MEMORY", "requests": "REQUEST_COUNT_PER_TARGET"}


class ExpressService(Construct):
    """A web service of ECS Express Mode: ECS makes and shares the load balancer, its rules, certificate and scaling.

    The task's first container has the one port and is named Main, as ECS wants it. In `subnets="public"` the address
    is public, in "private" ones it is of your network. `count` is a number of tasks, or a `Scaling` by exactly one of
    cpu, memory and requests. New revisions come by ECS's own canary. What ECS owns is not in the template; to own it
    yourself, see "Start with Express Mode and leave it" in the how-tos. Tags of the app are left out, since a change
    of them would replace the service. Raises SpecError for what Express Mode cannot run.
    """

    cluster: Cluster | ExistingCluster
    task: Task
    health: str = "/"
    count: int | Scaling = 1
    subnets: Literal["public", "private"] = "public"

    refused: ClassVar[Mapping[str, str]] = {
        "route": "is made by ECS; a Service with a LoadBalancer has routes",
        "deployment": "is ECS's own canary; a Service chooses",
        "domain": "is made by ECS; a Service with LoadBalancer(domain=) has one of yours",
    }

    def check(self) -> None:
        first, *others = self.task.containers
        if first.name not in ("", _MAIN):
            raise self.refuse(f"ECS wants its first container named Main, got {shown(first.name)}; leave name out")
        if first.port is None or any(one.port is not None for one in others):
            raise self.refuse("ECS wants one port, of the first container; give it there alone")
        if self.task.os != "LINUX":
            raise self.refuse(f"Express Mode runs LINUX only, got os={self.task.os}; use a Service")
        for volume in self.task.launched_volumes:
            raise self.refuse(f"volume {volume.name} is EBS, which Express Mode does not make; use a Service")
        if not self.health.startswith("/"):
            raise self.refuse(f"health must be a path that starts with /, got {shown(self.health)}")
        if isinstance(self.count, Scaling):
            if len(self._metrics) != 1:
                raise self.refuse(
                    f"Express Mode scales by one of cpu, memory and requests, got {', '.join(self._metrics) or 'none'}"
                )
            if self.count.min < 1:
                raise self.refuse(f"Express Mode runs 1 task at least, got min={self.count.min}")
        elif self.count < 1:
            raise self.refuse(f"Express Mode runs 1 task at least, got count={self.count}")
        self.vpc.subnets(self.subnets, self.who)

    @property
    def _metrics(self) -> dict[str, float]:
        count = self.count
        return {key: getattr(count, key) for key in _METRICS if getattr(count, key, None) is not None}

    @property
    def vpc(self) -> Network:
        return self.cluster.vpc

    @property
    def endpoint(self) -> Attr:
        """The address that ECS made."""
        return self.attr("Express", "Endpoint")

    @property
    def security_group(self) -> Attr:
        return self.attr("SecurityGroup", "GroupId")

    def build(self) -> Iterator[Any]:
        yield ec2.SecurityGroup(
            self.id("SecurityGroup"),
            GroupDescription=f"Tasks of {self.name}",
            VpcId=self.vpc.vpc_id,
            SecurityGroupEgress=[
                ec2.SecurityGroupRule(IpProtocol="-1", CidrIp="0.0.0.0/0", Description="any protocol and port")
            ],
        )
        for one in used_ports(self.task.uses):
            yield from rules_of_port(self, one, narrow=False)
        yield from task_resources(self, self._main)
        yield iam.Role(
            self.id("InfrastructureRole"),
            AssumeRolePolicyDocument=trust_of_ecs(),
            ManagedPolicyArns=[
                sub(
                    "arn:${AWS::Partition}:iam::aws:policy/service-role/"
                    "AmazonECSInfrastructureRoleforExpressGatewayServices"
                )
            ],
        )
        yield self._express()

    @property
    def _main(self) -> Task:
        first, *others = self.task.containers
        return replace(self.task, containers=[replace(first, name=_MAIN), *others])

    def _express(self) -> Any:
        count = self.count
        low, high = (count.min, count.max) if isinstance(count, Scaling) else (count, count)
        target: dict[str, Any] = {"MinTaskCount": low, "MaxTaskCount": high}
        for key, goal in self._metrics.items():
            target |= {"AutoScalingMetric": _METRICS[key], "AutoScalingTargetValue": int(goal)}
        subnets = self.vpc.subnets(self.subnets, self.who)
        ways = [self.attr(f"{one.provider.name}Ingress{one.port}") for one in used_ports(self.task.uses)]
        return ecs.ExpressGatewayService(
            self.id("Express"),
            DependsOn=[*ways, *subnets.after, *self.task.after],
            Cluster=self.cluster.cluster_name,
            TaskDefinitionArn=Ref(self.id("TaskDefinition")),
            InfrastructureRoleArn=GetAtt(self.id("InfrastructureRole"), "Arn"),
            HealthCheckPath=self.health,
            NetworkConfiguration=ecs.ExpressGatewayServiceNetworkConfiguration(
                Subnets=list(subnets.ids) if isinstance(subnets.ids, tuple) else subnets.ids,
                SecurityGroups=[self.security_group],
            ),
            ScalingTarget=ecs.ExpressGatewayScalingTarget(**target),
        )
