"""Operations on StackSets: one stack after the other in every account and region, as far as failures are tolerated."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ministack.core.responses import get_account_id, get_region, new_uuid, now_iso, request_scope
from ministack.services import cloudformation
from ministack.services.cloudformation import handlers

from fargate_stacks.deploy.local.stacks import change_sets
from fargate_stacks.deploy.local.stacks.events import Record

Place = tuple[str, str]
"""An account and a region."""
Work = Callable[["StackSet", Place], Awaitable[str]]
"""Do it in one place; give why it failed, or nothing."""


@dataclass
class StackSet:
    """A StackSet with its instances and operations, newest first."""

    record: Record
    template: str
    instances: dict[Place, Record] = field(default_factory=dict)
    operations: list[Operation] = field(default_factory=list)

    @property
    def running(self) -> Operation | None:
        """The operation that runs or waits."""
        return next((one for one in self.operations if one.record["Status"] in _UNDER_WAY), None)

    def request(self, place: Place, **more: str) -> dict[str, list[str]]:
        """Give the request that makes or changes the stack of a place."""
        given = {one["ParameterKey"]: one["ParameterValue"] for one in self.record.get("Parameters", ())}
        given |= {one["ParameterKey"]: one["ParameterValue"] for one in self.instances[place]["ParameterOverrides"]}
        flat = {"TemplateBody": self.template, **more}
        for number, (name, value) in enumerate(given.items(), 1):
            flat |= {f"Parameters.member.{number}.ParameterKey": name,
                     f"Parameters.member.{number}.ParameterValue": value}  # fmt: skip
        for number, name in enumerate(self.record.get("Capabilities", ()), 1):
            flat[f"Capabilities.member.{number}"] = name
        for number, tag in enumerate(self.record.get("Tags", ()), 1):
            flat |= {f"Tags.member.{number}.Key": tag["Key"], f"Tags.member.{number}.Value": tag["Value"]}
        return {key: [value] for key, value in flat.items()}


_UNDER_WAY = ("RUNNING", "STOPPING", "QUEUED")


@dataclass
class Operation:
    """One operation on a StackSet: what is told of it, and what becomes of each place."""

    of: StackSet
    record: Record
    results: dict[Place, Record]
    work: Work
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def start(self, after: Operation | None) -> None:
        """Run it in the background, after another one where they queue."""
        self.of.operations.insert(0, self)
        for place in self.results:
            if place in self.of.instances:
                self.of.instances[place] |= {"LastOperationId": self.record["OperationId"]}
                self._detail(place, "PENDING")
        change_sets.start(self._run(after))

    async def _run(self, after: Operation | None) -> None:
        if after is not None:
            await after.over.wait()
            if self.record["Status"] == "QUEUED":
                self.record["Status"] = "RUNNING"
        failed = await self._regions()
        stopped = self.record["Status"] == "STOPPING"
        for place, result in self.results.items():
            if result["Status"] == "PENDING":
                why = "Cancelled by user" if stopped else "Cancelled since failure tolerance has exceeded"
                result |= {"Status": "CANCELLED", "StatusReason": why}
                self._detail(place, "CANCELLED")
        count = sum(one["Status"] == "FAILED" for one in self.results.values())
        self.record |= {
            "Status": "STOPPED" if stopped else "FAILED" if failed else "SUCCEEDED",
            "EndTimestamp": now_iso(),
            "StatusDetails": {"FailedStackInstancesCount": count},
        }
        self.over.set()

    async def _regions(self) -> bool:
        """Go through the regions; tell whether more failed in one than is tolerated."""
        wishes = self.record["OperationPreferences"]
        regions = list(dict.fromkeys(region for _, region in self.results))
        first = [one for one in wishes.get("RegionOrder", ()) if one in regions]
        regions = [*first, *(one for one in regions if one not in first)]
        if wishes.get("RegionConcurrencyType") == "PARALLEL":
            return any(await asyncio.gather(*(self._region(one) for one in regions)))
        for one in regions:
            if await self._region(one):
                return True
        return False

    async def _region(self, region: str) -> bool:
        wishes = self.record["OperationPreferences"]
        places = [one for one in self.results if one[1] == region]
        tolerated = _share(wishes, "FailureTolerance", len(places), 0)
        at_once = max(1, _share(wishes, "MaxConcurrent", len(places), 1))
        if wishes.get("ConcurrencyMode") != "SOFT_FAILURE_TOLERANCE":
            at_once = min(at_once, tolerated + 1)
        failures = 0
        while places and failures <= tolerated and self.record["Status"] != "STOPPING":
            batch, places = places[:at_once], places[at_once:]
            failures += sum(await asyncio.gather(*(self._place(one) for one in batch)))
        return failures > tolerated

    async def _place(self, place: Place) -> bool:
        result = self.results[place]
        result["Status"] = "RUNNING"
        self._detail(place, "RUNNING")
        with request_scope(*place):
            reason = await self.work(self.of, place)
        result |= {"Status": "FAILED", "StatusReason": reason} if reason else {"Status": "SUCCEEDED"}
        self._detail(place, result["Status"], reason)
        return bool(reason)

    def _detail(self, place: Place, status: str, reason: str = "") -> None:
        instance = self.of.instances.get(place)
        if instance is not None:
            if instance.get("Status") == "INOPERABLE":
                status = "INOPERABLE"
            instance |= {"StackInstanceStatus": {"DetailedStatus": status}, "StatusReason": reason or None}


def _share(wishes: Mapping[str, Any], name: str, whole: int, default: int) -> int:
    if f"{name}Percentage" in wishes:
        return int(wishes[f"{name}Percentage"]) * whole // 100
    return int(wishes.get(f"{name}Count", default))


# --- the work in one place


async def deploy(of: StackSet, place: Place) -> str:
    """Create the stack of an instance, or update it."""
    instance = of.instances[place]
    if instance.get("Status") == "INOPERABLE":
        return "The stack instance is INOPERABLE"
    stack = _stack(instance)
    if stack is None or stack["StackStatus"] in ("ROLLBACK_COMPLETE", "DELETE_COMPLETE"):
        if stack is not None:
            await _settled(_asked("DeleteStack", {"StackName": [stack["StackName"]]}), stack["StackId"])
        name = f"StackSet-{of.record['StackSetName']}-{new_uuid()}"
        refusal = _asked("CreateStack", of.request(place, StackName=name))
    else:
        name = stack["StackName"]
        refusal = _asked("UpdateStack", of.request(place, StackName=name))
        if "No updates are to be performed" in refusal:
            refusal = ""
    found = cloudformation._stacks.get(name)
    instance["StackId"] = found["StackId"] if found else None
    problem = await _settled(refusal, instance["StackId"])
    instance["Status"] = "OUTDATED" if problem else "CURRENT"
    return problem


def deleting(*, retain: bool) -> Work:
    """Give what takes an instance away, and its stack too unless that is retained."""

    async def delete(of: StackSet, place: Place) -> str:
        instance = of.instances[place]
        stack = _stack(instance)
        if stack is not None and not retain and stack["StackStatus"] != "DELETE_COMPLETE":
            refusal = _asked("DeleteStack", {"StackName": [stack["StackName"]]})
            problem = await _settled(refusal, stack["StackId"], "DELETE_COMPLETE")
            if problem:
                instance["Status"] = "INOPERABLE"
                return problem
        del of.instances[place]
        return ""

    return delete


async def detect(of: StackSet, place: Place) -> str:
    """Look for drift in the stack of an instance."""
    instance = of.instances[place]
    stack = _stack(instance)
    if stack is None:
        return "The stack instance has no stack"
    refusal = _asked("DetectStackDrift", {"StackName": [stack["StackName"]]})
    if refusal:
        return refusal
    found = stack["DriftInformation"]
    instance |= {"DriftStatus": found["StackDriftStatus"], "LastDriftCheckTimestamp": found["LastCheckTimestamp"]}
    return ""


def _stack(instance: Record) -> Record | None:
    found = (one for one in cloudformation._stacks.values() if one["StackId"] == instance.get("StackId"))
    stack: Record | None = next(found, None)
    return stack


def _asked(action: str, params: Mapping[str, list[str]]) -> str:
    """Make a request in the place of the moment; give why it was refused, or nothing."""
    status, _, body = handlers._ACTION_HANDLERS[action](params)
    text = body.decode() if isinstance(body, bytes) else str(body)
    if status < 400:
        return ""
    found = re.search(r"<Message>(.*?)</Message>", text, re.DOTALL)
    return found.group(1) if found else text


async def _settled(refusal: str, stack_id: str | None, *wanted: str) -> str:
    if refusal or stack_id is None:
        return refusal
    scope = (get_account_id(), get_region())
    status = "IN_PROGRESS"
    while status.endswith("IN_PROGRESS"):
        await asyncio.sleep(0.01)  # what was asked for has begun by then
        with request_scope(*scope):
            status = next(one["StackStatus"] for one in cloudformation._stacks.values() if one["StackId"] == stack_id)
    if status in (wanted or ("CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE")):
        return ""
    failure = _first_failure(stack_id)
    return f"ResourceLogicalId:{failure}" if failure else f"The stack is {status}"


def _first_failure(stack_id: str) -> str:
    for event in cloudformation._stack_events.get(stack_id, ())[::-1]:
        if event["ResourceStatus"].endswith("_FAILED") and event["PhysicalResourceId"] != stack_id:
            name, kind = event["LogicalResourceId"], event["ResourceType"]
            return f"{name}, ResourceType:{kind}, ResourceStatusReason:{event['ResourceStatusReason']}."
    return ""
