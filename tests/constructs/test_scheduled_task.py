"""Tasks that start by the clock: what the scheduler is told, and what it may do."""

# ruff: noqa: E501 - error texts stand whole

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from fargate_stacks import (
    App,
    Cluster,
    Container,
    EbsVolume,
    ExistingCluster,
    ExistingRole,
    Job,
    Postgres,
    Queue,
    ScheduledTask,
    Spot,
    Stack,
    Task,
    Template,
    Vpc,
    render,
)
from fargate_stacks.deploy.engine import deploy
from tests.constructs.networks import refusal
from tests.constructs.tasks import properties, statements
from tests.localcloud import Cloud

VPC = Vpc("Net")
MAIN = Cluster("Main", vpc=VPC)
TASK = Task(containers=[Container(image="example/report:1")])
HERE = "${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}"
DEAD = Queue("Dead")
DAILY = "cron(0 3 * * ? *)"


def report(**fields: Any) -> ScheduledTask:
    return ScheduledTask("Report", **{"cluster": MAIN, "task": TASK, "schedule": DAILY, **fields})


def made(one: ScheduledTask, *others: Any) -> Template:
    return render(App([Stack("s", [VPC, MAIN, one, *others])]))["s"]


def schedule(one: ScheduledTask, *others: Any) -> dict[str, Any]:
    return properties(made(one, *others), "ReportSchedule")


def test_the_scheduler_is_told_when_where_and_how() -> None:
    found = schedule(report(timezone="Asia/Seoul"))
    target = found.pop("Target")
    assert found == {
        "ScheduleExpression": DAILY,
        "ScheduleExpressionTimezone": "Asia/Seoul",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "State": "ENABLED",
    }
    assert target == {
        "Arn": {"Fn::GetAtt": ["MainCluster", "Arn"]},
        "RoleArn": {"Fn::GetAtt": ["ReportScheduleRole", "Arn"]},
        "RetryPolicy": {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 3600},
        "EcsParameters": {
            "TaskDefinitionArn": {"Ref": "ReportTaskDefinition"},
            "TaskCount": 1,
            "CapacityProviderStrategy": [{"CapacityProvider": "FARGATE", "Weight": 1}],
            "PlatformVersion": "LATEST",
            "PropagateTags": "TASK_DEFINITION",
            "EnableECSManagedTags": True,
            "NetworkConfiguration": {
                "AwsvpcConfiguration": {
                    "Subnets": [{"Ref": "NetPrivateSubnet1"}, {"Ref": "NetPrivateSubnet2"}],
                    "SecurityGroups": [{"Fn::GetAtt": ["ReportSecurityGroup", "GroupId"]}],
                    "AssignPublicIp": "DISABLED",
                }
            },
        },
    }


SEOUL = timezone(timedelta(hours=9))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"schedule": "rate(5 minutes)"}, {"ScheduleExpression": "rate(5 minutes)"}),
        ({"window": timedelta(minutes=15)}, {"FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15}}),
        ({"start": datetime(2027, 1, 1, tzinfo=UTC)}, {"StartDate": "2027-01-01T00:00:00.000Z"}),
        ({"end": datetime(2027, 1, 1, 9, tzinfo=SEOUL)}, {"EndDate": "2027-01-01T00:00:00.000Z"}),
        ({"enabled": False}, {"State": "DISABLED"}),
    ],
)  # fmt: skip
def test_each_option_is_a_property_of_the_schedule(fields: dict[str, Any], said: dict[str, Any]) -> None:
    found = schedule(report(**fields))
    assert {key: found[key] for key in said} == said


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"capacity": Spot(base=0)}, {"CapacityProviderStrategy": [{"CapacityProvider": "FARGATE_SPOT", "Weight": 1}]}),
        ({"exec": True}, {"EnableExecuteCommand": True}),
        ({"platform_version": "1.4.0"}, {"PlatformVersion": "1.4.0"}),
        ({"cluster": ExistingCluster("old", vpc=VPC)}, {"LaunchType": "FARGATE"}),
    ],
)  # fmt: skip
def test_each_option_of_a_job_is_a_parameter_of_the_target(fields: dict[str, Any], said: dict[str, Any]) -> None:
    found = schedule(report(**fields))["Target"]["EcsParameters"]
    assert {key: found[key] for key in said} == said
    assert ("LaunchType" in found) != ("CapacityProviderStrategy" in found)


