"""A value of a template that may be there, not there, or not known yet."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from fargate_stacks.checks.resolve import is_intrinsic

_ABSENT: Any = object()
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,9})?\Z")


class Part:
    """A value, and the steps into it: a step into what is not known is not known, one into nothing is absent.

    A rule that asks `text`, `number` or `true` gets None or False where the template does not tell, so that it finds
    nothing there; `absent` is True only where the template is sure to say nothing.
    """

    __slots__ = ("value",)

    def __init__(self, value: Any = _ABSENT) -> None:
        self.value = value

    def __getitem__(self, key: str) -> Part:
        value = self.value
        if isinstance(value, dict):
            return self if is_intrinsic(value) else Part(value.get(key, _ABSENT))
        return self if value is not _ABSENT and value is not None else Part()

    def at(self, path: str) -> Part:
        """Give what is at a path of keys with dots between."""
        part = self
        for key in path.split("."):
            part = part[key]
        return part

    @property
    def absent(self) -> bool:
        return self.value is _ABSENT or self.value is None

    @property
    def unknown(self) -> bool:
        value = self.value
        return is_intrinsic(value) or (isinstance(value, str) and "{{resolve:" in value)

    @property
    def given(self) -> bool:
        """There, and not empty."""
        return not self.absent and self.value not in ("", [], {})

    @property
    def text(self) -> str | None:
        value = self.value
        if isinstance(value, str):
            return None if "{{resolve:" in value else value
        if isinstance(value, bool):
            return "true" if value else "false"
        return f"{value:g}" if isinstance(value, float) else str(value) if isinstance(value, int) else None

    @property
    def number(self) -> float | None:
        text = self.text
        if text is None or not _NUMBER.match(text):
            return None
        return float(text) if "." in text else int(text)

    @property
    def true(self) -> bool:
        return (self.text or "").lower() == "true"

    @property
    def false(self) -> bool:
        return (self.text or "").lower() == "false"

    @property
    def whole(self) -> bool:
        """A list of which every item is told, or none at all."""
        if self.absent:
            return True
        return isinstance(self.value, list) and not any(map(is_intrinsic, self.value))

    def __iter__(self) -> Iterator[Part]:
        """Give the items of a list that are told."""
        if isinstance(self.value, list):
            yield from (Part(one) for one in self.value if not is_intrinsic(one))

    @property
    def keys(self) -> Sequence[str]:
        value = self.value
        return [str(key) for key in value] if isinstance(value, dict) and not is_intrinsic(value) else []

    def names(self, key: str) -> list[str] | None:
        """Give the texts under one key of all items; None where one is not told."""
        found = [one[key] for one in self]
        if not self.whole or any(one.text is None and not one.absent for one in found):
            return None
        return [one.text for one in found if one.text is not None]

    @property
    def refs(self) -> list[str]:
        """The logical ids and parameters that the value refers to, each once."""
        return list(dict.fromkeys(referred(self.value)))


def referred(value: Any) -> Iterator[str]:
    """Give each logical id or parameter that a value refers to."""
    if isinstance(value, list):
        for one in value:
            yield from referred(one)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key == "Ref":
                if isinstance(inner, str):
                    yield inner
            elif key == "Fn::GetAtt":
                first = inner[0] if isinstance(inner, list) and inner else inner
                if isinstance(first, str):
                    yield first.partition(".")[0]
            elif key == "Fn::Sub":
                text, *rest = inner if isinstance(inner, list) and inner else (inner,)
                own = rest[0] if rest and isinstance(rest[0], dict) else {}
                if isinstance(text, str):
                    names = (name.strip() for name in re.findall(r"\$\{([^!}]+)\}", text))
                    yield from (name.partition(".")[0] for name in names if name not in own)
                yield from referred(rest)
            else:
                yield from referred(inner)
