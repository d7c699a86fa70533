"""Deletion protection of log groups and of EKS clusters."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.deploy.local.facts import fact
from tests.deploy.local.templates import reason, template
from tests.localcloud import Cloud


def group(protected: bool, **more: Any) -> dict[str, Any]:
    properties = {"LogGroupName": "/app", "DeletionProtectionEnabled": protected, **more}
    return template(Log={"Type": "AWS::Logs::LogGroup", "Properties": properties})


def told(cloud: Cloud) -> Any:
    [found] = cloud.api("logs").describe_log_groups(logGroupNamePrefix="/app")["logGroups"]
    return found["deletionProtectionEnabled"]


@fact(
    "a log group under deletion protection is not deleted until it is off",
    source="botocore logs PutLogGroupDeletionProtection",
)
def test_a_protected_log_group_stays(cloud: Cloud) -> None:
    cloud.create("s", group(True))
    assert told(cloud) is True
    assert cloud.delete("s")["StackStatus"] == "DELETE_FAILED"
    assert "deletion protection is enabled" in reason(cloud, "s", "Log", "DELETE_FAILED")
    cloud.api("logs").put_log_group_deletion_protection(logGroupIdentifier="/app", deletionProtectionEnabled=False)
    assert cloud.delete("s")["StackStatus"] == "DELETE_COMPLETE"


def test_its_protection_goes_by_an_update(cloud: Cloud) -> None:
    cloud.create("s", group(True))
    assert cloud.update("s", group(False, RetentionInDays=7))["StackStatus"] == "UPDATE_COMPLETE"
    assert told(cloud) is False
    assert cloud.delete("s")["StackStatus"] == "DELETE_COMPLETE"


def test_the_call_is_refused_too(cloud: Cloud) -> None:
    logs = cloud.api("logs")
    logs.create_log_group(logGroupName="/app", deletionProtectionEnabled=True)
    with pytest.raises(ClientError) as caught:
        logs.delete_log_group(logGroupName="/app")
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    assert told(cloud) is True


def test_a_log_group_that_is_not_there_cannot_be_protected(cloud: Cloud) -> None:
    with pytest.raises(ClientError) as caught:
        cloud.api("logs").put_log_group_deletion_protection(logGroupIdentifier="/none", deletionProtectionEnabled=True)
    assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"


@fact(
    "an EKS cluster under deletion protection is not deleted",
    source="botocore eks CreateClusterRequest.deletionProtection",
)
def test_a_protected_cluster_stays(cloud: Cloud) -> None:
    def body(protected: bool) -> dict[str, Any]:
        properties = {
            "Name": "pods",
            "RoleArn": f"arn:aws:iam::{cloud.account}:role/eks",
            "ResourcesVpcConfig": {"SubnetIds": ["subnet-1", "subnet-2"]},
            "DeletionProtection": protected,
        }
        return template(Pods={"Type": "AWS::EKS::Cluster", "Properties": properties})

    cloud.create("s", body(True))
    assert cloud.delete("s")["StackStatus"] == "DELETE_FAILED"
    assert "deletion protection" in reason(cloud, "s", "Pods", "DELETE_FAILED")
