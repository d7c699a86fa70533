"""What CloudFormation answers, as plain values, and how a call fails."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fargate_stacks.core.yaml import load
from fargate_stacks.errors import DeployError

_TRANSIENT = frozenset(
    "Throttling ThrottlingException ThrottledException RequestLimitExceeded TooManyRequestsException "
    "RequestThrottled SlowDown ServiceUnavailable InternalFailure InternalError RequestTimeout 500 502 503 504".split()
)
_EXPIRED = frozenset("ExpiredToken ExpiredTokenException RequestExpired NoCredentials".split())
_DENIED = frozenset("AccessDenied AccessDeniedException UnauthorizedOperation".split())


class CallFailed(DeployError):
    """A call that AWS refused or that never got there."""

    def __init__(self, operation: str, code: str, message: str, service: str = "") -> None:
        super().__init__(f"{operation}: {code}: {message}")
        self.operation = operation
        self.code = code
        self.message = message
        self.service = service
        """What IAM calls the service; empty where the call never got so far."""

    @property
    def action(self) -> str:
        """The action that IAM would have to allow, `ecs:DescribeServices`."""
        return f"{self.service}:{self.operation}" if self.service else self.operation

    @property
    def transient(self) -> bool:
        """Trying again later may help."""
        return self.code in _TRANSIENT or self.code == "Unreachable"

    @property
    def expired(self) -> bool:
        """The credentials are not good any more."""
        return self.code in _EXPIRED

    @property
    def denied(self) -> bool:
        """The credentials do not allow the call."""
        return self.code in _DENIED

    @property
    def gone(self) -> bool:
        """What was asked for does not exist."""
        return self.code in ("ChangeSetNotFound", "ChangeSetNotFoundException") or (
            self.code == "ValidationError" and "does not exist" in self.message
        )


@dataclass(frozen=True)
class StackState:
    """What DescribeStacks says of a stack."""

    id: str
    name: str
    status: str
    reason: str = ""
    updated: datetime | None = None
    outputs: Mapping[str, str] = field(default_factory=dict)
    parameters: frozenset[str] = frozenset()
    termination_protection: bool = False
    operations: tuple[str, ...] = ()
    """The ids of its last operations, where AWS tells them."""


@dataclass(frozen=True)
class Event:
    """One line of a stack's history."""

    id: str
    stack_id: str
    stack: str
    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str
    time: datetime
    token: str

    @property
    def root(self) -> bool:
        """It is about the stack itself."""
        return self.physical_id == self.stack_id

    @property
    def settled(self) -> bool:
        return not self.status.endswith("_IN_PROGRESS")


def state_of(raw: Mapping[str, Any]) -> StackState:
    return StackState(
        id=raw.get("StackId", raw["StackName"]),
        name=raw["StackName"],
        status=raw["StackStatus"],
        reason=raw.get("StackStatusReason", ""),
        updated=raw.get("LastUpdatedTime"),
        outputs={one["OutputKey"]: one.get("OutputValue", "") for one in raw.get("Outputs", [])},
        parameters=frozenset(one["ParameterKey"] for one in raw.get("Parameters", [])),
        termination_protection=bool(raw.get("EnableTerminationProtection")),
        operations=tuple(one.get("OperationId", "") for one in raw.get("LastOperations", [])),
    )


def event_of(raw: Mapping[str, Any]) -> Event:
    return Event(
        id=raw["EventId"],
        stack_id=raw["StackId"],
        stack=raw["StackName"],
        logical_id=raw.get("LogicalResourceId", ""),
        physical_id=raw.get("PhysicalResourceId", ""),
        type=raw.get("ResourceType", ""),
        status=raw.get("ResourceStatus", ""),
        reason=raw.get("ResourceStatusReason", ""),
        time=raw["Timestamp"],
        token=raw.get("ClientRequestToken", ""),
    )


def as_data(body: Any) -> dict[str, Any]:
    """Give a template as data, whether it came as text or not."""
    if isinstance(body, str):
        try:
            return dict(json.loads(body))
        except ValueError:
            return dict(load(body) or {})
    return dict(body)
