"""Calls of the emulator's services from inside its process, by botocore's own writing and reading of each protocol."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlencode

from ministack import app
from ministack.core.responses import get_account_id, get_region

from fargate_stacks.deploy.local.calls import Refused
from fargate_stacks.deploy.local.shapes import model

_PROTOCOLS = ("json", "rest-json", "query", "ec2", "rest-xml")
_HANDLERS = {"apigatewayv2": "apigateway", "cloudwatch": "monitoring", "elbv2": "elasticloadbalancing"}
"""Where the emulator's name of a service is not botocore's."""


@cache
def _writer(protocol: str) -> Any:
    from botocore.serialize import create_serializer

    return create_serializer(protocol, include_validation=False)


@cache
def _reader(protocol: str) -> Any:
    from botocore.parsers import create_parser

    return create_parser(protocol)


def _protocol(service: str) -> str:
    found = model(service).metadata
    return str(next(one for one in found.get("protocols", [found["protocol"]]) if one in _PROTOCOLS))


async def call(service: str, operation: str, **request: Any) -> dict[str, Any]:
    """Make a call in the account and region of the request that runs. Raises Refused."""
    found = model(service)
    shape = found.operation_model(operation)
    protocol = _protocol(service)
    written = _writer(protocol).serialize_to_request(request, shape)
    body = written["body"]
    if isinstance(body, dict):
        body = urlencode(body)
    content = body.encode() if isinstance(body, str) else body
    query = {key: [str(one)] for key, one in (written["query_string"] or {}).items()}
    path, _, rest = written["url_path"].partition("?")
    headers = {key.lower(): str(value) for key, value in written["headers"].items()}
    credential = f"{get_account_id()}/20000101/{get_region()}/{found.signing_name}/aws4_request"
    headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0"
    handler = app.SERVICE_HANDLERS[_HANDLERS.get(service, service)]
    status, kinds, answer = await handler(
        written["method"], path or "/", headers, content, query | parse_qs(rest, keep_blank_values=True)
    )
    raw = answer.encode() if isinstance(answer, str) else answer
    told = {"status_code": status, "headers": _headers(kinds), "body": raw}
    parsed: dict[str, Any] = _reader(protocol).parse(told, shape.output_shape)
    if status >= 400:
        error = parsed.get("Error", {})
        raise Refused(found.service_id.replace(" ", ""), error.get("Code", ""), error.get("Message", "") or _text(raw))
    return parsed


def parsed(service: str, operation: str, told: tuple[int, Mapping[str, str], bytes | str]) -> dict[str, Any]:
    """Read an answer of the emulator's as botocore does."""
    status, kinds, answer = told
    raw = answer.encode() if isinstance(answer, str) else answer
    response = {"status_code": status, "headers": _headers(kinds), "body": raw}
    found: dict[str, Any] = _reader(_protocol(service)).parse(
        response, model(service).operation_model(operation).output_shape
    )
    return found


def call_now(service: str, operation: str, **request: Any) -> dict[str, Any]:
    """Make a call that reads, outside of a coroutine: the emulator answers these without waiting for anything."""
    running = call(service, operation, **request)
    try:
        running.send(None)
    except StopIteration as done:
        found: dict[str, Any] = done.value
        return found
    running.close()
    raise RuntimeError(f"{service} {operation} waits for something")


def _headers(given: Mapping[str, str]) -> Any:
    from botocore.awsrequest import HeadersDict

    return HeadersDict(given)


def _text(raw: bytes) -> str:
    try:
        return str(json.loads(raw))
    except ValueError:
        return raw.decode("utf-8", "replace")
