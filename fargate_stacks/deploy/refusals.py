"""Why a change set was refused, where its own reason does not say: validations and hooks have calls of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fargate_stacks.deploy.client import CallFailed, Client
from fargate_stacks.deploy.diagnosis import Failure, plain_reason

_NESTED = re.compile(r"[Nn]ested change set (arn:\S+) was not successfully created")


def details(client: Client, change_set: str, reason: str) -> list[Failure]:
    """Give the single failures behind a change set that failed; none where AWS tells none."""
    found = list(_of_nested(client, reason))
    if "EarlyValidation" in reason or "hook" in reason.lower():
        found += failed_events(client, ChangeSetName=change_set)
    if "hook" in reason.lower():
        found += list(_hooks(client, change_set))
    return list(dict.fromkeys(found))


def _of_nested(client: Client, reason: str) -> Iterator[Failure]:
    """Follow a change set that failed for a nested one down to what the innermost says."""
    for inner in _NESTED.findall(reason):
        try:
            told = client.change_set(inner)
        except CallFailed:
            continue
        why = str(told.get("StatusReason", ""))
        deeper = details(client, inner, why)
        stack = str(told.get("StackName", ""))
        yield from deeper or [Failure(stack, stack, "AWS::CloudFormation::Stack", why)]


def failed_events(client: Client, **what: str) -> list[Failure]:
    """Ask DescribeEvents for what failed; none where the call is not there or not allowed."""
    try:
        events = client.failed_events(**what)
    except CallFailed:
        return []
    return [one for one in map(_failure, events) if one is not None]


def _failure(event: dict[str, Any]) -> Failure | None:
    stack = event.get("StackId", "").rpartition(":stack/")[2].partition("/")[0]
    where = event.get("LogicalResourceId", "") or stack
    kind = event.get("ResourceType", "AWS::CloudFormation::Stack")
    match event.get("EventType"):
        case "VALIDATION_ERROR":
            path = event.get("ValidationPath", "")
            reason = event.get("ValidationStatusReason") or event.get("ResourceStatusReason", "")
            return Failure(stack, where, kind, f"{path}: {reason}" if path else reason, event.get("ValidationName", ""))
        case "HOOK_INVOCATION_ERROR":
            if event.get("HookFailureMode") == "WARN":
                return None
            return Failure(stack, where, kind, event.get("HookStatusReason", ""), event.get("HookType", ""))
        case "PROVISIONING_ERROR":
            return Failure(stack, where, kind, plain_reason(event.get("ResourceStatusReason", "")))
    return None


def _hooks(client: Client, change_set: str) -> Iterator[Failure]:
    try:
        results = [client.hook_result(one) for one in client.failed_hooks(change_set)]
    except CallFailed:
        return
    for result in results:
        if result.get("FailureMode") == "WARN":
            continue
        target = result.get("Target", {})
        where, kind = target.get("TargetId", ""), target.get("TargetTypeName", "")
        name = result.get("TypeName", "")
        notes = [one for one in result.get("Annotations", []) if one.get("Status") == "FAILED"]
        for note in notes:
            said = [note.get("StatusMessage", ""), note.get("RemediationMessage", ""), note.get("RemediationLink", "")]
            yield Failure("", where, kind, "; ".join(text for text in said if text), f"{name}:{note['AnnotationName']}")
        if not notes:
            yield Failure("", where, kind, result.get("HookStatusReason", "no reason given"), name)
