"""Parameters whose values are shown nowhere, and the properties that take them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from fargate_stacks.deploy.plan import Change, Plan, PropertyChange

HIDDEN = "****"
"""What AWS itself shows in the place of a NoEcho value."""


def no_echo(parameters: Mapping[str, Any]) -> set[str]:
    """Give the parameters of a template that have NoEcho."""
    return {key for key, one in parameters.items() if str(one.get("NoEcho", "")).lower() == "true"}


def hide(plan: Plan, *templates: Mapping[str, Any]) -> Plan:
    """Give a plan in which no property shows a value that a NoEcho parameter gave it, now or before."""
    hidden = [(one.get("Resources", {}), no_echo(one.get("Parameters", {}))) for one in templates]
    found = [(resources, names) for resources, names in hidden if names]
    return replace(plan, changes=tuple(_change(one, found) for one in plan.changes)) if found else plan


def _change(change: Change, templates: list[tuple[Mapping[str, Any], set[str]]]) -> Change:
    def side(one: PropertyChange) -> PropertyChange:
        for resources, names in templates:
            value = (resources.get(change.logical_id) or {}).get("Properties")
            if any(_takes(inner, names) for inner in _at(value, one.path.split("."))):
                before, after = (HIDDEN if told else told for told in (one.before, one.after))
                return replace(one, before=before, after=after)
        return one

    return replace(change, properties=tuple(map(side, change.properties)))


def _at(value: Any, path: list[str]) -> Iterator[Any]:
    """Give what a path leads to: as far as it can be followed, since a function may stand on the way."""
    if not path:
        yield value
    elif isinstance(value, dict) and path[0] in value:
        yield from _at(value[path[0]], path[1:])
    elif isinstance(value, list):
        named = [one for one in value if isinstance(one, dict) and _name(one) in path[0].split("/")]
        for one in named or value:
            yield from _at(one, path[1:])
    elif not isinstance(value, dict) or any(key == "Ref" or key.startswith("Fn::") for key in value):
        yield value


def _name(item: Mapping[str, Any]) -> str:
    return str(item.get("Name") or item.get("Key") or "").replace(".", "_")


def _takes(value: Any, names: set[str]) -> bool:
    text = json.dumps(value)
    referred = set(re.findall(r'\{"Ref": "([^"]+)"\}', text)) | set(re.findall(r"\$\{([^!}.]+)\}", text))
    return bool(referred & names)
