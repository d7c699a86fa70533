"""Findings about the account and about what lives already: subnets, rollouts, names, quotas, AWS's own roles."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from fargate_stacks.core.template import Template
from fargate_stacks.deploy.messages import Message, Note, Preflighted
from fargate_stacks.deploy.preflight import refuse
from fargate_stacks.deploy.preflight_subject import Report
from fargate_stacks.errors import DeployError
from tests.deploy.answers import REGION, SERVICE
from tests.deploy.aws import NOON, Api, client_of, refusal
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


METRIC = {
    "MetricNamespace": "AWS/Usage",
    "MetricName": "ResourceCount",
    "MetricDimensions": {"Service": "Fargate", "Resource": "vCPU", "Type": "Resource", "Class": "Standard/OnDemand"},
    "MetricStatisticRecommendation": "Maximum",
}


def running(vcpus: float, allowed: float = 6.0) -> Mapping[str, Answers]:
    """So many vCPUs run in the account, as the quota's own metric tells."""
    points = [
        {"Timestamp": NOON - timedelta(minutes=1), "Maximum": vcpus},
        {"Timestamp": NOON - timedelta(minutes=9), "Maximum": 999.0},
    ]
    return {
        "service-quotas": {"GetServiceQuota": lambda _: {"Quota": {"Value": allowed, "UsageMetric": METRIC}}},
        "cloudwatch": {"GetMetricStatistics": lambda _: {"Datapoints": points}},
    }


def test_the_vcpus_that_run_already_count() -> None:
    (found,) = reported(sized("1024", 2), running(5)).findings
    assert "Fargate vCPUs: 5 are there and 2 more are needed, the quota is 6" in found.message
    assert reported(sized("1024", 1), running(5)) == Report()


def test_a_service_that_runs_already_adds_no_vcpus() -> None:
    answers = {**running(6), "cloudformation": alive(("Service", SERVICE, "AWS::ECS::Service"))}
    answers["ecs"] = {"DescribeServices": lambda _: {"services": []}}
    assert reported(sized("4096", 1), answers).findings == ()


def test_without_the_permission_for_metrics_what_the_stack_needs_is_still_held_against_the_quota() -> None:
    answers = {**running(5), "cloudwatch": {"GetMetricStatistics": no("AccessDenied")}}
    report = reported(sized("4096", 2), answers)
    assert "Fargate vCPUs: 8 are needed, the quota is 6" in report.findings[0].message
    assert report.skipped == ("quotas not checked: GetMetricStatistics: it says no",)


@pytest.mark.parametrize(
    ("strategy", "codes_of_quotas"),
    [
        ([{"CapacityProvider": "FARGATE", "Weight": 1}], {"L-3032A538"}),
        ([{"CapacityProvider": "FARGATE_SPOT", "Weight": 1}], {"L-36FBB829"}),
        (
            [
                {"CapacityProvider": "FARGATE", "Base": 2, "Weight": 1},
                {"CapacityProvider": "FARGATE_SPOT", "Weight": 3},
            ],
            {"L-3032A538", "L-36FBB829"},
        ),
    ],
)
def test_spot_has_a_quota_of_its_own(strategy: list[dict[str, Any]], codes_of_quotas: set[str]) -> None:
    resources = sized("4096", 10)
    resources["Service"]["Properties"]["CapacityProviderStrategy"] = strategy
    found = reported(resources, running(0, allowed=3)).findings
    assert {one.message.rpartition("Service Quotas ")[2].rstrip(")") for one in found} == codes_of_quotas


def test_an_address_too_many_is_an_error() -> None:
    answers: Mapping[str, Answers] = {
        "service-quotas": {"GetServiceQuota": lambda _: {"Quota": {"Value": 5.0}}},
        "ec2": {"DescribeAddresses": lambda _: {"Addresses": [{}] * 4}},
    }
    resources = {name: {"Type": "AWS::EC2::EIP"} for name in ("One", "Two")}
    (found,) = reported(resources, answers).findings
    assert "elastic IP addresses: 4 are there and 2 more are needed, the quota is 5" in found.message


def test_one_quota_that_may_not_be_asked_leaves_the_others() -> None:
    def quota(request: dict[str, Any]) -> dict[str, Any]:
        if request["ServiceCode"] == "fargate":
            raise refusal("AccessDeniedException", "it says no")
        return {"Quota": {"Value": 0.0}}

    resources = {**sized("1024", 1), **named("AWS::EC2::VPC")}
    report = reported(resources, {"service-quotas": {"GetServiceQuota": quota}})
    assert codes(report) == ["FS909"]
    assert report.skipped == ("quotas not checked: GetServiceQuota: it says no",)


def test_a_vpc_too_many_is_an_error() -> None:
    answers: Mapping[str, Answers] = {
        "service-quotas": {"GetServiceQuota": lambda _: {"Quota": {"Value": 5.0}}},
        "ec2": {"DescribeVpcs": lambda _: {"Vpcs": [{"VpcId": f"vpc-{number}"} for number in range(5)]}},
    }
    assert "5 are there and 1 more are needed" in reported(named("AWS::EC2::VPC"), answers).findings[0].message


def rules(there: int) -> Mapping[str, Answers]:
    """A load balancer with two listeners, and so many rules on each beside the default one."""
    return {
        "elbv2": {
            "DescribeListeners": lambda request: {
                "Listeners": [{"ListenerArn": f"{request['LoadBalancerArn']}/{number}"} for number in (1, 2)]
            },
            "DescribeRules": lambda _: {"Rules": [{"IsDefault": False}] * there + [{"IsDefault": True}]},
        }
    }


def test_a_rule_too_many_for_a_live_load_balancer_is_an_error() -> None:
    listener = f"arn:aws:elasticloadbalancing:{REGION}:listener/app/edge/1/2"
    resources = named("AWS::ElasticLoadBalancingV2::ListenerRule", ListenerArn=listener)
    (found,) = reported(resources, rules(50)).findings
    assert "listener rules: 100 are there, 1 more are needed, the balancer takes 100" in found.message
    assert reported(resources, rules(49)) == Report()


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
