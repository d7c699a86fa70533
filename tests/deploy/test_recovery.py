"""Stacks that were left in a bad state are repaired, with consent."""

from __future__ import annotations

import pytest

from fargate_stacks.errors import DeployError
from tests.deploy.fake_stack import FakeChangeSet
from tests.deploy.stage import Stage, resource, template

TWO = {"Jobs": resource(), "Mail": resource()}
SLOWER = {"Jobs": resource(), "Mail": resource(DelaySeconds=5)}
TASK = {"Task": resource("AWS::ECS::TaskDefinition", Cpu="256")}
BIGGER = {"Task": resource("AWS::ECS::TaskDefinition", Cpu="512")}


def failing(stage: Stage, *templates: object, **more: object) -> DeployError:
    with pytest.raises(DeployError) as caught:
        stage.deploy(*templates, **more)  # type: ignore[arg-type]
    return caught.value


def test_no_rollback_leaves_a_failed_create_as_it_is(stage: Stage) -> None:
    stage.cfn.breaks["create", "Mail"] = "no"
    error = failing(stage, template(resources=TWO), no_rollback=True)
    assert (error.exit_code, stage.stack().status) == (8, "CREATE_FAILED")
    assert stage.cfn.called("ExecuteChangeSet")[0]["DisableRollback"] is True


def test_rollback_is_asked_for_in_so_many_words(stage: Stage) -> None:
    stage.deploy(template())
    assert stage.cfn.called("ExecuteChangeSet")[0]["DisableRollback"] is False


def test_a_failed_create_is_fixed_forward(stage: Stage) -> None:
    stage.cfn.breaks["create", "Mail"] = "no"
    failing(stage, template(resources=TWO), no_rollback=True)
    stage.cfn.breaks.clear()
    stage.deploy(template(resources=SLOWER))
    assert stage.stack().status == "UPDATE_COMPLETE"
    assert stage.cfn.called("ExecuteChangeSet")[-1]["DisableRollback"] is True


def test_a_failed_update_is_fixed_forward(stage: Stage) -> None:
    stage.deploy(template(resources=TWO))
    stage.cfn.breaks["update", "Mail"] = "no"
    assert failing(stage, template(resources=SLOWER), no_rollback=True).exit_code == 8
    assert stage.stack().status == "UPDATE_FAILED"
    stage.cfn.breaks.clear()
    stage.deploy(template(resources=SLOWER))
    assert stage.stack().status == "UPDATE_COMPLETE"


def test_no_rollback_is_refused_where_an_update_replaces(stage: Stage) -> None:
    stage.deploy(template(resources=TASK))
    error = failing(stage, template(resources=BIGGER), no_rollback=True)
    assert error.exit_code == 2
    assert "--no-rollback allows no replacement, and Task would be replaced" in str(error)
    assert len(stage.cfn.called("ExecuteChangeSet")) == 1


def test_where_a_repair_would_replace_it_is_rolled_back_first(stage: Stage) -> None:
    stage.cfn.given("shop", "UPDATE_FAILED", {"Resources": TASK})
    stage.deploy(template(resources=BIGGER))
    assert stage.cfn.called("RollbackStack")
    assert stage.stack().status == "UPDATE_COMPLETE"
    assert "roll it back, so that it is as it was before?" in stage.asked[0]


def test_a_failed_create_that_would_replace_is_deleted_and_made_anew(stage: Stage) -> None:
    stage.cfn.given("shop", "CREATE_FAILED", {"Resources": TASK})
    stage.deploy(template(resources=BIGGER))
    assert [one.status for one in stage.cfn.stacks.values()] == ["DELETE_COMPLETE", "CREATE_COMPLETE"]
    assert "it is deleted, since it was never whole?" in stage.asked[0]


def test_without_consent_nothing_is_rolled_back(stage: Stage) -> None:
    stage.cfn.given("shop", "UPDATE_FAILED", {"Resources": TASK})
    stage.answer = lambda question: False
    assert failing(stage, template(resources=BIGGER)).exit_code == 4
    assert stage.stack().status == "UPDATE_FAILED"
    assert stage.stack().change_sets == {}


