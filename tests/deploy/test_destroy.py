"""Stacks are deleted backwards, after one question, and what stays is named."""

from __future__ import annotations

import pytest

from fargate_stacks.deploy.messages import Deleting
from fargate_stacks.errors import DeployError
from tests.deploy.stage import Stage, referring, resource, template

NET = template("net", outputs={"Url": {"Value": {"Ref": "Jobs"}}})
SHOP = referring("shop", "net")


def failing(stage: Stage, *templates: object, **more: object) -> DeployError:
    with pytest.raises(DeployError) as caught:
        stage.destroy(*templates, **more)  # type: ignore[arg-type]
    return caught.value


def test_what_needs_something_goes_before_what_it_needs(stage: Stage) -> None:
    stage.deploy(NET, SHOP)
    stage.destroy(NET, SHOP)
    names = [request["StackName"].split("/")[1] for request in stage.cfn.called("DeleteStack")]
    assert names == ["shop", "net"]
    assert {stage.stack(name).status for name in ("net", "shop")} == {"DELETE_COMPLETE"}


def test_one_question_names_them_all(stage: Stage) -> None:
    stage.deploy(NET, SHOP)
    stage.asked.clear()
    stage.destroy(NET, SHOP)
    assert stage.asked == ["delete shop, net?"]


def test_no_deletes_nothing(stage: Stage) -> None:
    stage.deploy(NET)
    stage.answer = lambda question: False
    assert failing(stage, NET).exit_code == 4
    assert stage.stack("net").status == "CREATE_COMPLETE"


def test_what_is_not_there_is_deleted_already(stage: Stage) -> None:
    stage.destroy(NET)
    assert stage.endings() == {"net": "nothing to delete"}
    assert stage.asked == []


def test_deletion_protection_is_switched_off_first(stage: Stage) -> None:
    data = template("data", {"Orders": resource("AWS::RDS::DBCluster", DeletionProtection=True)})
    stage.deploy(data)
    stage.destroy(data)
    assert '"DeletionProtection":false' in stage.cfn.called("CreateChangeSet")[-1]["TemplateBody"]
    assert stage.stack("data").status == "DELETE_COMPLETE"


def test_termination_protection_is_refused_with_its_cure(stage: Stage) -> None:
    stage.deploy(template(termination_protection=True))
    error = failing(stage, template())
    assert error.exit_code == 5
    assert "termination protection is on for shop; deploy with Stack(termination_protection=False) first" in str(error)


def test_what_stays_is_named_before_and_after(stage: Stage) -> None:
    kept = template(resources={"Logs": {"Type": "AWS::Logs::LogGroup", "DeletionPolicy": "Retain"}})
    stage.deploy(kept)
    stage.said.clear()
    stage.destroy(kept)
    assert [one.retained for one in stage.of(Deleting)] == [("Logs",)]
    assert stage.texts() == ["it stays: Logs (AWS::Logs::LogGroup) shop-Logs"]


def test_a_delete_that_fails_exits_with_8_and_names_what_was_not_tried(stage: Stage) -> None:
    stage.deploy(NET, SHOP)
    stage.cfn.breaks["delete", "Mail"] = "the queue is in use"
    error = failing(stage, NET, SHOP)
    assert (error.exit_code, stage.stack("shop").status) == (8, "DELETE_FAILED")
    assert "not tried: net" in stage.texts()


def test_an_export_in_use_returns_the_stack_and_exits_with_7(stage: Stage) -> None:
    stage.deploy(NET)
    stage.cfn.in_use["net"] = "Export net-Url cannot be deleted as it is in use by shop"
    error = failing(stage, NET)
    assert error.exit_code == 7
    assert "the delete failed, as it was before (CREATE_COMPLETE)" in str(error)
    assert "Export net-Url cannot be deleted as it is in use by shop" in str(error)


def test_a_delete_that_failed_says_why_and_is_tried_again(stage: Stage) -> None:
    why = "The following resource(s) failed to delete: [Jobs]."
    stage.cfn.given("shop", "DELETE_FAILED", {"Resources": {"Jobs": resource()}}, reason=why)
    stage.destroy(template())
    assert stage.texts() == [f"its last delete failed: {why}"]
    assert stage.stack().status == "DELETE_COMPLETE"
