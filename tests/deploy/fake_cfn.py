"""CloudFormation as a script on a virtual clock: operations that take time, fail on order and can be interrupted."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tests.deploy.fake_api import FakeApi, refuse
from tests.deploy.fake_changes import differences
from tests.deploy.fake_stack import FakeChangeSet, FakeStack
from tests.deploy.fake_time import VirtualClock

__all__ = ["FakeCfn", "FakeChangeSet", "FakeStack"]

EMPTY = "The submitted information didn't contain changes. Submit different information to create a change set."
INCOMPLETE = "[WARN] --include-property-values option can return incomplete ChangeSet data"
LIVE = frozenset(
    "CREATE_COMPLETE UPDATE_COMPLETE UPDATE_ROLLBACK_COMPLETE IMPORT_COMPLETE IMPORT_ROLLBACK_COMPLETE".split()
)


class FakeCfn(FakeApi):
    service = "cloudformation"

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__()
        self.clock = clock
        self.stacks: dict[str, FakeStack] = {}
        self.breaks: dict[tuple[str, str], str] = {}
        """(phase, logical id) -> the reason for which it fails; phase is create, update, delete or rollback."""
        self.refuses: dict[str, str] = {}
        """By stack, why its change sets fail."""
        self.obsolete: Counter[str] = Counter()
        """By stack, how often somebody else changes it between the review and the execution."""
        self.stale = 0
        """How many reads of a stack still show what it was before an operation began."""
        self.in_use: dict[str, str] = {}
        """By stack, the reason for which a delete returns it to what it was."""
        self.changes: dict[str, list[dict[str, Any]]] = {}
        """By stack, changes to show in the place of those found out."""
        self.turned: dict[str, str] = {}
        """By stack, the reason for which its updates are rolled back although no resource fails."""
        self.silent = False
        """Operations say nothing in the events, as where they may not be read."""
        self.failed: dict[str, list[dict[str, Any]]] = {}
        """By stack or change set, what DescribeEvents says that failed; "" is said of all others."""
        self.hooks: dict[str, dict[str, Any]] = {}
        """Results of hooks that did not let a change set pass."""
        self.incomplete = False
        """A change set that is described with property values lacks all but its first change."""
        self.page = 100
        self._shown: dict[str, tuple[int, FakeStack]] = {}
        self._number = 0

    # the state, for tests

    def stack(self, name: str) -> FakeStack:
        """Give the newest stack of a name, deleted ones too."""
        return [one for one in self.stacks.values() if one.name == name][-1]

    def given(self, name: str, status: str, template: dict[str, Any] | None = None, **more: Any) -> FakeStack:
        """Let there be a stack."""
        stack = self._new(name)
        stack.status = status
        stack.template = template or {"Resources": {}}
        stack.resources = {key: f"{name}-{key}" for key in stack.template["Resources"]}
        for key, value in more.items():
            setattr(stack, key, value)
        self._say(stack, name, status)
        return stack

    def _new(self, name: str) -> FakeStack:
        self._number += 1
        stack = FakeStack(f"arn:aws:cloudformation:us-east-1:000000000000:stack/{name}/{self._number}", name)
        self.stacks[stack.id] = stack
        return stack

    def _find(self, operation: str, name: str) -> FakeStack:
        if name in self.stacks:
            return self.stacks[name]
        alive = [one for one in self.stacks.values() if one.name == name and one.status != "DELETE_COMPLETE"]
        if not alive:
            raise refuse(operation, "ValidationError", f"Stack with id {name} does not exist")
        return alive[-1]

    # reads

    def DescribeStacks(self, StackName: str) -> dict[str, Any]:
        stack = self._find("DescribeStacks", StackName)
        left, before = self._shown.get(stack.id, (0, stack))
        if left > 0:
            self._shown[stack.id] = (left - 1, before)
            stack = before
        described: dict[str, Any] = {
            "StackId": stack.id,
            "StackName": stack.name,
            "CreationTime": self.clock.utc(),
            "StackStatus": stack.status,
            "EnableTerminationProtection": stack.protection,
            "Tags": stack.tags,
            "Parameters": [{"ParameterKey": key, "ParameterValue": one} for key, one in stack.parameters.items()],
            "LastOperations": stack.operations,
        }
        if stack.updated is not None:
            described["LastUpdatedTime"] = stack.updated
        if stack.reason:
            described["StackStatusReason"] = stack.reason
        if stack.status in LIVE:
            described["Outputs"] = [
                {"OutputKey": key, "OutputValue": self._value(stack, one["Value"])}
                for key, one in stack.template.get("Outputs", {}).items()
            ]
        return {"Stacks": [described]}

    def _value(self, stack: FakeStack, value: Any) -> str:
        match value:
            case {"Ref": name}:
                return stack.parameters.get(name) or stack.resources.get(name, "")
            case {"Fn::Join": [glue, parts]}:
                return str(glue).join(self._value(stack, one) for one in parts)
            case {"Fn::GetAtt": [name, attribute]}:
                return f"{stack.resources.get(name)}.{attribute}"
        return str(value)

    def DescribeStackEvents(self, StackName: str, NextToken: str | None = None) -> dict[str, Any]:
        stack = self._find("DescribeStackEvents", StackName)
        events = stack.events[::-1]
        begin = int(NextToken or 0)
        more = {"NextToken": str(begin + self.page)} if begin + self.page < len(events) else {}
        return {"StackEvents": events[begin : begin + self.page], **more}

    def GetTemplate(self, StackName: str, TemplateStage: str = "Original") -> dict[str, Any]:
        return {"TemplateBody": json.dumps(self._find("GetTemplate", StackName).template)}

    def ListStackResources(self, StackName: str) -> dict[str, Any]:
        stack = self._find("ListStackResources", StackName)
        kinds = stack.template.get("Resources", {})
        now = self.clock.utc()
        return {
            "StackResourceSummaries": [
                {
                    "LogicalResourceId": key,
                    "PhysicalResourceId": physical,
                    "ResourceType": kinds.get(key, {}).get("Type", "AWS::SQS::Queue"),
                    "LastUpdatedTimestamp": now,
                    "ResourceStatus": "CREATE_COMPLETE",
                }
                for key, physical in stack.resources.items()
            ]
        }

    # change sets

    def CreateChangeSet(self, **request: Any) -> dict[str, Any]:
        name, kind = request["StackName"], request["ChangeSetType"]
        alive = [one for one in self.stacks.values() if one.name == name and one.status != "DELETE_COMPLETE"]
        if kind == "CREATE" and alive and alive[-1].status != "REVIEW_IN_PROGRESS":
            raise refuse(
                "CreateChangeSet",
                "ValidationError",
                f"Stack [{name}] already exists and cannot be created again with the changeSet",
            )
        if kind == "UPDATE" and (not alive or alive[-1].status not in (*LIVE, "CREATE_FAILED", "UPDATE_FAILED")):
            status = alive[-1].status if alive else "absent"
            raise refuse(
                "CreateChangeSet",
                "ValidationError",
                f"Stack:{name} is in {status} state and can not be updated.",
            )
        stack = alive[-1] if alive else self._new(name)
        if not alive:
            self._say(stack, name, "REVIEW_IN_PROGRESS")
        given = {one["ParameterKey"]: one for one in request.get("Parameters", [])}
        template = json.loads(request["TemplateBody"]) if "TemplateBody" in request else self.fetched(request)
        parameters = {
            key: stack.parameters[key]
            if given.get(key, {}).get("UsePreviousValue")
            else given[key]["ParameterValue"]
            if key in given
            else str(declared.get("Default", ""))
            for key, declared in template.get("Parameters", {}).items()
        }
        self._number += 1
        made = FakeChangeSet(
            f"arn:aws:cloudformation:us-east-1:000000000000:changeSet/{request['ChangeSetName']}/{self._number}",
            request["ChangeSetName"],
            kind,
            template,
            parameters,
            request,
        )
        stack.change_sets[made.id] = made
        self.clock.at(1.0, lambda: self._finish_change_set(stack, made))
        return {"Id": made.id, "StackId": stack.id}

    def fetched(self, request: dict[str, Any]) -> dict[str, Any]:
        """The template at TemplateURL; a test that sends one says what is there."""
        raise refuse("CreateChangeSet", "ValidationError", f"S3 error: {request['TemplateURL']}")

    def _finish_change_set(self, stack: FakeStack, made: FakeChangeSet) -> None:
        made.changes = self.changes.get(stack.name) or list(differences(stack, made))
        same = made.kind == "UPDATE" and made.template == stack.template and made.parameters == stack.parameters
        made.reason = self.refuses.get(stack.name, EMPTY if same and not made.changes else "")
        made.status = "FAILED" if made.reason else "CREATE_COMPLETE"
        made.execution = "UNAVAILABLE" if made.reason else "AVAILABLE"

    def _change_set(self, operation: str, name: str) -> tuple[FakeStack, FakeChangeSet]:
        for stack in self.stacks.values():
            if name in stack.change_sets:
                return stack, stack.change_sets[name]
        raise refuse(operation, "ChangeSetNotFound", f"ChangeSet [{name}] does not exist")

    def DescribeChangeSet(
        self,
        ChangeSetName: str,
        IncludePropertyValues: bool = False,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        stack, made = self._change_set("DescribeChangeSet", ChangeSetName)
        begin = int(NextToken or 0)
        more = {"NextToken": str(begin + self.page)} if begin + self.page < len(made.changes) else {}
        if self.incomplete and IncludePropertyValues:
            made = replace(made, changes=made.changes[:1], reason=INCOMPLETE)
        return {
            "ChangeSetId": made.id,
            "ChangeSetName": made.name,
            "StackId": stack.id,
            "StackName": stack.name,
            "Status": made.status,
            "ExecutionStatus": made.execution,
            "StatusReason": made.reason,
            "Changes": made.changes[begin : begin + self.page],
            **more,
        }

    def DeleteChangeSet(self, ChangeSetName: str) -> dict[str, Any]:
        stack, made = self._change_set("DeleteChangeSet", ChangeSetName)
        del stack.change_sets[made.id]
        return {}

    def ListChangeSets(self, StackName: str) -> dict[str, Any]:
        stack = self._find("ListChangeSets", StackName)
        return {
            "Summaries": [
                {
                    "ChangeSetId": one.id,
                    "ChangeSetName": one.name,
                    "Status": one.status,
                    "ExecutionStatus": one.execution,
                    "StackId": stack.id,
                    "StackName": stack.name,
                }
                for one in stack.change_sets.values()
            ]
        }

    def DescribeEvents(self, Filters: dict[str, Any], **what: str) -> dict[str, Any]:
        name = next(iter(what.values()))
        return {"OperationEvents": self.failed.get(name, self.failed.get("", []))}

    def ListHookResults(self, TargetType: str, TargetId: str, Status: str) -> dict[str, Any]:
        return {"HookResults": [{"HookResultId": one} for one in self.hooks]}

    def GetHookResult(self, HookResultId: str) -> dict[str, Any]:
        return self.hooks[HookResultId]

    # operations

    def ExecuteChangeSet(self, **request: Any) -> dict[str, Any]:
        stack, made = self._change_set("ExecuteChangeSet", request["ChangeSetName"])
        if self.obsolete[stack.name]:
            self.obsolete[stack.name] -= 1
            made.execution = "OBSOLETE"
            return {}
        if made.execution != "AVAILABLE":
            raise refuse(
                "ExecuteChangeSet",
                "InvalidChangeSetStatus",
                f"ChangeSet [{made.id}] cannot be executed in its current status of [{made.execution}]",
            )
        made.execution = "EXECUTE_IN_PROGRESS"
        self._begin(stack, self._run(stack, made, request))
        return {}

    def _begin(self, stack: FakeStack, steps: Iterator[float]) -> None:
        if self.stale:
            self._shown[stack.id] = (self.stale, replace(stack))
        stack.cancelled = None
        self.clock.spawn(steps)

    def _run(self, stack: FakeStack, made: FakeChangeSet, request: dict[str, Any]) -> Iterator[float]:
        from tests.deploy.fake_operations import create, update

        run = create if made.kind == "CREATE" else update
        yield from run(self, stack, made, request)

    def DeleteStack(self, StackName: str, ClientRequestToken: str = "", **more: Any) -> None:
        from tests.deploy.fake_operations import delete

        stack = self._find("DeleteStack", StackName)
        if stack.protection:
            raise refuse(
                "DeleteStack",
                "ValidationError",
                f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled",
            )
        if stack.status == "DELETE_COMPLETE":
            return
        stack.cancelled = ClientRequestToken
        self._begin(stack, delete(self, stack, ClientRequestToken, more))

    def CancelUpdateStack(self, StackName: str, ClientRequestToken: str = "") -> None:
        stack = self._find("CancelUpdateStack", StackName)
        if stack.status != "UPDATE_IN_PROGRESS":
            raise refuse(
                "CancelUpdateStack",
                "ValidationError",
                "CancelUpdateStack cannot be called from current stack status",
            )
        stack.cancelled = ClientRequestToken

    def RollbackStack(self, StackName: str, ClientRequestToken: str = "", **more: Any) -> dict[str, Any]:
        from tests.deploy.fake_operations import roll_back

        stack = self._find("RollbackStack", StackName)
        self._begin(stack, roll_back(self, stack, ClientRequestToken))
        return {"StackId": stack.id}

    def ContinueUpdateRollback(self, StackName: str, ClientRequestToken: str = "", **more: Any) -> dict[str, Any]:
        from tests.deploy.fake_operations import roll_back

        stack = self._find("ContinueUpdateRollback", StackName)
        for skipped in more.get("ResourcesToSkip", []):
            self.breaks.pop(("rollback", skipped), None)
        self._begin(stack, roll_back(self, stack, ClientRequestToken))
        return {}

    def UpdateTerminationProtection(self, StackName: str, EnableTerminationProtection: bool) -> dict[str, Any]:
        stack = self._find("UpdateTerminationProtection", StackName)
        stack.protection = EnableTerminationProtection
        return {"StackId": stack.id}

    def SetStackPolicy(self, StackName: str, StackPolicyBody: str) -> None:
        self._find("SetStackPolicy", StackName)
        json.loads(StackPolicyBody)

    def _say(
        self,
        stack: FakeStack,
        logical_id: str,
        status: str,
        *,
        kind: str = "AWS::CloudFormation::Stack",
        physical: str | None = None,
        reason: str = "",
        token: str = "",
    ) -> None:
        if self.silent:
            return
        event: dict[str, Any] = {
            "StackId": stack.id,
            "EventId": f"{len(stack.events)}-{stack.id[-8:]}",
            "StackName": stack.name,
            "LogicalResourceId": logical_id,
            "PhysicalResourceId": stack.id if physical is None else physical,
            "ResourceType": kind,
            "Timestamp": self.clock.utc(),
            "ResourceStatus": status,
        }
        if reason:
            event["ResourceStatusReason"] = reason
        if token:
            event["ClientRequestToken"] = token
        stack.events.append(event)
