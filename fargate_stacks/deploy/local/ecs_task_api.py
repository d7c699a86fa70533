"""RunTask and StopTask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ministack.core.responses import error_response_json, get_account_id, json_response
from ministack.services import ecs

from fargate_stacks.deploy.local import ecs_placing, ecs_tasks
from fargate_stacks.deploy.local.ecs_service_api import network_problems, tag_problems
from fargate_stacks.deploy.local.scenarios import script
from fargate_stacks.deploy.local.tempo import clock

Data = dict[str, Any]
Problem = tuple[str, str]

NO_INSTANCES = "No Container Instances were found in your cluster."


def register() -> None:
    """Answer the calls that run and stop tasks."""
    ecs._ACTION_MAP |= {"RunTask": _run, "StopTask": _stop}
    # workflows call these by name
    ecs._run_task, ecs._stop_task = _run, _stop


def _run(data: Data) -> Any:
    with clock.turn():
        problem = next(_problems(data), None)
        if problem:
            return error_response_json(*problem, 400)
        cluster = ecs._clusters[ecs._resolve_cluster_name(data.get("cluster") or "default")]
        definition = ecs._task_defs[ecs._resolve_td_key(data["taskDefinition"])]
        made = [_one(data, cluster, definition) for _ in range(int(data.get("count", 1)))]
        tasks = [ecs._sanitize(one.record) for one in made if isinstance(one, ecs_tasks.Task)]
        failures = [{"reason": one} for one in made if isinstance(one, str)]
        return json_response({"tasks": tasks, "failures": failures})


def _one(data: Data, cluster: Data, definition: Data) -> ecs_tasks.Task | str:
    """Start a task, or say why there is no place for it."""
    tags = data.get("tags", [])
    propagated = ecs._tags.get(definition["taskDefinitionArn"], [])
    if data.get("propagateTags") == "TASK_DEFINITION":
        tags = [*propagated, *tags]
    group = data.get("group") or f"family:{definition['family']}"
    rule = script.pick(
        get_account_id(),
        ecs_placing.named(definition, group),
        [one["image"] for one in definition["containerDefinitions"]],
        [*tags, *propagated],
    )
    if rule is not None and rule.kind.moment == "place":
        return rule.kind.reason
    strategy = ecs._launch_choice(data, cluster)[1]
    return ecs_placing.begin(
        definition,
        cluster=cluster,
        network=data["networkConfiguration"],
        rule=rule,
        lasts=ecs_tasks.RUNS,
        overrides=data.get("overrides"),
        group=group,
        startedBy=data.get("startedBy") or None,
        enableExecuteCommand=bool(data.get("enableExecuteCommand")),
        tags=list(tags),
        capacityProviderName=strategy[0]["capacityProvider"] if strategy else None,
    )


def _problems(data: Data) -> Iterator[Problem]:
    name = ecs._resolve_cluster_name(data.get("cluster") or "default")
    cluster = ecs._clusters.get(name)
    if cluster is None or cluster["status"] != "ACTIVE":
        yield "ClusterNotFoundException", "Cluster not found."
        return
    definition = ecs._task_defs.get(ecs._resolve_td_key(data.get("taskDefinition") or ""))
    if definition is None:
        yield "ClientException", "TaskDefinition not found."
        return
    if definition["status"] != "ACTIVE":
        yield "ClientException", "TaskDefinition is inactive"
    count = int(data.get("count", 1))
    if not 1 <= count <= 10:
        yield "InvalidParameterException", "Count cannot be less than 1 or greater than 10."
    launch_type, strategy, problem = ecs._launch_choice(data, cluster)
    if problem:
        yield "InvalidParameterException", ecs._BOTH_LAUNCH_CHOICES
    elif not strategy and launch_type != "FARGATE":
        yield "InvalidParameterException", NO_INSTANCES
    for one in strategy or ():
        if one["capacityProvider"] not in cluster["capacityProviders"]:
            yield (
                "InvalidParameterException",
                "The specified capacity provider strategy cannot contain a capacity provider that is not "
                f"associated with the cluster. {one['capacityProvider']}",
            )
    yield from network_problems(definition, data.get("networkConfiguration"))
    known = {one["name"] for one in definition["containerDefinitions"]}
    for one in (data.get("overrides") or {}).get("containerOverrides", ()):
        if one.get("name") not in known:
            words = f"Override for container named {one.get('name')} is not a container in the TaskDefinition."
            yield "InvalidParameterException", words
    for tag in data.get("tags") or ():
        yield from tag_problems(tag)


def _stop(data: Mapping[str, Any]) -> Any:
    with clock.turn():
        name = ecs._resolve_cluster_name(data.get("cluster") or "default")
        if name not in ecs._clusters:
            return error_response_json("ClusterNotFoundException", "Cluster not found.", 400)
        record = ecs._resolve_task(data.get("task", ""), name)
        if record is None:
            return error_response_json("InvalidParameterException", "The referenced task was not found.", 400)
        task = ecs_placing.of(record)
        if task is not None:
            task.stop("UserInitiated", data.get("reason") or "Task stopped by user")
        return json_response({"task": ecs._sanitize(record)})