def test_starts_that_fail_are_tried_again_and_then_kept() -> None:
    target = schedule(report(retries=5, max_age=timedelta(minutes=10), dead_letters=DEAD), DEAD)["Target"]
    assert target["RetryPolicy"] == {"MaximumRetryAttempts": 5, "MaximumEventAgeInSeconds": 600}
    assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["DeadQueue", "Arn"]}}


def test_the_scheduler_may_start_this_task_in_this_cluster_and_no_more() -> None:
    template = made(report(dead_letters=DEAD), DEAD)
    assert statements(template, "ReportSchedulePolicy") == [
        {
            "Effect": "Allow",
            "Action": ["ecs:RunTask"],
            "Resource": [{"Fn::Sub": f"arn:{HERE}:task-definition/${{AWS::StackName}}-Report:*"}],
            "Condition": {"ArnLike": {"ecs:cluster": {"Fn::GetAtt": ["MainCluster", "Arn"]}}},
        },
        {
            "Effect": "Allow",
            "Action": ["ecs:TagResource"],
            "Resource": [{"Fn::Sub": f"arn:{HERE}:task/${{MainCluster}}/*"}],
            "Condition": {"StringEquals": {"ecs:CreateAction": "RunTask"}},
        },
        {
            "Effect": "Allow",
            "Action": ["iam:PassRole"],
            "Resource": [
                {"Fn::GetAtt": ["ReportExecutionRole", "Arn"]},
                {"Fn::GetAtt": ["ReportTaskRole", "Arn"]},
            ],
            "Condition": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
        },
        {
            "Effect": "Allow",
            "Action": ["sqs:SendMessage"],
            "Resource": [{"Fn::GetAtt": ["DeadQueue", "Arn"]}],
        },
    ]  # fmt: skip
    (trust,) = properties(template, "ReportScheduleRole")["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert trust["Condition"]["StringEquals"]["aws:SourceAccount"] == {"Ref": "AWS::AccountId"}
    assert trust["Condition"]["StringEquals"]["aws:SourceArn"]["Fn::Sub"].endswith(":schedule-group/default")


def test_roles_that_exist_are_passed_by_their_arns() -> None:
    arn = "arn:aws:iam::123456789012:role/reports"
    task = Task(containers=TASK.containers, task_role=ExistingRole(arn, policies="trust"))
    passing = statements(made(report(task=task)), "ReportSchedulePolicy")[2]
    assert passing["Resource"] == [{"Fn::GetAtt": ["ReportExecutionRole", "Arn"]}, arn]


def test_the_schedule_waits_for_what_its_first_task_needs() -> None:
    orders = Postgres("Orders", vpc=VPC)
    task = Task(containers=TASK.containers, uses=[orders.connect()])
    waits = made(report(task=task), orders).resources["ReportSchedule"]["DependsOn"]
    assert "ReportOrdersIngress5432" in waits
    assert any("DefaultRoute" in one for one in waits)


def test_it_runs_by_hand_as_well() -> None:
    body = made(report()).resources["ReportTaskDefinition"]
    assert body["Metadata"]["fargate-stacks:run"]["AssignPublicIp"] == "DISABLED"


DISK = Task(containers=[Container(image="a/b:1")], volumes=[EbsVolume("d", size=9)])


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"schedule": "daily"}, "schedule must be \"cron(...)\", \"rate(...)\" or \"at(...)\", got 'daily'"),
        ({"schedule": "cron(0 3 * * *)"}, "cron takes six fields (minutes hours day-of-month month day-of-week year), got 5; the sixth is the year, * for every"),
        ({"timezone": "Europe/Atlantis"}, "there is no time zone 'Europe/Atlantis'; did you mean Europe/Athens"),
        ({"window": timedelta(minutes=0)}, "window must be 1 to 1440 whole minutes, got 0"),
        ({"window": timedelta(days=2)}, "window must be 1 to 1440 whole minutes, got 2880"),
        ({"retries": 186}, "retries must be 0 to 185, got 186"),
        ({"max_age": timedelta(seconds=30)}, "max_age must be 60 to 86400 whole seconds, got 30"),
        ({"max_age": timedelta(days=2)}, "max_age must be 60 to 86400 whole seconds, got 172800"),
        ({"dead_letters": Queue("Fifo", fifo=True)}, "dead_letters is a FIFO queue, which the scheduler cannot send to; give another"),
        ({"schedule": "at(2027-01-31T08:00:00)", "start": datetime(2027, 1, 1, tzinfo=UTC)}, "at(...) happens once, and start is for cron and rate; leave it out"),
        ({"start": datetime(2027, 1, 1)}, "start has no time zone, got '2027-01-01T00:00:00'; give tzinfo="),
        ({"start": datetime(2027, 1, 2, tzinfo=UTC), "end": datetime(2027, 1, 1, tzinfo=UTC)}, "start=2027-01-02T00:00:00+00:00 is not before end=2027-01-01T00:00:00+00:00"),
        ({"task": DISK}, "volume d is EBS, which the scheduler does not make; use ephemeral_storage="),
        ({"cron": "0 3 * * ? *"}, 'cron is written into schedule="cron(...)"'),
        ({"count": 2}, "count is one; run it several times, or use a Service"),
    ],
)  # fmt: skip
def test_what_the_scheduler_would_refuse_is_refused(fields: dict[str, Any], message: str) -> None:
    assert refusal(lambda: report(**fields)) == f'ScheduledTask "Report": {message}'


