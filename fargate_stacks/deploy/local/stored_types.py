"""The resource types over the small stores, by the calls that these answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fargate_stacks.deploy.local.types import Type, map_of_tags, part


def _pipeline_of(props: Mapping[str, Any]) -> dict[str, Any]:
    stages = [
        {
            **stage,
            "Actions": [
                {
                    **action,
                    "Configuration": {key: str(value) for key, value in (action.get("Configuration") or {}).items()},
                }
                for action in stage["Actions"]
            ],
        }
        for stage in props["Stages"]
    ]
    kept = {key: value for key, value in props.items() if key != "Tags"}
    return {"pipeline": {**kept, "Stages": stages}, "Tags": props.get("Tags", [])}


TYPES = (
    Type(
        "AWS::CodePipeline::Pipeline",
        "codepipeline",
        "CreatePipeline",
        ("pipeline.name",),
        "DeletePipeline",
        lambda physical_id, props: {"name": physical_id},
        update="UpdatePipeline",
        named="Name",
        attributes={"Version": "pipeline.version"},
        given=_pipeline_of,
    ),
    *(
        Type(
            f"AWS::{space}::Connection",
            service,
            "CreateConnection",
            ("ConnectionArn",),
            "DeleteConnection",
            lambda physical_id, props: {"ConnectionArn": physical_id},
            attributes={"ConnectionArn": "ConnectionArn"},
        )
        for space, service in (
            ("CodeStarConnections", "codestar-connections"),
            ("CodeConnections", "codeconnections"),
        )
    ),
    Type(
        "AWS::EKS::FargateProfile",
        "eks",
        "CreateFargateProfile",
        ("fargateProfile.clusterName", "fargateProfile.fargateProfileName"),
        "DeleteFargateProfile",
        lambda physical_id, props: {"clusterName": part(physical_id, 0), "fargateProfileName": part(physical_id, 1)},
        named="FargateProfileName",
        attributes={"Arn": "fargateProfile.fargateProfileArn"},
        given=lambda props: {
            **map_of_tags(props),
            "Selectors": [
                {**one, "Labels": {label["Key"]: label["Value"] for label in one.get("Labels") or ()}}
                for one in props["Selectors"]
            ],
        },
    ),
    Type(
        "AWS::WAFv2::LoggingConfiguration",
        "wafv2",
        "PutLoggingConfiguration",
        ("=ResourceArn",),
        "DeleteLoggingConfiguration",
        lambda physical_id, props: {"ResourceArn": physical_id},
        update="PutLoggingConfiguration",
        given=lambda props: {"LoggingConfiguration": dict(props)},
    ),
    Type(
        "AWS::ElasticLoadBalancingV2::ListenerCertificate",
        "elbv2",
        "AddListenerCertificates",
        ("=ListenerArn",),
        "RemoveListenerCertificates",
        lambda physical_id, props: {"ListenerArn": props["ListenerArn"], "Certificates": props["Certificates"]},
        update="AddListenerCertificates",
    ),
    Type(
        "AWS::ElasticLoadBalancingV2::TrustStore",
        "elbv2",
        "CreateTrustStore",
        ("TrustStores.0.TrustStoreArn",),
        "DeleteTrustStore",
        lambda physical_id, props: {"TrustStoreArn": physical_id},
        named="Name",
        attributes={
            "TrustStoreArn": "TrustStores.0.TrustStoreArn",
            "Status": "TrustStores.0.Status",
            "NumberOfCaCertificates": "TrustStores.0.NumberOfCaCertificates",
        },
        given=lambda props: {
            "CaCertificatesBundleS3Bucket": props.get("CaCertificatesBundleS3Bucket", "none"),
            "CaCertificatesBundleS3Key": props.get("CaCertificatesBundleS3Key", "none"),
        },
    ),
)
