"""Target groups of application load balancers: how tasks are found healthy, chosen and let go."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from troposphere import elasticloadbalancingv2 as elb

from fargate_stacks.core.hints import shown

if TYPE_CHECKING:
    from fargate_stacks.constructs.network import Network
    from fargate_stacks.constructs.route import Route

_HTTP_CODES = re.compile(r"\d{3}(-\d{3}|(,\d{3})*)\Z")
_GRPC_CODES = re.compile(r"\d{1,2}(-\d{1,2}|(,\d{1,2})*)\Z")
_COOKIE = re.compile(r"[A-Za-z0-9_.-]{1,128}\Z")


def problem(route: Route) -> str | None:
    """Say what a target group would refuse of a route, or None. Bounds: API reference, CreateTargetGroup."""
    return next(_problems(route), None)


def _problems(route: Route) -> Iterator[str]:
    yield from _health(route)
    for key, low, high in (("deregistration_delay", 0, 1500), ("slow_start", 30, 900), ("sticky", 1, 604_800)):
        given: timedelta | None = getattr(route, key)
        seconds = 0.0 if given is None else given.total_seconds()
        if given is not None and (not low <= seconds <= high or seconds % 1):
            more = "; CloudFormation gives up the deletion of a service after 30 minutes" if high == 1500 else ""
            yield f"{key} must be {low} to {high} whole seconds, got {seconds:g}{more}"
    if route.cookie is not None and route.sticky is None:
        yield "cookie is the application's own for sticky sessions; give sticky=timedelta(...) too"
    if route.cookie is not None and (not _COOKIE.match(route.cookie) or route.cookie.upper().startswith("AWSALB")):
        yield f"cookie must be a cookie name other than AWSALB's own, got {shown(route.cookie)}"
    if route.slow_start is not None and route.algorithm != "round_robin":
        yield f"slow_start works with round_robin only, got algorithm={route.algorithm!r}; leave one of them out"


def _health(route: Route) -> Iterator[str]:
    if not route.health.startswith("/") or len(route.health) > 1024:
        yield f"health must be a path that starts with /, got {shown(route.health)}"
    expect = expected(route)
    if route.protocol == "grpc":
        codes = [int(code) for code in re.findall(r"\d+", expect)]
        if not _GRPC_CODES.match(expect) or not all(code <= 99 for code in codes):
            yield f'expect must be gRPC codes from 0 to 99 like "0" or "0-5", got {shown(expect)}'
    else:
        codes = [int(code) for code in re.findall(r"\d+", expect)]
        if not _HTTP_CODES.match(expect) or not all(200 <= code <= 499 for code in codes):
            yield f'expect must be status codes from 200 to 499 like "200-399", got {shown(expect)}'
    interval, timeout = route.interval.total_seconds(), route.timeout.total_seconds()
    if not 5 <= interval <= 300 or interval % 1:
        yield f"interval must be 5 to 300 whole seconds, got {interval:g}"
    if not 2 <= timeout <= 120 or timeout % 1 or timeout >= interval:
        yield f"timeout must be 2 to 120 whole seconds and below interval={interval:g}, got {timeout:g}"
    for key, value in (("healthy", route.healthy), ("unhealthy", route.unhealthy)):
        if not 2 <= value <= 10:
            yield f"{key} must be 2 to 10 checks in a row, got {value}"


def expected(route: Route) -> str:
    """The codes that count as healthy: 200 to 399, or "unimplemented" of a gRPC server without a health service."""
    if route.expect is not None:
        return route.expect
    return "12" if route.protocol == "grpc" else "200-399"


def target_group(route: Route, logical_id: str, port: int, network: Network) -> Any:
    """Give a target group for the tasks of a service."""
    protocol = "HTTPS" if route.encrypted else "HTTP"
    grpc = route.protocol == "grpc"
    version = (
        {} if route.protocol == "http" else {"ProtocolVersion": {"http2": "HTTP2", "grpc": "GRPC"}[route.protocol]}
    )
    matcher = elb.Matcher(GrpcCode=expected(route)) if grpc else elb.Matcher(HttpCode=expected(route))
    return elb.TargetGroup(
        logical_id,
        TargetType="ip",
        Protocol=protocol,
        **version,
        Port=port,
        VpcId=network.vpc_id,
        HealthCheckPath="/AWS.ALB/healthcheck" if grpc and route.health == "/" else route.health,
        HealthCheckProtocol=protocol,
        HealthCheckIntervalSeconds=int(route.interval.total_seconds()),
        HealthCheckTimeoutSeconds=int(route.timeout.total_seconds()),
        HealthyThresholdCount=route.healthy,
        UnhealthyThresholdCount=route.unhealthy,
        Matcher=matcher,
        TargetGroupAttributes=[
            elb.TargetGroupAttribute(Key=key, Value=value) for key, value in _attributes(route).items()
        ],
    )


def _attributes(route: Route) -> dict[str, str]:
    found = {"deregistration_delay.timeout_seconds": str(int(route.deregistration_delay.total_seconds()))}
    if route.slow_start is not None:
        found["slow_start.duration_seconds"] = str(int(route.slow_start.total_seconds()))
    if route.algorithm != "round_robin":
        found["load_balancing.algorithm.type"] = route.algorithm
    if route.algorithm == "weighted_random":
        found["load_balancing.algorithm.anomaly_mitigation"] = "on"
    if route.sticky is not None:
        kind = "lb_cookie" if route.cookie is None else "app_cookie"
        found |= {
            "stickiness.enabled": "true",
            "stickiness.type": kind,
            f"stickiness.{kind}.duration_seconds": str(int(route.sticky.total_seconds())),
        }
        if route.cookie is not None:
            found["stickiness.app_cookie.cookie_name"] = route.cookie
    return found
