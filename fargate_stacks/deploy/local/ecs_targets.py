"""The targets of a service in its target groups: registered, checked, drained, as the load balancer tells of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

from ministack.core.responses import AccountRegionScopedDict
from ministack.services import alb, ec2

from fargate_stacks.deploy.local.ecs_tasks import Task
from fargate_stacks.deploy.local.tempo import clock

Data = dict[str, Any]

_targets = AccountRegionScopedDict()


def register() -> None:
    """Let DescribeTargetHealth tell the state of each target, and DescribeTargetGroups who forwards to each group."""
    alb._ACTION_MAP["DescribeTargetHealth"] = _described
    groups = alb._ACTION_MAP["DescribeTargetGroups"]

    def balanced(params: Any) -> Any:
        for arn, group in alb._tgs.items():
            group["LoadBalancerArns"] = sorted(balancers_of(arn))
        return groups(params)

    alb._ACTION_MAP["DescribeTargetGroups"] = balanced
    reset = alb.reset

    def forgetting() -> None:
        _targets.clear()
        reset()

    alb.reset = forgetting


@dataclass(eq=False)
class Target:
    """A task's address in a target group."""

    task: Task
    group: str
    port: int
    changed: Callable[[Target], None]
    state: str = "initial"
    reason: str = "Elb.RegistrationInProgress"
    description: str = "Target registration is in progress"
    failures: int = field(default=0, init=False)
    successes: int = field(default=0, init=False)

    @property
    def healthy(self) -> bool:
        return self.state == "healthy"

    def why(self) -> str:
        """Give the failure as a service's event tells it."""
        return self.description

    def check(self) -> None:
        """Plan the next health check."""
        clock.after(_group(self.group).get("HealthCheckIntervalSeconds", 30), self._look)

    def _look(self) -> None:
        if self.state in ("draining", "gone") or self.group not in alb._tgs:
            return
        fault = self._fault()
        before = self.state
        if not fault:
            self.successes, self.failures = self.successes + 1, 0
            # a new target needs one success, one that was unhealthy the threshold (ELB guide, "Health checks")
            if before == "initial" or self.successes >= _group(self.group).get("HealthyThresholdCount", 5):
                self._become("healthy")
        else:
            self.failures, self.successes = self.failures + 1, 0
            if self.failures >= _group(self.group).get("UnhealthyThresholdCount", 2):
                self._become("unhealthy", *fault)
            elif before == "initial":
                self._become("initial", "Elb.InitialHealthChecking", "Initial health checks in progress")
        if before != self.state or self.state == "unhealthy":
            self.changed(self)
        if self.state != "healthy" or self.task.goes_wrong("target"):
            self.check()

    def _become(self, state: str, reason: str = "", description: str = "") -> None:
        self.state, self.reason, self.description = state, reason, description

    def _fault(self) -> tuple[str, str] | None:
        """Give why a health check fails at this moment."""
        timeout = ("Target.Timeout", "Request timed out")
        rule = self.task.goes_wrong("target")
        if rule and clock.now() - self.task.running_at >= rule.option("after"):
            codes = rule.option("codes")
            if codes:
                return "Target.ResponseCodeMismatch", f"Health checks failed with these codes: [{codes}]"
            return timeout
        if not self.task.answers() or not self._let_in():
            return timeout
        return None

    def _let_in(self) -> bool:
        """Tell whether the groups let the load balancer reach the task."""
        balancers = [alb._lbs[arn] for arn in balancers_of(self.group) if arn in alb._lbs]
        groups = [ec2._security_groups[one] for one in self.task.network.groups if one in ec2._security_groups]
        peers = {one for balancer in balancers for one in balancer.get("SecurityGroups", ())}
        if not groups or not peers:
            return True
        senders = [ec2._security_groups[one] for one in peers if one in ec2._security_groups]
        out = any(_admits(one["IpPermissionsEgress"], self.port, set(self.task.network.groups)) for one in senders)
        return (out or not senders) and any(_admits(one["IpPermissions"], self.port, peers) for one in groups)


