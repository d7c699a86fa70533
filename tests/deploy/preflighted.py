"""Stacks about to be deployed, into an AWS that says what a test lets it say."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from fargate_stacks.core.template import Owner, Template
from fargate_stacks.deploy.preflight import inspect
from fargate_stacks.deploy.preflight_subject import Report
from fargate_stacks.deploy.registry import Reply
from tests.deploy.answers import REGION, STACK
from tests.deploy.aws import NOON, Api, client_of, refusal

Answers = dict[str, Callable[[dict[str, Any]], dict[str, Any]]]
ECR = "000000000000.dkr.ecr.us-east-1.amazonaws.com"
SECRET = f"arn:aws:secretsmanager:{REGION}:secret:db-AbCdEf"
CERTIFICATE = f"arn:aws:acm:{REGION}:certificate/1"


def no(code: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def answer(request: dict[str, Any]) -> dict[str, Any]:
        raise refusal(code, "it says no")

    return answer


def index(*architectures: str) -> str:
    return json.dumps({"manifests": [{"platform": {"architecture": one, "os": "linux"}} for one in architectures]})


FREE: dict[str, Answers] = {
    "ecs": {"DescribeClusters": lambda _: {"clusters": []}},
    "elbv2": {
        "DescribeLoadBalancers": no("LoadBalancerNotFound"),
        "DescribeTargetGroups": no("TargetGroupNotFound"),
        "DescribeAccountLimits": lambda _: {"Limits": [{"Name": "rules-per-application-load-balancer", "Max": "100"}]},
    },
    "iam": {"GetRole": lambda request: {"Role": role(request["RoleName"])}},
    "service-quotas": {"GetServiceQuota": lambda _: {"Quota": {"Value": 100.0}}},
    "ec2": {"DescribeVpcs": lambda _: {"Vpcs": []}, "DescribeAddresses": lambda _: {"Addresses": []}},
    "ssm": {"GetParameters": lambda _: {"InvalidParameters": []}},
    "cloudformation": {"DescribeStacks": no("ValidationError")},
}


def role(name: str) -> dict[str, Any]:
    return {"Path": "/", "RoleName": name, "RoleId": "A" * 20, "Arn": f"arn:aws:iam::0:role/{name}", "CreateDate": NOON}


def reported(
    resources: Mapping[str, Any],
    answers: Mapping[str, Answers] | None = None,
    *,
    fetch: Callable[[str, Mapping[str, str]], Reply] | None = None,
    local: bool = False,
    **more: Any,
) -> Report:
    merged = {service: dict(some) for service, some in FREE.items()}
    merged["cloudformation"]["DescribeStacks"] = _absent
    for service, some in (answers or {}).items():
        merged.setdefault(service, {}).update(some)
    apis = {service: Api(service, some, []) for service, some in merged.items()}
    template = Template(
        "shop", dict(resources), owners={"Api": Owner("Api", "Service", None)}, parameters=more.get("parameters", {})
    )
    client = client_of(apis, local=local)
    return inspect(
        {"shop": template}, client, given={"shop": more.get("given", {})}, fetch=fetch or (lambda url, headers: NOWHERE)
    )


NOWHERE = Reply(0, {}, b"not reached")


def _absent(request: dict[str, Any]) -> dict[str, Any]:
    raise refusal("ValidationError", "Stack with id shop does not exist")


def alive(*resources: tuple[str, str, str], outputs: Mapping[str, str] | None = None) -> Answers:
    """The stack lives, with resources of (logical id, physical id, type)."""
    return {
        "DescribeStacks": lambda _: {
            "Stacks": [{"StackId": STACK, "StackName": "shop", "StackStatus": "UPDATE_COMPLETE", "CreationTime": NOON}]
        },
        "ListStackResources": lambda _: {
            "StackResourceSummaries": [
                {
                    "LogicalResourceId": logical_id,
                    "PhysicalResourceId": physical_id,
                    "ResourceType": kind,
                    "ResourceStatus": "CREATE_COMPLETE",
                    "LastUpdatedTimestamp": NOON,
                }
                for logical_id, physical_id, kind in resources
            ]
        },
    }


def task(image: Any = "example/api:7", architecture: str = "X86_64", **container: Any) -> dict[str, Any]:
    return {
        "Api": {
            "Type": "AWS::ECS::TaskDefinition",
            "Properties": {
                "Cpu": "1024",
                "RuntimePlatform": {"CpuArchitecture": architecture},
                "ContainerDefinitions": [{"Name": "app", "Image": image, **container}],
            },
        }
    }


def codes(report: Report) -> list[str]:
    return [one.code for one in report.findings]
