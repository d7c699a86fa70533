"""Rolling deployments: tasks replaced a few at a time, within the two percentages, watched by the circuit breaker."""

from __future__ import annotations

import math
import time
from typing import Any

from ministack.services import cloudwatch

from fargate_stacks.deploy.local import ecs_history
from fargate_stacks.deploy.local.ecs_services import Deployment, Service
from fargate_stacks.deploy.local.scenarios import named, script
from fargate_stacks.deploy.local.tempo import clock

BREAKER = ("Error occurred during operation 'ECS Deployment Circuit Breaker was triggered'.", "GeneralServiceException")

_ALARMED = "alarm detected."
_LOOK = 15.0
"""How often the alarms of a deployment are looked at."""


def threshold(service: Service) -> int:
    """Give how many failures open the circuit breaker: if unsaid, half the desired count, from 3 to 200."""
    breaker = service.record["deploymentConfiguration"].get("deploymentCircuitBreaker", {})
    said = breaker.get("thresholdConfiguration", {"type": "BOUNDED_PERCENT", "value": 50})
    if said["type"] == "COUNT":
        return int(said["value"])
    share = math.ceil(service.desired * said["value"] / 100)
    return max(int(share), 1) if said["type"] == "UNBOUNDED_PERCENT" else min(max(int(share), 3), 200)


def begin(service: Service, deployment: Deployment) -> None:
    """Begin to roll a deployment out."""
    open_history(service, deployment)


def open_history(service: Service, deployment: Deployment) -> None:
    """Begin the service deployment to a deployment; one that still goes on is over."""
    service.shift = None
    if service.in_flight and service.current is not None:
        ecs_history.end(service.current, "STOPPED", "The service deployment was superseded by a newer one.")
    deployment.record |= {
        "rolloutState": "IN_PROGRESS",
        "rolloutStateReason": f"ECS deployment {deployment.id} in progress.",
    }
    sources = [{"arn": one.revision["serviceRevisionArn"]} for one in service.deployments[1:]]
    service.current = ecs_history.begin(service.record, deployment.revision, sources, threshold(service))
    service.failure, service.streak, service.not_before = None, 0, 0
    watch_alarms(service, service.current)


def step(service: Service) -> None:
    """Start, stop, complete or give up, as the service is."""
    primary = service.primary
    if primary.failed:
        return
    if breaks(service, primary):
        give_up(service, primary, "tasks failed to start.", BREAKER)
        return
    mine, old = service.live(primary), [one for one in service.live() if one.deployment is not primary]
    configuration = service.record["deploymentConfiguration"]
    most = service.desired * configuration["maximumPercent"] // 100
    least = math.ceil(service.desired * configuration["minimumHealthyPercent"] / 100)
    wanted = min(service.desired - len(mine), most - len(mine) - len(old))
    if wanted > 0:
        service.steady = False
        service.start(primary, wanted)
        mine = service.live(primary)
    if len(mine) > service.desired:
        surplus = sorted(mine, key=service.healthy)[: len(mine) - service.desired]
        service.stop(surplus)
    spare = sum(service.healthy(one) for one in (*mine, *old)) - least
    sick = [one for one in old if not service.healthy(one)]
    service.stop([*sick, *[one for one in old if one not in sick][: max(spare, 0)]])
    _complete(service, primary)


def breaks(service: Service, deployment: Deployment) -> bool:
    """Tell whether the failures of a deployment open the circuit breaker."""
    breaker = service.record["deploymentConfiguration"].get("deploymentCircuitBreaker", {})
    if not breaker.get("enable") or deployment.completed or not service.in_flight:
        return False
    if service.current is not None and service.current["status"] == "ROLLBACK_IN_PROGRESS":
        return False
    return deployment.failures >= threshold(service)


def _complete(service: Service, deployment: Deployment) -> None:
    mine = service.live(deployment)
    others = [one for one in service.placed if one.deployment is not deployment]
    if len(mine) != service.desired or not all(service.healthy(one) for one in mine) or others:
        service.steady = False
        return
    if not deployment.completed and _bakes(service, deployment):
        return
    if not deployment.completed:
        deployment.completed = True
        deployment.record |= {
            "rolloutState": "COMPLETED",
            "rolloutStateReason": f"ECS deployment {deployment.id} completed.",
            "updatedAt": time.time(),
        }
        service.says(f"(deployment {deployment.id}) deployment completed.")
        if service.in_flight and service.current is not None:
            back = service.current["status"] == "ROLLBACK_IN_PROGRESS"
            ecs_history.end(service.current, "ROLLBACK_SUCCESSFUL" if back else "SUCCESSFUL")
    service.say_steady()


