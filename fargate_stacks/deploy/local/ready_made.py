"""Scenarios that come with the package, by name."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from fargate_stacks.deploy.local.scenario_table import TABLE
from fargate_stacks.deploy.local.scenarios import load
from fargate_stacks.errors import DeployError

_SERVICE = "AWS::ECS::Service"
_NO_ROLE = (
    'Resource handler returned message: "Invalid request provided: CreateCluster Invalid Request: Unable to assume the '
    "service linked role. Please verify that the ECS service linked role exists. (Service: AmazonECS; Status Code: "
    '400; Error Code: InvalidParameterException; Request ID: local; Proxy: null)" (RequestToken: local, '
    "HandlerErrorCode: InvalidRequest)"
)

READY_MADE: dict[str, tuple[str, Mapping[str, Any]]] = {
    "none": ("nothing goes wrong and nothing takes time", {"speed": 0, "seed": 0}),
    "aws-pace": ("everything takes a sixtieth of the time that it takes on AWS", {"speed": 60}),
    **{
        kind.name: (f"every task: {kind.says}", {"task": [{"scenario": kind.name}]})
        for kind in TABLE
        if kind.name not in ("runs", "spot-interruption")
    },
    "spot-interruption": (
        "the first two tasks: Fargate Spot takes the task back",
        {"task": [{"scenario": "spot-interruption", "times": 2}]},
    ),
    "hook-fails": (
        "the Lambda function of every lifecycle hook answers FAILED",
        {"speed": 60, "hook": [{"outcome": "FAILED"}]},
    ),
    "hook-times-out": (
        "the Lambda function of every lifecycle hook does not answer",
        {"speed": 60, "hook": [{"outcome": "TIMED_OUT"}]},
    ),
    "alarm-fires": (
        "every alarm fires half a minute into a deployment",
        {"speed": 60, "alarm": [{"alarm": "*"}]},
    ),
    "alarm-fires-in-bake": (
        "every alarm fires half a minute into the time of bake",
        {"speed": 60, "alarm": [{"alarm": "*", "stage": "BAKE_TIME"}]},
    ),
    "throttled": (
        "CloudFormation answers Rate exceeded three times, then works",
        {"api": [{"service": "cloudformation", "error": "throttling", "times": 3}]},
    ),
    "lost-connection": (
        "two answers to ExecuteChangeSet are lost; the change set is executed all the same",
        {
            "api": [
                {
                    "service": "cloudformation",
                    "operation": "ExecuteChangeSet",
                    "error": "lost-answer",
                    "times": 2,
                }
            ]
        },
    ),
    "service-fails-once": (
        "the first service that is created or updated fails, the second try succeeds",
        {
            "resource": [
                {"type": _SERVICE, "fails": "create", "times": 1},
                {"type": _SERVICE, "fails": "update", "times": 1},
            ]
        },
    ),
    "delete-fails-once": (
        "the first load balancer that is deleted stays: DELETE_FAILED until the next try",
        {"resource": [{"type": "AWS::ElasticLoadBalancingV2::LoadBalancer", "fails": "delete", "times": 1}]},
    ),
    "fresh-account": (
        "an account in which ECS was never used: the first cluster fails, unless bootstrap made ECS's role before",
        {
            "resource": [
                {
                    "type": "AWS::ECS::Cluster",
                    "fails": "create",
                    "times": 1,
                    "without_role": "AWSServiceRoleForECS",
                    "reason": _NO_ROLE,
                }
            ]
        },
    ),
    "role-fails-once": (
        "the first role that is created fails, and what runs beside it is cancelled",
        {"resource": [{"type": "AWS::IAM::Role", "fails": "create", "times": 1}]},
    ),
}
"""By name: what it is, and what would stand in a file."""


def choose(wanted: str, folder: Path) -> Mapping[str, Any] | Path:
    """Give the scenario of a name, or the file; raises DeployError when it is neither, or has mistakes."""
    if wanted in READY_MADE:
        return READY_MADE[wanted][1]
    path = folder / wanted
    if path.suffix == ".toml" or path.is_file():
        load(path)
        return path
    near = get_close_matches(wanted, READY_MADE, 1)
    hint = f"did you mean {near[0]}" if near else "fargate-stacks local scenarios lists them"
    raise DeployError(f"local: no scenario and no file {wanted!r}; {hint}", exit_code=2)