def test_a_rollback_that_failed_is_continued(stage: Stage) -> None:
    stage.cfn.given("shop", "UPDATE_ROLLBACK_FAILED", {"Resources": TWO}, reason="Mail is stuck")
    stage.deploy(template(resources=SLOWER))
    assert stage.asked[0] == "shop: it is UPDATE_ROLLBACK_FAILED: Mail is stuck: go on with the rollback?"
    assert stage.stack().status == "UPDATE_COMPLETE"


def test_and_resources_are_left_out_of_it_when_named(stage: Stage) -> None:
    stage.cfn.given("shop", "UPDATE_ROLLBACK_FAILED", {"Resources": TWO})
    stage.cfn.breaks["rollback", "Mail"] = "still stuck"
    stage.deploy(template(resources=SLOWER), skip=("Mail",))
    assert stage.cfn.called("ContinueUpdateRollback")[0]["ResourcesToSkip"] == ["Mail"]
    assert stage.stack().status == "UPDATE_COMPLETE"


def test_a_rollback_that_fails_again_exits_with_8(stage: Stage) -> None:
    stage.cfn.given("shop", "UPDATE_ROLLBACK_FAILED", {"Resources": TWO})
    stage.cfn.breaks["rollback", "Mail"] = "still stuck"
    error = failing(stage, template(resources=SLOWER))
    assert (error.exit_code, stage.cause) == (8, "Mail")


@pytest.mark.parametrize("status", ["ROLLBACK_FAILED", "DELETE_FAILED"])
def test_what_can_only_be_deleted_is_deleted_and_made_anew(stage: Stage, status: str) -> None:
    stage.cfn.given("shop", status, {"Resources": TWO}, reason="not empty")
    stage.deploy(template(resources=TWO))
    assert (
        stage.asked[0] == f"shop: it is {status}: not empty: delete it with all that is left in it, and create it anew?"
    )
    assert [one.status for one in stage.cfn.stacks.values()] == ["DELETE_COMPLETE", "CREATE_COMPLETE"]


def test_yes_alone_does_not_cover_that(stage: Stage) -> None:
    stage.cfn.given("shop", "DELETE_FAILED", {"Resources": TWO})
    stage.confirm = lambda question: False
    assert failing(stage, template(resources=TWO)).exit_code == 4
    assert stage.stack().status == "DELETE_FAILED"


@pytest.mark.parametrize(
    ("on_failure", "told", "status"),
    [("delete", "DELETE", "DELETE_COMPLETE"), ("do-nothing", "DO_NOTHING", "CREATE_FAILED")],
)
def test_what_becomes_of_a_failed_create(stage: Stage, on_failure: str, told: str, status: str) -> None:
    stage.cfn.breaks["create", "Jobs"] = "no"
    error = failing(stage, template(), on_failure=on_failure)
    assert stage.cfn.called("CreateChangeSet")[0]["OnStackFailure"] == told
    assert "DisableRollback" not in stage.cfn.called("ExecuteChangeSet")[0]
    assert (error.exit_code, stage.stack().status) == ({"DELETE_COMPLETE": 7}.get(status, 8), status)


def test_a_delete_that_failed_leaves_behind_what_is_named(stage: Stage) -> None:
    stage.cfn.given("shop", "DELETE_FAILED", {"Resources": TWO})
    stage.cfn.breaks["delete", "Mail"] = "in use"
    stage.destroy(template(resources=TWO), retain=("Mail",))
    assert stage.stack().status == "DELETE_COMPLETE"
    assert "it stays: Mail (AWS::SQS::Queue) shop-Mail" in stage.texts()


def test_a_delete_that_failed_can_be_forced(stage: Stage) -> None:
    stage.cfn.given("shop", "DELETE_FAILED", {"Resources": TWO})
    stage.cfn.breaks["delete", "Mail"] = "in use"
    stage.destroy(template(resources=TWO), force=True)
    assert stage.cfn.called("DeleteStack")[0]["DeletionMode"] == "FORCE_DELETE_STACK"
    assert stage.stack().status == "DELETE_COMPLETE"


