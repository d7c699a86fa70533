"""The two roles of a task: who may take them, and exactly what they may do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fargate_stacks.constructs.access import Access, ExistingRole, allow, merge_statements, plain
from fargate_stacks.constructs.cluster import Cluster
from fargate_stacks.constructs.container import Container
from fargate_stacks.constructs.network import Vpc
from fargate_stacks.constructs.service import Service
from fargate_stacks.constructs.task import Task
from fargate_stacks.core.render import render
from fargate_stacks.core.stack import App, Stack
from fargate_stacks.core.values import Param, sub
from fargate_stacks.errors import RenderError
from fargate_stacks.providers.bucket import Bucket
from tests.constructs.networks import refusal
from tests.constructs.tasks import properties, run, statements

PLAIN = Container(image="nginx:1")
LOGS = {
    "Effect": "Allow",
    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
    "Resource": [{"Fn::GetAtt": ["WebLogGroup", "Arn"]}],
}
TOKEN = {"Effect": "Allow", "Action": ["ecr:GetAuthorizationToken"], "Resource": ["*"]}


def using(*granted: Any) -> Task:
    return Task(containers=[PLAIN], uses=[Access(label="X.y()", statements=granted)])


@pytest.mark.parametrize("role", ["WebExecutionRole", "WebTaskRole"])
def test_only_tasks_of_this_account_and_region_take_a_role_trap_20(role: str) -> None:
    assert properties(run(using(allow("s3:GetObject", on=["x"]))), role)["AssumeRolePolicyDocument"] == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {
                    "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
                    "ArnLike": {
                        "aws:SourceArn": {"Fn::Sub": "arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:*"}
                    },
                },
            }
        ],
    }


def test_a_role_attaches_its_policies_so_that_they_are_there_before_and_after_it_trap_1() -> None:
    template = run(using(allow("s3:GetObject", on=["x"])))
    for kind in ("Execution", "Task"):
        assert properties(template, f"Web{kind}Role")["ManagedPolicyArns"] == [{"Ref": f"Web{kind}Policy"}]
        assert "Roles" not in properties(template, f"Web{kind}Policy")


def test_a_task_that_uses_nothing_has_a_role_without_policies() -> None:
    template = run(Task(containers=[PLAIN]))
    assert properties(template, "WebTaskRole").keys() == {"AssumeRolePolicyDocument"}
    assert "WebTaskPolicy" not in template.resources


def test_a_public_image_needs_logs_and_nothing_else() -> None:
    for image in ("nginx:1", "docker.io/library/nginx:1", "public.ecr.aws/nginx/nginx:1", "ghcr.io/a/b:1"):
        assert statements(run(Task(containers=[Container(image=image)])), "WebExecutionPolicy") == [LOGS]


def test_an_image_of_ecr_needs_its_repository_and_the_registrys_token() -> None:
    image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web:1"
    assert statements(run(Task(containers=[Container(image=image)])), "WebExecutionPolicy") == [
        LOGS,
        {
            "Effect": "Allow",
            "Action": ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            "Resource": [{"Fn::Sub": "arn:${AWS::Partition}:ecr:eu-west-1:123456789012:repository/shop/web"}],
        },
        TOKEN,
    ]


def test_two_images_of_one_repository_name_it_once() -> None:
    image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/web"
    task = Task(containers=[Container(image=f"{image}:1"), Container(name="b", image=f"{image}:2")])
    assert len(statements(run(task), "WebExecutionPolicy")[1]["Resource"]) == 1


def test_an_image_known_after_deployment_may_be_in_any_repository_of_the_account() -> None:
    task = Task(containers=[Container(image=sub("{image}", image=Param("Image")))])
    repositories = {"Fn::Sub": "arn:${AWS::Partition}:ecr:${AWS::Region}:${AWS::AccountId}:repository/*"}
    assert statements(run(task), "WebExecutionPolicy")[1]["Resource"] == [repositories]


SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/db"
SSM = "arn:aws:ssm:eu-west-1:123456789012:parameter/shop/key"


@pytest.mark.parametrize(
    ("value", "action", "resource"),
    [
        (f"{SECRET}-AbCdEf", "secretsmanager:GetSecretValue", f"{SECRET}-AbCdEf"),
        (f"{SECRET}-AbCdEf:password::", "secretsmanager:GetSecretValue", f"{SECRET}-AbCdEf"),
        (SECRET, "secretsmanager:GetSecretValue", f"{SECRET}-??????"),
        (f"{SECRET}:password:AWSPREVIOUS:", "secretsmanager:GetSecretValue", f"{SECRET}-??????"),
        (SSM, "ssm:GetParameters", SSM),
    ],
)
def test_a_secret_by_its_arn_is_granted_and_no_other(value: str, action: str, resource: str) -> None:
    task = Task(containers=[Container(image="nginx:1", secrets={"A": value})])
    assert statements(run(task), "WebExecutionPolicy") == [
        LOGS,
        {"Effect": "Allow", "Action": [action], "Resource": [resource]},
    ]


def test_credentials_of_a_registry_are_granted_to_the_execution_role() -> None:
    task = Task(containers=[Container(image="example.com/web:1", credentials=f"{SECRET}-AbCdEf")])
    assert statements(run(task), "WebExecutionPolicy") == [
        LOGS,
        {"Effect": "Allow", "Action": ["secretsmanager:GetSecretValue"], "Resource": [f"{SECRET}-AbCdEf"]},
    ]


def test_an_environment_file_is_one_object_and_its_buckets_place() -> None:
    conf = Bucket("Conf")
    task = Task(containers=[Container(image="nginx:1", env_files=[conf.env_file("prod.env")])])
    assert statements(run(task, conf), "WebExecutionPolicy") == [
        LOGS,
        {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": [{"Fn::Sub": "${ConfBucket.Arn}/prod.env"}]},
        {
            "Effect": "Allow",
            "Action": ["s3:GetBucketLocation"],
            "Resource": [{"Fn::GetAtt": ["ConfBucket", "Arn"]}],
        },
    ]


# roles that exist already

ROLE = "arn:aws:iam::123456789012:role/teams/shop/api"


def test_an_existing_role_is_named_and_gets_the_policies_from_their_side() -> None:
    existing = ExistingRole(ROLE)
    uses = [Access(label="X.y()", statements=[allow("s3:GetObject", on=["x"])])]
    template = run(Task(containers=[PLAIN], uses=uses, task_role=existing, execution_role=existing))
    assert not [one for one in template.resources.values() if one["Type"] == "AWS::IAM::Role"]
    found = properties(template, "WebTaskDefinition")
    assert found["TaskRoleArn"] == found["ExecutionRoleArn"] == ROLE
    for kind in ("Task", "Execution"):
        assert properties(template, f"Web{kind}Policy")["Roles"] == ["api"]


def test_an_existing_role_that_is_trusted_gets_nothing() -> None:
    trusted = ExistingRole(Param("RoleArn"), policies="trust")
    uses = [Access(label="X.y()", statements=[allow("s3:GetObject", on=["x"])])]
    template = run(Task(containers=[PLAIN], uses=uses, task_role=trusted))
    assert "WebTaskPolicy" not in template.resources
    assert properties(template, "WebTaskDefinition")["TaskRoleArn"] == {"Ref": "RoleArn"}


def test_a_service_waits_for_policies_that_name_an_existing_role_trap_1() -> None:
    net = Vpc("Net")
    main = Cluster("Main", vpc=net)
    uses = [Access(label="X.y()", statements=[allow("s3:GetObject", on=["x"])])]
    task = Task(containers=[PLAIN], uses=uses, task_role=ExistingRole(ROLE))
    template = render(App([Stack("s", [net, main, Service("Web", cluster=main, task=task)])]))["s"]
    assert "WebTaskPolicy" in template.resources["WebService"]["DependsOn"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: ExistingRole("api"),
            "ExistingRole: arn must be that of a role, arn:aws:iam::123456789012:role/name, got 'api'",
        ),
        (
            lambda: ExistingRole(Param("RoleArn")),
            "ExistingRole: policies are attached by the role's name, which an ARN from elsewhere does not show; "
            'give "trust"',
        ),
    ],
)
def test_what_no_existing_role_can_be_is_refused(make: Any, message: str) -> None:
    assert refusal(make) == message


def test_secrets_are_for_the_execution_role_alone() -> None:
    task = Task(containers=[Container(image="nginx:1", secrets={"A": SECRET})])
    assert "WebTaskPolicy" not in run(task).resources


def test_exec_opens_its_four_channels_on_the_task_role_trap_5() -> None:
    assert statements(run(Task(containers=[PLAIN]), exec=True), "WebTaskPolicy") == [
        {
            "Effect": "Allow",
            "Action": [
                "ssmmessages:CreateControlChannel",
                "ssmmessages:CreateDataChannel",
                "ssmmessages:OpenControlChannel",
                "ssmmessages:OpenDataChannel",
            ],
            "Resource": ["*"],
        }
    ]


def test_two_things_that_are_written_alike_stay_two() -> None:
    first, second = Bucket("First"), Bucket("Second")
    template = run(Task(containers=[PLAIN], uses=[first.read(), second.read()]), first, second)
    keys, lists = statements(template, "WebTaskPolicy")
    assert keys["Resource"] == [{"Fn::Sub": f"${{{name}Bucket.Arn}}/*"} for name in ("First", "Second")]
    assert lists["Resource"] == [{"Fn::GetAtt": [f"{name}Bucket", "Arn"]} for name in ("First", "Second")]


def test_statements_of_one_action_set_are_one() -> None:
    template = run(
        using(allow("s3:GetObject", on=["a"]), allow("s3:PutObject", on=["b"]), allow("s3:GetObject", on=["c", "a"]))
    )
    assert [(one["Action"], one["Resource"]) for one in statements(template, "WebTaskPolicy")] == [
        (["s3:GetObject"], ["a", "c"]),
        (["s3:PutObject"], ["b"]),
    ]


# policies have 6,144 characters


def wide(count: int, size: int = 1000) -> Task:
    return using(*(allow(f"s3:Action{n}", on=[f"arn:aws:s3:::{'x' * size}{n}"]) for n in range(count)))


def test_a_policy_that_would_be_too_long_is_split_and_numbered_trap_26() -> None:
    template = run(wide(12))
    names = [name for name in template.resources if "TaskPolicy" in name]
    assert names == ["WebTaskPolicy", "WebTaskPolicy2", "WebTaskPolicy3"]
    assert properties(template, "WebTaskRole")["ManagedPolicyArns"] == [{"Ref": name} for name in names]
    assert [one["Action"] for name in names for one in statements(template, name)] == [
        [f"s3:Action{n}"] for n in range(12)
    ]


def test_one_statement_of_many_resources_is_split_too_trap_26() -> None:
    many = using(allow("s3:GetObject", on=[f"arn:aws:s3:::{'x' * 500}{n}" for n in range(30)]))
    template = run(many)
    names = [name for name in template.resources if "TaskPolicy" in name]
    assert len(names) > 1
    found = [one for name in names for statement in statements(template, name) for one in statement["Resource"]]
    assert found == [f"arn:aws:s3:::{'x' * 500}{n}" for n in range(30)]


def test_more_than_ten_policies_are_refused_trap_26() -> None:
    with pytest.raises(RenderError) as caught:
        run(wide(61))
    assert str(caught.value) == (
        'Runner "Web": its task role would need 13 policies, IAM attaches 10; '
        "give the task fewer uses, or split it into two services"
    )


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 1024)), min_size=1, max_size=40))
def test_no_policy_is_longer_than_iam_takes_and_nothing_is_lost_trap_26(parts: list[tuple[int, int]]) -> None:
    granted = [allow(f"s3:Action{kind}", on=[f"arn:{'x' * size}{n}"]) for n, (kind, size) in enumerate(parts)]
    if sum(size for _, size in parts) > 30_000:
        return  # about as much as ten policies hold, where chunks leave room
    template = run(using(*granted))
    seen = set()
    for name in (name for name in template.resources if "TaskPolicy" in name):
        document = properties(template, name)["PolicyDocument"]
        assert len(json.dumps(document, separators=(",", ":"))) <= 6144
        seen |= {(one["Action"][0], resource) for one in document["Statement"] for resource in one["Resource"]}
    assert seen == {(f"s3:Action{kind}", f"arn:{'x' * size}{n}") for n, (kind, size) in enumerate(parts)}


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), max_size=12))
def test_merging_twice_is_merging_once_and_loses_nothing(pairs: list[tuple[str, str]]) -> None:
    once = merge_statements(allow(f"s3:{action}", on=[resource]) for action, resource in pairs)
    assert [plain(one) for one in merge_statements(once)] == [plain(one) for one in once]
    assert {(one["Action"][0], r) for one in once for r in one["Resource"]} == {(f"s3:{a}", r) for a, r in pairs}
    assert len(once) == len({action for action, _ in pairs})
