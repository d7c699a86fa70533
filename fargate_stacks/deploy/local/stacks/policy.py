"""A stack policy: which updates of which resources it allows."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import Any


class Policy:
    """A stack policy as text; an empty one allows everything.

    Once there is a policy, what no statement allows is denied, and a Deny beats an Allow
    (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/protect-stack-resources.html).
    """

    def __init__(self, text: str | None) -> None:
        found = json.loads(text).get("Statement", []) if text else None
        self.statements: list[Any] | None = [found] if isinstance(found, dict) else found

    def check(self, name: str, resource_type: str, action: str) -> None:
        """Raise PermissionError when `Modify`, `Replace` or `Delete` of a resource is denied."""
        if self.statements is None:
            return
        matching = [
            (number, one)
            for number, one in enumerate(self.statements, 1)
            if _covers(one, name, resource_type, f"Update:{action}")
        ]
        denying = [number for number, one in matching if one.get("Effect") == "Deny"]
        if denying:
            raise PermissionError(
                f"Action denied by stack policy: Statement [#{denying[0]}] does not allow [Update:*] for "
                f"resource {name};"
            )
        if not matching:
            raise PermissionError(
                f"Action not allowed by stack policy: no statement allows [Update:{action}] for resource {name}"
            )


def _covers(statement: Any, name: str, resource_type: str, action: str) -> bool:
    resource = f"LogicalResourceId/{name}"
    if "NotAction" in statement:
        acts = not _any(statement["NotAction"], action)
    else:
        acts = _any(statement.get("Action", ()), action)
    if "NotResource" in statement:
        means = not _any(statement["NotResource"], resource)
    else:
        means = _any(statement.get("Resource", "*"), resource)
    types = [
        value
        for operator in statement.get("Condition", {}).values()
        for key, value in operator.items()
        if key == "ResourceType"
    ]
    return acts and means and all(_any(one, resource_type) for one in types)


def _any(patterns: Any, value: str) -> bool:
    return any(fnmatchcase(value, one) for one in ([patterns] if isinstance(patterns, str) else patterns))
