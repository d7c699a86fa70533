"""What no screen shows: values of NoEcho parameters, and what stands where secrets stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fargate_stacks.core.template import Template
    from fargate_stacks.deploy.plan import PropertyChange

HIDDEN = "****"
_SHORTEST = 4
"""Characters of a value that is looked for everywhere: shorter ones would hide half of every text."""
_WORDS = r"passw|secret|token|credential|private_?key|api_?key|access_?key|auth_?key"
_PATH = re.compile(_WORDS, re.IGNORECASE)
_NAMED = (
    re.compile(rf'("Name": ?"[^"]*(?:{_WORDS})[^"]*", ?"Value": ?")((?:[^"\\]|\\.)*)(")', re.IGNORECASE),
    re.compile(rf'("(?:[^"]*(?:{_WORDS})[^"]*)": ?")((?:[^"\\]|\\.)*)(")', re.IGNORECASE),
)
"""A name that speaks of a secret and its value, as JSON has them: in a container's environment, in a mapping."""
_URL = re.compile(r"(\w+://[^\s:/@]+:)[^\s@/]+(@)")
_NO_SECRET = ("{{resolve:", "arn:", "(known after", '{"Ref"', '{"Fn::', "true", "false")


class Masks:
    """Hides values in texts and in whatever a message holds."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._values = sorted({one for one in values if len(one) >= _SHORTEST}, key=len, reverse=True)

    @classmethod
    def of(cls, given: Mapping[str, str], templates: Mapping[str, Template]) -> Masks:
        """Hide the values that were given to NoEcho parameters."""
        secret = {
            key
            for one in templates.values()
            for key, parameter in one.parameters.items()
            if str(parameter.get("NoEcho", "")).lower() == "true"
        }
        return cls(value for key, value in given.items() if key.rpartition(".")[2] in secret)

    def text(self, text: str) -> str:
        """Give a text without what is hidden."""
        for value in self._values:
            text = text.replace(value, HIDDEN)
        for pattern in _NAMED:
            text = pattern.sub(_unless_harmless, text)
        return _URL.sub(rf"\1{HIDDEN}\2", text)

    def within(self, value: Any) -> Any:
        """Give a value, or a copy of it without what is hidden, however deep that is."""
        from fargate_stacks.deploy.plan import PropertyChange

        if type(value) is str:  # not the words of an enum
            return self.text(value)
        if isinstance(value, PropertyChange):
            return self._property(value)
        if is_dataclass(value) and not isinstance(value, type):
            inner = {one.name: self.within(getattr(value, one.name)) for one in fields(value) if one.init}
            return replace(value, **inner)
        if isinstance(value, dict):
            return {key: self._named(str(key), one) for key, one in value.items()}
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return type(value)(*(self.within(one) for one in value))
        if isinstance(value, (list, tuple)):
            return type(value)(self.within(one) for one in value)
        return value

    def _named(self, key: str, value: Any) -> Any:
        if isinstance(value, str) and _PATH.search(key) and not value.startswith(_NO_SECRET):
            return HIDDEN
        return self.within(value)

    def _property(self, one: PropertyChange) -> PropertyChange:
        return replace(one, before=self._side(one.path, one.before), after=self._side(one.path, one.after))

    def _side(self, path: str, value: str | None) -> str | None:
        if value is None or value == "":
            return value
        if _PATH.search(path.rpartition(".")[2]) and not value.startswith((*_NO_SECRET, "[", "{")):
            return HIDDEN
        return self.text(value)


def _unless_harmless(match: re.Match[str]) -> str:
    value = match.group(2)
    return match.group(0) if value.startswith(_NO_SECRET) else f"{match.group(1)}{HIDDEN}{match.group(3)}"
