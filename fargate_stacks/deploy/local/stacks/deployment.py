"""The creation and the update of a stack, and the way back when it fails."""

from __future__ import annotations

import asyncio
import copy
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ministack.core.responses import now_iso
from ministack.services.cloudformation import engine, provisioners, stacks

from fargate_stacks.deploy.local.stacks import events, exports, formats, graph, policy, properties, rollback
from fargate_stacks.deploy.local.stacks.durations import CLOCK
from fargate_stacks.deploy.local.stacks.events import Record
from fargate_stacks.deploy.local.stacks.resources import BEGUN, INITIATED, REPLACING, Resource, Template

PENDING: dict[str, Deployment] = {}
"""By stack id: what failed and waits for RollbackStack, ContinueUpdateRollback or a deletion."""
RUNNING: dict[str, Deployment] = {}
"""By stack id: what runs."""
SEED = [0]
"""Decides the order of resources that nothing orders."""


@dataclass
class Replaced:
    """A resource that made way for another one."""

    name: str
    record: Record
    later: list[Any]
    """Deletions that its own handler asked for."""


@dataclass
class Deployment:
    """One creation or update of a stack."""

    stack: Record
    template: Template
    previous: Record | None = None
    """The stack as it was; None for a creation."""
    disable_rollback: bool = False
    retain_except_on_create: bool = False
    imports: Mapping[str, Any] = field(default_factory=dict)
    failed: Deployment | None = None
    """What failed without a rollback before this update, which goes on from there."""
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    cancel_token: str = ""
    """The token of the request that cancelled it; the way back is that request's."""
    late: bool = False
    """It took longer than TimeoutInMinutes."""
    failures: dict[str, list[str]] = field(default_factory=lambda: {"create": [], "update": []})
    made: list[str] = field(default_factory=list)
    """What exists only since this operation."""
    touched: dict[str, tuple[Record, bool]] = field(default_factory=dict)
    """What was there before: its old record, and whether the change took hold."""
    replaced: list[Replaced] = field(default_factory=list)
    unmade: list[Replaced] = field(default_factory=list)
    """New physical resources of a failed update, to be deleted by its clean-up."""
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.resources: Record = self.stack.setdefault("_resources", {})
        self.before: Record = dict((self.previous or {}).get("_resources", {}))
        old = self.previous or {}
        self.old = Template(self.stack, old.get("_template") or {}, old.get("_resolved_params") or {})
        if self.failed is not None:
            self._go_on(self.failed)
        self.tags: list[Record] = self.stack.get("Tags") or []
        self.old_tags: list[Record] = (self.previous or {}).get("Tags") or []
        count = len(self.stack.get("_operations", ()))
        self.order = random.Random(f"{SEED[0]}/{self.stack['StackName']}/{count}")
        during = self.stack.pop("_policy_during_update", "")
        self.rules = policy.Policy((during or self.stack.get("_stack_policy")) if self.previous is not None else "")

    def _go_on(self, failed: Deployment) -> None:
        """Take over what a failed operation did: the way back leads to before it, and its clean-up is still to come."""
        self.before = dict(self.resources)
        self.old = failed.template
        self.previous = failed.previous or {}
        self.made = [name for name in failed.made if name in self.resources]
        self.touched, self.replaced, self.unmade = failed.touched, failed.replaced, failed.unmade

    @property
    def kind(self) -> str:
        return "CREATE" if self.previous is None else "UPDATE"

    @property
    def id(self) -> str:
        return str(self.stack["StackId"])

    async def run(self) -> None:
        """Carry it out to the end, the rollback included."""
        RUNNING[self.id] = self
        PENDING.pop(self.id, None)
        alarm = self._alarm()
        try:
            problem = await self._deploy()
            if alarm is not None:
                alarm.cancel()
            if problem is None:
                await self._clean_up()
                events.end(succeeded=True)
            else:
                events.end(succeeded=False)
                await self._fail(problem)
        finally:
            RUNNING.pop(self.id, None)
            self.over.set()

    def _alarm(self) -> asyncio.Task[None] | None:
        minutes = self.stack.get("TimeoutInMinutes")
        if not minutes or self.kind != "CREATE":
            return None

        async def ring() -> None:
            # where nothing takes time, only what waits in the seconds of this machine can be late
            await (CLOCK.pass_(minutes * 60) if CLOCK.speed else asyncio.sleep(minutes * 60))
            self.late = True
            self.cancelled.set()

        return asyncio.create_task(ring())

    async def _deploy(self) -> str | None:
        definitions = self.template.definitions
        before = graph.dependencies(definitions, definitions)
        if not self.stack.get("_disable_validation"):
            wrong = properties.early(self.template)
            if wrong:
                return self._invalid(wrong)
        lost = formats.missing(self.template.body, self.template.parameters)
        if lost:
            return f"Parameter validation failed: {lost}. "
        if not self._may_remove(definitions):
            return self._told(self.failures)
        failed = await graph.walk(before, self._work, self.order, stop=self.cancelled, halt=not self.disable_rollback)
        if self.late:
            return "Stack creation time exceeded the specified timeout. "
        if self.cancelled.is_set():
            stacks.CLIENT_REQUEST_TOKEN.set(self.cancel_token)
            return "User Initiated"
        if failed:
            return self._told(self.failures)
        try:
            staying = {name: record for name, record in self.resources.items() if name in definitions}
            outputs, exported = stacks._resolve_stack_outputs(
                self.template.body.get("Outputs", {}),
                self.template.conditions,
                staying,
                self.template.parameters,
                self.template.body.get("Mappings", {}),
                self.stack["StackName"],
                self.id,
            )
            exports.check(self.stack, exported)
        except exports.InUse as error:
            return str(error)
        except Exception as error:
            events.turn(self.stack, f"{self.kind}_FAILED", str(error))
            return str(error) if self.disable_rollback else ""
        exports.publish(self.stack, exported)
        self.stack |= {
            "Outputs": outputs,
            "_template": self.template.body,
            "_resolved_params": self.template.parameters,
            "_conditions": self.template.conditions,
        }
        return None

    def _may_remove(self, definitions: Record) -> bool:
        for name, record in self.before.items():
            if name not in definitions:
                try:
                    self.rules.check(name, record["ResourceType"], "Delete")
                except PermissionError as error:
                    self.touched[name] = ({**record}, False)
                    self._failed(Resource(self.stack, name, record["ResourceType"]), "update", str(error))
        return not self.failures["update"]

    def _invalid(self, wrong: list[properties.Problem]) -> str:
        operation = events.OPERATION.get() or {}
        operation["_problems"] = [problem.event(self.id, operation) for problem in wrong]
        said = (
            f"Validation failed with {len(wrong)} error(s). Call DescribeEvents to retrieve the full list of issues "
            "with resource and property details, resolve each error, then retry the operation."
        )
        events.turn(self.stack, f"{self.kind}_FAILED", said, "VALIDATION_FAILED")
        return "Validation failure detected. See the operation's FAILED event for details."

    @staticmethod
    def _told(failures: Mapping[str, list[str]]) -> str:
        parts = (
            f"The following resource(s) failed to {verb}: [{', '.join(sorted(names))}]. "
            for verb, names in failures.items()
            if names
        )
        return "".join(parts)

    # --- one resource

    async def _work(self, name: str) -> bool:
        resource = Resource(self.stack, name, self.template.body["Resources"][name]["Type"])
        old = self.before.get(name)
        if old is not None and old.get("ResourceStatus") == "CREATE_FAILED":
            # what a creation without rollback left behind is made anew
            if old["PhysicalResourceId"]:
                self.replaced.append(Replaced(name, old, []))
                self.unmade.append(Replaced(name, old, []))
            old = None
        verb = "create" if old is None else "update"
        try:
            return await (self._create(resource) if old is None else self._update(resource, old))
        except asyncio.CancelledError:
            word = "creation" if verb == "create" else "update"
            return self._failed(resource, verb, f"Resource {word} cancelled")
        except Exception as error:
            return self._failed(resource, verb, str(error), getattr(error, "physical_id", ""))

    def _failed(self, resource: Resource, verb: str, reason: str, physical_id: str = "") -> bool:
        record = self.resources.setdefault(resource.name, _record(resource, "", {}))
        record["PhysicalResourceId"] = record["PhysicalResourceId"] or physical_id
        record |= {"ResourceStatus": f"{verb.upper()}_FAILED", "ResourceStatusReason": reason, "Timestamp": now_iso()}
        stable, changed = self.touched.get(resource.name, ({}, True))
        if not changed:
            # it is as it was: an update that goes on from here has all of the change before it
            record["Properties"] = stable.get("Properties", record["Properties"])
        self.failures[verb].append(resource.name)
        resource.say(f"{verb.upper()}_FAILED", reason, record.get("PhysicalResourceId", ""))
        return False

    def _resolved(self, name: str, old: Record | None) -> tuple[Record, Record]:
        """Give a resource's properties, and what its record keeps beside them.

        What people are told has the dynamic references as they are written: their values are secrets.
        """
        found = self.template.properties(name, self.resources)
        same = self.previous is not None and (
            self.template.body == self.previous.get("_template")
            and self.template.parameters == self.previous.get("_resolved_params")
        )
        definition = self.template.body["Resources"][name]
        unchanged = old is not None and (
            (self.previous or {}).get("_template", {}).get("Resources", {}).get(name) == definition
        )
        known = (old or {}).get("_dynamic")
        told = copy.deepcopy(found)
        resolved, values = engine._resolve_dynamic_references(found, known, reuse_ssm=same, reuse_secrets=unchanged)
        return resolved, {"_dynamic": values, "_told": told}

    async def _create(self, resource: Resource) -> bool:
        name = resource.name
        if name in self.imports:
            return self._adopt(resource)
        if name not in self.made:
            self.made.append(name)
        record = self.resources[name] = _record(resource, "CREATE_IN_PROGRESS", {})
        given, beside = self._resolved(name, None)
        record |= {"Properties": given, **beside}
        told = beside["_told"]
        resource.say("CREATE_IN_PROGRESS", properties=told)
        properties.check(resource.type, name, given)
        whole = resource.tagged(given, self.tags)

        def begun(physical_id: str) -> None:
            if not record["PhysicalResourceId"]:
                record["PhysicalResourceId"] = physical_id
                resource.say("CREATE_IN_PROGRESS", INITIATED, physical_id, told)

        BEGUN.set(begun)
        physical_id, attributes, seed = await resource.create(whole)
        begun(physical_id)
        record |= {"PhysicalResourceId": physical_id, "Attributes": attributes, "_name_seed": seed}
        await resource.settle("create", physical_id, whole)
        record |= {"ResourceStatus": "CREATE_COMPLETE", "Timestamp": now_iso()}
        resource.say("CREATE_COMPLETE", "", physical_id, told)
        return True

    def _adopt(self, resource: Resource) -> bool:
        given, beside = self._resolved(resource.name, None)
        physical_id, attributes = stacks._adopt_resource(
            self.id, self.stack["StackName"], resource.name, resource.type, self.imports[resource.name]
        )
        self.resources[resource.name] = _record(resource, "UPDATE_COMPLETE", given) | {
            "PhysicalResourceId": physical_id,
            "Attributes": attributes,
            **beside,
        }
        return True

    async def _update(self, resource: Resource, old: Record) -> bool:
        name = resource.name
        given, beside = self._resolved(name, old)
        before = resource.tagged(old["Properties"], self.old_tags)
        after = resource.tagged(given, self.tags)
        failed = old.get("ResourceStatus") == "UPDATE_FAILED"
        if before == after and resource.type != events.STACK and not failed:
            # nobody hears of a resource that does not change; what a stack in the stack does, only it knows
            self.resources[name] = {**old, "Properties": given, **beside}
            return True
        physical_id = old["PhysicalResourceId"]
        replaces = provisioners._replacing_change(resource.type, before, after)
        self.rules.check(name, resource.type, "Replace" if replaces else "Modify")
        stable, changed = self.touched.get(name, (old, False))
        self.touched[name] = (stable, changed)
        record = self.resources[name] = {**old, "ResourceStatus": "UPDATE_IN_PROGRESS", "Properties": given, **beside}
        told = beside["_told"]
        if replaces and self.disable_rollback:
            raise ValueError("Replacement type updates not supported on stack with disable-rollback.")
        resource.say("UPDATE_IN_PROGRESS", REPLACING if replaces else "", physical_id, told)
        properties.check(resource.type, name, given)
        retain = self._retained(name, "UpdateReplacePolicy")
        new_id, attributes, seed, later = await resource.update(old, before, after, retain=retain)
        another = new_id != physical_id or bool(later)
        kept = {} if another else old.get("Attributes", {})
        record |= {"PhysicalResourceId": new_id, "Attributes": {**kept, **attributes}}
        record["_name_seed"] = seed
        if another:
            self.replaced.append(Replaced(name, old, later))
            resource.say("UPDATE_IN_PROGRESS", INITIATED, new_id, told)
        self.touched[name] = (stable, True)
        await resource.settle("create" if another else "update", new_id, after)
        record |= {"ResourceStatus": "UPDATE_COMPLETE", "Timestamp": now_iso()}
        resource.say("UPDATE_COMPLETE", "", new_id, told)
        return True

    def _retained(self, name: str, attribute: str) -> bool:
        return self.template.policy(name, attribute, self.resources) in provisioners._RETAINING_POLICIES

    # --- after a success

    async def _clean_up(self) -> None:
        if self.previous is None:
            events.turn(self.stack, "CREATE_COMPLETE")
            return
        events.turn(self.stack, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        removed = [
            Replaced(name, record, []) for name, record in self.before.items() if name not in self.template.definitions
        ]
        for one in removed:
            self.resources.pop(one.name, None)
        left = await self.delete([*self.replaced, *removed], self.old, self.template)
        events.turn(self.stack, "UPDATE_COMPLETE", "One or more resources could not be deleted." if left else "")

    async def delete(self, gone: Iterable[Replaced], old: Template, new: Template | None) -> set[str]:
        """Delete physical resources, those that need others first; give the names that would not go."""
        by_name = {one.name: one for one in gone}
        before = graph.dependencies(old.body.get("Resources", {}), by_name)

        async def work(name: str) -> bool:
            one = by_name[name]
            resource = Resource(self.stack, name, one.record["ResourceType"])
            physical_id = one.record["PhysicalResourceId"]
            if not physical_id:
                return True
            staying = new is not None and name in new.definitions
            template, attribute = (new, "UpdateReplacePolicy") if staying else (old, "DeletionPolicy")
            assert template is not None
            kept = template.policy(name, attribute, self.resources | {name: one.record})
            if kept in provisioners._RETAINING_POLICIES:
                resource.say("DELETE_SKIPPED", "", physical_id)
                return True
            resource.say("DELETE_IN_PROGRESS", "", physical_id)
            try:
                for function, arguments, named in one.later:
                    function(*arguments, **named)
                current = self.resources.get(name, {}).get("PhysicalResourceId")
                if physical_id != current:
                    await resource.delete(physical_id, one.record.get("Properties", {}), kept)
            except Exception as error:
                resource.say("DELETE_FAILED", str(error), physical_id)
                return False
            resource.say("DELETE_COMPLETE", "", physical_id)
            return True

        return await graph.walk(graph.reversed_(before), work, self.order, halt=False)

    async def _fail(self, problem: str) -> None:
        PENDING[self.id] = self
        if self.disable_rollback and (self.late or not self.cancelled.is_set()):
            events.turn(self.stack, f"{self.kind}_FAILED", problem)
            self.stack["_template"] = self.template.body
            self.stack["_resolved_params"] = self.template.parameters
            return
        await rollback.roll_back(self, problem)


def _record(resource: Resource, status: str, given: Record) -> Record:
    return {
        "PhysicalResourceId": "",
        "ResourceType": resource.type,
        "ResourceStatus": status,
        "LogicalResourceId": resource.name,
        "Properties": given,
        "Attributes": {},
        "Timestamp": now_iso(),
    }
