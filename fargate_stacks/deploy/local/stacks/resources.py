"""One resource: made, changed and taken away through the emulator's handlers, at the pace of AWS."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import copy
import inspect
import re
import threading
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from ministack.core.responses import new_uuid
from ministack.services.cloudformation import engine, provisioners, stacks

from fargate_stacks.deploy.local.faults import FAULTS
from fargate_stacks.deploy.local.stacks import events
from fargate_stacks.deploy.local.stacks.durations import CLOCK, seconds
from fargate_stacks.deploy.local.stacks.events import Record

INITIATED = "Resource creation Initiated"
BEGUN: ContextVar[Callable[[str], None] | None] = ContextVar("resource_creation_begun", default=None)
"""What a handler calls with the physical id, where that is known long before the resource is there."""
REPLACING = "Requested update requires the creation of a new physical resource; hence creating one."


@dataclass
class Template:
    """A template with what its intrinsics mean at the moment."""

    stack: Record
    body: Record
    parameters: Record
    conditions: Record = field(init=False)

    def __post_init__(self) -> None:
        self.conditions = engine._evaluate_conditions(self.body, self.parameters)

    @property
    def definitions(self) -> Record:
        """The resources whose condition holds."""
        found = self.body.get("Resources", {})
        return {
            name: one
            for name, one in found.items()
            if not one.get("Condition") or self.conditions.get(one["Condition"], True)
        }

    def resolved(self, value: Any, resources: Record) -> Any:
        """Give a value with its intrinsics worked out."""
        try:
            return engine._resolve_refs(
                copy.deepcopy(value),
                resources,
                self.parameters,
                self.conditions,
                self.body.get("Mappings", {}),
                self.stack["StackName"],
                self.stack["StackId"],
            )
        except ValueError as error:
            lost = re.fullmatch(r"Export '(.*)' not found", str(error))
            if lost is None:
                raise
            raise ValueError(f"No export named {lost.group(1)} found.") from error

    def properties(self, name: str, resources: Record) -> Record:
        """Give a resource's properties, without those that are AWS::NoValue."""
        found = self.resolved(self.body["Resources"][name].get("Properties") or {}, resources)
        return {key: value for key, value in found.items() if value is not engine._NO_VALUE}

    def policy(self, name: str, attribute: str, resources: Record) -> str:
        """Give a resource's DeletionPolicy or UpdateReplacePolicy."""
        found: str = stacks._resource_policy(
            self.body.get("Resources", {}).get(name),
            attribute,
            resources,
            self.parameters,
            self.conditions,
            self.body.get("Mappings", {}),
            self.stack["StackName"],
            self.stack["StackId"],
        )
        return found


