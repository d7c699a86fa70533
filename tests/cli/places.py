"""Messages made by their types: every kind, and a text in any of its places."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Literal, Union, get_args, get_origin

from fargate_stacks.deploy import messages
from fargate_stacks.deploy.messages import Message


def of_message(kind: type[Message], wanted: int, text: str) -> tuple[Message, int]:
    """Make a message with a text in one of its many places; give it, and how many places there are."""
    count = 0

    def made(hint: Any) -> Any:
        nonlocal count
        origin, inner = get_origin(hint), get_args(hint)
        if hint is str:
            count += 1
            return text if count - 1 == wanted else "word"
        if origin is Union or type(hint).__name__ == "UnionType":
            return made(next(one for one in inner if one is not type(None)))
        if origin in (tuple, frozenset):
            return (made(inner[0]),) if inner[-1] is ... else tuple(map(made, inner))
        if origin in (dict, Mapping) or hint is Mapping:
            return {"key": made(inner[1])}
        if origin is typing.ClassVar:
            return None
        if origin is Literal:
            return inner[0]
        if isinstance(hint, type) and issubclass(hint, Enum):
            return next(iter(hint))
        if hint is datetime:
            return datetime(2026, 1, 1, tzinfo=UTC)
        if hint in (int, float, bool):
            return hint(1)
        hints = typing.get_type_hints(hint)
        names = [one.name for one in dataclasses.fields(hint)] if dataclasses.is_dataclass(hint) else hint._fields
        return hint(**{name: made(hints[name]) for name in names})

    message = made(kind)
    assert isinstance(message, kind)
    return message, count


KINDS = [one for one in vars(messages).values() if isinstance(one, type) and issubclass(one, Message)]