def _bakes(service: Service, deployment: Deployment) -> bool:
    """Tell whether the bake time, in which alarms are watched, has still to pass; the first call begins it."""
    minutes = service.record["deploymentConfiguration"].get("bakeTimeInMinutes", 0)
    if not minutes or (service.current or {}).get("status") == "ROLLBACK_IN_PROGRESS":
        return False
    if "_baked_at" not in deployment.record:
        deployment.record["_baked_at"] = clock.now() + minutes * 60
        clock.after(minutes * 60, service.step)
    return bool(clock.now() < deployment.record["_baked_at"])


def give_up(service: Service, deployment: Deployment, why: str, failure: tuple[str, str]) -> None:
    """Let a deployment fail, and go back to the last that completed where the service asks for it."""
    by_alarm = why.startswith("alarm")
    deployment.failed = True
    kind = "alarms" if by_alarm else "circuit breaker"
    deployment.record |= {
        "rolloutState": "FAILED",
        "rolloutStateReason": f"ECS deployment {kind}: {why}",
        "updatedAt": time.time(),
    }
    service.says(f"(deployment {deployment.id}) deployment failed: {why}")
    service.failure = failure
    current = service.current
    if current is None:
        return
    breaker = current["deploymentCircuitBreaker"]
    if not by_alarm and breaker["status"] == "MONITORING":
        breaker |= {"status": "TRIGGERED", "failureCount": deployment.failures}
    said = service.record["deploymentConfiguration"].get("alarms" if by_alarm else "deploymentCircuitBreaker", {})
    if said.get("rollback"):
        roll_back(service, deployment, why)
    else:
        ecs_history.end(current, "STOPPED", why)


def roll_back(service: Service, deployment: Deployment, why: str) -> None:
    """Go back to the last deployment that completed; where there is none, the deployment is stalled."""
    current = service.current
    if current is None:
        return
    before = next((one for one in service.deployments if one.completed and one is not deployment), None)
    if before is None:
        ecs_history.end(current, "STOPPED", why)
        return
    turn_back(service, deployment, before, why)
    clock.after(0, service.step)


def turn_back(service: Service, deployment: Deployment, before: Deployment, why: str) -> None:
    """Make an earlier deployment what the service is to run."""
    deployment.failed = True
    deployment.record |= {"status": "ACTIVE", "rolloutState": "FAILED"}
    before.completed = False
    before.record |= {
        "status": "PRIMARY",
        "rolloutState": "IN_PROGRESS",
        "rolloutStateReason": f"ECS deployment circuit breaker: rolling back to deploymentId {before.id}.",
        "updatedAt": time.time(),
    }
    service.deployments.remove(before)
    service.deployments.insert(0, before)
    for name in ("taskDefinition", "networkConfiguration", "loadBalancers"):
        if name in before.revision:
            service.record[name] = before.revision[name]
    service.says(f"rolling back to (deployment {before.id}).")
    if service.current is not None:
        service.current |= {
            "status": "ROLLBACK_IN_PROGRESS",
            "statusReason": why,
            "rollback": {
                "reason": why,
                "startedAt": time.time(),
                "serviceRevisionArn": before.revision["serviceRevisionArn"],
            },
        }
    service.streak, service.not_before, service.steady = 0, 0, False


# --- alarms


def watch_alarms(service: Service, current: dict[str, Any]) -> None:
    """Look at the alarms of a service deployment until it is over, and fire those that are ordered."""
    if current["alarms"]["status"] != "MONITORING":
        return
    for rule in script("alarm"):
        if rule.means(service.name) and not rule.stage:
            clock.after(rule.after, lambda rule=rule: fire(rule.alarm))  # type: ignore[misc]
    _look(service, current)


def fire(pattern: str) -> None:
    """Put the alarms that a glob names into ALARM."""
    for name, alarm in cloudwatch._alarms.items():
        if named(pattern, name):
            alarm |= {"StateValue": "ALARM", "StateReason": "on order"}


def _look(service: Service, current: dict[str, Any]) -> None:
    if current is not service.current or not service.in_flight or current["status"] == "ROLLBACK_IN_PROGRESS":
        return
    names = current["alarms"]["alarmNames"]
    ringing = [name for name in names if cloudwatch._alarms.get(name, {}).get("StateValue") == "ALARM"]
    if not ringing:
        clock.after(_LOOK, lambda: _look(service, current))
        return
    current["alarms"] |= {"status": "TRIGGERED", "triggeredAlarmNames": ringing}
    failure = (
        f"Error occurred during operation 'ECS Deployment Alarms {ringing} were triggered'.",
        "GeneralServiceException",
    )
    if service.shift is not None:
        service.shift.give_up(_ALARMED, failure)
    else:
        give_up(service, service.primary, _ALARMED, failure)
    service.step()
