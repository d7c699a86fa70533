"""What a change set holds beyond the template that was sent: what macros make of it, and what is in nested stacks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from fargate_stacks.deploy.answers import as_data
from fargate_stacks.deploy.client import Client

STACK = "AWS::CloudFormation::Stack"


class Sides(NamedTuple):
    """Resources by their path, `Net/Vpc` for one in a nested stack: as they are, and as they will be."""

    old: dict[str, Any]
    new: dict[str, Any]
    templates: list[dict[str, Any]]
    """Each template by itself: its resources by their path, and its parameters."""


def hides(template: Mapping[str, Any]) -> bool:
    """Tell whether resources come of a template that it does not show."""
    resources = template.get("Resources", {}).values()
    return bool(template.get("Transform")) or any(
        not isinstance(one, Mapping) or one.get("Type") == STACK for one in resources
    )


def sides(client: Client, change_set: str, stack_id: str | None) -> Sides:
    """Read both sides of a change set, down through the nested ones. `stack_id` is None for a stack that is new."""
    old = as_data(client.template(stack_id, "Processed")) if stack_id else {}
    new = as_data(client.planned_template(change_set))
    found = Sides(dict(_resources(old)), dict(_resources(new)), [dict(old), dict(new)])
    for change in client.change_set(change_set)["Changes"]:
        about = change.get("ResourceChange", {})
        if about.get("ChangeSetId"):
            live = about.get("PhysicalResourceId") if about["Action"] == "Modify" else None
            inner = sides(client, about["ChangeSetId"], live)
            found.old.update(_within(about["LogicalResourceId"], inner.old))
            found.new.update(_within(about["LogicalResourceId"], inner.new))
            found.templates.extend(
                {**one, "Resources": _within(about["LogicalResourceId"], _resources(one))} for one in inner.templates
            )
    return found


class Live(NamedTuple):
    """What is in a stack and in those nested in it, by path."""

    resources: dict[str, Any]
    physical: dict[str, str]


def inside(client: Client, stack_id: str) -> Live:
    """Read a live stack down through the nested ones, as macros have made it."""
    found = Live(dict(_resources(client.template(stack_id, "Processed"))), dict(client.resources(stack_id)))
    for key, resource in list(found.resources.items()):
        if resource.get("Type") == STACK and found.physical.get(key):
            inner = inside(client, found.physical[key])
            found.resources.update(_within(key, inner.resources))
            found.physical.update(_within(key, inner.physical))
    return found


def _within(logical_id: str, resources: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{logical_id}/{key}": one for key, one in resources.items()}


def _resources(body: Any) -> dict[str, Any]:
    found: dict[str, Any] = as_data(body).get("Resources", {})
    return found
