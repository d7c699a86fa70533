"""The weights of blue/green rules: ECS moves them in every deployment, and a change of the rule must not undo that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fargate_stacks.core.template import Template
from fargate_stacks.deploy.client import CallFailed, Client
from fargate_stacks.deploy.ecs import Ecs
from fargate_stacks.errors import DeployError


def live_weights(template: Template, live: Mapping[str, Any], client: Client, stack_id: str) -> dict[str, str]:
    """Give the live weights for the parameters of rules that this update touches; `live` is the stack's template.

    A rule that stays as it is keeps its parameters: CloudFormation leaves it alone, and a deploy without changes
    stays one. Raises DeployError with exit code 5 where the live weights cannot be read.
    """
    wanted: Mapping[str, Mapping[str, str]] = template.metadata.get("FargateStacks", {}).get("Weights", {})
    before = live.get("Resources", {})
    touched = {
        parameter: one
        for parameter, one in wanted.items()
        if _rule(one) in before and before[_rule(one)] != template.resources.get(_rule(one))
    }
    if not touched:
        return {}
    ecs = Ecs(client)
    try:
        physical = {one.logical_id: one.physical_id for one in ecs.resources(stack_id)}
        weights = _weights(ecs, {physical.get(_rule(one), "") for one in touched.values()} - {""})
    except CallFailed as trouble:
        if trouble.transient or trouble.expired:
            raise
        names = ", ".join(sorted({_rule(one) for one in touched.values()}))
        raise DeployError(
            f"{template.name}: {names} changes, and the traffic that it sends where cannot be read "
            f"({trouble.operation}: {trouble.message or trouble.code}); allow that, or give "
            f"{' '.join(f'--parameter {one}=N' for one in touched)}",
            exit_code=5,
        ) from trouble
    return {
        parameter: str(weights[rule].get(physical.get(one["TargetGroup"], ""), 0))
        for parameter, one in touched.items()
        if (rule := physical.get(_rule(one), "")) in weights
    }


def _rule(one: Mapping[str, str]) -> str:
    return one.get("ListenerRule") or one.get("Listener", "")


def _weights(ecs: Ecs, arns: Iterable[str]) -> dict[str, dict[str, int]]:
    """Give the weight of each target group by rule, or by listener for network load balancers."""
    rules = sorted(one for one in arns if ":listener-rule/" in one)
    listeners = sorted(one for one in arns if ":listener/" in one)
    found: dict[str, dict[str, int]] = {}
    if rules:
        answer = ecs.call("DescribeRules", of="elbv2", RuleArns=rules)
        found |= {one["RuleArn"]: _of_actions(one.get("Actions", [])) for one in answer.get("Rules", [])}
    if listeners:
        answer = ecs.call("DescribeListeners", of="elbv2", ListenerArns=listeners)
        found |= {one["ListenerArn"]: _of_actions(one.get("DefaultActions", [])) for one in answer.get("Listeners", [])}
    return found


def _of_actions(actions: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    weights: dict[str, int] = {}
    for action in actions:
        groups = action.get("ForwardConfig", {}).get("TargetGroups", [])
        weights |= {one["TargetGroupArn"]: int(one.get("Weight", 1)) for one in groups}
        if not groups and action.get("TargetGroupArn"):
            weights[action["TargetGroupArn"]] = 100
    return weights
