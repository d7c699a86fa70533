"""The history of a stack: its events, and the operations to which they belong."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from ministack.core.responses import new_uuid, now_iso
from ministack.services import cloudformation
from ministack.services.cloudformation import stacks

Record = dict[str, Any]
STACK = "AWS::CloudFormation::Stack"

OPERATION: ContextVar[Record | None] = ContextVar("cloudformation_operation", default=None)
"""The operation under which events are written; a background task keeps that of the request that started it."""


def new(kind: str) -> Record:
    """Give an operation that starts now."""
    return {
        "OperationType": kind,
        "OperationId": new_uuid(),
        "OperationStatus": "IN_PROGRESS",
        "StartTime": now_iso(),
        "EndTime": "",
    }


def express() -> bool:
    """Tell whether the operation is over when the configuration is applied, and waits for no service to be steady."""
    return (OPERATION.get() or {}).get("_mode") == "EXPRESS"


def note(stack: Record, operation: Record) -> None:
    """Count an operation among those of a stack."""
    stack["_operations"] = [operation, *stack.get("_operations", [])]


def begin(stack: Record, kind: str) -> Record:
    """Start an operation of a stack and make it the current one."""
    operation = new(kind)
    note(stack, operation)
    OPERATION.set(operation)
    return operation


def end(succeeded: bool) -> None:
    """Close the current operation."""
    operation = OPERATION.get()
    if operation is not None:
        operation["OperationStatus"] = "SUCCEEDED" if succeeded else "FAILED"
        operation["EndTime"] = now_iso()


def add(
    stack_id: str,
    stack_name: str,
    logical_id: str,
    resource_type: str,
    status: str,
    reason: str = "",
    physical_id: str = "",
    detailed_status: str = "",
    properties: Any = None,
) -> None:
    """Write an event; the emulator's own code calls this too, in place of what it had."""
    operation = OPERATION.get() or {}
    event = {
        "StackId": stack_id,
        "StackName": stack_name,
        "EventId": f"{logical_id}-{status}-{new_uuid()}" if physical_id != stack_id else new_uuid(),
        "LogicalResourceId": logical_id,
        "PhysicalResourceId": physical_id,
        "ResourceType": resource_type,
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
        "Timestamp": now_iso(),
        "ClientRequestToken": stacks.CLIENT_REQUEST_TOKEN.get(),
        "DetailedStatus": detailed_status,
        "OperationId": operation.get("OperationId", ""),
        "OperationType": operation.get("OperationType", ""),
        "ResourceProperties": properties,
    }
    cloudformation._stack_events.setdefault(stack_id, []).append(event)


def turn(stack: Record, status: str, reason: str = "", detailed: str = "") -> None:
    """Put a stack into a status and say so."""
    stack["StackStatus"] = status
    stack["StackStatusReason"] = reason
    add(stack["StackId"], stack["StackName"], stack["StackName"], STACK, status, reason, stack["StackId"], detailed)
