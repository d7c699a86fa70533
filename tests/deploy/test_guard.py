"""What a live consumer holds is not pulled from under it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fargate_stacks.core.template import Template
from fargate_stacks.errors import DeployError
from tests.deploy.stage import Stage, referring, resource, template

NET = template(
    "net",
    {"Jobs": resource(), "Old": resource(QueueName="a")},
    outputs={"Url": {"Value": {"Ref": "Old"}}},
)
LEAN = template("net", {"Jobs": resource()})
SHOP = referring("shop", "net")
FREE = template("shop", {"Mail": resource()})


@pytest.fixture
def wired(stage: Stage) -> Stage:
    stage.deploy(NET, SHOP)
    return stage


def failing(stage: Stage, *templates: object, **more: object) -> DeployError:
    with pytest.raises(DeployError) as caught:
        stage.deploy(*templates, **more)  # type: ignore[arg-type]
    return caught.value


def test_a_removal_waits_for_the_consumer_that_drops_the_value(wired: Stage) -> None:
    wired.cfn.calls.clear()
    wired.deploy(LEAN, FREE)
    order = [request["ChangeSetName"].split("/")[1] for request in wired.cfn.called("ExecuteChangeSet")]
    updates = [event for stack in (wired.stack("shop"), wired.stack("net")) for event in stack.events]
    shop, net = (
        [one["Timestamp"] for one in updates if one["LogicalResourceId"] == name and "UPDATE" in one["ResourceStatus"]]
        for name in ("shop", "net")
    )
    assert len(order) == 2
    assert shop[-1] <= net[0]


def test_a_consumer_outside_of_the_run_stops_the_plan(wired: Stage) -> None:
    error = failing(wired, LEAN, FREE, only=["net"])
    assert error.exit_code == 5
    assert "net: Old would be removed, and shop still uses it by Url; deploy shop without it" in str(error)
    assert wired.stack("net").status == "CREATE_COMPLETE"


def test_what_the_plan_made_is_taken_back_then(wired: Stage) -> None:
    failing(wired, LEAN, FREE, only=["net"])
    assert [one.execution for one in wired.stack("net").change_sets.values()] == ["EXECUTE_COMPLETE"]


def replaced(stage: Stage) -> object:
    """A plan in which the queue behind the value is replaced."""
    stage.cfn.changes["net"] = [
        {
            "Type": "Resource",
            "ResourceChange": {
                "Action": "Modify",
                "LogicalResourceId": "Old",
                "ResourceType": "AWS::SQS::Queue",
                "Replacement": "True",
            },
        }
    ]
    return replace(NET, resources={"Jobs": resource(), "Old": resource(QueueName="b")})


def test_a_replacement_keeps_the_old_one_until_the_consumers_have_moved(wired: Stage) -> None:
    wired.deploy(replaced(wired), SHOP)
    assert wired.stack("net").template["Resources"]["Old"]["UpdateReplacePolicy"] == "Retain"
    assert "the old Old stays until nobody uses it; delete it by hand later" in wired.texts()


def test_a_replacement_without_its_consumer_is_refused(wired: Stage) -> None:
    error = failing(wired, replaced(wired), SHOP, only=["net"])
    assert error.exit_code == 5
    assert "shop still uses the old one by Url; deploy shop in the same run" in str(error)


def test_a_stack_that_another_still_uses_is_not_destroyed(wired: Stage) -> None:
    with pytest.raises(DeployError, match="net: shop still uses its Url; destroy shop too, or first") as caught:
        wired.destroy(NET, SHOP, only=["net"])
    assert caught.value.exit_code == 5


def ruled(**priorities: int) -> Template:
    return template(
        "net",
        {
            name: resource("AWS::ElasticLoadBalancingV2::ListenerRule", ListenerArn="arn:listener", Priority=number)
            for name, number in priorities.items()
        },
    )


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ({"New": 5}, "net: New would take priority 5 of Old"),
        ({"Old": 6, "New": 5}, "net: New would take priority 5 of Old"),
        ({"Old": 7, "Other": 5}, "net: Old would take priority 7 of Other"),
    ],
)
def test_a_priority_changes_no_hands_within_a_change_set_trap_8(stage: Stage, after: dict[str, int], said: str) -> None:
    stage.deploy(ruled(Old=5, Other=7))
    error = failing(stage, ruled(**after))
    assert error.exit_code == 5
    assert said in str(error)
    assert "another priority=, deploy, then give it back" in str(error)


def test_a_priority_that_is_free_is_taken(stage: Stage) -> None:
    stage.deploy(ruled(Old=5))
    stage.deploy(ruled(Old=5, New=6))
    stage.deploy(ruled(Old=7, New=6))
    stage.deploy(ruled(New=6, Third=5))
    assert stage.stack("net").status == "UPDATE_COMPLETE"
