"""What a change set says that will happen, property by property."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ministack.services.cloudformation import engine, provisioners

from fargate_stacks.deploy.local.schemas import schema
from fargate_stacks.deploy.local.stacks import graph
from fargate_stacks.deploy.local.stacks.events import STACK, Record
from fargate_stacks.deploy.local.stacks.resources import Template

LATER = "{{changeSet:KNOWN_AFTER_APPLY}}"
"""AWS's word for a value that nobody knows before the change set is executed."""

_ATTRIBUTES = ("Metadata", "CreationPolicy", "UpdatePolicy", "DeletionPolicy", "UpdateReplacePolicy")


class _Anything(dict[str, Any]):
    """The attributes of a resource that is not there yet."""

    def __contains__(self, key: object) -> bool:
        return True

    def __getitem__(self, key: str) -> Any:
        return LATER

    def get(self, key: str, default: Any = None) -> Any:
        return LATER


def changes(stack: Record, new: Template, old: Template, tags: list[Record] | None) -> list[Record]:
    """Give the resource changes of a change set, by logical id. `tags` None keeps those of the stack."""
    live: Record = {
        name: record
        for name, record in stack.get("_resources", {}).items()
        if record.get("PhysicalResourceId") and record.get("ResourceStatus") != "CREATE_FAILED"
    }
    definitions = new.definitions
    known: Record = dict(live)
    found: dict[str, Record] = {}
    after_tags = stack.get("Tags") or [] if tags is None else tags
    changed = {name for name, one in new.parameters.items() if one != old.parameters.get(name)}
    for name in _ordered(definitions):
        kind = definitions[name]["Type"]
        if name not in live:
            known[name] = {"PhysicalResourceId": LATER, "ResourceType": kind, "Attributes": _Anything()}
            found[name] = {
                "Action": "Add",
                "LogicalResourceId": name,
                "ResourceType": kind,
                "Scope": [],
                "Details": [],
                "AfterContext": _context(_resolved(new, name, known), definitions[name]),
            }
            continue
        change = _modification(name, live[name], new, old, known, found, changed, stack, after_tags)
        if change is not None:
            found[name] = change
            if change["Replacement"] != "False":
                known[name] = {**live[name], "PhysicalResourceId": LATER, "Attributes": _Anything()}
    for name, record in live.items():
        if name not in definitions:
            found[name] = {
                "Action": "Remove",
                "LogicalResourceId": name,
                "PhysicalResourceId": record["PhysicalResourceId"],
                "ResourceType": record["ResourceType"],
                "PolicyAction": _action(old.policy(name, "DeletionPolicy", live)),
                "Scope": [],
                "Details": [],
                "BeforeContext": _context(
                    record.get("_told", record["Properties"]), old.body.get("Resources", {}).get(name, {})
                ),
            }
    secret = [str(one["Value"]) for one in new.parameters.values() if one.get("NoEcho") and one["Value"]]
    return [{"Type": "Resource", "ResourceChange": _masked(found[name], secret)} for name in sorted(found)]


def _ordered(definitions: Record) -> list[str]:
    left = graph.dependencies(definitions, definitions)
    order: list[str] = []
    while left:
        free = sorted(name for name, needs in left.items() if not needs & left.keys()) or sorted(left)
        order += free
        for name in free:
            del left[name]
    return order


def _resolved(template: Template, name: str, known: Record) -> Record:
    try:
        return template.properties(name, known)
    except Exception:
        # what cannot be worked out before is known after
        raw = template.body["Resources"][name].get("Properties") or {}
        return {key: LATER if list(engine._intrinsic_references(value)) else value for key, value in raw.items()}


def _modification(
    name: str,
    record: Record,
    new: Template,
    old: Template,
    known: Record,
    found: Mapping[str, Record],
    changed: set[str],
    stack: Record,
    tags: list[Record],
) -> Record | None:
    definition = new.body["Resources"][name]
    kind = definition["Type"]
    # a dynamic reference that is written as before is no change, whatever its value is by now
    before: Record = record.get("_told") or record["Properties"]
    after = _resolved(new, name, known)
    details = [
        detail
        for key in sorted(before.keys() | after.keys())
        for detail in _details(key, before, after, kind, (definition.get("Properties") or {}).get(key), found, changed)
    ]
    was = old.body.get("Resources", {}).get(name, {})
    for attribute in _ATTRIBUTES:
        if was.get(attribute) != definition.get(attribute):
            target = {
                "Attribute": attribute,
                "RequiresRecreation": "Never",
                **_values(was.get(attribute), definition.get(attribute), f"/{attribute}"),
            }
            details.append({"Target": target, "Evaluation": "Static", "ChangeSource": "DirectModification"})
    if _retagged(kind, stack.get("Tags") or [], tags):
        details.insert(0, {"Target": {"Attribute": "Tags", "RequiresRecreation": "Never"}, "Evaluation": "Static"})
    if kind == STACK and not details:
        # whether a stack in the stack changes is seen when it is executed
        details.append({"Evaluation": "Dynamic", "ChangeSource": "Automatic"})
    if not details:
        return None
    needs = {(one.get("Target", {}).get("RequiresRecreation", "Never"), one["Evaluation"]) for one in details}
    if ("Always", "Static") in needs:
        replacement = "True"
    else:
        replacement = "Conditional" if any(recreation != "Never" for recreation, _ in needs) else "False"
    scope = list(dict.fromkeys(one["Target"]["Attribute"] for one in details if "Target" in one))
    change = {
        "Action": "Modify",
        "LogicalResourceId": name,
        "PhysicalResourceId": record["PhysicalResourceId"],
        "ResourceType": kind,
        "Replacement": replacement,
        "Scope": scope,
        "Details": details,
        "BeforeContext": _context(before, was),
        "AfterContext": _context(after, definition),
    }
    if replacement == "True":
        change["PolicyAction"] = "ReplaceAnd" + _action(new.policy(name, "UpdateReplacePolicy", dict(known)))
    return change


