"""Services that the emulator lacks in part or whole: functions answer calls, botocore's shapes read and write them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote

from ministack import app
from ministack.core.responses import error_response_json, error_response_xml, json_response

from fargate_stacks.deploy.local.calls import Refused
from fargate_stacks.deploy.local.shapes import model
from fargate_stacks.deploy.local.xml import answer

Request = dict[str, Any]
Function = Callable[[Request], Mapping[str, Any]]


def serve(service: str, handler: str, functions: Mapping[str, Function]) -> None:
    """Let functions answer operations of a service; what they do not answer goes to the emulator, if it has it.

    `service` is botocore's name, `handler` the emulator's. A function takes the request and gives the answer as the
    shapes have them, or raises Refused. What the emulator says beyond the shapes, where it speaks JSON, is left out.
    """
    before = app.SERVICE_HANDLERS.get(handler)
    protocol = model(service).metadata["protocol"]

    async def handle(method: str, path: str, headers: Mapping[str, str], body: bytes, params: Any) -> Any:
        operation, request = _read(service, protocol, method, path, headers, body, params)
        if operation not in functions:
            if before is not None:
                return _known(service, operation, await before(method, path, headers, body, params))
            return _refused(
                protocol, "UnknownOperationException", f"the local cloud does not imitate {service} {operation}"
            )
        try:
            told = functions[operation](request)
        except Refused as error:
            return _refused(protocol, error.code, error.message)
        if protocol == "query":
            return answer(service, operation, told)
        content = _fit(told, model(service).operation_model(operation).output_shape)
        return json_response(
            content, content_type="application/x-amz-json-1.1" if protocol == "json" else "application/json"
        )

    app.SERVICE_HANDLERS[handler] = handle


def _known(service: str, operation: str, told: Any) -> Any:
    status, kinds, body = told
    found = model(service)
    if status != 200 or found.metadata["protocol"] == "query" or operation not in found.operation_names or not body:
        return told
    shape = found.operation_model(operation).output_shape
    return status, kinds, json.dumps(_fit(json.loads(body), shape)).encode() if shape is not None else body


def _refused(protocol: str, code: str, message: str) -> Any:
    status = 404 if "NotFound" in code and protocol == "rest-json" else 400
    return (error_response_xml if protocol == "query" else error_response_json)(code, message, status)


def _read(
    service: str, protocol: str, method: str, path: str, headers: Mapping[str, str], body: bytes, params: Any
) -> tuple[str, Request]:
    if protocol == "json":
        return headers.get("x-amz-target", "").rpartition(".")[2], json.loads(body or b"{}")
    if protocol == "query":
        given = parse_qs(body.decode(), keep_blank_values=True)
        operation = given.get("Action", [""])[0]
        if operation not in model(service).operation_names:
            return operation, {}
        shape = model(service).operation_model(operation).input_shape
        return operation, members_of({key: values[0] for key, values in given.items()}, shape, "") or {}
    for name, verb, pattern in _routes(service):
        found = pattern.fullmatch(path) if verb == method else None
        if found is not None:
            named = {key: unquote(value) for key, value in found.groupdict().items()}
            content = json.loads(body) if body else {}
            asked = {key: values[0] if isinstance(values, list) else values for key, values in (params or {}).items()}
            return name, {**asked, **content, **_labels(service, name, named)}
    return "", {}


@cache
def _routes(service: str) -> list[tuple[str, str, re.Pattern[str]]]:
    found = model(service)
    routes = []
    for name in found.operation_names:
        http = found.operation_model(name).http
        uri = http["requestUri"].partition("?")[0]
        # the server has decoded the path: an ARN in it has slashes of its own
        pattern = re.sub(r"\{(\w+)\+?\}", lambda label: f"(?P<{label.group(1)}>arn:[^/]+(?:/[^/]+)*?|[^/]+)", uri)
        routes.append((name, http["method"], re.compile(pattern)))
    # the more is said, the sooner it is meant
    return sorted(routes, key=lambda route: -len(route[2].pattern))


def _labels(service: str, operation: str, named: Mapping[str, str]) -> Request:
    members = model(service).operation_model(operation).input_shape.members
    by_wire = {member.serialization.get("name", name): name for name, member in members.items()}
    return {by_wire.get(key, key): value for key, value in named.items()}


def members_of(flat: Mapping[str, str], shape: Any, prefix: str = "") -> Any:
    """Give what was flattened to `A.member.1.B` in its own form; None where nothing was said."""
    if shape.type_name == "structure":
        found = {
            name: value
            for name, member in shape.members.items()
            if (value := members_of(flat, member, f"{prefix}.{member.serialization.get('name', name)}")) is not None
        }
        return found or None
    if shape.type_name == "list":
        items: list[Any] = []
        while (one := members_of(flat, shape.member, f"{prefix}.member.{len(items) + 1}")) is not None:
            items.append(one)
        return items or None
    text = flat.get(prefix.removeprefix("."))
    if text is None or shape.type_name not in ("integer", "long", "boolean"):
        return text
    return text == "true" if shape.type_name == "boolean" else int(text)


def _fit(value: Any, shape: Any) -> Any:
    """Give what a shape knows of a value, which has its names or those of the wire, by the names of the wire."""
    if shape is None:
        return {}
    match shape.type_name:
        case "structure" if shape.is_document_type:  # whatever somebody has written
            return value
        case "structure" if isinstance(value, Mapping):
            members = ((name, member.serialization.get("name", name), member) for name, member in shape.members.items())
            return {
                wire: _fit(value[key], member)
                for name, wire, member in members
                for key in [name if value.get(name) is not None else wire]
                if value.get(key) is not None
            }
        case "list" if isinstance(value, list | tuple):
            return [_fit(one, shape.member) for one in value]
    return value
