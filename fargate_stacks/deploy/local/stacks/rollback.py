"""The way back of a creation or an update that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ministack.core.responses import now_iso

from fargate_stacks.deploy.local.stacks import deployment as forward
from fargate_stacks.deploy.local.stacks import events, graph
from fargate_stacks.deploy.local.stacks.resources import Resource

if TYPE_CHECKING:
    from fargate_stacks.deploy.local.stacks.deployment import Deployment

_RESTORED = (
    "_template", "_template_body", "_resolved_params", "_conditions", "Parameters", "Tags", "Outputs",
)  # fmt: skip


async def roll_back(deployment: Deployment, reason: str, *, begun: bool = False) -> None:
    """Bring the stack back to where it was before."""
    if not begun:
        events.begin(deployment.stack, "ROLLBACK")
    if deployment.previous is None:
        by = "Delete" if deployment.stack.get("_on_failure") == "DELETE" else "Rollback"
        said = reason if reason == "User Initiated" else f"{reason}{by} requested by user."
        events.turn(deployment.stack, "ROLLBACK_IN_PROGRESS", said)
        await _unmake(deployment)
    else:
        events.turn(deployment.stack, "UPDATE_ROLLBACK_IN_PROGRESS", reason)
        await revert(deployment, frozenset())


async def _unmake(deployment: Deployment) -> None:
    """Delete what a failed creation made."""
    policies = deployment.template
    before = graph.dependencies(policies.body.get("Resources", {}), deployment.made)

    async def work(name: str) -> bool:
        record = deployment.resources[name]
        resource = Resource(deployment.stack, name, record["ResourceType"])
        physical_id = record["PhysicalResourceId"]
        kept = policies.policy(name, "DeletionPolicy", deployment.resources)
        if physical_id and kept == "Retain" and not deployment.retain_except_on_create:
            resource.say("DELETE_SKIPPED", "", physical_id)
        elif physical_id:
            resource.say("DELETE_IN_PROGRESS", "", physical_id)
            try:
                await resource.delete(physical_id, record.get("Properties", {}))
            except Exception as error:
                record |= {"ResourceStatus": "DELETE_FAILED", "ResourceStatusReason": str(error)}
                resource.say("DELETE_FAILED", str(error), physical_id)
                return False
            resource.say("DELETE_COMPLETE", "", physical_id)
        else:
            resource.say("DELETE_COMPLETE")
        del deployment.resources[name]
        return True

    failed = await graph.walk(graph.reversed_(before), work, deployment.order, halt=False)
    events.end(succeeded=not failed)
    if failed:
        told = f"The following resource(s) failed to delete: [{', '.join(sorted(failed))}]. "
        events.turn(deployment.stack, "ROLLBACK_FAILED", told)
    else:
        forward.PENDING.pop(deployment.id, None)
        events.turn(deployment.stack, "ROLLBACK_COMPLETE")


async def revert(deployment: Deployment, skip: frozenset[str]) -> None:
    """Send back what a failed update changed; what is skipped is taken as it is."""
    assert deployment.previous is not None
    definitions = (deployment.previous.get("_template") or {}).get("Resources", {})
    before = graph.dependencies(definitions, deployment.touched)

    async def work(name: str) -> bool:
        old, changed = deployment.touched[name]
        now = deployment.resources.get(name, old)
        resource = Resource(deployment.stack, name, old["ResourceType"])
        physical_id = old["PhysicalResourceId"]
        resource.say("UPDATE_IN_PROGRESS", "", physical_id)
        same = now["PhysicalResourceId"] == physical_id
        if changed and same and name not in skip:
            applied = resource.tagged(now["Properties"], deployment.tags)
            wanted = resource.tagged(old["Properties"], deployment.old_tags)
            try:
                _, attributes, _, _ = await resource.update(now, applied, wanted, retain=False)
                await resource.settle("update", physical_id, wanted)
            except Exception as error:
                now |= {"ResourceStatus": "UPDATE_FAILED", "ResourceStatusReason": str(error)}
                resource.say("UPDATE_FAILED", str(error), physical_id)
                return False
            old = {**old, "Attributes": {**old.get("Attributes", {}), **attributes}}
        if not same:
            deployment.unmade.append(forward.Replaced(name, now, []))
        deployment.resources[name] = {**old, "ResourceStatus": "UPDATE_COMPLETE", "Timestamp": now_iso()}
        del deployment.touched[name]
        resource.say("UPDATE_COMPLETE", "", physical_id)
        return True

    failed = await graph.walk(before, work, deployment.order, halt=False)
    if failed:
        deployment.stack["_rollback_failed"] = {name: {} for name in failed}
        told = f"The following resource(s) failed to update: [{', '.join(sorted(failed))}]. "
        events.end(succeeded=False)
        events.turn(deployment.stack, "UPDATE_ROLLBACK_FAILED", told)
        return
    for name in deployment.made:
        deployment.unmade.append(forward.Replaced(name, deployment.resources.pop(name), []))
    deployment.stack |= {key: deployment.previous[key] for key in _RESTORED if key in deployment.previous}
    deployment.stack.pop("_rollback_failed", None)
    events.turn(deployment.stack, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
    await deployment.delete(deployment.unmade, deployment.template, None)
    forward.PENDING.pop(deployment.id, None)
    events.end(succeeded=True)
    events.turn(deployment.stack, "UPDATE_ROLLBACK_COMPLETE")
