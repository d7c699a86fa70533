"""Clusters: the names under which tasks run, and the capacity that they may ask for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from troposphere import ecs

from fargate_stacks.constructs.network import Network
from fargate_stacks.core.construct import Construct, Value, verb
from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import Attr, Text, sub

if TYPE_CHECKING:
    from fargate_stacks.constructs.access import Access

_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}\Z", re.ASCII)
_ARN = re.compile(r"arn:aws[a-z-]*:ecs:[a-z0-9-]+:\d{12}:cluster/([A-Za-z0-9_-]{1,255})\Z", re.ASCII)


class Cluster(Construct):
    """A cluster with the capacity providers FARGATE and FARGATE_SPOT, in one VPC.

    A cluster costs nothing; Container Insights does, by the metric. `insights` is "enabled" by default, "enhanced"
    adds metrics of each task and container, "disabled" saves the money and leaves scaling by backlog without data.
    """

    vpc: Network
    insights: Literal["enabled", "enhanced", "disabled"] = "enabled"

    refused: ClassVar[Mapping[str, str]] = {
        "capacity": "is always FARGATE and FARGATE_SPOT; Service(capacity=) chooses between them",
        "capacity_providers": "are always FARGATE and FARGATE_SPOT; Service(capacity=) chooses between them",
        "cluster_name": "is made by CloudFormation, so that a replacement has a free name; read it from .cluster_name",
        "container_insights": 'is called insights: "enabled", "enhanced" or "disabled"',
        "namespace": "belongs to the VPC: its endpoints share one",
    }

    @property
    def cluster_name(self) -> Attr:
        return self.attr("Cluster")

    @property
    def cluster_arn(self) -> Attr:
        return self.attr("Cluster", "Arn")

    @property
    def capacity(self) -> Literal["launch-type", "providers"]:
        """How services ask for capacity: by provider."""
        return "providers"

    @verb
    def task_protection(self) -> Access:
        """Let a task protect itself from scale-in and deployments while it works, and ask whether it is.

        It says so at `$ECS_AGENT_URI/task-protection/v1/state`; the grant is for the tasks of this cluster.
        """
        return _task_protection(self.name, self.cluster_name)

    def build(self) -> Iterator[Any]:
        yield ecs.Cluster(
            self.id("Cluster"),
            # on the cluster itself: a separate association would need an order of its own at create and delete
            CapacityProviders=["FARGATE", "FARGATE_SPOT"],
            DefaultCapacityProviderStrategy=[
                ecs.CapacityProviderStrategyItem(CapacityProvider="FARGATE", Weight=1),
            ],
            ClusterSettings=[ecs.ClusterSetting(Name="containerInsights", Value=self.insights)],
        )


class ExistingCluster(Value):
    """A cluster that something else owns, by name or ARN.

    `capacity="launch-type"`, the default, starts tasks by launch type FARGATE, which works on every cluster;
    `"providers"` says that the cluster has the capacity providers FARGATE and FARGATE_SPOT, which Spot needs, and a
    sequence names those that it has: others than these two run no Fargate tasks. `insights` says whether it has
    Container Insights, which scaling by backlog needs; None is not known.
    A value that is known only after deployment is taken for a name. Raises SpecError for what is neither.
    """

    name: Text = field(kw_only=False)
    vpc: Network
    capacity: Literal["launch-type", "providers"] | Sequence[str] = "launch-type"
    insights: Literal["enabled", "enhanced", "disabled"] | None = None

    def check(self) -> None:
        if isinstance(self.name, str) and not (_NAME.match(self.name) or _ARN.match(self.name)):
            raise self.refuse(
                f"name must be a cluster's name or ARN, got {shown(self.name)}; copy it from `aws ecs list-clusters`"
            )
        if not isinstance(self.capacity, str):
            self._check_providers(self.capacity)

    def _check_providers(self, names: Sequence[str]) -> None:
        for name in names:
            if not _NAME.match(name):
                raise self.refuse(f"capacity must name providers of the cluster, got {shown(name)}")
        if len(set(names)) < len(names):
            raise self.refuse(f"capacity names a provider twice, got {', '.join(names)}")
        if not {"FARGATE", "FARGATE_SPOT"} & set(names):
            got = ", ".join(names) or "none"
            raise self.refuse(
                f"tasks on Fargate need the provider FARGATE or FARGATE_SPOT, got {got}; associate one with the "
                'cluster, or give capacity="launch-type"'
            )

    @property
    def cluster_name(self) -> Text:
        found = _ARN.match(self.name) if isinstance(self.name, str) else None
        return found.group(1) if found else self.name

    @property
    def cluster_arn(self) -> Text:
        if isinstance(self.name, str) and _ARN.match(self.name):
            return self.name
        return sub("arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:cluster/{name}", name=self.name)

    @verb
    def task_protection(self) -> Access:
        """Let a task protect itself from scale-in and deployments while it works; see `Cluster.task_protection`."""
        return _task_protection("ExistingCluster", self.cluster_name)


def _task_protection(label: str, cluster: Text) -> Access:
    from fargate_stacks.constructs.access import Access, allow

    tasks = sub("arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:task/{cluster}/*", cluster=cluster)
    return Access(
        label=f"{label}.task_protection()",
        statements=[allow("ecs:UpdateTaskProtection", "ecs:GetTaskProtection", on=[tasks])],
    )
