"""What a plain yes covers, and what needs an approval of its own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fargate_stacks.deploy.engine import preview
from fargate_stacks.deploy.messages import Planned, Summary
from fargate_stacks.errors import DeployError
from tests.deploy.stage import Stage, referring, resource, template

BUCKET = template(resources={"Files": resource("AWS::S3::Bucket"), "Jobs": resource()})
WITHOUT = template(resources={"Jobs": resource()})
OPEN = template(
    resources={
        "Jobs": resource(),
        "Door": resource("AWS::EC2::SecurityGroupIngress", IpProtocol="-1", CidrIp="0.0.0.0/0"),
    }
)


def failing(stage: Stage, *templates: object, **more: object) -> DeployError:
    with pytest.raises(DeployError) as caught:
        stage.deploy(*templates, **more)  # type: ignore[arg-type]
    return caught.value


@pytest.fixture
def unattended(stage: Stage) -> Stage:
    """--yes, and nobody there to be asked for more."""
    stage.deploy(BUCKET)
    stage.confirm = lambda question: False
    return stage


def test_yes_does_not_cover_a_loss_of_data(unattended: Stage) -> None:
    error = failing(unattended, WITHOUT)
    assert error.exit_code == 4
    assert str(error) == ("deploy: data-loss is not approved; nothing was started; --approve data-loss approves it")
    assert unattended.stack().status == "CREATE_COMPLETE"


def test_an_approval_covers_it(unattended: Stage) -> None:
    unattended.deploy(WITHOUT, approved=frozenset({"data-loss"}))
    assert "Files" not in unattended.stack().template["Resources"]


def test_yes_does_not_cover_broadening(unattended: Stage) -> None:
    assert "broadening" in str(failing(unattended, template(resources={**BUCKET.resources, **OPEN.resources})))


def test_both_are_named_together(unattended: Stage) -> None:
    assert "--approve broadening,data-loss approves it" in str(failing(unattended, OPEN))


def test_one_approval_does_not_cover_the_other(unattended: Stage) -> None:
    assert failing(unattended, OPEN, approved=frozenset({"data-loss"})).exit_code == 4


def test_at_a_terminal_one_question_covers_all(stage: Stage) -> None:
    stage.deploy(BUCKET)
    stage.asked.clear()
    stage.deploy(OPEN)
    assert stage.asked == ["deploy these changes to shop, with broadening and data-loss?"]


def test_several_stacks_are_asked_about_once(stage: Stage) -> None:
    stage.deploy(template("a"), template("b"))
    assert stage.asked == ["deploy these changes to a, b?"]


def test_no_takes_every_change_set_back(stage: Stage) -> None:
    stage.answer = lambda question: False
    failing(stage, template("a"), template("b"))
    assert {one.status for one in stage.cfn.stacks.values()} == {"DELETE_COMPLETE"}


def fingerprint(stage: Stage) -> str:
    return stage.of(Summary)[-1].fingerprint


def reviewed(stage: Stage, *templates: object, **more: object) -> str:
    """The hash that diff shows."""
    stage._run(preview, templates, {**more})  # type: ignore[arg-type]
    return fingerprint(stage)


def previewed(stage: Stage, *templates: object) -> bool:
    return bool(stage._run(preview, templates, {}))  # type: ignore[arg-type]


def test_a_preview_changes_nothing_and_leaves_nothing(stage: Stage) -> None:
    stage.confirm = None
    assert previewed(stage, template()) is True
    assert stage.stack().status == "DELETE_COMPLETE"
    assert stage.cfn.called("ExecuteChangeSet") == []


def test_a_preview_without_changes_says_so(stage: Stage) -> None:
    stage.deploy(template())
    assert previewed(stage, template()) is False


def test_the_plan_that_was_reviewed_is_executed_without_a_question(stage: Stage) -> None:
    hash_ = reviewed(stage, template())
    stage.deploy(template(), approve_plan=hash_)
    assert stage.asked == []
    assert stage.stack().status == "CREATE_COMPLETE"


def test_another_plan_is_not(stage: Stage) -> None:
    hash_ = reviewed(stage, template())
    error = failing(stage, BUCKET, approve_plan=hash_)
    assert error.exit_code == 4
    assert f"this is not the plan that was reviewed: its hash is {fingerprint(stage)}, not {hash_}" in str(error)


@pytest.mark.parametrize(
    "other",
    [
        template(resources={"Jobs": resource(DelaySeconds=1)}),
        template(tags={"a": "b"}),
        template(parameters={"P": {"Type": "String", "Default": "x"}}),
    ],
)
def test_templates_tags_and_parameters_are_in_the_hash(stage: Stage, other: object) -> None:
    assert reviewed(stage, template()) != reviewed(stage, other)


def test_a_given_value_is_in_the_hash(stage: Stage) -> None:
    one = template(parameters={"P": {"Type": "String"}})
    assert reviewed(stage, one, given={"P": "1"}) != reviewed(stage, one, given={"P": "2"})


def test_the_same_plan_has_the_same_hash(stage: Stage) -> None:
    assert reviewed(stage, template()) == reviewed(stage, template())


NET = template("net", outputs={"Url": {"Value": {"Ref": "Jobs"}}})


def test_what_only_another_stack_will_tell_is_planned_without_it(stage: Stage) -> None:
    stage.deploy(NET, referring("shop", "net"))
    first = {one.stack: one.plan for one in stage.of(Planned)[:2]}
    assert (first["net"].predicted, first["shop"].predicted) == (False, True)


def test_and_compared_with_the_real_plan_before_it_is_executed(stage: Stage) -> None:
    stage.deploy(NET, referring("shop", "net"))
    stage.cfn.changes["shop"] = [
        {
            "Type": "Resource",
            "ResourceChange": {"Action": "Remove", "LogicalResourceId": "Other", "ResourceType": "AWS::S3::Bucket"},
        }
    ]
    other = replace(NET, outputs={"Url": {"Value": "moved"}})
    error = failing(stage, other, referring("shop", "net"))
    assert error.exit_code == 4
    assert "the plan is not the one that was agreed to: Other is removed" in str(error)
    assert stage.stack("shop").status == "CREATE_COMPLETE"


def test_a_producer_that_changes_nothing_of_a_value_leaves_the_plan_real(stage: Stage) -> None:
    stage.deploy(NET, referring("shop", "net"))
    stage.said.clear()
    changed = replace(NET, resources={"Jobs": resource(DelaySeconds=3)})
    stage.deploy(changed, referring("shop", "net"))
    assert [one.plan.predicted for one in stage.of(Planned)] == [False, False]
