"""A service's part in Service Connect: what it serves, and the namespace in which it finds others."""

from __future__ import annotations

from typing import Any

from troposphere import Ref, ecs

from fargate_stacks.constructs.endpoint import Endpoint
from fargate_stacks.constructs.task import Task
from fargate_stacks.core.construct import Construct


def service_connect(service: Construct, task: Task, endpoint: Endpoint | None) -> Any:
    """Give the service's Service Connect configuration, or None when it neither serves nor calls."""
    namespaces = [one.namespace for one in task.uses if one.namespace is not None]
    if endpoint is not None:
        namespaces.insert(0, endpoint.vpc.namespace_arn)
    if not namespaces:
        return None
    more: dict[str, Any] = {}
    if endpoint is not None:
        more["Services"] = [_served(task, endpoint)]
    return ecs.ServiceConnectConfiguration(
        Enabled=True,
        Namespace=namespaces[0],
        **more,
        LogConfiguration=ecs.LogConfiguration(
            LogDriver="awslogs",
            Options={
                "awslogs-group": Ref(service.id("LogGroup")),
                "awslogs-region": Ref("AWS::Region"),
                "awslogs-stream-prefix": "service-connect",
            },
        ),
    )


def _served(task: Task, endpoint: Endpoint) -> Any:
    return ecs.ServiceConnectService(
        PortName=task.port_name(endpoint.port),
        DiscoveryName=endpoint.host,
        ClientAliases=[ecs.ServiceConnectClientAlias(DnsName=endpoint.host, Port=endpoint.port)],
    )
