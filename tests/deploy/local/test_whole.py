"""A real service of 44 resources: created, read back, updated, looked at for drift, deleted with nothing left."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from tests.deploy.local.test_drift import detected, differences, drifts
from tests.deploy.local.whole import TYPES, whole
from tests.localcloud import Cloud
from tests.readback import Deployed

LISTS: dict[str, tuple[tuple[str, str, Mapping[str, Any]], ...]] = {
    "ec2": (
        ("describe_vpcs", "Vpcs", {}),
        ("describe_subnets", "Subnets", {}),
        ("describe_route_tables", "RouteTables", {}),
        ("describe_internet_gateways", "InternetGateways", {}),
        ("describe_addresses", "Addresses", {}),
        ("describe_nat_gateways", "NatGateways", {"Filters": [{"Name": "state", "Values": ["available"]}]}),
        ("describe_security_groups", "SecurityGroups", {}),
        ("describe_security_group_rules", "SecurityGroupRules", {}),
        ("describe_vpc_endpoints", "VpcEndpoints", {}),
        ("describe_flow_logs", "FlowLogs", {}),
        ("describe_network_interfaces", "NetworkInterfaces", {}),
    ),
    "elbv2": (
        ("describe_load_balancers", "LoadBalancers", {}),
        ("describe_target_groups", "TargetGroups", {}),
    ),
    "ecs": (
        ("list_clusters", "clusterArns", {}),
        ("list_task_definitions", "taskDefinitionArns", {"status": "ACTIVE"}),
    ),
    "iam": (
        ("list_policies", "Policies", {"Scope": "Local"}),
        ("list_roles", "Roles", {}),
    ),
    "logs": (("describe_log_groups", "logGroups", {}),),
    "secretsmanager": (("list_secrets", "SecretList", {}),),
    "ssm": (("describe_parameters", "Parameters", {}),),
    "sns": (("list_topics", "Topics", {}),),
    "cloudwatch": (
        ("describe_alarms", "MetricAlarms", {}),
        ("describe_alarms", "CompositeAlarms", {"AlarmTypes": ["CompositeAlarm"]}),
    ),
    "application-autoscaling": (
        ("describe_scalable_targets", "ScalableTargets", {"ServiceNamespace": "ecs"}),
        ("describe_scaling_policies", "ScalingPolicies", {"ServiceNamespace": "ecs"}),
    ),
    "servicediscovery": (
        ("list_namespaces", "Namespaces", {}),
        ("list_services", "Services", {}),
    ),
    "route53": (("list_hosted_zones", "HostedZones", {}),),
    "cloudformation": (("describe_stacks", "Stacks", {}), ("list_exports", "Exports", {})),
}
"""By service: what lists its resources. Listeners and rules go with their load balancer."""


def inventory(cloud: Cloud) -> dict[str, int]:
    """Count what an account holds, service by service."""
    counted = {}
    for service, calls in LISTS.items():
        api = cloud.api(service)
        for call, key, request in calls:
            found = getattr(api, call)(**request).get(key, [])
            counted[f"{service} {key}"] = sum(not of_a_service(one) for one in found)
    return counted


def of_a_service(one: Any) -> bool:
    """Tell whether this is a service's own role, which stays when its last resource is gone."""
    return isinstance(one, Mapping) and str(one.get("Path")).startswith("/aws-service-role/")


def readback(cloud: Cloud, body: Any) -> Deployed:
    described: Any = SimpleNamespace(resources=body["Resources"], parameters={}, outputs={}, metadata={})
    return Deployed(cloud, {"s": described})


def test_it_is_as_large_as_it_should_be() -> None:
    assert len(whole()["Resources"]) == 44 and len(TYPES) >= 31


def test_every_resource_is_read_back_with_its_properties(cloud: Cloud) -> None:
    body = whole()
    assert cloud.create("s", body)["StackStatus"] == "CREATE_COMPLETE", cloud.history("s")[-3:]
    physical = cloud.physical("s")
    assert physical.keys() == body["Resources"].keys() and all(physical.values())
    found = readback(cloud, body)
    assert found.differences() == []
    assert found.compared == TYPES


def test_nothing_of_it_has_drifted(cloud: Cloud) -> None:
    cloud.create("s", whole())
    told = detected(cloud)
    assert {name: differences(one) for name, one in drifts(cloud, "MODIFIED", "DELETED", "UNKNOWN").items()} == {}
    assert told["StackDriftStatus"] == "IN_SYNC"


def test_an_update_reaches_what_it_changes_and_nothing_else(cloud: Cloud) -> None:
    cloud.create("s", whole())
    before, first = len(cloud.events("s")), cloud.physical("s")
    body = whole("example/app:2", count=3, threshold=5)
    assert cloud.update("s", body)["StackStatus"] == "UPDATE_COMPLETE", cloud.history("s")[-3:]
    assert {name for name, _ in cloud.events("s")[before:]} == {"s", "Task", "Web", "Errors"}
    found = readback(cloud, body)
    assert found.differences() == []
    now = cloud.physical("s")
    assert {name for name, one in now.items() if first[name] != one} == {"Task"}
    [live] = cloud.api("ecs").describe_services(cluster=now["Main"], services=[now["Web"]])["services"]
    assert (live["taskDefinition"], live["runningCount"]) == (now["Task"], 3)
    healthy = cloud.api("elbv2").describe_target_health(TargetGroupArn=now["Targets"])["TargetHealthDescriptions"]
    assert [one["TargetHealth"]["State"] for one in healthy] == ["healthy"] * 3


@pytest.mark.parametrize("updated", [False, True])
def test_nothing_is_left(cloud: Cloud, updated: bool) -> None:
    empty = inventory(cloud)
    cloud.create("s", whole())
    if updated:
        cloud.update("s", whole("example/app:2", count=3))
    full = inventory(cloud)
    assert {name for name, count in full.items() if count == empty[name]} == {"cloudformation Exports"}
    assert cloud.delete("s")["StackStatus"] == "DELETE_COMPLETE"
    assert inventory(cloud) == empty


def test_nothing_is_left_of_a_creation_that_failed(cloud: Cloud) -> None:
    empty = inventory(cloud)
    cloud.play(resource=[{"name": "Trouble", "fails": "create"}])
    assert cloud.create("s", whole())["StackStatus"] == "ROLLBACK_COMPLETE"
    assert {**inventory(cloud), "cloudformation Stacks": 0} == empty
