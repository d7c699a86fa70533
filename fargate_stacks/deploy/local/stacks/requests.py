"""The requests that start, stop and turn back operations, and where they are put into the emulator."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from ministack.core.responses import now_iso
from ministack.services import cloudformation
from ministack.services.cloudformation import changesets, engine, handlers, helpers, stacks

from fargate_stacks.deploy.local.stacks import (
    change_sets,
    deletion,
    describe,
    drift,
    events,
    nested,
    rollback,
    stack_sets,
    validation,
)
from fargate_stacks.deploy.local.stacks.deployment import PENDING, RUNNING, Deployment
from fargate_stacks.deploy.local.stacks.describe import Refuse, find, refusing
from fargate_stacks.deploy.local.stacks.events import Record
from fargate_stacks.deploy.local.stacks.resources import Template
from fargate_stacks.deploy.local.xml import Answer, answer

Params = Mapping[str, Any]


def register() -> None:
    """Put this engine in place of the emulator's."""
    for module in (stacks, handlers, changesets):
        module._add_event = events.add
    for module in (handlers, changesets):
        module._deploy_stack_async = _deploy
        module.validate_template_support = validation.supported(engine.validate_template_support)
        module._apply_transforms = validation.transforms(engine._apply_transforms)
        module._resolve_parameters = validation.parameters(engine._resolve_parameters)
    for module in (stacks, handlers):
        module._delete_stack_async = _delete_by_name
    handlers._capabilities_enforced = lambda: True
    handlers._stack_has_no_updates = _unless_it_failed(handlers._stack_has_no_updates)
    helpers._resolve_document = _by_host_too(helpers._resolve_document)
    nested.register()
    drift.register()
    stack_sets.register()
    actions = handlers._ACTION_HANDLERS
    for name, handler in {
        "CreateStack": _creating(actions["CreateStack"]),
        "UpdateStack": _updating(actions["UpdateStack"]),
        "DeleteStack": _delete,
        "CancelUpdateStack": _cancel,
        "ContinueUpdateRollback": _continue,
        "RollbackStack": _roll_back,
        "CreateChangeSet": change_sets.creating(actions["CreateChangeSet"]),
        "DescribeChangeSet": change_sets.described,
        "ExecuteChangeSet": change_sets.executing(actions["ExecuteChangeSet"]),
        "DeleteChangeSet": _by_name(actions["DeleteChangeSet"]),
        "ListChangeSets": _by_name(actions["ListChangeSets"]),
        "ValidateTemplate": _without_types(actions["ValidateTemplate"]),
        "DescribeStacks": describe.stacks,
        "DescribeStackEvents": describe.stack_events,
        "DescribeStackResources": describe.resource,
        "DescribeEvents": describe.operation_events,
    }.items():
        actions[name] = refusing(handler)


def _by_host_too(original: Callable[..., Any]) -> Callable[..., Any]:
    """Let a document be named by bucket.s3.region.amazonaws.com/key; the emulator knows amazonaws.com/bucket/key."""

    def resolve(params: Params, body_key: str, url_key: str, label: str) -> Any:
        url = urlsplit(helpers._p(params, url_key))
        virtual = re.fullmatch(r"(.+)\.s3[.-](?:.+\.)?amazonaws\.com", url.hostname or "")
        if virtual is not None:
            params = {**params, url_key: [f"https://s3.amazonaws.com/{virtual.group(1)}{url.path}"]}
        return original(params, body_key, url_key, label)

    return resolve


def reset() -> None:
    """Forget what runs and what waits; the emulator forgets the stacks."""
    PENDING.clear()
    RUNNING.clear()
    stack_sets.reset()


async def _deploy(
    stack_name: str,
    stack_id: str,
    template: Record,
    param_values: Record,
    disable_rollback: bool,
    tags: Any,
    is_update: bool = False,
    previous_stack: Record | None = None,
    retain_except_on_create: bool = False,
    imports: Mapping[str, Any] | None = None,
) -> None:
    stack = cloudformation._stacks[stack_name]
    await Deployment(
        stack,
        Template(stack, template, param_values),
        (previous_stack or {}) if is_update else None,
        failed=PENDING.get(stack_id) if stack.pop("_going_on", False) else None,
        disable_rollback=disable_rollback,
        retain_except_on_create=retain_except_on_create,
        imports=imports or {},
    ).run()


