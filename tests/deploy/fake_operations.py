"""What a create, an update, a rollback and a delete do in the fake: one second a resource."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.deploy.fake_cfn import FakeCfn, FakeChangeSet, FakeStack

CANCELLED = "User Initiated"


def root(cfn: FakeCfn, stack: FakeStack, status: str, token: str, reason: str = "") -> None:
    """Give the stack itself a status, and say it."""
    stack.status, stack.reason = status, reason
    cfn._say(stack, stack.name, status, reason=reason, token=token)


def one(cfn: FakeCfn, stack: FakeStack, phase: str, key: str, token: str, kind: str) -> Iterator[float]:
    """Work on one resource; the last value tells nothing, the failure is in `stack.reason`."""
    word = {"rollback": "UPDATE"}.get(phase, phase.upper())
    physical = stack.resources.get(key, "")
    cfn._say(stack, key, f"{word}_IN_PROGRESS", kind=kind, physical=physical, token=token)
    yield 1.0
    reason = cfn.breaks.get((phase, key), "")
    stack.reason = reason
    if phase == "create" and not reason:
        stack.resources[key] = f"{stack.name}-{key}"
    if phase == "delete" and not reason:
        stack.resources.pop(key, None)
    physical = stack.resources.get(key, physical)
    status = f"{word}_{'FAILED' if reason else 'COMPLETE'}"
    cfn._say(stack, key, status, kind=kind, physical=physical, reason=reason, token=token)


def create(cfn: FakeCfn, stack: FakeStack, made: FakeChangeSet, request: dict[str, Any]) -> Iterator[float]:
    token = request.get("ClientRequestToken", "")
    resources = made.template["Resources"]
    stack.template, stack.parameters = made.template, made.parameters
    stack.tags = made.request.get("Tags", [])
    stack.operations = [{"OperationType": "CREATE_STACK", "OperationId": f"op-{token}"}]
    root(cfn, stack, "CREATE_IN_PROGRESS", token, CANCELLED)
    failed = ""
    for key, resource in resources.items():
        yield from one(cfn, stack, "create", key, token, resource["Type"])
        if stack.status != "CREATE_IN_PROGRESS":
            return  # deleted meanwhile
        if stack.reason:
            failed = key
            break
    if not failed:
        made.execution = "EXECUTE_COMPLETE"
        root(cfn, stack, "CREATE_COMPLETE", token)
        return
    made.execution = "EXECUTE_FAILED"
    reason = f"The following resource(s) failed to create: [{failed}]. Rollback requested by user."
    on_failure = made.request.get("OnStackFailure")
    if request.get("DisableRollback") or on_failure == "DO_NOTHING":
        root(cfn, stack, "CREATE_FAILED", token, reason)
        return
    if on_failure == "DELETE":
        yield from delete(cfn, stack, token, {})
        return
    root(cfn, stack, "ROLLBACK_IN_PROGRESS", token, reason)
    broken = []
    for key in reversed(list(stack.resources)):
        yield from one(cfn, stack, "delete", key, token, resources[key]["Type"])
        broken += [key] if stack.reason else []
    stuck = f"The following resource(s) failed to delete: [{', '.join(broken)}]." if broken else ""
    root(cfn, stack, "ROLLBACK_FAILED" if broken else "ROLLBACK_COMPLETE", token, stuck)


def update(cfn: FakeCfn, stack: FakeStack, made: FakeChangeSet, request: dict[str, Any]) -> Iterator[float]:
    token = request.get("ClientRequestToken", "")
    stack.updated = cfn.clock.utc()
    stack.operations = [{"OperationType": "UPDATE_STACK", "OperationId": f"op-{token}"}]
    root(cfn, stack, "UPDATE_IN_PROGRESS", token, CANCELLED)
    changes = [change["ResourceChange"] for change in made.changes]
    failed = reason = ""
    for change in changes:
        key, phase = change["LogicalResourceId"], {"Add": "create", "Modify": "update"}.get(change["Action"])
        if phase is None:
            continue
        yield from one(cfn, stack, phase, key, token, change["ResourceType"])
        if stack.cancelled is not None:
            token, reason = stack.cancelled, "User Initiated"
            break
        if stack.reason:
            failed, reason = key, f"The following resource(s) failed to update: [{key}]."
            break
    stack.cancelled = None
    reason = reason or cfn.turned.get(stack.name, "")
    if reason:
        made.execution = "EXECUTE_FAILED"
        if failed and request.get("DisableRollback"):
            root(cfn, stack, "UPDATE_FAILED", token, reason)
            return
        yield from _restore(cfn, stack, token, reason, [failed] if failed else [])
        return
    root(cfn, stack, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", token)
    for change in changes:
        if change["Action"] == "Remove":
            yield from one(cfn, stack, "delete", change["LogicalResourceId"], token, change["ResourceType"])
    made.execution = "EXECUTE_COMPLETE"
    stack.template, stack.parameters = made.template, made.parameters
    stack.tags = made.request.get("Tags", stack.tags)
    root(cfn, stack, "UPDATE_COMPLETE", token)


def _restore(cfn: FakeCfn, stack: FakeStack, token: str, reason: str, keys: list[str]) -> Iterator[float]:
    root(cfn, stack, "UPDATE_ROLLBACK_IN_PROGRESS", token, reason)
    for key in keys:
        yield from one(
            cfn, stack, "rollback", key, token, stack.template["Resources"].get(key, {}).get("Type", "T::T::T")
        )
        if stack.reason:
            root(cfn, stack, "UPDATE_ROLLBACK_FAILED", token, f"The following resource(s) failed to update: [{key}].")
            return
    root(cfn, stack, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", token)
    yield 1.0
    root(cfn, stack, "UPDATE_ROLLBACK_COMPLETE", token)


def roll_back(cfn: FakeCfn, stack: FakeStack, token: str) -> Iterator[float]:
    """RollbackStack and ContinueUpdateRollback."""
    if stack.status == "CREATE_FAILED":
        yield from delete(cfn, stack, token, {})
        return
    yield from _restore(cfn, stack, token, "", [key for phase, key in cfn.breaks if phase == "rollback"])


def delete(cfn: FakeCfn, stack: FakeStack, token: str, more: dict[str, Any]) -> Iterator[float]:
    before = stack.status
    stack.operations = [{"OperationType": "DELETE_STACK", "OperationId": f"op-{token}"}]
    root(cfn, stack, "DELETE_IN_PROGRESS", token, "User Initiated")
    if stack.name in cfn.in_use:
        yield 1.0
        root(cfn, stack, before, token, cfn.in_use[stack.name])
        return
    broken = []
    resources = stack.template.get("Resources", {})
    for key in reversed(list(stack.resources)):
        kind = resources.get(key, {}).get("Type", "AWS::SQS::Queue")
        kept = resources.get(key, {}).get("DeletionPolicy") == "Retain" or key in more.get("RetainResources", [])
        if kept:
            physical = stack.resources.pop(key)
            cfn._say(stack, key, "DELETE_SKIPPED", kind=kind, physical=physical, token=token)
            continue
        yield from one(cfn, stack, "delete", key, token, kind)
        broken += [key] if stack.reason else []
    if broken and more.get("DeletionMode") != "FORCE_DELETE_STACK":
        reason = f"The following resource(s) failed to delete: [{', '.join(broken)}]."
        root(cfn, stack, "DELETE_FAILED", token, reason)
        return
    root(cfn, stack, "DELETE_COMPLETE", token)
