"""What an account needs once: found, shown, made with consent, and not made twice."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fargate_stacks.core.template import Template
from fargate_stacks.deploy import permissions
from fargate_stacks.deploy.bootstrap import GITHUB, STACK, Wishes, bootstrap
from fargate_stacks.deploy.messages import Ended, Message, Note, Planned
from fargate_stacks.deploy.permissions import OWN, SIZE, TYPICAL, actions, deploy_policies, teardown_policies, types_of
from fargate_stacks.deploy.run import Run
from fargate_stacks.errors import DeployError
from tests.deploy.fake_api import model
from tests.deploy.stage import Stage, resource, template
from tests.localcloud import Cloud


class Prepared:
    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.said: list[Message] = []
        self.asked: list[str] = []
        self.answer = True

    def ask(self, question: str) -> bool:
        self.asked.append(question)
        return self.answer

    def __call__(self, *templates: Template, dry: bool = False, **wishes: object) -> None:
        self.said.clear()
        run = Run(self.cloud.client(), self.said.append, self.ask, confirm=self.ask)
        named = {one.name: one for one in templates}
        bootstrap(self.cloud.client(), named, Wishes(**wishes), run, dry=dry)

    def texts(self) -> list[str]:
        return [one.text for one in self.said if isinstance(one, Note)]

    def outputs(self) -> dict[str, str]:
        stack = self.cloud.client().stack(STACK)
        assert stack is not None
        return dict(stack.outputs)


@pytest.fixture
def prepared(cloud: Cloud) -> Prepared:
    return Prepared(cloud)


def test_what_a_new_account_lacks_is_made(prepared: Prepared, cloud: Cloud) -> None:
    prepared(repository="example/shop")
    iam = cloud.api("iam")
    assert iam.list_roles(PathPrefix="/aws-service-role/ecs.amazonaws.com/")["Roles"]
    assert GITHUB in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"][0]["Arn"]
    bucket = prepared.outputs()["ArtifactBucket"]
    assert bucket == f"fargate-stacks-{cloud.account}-us-east-1"
    assert bucket in [one["Name"] for one in cloud.api("s3").list_buckets()["Buckets"]]


def test_a_second_time_nothing_is_missing_and_nothing_changes(prepared: Prepared) -> None:
    shop = template("shop", {"Main": resource("AWS::ECS::Cluster")})
    prepared(shop, repository="example/shop")
    prepared.asked.clear()
    prepared(shop, repository="example/shop")
    assert prepared.asked == []
    assert [one.how for one in prepared.said if isinstance(one, Ended)] == ["no changes"]
    assert prepared.texts() == []


def test_what_is_missing_is_shown_and_not_made_in_a_dry_run(prepared: Prepared, cloud: Cloud) -> None:
    prepared(dry=True, repository="example/shop")
    assert f"missing: identity provider {GITHUB}" in prepared.texts()
    assert any(isinstance(one, Planned) for one in prepared.said)
    assert cloud.client().stack(STACK) is None
    assert cloud.api("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"] == []


def test_without_consent_nothing_is_made(prepared: Prepared, cloud: Cloud) -> None:
    prepared.answer = False
    with pytest.raises(DeployError, match="declined; nothing was made") as caught:
        prepared(repository="example/shop")
    assert caught.value.exit_code == 4
    assert cloud.client().stack(STACK) is None


def test_a_bucket_that_is_there_already_is_used(prepared: Prepared, cloud: Cloud) -> None:
    cloud.api("s3").create_bucket(Bucket=f"fargate-stacks-{cloud.account}-us-east-1")
    prepared()
    assert "Artifacts" not in cloud.physical(STACK)


def trust(cloud: Cloud, role: str) -> dict[str, object]:
    document = cloud.api("iam").get_role(RoleName=role.rpartition("/")[2])["Role"]["AssumeRolePolicyDocument"]
    statement: dict[str, object] = document["Statement"][0]
    return statement


def test_only_the_named_repository_and_branch_may_take_the_deploy_role(prepared: Prepared, cloud: Cloud) -> None:
    prepared(repository="example/shop", branch="main")
    condition = trust(cloud, prepared.outputs()["DeployRoleArn"])["Condition"]
    assert condition == {
        "StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com"},
        "StringLike": {f"{GITHUB}:sub": "repo:example/shop:ref:refs/heads/main"},
    }


def test_only_cloudformation_of_this_account_may_take_the_teardown_role(prepared: Prepared, cloud: Cloud) -> None:
    prepared()
    assert trust(cloud, prepared.outputs()["TeardownRoleArn"])["Condition"] == {
        "StringEquals": {"aws:SourceAccount": cloud.account}
    }
    assert "DeployRoleArn" not in prepared.outputs()


def allowed(policies: list[dict[str, Any]]) -> set[str]:
    found: set[str] = set()
    for policy in policies:
        for each in policy["Statement"]:
            one = each["Action"]
            found |= {one} if isinstance(one, str) else set(one)
    return found


def test_a_deploy_role_may_do_what_its_types_need_and_no_more() -> None:
    policies = deploy_policies(["AWS::SQS::Queue"], ["shop"], "bucket", "aws")
    assert {"sqs:CreateQueue", "sqs:DeleteQueue", *OWN} <= allowed(policies)
    assert not any(one.startswith(("ec2:", "rds:")) for one in allowed(policies))


def test_it_may_lend_no_more_power_than_its_stacks_have() -> None:
    (policy, *_) = deploy_policies(["AWS::IAM::Role"], ["shop"], "bucket", "aws")
    writes = [one for one in policy["Statement"] if any("iam:CreateRole" in text for text in one["Action"])]
    assert [one["Resource"] for one in writes] == [["arn:aws:iam::*:role/shop-*", "arn:aws:iam::*:policy/shop-*"]]
    passes = [one for one in policy["Statement"] if one["Action"] == "iam:PassRole"]
    assert passes[0]["Resource"] == ["arn:aws:iam::*:role/shop-*"]
    assert "ecs-tasks.amazonaws.com" in passes[0]["Condition"]["StringEquals"]["iam:PassedToService"]


def test_it_may_push_into_the_repositories_of_its_stacks_alone() -> None:
    (policy, *_) = deploy_policies(["AWS::ECR::Repository"], ["Shop"], "bucket", "aws")
    (push,) = [one for one in policy["Statement"] if "ecr:PutImage" in one["Action"]]
    assert push["Resource"] == ["arn:aws:ecr:*:*:repository/shop-*"]
    assert "ecr:UploadLayerPart" in push["Action"]
    assert "ecr:GetAuthorizationToken" in str(policy)
    assert "ecr:PutImage" not in str(deploy_policies(["AWS::SQS::Queue"], ["Shop"], "bucket", "aws"))


def statement(policies: list[dict[str, Any]], action: str) -> dict[str, Any]:
    (found,) = (one for each in policies for one in each["Statement"] if action in one["Action"])
    return dict(found)


def of(one: Template) -> list[dict[str, Any]]:
    return deploy_policies(types_of({one.name: one}), [one.name], "bucket", "aws", templates=[one])


def test_it_may_pass_roles_to_every_service_that_our_constructs_make_roles_for() -> None:
    text = "".join(path.read_text("utf-8") for path in Path(permissions.__file__).parents[1].glob("constructs/*.py"))
    trusted = set(re.findall(r'"Principal": {"Service": "([^"]+)"},\s*"Action": "sts:AssumeRole"', text))
    assert {"lambda.amazonaws.com", "ecs.amazonaws.com", "scheduler.amazonaws.com"} <= trusted
    policies = deploy_policies(["AWS::IAM::Role"], ["shop"], "bucket", "aws")
    passed = statement(policies, "iam:PassRole")["Condition"]["StringEquals"]["iam:PassedToService"]
    assert trusted <= set(passed)


def test_roles_are_its_own_under_their_path_too() -> None:
    role = {"Type": "AWS::IAM::Role", "Properties": {"Path": "/teams/shop/"}}
    found = statement(of(template("shop", {"R": role})), "iam:PassRole")["Resource"]
    assert found == ["arn:aws:iam::*:role/shop-*", "arn:aws:iam::*:role/teams/shop/shop-*"]


def denied(*boundaries: object) -> list[dict[str, Any]]:
    roles = {
        f"R{number}": {"Type": "AWS::IAM::Role", "Properties": {} if one is None else {"PermissionsBoundary": one}}
        for number, one in enumerate(boundaries)
    }
    return [one for each in of(template("shop", roles)) for one in each["Statement"] if one["Effect"] == "Deny"]


def test_where_every_role_is_bounded_it_makes_none_without_and_takes_no_boundary_away() -> None:
    bound = "arn:aws:iam::123456789012:policy/developers"
    made, taken = denied(bound, bound)
    assert made["Condition"] == {"StringNotEquals": {"iam:PermissionsBoundary": [bound]}}
    assert {"iam:CreateRole", "iam:AttachRolePolicy", "iam:PutRolePolicy"} <= set(made["Action"])
    assert taken["Action"] == "iam:DeleteRolePermissionsBoundary"


def test_where_a_role_has_no_boundary_that_is_known_none_is_asked_for() -> None:
    bound = "arn:aws:iam::123456789012:policy/developers"
    assert [denied(), denied(bound, None), denied(bound, {"Ref": "Bound"})] == [[], [], []]


def test_it_reads_the_parameters_of_ssm_that_its_templates_name_and_no_others() -> None:
    image = {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/shop/image"}
    host = {"Type": "AWS::EC2::Instance", "Properties": {"ImageId": "{{resolve:ssm:/aws/service/linux}}"}}
    made = template("shop", {"Host": host}, parameters={"Image": image, "Name": {"Type": "String", "Default": "no"}})
    assert statement(of(made), "ssm:GetParameters")["Resource"] == [
        "arn:aws:ssm:*:*:parameter/aws/service/linux",
        "arn:aws:ssm:*:*:parameter/shop/image",
    ]


def test_it_reads_secrets_where_its_templates_do() -> None:
    def queue(name: str) -> Template:
        return template("shop", {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name}}})

    assert "secretsmanager:GetSecretValue" in allowed(of(queue("{{resolve:secretsmanager:a}}")))
    assert "secretsmanager:GetSecretValue" not in allowed(of(queue("a")))


def test_the_functions_of_custom_resources_may_be_called() -> None:
    made = of(template("shop", {"Run": resource("Custom::Run")}))
    assert statement(made, "lambda:InvokeFunction")["Resource"] == ["arn:aws:lambda:*:*:function:shop-*"]
    assert "lambda:InvokeFunction" in allowed(teardown_policies(["Custom::Run"]))
    assert "lambda:InvokeFunction" not in allowed(teardown_policies(["AWS::SQS::Queue"]))


def test_a_teardown_role_creates_nothing() -> None:
    assert not any(":Create" in one and one != "ec2:CreateTags" for one in allowed(teardown_policies(TYPICAL)))


@pytest.mark.parametrize(
    "make", [lambda: deploy_policies(TYPICAL, ["a"], "b", "aws"), lambda: teardown_policies(TYPICAL)]
)
def test_every_policy_keeps_the_size(make: Callable[[], list[dict[str, object]]]) -> None:
    assert max(len(json.dumps(one, separators=(",", ":"))) for one in make()) <= SIZE


def test_the_deployers_own_calls_are_calls_that_exist() -> None:
    services = {"elasticloadbalancing": "elbv2", "sts": "sts"}
    unknown = []
    for one in OWN:
        service, _, name = one.partition(":")
        if one != "s3:ListBucket" and name not in model(services.get(service, service)).operation_names:
            unknown.append(one)
    assert [one for one in unknown if not one.endswith("agResource")] == []


def test_what_is_no_action_is_left_out() -> None:
    assert not any("REST" in one for one in actions(["AWS::ECS::Cluster", "AWS::S3::Bucket"], ["create", "read"]))


def test_an_app_says_which_types_it_uses() -> None:
    assert types_of({"a": template(resources={"T": resource("AWS::SNS::Topic")})}) == ["AWS::SNS::Topic"]
    assert types_of({}) == TYPICAL


def test_a_create_that_loses_the_race_for_a_service_linked_role_is_tried_again(stage: Stage) -> None:
    reason = "Unable to assume the service linked role. Please verify that the ECS service linked role exists."
    stage.cfn.breaks["create", "Jobs"] = reason
    stage.clock.at(4, stage.cfn.breaks.clear)
    stage.deploy(template())
    assert stage.stack().status == "CREATE_COMPLETE"
    assert "a new account: AWS was still making its service-linked role; once more" in stage.texts()
