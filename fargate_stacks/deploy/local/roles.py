"""What a role may do, by the policies that are attached at that moment; conditions are not weighed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ministack.services import iam


def allows(role: str, action: str, resource: str) -> bool:
    """Tell whether a role of this account (an ARN) may do something: an explicit Deny counts above any Allow."""
    allowed = False
    for statement in _statements(role):
        if not (_matches(statement, "Action", action, lower=True) and _matches(statement, "Resource", resource)):
            continue
        if statement.get("Effect") == "Deny" and "Condition" not in statement:
            return False
        allowed = allowed or statement.get("Effect") == "Allow"
    return allowed


def exists(role: str) -> bool:
    """Tell whether a role of this account is there."""
    return _role(role) is not None


def _role(arn: str) -> Mapping[str, Any] | None:
    found: Mapping[str, Any] | None = iam._roles.get(arn.rpartition("/")[2])
    return found


def _statements(role: str) -> Iterator[Mapping[str, Any]]:
    found = _role(role)
    if found is None:
        return
    documents = list(found.get("InlinePolicies", {}).values())
    for arn in found.get("AttachedPolicies", ()):
        policy = iam._policies.get(arn) or iam._aws_managed_policies.get(arn)
        if policy is not None:
            documents.append(policy["Versions"][policy["DefaultVersionId"]]["Document"])
    for document in documents:
        read = json.loads(document) if isinstance(document, str) else document
        yield from _list(read.get("Statement", ()))


def _matches(statement: Mapping[str, Any], part: str, value: str, *, lower: bool = False) -> bool:
    if f"Not{part}" in statement:
        return not any(_like(one, value, lower) for one in _list(statement[f"Not{part}"]))
    return any(_like(one, value, lower) for one in _list(statement.get(part, ())))


def _like(pattern: str, value: str, lower: bool) -> bool:
    if lower:
        pattern, value = pattern.lower(), value.lower()
    # IAM knows * and ? only: brackets are no sets here
    regex = "".join(".*" if part == "*" else "." if part == "?" else re.escape(part) for part in pattern)
    return re.fullmatch(regex, value) is not None


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]
