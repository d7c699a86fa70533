"""ECS and what stands beside it, its logs and load balancers: describing calls batched and paged.

10 services, 20 service deployments or revisions, 100 tasks a call (API reference of each).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from fargate_stacks.deploy import ecs_values
from fargate_stacks.deploy.client import CallFailed, Client, call
from fargate_stacks.deploy.ecs_values import Deployment, Service, Task, cluster_of, scalable_id

_UNKNOWN = frozenset("InvalidAction UnknownOperationException UnknownOperation UnsupportedOperation 501".split())
"""What an endpoint says of an operation that it does not have."""


class Resource(NamedTuple):
    """A resource of a live stack."""

    logical_id: str
    physical_id: str
    type: str
    status: str


class Ecs:
    """ECS, its logs and its load balancers in one account and region; raises CallFailed."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._opened: dict[str, Any] = {}
        self._definitions: dict[str, Mapping[str, Any]] = {}
        self._revisions: dict[str, str] = {}
        self.without: str = ""
        """Why service deployments cannot be read, once that has shown; `deployments` is read instead."""
        self.calls = 0
        """How many calls were made."""

    def call(self, operation: str, *, of: str = "ecs", **request: Any) -> dict[str, Any]:
        """Make one call; `of` is the service of AWS."""
        if of not in self._opened:
            self._opened[of] = self.client.service(of)
        self.calls += 1
        return call(self._opened[of], operation, **request)

    def resources(self, stack_id: str) -> list[Resource]:
        """Give the live resources of a stack, those of nested stacks left aside."""
        found: list[Resource] = []
        token: dict[str, str] = {}
        while True:
            answer = call(self.client.api, "ListStackResources", StackName=stack_id, **token)
            found += [
                Resource(
                    one["LogicalResourceId"],
                    one.get("PhysicalResourceId", ""),
                    one.get("ResourceType", ""),
                    one.get("ResourceStatus", ""),
                )
                for one in answer.get("StackResourceSummaries", [])
            ]
            if not answer.get("NextToken"):
                return found
            token = {"NextToken": answer["NextToken"]}

    def services(self, arns: Iterable[str]) -> dict[str, Service]:
        """Give services by ARN; one that never was, or whose cluster is gone, is not among them."""
        by_cluster: dict[str, list[str]] = {}
        for arn in dict.fromkeys(arns):
            by_cluster.setdefault(cluster_of(arn), []).append(arn)
        found: dict[str, Service] = {}
        for cluster, some in by_cluster.items():
            for batch in _batches(some, 10):
                try:
                    answer = self.call("DescribeServices", cluster=cluster, services=batch)
                except CallFailed as trouble:
                    if trouble.code != "ClusterNotFoundException":
                        raise
                    break  # gone, and its services with it
                found |= {one["serviceArn"]: ecs_values.service(one) for one in answer.get("services", [])}
        return found

    def service_deployments(self, arns: Iterable[str]) -> dict[str, Deployment]:
        """Give service deployments by ARN; none of them where AWS does not let or cannot tell."""
        raw: list[Mapping[str, Any]] = []
        for batch in _batches(list(dict.fromkeys(arns)), 20):
            if self.without:
                return {}
            try:
                answer = self.call("DescribeServiceDeployments", serviceDeploymentArns=batch)
            except CallFailed as trouble:
                self._do_without(trouble)
                return {}
            raw += answer.get("serviceDeployments", [])
        revisions = self.revisions(one.get("targetServiceRevision", {}).get("arn", "") for one in raw)
        return {one["serviceDeploymentArn"]: ecs_values.native(one, revisions) for one in raw}

    def history(self, service: Service, *, most: int = 20) -> list[str]:
        """Give the ARNs of a service's last deployments, newest first; empty where AWS does not tell."""
        if self.without:
            return []
        try:
            answer = self.call("ListServiceDeployments", cluster=service.cluster, service=service.arn, maxResults=most)
        except CallFailed as trouble:
            self._do_without(trouble)
            return []
        return [one["serviceDeploymentArn"] for one in answer.get("serviceDeployments", [])]

    def revisions(self, arns: Iterable[str]) -> Mapping[str, str]:
        """Give the task definition of each service revision; each is asked for once."""
        unknown = [arn for arn in dict.fromkeys(arns) if arn and arn not in self._revisions]
        for batch in _batches(unknown, 20):
            try:
                answer = self.call("DescribeServiceRevisions", serviceRevisionArns=batch)
            except CallFailed as trouble:
                self._do_without(trouble)
                break
            self._revisions |= {
                one["serviceRevisionArn"]: one.get("taskDefinition", "") for one in answer.get("serviceRevisions", [])
            }
        return self._revisions

    def task_arns(self, cluster: str, *, status: str = "RUNNING", **only: str) -> list[str]:
        """Give the tasks of a cluster: `serviceName=`, `family=` or `startedBy=` chooses."""
        arns: list[str] = []
        token: dict[str, str] = {}
        while True:
            answer = self.call("ListTasks", cluster=cluster, desiredStatus=status, **only, **token)
            arns += answer.get("taskArns", [])
            if not answer.get("nextToken"):
                return arns
            token = {"nextToken": answer["nextToken"]}

    def tasks(self, cluster: str, arns: Iterable[str]) -> list[Task]:
        """Give tasks by ARN; one that ECS has forgotten is left out."""
        return [
            ecs_values.task(one)
            for batch in _batches(list(arns), 100)
            for one in self.call("DescribeTasks", cluster=cluster, tasks=batch).get("tasks", [])
        ]

    def task_definition(self, arn: str) -> Mapping[str, Any]:
        """Give a task definition, active or not; it never changes, so it is asked for once."""
        if arn not in self._definitions:
            self._definitions[arn] = self.call("DescribeTaskDefinition", taskDefinition=arn)["taskDefinition"]
        return self._definitions[arn]

    def log_stream(self, task_definition: str, container: str, task_id: str) -> tuple[str, str] | None:
        """Give the log group and stream of one container of a task; None where it has no awslogs."""
        for one in self.task_definition(task_definition).get("containerDefinitions", []):
            logs = one.get("logConfiguration", {})
            options = logs.get("options", {})
            if one["name"] == container and logs.get("logDriver") == "awslogs" and "awslogs-group" in options:
                return options["awslogs-group"], f"{options.get('awslogs-stream-prefix', '')}/{container}/{task_id}"
        return None

    def last_lines(self, group: str, stream: str, *, most: int = 30) -> list[str]:
        """Give the last lines of a log stream; empty where it was never written."""
        try:
            answer = self.call(
                "GetLogEvents", of="logs", logGroupName=group, logStreamName=stream, limit=most, startFromHead=False
            )
        except CallFailed as trouble:
            if trouble.code == "ResourceNotFoundException":
                return []
            raise
        return [str(one.get("message", "")).rstrip() for one in answer.get("events", [])]

    def target_health(self, target_group: str) -> list[tuple[str, str, str]]:
        """Give the targets of a group as address, state and reason."""
        answer = self.call("DescribeTargetHealth", of="elbv2", TargetGroupArn=target_group)
        return [
            (
                f"{one['Target']['Id']}:{one['Target'].get('Port', '')}",
                one.get("TargetHealth", {}).get("State", ""),
                one.get("TargetHealth", {}).get("Description") or one.get("TargetHealth", {}).get("Reason", ""),
            )
            for one in answer.get("TargetHealthDescriptions", [])
        ]

    def bounds(self, service: Service) -> tuple[int, int] | None:
        """Give the least and the most tasks that autoscaling keeps; None where nothing scales the service."""
        answer = self.call(
            "DescribeScalableTargets",
            of="application-autoscaling",
            ServiceNamespace="ecs",
            ResourceIds=[scalable_id(service.arn)],
            ScalableDimension="ecs:service:DesiredCount",
        )
        for one in answer.get("ScalableTargets", []):
            return one["MinCapacity"], one["MaxCapacity"]
        return None

    def _do_without(self, trouble: CallFailed) -> None:
        if not (trouble.denied or trouble.code in _UNKNOWN):
            raise trouble
        self.without = f"{trouble.operation}: {trouble.message or trouble.code}"


def _batches(items: Sequence[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(items), size):
        yield list(items[start : start + size])
