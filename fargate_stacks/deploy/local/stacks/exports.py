"""Values that stacks hand to each other."""

from __future__ import annotations

from collections.abc import Mapping

from ministack.services import cloudformation
from ministack.services.cloudformation import handlers

from fargate_stacks.deploy.local.stacks.events import Record


class InUse(Exception):
    """Another stack imports what an operation wants to change or take away."""


def check(stack: Record, wanted: Mapping[str, Record]) -> None:
    """Raise InUse, or ValueError when another stack has an export of the same name."""
    mine = _of(stack)
    for name, export in mine.items():
        new = wanted.get(name)
        if new is not None and str(new["Value"]) == str(export["Value"]):
            continue
        users = importers(name)
        if users:
            verb = "deleted" if new is None else "updated"
            raise InUse(f"Export {name} cannot be {verb} as it is in use by {', '.join(users)}")
    for name in wanted.keys() - mine.keys():
        other = cloudformation._exports.get(name)
        if other is not None:
            raise ValueError(f"Export with name {name} is already exported by stack {_name(other['StackId'])}")


def needed(stack: Record) -> str:
    """Say why a stack cannot go, or nothing."""
    for name in _of(stack):
        users = importers(name)
        if users:
            return f"Cannot delete export {name} as it is in use by {', '.join(users)}."
    return ""


def publish(stack: Record, wanted: Mapping[str, Record]) -> None:
    """Put a stack's exports in place of those that it had."""
    for name in _of(stack).keys() - wanted.keys():
        cloudformation._exports.pop(name, None)
    for name, export in wanted.items():
        cloudformation._exports[name] = export


def importers(name: str) -> list[str]:
    """Give the stacks that import a name, sorted."""
    return sorted(
        stack_name
        for stack_name, stack in cloudformation._stacks.items()
        if stack["StackStatus"] not in ("DELETE_COMPLETE", "REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE")
        and name in handlers._imported_export_names(stack, stack_name)
    )


def _of(stack: Record) -> dict[str, Record]:
    return {name: one for name, one in cloudformation._exports.items() if one["StackId"] == stack["StackId"]}


def _name(stack_id: str) -> str:
    return stack_id.split("/")[1]
