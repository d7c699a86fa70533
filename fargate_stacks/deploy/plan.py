"""A change set, made and read: what a deploy of one stack would do."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from fargate_stacks.core.template import Owner
from fargate_stacks.deploy import nested, refusals
from fargate_stacks.deploy.artifacts import Artifacts
from fargate_stacks.deploy.client import CallFailed, Client
from fargate_stacks.deploy.clock import Clock
from fargate_stacks.deploy.diagnosis import Failure
from fargate_stacks.deploy.patience import patiently
from fargate_stacks.deploy.protection import removal
from fargate_stacks.errors import DeployError

PREFIX = "fs-"
"""With which the names of our change sets begin."""
_CAPABILITY = re.compile(r"CAPABILITY_[A-Z_]+")
_EMPTY = ("didn't contain changes", "No updates are to be performed")
_NAMED = {
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
}


@dataclass(frozen=True)
class PropertyChange:
    """One property of a resource, before and after; None where AWS does not tell."""

    path: str
    before: str | None = None
    after: str | None = None
    recreates: bool = False


@dataclass(frozen=True)
class Change:
    """What happens to one resource."""

    action: str
    """Add, Modify, Remove, Import or Dynamic."""
    logical_id: str
    type: str
    replacement: str = "no"
    """no, yes or maybe."""
    policy: str = ""
    """What becomes of the old thing, as AWS calls it: Delete, Retain, Snapshot, ReplaceAndDelete …"""
    properties: tuple[PropertyChange, ...] = ()
    owner: Owner | None = None


Kind = Literal["broadening", "data-loss"]
KINDS: tuple[Kind, ...] = ("broadening", "data-loss")


@dataclass(frozen=True)
class Risk:
    """One thing that needs its own approval."""

    kind: Kind
    logical_id: str
    text: str


@dataclass(frozen=True)
class Plan:
    """A change set that waits to be executed, or found nothing to change."""

    stack: str
    creates: bool
    stack_id: str
    change_set: str
    changes: tuple[Change, ...]
    empty: bool = False
    predicted: bool = False
    """Made from the two templates, since values are known only after other stacks of this run."""
    risks: tuple[Risk, ...] = ()
    """What needs its own approval."""
    protects_later: tuple[str, ...] = ()
    """Logical ids whose deletion protection a second update switches on."""


@dataclass(frozen=True)
class Request:
    """All that a change set is made from."""

    stack: str
    creates: bool
    template: Mapping[str, Any]
    parameters: Sequence[Mapping[str, object]] = ()
    tags: Mapping[str, str] | None = None
    """None leaves a live stack's tags as they are."""
    more: Mapping[str, Any] = field(default_factory=dict)
    """Further arguments of CreateChangeSet."""

    def body(self) -> str:
        """Give the template as it is sent: JSON in ASCII, since CloudFormation stores the rest as `?`."""
        return json.dumps(self.template, separators=(",", ":"))

    def name(self, now: datetime) -> str:
        """Name the change set after the time and what is in it, so that no two runs meet.

        The values of NoEcho parameters have no part in it: whoever reads the name could try out guesses.
        """
        from fargate_stacks.deploy.no_echo import no_echo

        hidden = no_echo(self.template.get("Parameters", {}))
        known = [one for one in self.parameters if one["ParameterKey"] not in hidden]
        text = self.body() + json.dumps(known, sort_keys=True)
        return f"{PREFIX}{now:%Y%m%d%H%M%S%f}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def make(
    client: Client,
    request: Request,
    clock: Clock,
    owners: Mapping[str, Owner],
    *,
    artifacts: Artifacts | None = None,
    protects_later: tuple[str, ...] = (),
) -> Plan:
    """Make a change set and read it. An empty or a refused one is deleted again.

    Raises DeployError with exit code 6 when CloudFormation refuses it, 2 when the template is too long
    and there is no bucket to send it by.
    """
    name = request.name(clock.utc())
    asked: dict[str, Any] = {
        "StackName": request.stack,
        "ChangeSetName": name,
        # a retry with it is the same request
        "ClientToken": name,
        "ChangeSetType": "CREATE" if request.creates else "UPDATE",
        **(artifacts or Artifacts()).argument(client, request.stack, request.body()),
        "Parameters": list(request.parameters),
        "Capabilities": capabilities(request.template),
        **request.more,
    }
    if any(
        isinstance(one, Mapping) and one.get("Type") == nested.STACK for one in request.template["Resources"].values()
    ):
        asked["IncludeNestedStacks"] = True
    if request.tags is not None:
        asked["Tags"] = [{"Key": key, "Value": value} for key, value in request.tags.items()]
    while True:
        try:
            return _made(client, request, asked, clock, owners, protects_later)
        except _Lacking as lacking:
            # what a macro makes or a nested template holds is known to AWS alone
            asked["Capabilities"] = [*asked["Capabilities"], *lacking.capabilities]
            asked["ChangeSetName"] = asked["ClientToken"] = f"{asked['ChangeSetName']}-again"


