"""Change sets: made, described and executed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ministack.core.responses import now_iso
from ministack.services import cloudformation
from ministack.services.cloudformation import changesets, helpers

from fargate_stacks.deploy.local.stacks import changes, describe, events, formats, nested, properties
from fargate_stacks.deploy.local.stacks.describe import Refuse
from fargate_stacks.deploy.local.stacks.durations import CLOCK
from fargate_stacks.deploy.local.stacks.events import STACK, Record
from fargate_stacks.deploy.local.stacks.resources import Template
from fargate_stacks.deploy.local.xml import Answer, answer

Params = Mapping[str, Any]

UPDATABLE = frozenset(
    "CREATE_COMPLETE UPDATE_COMPLETE UPDATE_ROLLBACK_COMPLETE IMPORT_COMPLETE IMPORT_ROLLBACK_COMPLETE "
    "CREATE_FAILED UPDATE_FAILED".split()
)
_EMPTY = "The submitted information didn't contain changes. Submit different information to create a change set."
_EARLY = (
    "The following hook(s)/validation failed: [AWS::EarlyValidation::PropertyValidation]. To troubleshoot Early "
    "Validation errors, use the DescribeEvents API for detailed failure information."
)
_TASKS: set[asyncio.Task[None]] = set()


def creating(original: Callable[[Params], Answer]) -> Callable[[Params], Answer]:
    """Give CreateChangeSet."""

    def create(params: Params) -> Answer:
        params = by_name(params)
        name, kind = helpers._p(params, "StackName"), helpers._p(params, "ChangeSetType") or "UPDATE"
        stack = cloudformation._stacks.get(name)
        reviewed = None
        if stack is not None and kind == "CREATE":
            if stack["StackStatus"] == "REVIEW_IN_PROGRESS":
                reviewed = stack
            elif stack["StackStatus"] != "DELETE_COMPLETE":
                change_set = helpers._p(params, "ChangeSetName")
                raise Refuse(
                    f"Stack [{name}] already exists and cannot be created again with the changeSet [{change_set}]."
                )
        elif stack is not None and kind == "UPDATE" and stack["StackStatus"] not in UPDATABLE | {"DELETE_COMPLETE"}:
            raise Refuse(f"Stack:{stack['StackId']} is in {stack['StackStatus']} state and can not be updated.")
        history = cloudformation._stack_events.get(reviewed["StackId"]) if reviewed else None
        keep_deleted(name)
        executed = _executed(name, helpers._p(params, "ChangeSetName"))
        told = original(params)
        # they are found by their ids still, by the name after the new one
        cloudformation._change_sets.update(executed)
        found = _newest(params) if told[0] < 400 else None
        if reviewed is not None:
            # the stack under review stays the one that it was
            if found is not None:
                cloudformation._stack_events.pop(found["StackId"], None)
                found["StackId"] = reviewed["StackId"]
            cloudformation._stacks[name] = reviewed
            cloudformation._stack_events[reviewed["StackId"]] = history or []
        if found is None:
            return told
        # the reference says that a change set is not made at once
        if found["ChangeSetType"] != "IMPORT" and not found.get("_import_existing"):
            _complete(found, cloudformation._stacks[name])
        found["_mode"] = helpers._p(params, "DeploymentConfig.Mode")
        found["IncludeNestedStacks"] = helpers._p(params, "IncludeNestedStacks").lower() == "true"
        if found["IncludeNestedStacks"]:
            _nest(found, cloudformation._stacks[name])
        _later(found)
        return answer("cloudformation", "CreateChangeSet", {"Id": found["ChangeSetId"], "StackId": found["StackId"]})

    return create


def _executed(stack: str, name: str) -> dict[str, Record]:
    """Take away what was executed under this name: its name is free again."""
    found = {
        change_set_id: one
        for change_set_id, one in cloudformation._change_sets.items()
        if (one["StackName"], one["ChangeSetName"]) == (stack, name)
        and one["ExecutionStatus"] in ("EXECUTE_COMPLETE", "EXECUTE_FAILED")
    }
    for change_set_id in found:
        cloudformation._change_sets.pop(change_set_id)
    return found


def _newest(params: Params) -> Record:
    _, found = changesets._find_change_set(helpers._p(params, "ChangeSetName"), helpers._p(params, "StackName"))
    record: Record = found
    return record


def keep_deleted(name: str) -> None:
    """Let a deleted stack be found by its id after its name went to another."""
    stack = cloudformation._stacks.get(name)
    if stack is not None and stack["StackStatus"] == "DELETE_COMPLETE":
        cloudformation._stacks[stack["StackId"]] = cloudformation._stacks.pop(name)


def _complete(found: Record, stack: Record) -> None:
    """Work out what will change, in place of the emulator's answer."""
    new = Template(stack, found["_template"], found["_resolved_params"])
    old = Template(stack, stack.get("_template") or {}, stack.get("_resolved_params") or {})
    tags = found["Tags"] if found["Tags"] or found.get("_tags_given") else None
    moved = [
        name
        for name, one in new.definitions.items()
        if stack.get("_resources", {}).get(name, {}).get("ResourceType", one["Type"]) != one["Type"]
    ]
    if moved:
        cloudformation._change_sets.pop(found["ChangeSetId"], None)
        raise Refuse(
            "Update of resource type is not permitted. The new template modifies resource type of the following "
            f"resources: [{', '.join(sorted(moved))}]"
        )
    found["Changes"] = changes.changes(stack, new, old, tags)
    same = (
        not found["Changes"]
        and new.body.get("Outputs", {}) == old.body.get("Outputs", {})
        and found["ChangeSetType"] == "UPDATE"
    )
    wrong = [] if found.get("_disable_validation") else properties.early(new)
    lost = formats.missing(new.body, new.parameters)
    if lost:
        reason = f"Parameter validation failed: {lost}"
        found |= {"Status": "FAILED", "ExecutionStatus": "UNAVAILABLE", "StatusReason": reason}
    elif wrong:
        operation = {"OperationId": events.new("CREATE_CHANGESET")["OperationId"], "OperationType": "CREATE_CHANGESET"}
        found["_problems"] = [problem.event(found["StackId"], operation) for problem in wrong]
        found |= {"Status": "FAILED", "ExecutionStatus": "UNAVAILABLE", "StatusReason": _EARLY}
    elif same:
        found |= {"Status": "FAILED", "ExecutionStatus": "UNAVAILABLE", "StatusReason": _EMPTY}
    else:
        found |= {"Status": "CREATE_COMPLETE", "ExecutionStatus": "AVAILABLE", "StatusReason": ""}


