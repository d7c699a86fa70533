"""Under which addresses a service can be called: read from the live load balancers, rules included."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fargate_stacks.deploy.ecs import Ecs
from fargate_stacks.deploy.ecs_values import Service


@dataclass(frozen=True)
class Url:
    """One address of a service."""

    url: str
    internal: bool = False
    """It can be reached from inside the VPC only."""


def urls(ecs: Ecs, service: Service) -> list[Url]:
    """Give the addresses of a service's routes, encrypted ones first, those from outside before internal ones."""
    if not service.target_groups:
        return []
    answer = ecs.call("DescribeTargetGroups", of="elbv2", TargetGroupArns=list(service.target_groups))
    balancers = {arn: None for group in answer.get("TargetGroups", []) for arn in group.get("LoadBalancerArns", [])}
    if not balancers:
        return []
    described = ecs.call("DescribeLoadBalancers", of="elbv2", LoadBalancerArns=list(balancers))
    found: dict[Url, None] = {}
    for balancer in described.get("LoadBalancers", []):
        found |= dict.fromkeys(_of_balancer(ecs, balancer, set(service.target_groups)))
    return sorted(found, key=lambda one: (one.internal, not one.url.startswith("https://")))


def _of_balancer(ecs: Ecs, balancer: Mapping[str, Any], groups: set[str]) -> Iterator[Url]:
    internal = balancer.get("Scheme") == "internal"
    name = str(balancer.get("DNSName", ""))
    for listener in _pages(ecs, "DescribeListeners", "Listeners", LoadBalancerArn=balancer["LoadBalancerArn"]):
        protocol, port = listener.get("Protocol", ""), listener.get("Port")
        if protocol not in ("HTTP", "HTTPS"):
            if any(_leads_to(action, groups) for action in listener.get("DefaultActions", [])):
                yield Url(f"{protocol.lower()}://{name}:{port}", internal)
            continue
        scheme = protocol.lower()
        suffix = "" if (scheme, port) in (("http", 80), ("https", 443)) else f":{port}"
        for rule in _pages(ecs, "DescribeRules", "Rules", ListenerArn=listener["ListenerArn"]):
            if any(_leads_to(action, groups) for action in rule.get("Actions", [])):
                hosts, paths = _conditions(rule)
                for host in hosts or [name]:
                    for path in paths or ["/"]:
                        yield Url(f"{scheme}://{host}{suffix}{path}", internal)


def _leads_to(action: Mapping[str, Any], groups: set[str]) -> bool:
    targets = [action.get("TargetGroupArn"), *(one.get("TargetGroupArn") for one in _weighted(action))]
    return any(one in groups for one in targets)


def _weighted(action: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    forward: Mapping[str, Any] = action.get("ForwardConfig") or {}
    return list(forward.get("TargetGroups", []))


def _conditions(rule: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Give the hosts and the paths of a rule that can be called as they stand: a wildcard ends a path."""
    hosts: list[str] = []
    paths: list[str] = []
    for one in rule.get("Conditions", []):
        if one.get("Field") == "host-header":
            values = one.get("HostHeaderConfig", {}).get("Values") or one.get("Values", [])
            hosts += [value for value in values if "*" not in value and "?" not in value]
        if one.get("Field") == "path-pattern":
            values = one.get("PathPatternConfig", {}).get("Values") or one.get("Values", [])
            paths += [value.split("*")[0].split("?")[0] for value in values]
    return hosts, [path if path.startswith("/") else "/" for path in dict.fromkeys(paths)]


def _pages(ecs: Ecs, operation: str, key: str, **request: Any) -> Iterator[Mapping[str, Any]]:
    marker: dict[str, str] = {}
    while True:
        answer = ecs.call(operation, of="elbv2", **request, **marker)
        yield from answer.get(key, [])
        if not answer.get("NextMarker"):
            return
        marker = {"Marker": answer["NextMarker"]}
