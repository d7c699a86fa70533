"""StackSets with self-managed permissions: one template in many accounts and regions of the local cloud.

The roles of the administrator and of the target accounts are not asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region, new_uuid, now_iso
from ministack.services.cloudformation import engine, handlers, helpers

from fargate_stacks.deploy.local.kept import members_of
from fargate_stacks.deploy.local.shapes import model
from fargate_stacks.deploy.local.stacks import describe
from fargate_stacks.deploy.local.stacks import stack_set_operations as working
from fargate_stacks.deploy.local.stacks.describe import Refuse, refusing
from fargate_stacks.deploy.local.stacks.events import Record
from fargate_stacks.deploy.local.stacks.stack_set_operations import Operation, Place, StackSet, Work
from fargate_stacks.deploy.local.xml import Answer, answer

Params = Mapping[str, Any]
Told = Callable[[Record, Params], Mapping[str, Any]]

_sets = AccountRegionScopedDict()
_ROLE = "AWSCloudFormationStackSetExecutionRole"


def register() -> None:
    """Answer the calls."""
    for name, function in _CALLS.items():
        handlers._ACTION_HANDLERS[name] = refusing(_called(name, function))


def reset() -> None:
    """Forget every StackSet of every account."""
    _sets._data.clear()


def _called(name: str, function: Told) -> Callable[[Params], Answer]:
    def call(params: Params) -> Answer:
        shape = model("cloudformation").operation_model(name).input_shape
        given = members_of({key: value[0] for key, value in params.items() if value}, shape) or {}
        return answer("cloudformation", name, function(given, params))

    return call


# --- the sets


def _find(given: Record) -> StackSet:
    name = given.get("StackSetName", "")
    found = _sets.get(name) or next((one for one in _sets.values() if one.record["StackSetId"] == name), None)
    if found is None or found.record["Status"] == "DELETED":
        raise Refuse(f"StackSet {name} not found", "StackSetNotFoundException", 404)
    stack_set: StackSet = found
    return stack_set


def _create(given: Record, params: Params) -> Mapping[str, Any]:
    name = given.get("StackSetName", "")
    if not re.fullmatch(r"[a-zA-Z][a-zA-Z0-9-]{0,127}", name):
        raise Refuse(
            f"1 validation error detected: Value '{name}' at 'stackSetName' failed to satisfy constraint: Member must "
            "satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
        )
    if given.get("PermissionModel") == "SERVICE_MANAGED":
        raise Refuse("You must enable organizations access to operate a service managed stack set")
    if name in _sets:
        raise Refuse("The name specified is already in use", "NameAlreadyExistsException", 409)
    body = _template(given, params)
    stack_set_id = f"{name}:{new_uuid()}"
    _sets[name] = StackSet(
        {
            **{key: given[key] for key in ("Description", "Parameters", "Capabilities", "Tags") if key in given},
            "StackSetName": name,
            "StackSetId": stack_set_id,
            "StackSetARN": f"arn:aws:cloudformation:{get_region()}:{get_account_id()}:stackset/{stack_set_id}",
            "Status": "ACTIVE",
            "PermissionModel": "SELF_MANAGED",
            "AdministrationRoleARN": given.get("AdministrationRoleARN", _administration()),
            "ExecutionRoleName": given.get("ExecutionRoleName", _ROLE),
            "ManagedExecution": given.get("ManagedExecution", {"Active": False}),
            "DriftStatus": "NOT_CHECKED",
        },
        body,
    )
    return {"StackSetId": stack_set_id}


def _administration() -> str:
    return f"arn:aws:iam::{get_account_id()}:role/AWSCloudFormationStackSetAdministrationRole"


def _template(given: Record, params: Params, of: StackSet | None = None) -> str:
    """Give the template of a request, looked through as that of a stack would be."""
    if of is not None and given.get("UsePreviousTemplate"):
        body: Any = of.template
    else:
        body, error = helpers._resolve_template(params)
        if error is not None:
            raise Refuse(_message(error))
    if not body:
        raise Refuse("Either TemplateBody, TemplateURL or UsePreviousTemplate must be specified")
    try:
        template = engine._parse_template(body)
        needed = handlers._missing_capabilities(
            set(given.get("Capabilities", ())), handlers._required_iam_capabilities(template)
        )
        if needed:
            said = handlers._insufficient_capabilities_message(needed)
            raise Refuse(said, "InsufficientCapabilitiesException")
        given_values = [
            {"Key": one["ParameterKey"], "Value": one.get("ParameterValue", "")} for one in given.get("Parameters", ())
        ]
        values = handlers._resolve_parameters(template, given_values)
        handlers.validate_template_support(template, engine._evaluate_conditions(template, values), params=values)
    except ValueError as error:
        raise Refuse(str(error)) from error
    return str(body)


def _message(refused: Any) -> str:
    found = re.search(r"<Message>(.*?)</Message>", refused[2].decode())
    return found.group(1) if found else "The template could not be read"


def _update(given: Record, params: Params) -> Mapping[str, Any]:
    of = _find(given)
    after = _free(of, given)
    of.template = _template(given, params, of)
    for key in ("Description", "Parameters", "Capabilities", "Tags", "AdministrationRoleARN", "ExecutionRoleName",
                "ManagedExecution"):  # fmt: skip
        if key in given:
            of.record[key] = given[key]
    for instance in of.instances.values():
        if instance["Status"] == "CURRENT":
            instance["Status"] = "OUTDATED"
    wanted = _places(given) if given.get("Accounts") or given.get("Regions") else list(of.instances)
    _known(of, wanted)
    targets = [one for one in wanted if of.instances[one]["Status"] != "INOPERABLE"]
    return _begin(of, given, "UPDATE", targets, working.deploy, after)


def _delete(given: Record, params: Params) -> Mapping[str, Any]:
    try:
        of = _find(given)
    except Refuse:
        return {}
    if of.running is not None:
        raise _busy(of)
    if of.instances:
        raise Refuse("StackSet is not empty", "StackSetNotEmptyException", 409)
    of.record["Status"] = "DELETED"
    _sets[of.record["StackSetId"]] = _sets.pop(of.record["StackSetName"])
    return {}


def _describe(given: Record, params: Params) -> Mapping[str, Any]:
    of = _find(given)
    regions = sorted({region for _, region in of.instances})
    looked = next((one for one in of.operations if one.record["Action"] == "DETECT_DRIFT"), None)
    drift = _drift(looked) if looked else {"DriftStatus": "NOT_CHECKED", "TotalStackInstancesCount": len(of.instances)}
    more = {"TemplateBody": of.template, "Regions": regions, "StackSetDriftDetectionDetails": drift}
    return {"StackSet": {**of.record, **more}}


def _list(given: Record, params: Params) -> Mapping[str, Any]:
    wanted = given.get("Status")
    found = [one.record for one in _sets.values() if wanted in (None, one.record["Status"])]
    return _page(found, params, "ListStackSets")


# --- the instances


def _places(given: Record) -> list[Place]:
    accounts = given.get("Accounts") or given.get("DeploymentTargets", {}).get("Accounts") or []
    regions = given.get("Regions") or []
    if not accounts or not regions:
        raise Refuse("Both accounts and regions must be specified")
    wrong = [one for one in accounts if not re.fullmatch(r"\d{12}", one)]
    if wrong:
        raise Refuse(
            f"1 validation error detected: Value '[{', '.join(accounts)}]' at 'accounts' failed to satisfy constraint: "
            "Member must satisfy constraint: [Member must satisfy regular expression pattern: [0-9]{12}]"
        )
    return [(account, region) for region in regions for account in accounts]


def _known(of: StackSet, places: Iterable[Place]) -> None:
    for account, region in places:
        if (account, region) not in of.instances:
            said = f"Stack instance for account {account} and region {region} not found"
            raise Refuse(said, "StackInstanceNotFoundException", 404)


def _busy(of: StackSet) -> Refuse:
    said = f"Another Operation on StackSet {of.record['StackSetName']} is in progress"
    return Refuse(said, "OperationInProgressException", 409)


def _free(of: StackSet, given: Record) -> Operation | None:
    """Give the operation to wait for, where operations queue. Raises Refuse where they do not."""
    name = given.get("OperationId")
    if name and any(one.record["OperationId"] == name for one in of.operations):
        raise Refuse(f"OperationId {name} already exists", "OperationIdAlreadyExistsException", 409)
    running = of.running
    if running is not None and not of.record["ManagedExecution"].get("Active"):
        raise _busy(of)
    return running


def _begin(
    of: StackSet, given: Record, action: str, places: Iterable[Place], work: Work, after: Operation | None
) -> Mapping[str, Any]:
    record = {
        "OperationId": given.get("OperationId") or new_uuid(),
        "StackSetId": of.record["StackSetId"],
        "Action": action,
        "Status": "QUEUED" if after else "RUNNING",
        "OperationPreferences": given.get("OperationPreferences", {}),
        "AdministrationRoleARN": of.record["AdministrationRoleARN"],
        "ExecutionRoleName": of.record["ExecutionRoleName"],
        "CreationTimestamp": now_iso(),
        "RetainStacks": given.get("RetainStacks"),
    }
    results = {place: {"Account": place[0], "Region": place[1], "Status": "PENDING"} for place in dict.fromkeys(places)}
    Operation(of, record, results, work).start(after)
    return {"OperationId": record["OperationId"]}


def _create_instances(given: Record, params: Params) -> Mapping[str, Any]:
    of = _find(given)
    after = _free(of, given)
    places = _places(given)
    for place in places:
        instance = of.instances.setdefault(
            place,
            {
                "StackSetId": of.record["StackSetId"],
                "Account": place[0],
                "Region": place[1],
                "Status": "OUTDATED",
                "ParameterOverrides": [],
                "DriftStatus": "NOT_CHECKED",
            },
        )
        _override(instance, given)
    return _begin(of, given, "CREATE", places, working.deploy, after)


def _override(instance: Record, given: Record) -> None:
    if "ParameterOverrides" in given:
        before = {one["ParameterKey"]: one for one in instance["ParameterOverrides"]}
        instance["ParameterOverrides"] = [
            before[one["ParameterKey"]] if one.get("UsePreviousValue") else one for one in given["ParameterOverrides"]
        ]


def _update_instances(given: Record, params: Params) -> Mapping[str, Any]:
    of = _find(given)
    after = _free(of, given)
    places = _places(given)
    _known(of, places)
    for place in places:
        _override(of.instances[place], given)
    return _begin(of, given, "UPDATE", places, working.deploy, after)


def _delete_instances(given: Record, params: Params) -> Mapping[str, Any]:
    of = _find(given)
    after = _free(of, given)
    places = [one for one in _places(given) if one in of.instances]
    work = working.deleting(retain=bool(given.get("RetainStacks")))
    return _begin(of, given, "DELETE", places, work, after)


def _detect(given: Record, params: Params) -> Mapping[str, Any]:
    of = _find(given)
    after = _free(of, given)
    return _begin(of, given, "DETECT_DRIFT", list(of.instances), working.detect, after)


def _instance(given: Record, params: Params) -> Mapping[str, Any]:
    of = _find(given)
    place = (given.get("StackInstanceAccount", ""), given.get("StackInstanceRegion", ""))
    _known(of, [place])
    return {"StackInstance": of.instances[place]}


def _instances(given: Record, params: Params) -> Mapping[str, Any]:
    account, region = given.get("StackInstanceAccount"), given.get("StackInstanceRegion")
    found = [
        one
        for place, one in _find(given).instances.items()
        if account in (None, place[0]) and region in (None, place[1])
    ]
    return _page(found, params, "ListStackInstances")


# --- the operations


def _operation(given: Record) -> Operation:
    name = given.get("OperationId", "")
    found = next((one for one in _find(given).operations if one.record["OperationId"] == name), None)
    if found is None:
        raise Refuse(f"Operation {name} not found", "OperationNotFoundException", 404)
    return found


def _stop(given: Record, params: Params) -> Mapping[str, Any]:
    operation = _operation(given)
    if operation.record["Status"] not in ("RUNNING", "QUEUED"):
        said = f"Operation {given['OperationId']} is already {operation.record['Status']}"
        raise Refuse(said, "InvalidOperationException")
    operation.record["Status"] = "STOPPING"
    return {}


def _described_operation(given: Record, params: Params) -> Mapping[str, Any]:
    operation = _operation(given)
    details = {}
    if operation.record["Action"] == "DETECT_DRIFT":
        details = {"StackSetDriftDetectionDetails": _drift(operation)}
    return {"StackSetOperation": {**operation.record, **details}}


def _drift(operation: Operation) -> Record:
    found = [operation.of.instances[place] for place in operation.results if place in operation.of.instances]
    drifted = sum(one["DriftStatus"] == "DRIFTED" for one in found)
    failed = sum(one["Status"] == "FAILED" for one in operation.results.values())
    ended = {"SUCCEEDED": "COMPLETED", "STOPPED": "STOPPED", "FAILED": "FAILED"}
    return {
        "DriftStatus": "DRIFTED" if drifted else "IN_SYNC",
        "DriftDetectionStatus": ended.get(operation.record["Status"], "IN_PROGRESS"),
        "LastDriftCheckTimestamp": operation.record["CreationTimestamp"],
        "TotalStackInstancesCount": len(operation.results),
        "DriftedStackInstancesCount": drifted,
        "InSyncStackInstancesCount": len(found) - drifted - failed,
        "InProgressStackInstancesCount": sum(one["Status"] == "RUNNING" for one in operation.results.values()),
        "FailedStackInstancesCount": failed,
    }


def _operations(given: Record, params: Params) -> Mapping[str, Any]:
    return _page([one.record for one in _find(given).operations], params, "ListStackSetOperations")


def _results(given: Record, params: Params) -> Mapping[str, Any]:
    return _page(list(_operation(given).results.values()), params, "ListStackSetOperationResults")


def _page(found: list[Record], params: Params, action: str) -> Mapping[str, Any]:
    page, token = describe.paged(found, params, action)
    return {"Summaries": page, "NextToken": token}


_CALLS: dict[str, Told] = {
    "CreateStackSet": _create,
    "UpdateStackSet": _update,
    "DeleteStackSet": _delete,
    "DescribeStackSet": _describe,
    "ListStackSets": _list,
    "CreateStackInstances": _create_instances,
    "UpdateStackInstances": _update_instances,
    "DeleteStackInstances": _delete_instances,
    "DescribeStackInstance": _instance,
    "ListStackInstances": _instances,
    "DescribeStackSetOperation": _described_operation,
    "ListStackSetOperations": _operations,
    "ListStackSetOperationResults": _results,
    "StopStackSetOperation": _stop,
    "DetectStackSetDrift": _detect,
}
