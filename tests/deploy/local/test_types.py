"""Resource types over calls of the services, each read back through its own."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.deploy.local.guarded import ATTACHED, VPC, balancer, listener
from tests.deploy.local.templates import reason
from tests.localcloud import Cloud

ROLE = "arn:aws:iam::000000000000:role/none"


def made(cloud: Cloud, **resources: Any) -> dict[str, str]:
    stack = cloud.create("s", {"Resources": resources})
    failed = [one.get("ResourceStatusReason") for one in cloud.history("s") if "FAILED" in one["ResourceStatus"]]
    assert stack["StackStatus"] == "CREATE_COMPLETE", failed
    return cloud.physical("s")


def gone(cloud: Cloud) -> None:
    assert cloud.delete("s")["StackStatus"] == "DELETE_COMPLETE"


def test_flow_logs(cloud: Cloud) -> None:
    properties = {"ResourceId": {"Ref": "Net"}, "ResourceType": "VPC", "TrafficType": "REJECT", "LogGroupName": "g"}
    tags = [{"Key": "a", "Value": "b"}]
    ids = made(cloud, **VPC, Flow={"Type": "AWS::EC2::FlowLog", "Properties": {**properties, "Tags": tags}})
    [flow] = cloud.api("ec2").describe_flow_logs()["FlowLogs"]
    assert (flow["FlowLogId"], flow["ResourceId"], flow["TrafficType"]) == (ids["Flow"], ids["Net"], "REJECT")
    assert {"Key": "a", "Value": "b"} in flow["Tags"]
    gone(cloud)
    assert cloud.api("ec2").describe_flow_logs()["FlowLogs"] == []


def test_serverless_caches(cloud: Cloud) -> None:
    cache = {
        "Type": "AWS::ElastiCache::ServerlessCache",
        "Properties": {"Engine": "valkey", "ServerlessCacheName": "c"},
    }
    port = {
        "Type": "AWS::SSM::Parameter",
        "Properties": {"Type": "String", "Value": {"Fn::GetAtt": ["Cache", "Endpoint.Port"]}},
    }
    ids = made(cloud, Cache=cache, Port=port)
    [found] = cloud.api("elasticache").describe_serverless_caches()["ServerlessCaches"]
    assert found["ServerlessCacheName"] == ids["Cache"]
    assert cloud.api("ssm").get_parameter(Name=ids["Port"])["Parameter"]["Value"] == "6379"
    gone(cloud)


def test_web_acls_on_load_balancers(cloud: Cloud) -> None:
    acl = {
        "Type": "AWS::WAFv2::WebACL",
        "Properties": {
            "Scope": "REGIONAL",
            "DefaultAction": {"Allow": {}},
            "VisibilityConfig": {
                "SampledRequestsEnabled": True,
                "CloudWatchMetricsEnabled": True,
                "MetricName": "m",
            },
        },
    }
    association = {
        "Type": "AWS::WAFv2::WebACLAssociation",
        "Properties": {"ResourceArn": {"Ref": "Door"}, "WebACLArn": {"Fn::GetAtt": ["Acl", "Arn"]}},
    }
    logs = {
        "Type": "AWS::WAFv2::LoggingConfiguration",
        "Properties": {
            "ResourceArn": {"Fn::GetAtt": ["Acl", "Arn"]},
            "LogDestinationConfigs": ["arn:aws:logs:us-east-1:000000000000:log-group:aws-waf-logs-x"],
        },
    }
    ids = made(cloud, **VPC, **ATTACHED, Door=balancer(), Acl=acl, Guard=association, Logs=logs)
    waf = cloud.api("wafv2")
    found = waf.get_web_acl_for_resource(ResourceArn=ids["Door"])["WebACL"]
    told = waf.get_logging_configuration(ResourceArn=found["ARN"])["LoggingConfiguration"]
    assert told["LogDestinationConfigs"] == ["arn:aws:logs:us-east-1:000000000000:log-group:aws-waf-logs-x"]
    gone(cloud)
    assert waf.list_logging_configurations(Scope="REGIONAL")["LoggingConfigurations"] == []


def test_composite_alarms(cloud: Cloud) -> None:
    alarm = {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "ComparisonOperator": "GreaterThanThreshold",
            "EvaluationPeriods": 1,
            "MetricName": "m",
            "Namespace": "n",
            "Period": 60,
            "Statistic": "Sum",
            "Threshold": 1,
        },
    }
    both = {
        "Type": "AWS::CloudWatch::CompositeAlarm",
        "Properties": {"AlarmRule": {"Fn::Sub": "ALARM(${One})"}, "AlarmDescription": "it"},
    }
    ids = made(cloud, One=alarm, Both=both)
    [found] = cloud.api("cloudwatch").describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert (found["AlarmName"], found["AlarmDescription"]) == (ids["Both"], "it")
    gone(cloud)


def test_capacity_providers_of_a_cluster(cloud: Cloud) -> None:
    association = {
        "Type": "AWS::ECS::ClusterCapacityProviderAssociations",
        "Properties": {
            "Cluster": {"Ref": "Main"},
            "CapacityProviders": ["FARGATE", "FARGATE_SPOT"],
            "DefaultCapacityProviderStrategy": [{"CapacityProvider": "FARGATE_SPOT", "Weight": "1"}],
        },
    }
    ids = made(cloud, Main={"Type": "AWS::ECS::Cluster"}, Providers=association)
    [cluster] = cloud.api("ecs").describe_clusters(clusters=[ids["Main"]])["clusters"]
    assert cluster["capacityProviders"] == ["FARGATE", "FARGATE_SPOT"]
    [strategy] = cluster["defaultCapacityProviderStrategy"]
    assert (strategy["capacityProvider"], strategy["weight"]) == ("FARGATE_SPOT", 1)
    gone(cloud)


def kubernetes() -> dict[str, Any]:
    return {
        "Kube": {
            "Type": "AWS::EKS::Cluster",
            "Properties": {
                "Name": "k",
                "RoleArn": ROLE,
                "ResourcesVpcConfig": {"SubnetIds": [{"Ref": "SubnetA"}, {"Ref": "SubnetB"}]},
            },
        }
    }


def profile(**more: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::EKS::FargateProfile",
        "Properties": {
            "ClusterName": {"Ref": "Kube"},
            "FargateProfileName": "p",
            "PodExecutionRoleArn": ROLE,
            "Selectors": [{"Namespace": "default", "Labels": [{"Key": "a", "Value": "b"}]}],
            "Subnets": [{"Ref": "SubnetA"}],
            "Tags": [{"Key": "a", "Value": "b"}],
            **more,
        },
    }


def test_fargate_profiles(cloud: Cloud) -> None:
    ids = made(cloud, **VPC, **kubernetes(), Pods=profile())
    eks = cloud.api("eks")
    assert eks.list_fargate_profiles(clusterName="k")["fargateProfileNames"] == ["p"]
    found = eks.describe_fargate_profile(clusterName="k", fargateProfileName="p")["fargateProfile"]
    assert found["selectors"] == [{"namespace": "default", "labels": {"a": "b"}}]
    assert (found["status"], found["subnets"], found["tags"]["a"]) == ("ACTIVE", [ids["SubnetA"]], "b")
    assert ids["Pods"] == "k|p"
    gone(cloud)


def test_another_selector_replaces_a_fargate_profile(cloud: Cloud) -> None:
    made(cloud, **VPC, **kubernetes(), Pods=profile())
    other = profile(FargateProfileName="q", Selectors=[{"Namespace": "other"}])
    assert cloud.update("s", {"Resources": {**VPC, **kubernetes(), "Pods": other}})["StackStatus"] == "UPDATE_COMPLETE"
    assert cloud.physical("s")["Pods"] == "k|q"
    assert cloud.api("eks").list_fargate_profiles(clusterName="k")["fargateProfileNames"] == ["q"]


def test_a_fargate_profile_needs_its_cluster(cloud: Cloud) -> None:
    lost = profile(ClusterName="none", Subnets=["subnet-1"])
    cloud.create("s", {"Resources": {"Pods": lost}})
    assert "No cluster found for name: none." in reason(cloud, "s", "Pods", "CREATE_FAILED")


def test_a_fargate_profile_that_is_not_there(cloud: Cloud) -> None:
    with pytest.raises(ClientError) as caught:
        cloud.api("eks").describe_fargate_profile(clusterName="k", fargateProfileName="p")
    assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_add_ons(cloud: Cloud) -> None:
    addon = {"Type": "AWS::EKS::Addon", "Properties": {"ClusterName": {"Ref": "Kube"}, "AddonName": "coredns"}}
    made(cloud, **VPC, **kubernetes(), Dns=addon)
    assert cloud.api("eks").list_addons(clusterName="k")["addons"] == ["coredns"]
    gone(cloud)


def pipeline(**more: Any) -> dict[str, Any]:
    action = {
        "Name": "Source",
        "ActionTypeId": {"Category": "Source", "Owner": "AWS", "Provider": "S3", "Version": "1"},
        "Configuration": {"S3Bucket": "b", "PollForSourceChanges": False},
        "OutputArtifacts": [{"Name": "o"}],
    }
    return {
        "Type": "AWS::CodePipeline::Pipeline",
        "Properties": {
            "RoleArn": ROLE,
            "ArtifactStore": {"Type": "S3", "Location": "b"},
            "Stages": [{"Name": "Source", "Actions": [action]}],
            **more,
        },
    }


def test_pipelines(cloud: Cloud) -> None:
    ids = made(cloud, Line=pipeline(PipelineType="V2"))
    api = cloud.api("codepipeline")
    found = api.get_pipeline(name=ids["Line"])["pipeline"]
    assert (found["version"], found["pipelineType"], found["artifactStore"]) == (
        1,
        "V2",
        {"type": "S3", "location": "b"},
    )
    assert found["stages"][0]["actions"][0]["configuration"] == {"S3Bucket": "b", "PollForSourceChanges": "False"}
    assert [one["name"] for one in api.list_pipelines()["pipelines"]] == [ids["Line"]]
    cloud.update("s", {"Resources": {"Line": pipeline(PipelineType="V1")}})
    assert api.get_pipeline(name=ids["Line"])["pipeline"]["version"] == 2
    gone(cloud)
    with pytest.raises(ClientError) as caught:
        api.get_pipeline(name=ids["Line"])
    assert caught.value.response["Error"]["Code"] == "PipelineNotFoundException"


@pytest.mark.parametrize(
    ("kind", "service"),
    [
        ("AWS::CodeStarConnections::Connection", "codestar-connections"),
        ("AWS::CodeConnections::Connection", "codeconnections"),
    ],
)
def test_a_connection_waits_for_a_person(cloud: Cloud, kind: str, service: str) -> None:
    code = {"Type": kind, "Properties": {"ConnectionName": "c", "ProviderType": "GitHub"}}
    ids = made(cloud, Code=code)
    found = cloud.api(service).get_connection(ConnectionArn=ids["Code"])["Connection"]
    assert (found["ConnectionStatus"], found["ProviderType"]) == ("PENDING", "GitHub")
    gone(cloud)
    assert cloud.api(service).list_connections()["Connections"] == []


def test_more_certificates_of_a_listener(cloud: Cloud) -> None:
    arn = "arn:aws:acm:us-east-1:000000000000:certificate/x"
    more = {
        "Type": "AWS::ElasticLoadBalancingV2::ListenerCertificate",
        "Properties": {"ListenerArn": {"Ref": "Http"}, "Certificates": [{"CertificateArn": arn}]},
    }
    ids = made(cloud, **VPC, **ATTACHED, Door=balancer(), Http=listener(), More=more)
    found = cloud.api("elbv2").describe_listener_certificates(ListenerArn=ids["Http"])["Certificates"]
    assert found == [{"CertificateArn": arn, "IsDefault": False}]
    gone(cloud)


def test_trust_stores(cloud: Cloud) -> None:
    store = {
        "Type": "AWS::ElasticLoadBalancingV2::TrustStore",
        "Properties": {"Name": "t", "CaCertificatesBundleS3Bucket": "b", "CaCertificatesBundleS3Key": "k"},
    }
    ids = made(cloud, Trust=store)
    [found] = cloud.api("elbv2").describe_trust_stores(TrustStoreArns=[ids["Trust"]])["TrustStores"]
    assert (found["Name"], found["Status"]) == ("t", "ACTIVE")
    gone(cloud)
    assert cloud.api("elbv2").describe_trust_stores()["TrustStores"] == []


def test_secrets_are_referred_to_by_their_arn(cloud: Cloud) -> None:
    ids = made(cloud, Word={"Type": "AWS::SecretsManager::Secret", "Properties": {"GenerateSecretString": {}}})
    assert cloud.api("secretsmanager").describe_secret(SecretId=ids["Word"])["ARN"] == ids["Word"]


def test_subnets_by_the_id_of_their_zone(cloud: Cloud) -> None:
    subnets = {
        f"Subnet{n}": {
            "Type": "AWS::EC2::Subnet",
            "Properties": {
                "VpcId": {"Ref": "Net"},
                "CidrBlock": f"10.0.{n}.0/24",
                "AvailabilityZoneId": f"use1-az{n}",
            },
        }
        for n in (1, 2)
    }
    made(cloud, Net=VPC["Net"], **subnets)
    found = cloud.api("ec2").describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["false"]}])["Subnets"]
    assert len({one["AvailabilityZone"] for one in found}) == 2
