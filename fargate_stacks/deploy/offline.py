"""The difference of two templates, without AWS: what a change set would most likely say."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from fargate_stacks.core.template import Owner, Template
from fargate_stacks.deploy.plan import Change, Plan, PropertyChange, named
from fargate_stacks.deploy.protection import removal
from fargate_stacks.errors import DeployError


def differences(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    owners: Mapping[str, Owner] | None = None,
    *,
    moved: Mapping[str, str] | None = None,
) -> tuple[Change, ...]:
    """Give the changes from one template to another, in the order of the new one.

    `moved` has the parameters whose values change, with the words to show for the new value. What a change
    replaces is known from CloudFormation's published schemas; without them, or without a schema for the
    type, a change may replace.
    """
    before, after = _resources(old), _resources(new)
    words = dict(moved or {})
    while True:
        changes = tuple(_changes(before, after, owners or {}, words))
        more = dict(_followed(changes, words))
        if not more:
            return changes
        words |= more


def _resources(template: Mapping[str, Any]) -> dict[str, Any]:
    """Give the resources of a template; a loop of the language extensions is one, whose body may replace anything."""
    return {
        key: one if isinstance(one, Mapping) else {"Type": "Fn::ForEach", "Properties": {"Loop": one}}
        for key, one in template.get("Resources", {}).items()
    }


def _followed(changes: tuple[Change, ...], known: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What is replaced has another id, and what changes may have other attributes: who uses them changes too."""
    for one in changes:
        if one.action == "Modify" and one.replacement != "no" and one.logical_id not in known:
            yield one.logical_id, f"(known after {one.logical_id} is replaced)"
        elif one.action == "Modify" and one.properties and f"{one.logical_id}." not in known:
            yield f"{one.logical_id}.", f"(known after {one.logical_id} is changed)"


def plan(old: Mapping[str, Any] | None, template: Template) -> Plan:
    """Give the plan from a template, or from nothing, to a rendered stack."""
    from fargate_stacks.deploy.risks import risks

    new = template.to_dict()
    changes = differences(old or {}, new, template.owners)
    found = risks(changes, _resources(old or {}), _resources(new), creates=old is None)
    same = old is not None and not changes and _outside(old) == _outside(new)
    return Plan(template.name, old is None, "", "", changes, empty=same, predicted=True, risks=found)


def _outside(template: Mapping[str, Any]) -> dict[str, Any]:
    """What makes an update beside the resources."""
    return {key: template.get(key) for key in ("Outputs", "Parameters", "Conditions") if template.get(key)}


def _changes(
    old: Mapping[str, Any], new: Mapping[str, Any], owners: Mapping[str, Owner], moved: Mapping[str, str]
) -> Iterator[Change]:
    for key, resource in new.items():
        kind = resource["Type"]
        if key not in old:
            yield Change("Add", key, kind, owner=owners.get(key))
        elif old[key]["Type"] != kind:
            yield Change("Remove", key, old[key]["Type"], policy=removal(old[key]))
            yield Change("Add", key, kind, owner=owners.get(key))
        else:
            properties = tuple(_properties(kind, old[key].get("Properties"), resource.get("Properties"), moved))
            if properties or _rest(old[key]) != _rest(resource):
                yield Change(
                    "Modify",
                    key,
                    kind,
                    replacement=_replacement(kind, properties),
                    properties=properties,
                    owner=owners.get(key),
                )
    for key, resource in old.items():
        if key not in new:
            yield Change("Remove", key, resource["Type"], policy=removal(resource))


def _rest(resource: Mapping[str, Any]) -> dict[str, Any]:
    """What changes a resource beside its properties; metadata and conditions do not."""
    return {key: value for key, value in resource.items() if key in ("DeletionPolicy", "UpdateReplacePolicy")}


def _properties(
    kind: str, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None, moved: Mapping[str, str]
) -> Iterator[PropertyChange]:
    before, after = old or {}, new or {}
    for name in [*after, *(key for key in before if key not in after)]:
        replaces = _recreates(kind, name) == "yes"
        for path, one, other in _leaves(name, before.get(name), after.get(name)):
            words = _moved(other, moved)
            if one != other:
                yield PropertyChange(named(path, before, after), shown(one), words or shown(other), replaces)
            elif words:
                # its text is the same, and whether its value will be is not known
                yield PropertyChange(named(path, before, after), None, words, False)


def _leaves(path: str, old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    """Walk two values side by side down to where they stop to be alike in shape."""
    if isinstance(old, dict) and isinstance(new, dict) and not (_intrinsic(old) or _intrinsic(new)):
        for key in [*new, *(key for key in old if key not in new)]:
            yield from _leaves(f"{path}.{key}", old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from _leaves(f"{path}.{number}", one, other)
    else:
        yield path, old, new


def _intrinsic(value: Mapping[str, Any]) -> bool:
    return len(value) == 1 and next(iter(value)).startswith(("Fn::", "Ref"))


def _moved(value: Any, moved: Mapping[str, str]) -> str:
    """Give the words for a value that uses something that moves; a key with a dot stands for its attributes."""
    if not moved:
        return ""
    text = json.dumps(value)
    for key, words in moved.items():
        name = key.rstrip(".")
        attribute = f'"Fn::GetAtt": ["{name}"' in text or f"${{{name}." in text
        if attribute or (name == key and (f'{{"Ref": "{name}"}}' in text or f"${{{name}}}" in text)):
            return words
    return ""


def _replacement(kind: str, properties: tuple[PropertyChange, ...]) -> str:
    found = set()
    for one in properties:
        told = _recreates(kind, one.path.partition(".")[0])
        found.add("maybe" if told == "yes" and not one.recreates else told)
    return "yes" if "yes" in found else "maybe" if "maybe" in found else "no"


def _recreates(kind: str, name: str) -> str:
    """Tell from the schema whether a change of a property replaces: yes, maybe or no."""
    from fargate_stacks.deploy.local.schemas import schema

    try:
        found = schema(kind)
    except DeployError:
        found = None
    if found is None:
        return "maybe"
    return "yes" if name in found.create_only else "maybe" if name in found.conditional else "no"


def shown(value: Any) -> str | None:
    """Give a value as text; None where there is none."""
    return value if value is None or isinstance(value, str) else json.dumps(value)