def _details(
    key: str, before: Record, after: Record, kind: str, raw: Any, found: Mapping[str, Record], changed: set[str]
) -> Iterator[Record]:
    """Give why a property changes: each cause once for each place where it does."""
    recreation = provisioners._property_recreation(kind, key)
    leaves = list(_leaves(before.get(key), after.get(key), f"/Properties/{key}"))
    causes = list(_causes(raw, found, changed)) if raw is not None else []
    if not leaves and not causes:
        return
    for source, entity, evaluation in causes or [("DirectModification", "", "Static")]:
        # a reference that may change but is the same by now says so without a place
        for path, was, will in leaves or [("", None, None)]:
            target = {"Attribute": "Properties", "Name": key, "RequiresRecreation": recreation}
            if path:
                target |= _values(was, will, path)
            yield {
                "Target": target,
                "Evaluation": evaluation,
                "ChangeSource": source,
                **({"CausingEntity": entity} if entity else {}),
            }


def _causes(raw: Any, found: Mapping[str, Record], changed: set[str]) -> Iterator[tuple[str, str, str]]:
    seen = set()
    for name, attribute in engine._intrinsic_references(raw):
        change = found.get(name)
        if change is not None and change["Action"] in ("Add", "Modify"):
            replaced = change.get("Replacement", "True")
            if attribute is None and replaced == "False":
                continue
            source = "ResourceAttribute" if attribute else "ResourceReference"
            entity = f"{name}.{attribute}" if attribute else name
            cause = (source, entity, "Static" if replaced == "True" else "Dynamic")
        elif name in changed and attribute is None:
            cause = ("ParameterReference", name, "Static")
        else:
            continue
        if cause not in seen:
            seen.add(cause)
            yield cause


def _leaves(before: Any, after: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """Give the places at which two values differ, as deep as they have the same form."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            yield from _leaves(before.get(key), after.get(key), f"{path}/{key}")
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (was, will) in enumerate(zip(before, after, strict=True)):
            yield from _leaves(was, will, f"{path}/{number}")
    elif before != after:
        yield path, before, after


def _values(before: Any, after: Any, path: str) -> Record:
    told: Record = {"Path": path}
    if before is not None:
        told["BeforeValue"] = _text(before)
    if after is not None:
        told["AfterValue"] = _text(after)
    told["AttributeChangeType"] = "Add" if before is None else "Remove" if after is None else "Modify"
    return told


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True, default=str)


def _context(properties: Record, definition: Mapping[str, Any]) -> str:
    more = {key: definition[key] for key in _ATTRIBUTES if key in definition}
    return json.dumps({"Properties": properties, **more}, sort_keys=True, default=str)


def _action(policy: str) -> str:
    return {"RetainExceptOnCreate": "Retain"}.get(policy, policy)


def _retagged(kind: str, before: list[Record], after: list[Record]) -> bool:
    if provisioners._tag_map(before) == provisioners._tag_map(after):
        return False
    found = schema(kind)
    return bool(found is not None and found.tag_property) or kind == STACK


def _masked(change: Record, secret: list[str]) -> Record:
    if not secret:
        return change
    text = json.dumps(change)
    for value in secret:
        text = text.replace(json.dumps(json.dumps(value)[1:-1])[1:-1], "****").replace(json.dumps(value)[1:-1], "****")
    masked: Record = json.loads(text)
    return masked


def plain(change: Record) -> Record:
    """Give a change as it is told to one who did not ask for values: one detail for a property and a cause."""
    resource = {key: one for key, one in change["ResourceChange"].items() if not key.endswith("Context")}
    details: list[Record] = []
    for one in resource["Details"]:
        target = {key: value for key, value in one.get("Target", {}).items() if key in _PLAIN}
        detail = {**one, **({"Target": target} if target else {})}
        if detail not in details:
            details.append(detail)
    return {**change, "ResourceChange": {**resource, "Details": details}}


_PLAIN = ("Attribute", "Name", "RequiresRecreation")
