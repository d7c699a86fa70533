"""Application Auto Scaling, as CloudFormation makes it and its own API describes it."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.deploy.local.facts import fact, scaling
from tests.deploy.local.services import platform
from tests.localcloud import Cloud

RESOURCE = {"Fn::Sub": ["service/${Main}/${Name}", {"Name": {"Fn::GetAtt": ["Web", "Name"]}}]}


def scaled(policy: dict[str, Any] | None = None, **target: Any) -> dict[str, Any]:
    template = platform()
    template["Resources"]["Target"] = {
        "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
        "Properties": {
            "ServiceNamespace": "ecs",
            "ScalableDimension": "ecs:service:DesiredCount",
            "ResourceId": RESOURCE,
            "MinCapacity": 1,
            "MaxCapacity": "4",
            **target,
        },
    }
    template["Resources"]["Policy"] = {
        "Type": "AWS::ApplicationAutoScaling::ScalingPolicy",
        "Properties": {
            "PolicyName": "cpu",
            "PolicyType": "TargetTrackingScaling",
            "ScalingTargetId": {"Ref": "Target"},
            "TargetTrackingScalingPolicyConfiguration": {
                "TargetValue": "60",
                "ScaleInCooldown": 300,
                "DisableScaleIn": "false",
                "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
            },
            **(policy or {}),
        },
    }
    return template


def targets(cloud: Cloud) -> Any:
    return cloud.api("application-autoscaling").describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]


def policies(cloud: Cloud) -> Any:
    return cloud.api("application-autoscaling").describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]


def test_a_target_is_described(cloud: Cloud) -> None:
    cloud.create("web", scaled())
    [target] = targets(cloud)
    ids = cloud.physical("web")
    assert target["ResourceId"] == f"service/{ids['Main']}/{ids['Web'].rpartition('/')[2]}"
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 4)
    assert target["RoleARN"].endswith("/AWSServiceRoleForApplicationAutoScaling_ECSService")


def test_the_reference_of_a_target_is_what_it_scales(cloud: Cloud) -> None:
    cloud.create("web", scaled())
    ids = cloud.physical("web")
    name = ids["Web"].rpartition("/")[2]
    assert ids["Target"] == f"service/{ids['Main']}/{name}|ecs:service:DesiredCount|ecs"


def test_a_policy_is_described_with_numbers(cloud: Cloud) -> None:
    cloud.create("web", scaled())
    [policy] = policies(cloud)
    assert policy["PolicyARN"] == cloud.physical("web")["Policy"]
    assert policy["TargetTrackingScalingPolicyConfiguration"] == {
        "TargetValue": 60.0,
        "ScaleInCooldown": 300,
        "DisableScaleIn": False,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
    }


@fact("target tracking makes two alarms", source=scaling("ScalingPolicy.Alarms"))
def test_target_tracking_has_two_alarms(cloud: Cloud) -> None:
    cloud.create("web", scaled())
    names = [alarm["AlarmName"] for alarm in policies(cloud)[0]["Alarms"]]
    assert ["AlarmHigh" in name for name in names] == [True, False]


def test_a_policy_may_say_itself_what_it_scales(cloud: Cloud) -> None:
    place = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount", "ResourceId": RESOURCE}
    template = scaled()
    policy = template["Resources"]["Policy"]
    del policy["Properties"]["ScalingTargetId"]
    policy["Properties"] |= place
    policy["DependsOn"] = "Target"
    assert cloud.create("web", template)["StackStatus"] == "CREATE_COMPLETE"
    assert policies(cloud)[0]["ResourceId"] == targets(cloud)[0]["ResourceId"]


@fact("a target that is registered again changes in place", source=scaling("RegisterScalableTarget"))
def test_bounds_change_in_place(cloud: Cloud) -> None:
    cloud.create("web", scaled())
    before = targets(cloud)[0]["ScalableTargetARN"]
    cloud.update("web", scaled(MaxCapacity=9))
    assert (targets(cloud)[0]["ScalableTargetARN"], targets(cloud)[0]["MaxCapacity"]) == (before, 9)


def test_another_value_keeps_the_policy(cloud: Cloud) -> None:
    cloud.create("web", scaled())
    before = cloud.physical("web")["Policy"]
    tracking = {
        "TargetValue": 50,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageMemoryUtilization"},
    }
    cloud.update("web", scaled({"TargetTrackingScalingPolicyConfiguration": tracking}))
    assert cloud.physical("web")["Policy"] == before
    assert policies(cloud)[0]["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 50.0


def test_another_name_replaces_the_policy(cloud: Cloud) -> None:
    cloud.create("web", scaled())
    before = cloud.physical("web")["Policy"]
    cloud.update("web", scaled({"PolicyName": "other"}))
    assert cloud.physical("web")["Policy"] != before
    assert [policy["PolicyName"] for policy in policies(cloud)] == ["other"]


def test_scheduled_actions_come_and_go(cloud: Cloud) -> None:
    api = cloud.api("application-autoscaling")

    def actions() -> Any:
        return api.describe_scheduled_actions(ServiceNamespace="ecs")["ScheduledActions"]

    night = {
        "ScheduledActionName": "night",
        "Schedule": "cron(0 22 * * ? *)",
        "Timezone": "Asia/Seoul",
        "ScalableTargetAction": {"MinCapacity": 0, "MaxCapacity": "1"},
    }
    cloud.create("web", scaled(ScheduledActions=[night]))
    assert [(one["Schedule"], one["ScalableTargetAction"]) for one in actions()] == [
        ("cron(0 22 * * ? *)", {"MinCapacity": 0, "MaxCapacity": 1})
    ]
    cloud.update("web", scaled())
    assert actions() == []


def test_tags_are_listed(cloud: Cloud) -> None:
    cloud.create("web", scaled(Tags=[{"Key": "a", "Value": "b"}]))
    api = cloud.api("application-autoscaling")
    arn = targets(cloud)[0]["ScalableTargetARN"]
    assert api.list_tags_for_resource(ResourceARN=arn)["Tags"]["a"] == "b"
    api.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert "a" not in api.list_tags_for_resource(ResourceARN=arn)["Tags"]


def test_nothing_is_left_when_the_stack_is_gone(cloud: Cloud) -> None:
    cloud.create("web", scaled())
    cloud.delete("web")
    assert (targets(cloud), policies(cloud)) == ([], [])


def test_a_target_needs_its_service(cloud: Cloud) -> None:
    cloud.create("web", scaled(ResourceId="service/none/none"))
    reasons = [one.get("ResourceStatusReason", "") for one in cloud.history("web")]
    assert any("ECS service doesn't exist: service/none/none" in reason for reason in reasons)


@fact("a policy needs its scalable target: ObjectNotFoundException", source=scaling("PutScalingPolicy"))
def test_a_policy_needs_its_target(cloud: Cloud) -> None:
    with pytest.raises(ClientError, match="No scalable target registered for service namespace: ecs") as caught:
        cloud.api("application-autoscaling").put_scaling_policy(
            PolicyName="p",
            ServiceNamespace="ecs",
            ResourceId="service/a/b",
            ScalableDimension="ecs:service:DesiredCount",
            PolicyType="StepScaling",
        )
    assert caught.value.response["Error"]["Code"] == "ObjectNotFoundException"


@fact("MinCapacity is not more than MaxCapacity", source=scaling("RegisterScalableTargetRequest.MinCapacity"))
def test_the_least_may_not_be_more_than_the_most(cloud: Cloud) -> None:
    with pytest.raises(ClientError, match="Maximum capacity cannot be less than minimum capacity"):
        cloud.api("application-autoscaling").register_scalable_target(
            ServiceNamespace="ecs",
            ResourceId="service/a/b",
            ScalableDimension="ecs:service:DesiredCount",
            MinCapacity=2,
            MaxCapacity=1,
        )


def test_descriptions_come_in_pages(cloud: Cloud) -> None:
    cloud.create("web", scaled())
    api = cloud.api("application-autoscaling")
    [target] = targets(cloud)
    place = {name: target[name] for name in ("ServiceNamespace", "ResourceId", "ScalableDimension")}
    for number in range(3):
        api.put_scaling_policy(PolicyName=f"more{number}", PolicyType="StepScaling", **place)
    pages = api.get_paginator("describe_scaling_policies").paginate(
        ServiceNamespace="ecs", PaginationConfig={"PageSize": 3}
    )
    assert [len(page["ScalingPolicies"]) for page in pages] == [3, 1]
