"""One stack from plan to verdict, against a CloudFormation on a virtual clock."""

from __future__ import annotations

import pytest
from botocore.exceptions import ReadTimeoutError

from fargate_stacks.errors import DeployError
from tests.deploy.fake_api import refuse
from tests.deploy.stage import Stage, referring, resource, template

QUEUE = {"Jobs": resource()}


def failing(stage: Stage, *templates: object, **more: object) -> DeployError:
    with pytest.raises(DeployError) as caught:
        stage.deploy(*templates, **more)  # type: ignore[arg-type]
    return caught.value


def test_a_new_stack_is_created(stage: Stage) -> None:
    stage.deploy(template())
    assert stage.stack().status == "CREATE_COMPLETE"
    assert stage.endings() == {"shop": "deployed"}


def test_each_event_is_said_once_in_order(stage: Stage) -> None:
    stage.deploy(template())
    assert stage.events() == [
        "shop CREATE_IN_PROGRESS",
        "Jobs CREATE_IN_PROGRESS",
        "Jobs CREATE_COMPLETE",
        "shop CREATE_COMPLETE",
    ]


def test_outputs_are_told(stage: Stage) -> None:
    stage.deploy(template(outputs={"Url": {"Value": {"Ref": "Jobs"}}}))
    assert stage.outputs() == {"shop": {"Url": "shop-Jobs"}}


def test_nothing_to_change_is_a_success_that_leaves_no_change_set(stage: Stage) -> None:
    stage.deploy(template())
    stage.deploy(template())
    assert stage.endings() == {"shop": "no changes"}
    assert len(stage.stack().change_sets) == 1  # the one that made it


def test_a_changed_resource_is_updated(stage: Stage) -> None:
    stage.deploy(template())
    stage.deploy(template(resources={"Jobs": resource(DelaySeconds=5)}))
    assert stage.stack().status == "UPDATE_COMPLETE"
    assert stage.stack().template["Resources"]["Jobs"]["Properties"] == {"DelaySeconds": 5}


def test_a_failing_create_is_rolled_back_and_exits_with_7(stage: Stage) -> None:
    stage.cfn.breaks["create", "Jobs"] = "Resource handler returned message: no such key (HandlerErrorCode: NotFound)"
    error = failing(stage, template())
    assert error.exit_code == 7
    assert stage.cause == "Jobs"
    assert "the create failed, rolled back (ROLLBACK_COMPLETE): Jobs: no such key" in str(error)


def test_a_failing_update_is_rolled_back_and_exits_with_7(stage: Stage) -> None:
    stage.deploy(template())
    stage.cfn.breaks["update", "Jobs"] = "denied"
    error = failing(stage, template(resources={"Jobs": resource(DelaySeconds=5)}))
    assert (error.exit_code, stage.stack().status) == (7, "UPDATE_ROLLBACK_COMPLETE")


def test_a_rollback_that_fails_exits_with_8(stage: Stage) -> None:
    stage.cfn.breaks["create", "Mail"] = "denied"
    stage.cfn.breaks["delete", "Jobs"] = "it is not empty"
    error = failing(stage, template(resources={**QUEUE, "Mail": resource()}))
    assert (error.exit_code, stage.stack().status, stage.cause) == (8, "ROLLBACK_FAILED", "Mail")


def test_what_a_failed_create_left_is_deleted_and_created_anew(stage: Stage) -> None:
    stage.cfn.given("shop", "ROLLBACK_COMPLETE", {"Resources": {}})
    stage.deploy(template())
    assert [one.status for one in stage.cfn.stacks.values()] == ["DELETE_COMPLETE", "CREATE_COMPLETE"]


def test_an_empty_stack_under_review_is_used(stage: Stage) -> None:
    stack = stage.cfn.given("shop", "REVIEW_IN_PROGRESS", {"Resources": {}})
    stage.deploy(template())
    assert stack.status == "CREATE_COMPLETE"


def test_a_busy_stack_exits_with_5_and_nothing_is_started(stage: Stage) -> None:
    stage.cfn.given("shop", "UPDATE_IN_PROGRESS")
    error = failing(stage, template())
    assert error.exit_code == 5
    assert "another operation runs on it (UPDATE_IN_PROGRESS); fargate-stacks watch shop shows it" in str(error)
    assert stage.cfn.called("CreateChangeSet") == []


