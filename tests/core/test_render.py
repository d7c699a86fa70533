"""What `render` makes of stacks, and what it refuses."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from troposphere import GetAtt, Ref, Tags, rds, sqs, ssm

from fargate_stacks.core.render import render
from fargate_stacks.core.stack import App, Stack
from fargate_stacks.core.values import Param, sub
from fargate_stacks.errors import RenderError, SpecError
from tests.core.things import Box, User


def refusal(app: Any) -> str:
    with pytest.raises(RenderError) as caught:
        render(app())
    return str(caught.value)


def test_a_reference_at_home_is_a_getatt() -> None:
    box = Box("Box")
    template = render(App([Stack("s", [box, User("User", uses=[box.arn])])]))["s"]
    statement = template.resources["UserPolicy"]["Properties"]["PolicyDocument"]["Statement"][0]
    assert statement["Resource"] == [{"Fn::GetAtt": ["BoxQueue", "Arn"]}]
    assert template.parameters == {}


def test_a_reference_elsewhere_is_a_parameter_an_output_and_their_wiring() -> None:
    box = Box("Box")
    templates = render(App([Stack("app", [User("User", uses=[box.arn])]), Stack("the-data", [box])]))
    assert list(templates) == ["the-data", "app"]
    app, data = templates["app"], templates["the-data"]
    assert data.outputs == {"BoxQueueArn": {"Value": {"Fn::GetAtt": ["BoxQueue", "Arn"]}}}
    assert app.parameters == {"TheDataBoxQueueArn": {"Type": "String", "Description": "BoxQueueArn of stack the-data"}}
    assert app.metadata == {
        "FargateStacks": {"References": {"TheDataBoxQueueArn": {"Stack": "the-data", "Output": "BoxQueueArn"}}}
    }
    assert app.after == ("the-data",)


def test_a_known_type_makes_a_typed_parameter_and_another_region_a_string() -> None:
    box = Box("Box")
    user = User("User", uses=[box.security_group, box.arn])
    template = render(App([Stack("a", [box]), Stack("b", [user])]))["b"]
    assert template.parameters["ABoxSecurityGroupGroupId"]["Type"] == "AWS::EC2::SecurityGroup::Id"
    far = User("User", uses=[box.arn])
    template = render(App([Stack("a", [box], region="eu-west-1"), Stack("b", [far], region="us-east-1")]))["b"]
    assert template.parameters["ABoxQueueArn"]["Type"] == "String"


def test_a_list_travels_as_one_typed_list_parameter_of_declared_length() -> None:
    box = Box("Box")
    group = rds.DBSubnetGroup("Group", DBSubnetGroupDescription="x", SubnetIds=box.subnets)
    templates = render(App([Stack("net", [box]), Stack("app", [group])]))
    joined = {"Fn::Join": [",", [{"Ref": "BoxSubnet1"}, {"Ref": "BoxSubnet2"}]]}
    assert templates["net"].outputs["BoxSubnets"] == {"Value": joined}
    assert templates["app"].parameters["NetBoxSubnets"]["Type"] == "List<AWS::EC2::Subnet::Id>"
    assert templates["app"].references["NetBoxSubnets"].length == 2


def test_exports_are_imported_by_name() -> None:
    box = Box("Box")
    app = App([Stack("data", [box]), Stack("app", [User("User", uses=[box.arn])])], references="exports")
    templates = render(app)
    assert templates["data"].outputs["BoxQueueArn"]["Export"] == {"Name": "data-BoxQueueArn"}
    statement = templates["app"].resources["UserPolicy"]["Properties"]["PolicyDocument"]["Statement"][0]
    assert statement["Resource"] == [{"Fn::ImportValue": "data-BoxQueueArn"}]


def test_two_consumers_of_one_output_declare_it_once() -> None:
    box = Box("Box")
    app = App([Stack("d", [box]), Stack("a", [User("A", uses=[box.arn])]), Stack("b", [User("B", uses=[box.arn])])])
    assert list(render(app)["d"].outputs) == ["BoxQueueArn"]


def test_a_ring_of_stacks_is_named_edge_by_edge() -> None:
    a, b = Box("A"), Box("B")
    message = refusal(lambda: App([Stack("x", [a, User("P", uses=[b.arn])]), Stack("y", [b, User("Q", uses=[a.arn])])]))
    assert '"x" needs "y" (User "P" uses BQueueArn of Box "B")' in message
    assert '"y" needs "x" (User "Q" uses AQueueArn of Box "A")' in message
    assert "move one of these constructs" in message


def test_a_construct_in_no_stack_is_named_with_its_user() -> None:
    box = Box("Box")
    message = refusal(lambda: App([Stack("s", [User("User", uses=[box.arn])])]))
    assert message == 'User "User" in stack "s" refers to Box "Box", which is in no stack; add it to the members of one'


def test_a_construct_in_two_stacks_is_refused() -> None:
    box = Box("Box")
    assert 'Box "Box" is in two stacks, "a" and "b"' in refusal(lambda: App([Stack("a", [box]), Stack("b", [box])]))


def test_twin_logical_ids_are_named_with_both_owners() -> None:
    message = refusal(lambda: App([Stack("s", [Box("Box"), sqs.Queue("BoxQueue")])]))
    assert message == 'Stack "s": Box "Box" and resource "BoxQueue" both make BoxQueue; rename one of them'


def test_twin_construct_names_in_one_stack_are_refused_and_in_two_stacks_admitted() -> None:
    assert "have the same name" in refusal(lambda: App([Stack("s", [Box("Box"), Box("Box")])]))
    assert set(render(App([Stack("a", [Box("Box")]), Stack("b", [Box("Box")])]))) == {"a", "b"}


def test_tags_reach_every_taggable_resource_and_a_stacks_own_win() -> None:
    members = [Box("Box"), ssm.Parameter("Raw", Type="String", Value="x")]
    stack = Stack("s", members, tags={"team": "shop"})
    template = render(App([stack], tags={"stage": "dev", "team": "all"}))["s"]
    expected = [{"Key": "stage", "Value": "dev"}, {"Key": "team", "Value": "shop"}]
    assert template.resources["BoxQueue"]["Properties"]["Tags"] == expected
    assert template.resources["Raw"]["Properties"]["Tags"] == {"stage": "dev", "team": "shop"}
    assert template.tags == {"stage": "dev", "team": "shop"}


def test_a_resources_own_tag_wins_over_those_of_stack_and_app() -> None:
    raw = sqs.Queue("Raw", Tags=Tags(team="mine"))
    template = render(App([Stack("s", [raw])], tags={"team": "all", "stage": "dev"}))["s"]
    tags = template.resources["Raw"]["Properties"]["Tags"]
    assert tags == [{"Key": "team", "Value": "mine"}, {"Key": "stage", "Value": "dev"}]


def test_removal_decides_deletion_policies() -> None:
    kept = render(App([Stack("s", [Box("Box")])]))["s"].resources["BoxQueue"]
    gone = render(App([Stack("s", [Box("Box")], removal="remove")]))["s"].resources["BoxQueue"]
    assert (kept["DeletionPolicy"], gone["DeletionPolicy"]) == ("Retain", "Delete")


def test_type_comes_first_in_every_resource() -> None:
    template = render(App([Stack("s", [Box("Box"), User("User", uses=["a"])])]))["s"]
    assert {next(iter(body)) for body in template.resources.values()} == {"Type"}


def test_customize_sees_finished_objects_and_may_change_them() -> None:
    def change(resources: Any) -> None:
        resources["BoxQueue"].DelaySeconds = 5
        del resources["BoxSubnet2"]
        resources["More"] = sqs.Queue("More")

    template = render(App([Stack("s", [Box("Box")], customize=change)]))["s"]
    assert template.resources["BoxQueue"]["Properties"]["DelaySeconds"] == 5
    assert set(template.resources) == {"BoxQueue", "BoxSecurityGroup", "BoxSubnet1", "More"}


def test_customize_answers_a_missing_id_with_the_nearest() -> None:
    message = refusal(lambda: App([Stack("s", [Box("Box")], customize=lambda r: r["BoxQeue"])]))
    assert (
        message
        == "Stack \"s\": customize asks for 'BoxQeue', which is not among its 4 resources; did you mean BoxQueue"
    )


def test_what_customize_removed_and_others_refer_to_is_named() -> None:
    box = Box("Box")
    stack = Stack("s", [box, User("User", uses=[box.arn])], customize=lambda r: r.pop("BoxQueue"))
    assert 'Box "Box" has no BoxQueue; customize may have removed or renamed it' in refusal(lambda: App([stack]))


@pytest.mark.parametrize(
    ("raw", "missing"),
    [
        (sqs.Queue("Raw", QueueName=Ref("Nowhere")), "refers to Nowhere"),
        (sqs.Queue("Raw", QueueName=GetAtt("Nowhere", "Arn")), "refers to Nowhere"),
        (sqs.Queue("Raw", QueueName=sub("a-${Nowhere.Arn}")), "refers to Nowhere"),
        (sqs.Queue("Raw", DependsOn="Nowhere"), "depends on Nowhere"),
    ],
)
def test_a_raw_reference_that_leads_nowhere_is_refused(raw: Any, missing: str) -> None:
    assert f'Stack "s": resource "Raw": Raw {missing}' in refusal(lambda: App([Stack("s", [raw])]))


def test_a_dependency_that_a_reference_already_says_is_left_out() -> None:
    box = Box("Box")
    user = User("User", uses=[box.arn], after=[box.url, box.security_group])
    template = render(App([Stack("s", [box, user])]))["s"]
    assert template.resources["UserQueue"]["DependsOn"] == ["BoxSecurityGroup", "UserPolicy"]


def test_waiting_for_another_stack_is_an_edge_of_stacks() -> None:
    box = Box("Box")
    templates = render(App([Stack("a", [User("User", uses=["x"], after=[box.url])]), Stack("b", [box])]))
    assert list(templates) == ["b", "a"]
    assert templates["a"].resources["UserQueue"]["DependsOn"] == ["UserPolicy"]
    assert templates["a"].after == ("b",)


def test_a_parameter_is_declared_where_it_is_used() -> None:
    image = Param("Tag", default="1.0", description="what runs", no_echo=True)
    template = render(App([Stack("s", [User("User", uses=[image])])]))["s"]
    assert template.parameters == {
        "Tag": {"Type": "String", "Description": "what runs", "Default": "1.0", "NoEcho": True}
    }


def test_two_parameters_of_one_name_that_differ_are_refused() -> None:
    user = User("User", uses=[Param("Tag", default="1"), Param("Tag", default="2")])
    assert "two parameters are named Tag and differ" in refusal(lambda: App([Stack("s", [user])]))


def test_network_things_of_another_region_are_refused_naming_both_ends() -> None:
    box = Box("Box")
    user = User("User", uses=[box.security_group])
    message = refusal(lambda: App([Stack("e", [box], region="eu-west-1"), Stack("u", [user], region="us-east-1")]))
    assert 'User "User" in stack "u" (us-east-1) uses Box "Box" of stack "e" (eu-west-1)' in message
    assert "AWS::EC2::SecurityGroup cannot be used across regions" in message


def test_a_queue_of_another_account_is_refused_without_its_owners_word() -> None:
    box = Box("Box")
    user = User("User", uses=[box.arn])
    message = refusal(lambda: App([Stack("a", [box], account="1" * 12), Stack("b", [user], account="2" * 12)]))
    assert "another account may use AWS::SQS::Queue only when its owner shares it" in message


def test_exports_across_regions_are_refused() -> None:
    box = Box("Box")
    stacks = [Stack("e", [box], region="eu-west-1"), Stack("u", [User("U", uses=[box.arn])], region="us-east-1")]
    assert "exports do not cross regions or accounts" in refusal(lambda: App(stacks, references="exports"))


def test_too_many_resources_are_refused() -> None:
    queues = [sqs.Queue(f"Q{number}") for number in range(501)]
    assert "501 resources, CloudFormation takes 500" in refusal(lambda: App([Stack("s", queues)]))


def test_a_template_above_one_megabyte_is_refused() -> None:
    fat = [ssm.Parameter(f"P{number}", Type="String", Value="x" * 4000) for number in range(260)]
    assert "more than 1000000 bytes" in refusal(lambda: App([Stack("s", fat)]))


def test_what_troposphere_refuses_is_named_with_construct_and_id() -> None:
    message = refusal(lambda: App([Stack("s", [ssm.Parameter("Raw", Type="String")])]))
    assert message.startswith('resource "Raw": Raw is refused: Resource Value required')


def test_owners_know_the_line_that_made_a_construct() -> None:
    box = Box("Box")
    line = re.search(r"line (\d+)", "line 0")
    assert line is not None
    owner = render(App([Stack("s", [box])]))["s"].owners["BoxQueue"]
    assert (owner.name, owner.kind) == ("Box", "Box")
    assert owner.source is not None
    assert owner.source.file == __file__


NAMES = st.permutations(["A", "B", "C"])


@given(NAMES)
def test_the_order_of_members_changes_no_resource(names: list[str]) -> None:
    boxes = {name: Box(name) for name in "ABC"}
    user = User("User", uses=[boxes[n].arn for n in "ABC"], after=[boxes[n].security_group for n in names])
    template = render(App([Stack("s", [*(boxes[name] for name in names), user])]))["s"]
    plain = render(App([Stack("s", [user, *boxes.values()])]))["s"]
    assert template.resources == plain.resources


def test_nesting_and_moving_a_construct_changes_no_logical_id() -> None:
    box = Box("Box")
    flat = render(App([Stack("s", [box])]))["s"].resources
    nested = render(App([Stack("s", [[(box,)]])]))["s"].resources
    moved = render(App([Stack("t", [box])]))["t"].resources
    assert list(flat) == list(nested) == list(moved)


def test_rendering_twice_gives_the_same_text() -> None:
    box = Box("Box")
    app = App([Stack("s", [box, User("User", uses=[box.arn])])])
    assert render(app)["s"].to_yaml() == render(app)["s"].to_yaml()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Stack("s", [1]), "a member must be a construct or a troposphere resource, got 1"),
        (lambda: Stack("s", ["Net"]), "give the construct itself, not its name"),
        (lambda: Stack("1s", []), "a stack's name is up to 128"),
        (lambda: Stack("s", Box("Box")), "members must be a sequence"),
        (lambda: Stack("s", [], tags={"aws:x": "y"}), "starts with aws:"),
        (lambda: Stack("s", [], region="europe"), "region must look like eu-west-1, got 'europe'"),
        (lambda: Stack("s", [], account="12"), "account must be 12 digits, got '12'"),
        (lambda: Stack("s", [], removal="keep"), "removal must be one of 'retain', 'remove', got 'keep'"),
        (lambda: App([]), "it has no stack"),
        (lambda: App([Stack("s", []), Stack("s", [])]), 'two stacks are named "s"'),
        (lambda: App(Stack("s", [])), "stacks must be a sequence"),
    ],
)
def test_what_no_stack_or_app_can_be_is_refused(make: Any, words: str) -> None:
    with pytest.raises(SpecError, match=re.escape(words)):
        make()
