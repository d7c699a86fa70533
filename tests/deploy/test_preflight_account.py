"""Findings about the account and about what lives already: subnets, rollouts, names, quotas, AWS's own roles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from fargate_stacks.core.template import Template
from fargate_stacks.deploy.messages import Message, Note, Preflighted
from fargate_stacks.deploy.preflight import refuse
from fargate_stacks.deploy.preflight_subject import Report
from fargate_stacks.errors import DeployError
from tests.deploy.answers import SERVICE
from tests.deploy.aws import Api, client_of
from tests.deploy.preflighted import FREE, Answers, alive, codes, no, reported, role
from tests.deploy.running import Running

# subnets


def service(*, public: bool = False, count: int = 1, subnets: Any = ("subnet-1",)) -> dict[str, Any]:
    network = {"Subnets": list(subnets), "AssignPublicIp": "ENABLED" if public else "DISABLED"}
    return {
        "ApiService": {
            "Type": "AWS::ECS::Service",
            "Properties": {"DesiredCount": count, "NetworkConfiguration": {"AwsvpcConfiguration": network}},
        }
    }


def vpc(*routes: Mapping[str, str], free: int = 100, endpoint: bool = False) -> Mapping[str, Answers]:
    table = {"VpcId": "vpc-1", "Associations": [{"SubnetId": "subnet-1"}], "Routes": list(routes)}
    subnet = {"SubnetId": "subnet-1", "VpcId": "vpc-1", "AvailableIpAddressCount": free}
    there = [{"VpcId": "vpc-1", "ServiceName": "com.amazonaws.us-east-1.ecr.dkr"}] if endpoint else []
    return {
        "ec2": {
            "DescribeSubnets": lambda _: {"Subnets": [subnet]},
            "DescribeRouteTables": lambda _: {"RouteTables": [table]},
            "DescribeVpcEndpoints": lambda _: {"VpcEndpoints": there},
        }
    }


INTERNET = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}
NAT = {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1"}


@pytest.mark.parametrize(
    ("public", "routes", "endpoint", "found"),
    [
        (False, [NAT], False, []),
        (True, [INTERNET], False, []),
        (False, [INTERNET], False, ["FS906"]),
        (False, [], False, ["FS906"]),
        (False, [], True, []),
        (False, [{**NAT, "State": "blackhole"}], False, ["FS906"]),
    ],
)
def test_the_tasks_subnets_must_lead_out(
    public: bool, routes: list[Mapping[str, str]], endpoint: bool, found: list[str]
) -> None:
    assert codes(reported(service(public=public), vpc(*routes, endpoint=endpoint))) == found


def test_too_few_free_addresses_are_a_warning() -> None:
    (found,) = reported(service(count=4), vpc(NAT, free=7)).findings
    assert (found.code, found.severity) == ("FS907", "warning")
    assert "4 tasks need 8" in found.message


def test_subnets_that_the_stack_makes_are_not_looked_at() -> None:
    resources = service(subnets=[{"Ref": "Subnet"}]) | {"Subnet": {"Type": "AWS::EC2::Subnet"}}
    assert reported(resources) == Report()


# what lives already


def deployed(**changes: Any) -> Mapping[str, Answers]:
    world = Running()
    assert world.service is not None
    world.service |= changes
    return {
        "cloudformation": alive(("ApiService", SERVICE, "AWS::ECS::Service")),
        "ecs": {"DescribeServices": lambda _: {"services": [world.service]}},
        "application-autoscaling": {"DescribeScalableTargets": lambda _: {"ScalableTargets": world._scalable()}},
    }


def test_a_count_that_the_deploy_puts_back_is_a_warning() -> None:
    (found,) = reported(service(count=2, subnets=[]), deployed(desiredCount=5)).findings
    assert (found.code, found.severity) == ("FS911", "warning")
    assert "5 tasks are wanted now, the template sets 2" in found.message


def test_a_count_that_autoscaling_moved_names_scaling_as_the_cure() -> None:
    answers = deployed(desiredCount=5)
    world = Running()
    world.bounds = (2, 10)
    answers["application-autoscaling"]["DescribeScalableTargets"] = lambda _: {"ScalableTargets": world._scalable()}
    (found,) = reported(service(count=2, subnets=[]), answers).findings
    assert "count=Scaling(...) leaves the number to it" in found.message


def test_a_rollout_that_runs_is_a_warning_with_its_traffic() -> None:
    world = Running()
    world.rolls_out()()
    world.deploys(weight=10)()
    answers = deployed(**(world.service or {}))
    answers["ecs"] |= {
        "DescribeServiceDeployments": lambda _: {"serviceDeployments": [world.deployment]},
        "DescribeServiceRevisions": world.apis["ecs"].answers["DescribeServiceRevisions"],
    }
    (found,) = reported(service(count=2, subnets=[]), answers).findings
    assert found.code == "FS910"
    assert "revision 18 is being rolled out, 10 % of the traffic on it" in found.message


def test_a_local_cloud_is_asked_about_what_lives_in_it() -> None:
    assert codes(reported(service(count=2, subnets=[]), deployed(desiredCount=5), local=True)) == ["FS911"]


# names, quotas, roles


def named(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Thing": {"Type": kind, "Properties": properties}}


def test_a_name_that_is_taken_is_an_error() -> None:
    answers = {"logs": {"DescribeLogGroups": lambda _: {"logGroups": [{"logGroupName": "aws-waf-logs-shop"}]}}}
    (found,) = reported(named("AWS::Logs::LogGroup", LogGroupName="aws-waf-logs-shop"), answers).findings
    assert found.message == "Logs::LogGroup aws-waf-logs-shop is there already; give another name, or none"


def test_a_name_that_only_begins_alike_is_free() -> None:
    answers = {"logs": {"DescribeLogGroups": lambda _: {"logGroups": [{"logGroupName": "shop-2"}]}}}
    assert reported(named("AWS::Logs::LogGroup", LogGroupName="shop"), answers) == Report()


def test_a_name_that_the_stack_has_itself_is_not_taken() -> None:
    answers = {"cloudformation": alive(("Thing", "shop", "AWS::Logs::LogGroup"))}
    assert reported(named("AWS::Logs::LogGroup", LogGroupName="shop"), answers) == Report()


@pytest.mark.parametrize(
    ("kind", "property", "service", "operation", "free"),
    [
        ("AWS::ElasticLoadBalancingV2::LoadBalancer", "Name", "elbv2", "DescribeLoadBalancers", "LoadBalancerNotFound"),
        ("AWS::ECR::Repository", "RepositoryName", "ecr", "DescribeRepositories", "RepositoryNotFoundException"),
        ("AWS::IAM::Role", "RoleName", "iam", "GetRole", "NoSuchEntity"),
        ("AWS::SQS::Queue", "QueueName", "sqs", "GetQueueUrl", "AWS.SimpleQueueService.NonExistentQueue"),
        ("AWS::S3::Bucket", "BucketName", "s3", "HeadBucket", "404"),
        ("AWS::RDS::DBInstance", "DBInstanceIdentifier", "rds", "DescribeDBInstances", "DBInstanceNotFound"),
    ],
)
def test_a_name_is_free_when_aws_does_not_know_it(
    kind: str, property: str, service: str, operation: str, free: str
) -> None:
    answers = {service: {operation: no(free)}}
    found = reported(named(kind, **{property: "shop"}), answers)
    assert [one for one in found.findings if one.code == "FS908"] == []
    assert found.skipped == ()


def test_a_bucket_of_somebody_else_is_taken() -> None:
    assert codes(reported(named("AWS::S3::Bucket", BucketName="shop"), {"s3": {"HeadBucket": no("403")}})) == ["FS908"]


def sized(cpu: str, count: int) -> dict[str, Any]:
    return {
        "Definition": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"Cpu": cpu}},
        "Service": {
            "Type": "AWS::ECS::Service",
            "Properties": {"DesiredCount": count, "TaskDefinition": {"Ref": "Definition"}},
        },
    }


def test_more_fargate_than_the_account_may_run_is_an_error() -> None:
    answers = {"service-quotas": {"GetServiceQuota": lambda _: {"Quota": {"Value": 6.0}}}}
    (found,) = reported(sized("4096", 2), answers).findings
    assert found.code == "FS909"
    assert "Fargate vCPUs: 8 are needed, the quota is 6; ask for more (Service Quotas L-3032A538)" in found.message


def test_a_vpc_too_many_is_an_error() -> None:
    answers: Mapping[str, Answers] = {
        "service-quotas": {"GetServiceQuota": lambda _: {"Quota": {"Value": 5.0}}},
        "ec2": {"DescribeVpcs": lambda _: {"Vpcs": [{"VpcId": f"vpc-{number}"} for number in range(5)]}},
    }
    assert "5 are there and 1 more are needed" in reported(named("AWS::EC2::VPC"), answers).findings[0].message


def test_a_rule_too_many_on_a_live_listener_is_an_error() -> None:
    answers: Mapping[str, Answers] = {
        "elbv2": {"DescribeRules": lambda _: {"Rules": [{"IsDefault": False}] * 100 + [{"IsDefault": True}]}}
    }
    resources = named("AWS::ElasticLoadBalancingV2::ListenerRule", ListenerArn="arn:aws:elb:listener/1")
    assert codes(reported(resources, answers)) == ["FS909"]


def test_without_the_permission_quotas_are_one_line() -> None:
    report = reported(named("AWS::EC2::VPC"), {"service-quotas": {"GetServiceQuota": no("AccessDeniedException")}})
    assert report.findings == ()
    assert report.skipped == ("quotas not checked: GetServiceQuota: it says no",)


def test_a_new_account_lacks_the_role_of_ecs() -> None:
    answers: Mapping[str, Answers] = {"iam": {"GetRole": no("NoSuchEntity")}}
    (found,) = reported(named("AWS::ECS::Cluster"), answers).findings
    assert (found.code, found.severity) == ("FS912", "warning")
    assert "aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com" in found.message


# the end


def refused(answers: Mapping[str, Answers]) -> tuple[list[Message], DeployError | None]:
    merged = {service: dict(some) for service, some in FREE.items()}
    for service_name, some in answers.items():
        merged.setdefault(service_name, {}).update(some)
    merged["cloudformation"]["DescribeStacks"] = no("ValidationError")
    merged["cloudformation"] |= alive()
    merged["iam"]["GetRole"] = lambda request: {"Role": role(request["RoleName"])}
    client = client_of({name: Api(name, some, []) for name, some in merged.items()})
    said: list[Message] = []
    template = Template("shop", named("AWS::EC2::VPC"))
    try:
        refuse({"shop": template}, client, out=said.append, given={})
    except DeployError as error:
        return said, error
    return said, None


def test_an_error_ends_the_deploy_before_anything_is_sent() -> None:
    said, error = refused({"service-quotas": {"GetServiceQuota": lambda _: {"Quota": {"Value": 0.0}}}})
    assert [type(one) for one in said] == [Preflighted]
    assert error is not None
    assert error.exit_code == 2
    assert "--no-preflight" in str(error)


def test_what_could_not_be_checked_is_a_note_and_the_deploy_goes_on() -> None:
    said, error = refused({"service-quotas": {"GetServiceQuota": no("AccessDeniedException")}})
    assert ([type(one) for one in said], error) == ([Note], None)