def test_a_first_delete_is_never_forced(stage: Stage) -> None:
    stage.deploy(template())
    stage.destroy(template(), force=True, retain=("Jobs",))
    (request,) = stage.cfn.called("DeleteStack")
    assert set(request) == {"StackName", "ClientRequestToken"}


def test_role_topics_policy_and_imports_reach_cloudformation(stage: Stage) -> None:
    role, topic = "arn:aws:iam::1:role/cfn-deployer", "arn:aws:sns:us-east-1:1:topic"
    policy = '{"Statement": []}'
    stage.deploy(
        template(tags={"team": "a"}),
        role_arn=role,
        notification_arns=(topic,),
        stack_policy=policy,
        import_existing=True,
    )
    (request,) = stage.cfn.called("CreateChangeSet")
    assert (request["RoleARN"], request["NotificationARNs"]) == (role, [topic])
    assert request["ImportExistingResources"] is True
    assert request["Tags"] == [{"Key": "team", "Value": "a"}]
    assert stage.cfn.called("SetStackPolicy")[0]["StackPolicyBody"] == policy


def test_a_stack_policy_is_set_before_an_update(stage: Stage) -> None:
    stage.deploy(template())
    stage.cfn.calls.clear()
    stage.deploy(template(resources={"Jobs": resource(DelaySeconds=1)}), stack_policy="{}")
    names = [name for name, _ in stage.cfn.calls]
    assert names.index("SetStackPolicy") < names.index("ExecuteChangeSet")


def test_what_a_rollback_left_behind_is_named_before_it_is_made_anew(stage: Stage) -> None:
    stack = stage.cfn.given("shop", "ROLLBACK_COMPLETE", {"Resources": TWO})
    stage.cfn._say(stack, "Mail", "DELETE_SKIPPED", kind="AWS::SQS::Queue", physical="shop-mail-1")
    stage.deploy(template(resources=TWO))
    assert stage.stack().status == "CREATE_COMPLETE"
    named = "its rollback has left behind Mail (shop-mail-1); what is made anew must not have the same name"
    assert stage.texts()[0] == named


def test_a_failed_create_in_which_nothing_lives_is_made_anew(stage: Stage) -> None:
    """A validation ended it before anything was made: there is nothing to repair."""
    stage.cfn.given("shop", "CREATE_FAILED", {"Resources": TWO}, resources={})
    stage.deploy(template(resources=TWO))
    assert [one.status for one in stage.cfn.stacks.values()] == ["DELETE_COMPLETE", "CREATE_COMPLETE"]
    assert "delete what is left and create it?" in stage.asked[0]


def test_a_failed_change_set_of_a_run_that_died_is_deleted_and_those_of_others_stay(stage: Stage) -> None:
    stage.deploy(template(resources=TWO))
    change_sets = stage.stack().change_sets
    for name, status in (("fs-20260101-a", "FAILED"), ("theirs-failed", "FAILED"), ("theirs", "CREATE_COMPLETE")):
        made = FakeChangeSet(f"arn:{name}", name, "UPDATE", {"Resources": TWO}, {}, {}, status=status)
        made.execution = "AVAILABLE" if status == "CREATE_COMPLETE" else "UNAVAILABLE"
        change_sets[made.id] = made
    stage.deploy(template(resources=SLOWER))
    assert [one.name for one in change_sets.values()][1:3] == ["theirs-failed", "theirs"]
    assert "other change sets wait (theirs); a deploy makes them obsolete" in stage.texts()


def test_change_sets_that_may_not_be_listed_stop_nothing(stage: Stage) -> None:
    stage.deploy(template(resources=TWO))
    stage.cfn.fail("ListChangeSets", "AccessDenied", "you may not")
    stage.deploy(template(resources=SLOWER))
    assert stage.stack().status == "UPDATE_COMPLETE"
