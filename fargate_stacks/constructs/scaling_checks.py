"""What a service must have for the way in which it scales."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fargate_stacks.constructs.cluster import Cluster
from fargate_stacks.constructs.route import Route
from fargate_stacks.constructs.scaling import Scaling

if TYPE_CHECKING:
    from fargate_stacks.constructs.service import Service


def check_scaling(service: Service, count: Scaling) -> None:
    """Refuse a scaling that would never act, or that has nothing to measure. Raises SpecError."""
    if not count.has_metric and not count.schedule:
        raise service.refuse(
            f"Scaling(min={count.min}, max={count.max}) names no metric and no schedule, so nothing would change the "
            f"number; give one, like cpu=60, or count={max(count.min, 1)}"
        )
    if count.min == 0 and not count.starts_from_zero:
        raise service.refuse(
            "Scaling(min=0) would not come back from zero: without a task there is no CPU and no request to measure; "
            "give min=1, backlog=, a StepScaling with above=, or a schedule that sets min="
        )
    for key, given in (
        ("requests", count.requests is not None),
        ("response_time", count.response_time is not None),
        ("predictive=Predictive(requests=)", count.predictive is not None and count.predictive.requests is not None),
    ):
        if given:
            _check_route(service, key)
    if count.predictive is not None and count.predictive.requests is not None and service.deployment.shifts:
        raise service.refuse(
            f"a forecast of requests sees one target group, and {type(service.deployment).__name__} moves traffic "
            "between two; forecast cpu or memory, or deploy by Rolling()"
        )
    if count.backlog is not None:
        _check_backlog(service, count)


def _check_route(service: Service, key: str) -> None:
    label = key if key.endswith(")") else f"{key}="
    if len(service.routes) != 1 or not isinstance(service.routes[0], Route):
        raise service.refuse(
            f"Scaling({label}) needs exactly one route of an ALB, got {len(service.routes)} ways in; "
            "give one route=, or scale by cpu or memory"
        )
    if service.routes[0].load_balancer.full_name is None:
        raise service.refuse(f"Scaling({label}) needs the load balancer's name; give full_name= to it")


def _check_backlog(service: Service, count: Scaling) -> None:
    if count.backlog is not None and count.backlog.queue is None:
        raise service.refuse("Backlog has no queue; give Backlog(queue=jobs), or make the service by queue_worker")
    insights = service.cluster.insights
    if insights in ("enabled", "enhanced"):
        return
    if isinstance(service.cluster, Cluster):
        raise service.refuse(
            f"Scaling(backlog=) counts running tasks by Container Insights, and {service.cluster.who} has "
            f'insights="{insights}"; give it insights="enabled", or scale by cpu'
        )
    raise service.refuse(
        f"Scaling(backlog=) counts running tasks by Container Insights, and nothing says that {service.cluster.who} "
        'has them; give ExistingCluster(insights="enabled") when it has, or scale by cpu'
    )
