"""What CloudFormation says of stacks, events and operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import cloudformation
from ministack.services.cloudformation import changesets, handlers, helpers

from fargate_stacks.deploy.local.stacks.events import STACK, Record
from fargate_stacks.deploy.local.stacks.properties import text
from fargate_stacks.deploy.local.xml import Answer, answer

Params = Mapping[str, Any]


class Refuse(Exception):
    """An error that a call answers."""

    def __init__(self, message: str, code: str = "ValidationError", status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


def refusing(function: Callable[[Params], Answer]) -> Callable[[Params], Answer]:
    """Let a handler raise Refuse."""

    def handle(params: Params) -> Answer:
        try:
            return function(params)
        except Refuse as error:
            refused: Answer = helpers._error(error.code, str(error), error.status)
            return refused

    return handle


def find(name: str, *, living: bool = False) -> Record:
    """Give a stack by name or id; a deleted one by its id only. Raises Refuse."""
    stack: Record | None = cloudformation._stacks.get(name)
    if stack is not None and stack["StackStatus"] == "DELETE_COMPLETE":
        stack = None
    if stack is None:
        stack = next((one for one in cloudformation._stacks.values() if one["StackId"] == name), None)
    if stack is None or (living and stack["StackStatus"] == "DELETE_COMPLETE"):
        raise Refuse(f"Stack with id {name} does not exist" if not living else f"Stack [{name}] does not exist")
    return stack


def stacks(params: Params) -> Answer:
    """DescribeStacks."""
    name = helpers._p(params, "StackName")
    living = (one for one in cloudformation._stacks.values() if one["StackStatus"] != "DELETE_COMPLETE")
    found = [find(name)] if name else list(living)
    page, token = paged(found, params, "DescribeStacks")
    return answer("cloudformation", "DescribeStacks", {"Stacks": [_stack(one) for one in page], "NextToken": token})


def _stack(stack: Record) -> Record:
    operations = stack.get("_operations", [])
    newest = 2 if operations and operations[0]["OperationType"] in ("ROLLBACK", "CONTINUE_ROLLBACK") else 1
    drift = stack.get("DriftInformation") or {"StackDriftStatus": "NOT_CHECKED"}
    detailed = "VALIDATION_FAILED" if operations and operations[0].get("_problems") else None
    return {
        **{key: stack.get(key) for key in _AS_IT_IS},
        "LastUpdatedTime": stack.get("_updated"),
        "StackStatusReason": stack.get("StackStatusReason") or None,
        "Description": stack.get("Description") or None,
        "DisableRollback": stack.get("DisableRollback", False),
        "EnableTerminationProtection": stack.get("EnableTerminationProtection", False),
        "RollbackConfiguration": {},
        "NotificationARNs": [],
        "Parameters": [
            {**one, "ParameterValue": "****" if one.get("NoEcho") else one["ParameterValue"]}
            for one in stack.get("Parameters", ())
        ],
        "Outputs": [{**one, "Description": one.get("Description") or None} for one in stack.get("Outputs", ())],
        "DriftInformation": drift,
        "DetailedStatus": detailed,
        "LastOperations": operations[:newest],
    }


_AS_IT_IS = (
    "StackId", "StackName", "ChangeSetId", "CreationTime", "DeletionTime", "StackStatus", "Capabilities", "Tags",
    "ParentId", "RootId", "DeletionMode", "TimeoutInMinutes",
)  # fmt: skip


def stack_events(params: Params) -> Answer:
    """DescribeStackEvents, newest first."""
    name = helpers._p(params, "StackName")
    if not name:
        raise Refuse("1 validation error detected: Value null at 'stackName' failed to satisfy constraint: Member must "
                     "not be null")  # fmt: skip
    try:
        stack = find(name)
    except Refuse:
        raise Refuse(f"Stack [{name}] does not exist") from None
    found = cloudformation._stack_events.get(stack["StackId"], [])[::-1]
    page, token = paged(found, params, "DescribeStackEvents")
    told = [_event(one) for one in page]
    return answer("cloudformation", "DescribeStackEvents", {"StackEvents": told, "NextToken": token})


def _event(event: Record) -> Record:
    properties = event.get("ResourceProperties")
    return {
        **event,
        "ResourceStatusReason": event.get("ResourceStatusReason") or None,
        "ClientRequestToken": event.get("ClientRequestToken") or None,
        "DetailedStatus": event.get("DetailedStatus") or None,
        "OperationId": event.get("OperationId") or None,
        "ResourceProperties": None if properties is None else text(properties),
    }


def operation_events(params: Params) -> Answer:
    """DescribeEvents, newest first."""
    stack_name, change_set = helpers._p(params, "StackName"), helpers._p(params, "ChangeSetName")
    wanted = helpers._p(params, "OperationId")
    if change_set:
        _, found = changesets._find_change_set(change_set, stack_name)
        if found is None:
            raise Refuse(f"ChangeSet [{change_set}] does not exist", "ChangeSetNotFound", 404)
        told = list(found.get("_problems", ()))
    elif stack_name or wanted:
        of = [find(stack_name)] if stack_name else list(cloudformation._stacks.values())
        told = [event for stack in of for event in _of_stack(stack)]
    else:
        raise Refuse("Either StackName, ChangeSetName or OperationId must be specified")
    if wanted:
        told = [one for one in told if one.get("OperationId") == wanted]
    if helpers._p(params, "Filters.FailedEvents").lower() == "true":
        told = [one for one in told if one["EventType"].endswith("_ERROR")]
    page, token = paged(told, params, "DescribeEvents")
    return answer("cloudformation", "DescribeEvents", {"OperationEvents": page, "NextToken": token})


def _of_stack(stack: Record) -> list[Record]:
    operations = {one["OperationId"]: one for one in stack.get("_operations", ())}
    told = []
    for event in cloudformation._stack_events.get(stack["StackId"], ())[::-1]:
        operation = operations.get(event.get("OperationId"), {})
        failed = event["ResourceStatus"].endswith("_FAILED")
        root = event["ResourceType"] == STACK and event["PhysicalResourceId"] == stack["StackId"]
        kind = "STACK_EVENT" if root and not failed else "PROVISIONING_ERROR" if failed else "PROGRESS_EVENT"
        whole = {
            "OperationStatus": operation.get("OperationStatus"),
            "StartTime": operation.get("StartTime"),
            "EndTime": operation.get("EndTime") or None,
        }
        told.append({**_event(event), "EventType": kind, **(whole if root else {})})
    return told + [problem for one in stack.get("_operations", ()) for problem in one.get("_problems", ())]


def resource(params: Params) -> Answer:
    """DescribeStackResource by the emulator; DescribeStackResources finds a stack by a physical id too."""
    wanted = helpers._p(params, "PhysicalResourceId")
    if wanted and not helpers._p(params, "StackName"):
        for stack in cloudformation._stacks.values():
            if any(one["PhysicalResourceId"] == wanted for one in stack.get("_resources", {}).values()):
                return _answer(handlers._describe_stack_resources({**params, "StackName": [stack["StackName"]]}))
        raise Refuse(f"Stack for {wanted} does not exist")
    return _answer(handlers._describe_stack_resources(params))


def _answer(found: Any) -> Answer:
    told: Answer = found
    return told


def paged(found: list[Any], params: Params, action: str) -> tuple[list[Any], str | None]:
    """Give the page that a request asks for, and the token of the next."""
    page, token, error = helpers._page(found, params, action)
    if error is not None:
        raise Refuse("Invalid NextToken")
    return page, token.removeprefix("<NextToken>").removesuffix("</NextToken>") or None
