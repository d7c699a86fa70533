"""Stacks in stacks."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

from ministack.core.responses import get_account_id, get_region, new_uuid, now_iso
from ministack.services import cloudformation
from ministack.services.cloudformation import engine, handlers, helpers, provisioners

from fargate_stacks.deploy.local.stacks import deletion, events
from fargate_stacks.deploy.local.stacks.deployment import Deployment
from fargate_stacks.deploy.local.stacks.events import Record
from fargate_stacks.deploy.local.stacks.resources import BEGUN, Template

Props = Mapping[str, Any]


class Embedded(Exception):
    """A stack in a stack that failed; it is there all the same, to be deleted."""

    def __init__(self, child: Record, verb: str) -> None:
        said = f" with reason: {child['StackStatusReason']}" if child.get("StackStatusReason") else ""
        super().__init__(
            f"Embedded stack {child['StackId']} was not successfully {verb}. Currently in {child['StackStatus']}{said}"
        )
        self.physical_id = child["StackId"]


def register() -> None:
    """Put these handlers in place of the emulator's, which work in one go and without events."""
    provisioners._RESOURCE_HANDLERS[events.STACK] = {"create": _create, "update": _update, "delete": _delete}


async def _create(logical_id: str, props: Props, parent_name: str) -> tuple[str, Record]:
    parent = cloudformation._stacks[parent_name]
    name = f"{parent_name}-{logical_id}-{new_uuid().replace('-', '')[:12].upper()}"
    stack_id = f"arn:aws:cloudformation:{get_region()}:{get_account_id()}:stack/{name}/{new_uuid()}"
    body, template, parameters = _read(props, parent)
    child: Record = {
        "StackName": name,
        "StackId": stack_id,
        "StackStatus": "CREATE_IN_PROGRESS",
        "StackStatusReason": "",
        "CreationTime": now_iso(),
        "Outputs": [],
        "DisableRollback": True,
        "TimeoutInMinutes": int(props["TimeoutInMinutes"]) if props.get("TimeoutInMinutes") else None,
        "ParentId": parent["StackId"],
        "RootId": parent.get("RootId", parent["StackId"]),
        "_region": get_region(),
        "_resources": {},
        **_described(props, body, template, parameters, parent),
    }
    cloudformation._stacks[name] = child
    cloudformation._stack_events[stack_id] = []
    events.begin(child, "CREATE_STACK")
    events.turn(child, "CREATE_IN_PROGRESS", "User Initiated")
    begun = BEGUN.get()
    if begun is not None:
        begun(stack_id)
    await Deployment(child, Template(child, template, parameters), disable_rollback=True).run()
    if child["StackStatus"] != "CREATE_COMPLETE":
        raise Embedded(child, "created")
    return stack_id, _attributes(child)


async def _update(stack_id: str, old: Props, new: Props, parent_name: str) -> tuple[str, Record]:
    parent = cloudformation._stacks[parent_name]
    child = _find(stack_id)
    body, template, parameters = _read(new, parent, child)
    described = _described(new, body, template, parameters, parent)
    if all(child.get(key) == described[key] for key in ("_template", "_resolved_params", "Tags")):
        return stack_id, _attributes(child)
    previous = {
        key: copy.deepcopy(child.get(key))
        for key in ("_resources", "_template", "_template_body", "_resolved_params", "_conditions", "Parameters",
                    "Tags", "Outputs")
    }  # fmt: skip
    child |= described
    child["LastUpdatedTime"] = now_iso()
    events.begin(child, "UPDATE_STACK")
    events.turn(child, "UPDATE_IN_PROGRESS", "User Initiated")
    await Deployment(child, Template(child, template, parameters), previous).run()
    if child["StackStatus"] != "UPDATE_COMPLETE":
        raise Embedded(child, "updated")
    return stack_id, _attributes(child)


async def _delete(stack_id: str, props: Props) -> None:
    child = _find(stack_id)
    if child["StackStatus"] == "DELETE_COMPLETE":
        return
    await deletion.delete(child)
    if child["StackStatus"] != "DELETE_COMPLETE":
        raise Embedded(child, "deleted")


def _find(stack_id: str) -> Record:
    return next(stack for stack in cloudformation._stacks.values() if stack["StackId"] == stack_id)


def read(url: str) -> str:
    """Give a template from the S3 of the local cloud. Raises ValueError when it is not there."""
    body, error = helpers._resolve_template({"TemplateURL": [url]})
    if error is not None or not body:
        raise ValueError(f"S3 error: the template {url} could not be read")
    return str(body)


def _read(props: Props, parent: Record, child: Record | None = None) -> tuple[str, Record, Record]:
    given = [{"Key": key, "Value": str(value)} for key, value in (props.get("Parameters") or {}).items()]
    known = (child or {}).get("_bodies", {})
    # on the way back the template of that time counts, whatever is in the bucket by now
    returning = events.OPERATION.get() or {}
    key = json.dumps(dict(props), sort_keys=True, default=str)
    back = returning.get("OperationType") == "ROLLBACK" and key in known
    body = known[key] if back else read(props["TemplateURL"])
    template = engine._apply_transforms(engine._parse_template(body), given)
    missing = handlers._missing_capabilities(
        set(parent.get("Capabilities", ())), handlers._required_iam_capabilities(template)
    )
    if missing:
        raise ValueError(handlers._insufficient_capabilities_message(missing))
    parameters = handlers._resolve_parameters(template, given)
    handlers.validate_template_support(template, engine._evaluate_conditions(template, parameters), params=parameters)
    if child is not None:
        child.setdefault("_bodies", {})[key] = body
    return body, template, parameters


def _described(props: Props, body: str, template: Record, parameters: Record, parent: Record) -> Record:
    tags = {tag["Key"]: tag["Value"] for tag in props.get("Tags") or ()}
    key = json.dumps(dict(props), sort_keys=True, default=str)
    return {
        "Description": template.get("Description", ""),
        "Capabilities": parent.get("Capabilities", []),
        "Parameters": [
            {"ParameterKey": name, "ParameterValue": one["Value"], "NoEcho": one["NoEcho"]}
            for name, one in parameters.items()
        ],
        "Tags": [{"Key": name, "Value": value} for name, value in tags.items() if not name.startswith("aws:")],
        "_template": template,
        "_template_body": body,
        "_resolved_params": parameters,
        "_bodies": {key: body},
    }


def _attributes(child: Record) -> Record:
    return {f"Outputs.{one['OutputKey']}": one["OutputValue"] for one in child["Outputs"]}