@dataclass
class Resource:
    """A resource of a stack under work."""

    stack: Record
    name: str
    type: str

    def say(self, status: str, reason: str = "", physical_id: str = "", properties: Any = None) -> None:
        """Write an event about it."""
        stack = self.stack
        events.add(
            stack["StackId"], stack["StackName"], self.name, self.type, status, reason, physical_id,
            properties=properties,
        )  # fmt: skip

    def tagged(self, properties: Record, tags: list[Record]) -> Record:
        """Give its properties with the stack's tags and those of CloudFormation itself."""
        stack = self.stack
        found: Record = provisioners._with_stack_tags(
            self.type, properties, tags, stack["StackName"], stack["StackId"], self.name
        )
        return found

    async def create(self, properties: Record) -> tuple[str, Record, str]:
        """Make it; give its physical id, its attributes and the seed of its name."""
        await self._meet("create")
        handler = provisioners._RESOURCE_HANDLERS.get(self.type, {})
        made = handler.get("create")
        if inspect.iscoroutinefunction(made):
            physical_id, attributes = await made(self.name, properties, self.stack["StackName"])
            return physical_id, attributes, ""
        arguments = (self.type, self.name, properties, self.stack["StackName"])
        (physical_id, attributes), seed = await self._call(stacks._provision_keeping_seed, *arguments)
        return physical_id, attributes, seed

    async def update(
        self, record: Record, before: Record, after: Record, *, retain: bool
    ) -> tuple[str, Record, str, list[Any]]:
        """Change it; give also the deletions that a handler leaves for the clean-up."""
        await self._meet("update")
        physical_id = record["PhysicalResourceId"]
        changed = provisioners._RESOURCE_HANDLERS.get(self.type, {}).get("update")
        if inspect.iscoroutinefunction(changed):
            if not provisioners._replacing_change(self.type, before, after):
                physical_id, attributes = await changed(physical_id, before, after, self.stack["StackName"])
                return physical_id, attributes, record.get("_name_seed", ""), []
            seed = new_uuid()[:8]
            token = stacks._NAME_SEED.set(seed)
            try:
                made = provisioners._RESOURCE_HANDLERS[self.type]["create"]
                physical_id, attributes = await made(self.name, after, self.stack["StackName"])
            finally:
                stacks._NAME_SEED.reset(token)
            return physical_id, attributes, seed, []
        later: list[Any] = []
        tokens = (
            (stacks._RETAIN_REPLACED, stacks._RETAIN_REPLACED.set(retain)),
            (stacks._DEFERRED_PREDECESSOR_DELETES, stacks._DEFERRED_PREDECESSOR_DELETES.set(later)),
            (stacks._NAME_SEED, stacks._NAME_SEED.set(record.get("_name_seed", ""))),
        )
        try:
            (physical_id, attributes), seed = await self._call(
                stacks._update_keeping_seed,
                self.type,
                physical_id,
                before,
                after,
                self.stack["StackName"],
                self.name,
                record.get("Attributes", {}),
            )
        finally:
            for variable, token in tokens:
                variable.reset(token)
        return physical_id, attributes, seed, later

    async def delete(self, physical_id: str, properties: Record, policy: str = "Delete") -> None:
        """Take it away; with `Snapshot` a picture of it is kept."""
        await self._meet("delete")
        if policy == "Snapshot":
            provisioners._snapshot_resource(self.type, physical_id, properties)
        gone = provisioners._RESOURCE_HANDLERS.get(self.type, {}).get("delete")
        if inspect.iscoroutinefunction(gone):
            await gone(physical_id, properties)
        else:
            await self._call(
                provisioners._delete_resource,
                self.type,
                physical_id,
                properties,
                self.stack["StackName"],
                self.name,
            )
        await self.take(seconds(self.type, "delete"))

    async def settle(self, verb: str, physical_id: str, properties: Mapping[str, Any]) -> None:
        """Wait as long as AWS takes, and until its type says that it is in order."""
        await self.take(seconds(self.type, verb))
        settled = provisioners._RESOURCE_HANDLERS.get(self.type, {}).get("settle")
        if settled is not None:
            await settled(physical_id, properties)

    async def take(self, time: float) -> None:
        """Let time go by, more of it where a scenario says so."""
        await CLOCK.pass_(time)
        await FAULTS.slow(self.type, self.name)

    async def _meet(self, verb: str) -> None:
        await CLOCK.pass_(0)
        FAULTS.meet(verb, self.type, self.name)

    async def _call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        if not stacks._runs_on_worker_thread(self.type):
            return function(*arguments)
        return await _in_thread(function, *arguments)


def _in_thread(function: Callable[..., Any], *arguments: Any) -> asyncio.Future[Any]:
    """Run what blocks in a thread of its own: it may call back into the server, and nobody waits when cancelled."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()
    context = contextvars.copy_context()

    def tell(deliver: Callable[[Any], None], what: Any) -> None:
        if not future.done():
            deliver(what)

    def run() -> None:
        deliver: Callable[[Any], None] = future.set_result
        try:
            what = context.run(function, *arguments)
        except Exception as error:
            deliver, what = future.set_exception, error
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to tell
            loop.call_soon_threadsafe(tell, deliver, what)

    threading.Thread(target=run, name="local-cloud-resource", daemon=True).start()
    return future
