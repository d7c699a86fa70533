"""The rows of what is at work now."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fargate_stacks.cli.block import Block, time
from fargate_stacks.core.template import Owner
from fargate_stacks.deploy.client import Event
from fargate_stacks.deploy.ecs_row import Row, State
from fargate_stacks.deploy.messages import Deleting, Ended, Happened, Message, Note, Planned, Rollout
from fargate_stacks.deploy.plan import Change, Plan

QUEUE, SERVICE, NAT = "AWS::SQS::Queue", "AWS::ECS::Service", "AWS::EC2::NatGateway"
ROUTE = "AWS::EC2::Route"


class Shown(Block):
    """A block of which time passes with what is said."""

    def __init__(self) -> None:
        super().__init__(UTC)
        self.now = 0.0

    def say(self, *messages: Message, after: float = 0.0) -> None:
        self.now += after
        for message in messages:
            self.take(message, self.now)

    def texts(self, width: int = 100, height: int = 50) -> list[str]:
        return [one.text for one in self.rows(self.now, width=width, height=height)]


def planned(stack: str = "shop", **changes: str) -> Planned:
    some = tuple(Change("Add", name, kind) for name, kind in changes.items())
    return Planned(stack=stack, plan=Plan(stack, True, "", "", some))


def happened(
    name: str, status: str, kind: str = QUEUE, stack: str = "shop", path: str = "", reason: str = "", owner: str = ""
) -> Happened:
    root = name == stack and not path
    where = f"arn:{stack}"
    event = Event(
        f"{name}-{status}", where, stack, name, where if root else name, kind, status, reason, datetime.now(UTC), ""
    )
    made_by = Owner(owner, "Service", None) if owner else None
    return Happened(stack=stack, event=event, path=path, owner=made_by)


def rolls(state: State, stack: str = "shop") -> Rollout:
    return Rollout(stack=stack, ecs=Row("Web", state, "2", "1", running=1, desired=2))


@pytest.fixture
def block() -> Shown:
    return Shown()


def test_nothing_is_shown_before_anything_runs(block: Shown) -> None:
    block.say(planned(A=QUEUE))
    assert block.texts() == []


def test_what_is_done_before_any_stack_is_shown_until_a_plan_is_there(block: Shown) -> None:
    block.busy = "planning shop"
    block.say(Note(text="something"))
    assert block.texts() == ["planning shop"]
    block.say(planned(A=QUEUE))
    assert block.texts() == []


def test_a_stack_has_its_bar_count_and_time_and_its_resources_below(block: Shown) -> None:
    block.say(planned(A=QUEUE, Longer=QUEUE), happened("shop", "CREATE_IN_PROGRESS"))
    block.say(happened("A", "CREATE_IN_PROGRESS"), happened("Longer", "CREATE_IN_PROGRESS"), after=60)
    block.say(happened("A", "CREATE_COMPLETE"), after=3)
    assert block.texts() == [
        "shop  creating  [#############...........]  1/2  1:03",
        "  Longer  creating    0:03  SQS::Queue",
    ]


def test_a_resource_counts_by_the_time_that_it_takes_on_aws(block: Shown) -> None:
    block.say(planned(Nat=NAT, Route=ROUTE), happened("shop", "CREATE_IN_PROGRESS"))
    block.say(happened("Route", "CREATE_COMPLETE", ROUTE), happened("Nat", "CREATE_IN_PROGRESS", NAT))
    assert block.texts()[0] == "shop  creating  [#.......................]  1/2  0:00"
    block.say(after=45)
    assert block.texts()[0] == "shop  creating  [############............]  1/2  0:45"
    block.say(after=3600)
    assert block.texts()[0] == "shop  creating  [######################..]  1/2  1:00:45"


def test_a_service_that_still_rolls_is_not_done_whatever_cloudformation_says(block: Shown) -> None:
    block.say(planned(WebService=SERVICE), happened("shop", "UPDATE_IN_PROGRESS"))
    block.say(happened("WebService", "UPDATE_IN_PROGRESS", SERVICE, owner="Web"), rolls(State.ROLLING))
    assert block.texts() == [
        "shop  updating  [........................]  0/1  0:00",
        "  WebService  updating    0:00  ECS::Service",
        "    Web  rev 1 -> 2  rolling out  1/2 running",
    ]
    block.say(happened("WebService", "UPDATE_COMPLETE", SERVICE, owner="Web"), happened("shop", "UPDATE_COMPLETE"))
    assert block.texts() == [
        "shop  waiting for its services  [........................]  0/1  0:00",
        "  Web  rev 1 -> 2  rolling out  1/2 running",
    ]
    block.say(rolls(State.DONE))
    assert block.texts()[0] == "shop  updated  0:00"


def test_a_rollback_counts_what_is_to_be_undone(block: Shown) -> None:
    block.say(planned(A=QUEUE, B=QUEUE, C=QUEUE), happened("shop", "CREATE_IN_PROGRESS"))
    block.say(
        happened("A", "CREATE_COMPLETE"), happened("B", "CREATE_FAILED"), happened("shop", "ROLLBACK_IN_PROGRESS")
    )
    assert block.texts() == ["shop  rolling back  [........................]  0/2  1 failed  0:00"]
    block.say(happened("A", "DELETE_COMPLETE"))
    assert block.texts() == ["shop  rolling back  [############............]  1/2  1 failed  0:00"]
    block.say(happened("shop", "ROLLBACK_COMPLETE"))
    assert block.texts() == ["shop  rolled back  1 failed  0:00"]


def test_a_resource_that_is_replaced_says_so_and_other_reasons_are_shown(block: Shown) -> None:
    block.say(happened("shop", "UPDATE_IN_PROGRESS"))
    why = "Requested update requires the creation of a new physical resource; hence creating one."
    block.say(happened("A", "UPDATE_IN_PROGRESS", reason=why))
    block.say(happened("B", "UPDATE_IN_PROGRESS", reason="Eventual consistency check initiated"))
    block.say(happened("C", "CREATE_IN_PROGRESS", reason="Resource creation Initiated"))
    assert block.texts()[1:] == [
        "  A  replacing   0:00  SQS::Queue",
        "  B  updating    0:00  SQS::Queue  Eventual consistency check initiated",
        "  C  creating    0:00  SQS::Queue",
    ]


def test_resources_of_nested_stacks_have_their_paths_and_the_stacks_no_second_row(block: Shown) -> None:
    nested = "AWS::CloudFormation::Stack"
    block.say(happened("shop", "CREATE_IN_PROGRESS"), happened("Net", "CREATE_IN_PROGRESS", nested))
    event = Event(
        "1", "arn:net", "shop-Net", "shop-Net", "arn:net", nested, "CREATE_IN_PROGRESS", "", datetime.now(UTC), ""
    )
    block.say(Happened(stack="shop", event=event, path="Net/shop-Net"))
    block.say(happened("Vpc", "CREATE_IN_PROGRESS", path="Net/Vpc"))
    assert [one.split()[0] for one in block.texts()[1:]] == ["Net", "Net/Vpc"]


def test_stacks_that_ended_are_counted_and_those_that_wait_named(block: Shown) -> None:
    block.say(planned("a", A=QUEUE), planned("b", A=QUEUE), planned("c", A=QUEUE))
    block.say(happened("a", "CREATE_IN_PROGRESS", stack="a"))
    assert block.texts()[-1] == "0 of 3 stacks ended, waiting: b, c"
    block.say(Ended(stack="a", how="deployed"), happened("b", "CREATE_IN_PROGRESS", stack="b"))
    assert block.texts()[-1] == "1 of 3 stacks ended, waiting: c"


def test_where_there_is_no_room_stacks_come_before_services_and_these_before_resources(block: Shown) -> None:
    for name in "ab":
        block.say(planned(name, **{f"Q{number}": QUEUE for number in range(5)}))
        block.say(happened(name, "CREATE_IN_PROGRESS", stack=name), rolls(State.ROLLING, name))
        for number in range(5):
            block.say(happened(f"Q{number}", "CREATE_IN_PROGRESS", stack=name), after=1)
    assert [one.split()[0] for one in block.texts(height=6)] == ["a", "Web", "b", "Web", "0", "..."]
    assert block.texts(height=7)[1] == "  Q0  creating    0:09  SQS::Queue"
    assert block.texts(height=6)[-1] == "  ... and 10 more"
    assert len(block.texts(height=1)) == 1


def test_the_bar_gives_way_where_the_terminal_is_narrow(block: Shown) -> None:
    name = "shop-production-services"
    block.say(planned(name, A=QUEUE), happened(name, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", stack=name))
    assert block.texts(width=60) == [f"{name}  cleaning up  [........]  0/1  0:00"]
    assert len(block.texts(width=60)[0]) <= 60


def test_a_delete_counts_its_resources(block: Shown) -> None:
    block.say(Deleting(stack="shop", resources=("A", "B")), happened("shop", "DELETE_IN_PROGRESS"))
    block.say(happened("A", "DELETE_COMPLETE"))
    assert block.texts() == ["shop  deleting  [############............]  1/2  0:00"]


def test_hours_are_shown_as_hours() -> None:
    assert (time(59), time(3599), time(3600)) == ("0:59", "59:59", "1:00:00")
