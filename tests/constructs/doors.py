"""A network, a cluster and a task for tests of what stands in front of services."""

from __future__ import annotations

from typing import Any

from fargate_stacks import App, Cluster, Construct, Container, LoadBalancer, Service, Stack, Task, Template, Vpc, render
from fargate_stacks.testing import properties

CERTIFICATE = "arn:aws:acm:eu-west-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
SECOND = "arn:aws:acm:eu-west-1:123456789012:certificate/22345678-1234-1234-1234-123456789012"
NET = Vpc("Net")
MAIN = Cluster("Main", vpc=NET)
PLAIN = LoadBalancer("Plain", vpc=NET)
SECURE = LoadBalancer("Secure", vpc=NET, certificate=CERTIFICATE, logins=True)
TESTED = LoadBalancer("Tested", vpc=NET, certificate=CERTIFICATE, test_port=9443)
TASK = Task(containers=[Container(image="example/api:7", port=8080)])


def service(**fields: Any) -> Service:
    return Service("Web", cluster=MAIN, **{"task": TASK, **fields})


def rendered(*members: Construct, **stack: Any) -> Template:
    """Render one stack with the network, the cluster and these members."""
    return render(App([Stack("s", [NET, MAIN, *members], **stack)]))["s"]


def served(balancer: LoadBalancer, *, deployment: dict[str, Any] | None = None, **route: Any) -> Template:
    """Render a service with one route of a load balancer."""
    return rendered(balancer, service(route=balancer.route(**route), **(deployment or {})))


def attributes(template: Template, logical_id: str) -> dict[str, Any]:
    """Give the attributes of a load balancer or target group as a mapping."""
    body = properties(template, logical_id)
    found = body.get("LoadBalancerAttributes") or body.get("TargetGroupAttributes")
    assert found is not None
    return {one["Key"]: one["Value"] for one in found}
