"""What of a template is known before it is deployed: intrinsics are worked out as far as the template tells."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fargate_stacks.checks.foreign import Foreign
from fargate_stacks.checks.loops import written_out
from fargate_stacks.core.template import Template

_IN_SUB = re.compile(r"\$\{([^!}][^}]*)\}")
_GONE = object()
_CONDITIONS = ("Fn::And", "Fn::Or", "Fn::Not", "Fn::Equals", "Condition")


def is_intrinsic(value: Any) -> bool:
    """Tell whether a value is what CloudFormation works out: Ref, Condition or a function."""
    if not isinstance(value, dict) or len(value) != 1:
        return False
    (key,) = value
    return key in ("Ref", "Condition") or (isinstance(key, str) and key.startswith("Fn::"))


def resolve(template: Template, settings: Mapping[str, str] | None = None) -> Template:
    """Give a template whose values are worked out; what cannot be known is left as the intrinsic that it is.

    Parameters have the value of `settings`, else their default. A resource or a branch whose condition is false is
    left out, and so is AWS::NoValue; one whose condition is not known stays.
    """
    known = _Known(template, settings or {})
    written, _ = written_out(template.resources, known.names)
    resources = {
        logical_id: {key: one if key == "Type" else known.value(one) for key, one in body.items() if key != "Condition"}
        for logical_id, body in written.items()
        if isinstance(body, dict)
        and isinstance(body.get("Type"), str)
        and known.holds(body.get("Condition")) is not False
    }
    outputs = {
        name: known.value(body)
        for name, body in written_out(template.outputs, known.names)[0].items()
        if isinstance(body, dict) and known.holds(body.get("Condition")) is not False
    }
    return replace(template, resources=resources, outputs=outputs)


def origins(template: Template, settings: Mapping[str, str] | None = None) -> dict[str, str]:
    """Give for each logical id that comes of a loop the loop's key."""
    return written_out(template.resources, _Known(template, settings or {}).names)[1]


class _Known:
    def __init__(self, template: Template, settings: Mapping[str, str]) -> None:
        self.mappings: Mapping[str, Any] = template.mappings if isinstance(template, Foreign) else {}
        self.conditions = template.conditions
        self.truths: dict[str, bool | None] = {}
        self.names: dict[str, Any] = {"AWS::NoValue": _GONE}
        if template.region:
            self.names["AWS::Region"] = template.region
        for name, parameter in template.parameters.items():
            if not isinstance(parameter, dict):
                continue
            kind = str(parameter.get("Type", "String"))
            given = settings.get(name, parameter.get("Default"))
            # the default of such a parameter is the name of what holds the value
            if given is None or kind.startswith("AWS::SSM::Parameter::Value"):
                continue
            listed = kind.startswith("List<") or kind == "CommaDelimitedList"
            text = given if isinstance(given, str) else json.dumps(given)
            self.names[name] = [one.strip() for one in text.split(",")] if listed else text

    def value(self, value: Any) -> Any:
        """The value as far as it is known; `_GONE` for AWS::NoValue."""
        if isinstance(value, list):
            return [one for one in map(self.value, value) if one is not _GONE]
        if not isinstance(value, dict):
            return value
        if is_intrinsic(value):
            ((key, inner),) = value.items()
            return self.intrinsic(key, inner)
        worked = {key: self.value(one) for key, one in value.items()}
        return {key: one for key, one in worked.items() if one is not _GONE}

    def intrinsic(self, key: str, inner: Any) -> Any:
        if key == "Ref":
            return self.names.get(inner, {key: inner}) if isinstance(inner, str) else {key: inner}
        if key == "Fn::If":
            return self.branch(inner)
        if key in _CONDITIONS:
            return {key: inner}
        inner = self.value(inner)
        match key, inner:
            case "Fn::Sub", str() | [str(), dict()]:
                return self.substituted(inner)
            case "Fn::Join", [str() as between, [*parts]] if all(isinstance(one, str) for one in parts):
                return between.join(parts)
            case "Fn::Split", [str() as between, str() as text] if between and "{{resolve:" not in text:
                return text.split(between)
            case "Fn::Select", [int() | str() as place, [*parts]] if str(place).isdigit() and int(place) < len(parts):
                return parts[int(place)]
            case "Fn::FindInMap", [str() as name, str() as first, str() as second, *_]:
                table = self.mappings.get(name)
                row = table.get(first) if isinstance(table, dict) else None
                return row[second] if isinstance(row, dict) and second in row else {key: inner}
        return {key: inner}

    def substituted(self, inner: Any) -> Any:
        text, own = (inner, {}) if isinstance(inner, str) else inner
        left = dict(own)

        def known(match: re.Match[str]) -> str:
            name = match[1].strip()
            found = own.get(name) if name in own else self.names.get(name)
            if not isinstance(found, str):
                return match[0]
            left.pop(name, None)
            return found

        text = _IN_SUB.sub(known, text)
        if not _IN_SUB.search(text):
            return text.replace("${!", "${")
        return {"Fn::Sub": [text, left] if left else text}

    def branch(self, inner: Any) -> Any:
        if not isinstance(inner, list) or len(inner) != 3:
            return {"Fn::If": inner}
        name, then, otherwise = inner
        holds = self.holds(name)
        if holds is not None:
            return self.value(then if holds else otherwise)
        then, otherwise = self.value(then), self.value(otherwise)
        if then == otherwise:
            return then
        return {"Fn::If": [name, *({"Ref": "AWS::NoValue"} if one is _GONE else one for one in (then, otherwise))]}

    def holds(self, name: Any) -> bool | None:
        """Whether a condition is true; None where that is not known."""
        if name is None:
            return True
        if not isinstance(name, str):
            return self.truth(name)
        if name not in self.truths:
            self.truths[name] = None  # a condition that refers to itself is never known
            self.truths[name] = self.truth(self.conditions.get(name))
        return self.truths[name]

    def truth(self, value: Any) -> bool | None:
        if not is_intrinsic(value):
            return None
        ((key, inner),) = value.items()
        if key == "Condition":
            return self.holds(inner)
        if not isinstance(inner, list):
            return None
        if key == "Fn::Equals":
            sides = [self.value(one) for one in inner]
            if len(sides) == 2 and not any(_depends(one) for one in sides):
                return bool(_spelt(sides[0]) == _spelt(sides[1]))
            return None
        truths = [self.truth(one) for one in inner]
        if key == "Fn::Not":
            return None if truths[0] is None else not truths[0]
        decisive = {"Fn::And": False, "Fn::Or": True}.get(key)
        if decisive is None:
            return None
        return decisive if decisive in truths else None if None in truths else not decisive


def _depends(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_depends, value))
    return isinstance(value, dict) or value is _GONE or (isinstance(value, str) and "{{resolve:" in value)


def _spelt(value: Any) -> Any:
    """A value as CloudFormation compares it: as text."""
    return value if isinstance(value, (str, list)) else json.dumps(value)
