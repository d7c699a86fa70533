"""The deletion of a stack."""

from __future__ import annotations

import random
from collections.abc import Collection

from ministack.core.responses import now_iso
from ministack.services.cloudformation import provisioners

from fargate_stacks.deploy.local.stacks import deployment, events, exports, graph
from fargate_stacks.deploy.local.stacks.events import Record
from fargate_stacks.deploy.local.stacks.resources import Resource, Template


async def delete(stack: Record, retain: Collection[str] = (), *, force: bool = False) -> None:
    """Delete a stack; a creation that still runs is cancelled first.

    `retain` names resources to leave; with `force` those that failed to go are left too.
    """
    status = stack["StackStatus"]
    running = deployment.RUNNING.get(stack["StackId"])
    events.begin(stack, "DELETE_STACK")
    events.turn(stack, "DELETE_IN_PROGRESS", "User Initiated")
    if running is not None:
        running.cancelled.set()
        await running.over.wait()
        events.turn(stack, "DELETE_IN_PROGRESS", "User Initiated")
    problem = exports.needed(stack)
    if problem:
        # nothing fails: the stack is what it was, and says why
        events.end(succeeded=False)
        events.turn(stack, status, f"Delete canceled. {problem}")
        return
    failed = await _resources(stack, retain, force=force)
    events.end(succeeded=not failed)
    if failed:
        told = f"The following resource(s) failed to delete: [{', '.join(sorted(failed))}]. "
        events.turn(stack, "DELETE_FAILED", told)
        return
    exports.publish(stack, {})
    deployment.PENDING.pop(stack["StackId"], None)
    stack["DeletionTime"] = now_iso()
    events.turn(stack, "DELETE_COMPLETE")


async def _resources(stack: Record, retain: Collection[str], *, force: bool) -> set[str]:
    resources: Record = stack.get("_resources", {})
    template = Template(stack, stack.get("_template") or {}, stack.get("_resolved_params") or {})
    before = graph.dependencies(template.body.get("Resources", {}), list(resources))
    failed_once = {name for name, one in resources.items() if one.get("ResourceStatus") == "DELETE_FAILED"}
    order = random.Random(f"{deployment.SEED[0]}/{stack['StackName']}/delete")

    async def work(name: str) -> bool:
        record = resources[name]
        resource = Resource(stack, name, record["ResourceType"])
        physical_id = record["PhysicalResourceId"]
        policy = template.policy(name, "DeletionPolicy", resources)
        kept = policy in provisioners._RETAINING_POLICIES or name in retain or (force and name in failed_once)
        if not physical_id:
            resource.say("DELETE_COMPLETE")
        elif kept:
            resource.say("DELETE_SKIPPED", "", physical_id)
        else:
            resource.say("DELETE_IN_PROGRESS", "", physical_id)
            try:
                await resource.delete(physical_id, record.get("Properties", {}), policy)
            except Exception as error:
                if not force:
                    record |= {"ResourceStatus": "DELETE_FAILED", "ResourceStatusReason": str(error)}
                    resource.say("DELETE_FAILED", str(error), physical_id)
                    return False
                resource.say("DELETE_SKIPPED", str(error), physical_id)
            else:
                resource.say("DELETE_COMPLETE", "", physical_id)
        del resources[name]
        return True

    return await graph.walk(graph.reversed_(before), work, order, halt=False)
