"""Every blueprint through the command line: created, updated with another image, destroyed with nothing left."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fargate_stacks.deploy import local
from fargate_stacks.deploy.client import local_api
from tests.cli.conftest import Project, Run
from tests.deploy.local.test_whole import of_a_service

BLUEPRINTS = Path(__file__).parents[3] / "blueprints"
LISTS = {
    "ec2": (
        ("describe_security_groups", "SecurityGroups"),
        ("describe_vpcs", "Vpcs"),
        ("describe_subnets", "Subnets"),
        ("describe_route_tables", "RouteTables"),
        ("describe_internet_gateways", "InternetGateways"),
        ("describe_addresses", "Addresses"),
        ("describe_vpc_endpoints", "VpcEndpoints"),
    ),
    "elbv2": (("describe_load_balancers", "LoadBalancers"), ("describe_target_groups", "TargetGroups")),
    "ecs": (("list_clusters", "clusterArns"),),
    "logs": (("describe_log_groups", "logGroups"),),
    "iam": (("list_roles", "Roles"),),
    "sqs": (("list_queues", "QueueUrls"),),
    "s3": (("list_buckets", "Buckets"),),
    "secretsmanager": (("list_secrets", "SecretList"),),
    "rds": (("describe_db_clusters", "DBClusters"), ("describe_db_instances", "DBInstances")),
    "servicediscovery": (("list_namespaces", "Namespaces"),),
    "cloudformation": (("describe_stacks", "Stacks"),),
}


@pytest.fixture(name="project")
def a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.chdir(tmp_path)
    yield Project(tmp_path)
    local.stop(tmp_path)


@pytest.fixture(name="run")
def the_command_line(capsys: pytest.CaptureFixture[str]) -> Callable[..., Run]:
    from fargate_stacks.cli import main

    def call(*arguments: str) -> Run:
        code = main(arguments)
        said = capsys.readouterr()
        return Run(code, said.out, said.err)

    return call


def api(project: Project, service: str) -> Any:
    found = local.start(project.folder)
    return local_api(service, found.endpoint_url)


def inventory(project: Project) -> dict[str, int]:
    """Count what there is, service by service."""
    counted = {}
    for service, calls in LISTS.items():
        client = api(project, service)
        for call, key in calls:
            found = getattr(client, call)().get(key, [])
            counted[f"{service}:{key}"] = sum(not of_a_service(one) for one in found)
    return counted


def existing(project: Project) -> list[str]:
    """Make what existing_vpc.py expects to find, and give the parameters that name it."""
    ec2, elb = api(project, "ec2"), api(project, "elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{number}.0/24")["Subnet"]["SubnetId"] for number in range(2)
    ]
    group = ec2.create_security_group(GroupName="door", Description="door", VpcId=vpc)["GroupId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(VpcId=vpc, InternetGatewayId=gateway)
    nat = ec2.create_nat_gateway(SubnetId=subnets[0], ConnectivityType="private")["NatGateway"]["NatGatewayId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    for subnet in subnets:
        ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    made = elb.create_load_balancer(Name="door", Subnets=subnets, SecurityGroups=[group])["LoadBalancers"][0]
    listener = elb.create_listener(
        LoadBalancerArn=made["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
    )["Listeners"][0]["ListenerArn"]
    anybody = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    ec2.authorize_security_group_egress(GroupId=group, IpPermissions=anybody)
    values = {
        "VpcId": vpc,
        "PrivateSubnet1": subnets[0],
        "PrivateSubnet2": subnets[1],
        "LoadBalancerSecurityGroup": group,
        "ListenerArn": listener,
    }
    return [part for name, value in values.items() for part in ("--parameter", f"{name}={value}")]


def with_images(text: str, tag: str) -> str:
    return re.sub(r'"([\w.\-]+(?:/[\w.\-]+)+):[\w.\-]+"', rf'"\g<1>:{tag}"', text)


def tags_of_images(project: Project) -> set[str]:
    ecs = api(project, "ecs")
    services = [
        one
        for cluster in ecs.list_clusters()["clusterArns"]
        for one in ecs.describe_services(cluster=cluster, services=ecs.list_services(cluster=cluster)["serviceArns"])[
            "services"
        ]
    ]
    return {
        container["image"].rpartition(":")[2]
        for service in services
        for container in ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"][
            "containerDefinitions"
        ]
    }


KEPT = {
    ("three_stacks", "prod"): {"s3:Buckets", "secretsmanager:SecretList", "rds:DBClusters", "sqs:QueueUrls"},
    ("worker_spot", "prod"): {"sqs:QueueUrls"},
    ("private_endpoints_only", "prod"): {"sqs:QueueUrls", "secretsmanager:SecretList"},
    ("multi_env", "prod"): {"secretsmanager:SecretList", "rds:DBClusters"},
    # its templates are so long that they go by a bucket of the deployer, which is no stack's
    ("mutual_services", "dev"): {"s3:Buckets"},
    ("mutual_services", "prod"): {"s3:Buckets"},
}
"""What a production stack keeps by its deletion policies, beside log groups, and what was never a stack's."""


@pytest.mark.parametrize("stage", ["dev", "prod"])
@pytest.mark.parametrize(
    "name",
    [
        "web_service",
        "internal_api",
        "existing_vpc",
        "two_services_one_alb",
        "three_stacks",
        "worker_spot",
        "scheduled_capacity",
        "private_endpoints_only",
        "mutual_services",
    ],
)
def test_a_blueprint_lives_and_dies(project: Project, run: Callable[..., Run], name: str, stage: str) -> None:
    text = (BLUEPRINTS / f"{name}.py").read_text("utf-8")
    project.write("infra.py", with_images(text, "first"))
    given = existing(project) if name == "existing_vpc" else []
    before = inventory(project)
    where = ("--local", "--set", f"stage={stage}")

    created = run("deploy", *where, *given)
    assert created.code == 0, created.err
    assert "CREATE_COMPLETE" in created.err
    assert tags_of_images(project) == {"first"}

    project.write("infra.py", with_images(text, "second"))
    updated = run("deploy", *where)
    assert updated.code == 0, updated.err
    assert "(UPDATE_COMPLETE)" in updated.err
    assert tags_of_images(project) == {"second"}

    stacks = [one["StackName"] for one in api(project, "cloudformation").describe_stacks()["Stacks"]]
    destroyed = run("destroy", *where, *(part for stack in stacks for part in ("--stack", stack)))
    assert destroyed.code == 0, destroyed.err
    left = {name for name, count in inventory(project).items() if count != before[name]}
    assert left - {"logs:logGroups"} <= (KEPT.get((name, stage)) or set())

    assert run("destroy", *where).code == 0
    assert local.status(project.folder) is None
