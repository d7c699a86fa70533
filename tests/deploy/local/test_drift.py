"""Drift: what somebody changed beside CloudFormation, through each service's own calls."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.deploy.local.facts import cfn, fact, guide
from tests.deploy.local.services import balanced, definition
from tests.deploy.local.templates import parameter, queue, template, wait
from tests.localcloud import Cloud


def whole() -> dict[str, Any]:
    """Give a service behind a load balancer, with what else may drift."""
    body = balanced(definition({"HealthCheck": {"Ref": "AWS::NoValue"}}), DesiredCount=2, EnableExecuteCommand=False)
    resources = body["Resources"]
    resources["Vpc"]["Properties"] |= {"EnableDnsHostnames": True, "Tags": [{"Key": "team", "Value": "shop"}]}
    resources["Main"]["Properties"]["ClusterSettings"] = [{"Name": "containerInsights", "Value": "enabled"}]
    resources["Balancer"]["Properties"]["LoadBalancerAttributes"] = [
        {"Key": "idle_timeout.timeout_seconds", "Value": "60"}
    ]
    # attached to a group that has rules of its own
    resources["Also"] = {
        "Type": "AWS::EC2::SecurityGroupIngress",
        "Properties": {
            "GroupId": {"Ref": "Door"},
            "IpProtocol": "tcp",
            "FromPort": 443,
            "ToPort": 443,
            "CidrIp": "10.0.0.0/8",
        },
    }
    resources["Rule"] = {
        "Type": "AWS::ElasticLoadBalancingV2::ListenerRule",
        "Properties": {
            "ListenerArn": {"Ref": "Listener"},
            "Priority": 10,
            "Conditions": [{"Field": "path-pattern", "Values": ["/a"]}],
            "Actions": [{"Type": "forward", "TargetGroupArn": {"Ref": "Targets"}}],
        },
    }
    resources["Bounds"] = {
        "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
        "Properties": {
            "ServiceNamespace": "ecs",
            "ScalableDimension": "ecs:service:DesiredCount",
            "ResourceId": {"Fn::Sub": "service/${Main}/${Web.Name}"},
            "MinCapacity": 2,
            "MaxCapacity": 4,
        },
    }
    resources["Alarm"] = {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "Namespace": "AWS/ECS",
            "MetricName": "CPUUtilization",
            "Statistic": "Average",
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": 80,
            "Period": 60,
            "EvaluationPeriods": 3,
        },
    }
    return body


def detected(cloud: Cloud, stack: str = "s", **only: Any) -> Any:
    """Let drift be detected to the end, and give how it ended."""
    api = cloud.api("cloudformation")
    found = api.detect_stack_drift(StackName=stack, **only)["StackDriftDetectionId"]
    end = time.monotonic() + 10
    while True:
        told = api.describe_stack_drift_detection_status(StackDriftDetectionId=found)
        if told["DetectionStatus"] != "DETECTION_IN_PROGRESS":
            return told
        assert time.monotonic() < end
        time.sleep(0.01)


def drifts(cloud: Cloud, *statuses: str) -> dict[str, Any]:
    found = cloud.api("cloudformation").describe_stack_resource_drifts(
        StackName="s", StackResourceDriftStatusFilters=list(statuses) or ["MODIFIED", "DELETED"]
    )
    return {one["LogicalResourceId"]: one for one in found["StackResourceDrifts"]}


def differences(one: Any) -> list[tuple[str, str, str, str]]:
    return [
        (diff["PropertyPath"], diff["ExpectedValue"], diff["ActualValue"], diff["DifferenceType"])
        for diff in one.get("PropertyDifferences", ())
    ]


def test_what_was_deployed_is_in_sync(cloud: Cloud) -> None:
    assert cloud.create("s", whole())["StackStatus"] == "CREATE_COMPLETE"
    told = detected(cloud)
    found = drifts(cloud, "MODIFIED", "DELETED", "UNKNOWN")
    assert {name: differences(one) for name, one in found.items()} == {}
    assert (told["StackDriftStatus"], told["DriftedStackResourceCount"]) == ("IN_SYNC", 0)
    looked_at = {one["ResourceType"] for one in drifts(cloud, "IN_SYNC").values()}
    assert {kind for kind in looked_at if kind.split("::")[1] in ("ECS", "EC2", "ElasticLoadBalancingV2")} == {
        "AWS::EC2::InternetGateway",
        "AWS::EC2::Route",
        "AWS::EC2::RouteTable",
        "AWS::EC2::SecurityGroup",
        "AWS::EC2::SecurityGroupIngress",
        "AWS::EC2::Subnet",
        "AWS::EC2::VPC",
        "AWS::ECS::Cluster",
        "AWS::ECS::Service",
        "AWS::ECS::TaskDefinition",
        "AWS::ElasticLoadBalancingV2::Listener",
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "AWS::ElasticLoadBalancingV2::TargetGroup",
    }


Change = Callable[[Cloud, Mapping[str, str]], Any]

CHANGES: dict[str, tuple[str, Change, tuple[str, str, str, str]]] = {
    "a service's count": (
        "Web",
        lambda cloud, ids: cloud.api("ecs").update_service(cluster=ids["Main"], service=ids["Web"], desiredCount=3),
        ("/DesiredCount", "2", "3", "NOT_EQUAL"),
    ),
    "a service's ECS Exec": (
        "Web",
        lambda cloud, ids: cloud.api("ecs").update_service(
            cluster=ids["Main"], service=ids["Web"], enableExecuteCommand=True
        ),
        ("/EnableExecuteCommand", "false", "true", "NOT_EQUAL"),
    ),
    "a cluster's settings": (
        "Main",
        lambda cloud, ids: cloud.api("ecs").update_cluster_settings(
            cluster=ids["Main"], settings=[{"name": "containerInsights", "value": "disabled"}]
        ),
        ("/ClusterSettings/0/Value", "enabled", "disabled", "NOT_EQUAL"),
    ),
    "an attribute of a load balancer": (
        "Balancer",
        lambda cloud, ids: cloud.api("elbv2").modify_load_balancer_attributes(
            LoadBalancerArn=ids["Balancer"], Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": "90"}]
        ),
        ("/LoadBalancerAttributes/0/Value", "60", "90", "NOT_EQUAL"),
    ),
    "a health check": (
        "Targets",
        lambda cloud, ids: cloud.api("elbv2").modify_target_group(
            TargetGroupArn=ids["Targets"], HealthCheckIntervalSeconds=25
        ),
        ("/HealthCheckIntervalSeconds", "10", "25", "NOT_EQUAL"),
    ),
    "the port of a listener": (
        "Listener",
        lambda cloud, ids: cloud.api("elbv2").modify_listener(ListenerArn=ids["Listener"], Port=8080),
        ("/Port", "80", "8080", "NOT_EQUAL"),
    ),
    "the condition of a rule": (
        "Rule",
        lambda cloud, ids: cloud.api("elbv2").modify_rule(
            RuleArn=ids["Rule"], Conditions=[{"Field": "path-pattern", "Values": ["/b"]}]
        ),
        ("/Conditions/0/Values/0", "/a", "/b", "NOT_EQUAL"),
    ),
    "the names of a network": (
        "Vpc",
        lambda cloud, ids: cloud.api("ec2").modify_vpc_attribute(VpcId=ids["Vpc"], EnableDnsHostnames={"Value": False}),
        ("/EnableDnsHostnames", "true", "false", "NOT_EQUAL"),
    ),
    "a tag": (
        "Vpc",
        lambda cloud, ids: cloud.api("ec2").create_tags(Resources=[ids["Vpc"]], Tags=[{"Key": "team", "Value": "pay"}]),
        ("/Tags/0/Value", "shop", "pay", "NOT_EQUAL"),
    ),
    "a rule that somebody added": (
        "Door",
        lambda cloud, ids: cloud.api("ec2").authorize_security_group_ingress(
            GroupId=ids["Door"],
            IpPermissions=[{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
        ),
        (
            "/SecurityGroupIngress/1",
            "null",
            '{"CidrIp": "0.0.0.0/0", "FromPort": 22, "IpProtocol": "tcp", "ToPort": 22}',
            "ADD",
        ),
    ),
    "the bounds of scaling": (
        "Bounds",
        lambda cloud, ids: cloud.api("application-autoscaling").register_scalable_target(
            ServiceNamespace="ecs",
            ScalableDimension="ecs:service:DesiredCount",
            ResourceId=ids["Bounds"].partition("|")[0],
            MaxCapacity=9,
        ),
        ("/MaxCapacity", "4", "9", "NOT_EQUAL"),
    ),
    "the threshold of an alarm": (
        "Alarm",
        lambda cloud, ids: cloud.api("cloudwatch").put_metric_alarm(
            AlarmName=ids["Alarm"],
            Namespace="AWS/ECS",
            MetricName="CPUUtilization",
            Statistic="Average",
            ComparisonOperator="GreaterThanThreshold",
            Threshold=95,
            Period=60,
            EvaluationPeriods=3,
        ),
        ("/Threshold", "80", "95", "NOT_EQUAL"),
    ),
}


@fact(
    "drift is told by property: path, expected and actual value, kind of difference", source=cfn("PropertyDifference")
)
@pytest.mark.parametrize("what", CHANGES)
def test_a_change_beside_cloudformation_is_told_by_property(cloud: Cloud, what: str) -> None:
    name, change, difference = CHANGES[what]
    cloud.create("s", whole())
    change(cloud, cloud.physical("s"))
    told = detected(cloud)
    assert (told["StackDriftStatus"], told["DriftedStackResourceCount"]) == ("DRIFTED", 1)
    assert {one: differences(found) for one, found in drifts(cloud).items()} == {name: [difference]}


@fact(
    "a resource that was deleted beside CloudFormation is DELETED, its stack DRIFTED",
    source=cfn("StackResourceDrift.StackResourceDriftStatus"),
)
def test_what_somebody_deleted_is_told(cloud: Cloud) -> None:
    cloud.create("s", whole())
    cloud.api("elbv2").delete_rule(RuleArn=cloud.physical("s")["Rule"])
    assert detected(cloud)["StackDriftStatus"] == "DRIFTED"
    assert {name: one["StackResourceDriftStatus"] for name, one in drifts(cloud).items()} == {"Rule": "DELETED"}


@fact("a resource whose type does not support drift detection is NOT_CHECKED", source=guide("using-cfn-stack-drift"))
def test_a_type_that_cannot_be_looked_at_counts_for_nothing(cloud: Cloud) -> None:
    handle = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
    cloud.create("s", template(A=parameter(), H=handle))
    assert detected(cloud)["StackDriftStatus"] == "IN_SYNC"
    assert drifts(cloud, "IN_SYNC").keys() == {"A"}
    found = cloud.api("cloudformation").describe_stack_resources(StackName="s", LogicalResourceId="H")
    assert found["StackResources"][0]["DriftInformation"]["StackResourceDriftStatus"] == "NOT_CHECKED"


@fact("only properties that the template sets drift", source=guide("using-cfn-stack-drift"))
def test_what_the_template_does_not_set_does_not_drift(cloud: Cloud) -> None:
    cloud.create("s", template(Q=queue()))
    url = cloud.physical("s")["Q"]
    cloud.api("sqs").set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "9"})
    assert detected(cloud)["StackDriftStatus"] == "IN_SYNC"


@fact(
    "DetectStackResourceDrift looks at one resource, expected and actual properties as JSON",
    source=cfn("DetectStackResourceDrift"),
)
def test_one_resource_is_looked_at_alone(cloud: Cloud) -> None:
    cloud.create("s", template(A=parameter("1"), B=parameter("1")))
    cloud.api("ssm").put_parameter(Name=cloud.physical("s")["A"], Value="2", Overwrite=True)
    api = cloud.api("cloudformation")
    told = api.detect_stack_resource_drift(StackName="s", LogicalResourceId="A")["StackResourceDrift"]
    assert differences(told) == [("/Value", "1", "2", "NOT_EQUAL")]
    assert json.loads(told["ExpectedProperties"])["Value"] == "1"
    assert json.loads(told["ActualProperties"])["Value"] == "2"
    assert drifts(cloud, "IN_SYNC", "MODIFIED").keys() == {"A"}


@fact("LogicalResourceIds bounds a detection", source=cfn("DetectStackDriftInput.LogicalResourceIds"))
def test_a_detection_may_be_of_some_resources(cloud: Cloud) -> None:
    cloud.create("s", template(A=parameter("1"), B=parameter("1")))
    for name in "AB":
        cloud.api("ssm").put_parameter(Name=cloud.physical("s")[name], Value="2", Overwrite=True)
    assert detected(cloud, LogicalResourceIds=["A"])["DriftedStackResourceCount"] == 1


@fact("DescribeStacks tells when drift was last looked for", source=cfn("StackDriftInformation.LastCheckTimestamp"))
def test_a_stack_keeps_how_it_was_found(cloud: Cloud) -> None:
    cloud.create("s", template(A=parameter("1")))
    api = cloud.api("cloudformation")
    [stack] = api.describe_stacks(StackName="s")["Stacks"]
    assert stack["DriftInformation"] == {"StackDriftStatus": "NOT_CHECKED"}
    detected(cloud)
    [stack] = api.describe_stacks(StackName="s")["Stacks"]
    assert stack["DriftInformation"]["StackDriftStatus"] == "IN_SYNC"
    assert stack["DriftInformation"]["LastCheckTimestamp"]


@fact(
    "a detection is DETECTION_IN_PROGRESS until it is complete",
    source=cfn("DescribeStackDriftDetectionStatusOutput.DetectionStatus"),
)
def test_a_detection_takes_a_while(cloud: Cloud) -> None:
    cloud.create("s", template(**{f"P{number}": parameter() for number in range(3)}))
    api = cloud.api("cloudformation")
    from fargate_stacks.deploy.local.stacks.durations import CLOCK

    CLOCK.speed = 20
    try:
        found = api.detect_stack_drift(StackName="s")["StackDriftDetectionId"]
        told = api.describe_stack_drift_detection_status(StackDriftDetectionId=found)
    finally:
        CLOCK.speed = 0
    assert told["DetectionStatus"] == "DETECTION_IN_PROGRESS" and "DriftedStackResourceCount" not in told


def test_a_stack_that_is_busy_is_not_looked_at(cloud: Cloud) -> None:
    cloud.api("cloudformation").create_stack(StackName="s", TemplateBody=json.dumps(template(**wait())))
    with pytest.raises(ClientError) as caught:
        cloud.api("cloudformation").detect_stack_drift(StackName="s")
    assert caught.value.response["Error"]["Code"] == "ValidationError"
    cloud.delete("s")