def test_a_busy_stack_is_waited_for_when_asked(stage: Stage) -> None:
    stack = stage.cfn.given("shop", "UPDATE_IN_PROGRESS", {"Resources": QUEUE})

    def end() -> None:
        stack.status = "UPDATE_COMPLETE"
        stage.cfn._say(stack, "shop", "UPDATE_COMPLETE")

    stage.clock.at(40, end)
    stage.deploy(template(resources={"Jobs": resource(DelaySeconds=5)}), wait_if_busy=True)
    assert stage.endings() == {"shop": "deployed"}


def test_where_a_person_must_decide_the_reason_and_the_cure_are_said(stage: Stage) -> None:
    stage.cfn.given("shop", "IMPORT_ROLLBACK_FAILED", reason="the bucket is not empty")
    error = failing(stage, template())
    assert error.exit_code == 5
    assert "shop: it is IMPORT_ROLLBACK_FAILED: the bucket is not empty; repair it in the console" in str(error)


def test_no_is_an_answer(stage: Stage) -> None:
    stage.answer = lambda question: False
    error = failing(stage, template())
    assert error.exit_code == 4
    assert stage.stack().status == "DELETE_COMPLETE"  # the empty stack that the change set made


def test_a_change_set_that_is_refused_exits_with_6_and_leaves_nothing(stage: Stage) -> None:
    stage.cfn.refuses["shop"] = "Transform failed"
    error = failing(stage, template())
    assert (error.exit_code, str(error)) == (6, "shop: CloudFormation refused the change set: Transform failed")
    assert stage.stack().status == "DELETE_COMPLETE"


def test_deletion_protection_is_switched_on_after_the_create(stage: Stage) -> None:
    protected = {"Data": resource("AWS::RDS::DBCluster", DeletionProtection=True)}
    stage.deploy(template(resources=protected))
    first, second = stage.cfn.called("CreateChangeSet")
    assert '"DeletionProtection":false' in first["TemplateBody"]
    assert '"DeletionProtection":true' in second["TemplateBody"]
    assert stage.stack().status == "UPDATE_COMPLETE"
    assert "switching on the deletion protection of Data" in stage.texts()


def test_a_failed_create_never_saw_deletion_protection(stage: Stage) -> None:
    protected = {"Data": resource("AWS::RDS::DBCluster", DeletionProtection=True), **QUEUE}
    stage.cfn.breaks["create", "Jobs"] = "no"
    assert failing(stage, template(resources=protected)).exit_code == 7
    assert len(stage.cfn.called("CreateChangeSet")) == 1


def test_termination_protection_follows_the_stack(stage: Stage) -> None:
    stage.deploy(template(termination_protection=True))
    assert stage.stack().protection is True


def test_three_stacks_are_wired_by_their_outputs(stage: Stage) -> None:
    net = template("net", outputs={"Url": {"Value": {"Ref": "Jobs"}}})
    data = referring("data", "net", outputs={"Url": {"Value": {"Ref": "Mail"}}})
    shop = referring("shop", "data")
    stage.deploy(net, data, shop)
    assert stage.stack("data").parameters == {"NetUrl": "net-Jobs"}
    assert stage.stack("shop").parameters == {"DataUrl": "data-Mail"}


def test_a_failure_names_what_was_not_tried(stage: Stage) -> None:
    stage.cfn.breaks["create", "Jobs"] = "no"
    net = template("net", outputs={"Url": {"Value": {"Ref": "Jobs"}}})
    failing(stage, net, referring("data", "net"), referring("shop", "net"))
    assert "not tried: data, shop" in stage.texts()


def test_a_stack_alone_reads_the_live_outputs_of_its_producer(stage: Stage) -> None:
    net = template("net", outputs={"Url": {"Value": {"Ref": "Jobs"}}})
    stage.deploy(net)
    stage.deploy(net, referring("shop", "net"), only=["shop"])
    assert stage.stack("shop").parameters == {"NetUrl": "net-Jobs"}


def test_a_producer_that_is_not_there_is_named(stage: Stage) -> None:
    error = failing(stage, template("net"), referring("shop", "net"), only=["shop"])
    assert error.exit_code == 2
    assert str(error) == "shop: it needs Url of stack net, which is not deployed; deploy net first"


