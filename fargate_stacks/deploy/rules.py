"""Listener rules in a change set: CloudFormation creates before it deletes, so no priority changes hands within one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from fargate_stacks.errors import DeployError

_RULES = ("AWS::ElasticLoadBalancingV2::ListenerRule", "AWS::VpcLattice::Rule")


def refuse_reuse(stack: str, live: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Raise DeployError for a priority that one rule of a listener has and another is to take."""
    for number, before, after in reused(live, wanted):
        raise DeployError(
            f"{stack}: {after} would take priority {number} of {before}, and CloudFormation creates and changes rules "
            f"before it deletes any; give {after} another priority=, deploy, then give it back if you need that number",
            exit_code=5,
        )


def reused(live: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[tuple[int, str, str]]:
    """Give each priority that changes hands: the number, who has it, who is to have it. Both are resources by id."""
    before = dict(_held(live))
    for key, logical_id in _held(wanted):
        holder = before.get(key, logical_id)
        if holder != logical_id:
            yield int(key[1]), holder, logical_id


def _held(resources: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], str]]:
    for logical_id, body in resources.items():
        if isinstance(body, Mapping) and body.get("Type") in _RULES:  # a loop of the language extensions is a list
            properties = body["Properties"]
            listener = {key: properties.get(key) for key in ("ListenerArn", "ServiceIdentifier", "ListenerIdentifier")}
            number = str(properties.get("Priority"))
            if number.isdigit():
                yield (json.dumps(listener, sort_keys=True), number), logical_id
