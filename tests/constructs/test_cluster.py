"""What a Cluster renders."""

from __future__ import annotations

from typing import Any

import pytest

from fargate_stacks.checks.engines import ENGINES
from fargate_stacks.constructs.cluster import Cluster
from fargate_stacks.constructs.network import Vpc
from fargate_stacks.core.render import render
from fargate_stacks.core.stack import App, Stack
from fargate_stacks.core.template import Template
from fargate_stacks.core.values import sub
from fargate_stacks.errors import SpecError

VPC = Vpc("Net")


def template(cluster: Cluster, **options: Any) -> Template:
    return render(App([Stack("s", [VPC, cluster], **options)]))["s"]


def properties(cluster: Cluster) -> dict[str, Any]:
    found: dict[str, Any] = template(cluster).resources["MainCluster"]["Properties"]
    return found


def test_a_cluster_is_one_resource() -> None:
    assert [key for key in template(Cluster("Main", vpc=VPC)).resources if key.startswith("Main")] == ["MainCluster"]


def test_the_capacity_providers_stand_on_the_cluster_itself() -> None:
    found = properties(Cluster("Main", vpc=VPC))
    assert found["CapacityProviders"] == ["FARGATE", "FARGATE_SPOT"]
    assert found["DefaultCapacityProviderStrategy"] == [{"CapacityProvider": "FARGATE", "Weight": 1}]


def test_container_insights_are_on_by_default() -> None:
    setting = {"Name": "containerInsights", "Value": "enabled"}
    assert properties(Cluster("Main", vpc=VPC))["ClusterSettings"] == [setting]


@pytest.mark.parametrize("insights", ["enabled", "enhanced", "disabled"])
def test_container_insights_are_always_written_out(insights: Any) -> None:
    found = properties(Cluster("Main", vpc=VPC, insights=insights))
    assert found["ClusterSettings"] == [{"Name": "containerInsights", "Value": insights}]


def test_its_services_ask_for_providers() -> None:
    assert Cluster("Main", vpc=VPC).capacity == "providers"


def test_name_and_arn_are_known_after_deployment() -> None:
    cluster = Cluster("Main", vpc=VPC)
    outputs = {"Name": cluster.cluster_name, "Arn": sub("{arn}", arn=cluster.cluster_arn)}
    found = template(cluster, outputs=outputs).outputs
    assert found["Name"] == {"Value": {"Ref": "MainCluster"}}
    assert found["Arn"] == {"Value": {"Fn::Sub": "${MainCluster.Arn}"}}


def test_what_users_of_other_tools_try_is_answered() -> None:
    with pytest.raises(SpecError) as caught:
        Cluster("Main", vpc=VPC, container_insights=True)  # type: ignore[call-arg]
    assert str(caught.value) == (
        'Cluster "Main": container_insights is called insights: "enabled", "enhanced" or "disabled"'
    )


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("insights", ["enabled", "enhanced", "disabled"])
def test_no_linter_has_anything_to_say(engine: str, insights: Any) -> None:
    found = ENGINES[engine]({"s": template(Cluster("Main", vpc=VPC, insights=insights))})
    assert [one for one in found if one.severity != "info"] == []
