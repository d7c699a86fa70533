"""Tasks that rules and schedules start: EventBridge and EventBridge Scheduler with a cluster as their target."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from ministack.services import ecs, eventbridge

from fargate_stacks.deploy.local.roles import allows
from fargate_stacks.deploy.local.shapes import input_of

_log = logging.getLogger("ecs-schedules")


def register() -> None:
    """Deliver to clusters, which the emulator does not."""
    others = eventbridge._invoke_target

    def invoke(target: Mapping[str, Any], event: Any, rule: Mapping[str, Any], view: Any = None) -> Any:
        if ":ecs:" in target.get("Arn", "") and ":cluster/" in target["Arn"]:
            _run(target, rule)
        else:
            others(target, event, rule, view)

    eventbridge._invoke_target = invoke


def _run(target: Mapping[str, Any], rule: Mapping[str, Any]) -> None:
    """Run the task of a target; what cannot run is a failed invocation, which nobody sees but a metric and the log."""
    given = dict(target.get("EcsParameters") or {})
    name = rule.get("Name", "")
    definition, role = given.pop("TaskDefinitionArn", ""), target.get("RoleArn", "")
    problem = _not_allowed(role, definition)
    if problem:
        _log.warning("%s: %s", name, problem)
        return
    request = input_of("ecs", "RunTask")(
        {
            **given,
            "Cluster": target["Arn"],
            "TaskDefinition": definition,
            "Count": given.pop("TaskCount", 1),
            "StartedBy": f"{'chronos-schedule' if 'FlexibleTimeWindow' in rule else 'events-rule'}/{name}"[:36],
            "Overrides": _overrides(target.get("Input")),
        }
    )
    status, _, body = ecs._ACTION_MAP["RunTask"](request)
    if status >= 400:
        _log.warning("%s: %s", name, json.loads(body).get("message"))


def _not_allowed(role: str, definition: str) -> str:
    """Say what the role of a target lacks; a definition without its revision counts as any of them."""
    whole = definition if definition.rpartition("/")[2].count(":") else f"{definition}:1"
    if not allows(role, "ecs:RunTask", whole):
        return f"the role {role or '(none)'} does not allow ecs:RunTask on {definition}"
    found = ecs._task_defs.get(ecs._resolve_td_key(definition)) or {}
    for passed in (found.get("executionRoleArn"), found.get("taskRoleArn")):
        if passed and not allows(role, "iam:PassRole", passed):
            return f"the role {role} does not allow iam:PassRole on {passed}"
    return ""


def _overrides(text: str | None) -> Any:
    """Give what a target's constant input says; what is no JSON object overrides nothing."""
    try:
        read = json.loads(text or "{}")
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}