def _admits(rules: Any, port: int, peers: set[str]) -> bool:
    for rule in rules:
        if rule["IpProtocol"] != "-1" and not int(rule.get("FromPort", 0)) <= port <= int(rule.get("ToPort", 65535)):
            continue
        if rule["IpRanges"] or rule["Ipv6Ranges"] or rule["PrefixListIds"]:
            return True
        if any(pair.get("GroupId") in peers for pair in rule["UserIdGroupPairs"]):
            return True
    return False


def add(task: Task, group: str, port: int, changed: Callable[[Target], None]) -> Target:
    """Register a task's address and begin to check it."""
    target = Target(task, group, port, changed)
    _targets[_key(group, task.address, port)] = target
    entries = alb._targets.setdefault(group, [])
    entries.append({"Id": task.address, "Port": port, "AvailabilityZone": task.record["availabilityZone"]})
    target.check()
    return target


def remove(target: Target) -> None:
    """Deregister it: it drains, then it is gone."""
    if target.state in ("draining", "gone"):
        return
    target._become("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress")

    def gone() -> None:
        target.state = "gone"
        key = _key(target.group, target.task.address, target.port)
        if _targets.get(key) is target:
            _targets.pop(key)
        entries = alb._targets.get(target.group, [])
        alb._targets[target.group] = [
            one for one in entries if (one["Id"], one.get("Port")) != (target.task.address, target.port)
        ]

    clock.after(delay(target.group), gone)


def delay(group: str) -> float:
    """Give the seconds that a target of a group drains."""
    for one in alb._tg_attrs.get(group, ()):
        if one["Key"] == "deregistration_delay.timeout_seconds":
            return float(one["Value"])
    return 300.0


def balancers_of(group: str) -> set[str]:
    """Give the load balancers whose listeners or rules forward to a group."""
    found = {
        listener["LoadBalancerArn"]
        for listener in alb._listeners.values()
        if group in groups_of(listener.get("DefaultActions", ()))
    }
    for rule in alb._rules.values():
        if group in groups_of(rule.get("Actions", ())) and rule["ListenerArn"] in alb._listeners:
            found.add(alb._listeners[rule["ListenerArn"]]["LoadBalancerArn"])
    return found


def groups_of(actions: Any) -> set[str]:
    """Give the target groups to which actions forward."""
    found = set()
    for action in actions:
        if action.get("TargetGroupArn"):
            found.add(action["TargetGroupArn"])
        found |= {one["TargetGroupArn"] for one in action.get("ForwardConfig", {}).get("TargetGroups", ())}
    return found


def _group(arn: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = alb._tgs.get(arn, {})
    return found


def _key(group: str, address: str, port: int) -> str:
    return f"{group}|{address}|{port}"


def _described(params: Any) -> Any:
    group = alb._p(params, "TargetGroupArn")
    if group not in alb._tgs:
        return alb._error("TargetGroupNotFound", "One or more target groups not found")
    with clock.lock:
        inner = "".join(_members(group, {one["Id"] for one in alb._parse_targets_param(params)}))
    return alb._xml(200, "DescribeTargetHealth", f"<TargetHealthDescriptions>{inner}</TargetHealthDescriptions>")


def _members(group: str, wanted: set[str]) -> Iterator[str]:
    used = bool(balancers_of(group))
    default = _group(group).get("Port", 80)
    for entry in alb._targets.get(group, ()):
        if wanted and entry["Id"] not in wanted:
            continue
        port = entry.get("Port", default)
        target = _targets.get(_key(group, entry["Id"], port))
        health = {"State": target.state, "Reason": target.reason, "Description": target.description} if target else {}
        if not used:
            health = {
                "State": "unused",
                "Reason": "Target.NotInUse",
                "Description": "Target group is not configured to receive traffic from the load balancer",
            }
        told = "".join(
            f"<{name}>{escape(text)}</{name}>" for name, text in (health or {"State": "healthy"}).items() if text
        )
        zone = (
            f"<AvailabilityZone>{entry['AvailabilityZone']}</AvailabilityZone>" if "AvailabilityZone" in entry else ""
        )
        yield (
            f"<member><Target><Id>{entry['Id']}</Id><Port>{port}</Port>{zone}</Target>"
            f"<HealthCheckPort>{port}</HealthCheckPort><TargetHealth>{told}</TargetHealth></member>"
        )
