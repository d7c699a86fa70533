"""Runs that a real deployer had with the local cloud over HTTP, and an API that plays them again on a virtual clock.

A log is what CloudFormation answered: `python -m tests.deploy.record` writes them to logs/. Played again, an event is
visible as long after the call that began its operation as it was then, times the pace at which it was recorded.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from fargate_stacks.core.template import Owner, Reference, Template
from fargate_stacks.deploy.foreign import Foreign
from tests.deploy.fake_api import FakeApi, refuse
from tests.deploy.fake_time import VirtualClock

LOGS = Path(__file__).parent / "logs"
PACE = 60.0
"""Seconds of AWS in one of the machine on which the logs were recorded."""
_TIMES = ("Timestamp", "CreationTime", "LastUpdatedTime", "DeletionTime", "LastUpdatedTimestamp")


@dataclass
class Log:
    """One operation on one stack: what was there before, what was answered, and what there is now."""

    template: dict[str, Any]
    verb: str
    before: dict[str, Any] | None = None
    """What DescribeStacks said, and the template of then."""
    before_template: dict[str, Any] = field(default_factory=dict)
    resources: list[dict[str, Any]] = field(default_factory=list)
    change_sets: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By id, what DescribeChangeSet said; the stack's own is the first, those of nested stacks follow."""
    templates: dict[str, Any] = field(default_factory=dict)
    """By id of a change set, what GetTemplate said, where it was asked."""
    events: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """By the id of the stack and of those nested in it, the events of the operation, oldest first."""
    after: dict[str, Any] | None = None
    references: dict[str, list[str]] = field(default_factory=dict)
    needs: list[str] = field(default_factory=list)
    owners: dict[str, str] = field(default_factory=dict)

    def as_template(self, name: str) -> Template:
        whole = self.template
        return Foreign(
            name,
            whole["Resources"],
            parameters=whole.get("Parameters", {}),
            outputs=whole.get("Outputs", {}),
            metadata=whole.get("Metadata", {}),
            whole=whole,
            references={key: Reference(*one) for key, one in self.references.items()},
            after=tuple(self.needs),
            owners={key: Owner(one, "Service", None) for key, one in self.owners.items()},
        )


def read(name: str) -> dict[str, Log]:
    """Read the logs of a run, by stack."""
    found = json.loads((LOGS / f"{name}.json").read_text("utf-8"), object_hook=_with_times)
    return {stack: Log(**one) for stack, one in found.items()}


def _with_times(one: dict[str, Any]) -> dict[str, Any]:
    return {key: datetime.fromisoformat(value) if key in _TIMES else value for key, value in one.items()}


class Replay(FakeApi):
    """CloudFormation as it was: every answer of the log is held against botocore's models once more."""

    service = "cloudformation"

    def __init__(self, clock: VirtualClock, logs: Mapping[str, Log]) -> None:
        super().__init__()
        self.clock = clock
        self.logs = logs
        self._made: set[str] = set()
        self._begun: dict[str, tuple[datetime, str]] = {}
        """By stack, when its operation began here, and the token of the call."""

    def _find(self, operation: str, name: str) -> tuple[str, Log]:
        for stack, log in self.logs.items():
            there = log.before is not None or stack in self._made
            if (name == stack and there and not self._gone(stack)) or name in log.events:
                return stack, log
        raise refuse(operation, "ValidationError", f"Stack with id {name} does not exist")

    def _gone(self, stack: str) -> bool:
        log = self.logs[stack]
        return log.verb == "delete" and stack in self._begun and len(self._visible(stack)) == len(self._own(log))

    def _own(self, log: Log) -> list[dict[str, Any]]:
        return next(iter(log.events.values()))

    def _visible(self, stack: str, of: str = "") -> list[dict[str, Any]]:
        """Give the events that can be seen by now, at the times of the virtual clock."""
        log = self.logs[stack]
        if stack not in self._begun:
            return []
        begun, token = self._begun[stack]
        first = self._own(log)[0]["Timestamp"]
        found = []
        for event in log.events[of or next(iter(log.events))]:
            at = begun + timedelta(seconds=(event["Timestamp"] - first).total_seconds() * PACE)
            if at <= self.clock.utc():
                tokens = {"ClientRequestToken": token} if "ClientRequestToken" in event else {}
                found.append({**event, "Timestamp": at, **tokens})
        return found

    def DescribeStacks(self, StackName: str) -> dict[str, Any]:
        stack, log = self._find("DescribeStacks", StackName)
        own = self._own(log)
        seen = self._visible(stack)
        if len(seen) == len(own):
            found = log.after or {**(log.before or {}), "StackStatus": "DELETE_COMPLETE"}
        else:
            base = log.before or {**(log.after or {}), "StackStatus": "REVIEW_IN_PROGRESS"}
            roots = [one["ResourceStatus"] for one in seen if one["PhysicalResourceId"] == one["StackId"]]
            found = {**base, "StackStatus": roots[-1] if roots else base["StackStatus"]}
            if log.before is None:
                found.pop("Outputs", None)
        return {"Stacks": [found]}

    def DescribeStackEvents(self, StackName: str, NextToken: str | None = None) -> dict[str, Any]:
        stack, log = self._find("DescribeStackEvents", StackName)
        of = StackName if StackName in log.events else ""
        return {"StackEvents": self._visible(stack, of)[::-1]}

    def GetTemplate(
        self, StackName: str = "", ChangeSetName: str = "", TemplateStage: str = "Original"
    ) -> dict[str, Any]:
        if ChangeSetName:
            made = {key: one for log in self.logs.values() for key, one in log.templates.items()}
            return {"TemplateBody": json.dumps(made[ChangeSetName])}
        return {"TemplateBody": json.dumps(self._find("GetTemplate", StackName)[1].before_template)}

    def ListStackResources(self, StackName: str) -> dict[str, Any]:
        return {"StackResourceSummaries": self._find("ListStackResources", StackName)[1].resources}

    def CreateChangeSet(self, **request: Any) -> dict[str, Any]:
        stack = request["StackName"]
        log = self.logs[stack]
        self._made.add(stack)
        return {"Id": next(iter(log.change_sets)), "StackId": next(iter(log.events))}

    def DescribeChangeSet(self, ChangeSetName: str, IncludePropertyValues: bool = False) -> dict[str, Any]:
        return next(log.change_sets[ChangeSetName] for log in self.logs.values() if ChangeSetName in log.change_sets)

    def DeleteChangeSet(self, ChangeSetName: str) -> dict[str, Any]:
        return {}

    def ListChangeSets(self, StackName: str) -> dict[str, Any]:
        return {"Summaries": []}

    def ExecuteChangeSet(self, ChangeSetName: str, ClientRequestToken: str, **more: Any) -> dict[str, Any]:
        stack = next(name for name, log in self.logs.items() if ChangeSetName in log.change_sets)
        self._begun[stack] = self.clock.utc(), ClientRequestToken
        return {}

    def DeleteStack(self, StackName: str, ClientRequestToken: str, **more: Any) -> dict[str, Any]:
        stack, log = self._find("DeleteStack", StackName)
        if log.verb == "delete":
            self._begun[stack] = self.clock.utc(), ClientRequestToken
        return {}