async def _delete_by_name(stack_name: str, stack_id: str, retain_resources: Any = (), force: bool = False) -> None:
    await deletion.delete(cloudformation._stacks[stack_name], retain_resources, force=force)


def _by_name(original: Callable[[Params], Answer]) -> Callable[[Params], Answer]:
    return lambda params: original(change_sets.by_name(params))


def _creating(original: Callable[[Params], Answer]) -> Callable[[Params], Answer]:
    def create(params: Params) -> Answer:
        name = helpers._p(params, "StackName")
        stack = cloudformation._stacks.get(name)
        if stack is not None and stack["StackStatus"] != "DELETE_COMPLETE":
            raise Refuse(f"Stack [{name}] already exists", "AlreadyExistsException")
        change_sets.keep_deleted(name)
        operation = events.new("CREATE_STACK")
        events.OPERATION.set(operation)
        told = original(params)
        if told[0] >= 400:
            return told
        stack = cloudformation._stacks[name]
        minutes = helpers._p(params, "TimeoutInMinutes")
        stack |= {
            "TimeoutInMinutes": int(minutes) if minutes else None,
            "_on_failure": helpers._p(params, "OnFailure"),
        }
        events.note(stack, operation)
        return answer(
            "cloudformation", "CreateStack", {"StackId": stack["StackId"], "OperationId": operation["OperationId"]}
        )

    return create


def _updating(original: Callable[[Params], Answer]) -> Callable[[Params], Answer]:
    def update(params: Params) -> Answer:
        stack = find(helpers._p(params, "StackName"), living=True)
        if stack["StackStatus"] not in change_sets.UPDATABLE:
            raise Refuse(f"Stack:{stack['StackId']} is in {stack['StackStatus']} state and can not be updated.")
        _same_types(stack, params)
        during, error = helpers._resolve_document(
            params, "StackPolicyDuringUpdateBody", "StackPolicyDuringUpdateURL", "Stack policy"
        )
        if error is not None:
            return _as_it_is(error)
        operation = events.new("UPDATE_STACK")
        events.OPERATION.set(operation)
        with change_sets.going_on(stack):
            told = original(params)
        if told[0] >= 400:
            return told
        stack["_policy_during_update"] = during or ""
        events.note(stack, operation)
        stack["_updated"] = now_iso()
        stack["Description"] = engine._parse_template(stack["_template_body"]).get("Description", "")
        return answer(
            "cloudformation", "UpdateStack", {"StackId": stack["StackId"], "OperationId": operation["OperationId"]}
        )

    return update


def _without_types(original: Callable[[Params], Answer]) -> Callable[[Params], Answer]:
    """Leave out the types of parameters, which ValidateTemplate does not tell."""

    def validate(params: Params) -> Answer:
        status, kinds, body = original(params)
        return status, kinds, re.sub(rb"<ParameterType>[^<]*</ParameterType>", b"", body)

    return validate


def _as_it_is(told: Answer) -> Answer:
    return told


def _unless_it_failed(original: Callable[..., bool]) -> Callable[..., bool]:
    """Let a failed update be tried again with the same template."""
    return lambda stack, *rest, **more: not stack.get("_going_on") and original(stack, *rest, **more)


def _same_types(stack: Record, params: Params) -> None:
    body, error = helpers._resolve_template(params)
    if error is not None or not body:
        return
    try:
        template = engine._parse_template(body)
    except Exception:
        return  # the emulator says so better
    known = stack.get("_resources", {})
    moved = sorted(
        name
        for name, one in (template.get("Resources") or {}).items()
        if isinstance(one, dict) and known.get(name, {}).get("ResourceType", one.get("Type")) != one.get("Type")
    )
    if moved:
        raise Refuse(
            "Update of resource type is not permitted. The new template modifies resource type of the following "
            f"resources: [{', '.join(moved)}]"
        )


