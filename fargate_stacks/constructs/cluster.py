"""Clusters: the names under which tasks run, and the capacity that they may ask for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from troposphere import ecs

from fargate_stacks.constructs.capacity import OnDemand, Spot
from fargate_stacks.constructs.network import Network
from fargate_stacks.core.construct import Construct, Value, verb
from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import Attr, Text, sub

if TYPE_CHECKING:  # few clusters have them: they are imported where they are given
    from fargate_stacks.constructs.access import Access
    from fargate_stacks.constructs.exec_logs import ExecLogs
    from fargate_stacks.constructs.key import Key

_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}\Z", re.ASCII)
_ARN = re.compile(r"arn:aws[a-z-]*:ecs:[a-z0-9-]+:\d{12}:cluster/([A-Za-z0-9_-]{1,255})\Z", re.ASCII)


class Cluster(Construct):
    """A cluster with the capacity providers FARGATE and FARGATE_SPOT, in one VPC.

    A cluster costs nothing; Container Insights does, by the metric. `insights` is "enabled" by default, "enhanced"
    adds metrics of each task and container, "disabled" saves the money and leaves scaling by backlog without data.
    """

    vpc: Network
    insights: Literal["enabled", "enhanced", "disabled"] = "enabled"
    default_capacity: OnDemand | Spot = OnDemand()
    """What tasks run on that say nothing themselves: those of other tools. Our services say it each."""
    exec_logs: ExecLogs | None = None
    """Where sessions of ECS Exec are written down; by default in the log of the container, if anywhere."""
    storage_key: Key | None = None
    """A key of your own for the ephemeral storage of its tasks; Windows on Fargate knows none."""
    namespace: Text | None = None
    """The name or ARN of the Cloud Map namespace that services without one of their own join: `vpc.namespace_arn`."""

    refused: ClassVar[Mapping[str, str]] = {
        "capacity": "is always FARGATE and FARGATE_SPOT; Service(capacity=) chooses between them",
        "capacity_providers": "are always FARGATE and FARGATE_SPOT; Service(capacity=) chooses between them",
        "cluster_name": "is made by CloudFormation, so that a replacement has a free name; read it from .cluster_name",
        "container_insights": 'is called insights: "enabled", "enhanced" or "disabled"',
        "service_connect_defaults": "is called namespace",
        "default_capacity_provider_strategy": "is called default_capacity; it takes OnDemand() or Spot()",
        "execute_command_configuration": "is called exec_logs; it takes ExecLogs()",
        "managed_storage_configuration": "is called storage_key; it takes a Key",
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

    def problem(self, os: str) -> str | None:
        """Say why tasks of an operating system cannot run here, or None."""
        if os == "LINUX" or self.storage_key is None:
            return None
        return f"{self.who} has a storage_key, which Windows on Fargate does not know; give it a cluster without"

    @property
    def session_statements(self) -> Sequence[Any]:
        """What a task that admits ECS Exec must be allowed so that its sessions are written down."""
        return [] if self.exec_logs is None else self.exec_logs.statements(self)

    def build(self) -> Iterator[Any]:
        if self.exec_logs is not None:
            yield self.exec_logs.group(self)
        more: dict[str, Any] = {}
        if self.exec_logs is not None or self.storage_key is not None:
            more["Configuration"] = self._configuration()
        if self.namespace is not None:
            more["ServiceConnectDefaults"] = ecs.ServiceConnectDefaults(Namespace=self.namespace)
        yield ecs.Cluster(
            self.id("Cluster"),
            # on the cluster itself: a separate association would need an order of its own at create and delete
            CapacityProviders=["FARGATE", "FARGATE_SPOT"],
            DefaultCapacityProviderStrategy=self.default_capacity.strategy(),
            ClusterSettings=[ecs.ClusterSetting(Name="containerInsights", Value=self.insights)],
            **more,
        )

    def _configuration(self) -> Any:
        more: dict[str, Any] = {}
        if self.exec_logs is not None:
            more["ExecuteCommandConfiguration"] = self.exec_logs.configuration(self)
        if self.storage_key is not None:
            more["ManagedStorageConfiguration"] = ecs.ManagedStorageConfiguration(
                FargateEphemeralStorageKmsKeyId=self.storage_key.arn
            )
        return ecs.ClusterConfiguration(**more)


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

    def problem(self, os: str) -> str | None:
        """Nothing that anybody here knows of."""
        return None

    @property
    def session_statements(self) -> Sequence[Any]:
        """Nothing: what its sessions need to be written down is a role's, by `uses=`."""
        return ()

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
