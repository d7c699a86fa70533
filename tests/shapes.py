"""Every answer of the local cloud against the output shape of botocore's model: names, types, enums, what is required.

`held` is registered on each client that `tests.localcloud.Cloud` hands out, before botocore reads the answer, since
botocore leaves out what it does not know.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

BEYOND = {
    # an event about a stack has the status of the stack: events of AWS hold these, the model's enum does not
    "ResourceStatus": (
        "REVIEW_IN_PROGRESS",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
    ),
    # the reference says so itself: "For an internet gateway, the state is available when attached to a VPC"
    "AttachmentStatus": ("available",),
    # EC2 answers in lower case, as the examples of its reference do
    "State": ("pending", "available", "deleting", "deleted"),
}
"""Values that AWS answers and botocore's model does not list, by shape."""

NUMBERS = ("integer", "long", "float", "double")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)")


def held(operation_model: Any, response_dict: Any, **more: Any) -> None:
    """Fail when an answer that is no error is not of its operation's shape."""
    shape = operation_model.output_shape
    body = response_dict["body"]
    if response_dict["status_code"] >= 300 or shape is None or operation_model.has_streaming_output:
        return
    if not isinstance(body, bytes):
        return
    found = list(problems(read(operation_model, shape, body), shape))
    assert not found, f"{operation_model.service_model.service_name} {operation_model.name}: {'; '.join(found)}"


def read(operation_model: Any, shape: Any, body: bytes) -> Any:
    """Give the members that an answer's body carries."""
    protocol = operation_model.service_model.metadata["protocol"]
    payload = shape.serialization.get("payload")
    if payload and shape.members[payload].type_name == "string":
        return {payload: body.decode()}
    if protocol in ("json", "rest-json") or body.startswith(b"{"):
        told = json.loads(body or b"{}")
        return {payload: told} if payload else told
    if not body:
        return {}
    root = ElementTree.fromstring(body)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    if protocol == "query":
        wrapper = shape.serialization.get("resultWrapper")
        found = root.find(wrapper) if wrapper else root
        return _element(found, shape) if found is not None else {}
    if protocol == "ec2":
        # every answer of EC2 may say these two, as its reference's examples do
        for element in (*root.findall("requestId"), *root.findall("return")):
            if not any(_in_body(name, member) == element.tag for name, member in shape.members.items()):
                root.remove(element)
    return {payload: _element(root, shape.members[payload])} if payload else _element(root, shape)


def problems(value: Any, shape: Any, path: str = "") -> Iterator[str]:
    """Say in what a value is not of a shape."""
    match shape.type_name:
        case "structure" if shape.is_document_type:
            return  # whatever somebody has written
        case "structure":
            if not isinstance(value, dict):
                yield f"{path or '/'} is {value!r}, no {shape.name}"
                return
            members = {_in_body(name, member): member for name, member in shape.members.items()}
            for name, one in value.items():
                if name not in members:
                    yield f"{path}/{name} is no member of {shape.name}"
                elif one is not None:
                    yield from problems(one, members[name], f"{path}/{name}")
            for name in shape.required_members:
                elsewhere = shape.members[name].serialization.get("location")
                if not elsewhere and value.get(_in_body(name, shape.members[name])) is None:
                    yield f"{path}/{name} is required"
        case "list":
            if not isinstance(value, list):
                yield f"{path} is {value!r}, no list"
                return
            for number, one in enumerate(value):
                yield from problems(one, shape.member, f"{path}/{number}")
        case "map":
            for key, one in value.items():
                yield from problems(one, shape.value, f"{path}/{key}")
        case "string":
            if not isinstance(value, str):
                yield f"{path} is {value!r}, no string"
            elif shape.enum and value not in (*shape.enum, *BEYOND.get(shape.name, ())):
                yield f"{path} is {value!r}, not one of {', '.join(shape.enum)}"
        case "boolean":
            if value not in (True, False, "true", "false"):
                yield f"{path} is {value!r}, neither true nor false"
        case "timestamp":
            if isinstance(value, str) and not _TIME.fullmatch(value) and not value.replace(".", "").isdigit():
                yield f"{path} is {value!r}, no time"
        case kind if kind in NUMBERS and not _is_number(value):
            yield f"{path} is {value!r}, no number"


def _in_body(name: str, member: Any) -> str:
    return str(member.serialization.get("name", name))


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return not isinstance(value, bool)


def _element(element: Any, shape: Any) -> Any:
    match shape.type_name:
        case "structure":
            return _structure(element, shape)
        case "list":
            return [_element(one, shape.member) for one in element]
        case "map":
            return dict(_entry(one, shape) for one in element)
    return element.text or ""


def _structure(element: Any, shape: Any) -> dict[str, Any]:
    flat: dict[str, tuple[str, Any]] = {}
    members: dict[str, Any] = {}
    for name, member in shape.members.items():
        if member.type_name in ("list", "map") and member.serialization.get("flattened"):
            inner = member.member.serialization.get("name") if member.type_name == "list" else None
            flat[inner or _in_body(name, member)] = (_in_body(name, member), member)
        else:
            members[_in_body(name, member)] = member
    found: dict[str, Any] = {}
    for one in element:
        if one.tag in flat:
            name, member = flat[one.tag]
            if member.type_name == "list":
                found.setdefault(name, []).append(_element(one, member.member))
            else:
                found.setdefault(name, {}).update([_entry(one, member)])
        elif one.tag in members:
            found[one.tag] = _element(one, members[one.tag])
        else:
            found[one.tag] = one.text
    return found


def _entry(element: Any, shape: Any) -> tuple[str, Any]:
    key = element.find(shape.key.serialization.get("name", "key"))
    value = element.find(shape.value.serialization.get("name", "value"))
    return (key.text or "" if key is not None else ""), (_element(value, shape.value) if value is not None else None)