class _Lacking(Exception):
    """Capabilities that were not given. Never leaves this module."""

    def __init__(self, capabilities: list[str]) -> None:
        self.capabilities = capabilities


def _made(
    client: Client,
    request: Request,
    asked: Mapping[str, Any],
    clock: Clock,
    owners: Mapping[str, Owner],
    protects_later: tuple[str, ...],
) -> Plan:
    """Have one change set made, and read it."""
    try:
        change_set, stack_id = patiently(lambda: client.create_change_set(**asked), clock, local=client.local)
    except CallFailed as error:
        if error.transient or error.expired or error.denied:
            raise
        _raise_lacking(error.message, asked)
        raise _refused(request, error.message) from error
    draft = Plan(request.stack, request.creates, stack_id, change_set, (), empty=True)
    try:
        found = _read(client, change_set, clock)
        reason = str(found.get("StatusReason", ""))
        if found["Status"] == "FAILED":
            # asked before the change set goes, and all that is known of it
            why = refusals.details(client, change_set, reason)
            discard(client, draft)
            if any(words in reason for words in _EMPTY):
                return draft
            _raise_lacking("; ".join([reason, *(one.reason for one in why)]), asked)
            raise _refused(request, reason, why)
        changes = tuple(_changes(client, found["Changes"], owners))
    except (KeyboardInterrupt, CallFailed):
        with suppress(CallFailed):
            discard(client, draft)
        raise
    return Plan(request.stack, request.creates, stack_id, change_set, changes, protects_later=protects_later)


def _raise_lacking(reason: str, asked: Mapping[str, Any]) -> None:
    if "equires capabilities" in reason:
        wanted = [one for one in dict.fromkeys(_CAPABILITY.findall(reason)) if one not in asked["Capabilities"]]
        if wanted:
            raise _Lacking(wanted)


def _refused(request: Request, reason: str, why: Sequence[Failure] = ()) -> DeployError:
    told = [f"{one.logical_id}: {one.reason}" + (f" [{one.code}]" if one.code else "") for one in why]
    text = "; ".join([reason, *told])
    return DeployError(f"{request.stack}: CloudFormation refused the change set: {text}", exit_code=6)


def discard(client: Client, plan: Plan) -> None:
    """Delete the plan's own change set, and the empty stack that it made; others' change sets stay."""
    try:
        client.delete_change_set(plan.change_set)
        if plan.creates and not client.change_sets(plan.stack_id):
            state = client.stack(plan.stack_id)
            if state is not None and state.status == "REVIEW_IN_PROGRESS":
                client.delete_stack(plan.stack_id, token=plan.change_set.rpartition("/")[2])
    except CallFailed as error:
        if not error.gone:
            raise


def capabilities(template: Mapping[str, Any]) -> list[str]:
    """Give only the capabilities that a template needs."""
    wanted = []
    resources = [one for one in template.get("Resources", {}).values() if isinstance(one, dict)]
    if any(_NAMED.get(one.get("Type", ""), "-") in (one.get("Properties") or {}) for one in resources):
        wanted.append("CAPABILITY_NAMED_IAM")
    elif any(str(one.get("Type", "")).startswith("AWS::IAM::") for one in resources):
        wanted.append("CAPABILITY_IAM")
    if "Transform" in template:
        wanted.append("CAPABILITY_AUTO_EXPAND")
    return wanted


def _read(client: Client, change_set: str, clock: Clock) -> dict[str, Any]:
    pause = 0.05 if client.local else 0.5
    while True:
        found = patiently(lambda: client.change_set(change_set), clock, local=client.local)
        if found["Status"] in ("CREATE_COMPLETE", "FAILED"):
            return found
        clock.sleep(pause)
        pause = min(pause * 1.5, 5.0)


