"""Change sets, made and read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fargate_stacks.core.template import Owner, Template
from fargate_stacks.deploy import engine, plan
from fargate_stacks.deploy.messages import Summary
from fargate_stacks.deploy.no_echo import hide
from fargate_stacks.deploy.plan import Change, Plan, PropertyChange, Request, named
from fargate_stacks.errors import DeployError
from tests.deploy.stage import Stage, resource, template


def made(stage: Stage, change: dict[str, Any], owners: dict[str, Owner] | None = None) -> Plan:
    """The plan of a change set that has one change, as AWS would describe it."""
    base = {"Action": "Modify", "LogicalResourceId": "Jobs", "ResourceType": "AWS::SQS::Queue"}
    stage.cfn.given("shop", "CREATE_COMPLETE")
    stage.cfn.changes["shop"] = [{"Type": "Resource", "ResourceChange": {**base, **change}}]
    return plan.make(stage.client, Request("shop", False, {"Resources": {}}), stage.clock, owners or {})


def target(**more: Any) -> list[dict[str, Any]]:
    return [{"Target": {"Attribute": "Properties", "Name": "DelaySeconds", **more}}]


@pytest.mark.parametrize(("told", "read"), [("True", "yes"), ("Conditional", "maybe"), ("False", "no"), (None, "no")])
def test_three_levels_of_replacement(stage: Stage, told: str | None, read: str) -> None:
    change = made(stage, {"Replacement": told} if told else {}).changes[0]
    assert change.replacement == read


def test_what_becomes_of_the_old_one_is_told(stage: Stage) -> None:
    assert made(stage, {"Action": "Remove", "PolicyAction": "Snapshot"}).changes == (
        Change("Remove", "Jobs", "AWS::SQS::Queue", policy="Snapshot"),
    )


def test_values_stand_beside_the_change(stage: Stage) -> None:
    details = target(Path="/Properties/A/B", BeforeValue="1", AfterValue="2", RequiresRecreation="Always")
    assert made(stage, {"Details": details}).changes[0].properties == (PropertyChange("A.B", "1", "2", True),)


def test_or_in_the_context_of_the_resource(stage: Stage) -> None:
    change = {
        "Details": target(),
        "BeforeContext": json.dumps({"Properties": {"DelaySeconds": 1}}),
        "AfterContext": json.dumps({"Properties": {"DelaySeconds": 2}}),
    }
    assert made(stage, change).changes[0].properties == (PropertyChange("DelaySeconds", "1", "2"),)


def test_or_where_the_path_leads_in_that_context(stage: Stage) -> None:
    change = {
        "Details": target(Path="/Properties/Zones/1/Id"),
        "BeforeContext": json.dumps({"Properties": {"Zones": [{"Id": "a"}, {"Id": "b"}]}}),
        "AfterContext": json.dumps({"Properties": {"Zones": [{"Id": "a"}, {"Id": "c"}]}}),
    }
    assert made(stage, change).changes[0].properties == (PropertyChange("Zones.1.Id", "b", "c"),)


def test_what_was_not_there_before_has_no_value_before(stage: Stage) -> None:
    change = {
        "Details": target(Path="/Properties/Redrive/Max", AfterValue="3"),
        "BeforeContext": json.dumps({"Properties": {"Redrive": {"Queue": "q"}}}),
    }
    assert made(stage, change).changes[0].properties == (PropertyChange("Redrive.Max", None, "3"),)


def test_a_property_that_two_details_tell_of_is_told_once(stage: Stage) -> None:
    assert len(made(stage, {"Details": target() + target()}).changes[0].properties) == 1


def test_the_construct_stands_beside_the_change(stage: Stage) -> None:
    owner = Owner("Jobs", "Queue", None)
    assert made(stage, {}, {"Jobs": owner}).changes[0].owner == owner


def test_a_change_set_of_many_pages_is_read_whole(stage: Stage) -> None:
    stage.cfn.page = 2
    resources = {f"Q{number}": resource() for number in range(7)}
    found = plan.make(stage.client, Request("shop", True, {"Resources": resources}), stage.clock, {})
    assert [one.logical_id for one in found.changes] == list(resources)


def test_changes_that_aws_left_out_for_the_values_are_filled_in(stage: Stage) -> None:
    stage.cfn.incomplete = True
    resources = {"A": resource(), "B": resource()}
    found = plan.make(stage.client, Request("shop", True, {"Resources": resources}), stage.clock, {})
    assert [one.logical_id for one in found.changes] == ["A", "B"]


def test_names_of_change_sets_sort_by_time_and_never_meet(stage: Stage) -> None:
    request = Request("shop", True, {"Resources": {}})
    first = request.name(stage.clock.utc())
    stage.clock.sleep(0.001)
    other = Request("shop", True, {"Resources": {"A": resource()}})
    assert first < request.name(stage.clock.utc())
    assert request.name(stage.clock.utc()) != other.name(stage.clock.utc())


def test_interrupted_while_it_is_made_it_goes_with_the_empty_stack(stage: Stage) -> None:
    stage.clock.interrupts = [0.2]
    with pytest.raises(KeyboardInterrupt):
        plan.make(stage.client, Request("shop", True, {"Resources": {"A": resource()}}), stage.clock, {})
    assert stage.stack().status == "DELETE_COMPLETE"


def test_the_change_sets_of_others_and_their_stack_stay(stage: Stage) -> None:
    theirs = plan.make(stage.client, Request("shop", True, {"Resources": {"A": resource()}}), stage.clock, {})
    ours = plan.make(stage.client, Request("shop", True, {"Resources": {"B": resource()}}), stage.clock, {})
    plan.discard(stage.client, ours)
    assert list(stage.stack().change_sets) == [theirs.change_set]
    assert stage.stack().status == "REVIEW_IN_PROGRESS"


@pytest.mark.parametrize(
    ("resources", "wanted"),
    [
        ({"A": resource()}, []),
        ({"A": resource("AWS::IAM::Role")}, ["CAPABILITY_IAM"]),
        ({"A": resource("AWS::IAM::Role", RoleName="x")}, ["CAPABILITY_NAMED_IAM"]),
        ({"A": resource("AWS::IAM::ManagedPolicy", ManagedPolicyName="x")}, ["CAPABILITY_NAMED_IAM"]),
    ],
)
def test_only_the_capabilities_that_are_needed_are_given(resources: dict[str, Any], wanted: list[str]) -> None:
    assert plan.capabilities({"Resources": resources}) == wanted


def test_a_transform_needs_auto_expand() -> None:
    assert plan.capabilities({"Transform": "AWS::LanguageExtensions"}) == ["CAPABILITY_AUTO_EXPAND"]


def test_text_outside_ascii_is_sent_escaped() -> None:
    body = Request("shop", True, {"Description": "문자", "Resources": {}}).body()
    assert body.isascii()
    assert json.loads(body)["Description"] == "문자"


def test_a_denied_change_set_is_not_called_a_refused_one(stage: Stage) -> None:
    stage.cfn.fail("CreateChangeSet", "AccessDenied", "no")
    with pytest.raises(DeployError) as caught:
        plan.make(stage.client, Request("shop", True, {"Resources": {}}), stage.clock, {})
    assert caught.value.exit_code == 1


def test_what_cloudformation_says_of_a_template_is_passed_on_with_6(stage: Stage) -> None:
    stage.cfn.fail("CreateChangeSet", "ValidationError", "Template format error: unresolved")
    with pytest.raises(DeployError, match=r"refused the change set: Template format error: unresolved") as caught:
        plan.make(stage.client, Request("shop", True, {"Resources": {}}), stage.clock, {})
    assert caught.value.exit_code == 6


def secret() -> Template:
    return template(
        resources={"Jobs": resource(QueueName={"Fn::Sub": "x-${Word}"}, Tags=[{"Key": "w", "Value": {"Ref": "Word"}}])},
        parameters={"Word": {"Type": "String", "NoEcho": True}},
    )


def test_neither_the_hash_nor_the_name_of_a_plan_tells_of_a_noecho_value(stage: Stage) -> None:
    hashes, names = set(), set()
    for word in ("a", "b"):
        said = stage.said.append
        given = {"Word": word}
        engine.preview({"shop": secret()}, stage.client, out=said, ask=stage.ask, given=given, clock=stage.clock)
        hashes.add(stage.of(Summary)[-1].fingerprint)
        names.add(stage.plans[-1].plan.change_set.split("/")[1][-8:])
    assert (len(hashes), len(names)) == (1, 1)


@pytest.mark.parametrize(
    ("path", "hidden"),
    [("QueueName", True), ("Tags.w.Value", True), ("Tags.0.Value", True), ("Tags", True), ("DelaySeconds", False)],
)
def test_a_property_that_takes_a_noecho_parameter_shows_neither_side(path: str, hidden: bool) -> None:
    change = Change("Modify", "Jobs", "AWS::SQS::Queue", properties=(PropertyChange(path, "old", "new"),))
    (found,) = hide(Plan("shop", False, "", "", (change,)), {}, secret().to_dict()).changes
    assert found.properties == (PropertyChange(path, "****" if hidden else "old", "****" if hidden else "new"),)


def test_what_a_noecho_parameter_gave_before_is_hidden_too() -> None:
    change = Change("Modify", "Jobs", "AWS::SQS::Queue", properties=(PropertyChange("QueueName", "old", "new"),))
    now = template(resources={"Jobs": resource(QueueName="new")}).to_dict()
    (found,) = hide(Plan("shop", False, "", "", (change,)), secret().to_dict(), now).changes
    assert found.properties == (PropertyChange("QueueName", "****", "****"),)


def test_named_items_of_lists_stand_in_paths_by_their_names() -> None:
    old = {"Containers": [{"Name": "app", "Environment": [{"Name": "A.B", "Value": "1"}]}]}
    new = {"Containers": [{"Name": "app", "Environment": [{"Name": "C", "Value": "1"}]}], "List": [1]}
    assert named("Containers.0.Environment.0.Value", old, new) == "Containers.app.Environment.A_B/C.Value"
    assert named("Containers.0.Environment.7.Value", old, new) == "Containers.app.Environment.7.Value"
    assert named("List.0", old, new) == "List.0"


@pytest.mark.parametrize(
    ("more", "before", "after"),
    [
        ({"AttributeChangeType": "Add", "AfterValue": "1"}, "", "1"),
        ({"AttributeChangeType": "Remove", "BeforeValue": "1"}, "1", ""),
        ({"AttributeChangeType": "Modify", "AfterValue": "1"}, None, "1"),
    ],
)
def test_a_property_that_is_not_there_is_told_from_one_that_is_not_known(
    stage: Stage, more: dict[str, str], before: str | None, after: str | None
) -> None:
    found = made(stage, {"Details": target(Path="/Properties/DelaySeconds", **more)})
    assert [(one.before, one.after) for one in found.changes[0].properties] == [(before, after)]
