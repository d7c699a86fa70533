"""Properties against CloudFormation's own schemas: what is unknown, what is missing, what is no such value."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ministack.core.responses import new_uuid, now_iso

from fargate_stacks.deploy.local.schemas import schema
from fargate_stacks.deploy.local.stacks.events import Record
from fargate_stacks.deploy.local.stacks.resources import Template


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a property."""

    name: str
    type: str
    path: str
    message: str

    def event(self, stack_id: str, operation: Mapping[str, Any]) -> Record:
        """Give it as DescribeEvents tells it."""
        return {
            "EventId": new_uuid(),
            "StackId": stack_id,
            "OperationId": operation.get("OperationId", ""),
            "OperationType": operation.get("OperationType", ""),
            "OperationStatus": "FAILED",
            "EventType": "VALIDATION_ERROR",
            "LogicalResourceId": self.name,
            "ResourceType": self.type,
            "Timestamp": now_iso(),
            "ValidationFailureMode": "FAIL",
            "ValidationName": "PROPERTY_VALIDATION",
            "ValidationStatus": "FAILED",
            "ValidationStatusReason": f"#{self.path}: {self.message}",
            "ValidationPath": f"/Resources/{self.name}/Properties{self.path}",
        }


def early(template: Template) -> list[Problem]:
    """Find what is wrong before anything is made; intrinsics are taken as right."""
    return [
        Problem(name, definition["Type"], path, message)
        for name, definition in template.definitions.items()
        for path, message in problems(definition["Type"], definition.get("Properties") or {})
    ]


def check(resource_type: str, name: str, properties: Mapping[str, Any]) -> None:
    """Raise ValueError, worded as CloudFormation does, when resolved properties do not fit."""
    found = list(problems(resource_type, properties))
    if found:
        lines = "\n".join(f"[#{path}: {message}]" for path, message in found)
        raise ValueError(f"Properties validation failed for resource {name} with message:\n{lines}")


def problems(resource_type: str, properties: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Give (path, message) for each property that does not fit."""
    found = schema(resource_type)
    if found is not None and isinstance(properties, Mapping):
        raw = found.raw
        read_only = {path.split("/")[2] for path in raw.get("readOnlyProperties", ()) if path.count("/") == 2}
        written = {*raw.get("createOnlyProperties", ()), *raw.get("required", ())}
        for name in sorted(read_only & properties.keys()):
            if f"/properties/{name}" not in written:
                yield "", f"extraneous key [{name}] is not permitted"
        yield from _walk(properties, raw, raw, "")


def _walk(value: Any, node: Mapping[str, Any], raw: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    if _intrinsic(value):
        return
    node = _deref(node, raw)
    if isinstance(value, Mapping) and "properties" in node:
        known = node["properties"]
        if node.get("additionalProperties") is False:
            patterns = node.get("patternProperties")
            for key in sorted(value.keys() - known.keys()):
                if not patterns and not key.startswith("Fn::"):
                    yield path, f"extraneous key [{key}] is not permitted"
        for key in node.get("required", ()):
            if key not in value:
                yield path, f"required key [{key}] not found"
        for key, item in value.items():
            if key in known:
                yield from _walk(item, known[key], raw, f"{path}/{key}")
    elif isinstance(value, list) and isinstance(node.get("items"), Mapping):
        for number, item in enumerate(value):
            yield from _walk(item, node["items"], raw, f"{path}/{number}")
    elif isinstance(value, str) and "enum" in node and value not in map(str, node["enum"]):
        yield path, f"{value} is not a valid enum value"


def _deref(node: Mapping[str, Any], raw: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in node:
        found: Any = raw
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found.get(part, {})
        node = found
    return node


def _intrinsic(value: Any) -> bool:
    if not isinstance(value, Mapping) or len(value) != 1:
        return False
    [key] = value
    return key in ("Ref", "Condition") or str(key).startswith("Fn::")


def text(properties: Any) -> str:
    """Write properties as events tell them."""
    return json.dumps(properties, sort_keys=True, default=str)