def _changes(
    client: Client, raw: Sequence[Mapping[str, Any]], owners: Mapping[str, Owner], within: str = ""
) -> Iterator[Change]:
    for one in raw:
        change = one.get("ResourceChange")
        if not change:
            continue
        logical_id = within + change["LogicalResourceId"]
        within_it = list(_nested(client, change, logical_id))
        if change.get("ChangeSetId") and (within_it or change["Action"] == "Modify"):
            # a nested stack is always said to be modified: what counts is what changes in it
            yield from within_it
            continue
        yield Change(
            action=change["Action"],
            logical_id=logical_id,
            type=change.get("ResourceType", ""),
            replacement={"True": "yes", "Conditional": "maybe"}.get(change.get("Replacement", ""), "no"),
            policy=change.get("PolicyAction", ""),
            properties=tuple(_properties(change)) if change["Action"] == "Modify" else (),
            owner=owners.get(logical_id),
        )
        yield from within_it


def _nested(client: Client, change: Mapping[str, Any], logical_id: str) -> Iterator[Change]:
    if change.get("ChangeSetId"):
        found = client.change_set(change["ChangeSetId"])
        yield from _changes(client, found["Changes"], {}, f"{logical_id}/")
    elif _goes(change):
        # AWS says only that the nested stack goes: what goes with it is in its template
        for key, resource in nested.inside(client, change["PhysicalResourceId"]).resources.items():
            yield Change("Remove", f"{logical_id}/{key}", resource["Type"], policy=removal(resource))


def _goes(change: Mapping[str, Any]) -> bool:
    """Tell whether a nested stack is deleted."""
    whole = (change["Action"], change.get("ResourceType"), change.get("PolicyAction", "Delete"))
    return whole == ("Remove", nested.STACK, "Delete") and bool(change.get("PhysicalResourceId"))


def _properties(change: Mapping[str, Any]) -> Iterator[PropertyChange]:
    """One entry a property: the values stand beside the change, or in the context of the resource."""
    before, after = (_context(change, side) for side in ("BeforeContext", "AfterContext"))
    told: set[str] = set()
    for detail in change.get("Details", []):
        target = detail.get("Target", {})
        name = target.get("Name", "")
        path = str(target.get("Path", "")).removeprefix("/Properties/").replace("/", ".") or name
        path = path or str(target.get("Attribute", ""))
        if path in told:
            continue
        told.add(path)
        yield PropertyChange(
            named(path, before, after),
            before=_side(target, "BeforeValue", "Add", _within(before, path)),
            after=_side(target, "AfterValue", "Remove", _within(after, path)),
            recreates=target.get("RequiresRecreation") == "Always",
        )


def _side(target: Mapping[str, Any], key: str, absent: str, whole: Any) -> str | None:
    """Give one side of a change; an empty text where the property is not there, None where AWS does not tell."""
    if key in target:
        return str(target[key])
    if target.get("AttributeChangeType") == absent:
        return ""
    return _shown(whole)


def named(path: str, *properties: Any) -> str:
    """Give a path in which the items of a list that have names stand by these, and not by their numbers."""
    told = []
    for step in path.split("."):
        names: list[str] = []
        inner = []
        for one in properties:
            if isinstance(one, list) and step.isdigit():
                one = one[int(step)] if int(step) < len(one) else None
                found = (one.get("Name") or one.get("Key")) if isinstance(one, dict) else None
                names += [found.replace(".", "_")] if isinstance(found, str) else []
            else:
                one = one.get(step) if isinstance(one, dict) else None
            inner.append(one)
        properties = tuple(inner)
        told.append("/".join(dict.fromkeys(names)) or step)
    return ".".join(told)


def _within(value: Any, path: str) -> Any:
    """Give what stands at a path; None where nothing does."""
    for key in path.split("."):
        if isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        elif isinstance(value, Mapping):
            value = value.get(key)
        else:
            return None
    return value


def _context(change: Mapping[str, Any], side: str) -> Mapping[str, Any]:
    try:
        properties = json.loads(change.get(side) or "{}").get("Properties")
    except ValueError:
        return {}
    return properties if isinstance(properties, dict) else {}


def _shown(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)
