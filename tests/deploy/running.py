"""The service of `rollouts`, deployed and running, and all that the day-two commands ask of AWS."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from fargate_stacks.cli.group import run
from tests.deploy.answers import CLUSTER, DEPLOYMENT, GROUP, NEW, OLD, REGION, SERVICE, TEMPLATE
from tests.deploy.aws import NOON, Api, client_of, refusal
from tests.deploy.rollouts import World

OLDER = OLD.replace(":17", ":16")
BALANCER = f"arn:aws:elasticloadbalancing:{REGION}:loadbalancer/app/edge/1"
LISTENER = f"arn:aws:elasticloadbalancing:{REGION}:listener/app/edge/1/2"
TASK = f"arn:aws:ecs:{REGION}:task/main/{'a' * 32}"


class Running(World):
    """A stack that is deployed; `asked` keeps the requests by operation."""

    def __init__(self, **kind: Any) -> None:
        super().__init__(**kind)
        self.begun = 0.0
        self.token = "fs-token"
        self.asked: dict[str, list[dict[str, Any]]] = {}
        self.bounds: tuple[int, int] | None = None
        self.lines: list[tuple[float, str, str]] = []
        """What was written: seconds after noon, stream, text."""
        self.history: list[tuple[str, str]] = []
        """Task definitions of former deployments and how those ended, newest first."""
        self.drifts: list[dict[str, Any]] = []
        self.clock.passed = 600.0
        self.tasks[TASK] = self.task("RUNNING")
        self.apis |= {
            name: Api(name, {}, self.calls)
            for name in ("application-autoscaling", "cloudwatch")
            if name not in self.apis
        }
        for service, answers in self._more().items():
            for name, answer in answers.items():
                self.apis[service].answers[name] = self._kept(name, answer)
        self.client = client_of(self.apis)

    def task(self, status: str, **more: Any) -> dict[str, Any]:
        """A task of the service, as DescribeTasks tells it."""
        container = {"name": "app", "lastStatus": status, "runtimeId": "r1"} | more.pop("container", {})
        return {
            "taskArn": TASK,
            "lastStatus": status,
            "taskDefinitionArn": OLD,
            "createdAt": self.clock.utc(),
            "startedAt": self.clock.utc(),
            "enableExecuteCommand": True,
            "containers": [container],
            **more,
        }

    def refuses(self, service: str, operation: str, code: str = "AccessDeniedException", message: str = "no") -> None:
        """Have AWS say no to an operation."""

        def refused(request: dict[str, Any]) -> dict[str, Any]:
            raise refusal(code, message, operation)

        self.apis[service].answers[operation] = refused

    def _kept(
        self, name: str, answer: Callable[[dict[str, Any]], dict[str, Any]]
    ) -> Callable[[dict[str, Any]], dict[str, Any]]:
        def act(request: dict[str, Any]) -> dict[str, Any]:
            self._now()
            self.asked.setdefault(name, []).append(request)
            return answer(request)

        return act

    def _more(self) -> dict[str, dict[str, Callable[[dict[str, Any]], dict[str, Any]]]]:
        return {
            "cloudformation": {
                "ListStackResources": lambda _: {"StackResourceSummaries": self._summaries()},
                "DetectStackDrift": lambda _: {"StackDriftDetectionId": "d1"},
                "DescribeStackDriftDetectionStatus": lambda _: {
                    "StackId": "s",
                    "StackDriftDetectionId": "d1",
                    "DetectionStatus": "DETECTION_COMPLETE",
                    "Timestamp": NOON,
                },
                "DescribeStackResourceDrifts": lambda _: {"StackResourceDrifts": self.drifts},
                "ContinueUpdateRollback": self._sets_off("ContinueUpdateRollback"),
                "RollbackStack": self._sets_off("RollbackStack"),
            },
            "ecs": {
                "UpdateService": self._update,
                "ContinueServiceDeployment": self._sets_off("ContinueServiceDeployment"),
                "ListServiceDeployments": lambda _: {
                    "serviceDeployments": [
                        {"serviceDeploymentArn": f"{DEPLOYMENT}-{number}"} for number, _ in enumerate(self.history)
                    ]
                },
                "DescribeServiceDeployments": self._deployments,
                "DescribeServiceRevisions": lambda request: {
                    "serviceRevisions": [
                        {"serviceRevisionArn": arn, "taskDefinition": NEW if arn.endswith("/new") else arn[4:]}
                        for arn in request["serviceRevisionArns"]
                    ]
                },
                "ListTaskDefinitions": lambda _: {"taskDefinitionArns": [OLD, OLDER]},
                "ListTasks": lambda request: {
                    "taskArns": [
                        arn
                        for arn, task in self.tasks.items()
                        if (task["lastStatus"] == "STOPPED") == (request["desiredStatus"] == "STOPPED")
                    ]
                },
                "RunTask": lambda _: {"tasks": [self.tasks[TASK]]},
                "StopTask": lambda _: {},
                "ExecuteCommand": lambda _: {"session": {"sessionId": "s1", "streamUrl": "wss://x", "tokenValue": "t"}},
            },
            "logs": {
                "FilterLogEvents": self._filtered,
                "DescribeLogStreams": lambda _: {
                    "logStreams": [
                        {"logStreamName": stream, "lastEventTimestamp": int(at)} for at, stream, _ in self.lines[::-1]
                    ]
                },
            },
            "elbv2": {
                "DescribeTargetGroups": lambda _: {
                    "TargetGroups": [{"TargetGroupArn": GROUP, "LoadBalancerArns": [BALANCER]}]
                },
                "DescribeLoadBalancers": lambda _: {
                    "LoadBalancers": [
                        {"LoadBalancerArn": BALANCER, "DNSName": "edge.example.com", "Scheme": "internet-facing"}
                    ]
                },
                "DescribeListeners": lambda _: {
                    "Listeners": [{"ListenerArn": LISTENER, "Protocol": "HTTPS", "Port": 443}]
                },
                "DescribeRules": lambda _: {
                    "Rules": [
                        {
                            "Conditions": [
                                {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/api/*"]}},
                                {"Field": "host-header", "HostHeaderConfig": {"Values": ["shop.example.com"]}},
                            ],
                            "Actions": [{"Type": "forward", "TargetGroupArn": GROUP}],
                        }
                    ]
                },
            },
            "application-autoscaling": {
                "DescribeScalableTargets": lambda _: {"ScalableTargets": self._scalable()},
                "RegisterScalableTarget": lambda _: {},
            },
            "cloudwatch": {
                "DescribeAlarms": lambda _: {"MetricAlarms": [{"AlarmName": "api-5xx", "StateValue": "OK"}]}
            },
        }

    def _summaries(self) -> list[dict[str, Any]]:
        physical = {"ApiTaskDefinition": OLD, "ApiService": SERVICE}
        return [
            {
                "LogicalResourceId": logical_id,
                "PhysicalResourceId": physical[logical_id],
                "ResourceType": TEMPLATE.resources[logical_id]["Type"],
                "ResourceStatus": "CREATE_COMPLETE",
                "LastUpdatedTimestamp": NOON,
            }
            for logical_id in physical
        ]

    def _update(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self.service is not None
        if "desiredCount" in request:
            self.service |= {"desiredCount": request["desiredCount"], "runningCount": request["desiredCount"]}
        else:
            self.rolls_out()()
            wanted = request.get("taskDefinition", OLD)
            self.service["taskDefinition"] = self.service["deployments"][0]["taskDefinition"] = wanted
            if self.deployment is not None:
                self.deployment["targetServiceRevision"]["arn"] = f"rev/{wanted}"
        return {"service": self.service}

    def _deployments(self, request: dict[str, Any]) -> dict[str, Any]:
        found = []
        for arn in request["serviceDeploymentArns"]:
            if arn == DEPLOYMENT and self.deployment is not None:
                found.append(self.deployment)
            elif arn != DEPLOYMENT:
                number = int(arn.rpartition("-")[2])
                definition, status = self.history[number]
                found.append(
                    {
                        "serviceDeploymentArn": arn,
                        "status": status,
                        "createdAt": NOON - timedelta(hours=number),
                        "targetServiceRevision": {"arn": f"rev/{definition}"},
                    }
                )
        return {"serviceDeployments": found}

    def _scalable(self) -> list[dict[str, Any]]:
        if self.bounds is None:
            return []
        return [
            {
                "ServiceNamespace": "ecs",
                "ResourceId": "service/main/shop-Api",
                "ScalableDimension": "ecs:service:DesiredCount",
                "MinCapacity": self.bounds[0],
                "MaxCapacity": self.bounds[1],
                "RoleARN": "arn:aws:iam::000000000000:role/scaling",
                "CreationTime": NOON,
            }
        ]

    def _filtered(self, request: dict[str, Any]) -> dict[str, Any]:
        start = (request["startTime"] - NOON.timestamp() * 1000) / 1000
        return {
            "events": [
                {
                    "eventId": f"{number}",
                    "logStreamName": stream,
                    "timestamp": int((NOON.timestamp() + at) * 1000),
                    "message": text,
                }
                for number, (at, stream, text) in enumerate(self.lines)
                if at >= start
                and at <= self.clock.passed
                and stream.startswith(request.get("logStreamNamePrefix", ""))
                and request.get("filterPattern", "") in text
            ]
        }


class Said:
    """What one command wrote, and its exit code."""

    def __init__(self, world: Running, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]) -> None:
        given = {"client": world.client, "templates": {"shop": TEMPLATE}, "clock": world.clock}
        self.code = run(arguments, given)
        said = capsys.readouterr()
        self.out, self.err = said.out, said.err


CLUSTER_NAME = CLUSTER.rpartition("/")[2]
