"""Jobs: tasks that run when somebody asks, with the parts that a service's tasks have."""

# ruff: noqa: E501 - error texts stand whole

from __future__ import annotations

from typing import Any

import pytest

from fargate_stacks import (
    App,
    Cluster,
    Container,
    Egress,
    Endpoint,
    ExistingCluster,
    Job,
    Postgres,
    Queue,
    Spot,
    Stack,
    Task,
    Template,
    Vpc,
    render,
)
from tests.constructs.networks import refusal
from tests.constructs.tasks import properties

VPC = Vpc("Net", tiers=["public", "private", "isolated"])
OTHER = Vpc("Other")
MAIN = Cluster("Main", vpc=VPC)
TASK = Task(containers=[Container(image="example/tool:1", command=["migrate"])])


def made(job: Job, *others: Any) -> Template:
    return render(App([Stack("s", [VPC, MAIN, job, *others])]))["s"]


def way(job: Job, *others: Any) -> dict[str, Any]:
    found: dict[str, Any] = made(job, *others).resources["MigrateTaskDefinition"]["Metadata"]["fargate-stacks:run"]
    return found


def test_the_task_definition_says_how_it_is_run() -> None:
    assert way(Job("Migrate", cluster=MAIN, task=TASK)) == {
        "Cluster": {"Ref": "MainCluster"},
        "Subnets": [{"Ref": "NetPrivateSubnet1"}, {"Ref": "NetPrivateSubnet2"}],
        "SecurityGroups": [{"Fn::GetAtt": ["MigrateSecurityGroup", "GroupId"]}],
        "AssignPublicIp": "DISABLED",
        "PlatformVersion": "LATEST",
        "CapacityProviderStrategy": [{"CapacityProvider": "FARGATE", "Weight": 1}],
    }


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"subnets": "public"}, {"AssignPublicIp": "ENABLED", "Subnets": [{"Ref": "NetPublicSubnet1"}, {"Ref": "NetPublicSubnet2"}]}),
        ({"subnets": "isolated"}, {"Subnets": [{"Ref": "NetIsolatedSubnet1"}, {"Ref": "NetIsolatedSubnet2"}]}),
        ({"capacity": Spot(base=0)}, {"CapacityProviderStrategy": [{"CapacityProvider": "FARGATE_SPOT", "Weight": 1}]}),
        ({"platform_version": "1.4.0"}, {"PlatformVersion": "1.4.0"}),
        ({"exec": True}, {"EnableExecuteCommand": True}),
        ({"cluster": ExistingCluster("old", vpc=VPC)}, {"Cluster": "old", "LaunchType": "FARGATE"}),
    ],
)  # fmt: skip
def test_each_option_is_said(fields: dict[str, Any], said: dict[str, Any]) -> None:
    found = way(Job("Migrate", **{"cluster": MAIN, "task": TASK, **fields}))
    assert {key: found[key] for key in said} == said


def test_nothing_runs_it_but_whoever_asks() -> None:
    types = [
        one["Type"]
        for key, one in made(Job("Migrate", cluster=MAIN, task=TASK)).resources.items()
        if key.startswith("Migrate")
    ]
    assert sorted(types) == [
        "AWS::EC2::SecurityGroup",
        "AWS::ECS::TaskDefinition",
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::Role",
        "AWS::IAM::Role",
        "AWS::Logs::LogGroup",
    ]  # fmt: skip


def test_what_it_uses_is_opened() -> None:
    orders, jobs = Postgres("Orders", vpc=VPC), Queue("Jobs")
    task = Task(containers=TASK.containers, uses=[orders.connect(), jobs.send()])
    template = made(Job("Migrate", cluster=MAIN, task=task, egress=[Egress(port=443)]), orders, jobs)
    assert properties(template, "MigrateOrdersIngress5432")["SourceSecurityGroupId"] == {
        "Fn::GetAtt": ["MigrateSecurityGroup", "GroupId"]
    }
    assert "MigrateOrdersEgress5432" in template.resources
    assert properties(template, "MigrateSecurityGroup")["SecurityGroupEgress"][0]["FromPort"] == 443
    assert properties(template, "MigrateTaskPolicy")["PolicyDocument"]["Statement"][0]["Action"] == ["sqs:SendMessage"]


def test_exec_opens_its_channels() -> None:
    (statement,) = properties(made(Job("Migrate", cluster=MAIN, task=TASK, exec=True)), "MigrateTaskPolicy")[
        "PolicyDocument"
    ]["Statement"]
    assert "ssmmessages:CreateControlChannel" in statement["Action"]


ELSEWHERE = Task(containers=TASK.containers, uses=[Postgres("Far", vpc=OTHER).connect()])
CONNECTED = Task(containers=TASK.containers, uses=[Endpoint("Api", vpc=VPC, port=80).connect()])


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"platform_version": "1.2"}, "Job \"Migrate\": platform_version must be one of LATEST, 1.4.0, 1.3.0, 1.2.0, 1.1.0, 1.0.0, got '1.2'"),
        ({"task": ELSEWHERE}, 'Job "Migrate": Far.connect() is in another VPC than the cluster, and security groups do not reach across'),
        ({"task": CONNECTED}, "Job \"Migrate\": Api.connect() is found by Service Connect, which only services join; use the load balancer's address, or DnsNames"),
        ({"cluster": ExistingCluster("old", vpc=VPC), "capacity": Spot()}, 'Job "Migrate": Spot needs a cluster with the FARGATE_SPOT provider; give ExistingCluster(capacity="providers") when it has it, or use OnDemand()'),
        ({"count": 2}, 'Job "Migrate": count is one; run it several times, or use a Service'),
        ({"schedule": "rate(1 day)"}, "Job \"Migrate\": schedule is not a job's; it runs when somebody asks"),
    ],
)  # fmt: skip
def test_what_a_job_cannot_be_is_refused(fields: dict[str, Any], message: str) -> None:
    assert refusal(lambda: Job("Migrate", **{"cluster": MAIN, "task": TASK, **fields})) == message
