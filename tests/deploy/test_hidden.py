"""What the template that was sent does not show: nested stacks, and what macros make. Over HTTP, in the local cloud."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fargate_stacks.core.template import Template
from fargate_stacks.deploy import engine
from fargate_stacks.deploy.client import call
from fargate_stacks.deploy.destroy import destroy
from fargate_stacks.deploy.messages import Deleting, Message, Planned
from fargate_stacks.deploy.plan import Plan
from fargate_stacks.deploy.run import Options
from fargate_stacks.errors import DeployError
from tests.deploy.stage import resource, template
from tests.localcloud import Cloud

ROLE = resource("AWS::IAM::Role", AssumeRolePolicyDocument={"Version": "2012-10-17", "Statement": []})


class Shelf:
    """Templates in a bucket, and the stacks that nest them."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.bucket = f"templates-{cloud.account}"
        self.requests: list[dict[str, Any]] = []
        cloud.api("s3").create_bucket(Bucket=self.bucket)

    def nested(
        self, resources: dict[str, Any], key: str = "child", parameters: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        body = json.dumps({"Parameters": parameters or {}, "Resources": resources}).encode()
        name = f"{key}-{abs(hash(body))}.json"
        self.cloud.api("s3").put_object(Bucket=self.bucket, Key=name, Body=body)
        url = f"{self.cloud.endpoint_url}/{self.bucket}/{name}"
        return resource("AWS::CloudFormation::Stack", TemplateURL=url)

    def plan(self, resources: dict[str, Any]) -> Plan:
        said: list[Message] = []
        self._run(engine.preview, template(resources=resources), said, ask=lambda question: False)
        (planned,) = [one.plan for one in said if isinstance(one, Planned)]
        return planned

    def deploy(self, resources: dict[str, Any], *, confirm: bool = True) -> None:
        self._run(
            engine.deploy, template(resources=resources), [], ask=lambda _: True, confirm=lambda question: confirm
        )

    def _run(self, do: Any, wanted: Template, said: list[Message], **more: Any) -> None:
        client = self.cloud.client()
        client.api.meta.events.register("provide-client-params.cloudformation.CreateChangeSet", self._asked)
        do({"shop": wanted}, client, out=said.append, options=Options(), **more)

    def _asked(self, params: dict[str, Any], **_: Any) -> None:
        self.requests.append(params)

    @property
    def capabilities(self) -> list[list[str]]:
        """What was given with each change set, in order."""
        return [one["Capabilities"] for one in self.requests]


@pytest.fixture
def shelf(cloud: Cloud) -> Shelf:
    return Shelf(cloud)


def told(plan: Plan) -> list[tuple[str, str]]:
    return [(one.action, one.logical_id) for one in plan.changes]


def test_resources_of_a_nested_stack_are_told_by_their_path(shelf: Shelf) -> None:
    plan = shelf.plan({"Net": shelf.nested({"Inner": resource(), "Deep": shelf.nested({"Jobs": resource()}, "deep")})})
    assert set(told(plan)) == {("Add", "Net/Inner"), ("Add", "Net/Deep/Jobs")}


def test_a_change_in_a_nested_stack_is_that_change_alone(shelf: Shelf) -> None:
    shelf.deploy({"Net": shelf.nested({"Jobs": resource(), "Mail": resource()}), "Own": resource()})
    plan = shelf.plan({"Net": shelf.nested({"Jobs": resource(DelaySeconds=5), "Mail": resource()}), "Own": resource()})
    assert told(plan) == [("Modify", "Net/Jobs")]
    assert [one.path for one in plan.changes[0].properties] == ["DelaySeconds"]


def test_a_nested_stack_that_goes_is_told_with_what_goes_in_it(shelf: Shelf) -> None:
    net = shelf.nested({"Jobs": resource(), "Files": resource("AWS::S3::Bucket")})
    shelf.deploy({"Net": net, "Own": resource()})
    plan = shelf.plan({"Own": resource()})
    assert told(plan) == [("Remove", "Net"), ("Remove", "Net/Jobs"), ("Remove", "Net/Files")]
    assert [(one.kind, one.logical_id) for one in plan.risks] == [("data-loss", "Net/Files")]


def test_a_role_in_a_nested_stack_broadens_as_one_outside(shelf: Shelf) -> None:
    allowed = {"PolicyName": "p", "PolicyDocument": {"Statement": [{"Effect": "Allow", "Action": "s3:*"}]}}
    shelf.deploy({"Net": shelf.nested({"Role": ROLE})})
    wider = {**ROLE, "Properties": {**ROLE["Properties"], "Policies": [allowed]}}
    plan = shelf.plan({"Net": shelf.nested({"Role": wider})})
    assert [(one.kind, one.logical_id, one.text) for one in plan.risks] == [
        ("broadening", "Net/Role", "s3:* is allowed")
    ]


def test_a_nested_stack_gets_the_capability_that_it_needs_and_no_other(shelf: Shelf) -> None:
    shelf.deploy({"Net": shelf.nested({"Role": ROLE})})
    assert shelf.capabilities == [[], ["CAPABILITY_IAM"]]


def test_a_change_set_that_lacked_a_capability_leaves_nothing(shelf: Shelf, cloud: Cloud) -> None:
    shelf.plan({"Net": shelf.nested({"Role": ROLE})})
    assert cloud.client().stack("shop") is None


def test_a_nested_template_that_is_not_there_says_so_from_within(shelf: Shelf, cloud: Cloud) -> None:
    url = f"{cloud.endpoint_url}/{shelf.bucket}/nothing.json"
    with pytest.raises(DeployError, match=r"Nested change set .* S3 error: .*nothing.json") as caught:
        shelf.deploy({"Net": resource("AWS::CloudFormation::Stack", TemplateURL=url)})
    assert (caught.value.exit_code, cloud.client().stack("shop")) == (6, None)


LOOP = {
    "AWSTemplateFormatVersion": "2010-09-09",
    "Transform": "AWS::LanguageExtensions",
    "Resources": {
        "Fn::ForEach::Roles": [
            "Name",
            ["One", "Two"],
            {
                "Role${Name}": {
                    **ROLE,
                    "Properties": {
                        **ROLE["Properties"],
                        "ManagedPolicyArns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
                    },
                }
            },
        ]
    },
}


def foreign(tmp_path: Any, body: dict[str, Any]) -> Template:
    from fargate_stacks.deploy.foreign import read

    file = tmp_path / "template.json"
    file.write_text(json.dumps(body))
    return read(file, "shop")


def test_what_a_macro_makes_is_judged_as_if_it_stood_in_the_template(cloud: Cloud, tmp_path: Any) -> None:
    said: list[Message] = []
    with pytest.raises(DeployError, match="broadening is not approved") as caught:
        engine.deploy(
            {"shop": foreign(tmp_path, LOOP)},
            cloud.client(),
            out=said.append,
            ask=lambda _: True,
            confirm=lambda _: False,
        )
    assert caught.value.exit_code == 4
    (plan,) = [one.plan for one in said if isinstance(one, Planned)]
    assert {one.logical_id for one in plan.risks} == {"RoleOne", "RoleTwo"}


def test_a_loop_of_the_language_extensions_is_deployed_and_changed(cloud: Cloud, tmp_path: Any) -> None:
    def deploy(body: dict[str, Any]) -> None:
        wanted = {"shop": foreign(tmp_path, body)}
        engine.deploy(wanted, cloud.client(), out=lambda message: None, ask=lambda question: True)

    deploy(LOOP)
    assert sorted(cloud.physical("shop")) == ["RoleOne", "RoleTwo"]
    more = json.loads(json.dumps(LOOP).replace('["One", "Two"]', '["One", "Two", "Three"]'))
    deploy(more)
    assert sorted(cloud.physical("shop")) == ["RoleOne", "RoleThree", "RoleTwo"]


def test_the_processed_template_is_asked_for_by_the_change_set_alone(cloud: Cloud) -> None:
    made = cloud.client().create_change_set(
        StackName="shop",
        ChangeSetName="a",
        ChangeSetType="CREATE",
        TemplateBody='{"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}',
    )
    answer = call(cloud.api("cloudformation"), "GetTemplate", ChangeSetName=made[0], TemplateStage="Processed")
    assert answer["TemplateBody"] == cloud.client().planned_template(made[0])


# destroy


def destroyed(shelf: Shelf, resources: dict[str, Any], **more: Any) -> list[Message]:
    said: list[Message] = []
    wanted = template(resources=resources)
    destroy({"shop": wanted}, shelf.cloud.client(), out=said.append, ask=lambda question: True, **more)
    return said


def test_what_is_full_in_a_nested_stack_is_emptied_with_its_approval(shelf: Shelf, cloud: Cloud) -> None:
    resources = {"Net": shelf.nested({"Files": resource("AWS::S3::Bucket")})}
    shelf.deploy(resources)
    inner = cloud.physical(cloud.physical("shop")["Net"])
    cloud.api("s3").put_object(Bucket=inner["Files"], Key="a", Body=b"x")
    (told,) = [one for one in destroyed(shelf, resources) if isinstance(one, Deleting)]
    assert (told.full, told.lost) == (("Net/Files",), ("Net/Files",))
    assert cloud.client().stack("shop") is None


def test_protection_in_a_nested_stack_is_refused_with_its_cure(shelf: Shelf, cloud: Cloud) -> None:
    resources = {"Net": shelf.nested({"Log": resource("AWS::Logs::LogGroup", DeletionProtectionEnabled=True)})}
    shelf.deploy(resources)
    with pytest.raises(DeployError, match="deletion protection is on for Net/Log, in a nested stack") as caught:
        destroyed(shelf, resources)
    assert caught.value.exit_code == 5
    assert cloud.client().stack("shop") is not None


def test_what_a_loop_made_is_deleted(cloud: Cloud, tmp_path: Any, shelf: Shelf) -> None:
    wanted = {"shop": foreign(tmp_path, LOOP)}
    engine.deploy(wanted, cloud.client(), out=lambda message: None, ask=lambda question: True)
    destroy(wanted, cloud.client(), out=lambda message: None, ask=lambda question: True)
    assert cloud.client().stack("shop") is None


def test_a_noecho_parameter_of_a_nested_stack_is_shown_on_neither_side(shelf: Shelf) -> None:
    def net(word: str, delay: int) -> dict[str, Any]:
        inner = {"Jobs": resource(QueueName={"Fn::Sub": "x-${Word}"}, DelaySeconds=delay)}
        nested = shelf.nested(inner, parameters={"Word": {"Type": "String", "NoEcho": True}})
        return {"Net": {**nested, "Properties": {**nested["Properties"], "Parameters": {"Word": word}}}}

    shelf.deploy(net("hunter2", 1))
    (change,) = [one for one in shelf.plan(net("swordfish", 2)).changes if one.logical_id == "Net/Jobs"]
    shown = {one.path: (one.before, one.after) for one in change.properties}
    assert shown == {"QueueName": ("****", "****"), "DelaySeconds": ("1", "2")}
