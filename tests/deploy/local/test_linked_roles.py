"""Service-linked roles: missing in a fresh account, made at the first use of a service, or by request."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from fargate_stacks.deploy.local.ready_made import READY_MADE
from tests.deploy.local.facts import ecs_guide, fact, thread
from tests.deploy.local.services import platform
from tests.deploy.local.templates import reason, template
from tests.localcloud import Cloud

CLUSTER = template(Main={"Type": "AWS::ECS::Cluster"})


def roles(cloud: Cloud) -> set[str]:
    found = cloud.api("iam").list_roles(PathPrefix="/aws-service-role/")["Roles"]
    return {one["RoleName"] for one in found}


def test_a_fresh_account_has_none(cloud: Cloud) -> None:
    assert roles(cloud) == set()
    with pytest.raises(ClientError) as caught:
        cloud.api("iam").get_role(RoleName="AWSServiceRoleForECS")
    assert caught.value.response["Error"]["Code"] == "NoSuchEntity"


@pytest.mark.parametrize(
    ("service", "name"),
    [
        ("ecs.amazonaws.com", "AWSServiceRoleForECS"),
        ("elasticloadbalancing.amazonaws.com", "AWSServiceRoleForElasticLoadBalancing"),
        ("ecs.application-autoscaling.amazonaws.com", "AWSServiceRoleForApplicationAutoScaling_ECSService"),
        ("rds.amazonaws.com", "AWSServiceRoleForRDS"),
        ("elasticache.amazonaws.com", "AWSServiceRoleForElastiCache"),
    ],
)
def test_a_role_has_the_name_and_the_path_of_its_service(cloud: Cloud, service: str, name: str) -> None:
    made = cloud.api("iam").create_service_linked_role(AWSServiceName=service)["Role"]
    assert (made["RoleName"], made["Path"]) == (name, f"/aws-service-role/{service}/")
    assert made["Arn"] == f"arn:aws:iam::{cloud.account}:role/aws-service-role/{service}/{name}"
    assert cloud.api("iam").get_role(RoleName=name)["Role"]["Arn"] == made["Arn"]


def test_roles_of_services_that_begin_alike_do_not_collide(cloud: Cloud) -> None:
    iam = cloud.api("iam")
    for service in ("ecs.amazonaws.com", "ecs.application-autoscaling.amazonaws.com"):
        iam.create_service_linked_role(AWSServiceName=service)
    assert roles(cloud) == {"AWSServiceRoleForECS", "AWSServiceRoleForApplicationAutoScaling_ECSService"}


@fact("CreateServiceLinkedRole refuses a role that is there", source="botocore iam CreateServiceLinkedRole")
def test_a_role_is_made_once(cloud: Cloud) -> None:
    iam = cloud.api("iam")
    iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com")
    with pytest.raises(ClientError, match="Service role name AWSServiceRoleForECS has been taken in this account"):
        iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com")


def test_a_role_can_be_deleted(cloud: Cloud) -> None:
    iam = cloud.api("iam")
    iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com")
    iam.delete_service_linked_role(RoleName="AWSServiceRoleForECS")
    assert roles(cloud) == set()


@fact(
    "ECS makes its service-linked role when the first cluster is created",
    source=ecs_guide("using-service-linked-roles"),
)
def test_the_first_cluster_makes_the_role_of_ecs(cloud: Cloud) -> None:
    cloud.create("s", CLUSTER)
    assert roles(cloud) == {"AWSServiceRoleForECS"}
    cloud.delete("s")
    assert roles(cloud) == {"AWSServiceRoleForECS"}


def test_a_call_makes_it_too(cloud: Cloud) -> None:
    cloud.api("ecs").create_cluster(clusterName="mine")
    assert roles(cloud) == {"AWSServiceRoleForECS"}


def test_each_service_makes_its_own(cloud: Cloud) -> None:
    from tests.deploy.local.test_drift import whole

    cloud.create("s", whole())
    assert roles(cloud) == {
        "AWSServiceRoleForECS",
        "AWSServiceRoleForElasticLoadBalancing",
        "AWSServiceRoleForApplicationAutoScaling_ECSService",
    }


def fresh(cloud: Cloud) -> None:
    scenario: Any = READY_MADE["fresh-account"][1]
    cloud.play(**scenario)


@fact(
    'in a fresh account the first cluster may fail: "Unable to assume the service linked role"',
    source=thread("aws-samples/run-selenium-tests-at-scale-using-ecs-fargate", 2),
)
def test_in_a_fresh_account_the_first_cluster_fails_and_the_second_does_not(cloud: Cloud) -> None:
    fresh(cloud)
    assert cloud.create("s", platform())["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "Unable to assume the service linked role" in reason(cloud, "s", "Main", "CREATE_FAILED")
    cloud.delete("s")
    assert cloud.create("s", platform())["StackStatus"] == "CREATE_COMPLETE"


def test_whoever_makes_the_role_before_sees_no_failure(cloud: Cloud) -> None:
    fresh(cloud)
    cloud.api("iam").create_service_linked_role(AWSServiceName="ecs.amazonaws.com")
    assert cloud.create("s", CLUSTER)["StackStatus"] == "CREATE_COMPLETE"
