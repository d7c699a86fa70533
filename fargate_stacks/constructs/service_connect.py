"""A service's part in Service Connect: what it serves, and the namespace in which it finds others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import Ref, ecs

from fargate_stacks.constructs.definition import log_group_name
from fargate_stacks.constructs.endpoint import Endpoint
from fargate_stacks.constructs.task import Task
from fargate_stacks.core import ext
from fargate_stacks.core.construct import Construct

if TYPE_CHECKING:
    from fargate_stacks.constructs.proxy import Proxy


def service_connect(service: Construct, task: Task, endpoint: Endpoint | None, proxy: Proxy | None) -> Any:
    """Give the service's Service Connect configuration, or None when it neither serves nor calls."""
    namespaces = [one.namespace for one in task.uses if one.namespace is not None]
    if endpoint is not None:
        namespaces.insert(0, endpoint.vpc.namespace_arn)
    if not namespaces:
        return None
    more: dict[str, Any] = {}
    if endpoint is not None:
        more["Services"] = [_served(service, task, endpoint)]
    if proxy is not None:
        more |= proxy.configuration()
    return ext.ServiceConnectConfiguration(
        Enabled=True,
        Namespace=namespaces[0],
        **more,
        LogConfiguration=ecs.LogConfiguration(
            LogDriver="awslogs",
            Options={
                "awslogs-group": log_group_name(service, task),
                "awslogs-region": Ref("AWS::Region"),
                "awslogs-stream-prefix": "service-connect",
            },
        ),
    )


def _served(service: Construct, task: Task, endpoint: Endpoint) -> Any:
    alias: dict[str, Any] = {}
    for name, value in endpoint.test_header.items():
        header = ecs.ServiceConnectTestTrafficHeaderRules(
            Name=name, Value=ecs.ServiceConnectTestTrafficHeaderMatchRules(Exact=value)
        )
        alias["TestTrafficRules"] = ecs.ServiceConnectTestTrafficRules(Header=header)
    more: dict[str, Any] = {}
    times = {"IdleTimeoutSeconds": endpoint.idle_timeout, "PerRequestTimeoutSeconds": endpoint.request_timeout}
    given = {key: int(one.total_seconds()) for key, one in times.items() if one is not None}
    if given:
        more["Timeout"] = ecs.TimeoutConfiguration(**given)
    if endpoint.tls is not None:
        more["Tls"] = endpoint.tls.configuration(service)
    return ecs.ServiceConnectService(
        PortName=task.port_name(endpoint.port),
        DiscoveryName=endpoint.host,
        ClientAliases=[ecs.ServiceConnectClientAlias(DnsName=endpoint.host, Port=endpoint.port, **alias)],
        **more,
    )