def test_a_job_has_no_schedule() -> None:
    fields: Any = {"schedule": DAILY}
    said = refusal(lambda: Job("Report", cluster=MAIN, task=TASK, **fields))
    assert said == 'Job "Report": schedule is not a job\'s; it runs when somebody asks'


def test_the_local_cloud_makes_it_as_it_is_said(cloud: Cloud) -> None:
    vpc = Vpc("Net", nat="none")
    cluster = Cluster("Main", vpc=vpc)
    letters = Queue("Dead")
    task = ScheduledTask(
        "Report",
        cluster=cluster,
        task=TASK,
        subnets="public",
        schedule=DAILY,
        timezone="Europe/Berlin",
        start=datetime(2027, 1, 1, tzinfo=UTC),
        dead_letters=letters,
    )

    def roll_out(one: ScheduledTask) -> None:
        templates = render(App([Stack("shop", [vpc, cluster, letters, one])]))
        deploy(templates, cloud.client(), out=lambda _: None, ask=lambda _: True)

    roll_out(task)
    physical = cloud.physical("shop")
    (one,) = cloud.api("scheduler").list_schedules()["Schedules"]
    found = cloud.api("scheduler").get_schedule(Name=one["Name"])
    assert (found["ScheduleExpression"], found["ScheduleExpressionTimezone"]) == (DAILY, "Europe/Berlin")
    assert found["Target"]["EcsParameters"]["TaskDefinitionArn"] == physical["ReportTaskDefinition"]
    assert found["Target"]["DeadLetterConfig"]["Arn"].endswith(f":{physical['DeadQueue'].rpartition('/')[2]}")
    assert found["Target"]["RetryPolicy"] == {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 3600}
    assert found["StartDate"] == datetime(2027, 1, 1, tzinfo=UTC)
    roll_out(replace(task, timezone="Asia/Seoul", enabled=False))
    found = cloud.api("scheduler").get_schedule(Name=one["Name"])
    assert (found["ScheduleExpressionTimezone"], found["State"]) == ("Asia/Seoul", "DISABLED")
    cloud.delete("shop")
    assert cloud.api("scheduler").list_schedules()["Schedules"] == []
