"""What a failure in CloudFormation most likely means: each row meets a text of AWS's, and no row meets another's."""

from __future__ import annotations

import re
from typing import Any

import pytest

from fargate_stacks.deploy.stack_hints import TABLE, stack_hints

TEXTS = [
    (
        "AWS::ECS::Service",
        "Error occurred during operation 'ECS Deployment Circuit Breaker was triggered'.",
        "breaker",
    ),
    (
        "AWS::ECS::Service",
        "Service deployment rolled back because a lifecycle hook PRE_SCALE_UP timed out.",
        "hook-timed-out",
    ),
    (
        "AWS::ECS::Service",
        "Service deployment rolled back because of a lifecycle hook execution failure.",
        "hook-failed",
    ),
    ("AWS::ECS::Service", "Service deployment rolled back because alarms were triggered.", "deployment-alarm"),
    ("AWS::ECS::Service", "Deployment was stopped by a user.", "stopped-by-a-user"),
    (
        "AWS::ECS::Service",
        "Resource handler returned message: \"Resource of type 'AWS::ECS::Service' with identifier 'x' did not "
        'stabilize." (HandlerErrorCode: NotStabilized)',
        "not-stable",
    ),
    (
        "AWS::ECS::Cluster",
        "Unable to assume the service linked role. Please verify that the ECS service linked role exists.",
        "service-linked-role",
    ),
    (
        "AWS::ECS::Service",
        "The specified capacity provider 'FARGATE_SPOT' was not found: it is not associated with the cluster; "
        "capacity provider FARGATE_SPOT not associated",
        "capacity-provider",
    ),
    (
        "AWS::ECS::Service",
        "The target group with targetGroupArn arn:x does not have an associated load balancer.",
        "no-listener-yet",
    ),
    (
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "Load balancer 'arn:x' cannot be deleted because deletion protection is enabled",
        "deletion-protection",
    ),
    (
        "AWS::RDS::DBCluster",
        "Cannot delete protected Cluster, please disable DeletionProtection",
        "deletion-protection",
    ),
    ("AWS::S3::Bucket", "shop-files already exists (Service: S3, Status Code: 0)", "already-exists"),
    (
        "AWS::SQS::Queue",
        "User: arn:aws:iam::1:user/a is not authorized to perform: sqs:createqueue on resource: arn:x",
        "not-authorized",
    ),
    ("AWS::EC2::EIP", "The maximum number of addresses has been reached. (AddressLimitExceeded)", "quota"),
    ("AWS::S3::Bucket", "The bucket you tried to delete is not empty", "bucket-not-empty"),
    (
        "AWS::ECR::Repository",
        "The repository with name 'web' cannot be deleted because it still contains images",
        "repository-not-empty",
    ),
    ("AWS::EC2::SecurityGroup", "resource sg-1 has a dependent object", "in-use"),
    (
        "AWS::EC2::VPCGatewayAttachment",
        "Network vpc-1 has some mapped public address(es). Please unmap those before detaching the gateway.",
        "in-use",
    ),
    (
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "VPC vpc-1 has no internet gateway (Service: ElasticLoadBalancingV2)",
        "no-internet-gateway",
    ),
    ("AWS::ElasticLoadBalancingV2::ListenerRule", "Priority '10' is currently in use", "priority-in-use"),
    (
        "AWS::ElasticLoadBalancingV2::Listener",
        "The certificate 'arn:x' must have a fully-qualified domain name, a supported signature, and a supported key "
        "size.",
        "certificate",
    ),
    ("AWS::CertificateManager::Certificate", "Certificate is in PENDING_VALIDATION", "certificate-validation"),
    (
        "AWS::RDS::DBCluster",
        "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.",
        "final-snapshot",
    ),
    (
        "AWS::RDS::DBSubnetGroup",
        "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: "
        "us-east-1a. Add subnets to cover at least 2 AZs. (DBSubnetGroupDoesNotCoverEnoughAZs)",
        "two-zones",
    ),
    (
        "AWS::IAM::Role",
        "Scope ARN: arn:aws:iam::123456789012:policy/developers does not exist or is not attachable.",
        "boundary-missing",
    ),
    ("AWS::IAM::ManagedPolicy", "MalformedPolicyDocument: Syntax errors in policy.", "policy"),
    ("AWS::Logs::ResourcePolicy", "Resource limit exceeded.", "log-policies"),
    (
        "Custom::Migration",
        "CloudFormation did not receive a response from your Custom Resource: custom resource did not receive",
        "custom-resource",
    ),
    ("AWS::Logs::LogGroup", "Rate exceeded (Service: CloudWatchLogs, Status Code: 400)", "throttled"),
    (
        "AWS::CloudFormation::Stack",
        "Export net-Url cannot be deleted as it is in use by shop",
        "export-in-use",
    ),
    ("AWS::ECS::Service", "Internal Failure", "aws-internal"),
]


@pytest.mark.parametrize(("kind", "reason", "code"), TEXTS, ids=[f"{code}-{kind}" for kind, _, code in TEXTS])
def test_a_text_of_aws_has_its_hint(kind: str, reason: str, code: str) -> None:
    assert code in [one.code for one in stack_hints(kind, reason)]


def test_every_row_is_met_by_one_of_these_texts() -> None:
    met = {one.code for kind, reason, _ in TEXTS for one in stack_hints(kind, reason)}
    assert {row.hint.code for row in TABLE} - met == set()


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("AWS::SQS::Queue", ""),
        ("AWS::SQS::Queue", "Resource creation cancelled"),
        (
            "AWS::ECS::TaskDefinition",
            "Invalid setting for container 'app'. At least one of 'memory' must be specified.",
        ),
    ],
)
def test_what_says_nothing_has_no_hint(kind: str, reason: str) -> None:
    assert stack_hints(kind, reason) == ()


@pytest.mark.parametrize("row", TABLE, ids=[row.hint.code for row in TABLE])
def test_a_row_compiles_and_says_what_it_means_and_what_to_do(row: Any) -> None:
    types, reason, hint = row
    re.compile(types)
    re.compile(reason)
    assert hint.means
    assert hint.do
    assert not hint.means.endswith(".")
