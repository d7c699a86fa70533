"""What stopped tasks tell: grouped, without what differs from task to task, with the right container blamed."""

from __future__ import annotations

import re
from typing import Any

import pytest

from fargate_stacks.deploy.ecs import Ecs
from fargate_stacks.deploy.ecs_values import service
from fargate_stacks.deploy.evidence import Collector, Stopped
from fargate_stacks.deploy.hint_table import TABLE
from fargate_stacks.deploy.hints import hints
from tests.deploy.answers import NEW, OLD
from tests.deploy.aws import refusal
from tests.deploy.rollouts import World
from tests.deploy.texts_of_aws import TEXTS, Text


def collected(world: World) -> tuple[Collector, list[Stopped]]:
    collector = Collector(Ecs(world.client), "Api")
    found = collector.look(service(world.service or {}), NEW, since=None)
    return collector, found


def test_tasks_that_differ_in_ids_and_addresses_only_are_one_kind() -> None:
    world = World()
    for number in range(3):
        reason = f"CannotPullContainerError: dial tcp 10.0.0.{number}:443: i/o timeout, request id: 0000-{number}"
        world.fails("TaskFailedToStart", reason)()
    _, (one,) = collected(world)
    assert one.count == 3
    assert "10.0.0.2" in one.reason
    assert [hint.code for hint in one.hints] == ["image-no-route"]


def test_the_most_frequent_kind_comes_first() -> None:
    world = World()
    world.fails("EssentialContainerExited", "a", exit_code=1)()
    world.fails("EssentialContainerExited", "b", exit_code=2)()
    world.fails("EssentialContainerExited", "b", exit_code=2)()
    collector, _ = collected(world)
    assert [one.exit_code for one in collector.evidence().stopped] == [2, 1]


def test_a_task_that_gave_way_to_another_is_no_failure() -> None:
    world = World()
    world.fails("ServiceSchedulerInitiated", "Scaling activity initiated by (deployment ecs-svc/2)", exit_code=0)()
    world.fails("UserInitiated", "Task stopped by user", exit_code=143)()
    assert collected(world)[1] == []


def test_a_task_of_the_revision_before_is_not_ours() -> None:
    world = World()
    world.fails("EssentialContainerExited", "Essential container in task exited", exit_code=1, definition=OLD)()
    assert collected(world)[1] == []


def test_a_task_that_spot_took_back_is_shown_and_does_not_count_for_fail_fast() -> None:
    world = World()
    world.fails("SpotInterruption", "Your Spot Task was interrupted.", exit_code=143)()
    collector, (one,) = collected(world)
    assert not one.ours
    assert collector.most() == 0


def containers(*some: dict[str, Any]) -> Stopped:
    world = World()
    world.fails("EssentialContainerExited", "Essential container in task exited")()
    (task,) = world.tasks.values()
    task["containers"] = list(some)
    return collected(world)[1][0]


def test_the_container_that_failed_is_blamed_and_not_those_that_were_stopped_with_it() -> None:
    found = containers({"name": "proxy", "exitCode": 143}, {"name": "app", "exitCode": 3})
    assert (found.container, found.exit_code) == ("app", 3)


def test_a_container_with_a_reason_is_blamed_first() -> None:
    found = containers({"name": "app", "exitCode": 1}, {"name": "agent", "reason": "CannotStartContainerError: x"})
    assert found.container == "agent"


def test_a_container_that_ended_well_is_blamed_when_it_should_have_gone_on() -> None:
    found = containers({"name": "proxy", "exitCode": 143}, {"name": "app", "exitCode": 0})
    assert (found.container, found.exit_code) == ("app", 0)
    assert [hint.code for hint in found.hints] == ["exit-0"]


def test_the_log_is_read_once_for_each_kind_of_failure() -> None:
    world = World()
    for code in (1, 1, 1, 2):
        world.fails("EssentialContainerExited", "x", exit_code=code, log=("line",))()
    _, found = collected(world)
    assert [one.log for one in found] == [("line",), ("line",)]
    assert world.calls.count("GetLogEvents") == 2


def test_a_task_is_described_once() -> None:
    world = World()
    world.fails("EssentialContainerExited", "x", exit_code=1)()
    collector, _ = collected(world)
    collector.look(service(world.service or {}), NEW, since=None)
    assert world.calls.count("DescribeTasks") == 1


def test_evidence_stands_without_the_permission_to_read_logs() -> None:
    world = World()

    def refused(request: dict[str, Any]) -> dict[str, Any]:
        raise refusal("AccessDeniedException", "not authorized to perform: logs:GetLogEvents")

    world.apis["logs"].answers["GetLogEvents"] = refused
    world.fails("EssentialContainerExited", "x", exit_code=1)()
    collector, (one,) = collected(world)
    assert one.log == ()
    assert list(collector.troubles) == ["GetLogEvents: not authorized to perform: logs:GetLogEvents"]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.code)
def test_a_text_of_aws_has_its_hint(text: Text) -> None:
    assert next(hint.code for hint in hints(**text.says)) == text.code


def test_every_hint_has_a_text_and_every_text_says_whose_it_is() -> None:
    assert {text.code for text in TEXTS} == {row.hint.code for row in TABLE}
    assert all(text.source for text in TEXTS)


def test_a_healthy_redirect_is_not_called_a_wrong_path() -> None:
    assert hints(events=["Health checks failed with these codes: [302]"]) == ()


def test_what_says_nothing_has_no_hint() -> None:
    assert hints(reasons=["Essential container in task exited"], log=["listening on :80"]) == ()


def test_hints_of_one_code_say_one_thing() -> None:
    by_code = {row.hint.code: row.hint for row in TABLE if row.hint.code != "no-capacity"}
    assert all(row.hint == by_code[row.hint.code] for row in TABLE if row.hint.code in by_code)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.hint.code}-{row.source}")
def test_a_row_compiles_and_says_what_to_do(row: Any) -> None:
    assert re.compile(row.pattern).groups >= 0
    assert row.hint.means
    assert row.hint.do