def _delete(params: Params) -> Answer:
    try:
        stack = find(helpers._p(params, "StackName"))
    except Refuse:
        return answer("cloudformation", "DeleteStack", {})
    status = stack["StackStatus"]
    if status in ("DELETE_COMPLETE", "DELETE_IN_PROGRESS"):
        return answer("cloudformation", "DeleteStack", {})
    root = next((one for one in cloudformation._stacks.values() if one["StackId"] == stack.get("RootId")), stack)
    if root.get("EnableTerminationProtection"):
        raise Refuse(f"Stack [{root['StackName']}] cannot be deleted while TerminationProtection is enabled")
    if status.startswith("UPDATE") and status.endswith("_IN_PROGRESS"):
        raise Refuse(f"Stack [{stack['StackId']}] cannot be deleted while in status {status}")
    mode = helpers._p(params, "DeletionMode")
    retain = helpers._extract_string_members(params, "RetainResources")
    if mode == "FORCE_DELETE_STACK" and status != "DELETE_FAILED":
        raise Refuse(
            f"Invalid operation on stack [{stack['StackId']}]. You can activate DeletionMode FORCE_DELETE_STACK in a "
            "delete stack operation only when the stack is in the DELETE_FAILED state."
        )
    if retain and status != "DELETE_FAILED":
        raise Refuse(
            f"Invalid operation on stack [{stack['StackId']}]. RetainResources can be specified only when the stack is "
            "in the DELETE_FAILED state."
        )
    unknown = sorted(set(retain) - stack.get("_resources", {}).keys())
    if unknown:
        raise Refuse(f"Resources [{', '.join(unknown)}] do not exist in stack [{stack['StackName']}]")
    for one in [one for one in cloudformation._change_sets.values() if one["StackId"] == stack["StackId"]]:
        cloudformation._change_sets.pop(one["ChangeSetId"], None)
    if mode:
        stack["DeletionMode"] = mode
    change_sets.start(deletion.delete(stack, frozenset(retain), force=mode == "FORCE_DELETE_STACK"))
    return answer("cloudformation", "DeleteStack", {})


def _cancel(params: Params) -> Answer:
    stack = find(helpers._p(params, "StackName"), living=True)
    running = RUNNING.get(stack["StackId"])
    if stack["StackStatus"] != "UPDATE_IN_PROGRESS" or running is None:
        raise Refuse("CancelUpdateStack cannot be called from current stack status")
    running.cancel_token = stacks.CLIENT_REQUEST_TOKEN.get()
    running.cancelled.set()
    return answer("cloudformation", "CancelUpdateStack", {})


def _continue(params: Params) -> Answer:
    stack = find(helpers._p(params, "StackName"), living=True)
    pending = PENDING.get(stack["StackId"])
    if stack["StackStatus"] != "UPDATE_ROLLBACK_FAILED" or pending is None:
        raise Refuse(
            f"Stack:{stack['StackId']} is in {stack['StackStatus']} state and can not continue update rollback."
        )
    skip = frozenset(helpers._extract_string_members(params, "ResourcesToSkip"))
    unknown = sorted(skip - stack.get("_rollback_failed", {}).keys())
    if unknown:
        raise Refuse(
            f"Resource(s) [{', '.join(unknown)}] cannot be skipped: only resources whose rollback failed can be skipped"
        )
    events.begin(stack, "CONTINUE_ROLLBACK")
    events.turn(stack, "UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated")
    change_sets.start(rollback.revert(pending, skip))
    return answer("cloudformation", "ContinueUpdateRollback", {})


def _roll_back(params: Params) -> Answer:
    stack = find(helpers._p(params, "StackName"), living=True)
    pending = PENDING.get(stack["StackId"])
    if stack["StackStatus"] not in ("CREATE_FAILED", "UPDATE_FAILED") or pending is None:
        raise Refuse(f"Stack:{stack['StackId']} is in {stack['StackStatus']} state and can not be rolled back.")
    if helpers._p(params, "RetainExceptOnCreate"):
        pending.retain_except_on_create = helpers._p(params, "RetainExceptOnCreate").lower() == "true"
    operation = events.begin(stack, "ROLLBACK")
    change_sets.start(rollback.roll_back(pending, "User Initiated", begun=True))
    return answer(
        "cloudformation", "RollbackStack", {"StackId": stack["StackId"], "OperationId": operation["OperationId"]}
    )