def _later(found: Record) -> None:
    end = {key: found[key] for key in ("Status", "ExecutionStatus", "StatusReason")}
    found |= {"Status": "CREATE_IN_PROGRESS", "ExecutionStatus": "UNAVAILABLE", "StatusReason": ""}

    async def finish() -> None:
        await CLOCK.pass_(5)
        found.update(end)

    start(finish())


def start(work: Any) -> None:
    """Run work in the background; it is kept until it is done."""
    task = asyncio.get_running_loop().create_task(work)
    _TASKS.add(task)
    task.add_done_callback(_TASKS.discard)


def _nest(found: Record, stack: Record) -> None:
    """Make a change set for each stack in the stack, and name it in the change that is about it."""
    for change in found["Changes"]:
        resource = change["ResourceChange"]
        if resource["ResourceType"] != STACK or resource["Action"] == "Remove":
            continue
        name = resource["LogicalResourceId"]
        known = stack.get("_resources", {})
        given = Template(stack, found["_template"], found["_resolved_params"]).properties(name, known)
        child = next((one for one in cloudformation._stacks.values()
                      if one["StackId"] == resource.get("PhysicalResourceId")), None)  # fmt: skip
        inner = child or _planned(stack, name)
        child_id = f"{found['ChangeSetId'].rpartition('/')[0]}-{name}/{inner['StackId'].rpartition('/')[2]}"
        record = {
            **found,
            "ChangeSetId": child_id,
            "ChangeSetName": f"{found['ChangeSetName']}-{name}",
            "StackId": inner["StackId"],
            "StackName": inner["StackName"],
            "ParentChangeSetId": found["ChangeSetId"],
            "RootChangeSetId": found.get("RootChangeSetId", found["ChangeSetId"]),
            "Changes": [],
        }
        cloudformation._change_sets[child_id] = record
        try:
            body, template, parameters = nested._read(given, {**stack, "Capabilities": found["Capabilities"]}, child)
        except ValueError as error:
            _fail(record, str(error))
            _fail(found, f"Nested change set {child_id} was not successfully created: Currently in FAILED.")
            return
        old = Template(inner, inner.get("_template") or {}, inner.get("_resolved_params") or {})
        record |= nested._described(given, body, template, parameters, stack)
        record |= {
            "Capabilities": found["Capabilities"],
            "Changes": changes.changes(inner, Template(inner, template, parameters), old, None),
        }
        resource["ChangeSetId"] = child_id
        resource["Details"] = [
            {**one, "Evaluation": "Static"} if one.get("ChangeSource") == "Automatic" else one
            for one in resource["Details"]
        ]
        _nest(record, inner)
        if record["Status"] == "FAILED":
            _fail(found, f"Nested change set {child_id} was not successfully created: Currently in FAILED.")
            return
        _later(record)


