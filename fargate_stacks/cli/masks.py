"""What no screen shows: values of NoEcho parameters, and what stands where secrets stand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

from fargate_stacks.cli.mask_forms import Exact

if TYPE_CHECKING:
    from fargate_stacks.core.template import Template

HIDDEN = "****"
_WORDS = (
    r"passw|passphrase|pwd|secret|token|credential|private_?key|api_?key|access_?key|auth_?key|signing_?key"
    r"|connection_?string|webhook"
)
_SPEAKS = re.compile(_WORDS, re.IGNORECASE)
_REFERS = re.compile(r"(arns?|ids?|names?|types?|length|size|validity|days|seconds|units|count|policy)$", re.IGNORECASE)
"""What a name ends with that speaks of a secret and is none."""
_LABELS = ("Name", "name", "Key", "key", "ParameterKey")
_VALUES = ("Value", "value", "DefaultValue", "ParameterValue")
_TEXT = r'(?:[^"\\]|\\.)*'
_IN_JSON = (
    re.compile(rf'(\\*"[Nn]ame\\*": ?\\*"[^"]*(?:{_WORDS})[^"]*", ?\\*"[Vv]alue\\*": ?\\*")({_TEXT})()', re.IGNORECASE),
    re.compile(rf'(\\*"[Vv]alue\\*": ?\\*")({_TEXT})(", ?\\*"[Nn]ame\\*": ?\\*"[^"]*(?:{_WORDS}))', re.IGNORECASE),
    re.compile(rf'(\\*"(?P<name>[^"]*(?:{_WORDS})[^"]*)": ?\\*")({_TEXT})()', re.IGNORECASE),
)
"""A name that speaks of a secret and its value, in JSON that breaks off or that a sentence holds."""
_ASSIGNED = re.compile(
    rf"(?P<head>(?P<name>[\w.-]*(?:{_WORDS})[\w.-]*)(?:=|: ?(?=[\"'])))"
    r"(?P<value>\"[^\"]*\"|'[^']*'|[^\s&;,\"'<>)}\]]+)",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\b((?:Bearer|Basic) +)([\w.~+/=-]{8,})")
_URL = re.compile(r"(\w+://[^\s:/@]*:)[^\s/]+(@)")
_OPEN = re.compile(r"[{\[]")
_NO_SECRET = re.compile(
    r"|\*+|true|false|VALUE|\.\.\."
    r"|(\{\{[\w:./*+=@-]+\}\})+|(\$\{[\w.:]+\})+"
    r"|arn:[\w-]*:[\w-]+:\S*|\$\{AWS::\w+\}\S*|\(known after .*\)"
)
"""What stands where a secret stands and is only a way to it."""


class Masks:
    """Hides values in texts and in whatever a message holds."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._exact = Exact(values)

    @classmethod
    def of(cls, given: Mapping[str, str], templates: Mapping[str, Template]) -> Masks:
        """Hide the values that were given to NoEcho parameters, and those that they have by default."""
        return cls(_secrets(given, templates))

    def known(self, text: str) -> str:
        """Give a text without the values that are known, whatever else stands in it."""
        return self._exact.hide(text, HIDDEN)

    def text(self, text: str) -> str:
        """Give a text without what is hidden."""
        text = self.known(text)
        text = _BEARER.sub(rf"\1{HIDDEN}", _URL.sub(rf"\1{HIDDEN}\2", text))
        if not _SPEAKS.search(text):
            return text
        text = "".join(self._documents(text))
        for pattern in _IN_JSON:
            text = pattern.sub(_unless_harmless, text)
        return _ASSIGNED.sub(_assigned, text)

    def within(self, value: Any) -> Any:
        """Give a value, or a copy of it without what is hidden, however deep that is."""
        if type(value) is str:  # not the words of an enum
            return self.text(value)
        if is_dataclass(value) and not isinstance(value, type):
            inner = {one.name: getattr(value, one.name) for one in fields(value) if one.init}
            path = inner.get("path")
            # what a property was and is: its path tells more than the value
            sides = ("before", "after", "expected", "actual") if isinstance(path, str) else ()
            told = {key: self._side(str(path), one) if key in sides else self.within(one) for key, one in inner.items()}
            return replace(value, **told)
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return type(value)(*(self.within(one) for one in value))
        if isinstance(value, (dict, list, tuple)):
            return self._data(value, hidden=False)
        return value

    # data that came as JSON

    def _documents(self, text: str) -> Iterator[str]:
        """Give a text in pieces; each JSON object or list in it without what is hidden."""
        read = json.JSONDecoder().raw_decode
        start = 0
        while (opens := _OPEN.search(text, start)) is not None:
            yield text[start : opens.start()]
            try:
                found, end = read(text, opens.start())
            except (ValueError, RecursionError):
                yield opens.group()
                start = opens.end()
                continue
            told = self._data(found, hidden=False)
            yield text[opens.start() : end] if told == found else json.dumps(told)
            start = end
        yield text[start:]

    def _data(self, value: Any, *, hidden: bool) -> Any:
        if isinstance(value, str):
            return HIDDEN if hidden and not _NO_SECRET.fullmatch(value) else self.text(value)
        if hidden and isinstance(value, (int, float)) and not isinstance(value, bool):
            return HIDDEN
        if isinstance(value, (list, tuple)):
            return type(value)(self._data(one, hidden=hidden) for one in value)
        if not isinstance(value, dict):
            return self.within(value)
        if len(value) == 1 and next(iter(value)) in ("Ref", "Fn::GetAtt", "Fn::ImportValue", "Fn::GetStackOutput"):
            return value
        if "ValueFrom" in value:  # of a container's secrets: a name, and where the value is
            return {key: self._data(one, hidden=False) for key, one in value.items()}
        named = any(speaks(str(value.get(label, ""))) for label in _LABELS)
        return {
            key: self._data(one, hidden=hidden or speaks(str(key)) or (named and key in _VALUES))
            for key, one in value.items()
        }

    def _side(self, path: str, value: str | None) -> str | None:
        if not value or _NO_SECRET.fullmatch(value):
            return value
        names = [one for one in path.split(".") if one not in _VALUES]
        number = [one.isdigit() for one in names]
        if names[-2:-1] == ["Environment"] and number[-1]:
            return HIDDEN  # a variable without its name: nobody can tell
        name = next((one for one, digits in zip(reversed(names), reversed(number), strict=True) if not digits), "")
        if not any(speaks(one) for one in name.split("/")):  # of two items that changed places, both names
            return self.text(value)
        try:
            found = None if name.endswith("String") else json.loads(value)
        except (ValueError, RecursionError):
            found = None
        return json.dumps(self._data(found, hidden=True)) if isinstance(found, (dict, list)) else HIDDEN


def speaks(name: str) -> bool:
    """Tell whether a name is that of a secret, and not of something about one."""
    return _SPEAKS.search(name) is not None and _REFERS.search(name) is None


def _secrets(given: Mapping[str, str], templates: Mapping[str, Template]) -> Iterator[str]:
    from fargate_stacks.deploy.no_echo import no_echo

    for template in templates.values():
        for key in no_echo(template.parameters):
            parameter = template.parameters[key]
            told = [given[one] for one in (key, f"{template.name}.{key}") if one in given]
            for value in [*told, str(parameter.get("Default", ""))]:
                yield value
                if str(parameter.get("Type", "")).startswith(("CommaDelimitedList", "List<")):
                    yield from value.split(",")


def _unless_harmless(match: re.Match[str]) -> str:
    head, *_, value, tail = match.groups()
    name = match.groupdict().get("name")
    harmless = _NO_SECRET.fullmatch(value) or (name is not None and not speaks(name))
    return match.group() if harmless else f"{head}{HIDDEN}{tail}"


def _assigned(match: re.Match[str]) -> str:
    value = match["value"].strip("\"'")
    if _NO_SECRET.fullmatch(value) or not speaks(match["name"]):
        return match.group()
    return f"{match['head']}{HIDDEN}"
