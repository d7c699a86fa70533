"""Each combination of ways to scale: silent under both engines, deployed to the local cloud and read back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from itertools import combinations, product
from typing import Any

import pytest

from fargate_stacks import Template, render
from fargate_stacks.checks.engines import cfn_lint, cloudformation_validate
from fargate_stacks.checks.rules import apply_rules
from tests.localcloud import Cloud
from tests.pairwise import pairs
from tests.scaling_cases import CASES, FACTORS, app, label

every_case = pytest.mark.parametrize("number", range(len(CASES)), ids=[label(case) for case in CASES])
SCALING = "AWS::ApplicationAutoScaling::ScalingPolicy"
NOT_TOGETHER = {
    (("capacity", spot), ("cluster", "by launch type")) for spot in ("spot", "mixed", "spot only")
} | {(("deployment", moving), ("forecast", "requests")) for moving in ("blue/green", "linear", "canary")}  # fmt: skip


@cache
def template(number: int) -> Template:
    return render(app(CASES[number]))["scaled"]


def of_type(one: Template, kind: str) -> dict[str, dict[str, Any]]:
    return {key: body["Properties"] for key, body in one.resources.items() if body["Type"] == kind}


def test_there_are_forty_and_more() -> None:
    assert len(CASES) >= 40


def test_each_pair_that_goes_together_is_met() -> None:
    met = set().union(*(pairs(case) for case in CASES))
    every = {
        pair
        for one, other in combinations(sorted(FACTORS), 2)
        for pair in product(((one, value) for value in FACTORS[one]), ((other, value) for value in FACTORS[other]))
    }
    assert every - met == NOT_TOGETHER


@every_case
def test_both_engines_and_our_own_rules_are_silent(number: int) -> None:
    templates = {"scaled": template(number)}
    found = [*cfn_lint(templates), *cloudformation_validate(templates), *apply_rules(templates)]
    assert [f"{one.code} {one.where}: {one.message}" for one in found if one.severity != "info"] == []


@every_case
def test_it_is_deployed_and_read_back(number: int, cloud: Cloud) -> None:
    if CASES[number]["cluster"] != "own":
        cloud.api("ecs").create_cluster(clusterName="old", capacityProviders=["FARGATE", "FARGATE_SPOT"])
    stack = cloud.create("scaled", template(number).to_dict())
    assert stack["StackStatus"] == "CREATE_COMPLETE", [
        one["ResourceStatusReason"] for one in cloud.history("scaled") if "FAILED" in one["ResourceStatus"]
    ]
    read_target(number, cloud)
    read_policies(number, cloud)
    read_alarms(number, cloud)
    read_service(number, cloud)


def read_target(number: int, cloud: Cloud) -> None:
    (written,) = of_type(template(number), "AWS::ApplicationAutoScaling::ScalableTarget").values()
    api = cloud.api("application-autoscaling")
    (found,) = api.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    assert (found["MinCapacity"], found["MaxCapacity"]) == (written["MinCapacity"], written["MaxCapacity"])
    assert found["ResourceId"].split("/")[0::2] == ["service", service_of(cloud)["serviceName"]]
    actions = api.describe_scheduled_actions(ServiceNamespace="ecs")["ScheduledActions"]
    by_name = {one["ScheduledActionName"]: one for one in actions}
    assert len(by_name) == len(written.get("ScheduledActions", ()))
    for one in written.get("ScheduledActions", ()):
        assert list(differences(one, by_name[one["ScheduledActionName"]])) == []


def read_policies(number: int, cloud: Cloud) -> None:
    written = of_type(template(number), SCALING)
    found = cloud.api("application-autoscaling").describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    arns = cloud.physical("scaled")
    by_arn = {one["PolicyARN"]: one for one in found}
    assert len(by_arn) == len(written)
    for logical_id, properties in written.items():
        of_its_own = {key: value for key, value in properties.items() if key != "ScalingTargetId"}
        assert list(differences(of_its_own, by_arn[arns[logical_id]])) == []


def read_alarms(number: int, cloud: Cloud) -> None:
    written = of_type(template(number), "AWS::CloudWatch::Alarm")
    found = {one["AlarmName"]: one for one in cloud.api("cloudwatch").describe_alarms()["MetricAlarms"]}
    names = cloud.physical("scaled")
    assert len(found) == len(written)
    for logical_id, properties in written.items():
        alarm = found[names[logical_id]]
        assert list(differences(properties, alarm)) == []
        assert alarm["AlarmActions"] == [names[properties["AlarmActions"][0]["Ref"]]]


def read_service(number: int, cloud: Cloud) -> None:
    (written,) = of_type(template(number), "AWS::ECS::Service").values()
    found = service_of(cloud)
    providers = [one["capacityProvider"] for one in found.get("capacityProviderStrategy", ())]
    assert providers == [one["CapacityProvider"] for one in written.get("CapacityProviderStrategy", ())]
    api = cloud.api("ecs")
    (deployment,) = api.list_service_deployments(service=found["serviceArn"])["serviceDeployments"]
    arns = [deployment["targetServiceRevisionArn"]]
    (revision,) = api.describe_service_revisions(serviceRevisionArns=arns)["serviceRevisions"]
    measured = revision.get("monitoring", {}).get("metricConfigurations", [])
    wanted = written.get("Monitoring", {}).get("MetricConfigurations", [])
    assert [(one["metricNames"], one["resolutionSeconds"]) for one in measured] == [
        (one["MetricNames"], one["ResolutionSeconds"]) for one in wanted
    ]


def service_of(cloud: Cloud) -> dict[str, Any]:
    api = cloud.api("ecs")
    (cluster,) = api.list_clusters()["clusterArns"]
    (arn,) = api.list_services(cluster=cluster)["serviceArns"]
    found: dict[str, Any] = api.describe_services(cluster=cluster, services=[arn])["services"][0]
    return found


def differences(written: Any, found: Any, path: str = "") -> Iterator[str]:
    """Give where what is read back is not what was written; of what CloudFormation fills in, that it is text."""
    if isinstance(written, dict) and any(key == "Ref" or key.startswith("Fn::") for key in written):
        if not isinstance(found, str) or not found or "${" in found:
            yield f"{path}: {found!r} is no text"
    elif isinstance(written, dict):
        for key, value in written.items():
            if not isinstance(found, dict) or key not in found:
                yield f"{path}.{key} is missing"
            else:
                yield from differences(value, found[key], f"{path}.{key}")
    elif isinstance(written, list):
        if len(written) != len(found):
            yield f"{path}: {len(found)} of {len(written)}"
        for index, (one, other) in enumerate(zip(written, found, strict=False)):
            yield from differences(one, other, f"{path}[{index}]")
    elif isinstance(found, datetime):
        if datetime.fromisoformat(written) != found:
            yield f"{path}: {found} is not {written}"
    elif written != found:
        yield f"{path}: {found!r} is not {written!r}"