def _fail(found: Record, reason: str) -> None:
    found |= {"Status": "FAILED", "ExecutionStatus": "UNAVAILABLE", "StatusReason": reason}


def _planned(stack: Record, name: str) -> Record:
    whole = f"{stack['StackName']}-{name}-{events.new('')['OperationId'][:12].upper()}"
    stack_id = stack["StackId"].replace(f"/{stack['StackName']}/", f"/{whole}/")
    return {"StackName": whole, "StackId": stack_id, "StackStatus": "REVIEW_IN_PROGRESS", "_resources": {}}


def described(params: Params) -> Answer:
    """DescribeChangeSet."""
    found = _find(params)
    values = helpers._p(params, "IncludePropertyValues").lower() == "true"
    told = found["Changes"] if values else [changes.plain(one) for one in found["Changes"]]
    page, token = describe.paged(told, params, "DescribeChangeSet")
    return answer(
        "cloudformation",
        "DescribeChangeSet",
        {
            **found,
            "StatusReason": found.get("StatusReason") or None,
            "Description": found.get("Description") or None,
            "OnStackFailure": found.get("OnStackFailure") or None,
            "NotificationARNs": [],
            "RollbackConfiguration": {},
            "Parameters": [
                {**one, "ParameterValue": "****" if _secret(found, one["ParameterKey"]) else one["ParameterValue"]}
                for one in found["Parameters"]
            ],
            "Changes": [] if found["Status"] == "CREATE_IN_PROGRESS" else page,
            "NextToken": token,
        },
    )


def _secret(found: Record, name: str) -> bool:
    return bool(found["_resolved_params"].get(name, {}).get("NoEcho"))


def _find(params: Params) -> Record:
    params = by_name(params)
    name = helpers._p(params, "ChangeSetName")
    _, found = changesets._find_change_set(name, helpers._p(params, "StackName"))
    if found is None:
        raise Refuse(f"ChangeSet [{name}] does not exist", "ChangeSetNotFound", 404)
    record: Record = found
    return record


def by_name(params: Params) -> dict[str, Any]:
    """Give a request with the stack's name where it came with the id."""
    wanted = helpers._p(params, "StackName")
    if wanted.startswith("arn:"):
        for stack in cloudformation._stacks.values():
            if stack["StackId"] == wanted:
                return {**params, "StackName": [stack["StackName"]]}
    return dict(params)


@contextlib.contextmanager
def going_on(stack: Record) -> Iterator[None]:
    """Let a request update a stack that failed without a rollback, which the emulator refuses."""
    failed = stack["StackStatus"]
    if failed not in ("CREATE_FAILED", "UPDATE_FAILED"):
        yield
        return
    stack |= {"StackStatus": "UPDATE_ROLLBACK_COMPLETE", "_going_on": True}
    yield
    if stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE":
        stack["StackStatus"] = failed
        stack.pop("_going_on", None)


def executing(original: Callable[[Params], Answer]) -> Callable[[Params], Answer]:
    """Give ExecuteChangeSet: once for a token, and never on a stack that is busy."""

    def execute(params: Params) -> Answer:
        params = by_name(params)
        found = _find(params)
        token = helpers._p(params, "ClientRequestToken")
        if token and found.get("_token") == token:
            return answer("cloudformation", "ExecuteChangeSet", {})
        stack = cloudformation._stacks.get(found["StackName"])
        if stack is not None and stack["StackStatus"] not in UPDATABLE | {"REVIEW_IN_PROGRESS"}:
            raise Refuse(f"Stack:{stack['StackId']} is in {stack['StackStatus']} state and can not be updated.")
        if found["ExecutionStatus"] != "AVAILABLE":
            raise Refuse(
                f"ChangeSet [{found['ChangeSetId']}] cannot be executed in its current status of [{found['Status']}]",
                "InvalidChangeSetStatus",
            )
        operation = events.new("UPDATE_STACK" if found["ChangeSetType"] == "UPDATE" else "CREATE_STACK")
        operation["_mode"] = found.get("_mode", "")
        events.OPERATION.set(operation)
        with going_on(stack or {"StackStatus": ""}):
            told = original(params)
        if told[0] < 400 and stack is not None:
            found["_token"] = token
            stack["_on_failure"] = found.get("OnStackFailure")
            events.note(stack, operation)
            stack |= {"_updated": now_iso(), "ChangeSetId": found["ChangeSetId"]}
            stack["Description"] = found["_template"].get("Description", "")
            for other in [one for one in cloudformation._change_sets.values() if _below(one, found)]:
                cloudformation._change_sets.pop(other["ChangeSetId"], None)
            return answer("cloudformation", "ExecuteChangeSet", {})
        return told

    return execute


def _below(one: Record, root: Record) -> bool:
    return bool(one.get("RootChangeSetId") == root["ChangeSetId"])
