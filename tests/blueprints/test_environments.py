"""What `multi_env` makes of each environment, and that it refuses the wrong account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from fargate_stacks import App, Template, render
from fargate_stacks.deploy.client import connect, local_api
from fargate_stacks.deploy.engine import deploy
from fargate_stacks.testing import load_app
from tests.blueprints.catalog import FOLDER
from tests.localcloud import Cloud

FILE = str(FOLDER / "multi_env.py")
STAGES = ("dev", "stage", "prod")


def app(stage: str) -> App:
    return load_app(FILE, {"stage": stage})


def templates(stage: str) -> Mapping[str, Template]:
    return render(app(stage))


def one(stage: str, stack: str, kind: str) -> dict[str, Any]:
    resources = templates(stage)[f"shop-{stage}-{stack}"].resources.values()
    found: dict[str, Any] = next(body["Properties"] for body in resources if body["Type"] == kind)
    return found


def count(stage: str, kind: str) -> int:
    bodies = [body for each in templates(stage).values() for body in each.resources.values()]
    return sum(body["Type"] == kind for body in bodies)


@pytest.mark.parametrize(
    ("stage", "cpu", "most", "capacity", "databases", "gateways"),
    [("dev", "256", 2, 1, 1, 0), ("stage", "512", 4, 2, 1, 1), ("prod", "1024", 24, 32, 2, 3)],
)
def test_sizes_are_the_environments(
    stage: str, cpu: str, most: int, capacity: float, databases: int, gateways: int
) -> None:
    assert one(stage, "services", "AWS::ECS::TaskDefinition")["Cpu"] == cpu
    assert one(stage, "services", "AWS::ApplicationAutoScaling::ScalableTarget")["MaxCapacity"] == most
    assert one(stage, "data", "AWS::RDS::DBCluster")["ServerlessV2ScalingConfiguration"]["MaxCapacity"] == capacity
    assert count(stage, "AWS::RDS::DBInstance") == databases
    assert count(stage, "AWS::EC2::NatGateway") == gateways


def test_each_environment_has_its_account_and_region() -> None:
    found = {stage: {(each.account, each.region) for each in app(stage).stacks} for stage in STAGES}
    assert found == {
        "dev": {(None, None)},
        "stage": {("222222222222", "eu-west-1")},
        "prod": {("333333333333", "eu-west-1")},
    }


def test_the_stacks_of_all_environments_have_the_same_constructs() -> None:
    kinds = [[type(member) for stack in app(stage).stacks for member in stack.flat()] for stage in STAGES]
    assert kinds[0] == kinds[1] == kinds[2]


def test_roles_of_production_are_bounded_by_the_accounts_policy() -> None:
    boundary = one("prod", "services", "AWS::IAM::Role")["PermissionsBoundary"]
    assert boundary == {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/applications"}
    assert "PermissionsBoundary" not in one("dev", "services", "AWS::IAM::Role")


def test_an_environment_that_is_none_is_refused() -> None:
    with pytest.raises(Exception, match="stage"):
        app("test")


def test_production_runs_in_its_account_and_region_on_the_local_cloud(cloud: Cloud) -> None:
    def api(service: str) -> Any:
        return local_api(service, cloud.endpoint_url, region="eu-west-1", account="333333333333")

    api("iam").create_policy(
        PolicyName="applications",
        PolicyDocument='{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}',
    )
    whole = templates("prod")
    client = connect(endpoint_url=cloud.endpoint_url)
    deploy(whole, client, out=lambda _: None, ask=lambda _: True)
    stacks = api("cloudformation").describe_stacks()["Stacks"]
    assert {each["StackName"] for each in stacks} == set(whole)
    # what is protected is so from a second update on
    assert {each["StackStatus"] for each in stacks} == {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
    assert {each["EnableTerminationProtection"] for each in stacks} == {True}
    [cluster] = api("ecs").list_clusters()["clusterArns"]
    [service] = api("ecs").list_services(cluster=cluster)["serviceArns"]
    [found] = api("ecs").describe_services(cluster=cluster, services=[service])["services"]
    assert found["runningCount"] == found["desiredCount"]
    assert cloud.api("cloudformation").describe_stacks()["Stacks"] == []
