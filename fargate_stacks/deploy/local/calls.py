"""Calls of the emulator's own APIs from inside its process, and how a refusal reads in a stack's events."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

from ministack.core.responses import new_uuid


class Refused(Exception):
    """What a service answers in place of what was asked for."""

    def __init__(self, service: str, code: str, message: str) -> None:
        super().__init__(message)
        self.service = service
        self.code = code
        self.message = message

    def __str__(self) -> str:
        # the sentence of CloudFormation's resource handlers
        return (
            f'Resource handler returned message: "{self.message} (Service: {self.service}, Status Code: 400, '
            f'Request ID: {new_uuid()})" (RequestToken: {new_uuid()}, HandlerErrorCode: {handler_code(self.code)})'
        )


def handler_code(code: str) -> str:
    """Give the handler error code under which CloudFormation files a service's own."""
    for part, filed in (
        ("NotFound", "NotFound"),
        ("AlreadyExists", "AlreadyExists"),
        ("Duplicate", "AlreadyExists"),
        ("AccessDenied", "AccessDenied"),
        ("LimitExceeded", "ServiceLimitExceeded"),
        ("Throttl", "Throttling"),
        ("InUse", "ResourceConflict"),
        ("Dependency", "ResourceConflict"),
    ):
        if part in code:
            return filed
    return "InvalidRequest"


def query(service: str, actions: Mapping[str, Any], action: str, request: Mapping[str, Any]) -> ElementTree.Element:
    """Make a call of the query protocol; give the answer's XML without namespaces."""
    status, _, body = actions[action]({"Action": [action], **_flat(request)})
    root = ElementTree.fromstring(body)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    if status >= 400:
        raise Refused(service, root.findtext(".//Code", ""), root.findtext(".//Message", ""))
    return root


def json_call(service: str, actions: Mapping[str, Any], action: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """Make a call of the JSON protocol."""
    status, _, body = actions[action](dict(request))
    answer: dict[str, Any] = json.loads(body)
    if status >= 400:
        raise Refused(service, str(answer.get("__type", "")).rpartition("#")[2], answer.get("message", ""))
    return answer


def _flat(value: Any, prefix: str = "") -> dict[str, list[str]]:
    """Write nested values as the query protocol does: `A.1.B=c`."""
    if isinstance(value, Mapping):
        parts: Any = value.items()
    elif isinstance(value, Sequence) and not isinstance(value, str):
        parts = [(str(number), item) for number, item in enumerate(value, 1)]
    else:
        return {prefix: [str(value).lower() if isinstance(value, bool) else str(value)]}
    flat: dict[str, list[str]] = {}
    for name, item in parts:
        if item is not None:
            flat |= _flat(item, f"{prefix}.{name}" if prefix else name)
    return flat