def test_reads_that_are_stale_do_not_end_the_watch(stage: Stage) -> None:
    stage.deploy(template())
    stage.cfn.stale = 4
    stage.deploy(template(resources={"Jobs": resource(DelaySeconds=5)}))
    assert stage.stack().status == "UPDATE_COMPLETE"
    assert stage.events()[-1] == "shop UPDATE_COMPLETE"


def test_a_stack_that_somebody_changed_after_the_review_is_planned_anew_and_asked_about_again(stage: Stage) -> None:
    stage.deploy(template())
    stage.asked.clear()
    stage.cfn.obsolete["shop"] = 1
    stage.deploy(template(resources={"Jobs": resource(DelaySeconds=5)}))
    assert stage.stack().status == "UPDATE_COMPLETE"
    assert stage.asked == ["deploy these changes to shop?"] * 2
    assert len(stage.plans) == 3


def test_and_without_a_second_yes_nothing_is_started(stage: Stage) -> None:
    stage.deploy(template())
    stage.cfn.obsolete["shop"] = 1
    answers = iter([True, False])
    stage.answer = lambda question: next(answers)
    assert failing(stage, template(resources={"Jobs": resource(DelaySeconds=5)})).exit_code == 4
    assert (stage.stack().status, stage.stack().template["Resources"]) == ("CREATE_COMPLETE", {"Jobs": resource()})


def test_an_update_that_an_export_in_use_turns_back_says_so(stage: Stage) -> None:
    stage.deploy(template())
    stage.cfn.turned["shop"] = "Export shop-Url cannot be deleted as it is in use by mail"
    error = failing(stage, template(resources={"Jobs": resource(DelaySeconds=5)}))
    assert (error.exit_code, stage.stack().status) == (7, "UPDATE_ROLLBACK_COMPLETE")
    assert "Export shop-Url cannot be deleted as it is in use by mail" in str(error)


def test_a_change_set_that_is_always_obsolete_is_never_executed(stage: Stage) -> None:
    stage.deploy(template())
    stage.cfn.obsolete["shop"] = 2
    error = failing(stage, template(resources={"Jobs": resource(DelaySeconds=5)}))
    assert error.exit_code == 6
    assert "the change set was not executed (OBSOLETE)" in str(error)


def test_an_execution_whose_answer_was_lost_has_started(stage: Stage) -> None:
    stage.cfn.lost.append(("ExecuteChangeSet", ReadTimeoutError(endpoint_url="https://aws")))
    stage.deploy(template())
    assert stage.stack().status == "CREATE_COMPLETE"


def test_a_retry_that_meets_its_own_token_has_started(stage: Stage) -> None:
    stage.cfn.lost.append(("ExecuteChangeSet", refuse("ExecuteChangeSet", "TokenAlreadyExistsException", "again")))
    stage.deploy(template())
    assert stage.endings() == {"shop": "deployed"}


def test_a_call_that_is_denied_ends_it_with_1(stage: Stage) -> None:
    stage.cfn.fail("CreateChangeSet", "AccessDenied", "you may not")
    error = failing(stage, template())
    assert (error.exit_code, str(error)) == (1, "CreateChangeSet: AccessDenied: you may not")


def test_values_for_parameters_are_asked_for_before_anything_starts(stage: Stage) -> None:
    wants = template(parameters={"Size": {"Type": "String"}})
    error = failing(stage, template("net"), wants)
    assert (error.exit_code, str(error)) == (2, "deploy: no value for shop.Size; give --parameter shop.Size=VALUE")
    assert stage.cfn.called("CreateChangeSet") == []


def test_a_given_value_reaches_the_stack(stage: Stage) -> None:
    stage.deploy(template(parameters={"Size": {"Type": "String"}}), given={"Size": "big"})
    assert stage.stack().parameters == {"Size": "big"}


def test_a_value_that_was_given_once_is_kept(stage: Stage) -> None:
    wants = {"parameters": {"Size": {"Type": "String"}}}
    stage.deploy(template(**wants), given={"Size": "big"})
    stage.deploy(template(resources={"Jobs": resource(DelaySeconds=5)}, **wants))
    assert stage.stack().parameters == {"Size": "big"}
