"""Answers of the query protocol, written by the shapes of botocore's models, so that they cannot be of another form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

from ministack.core.responses import new_uuid

from fargate_stacks.deploy.local.shapes import model

Answer = tuple[int, dict[str, str], bytes]


def answer(service: str, operation: str, content: Mapping[str, Any]) -> Answer:
    """Write what an operation answers. What the shape does not know is left out, and so is None."""
    found = model(service)
    shape = found.operation_model(operation).output_shape
    space = found.metadata.get("xmlNamespace", "http://cloudformation.amazonaws.com/doc/2010-05-15/")
    inner = "".join(_members(content, shape)) if shape is not None else ""
    text = (
        f'<{operation}Response xmlns="{space}"><{operation}Result>{inner}</{operation}Result>'
        f"<ResponseMetadata><RequestId>{new_uuid()}</RequestId></ResponseMetadata></{operation}Response>"
    )
    return 200, {"Content-Type": "text/xml"}, text.encode()


def member(service: str, shape: str, content: Mapping[str, Any]) -> str:
    """Write one item of a list by the name of its shape."""
    return "".join(_element("member", content, model(service).shape_for(shape)))


def answer_of_ec2(operation: str, content: Mapping[str, Any]) -> Answer:
    """Write what an operation of EC2 answers, which has a form of its own."""
    found = model("ec2")
    inner = "".join(_members(content, found.operation_model(operation).output_shape))
    space = f"http://ec2.amazonaws.com/doc/{found.metadata['apiVersion']}/"
    text = f'<{operation}Response xmlns="{space}"><requestId>{new_uuid()}</requestId>{inner}</{operation}Response>'
    return 200, {"Content-Type": "text/xml"}, text.encode()


def _members(content: Mapping[str, Any], shape: Any) -> Iterator[str]:
    for name, member in shape.members.items():
        value = content.get(name)
        if value is not None:
            tag = member.serialization.get("name", name)
            yield from _element(tag, value, member)


def _element(tag: str, value: Any, shape: Any) -> Iterator[str]:
    match shape.type_name:
        case "structure":
            yield f"<{tag}>{''.join(_members(value, shape))}</{tag}>"
        case "list":
            item = shape.member.serialization.get("name", "member")
            flat = shape.serialization.get("flattened")
            inner = "".join(part for one in value for part in _element(tag if flat else item, one, shape.member))
            yield inner if flat else f"<{tag}>{inner}</{tag}>"
        case "map":
            entries = (
                "<entry>"
                + "".join(_element("key", key, shape.key))
                + "".join(_element("value", one, shape.value))
                + "</entry>"
                for key, one in value.items()
            )
            yield f"<{tag}>{''.join(entries)}</{tag}>"
        case _:
            yield f"<{tag}>{escape(_text(value))}</{tag}>"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, datetime) else str(value)
