"""Watching an operation: what cannot be seen does not fail it, and the verdict is DescribeStacks'."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from fargate_stacks.deploy.client import Client, Renewed
from fargate_stacks.deploy.engine import preview
from fargate_stacks.deploy.messages import Happened, Waiting
from fargate_stacks.deploy.watch import Tempo
from fargate_stacks.errors import DeployError
from tests.deploy.fake_cfn import FakeCfn
from tests.deploy.fake_time import VirtualClock
from tests.deploy.stage import Stage, resource, template

MANY = {f"Q{number}": resource() for number in range(12)}


def failing(stage: Stage, **more: object) -> DeployError:
    with pytest.raises(DeployError) as caught:
        stage.deploy(template(resources=MANY), **more)
    return caught.value


def test_throttled_reads_lose_no_event(stage: Stage) -> None:
    stage.clock.at(4, lambda: stage.cfn.fail("DescribeStackEvents", "Throttling", times=4))
    stage.cfn.page = 3
    stage.deploy(template(resources=MANY))
    assert len(stage.events()) == len(set(stage.events())) == 2 + 2 * len(MANY)


def test_a_history_of_a_thousand_events_is_not_read_again_and_again(stage: Stage) -> None:
    stage.deploy(template(resources=MANY))
    events = stage.stack().events
    before = events[0]["Timestamp"] - timedelta(hours=1)
    events[:0] = [{**events[0], "EventId": f"old-{number}", "Timestamp": before} for number in range(1000)]
    stage.said.clear()
    stage.cfn.calls.clear()
    stage.deploy(template(resources={key: resource(DelaySeconds=1) for key in MANY}))
    assert len(stage.events()) == len(set(stage.events())) == 3 + 2 * len(MANY)
    pages = [request.get("NextToken") for request in stage.cfn.called("DescribeStackEvents")]
    assert set(pages) == {None}


def test_a_throttled_last_status_does_not_fail_a_deploy_that_succeeded(stage: Stage) -> None:
    stage.clock.at(13, lambda: stage.cfn.fail("DescribeStacks", "Throttling", times=3))
    stage.deploy(template(resources=MANY))
    assert stage.endings() == {"shop": "deployed"}


def test_events_that_may_not_be_read_are_said_once_and_the_status_decides(stage: Stage) -> None:
    stage.clock.at(3, lambda: stage.cfn.fail("DescribeStackEvents", "AccessDenied", "you may not", times=99))
    stage.deploy(template(resources=MANY))
    assert stage.texts() == ["events cannot be read (you may not); only the status is watched"]
    assert stage.endings() == {"shop": "deployed"}


def test_operations_that_say_nothing_are_found_by_their_status(stage: Stage) -> None:
    stage.cfn.silent = True
    stage.deploy(template(resources=MANY))
    assert stage.endings() == {"shop": "deployed"}


def test_credentials_that_end_stop_the_watch_with_9(stage: Stage) -> None:
    stage.clock.at(5, lambda: stage.cfn.fail("DescribeStackEvents", "ExpiredToken", "the token has expired"))
    error = failing(stage)
    assert error.exit_code == 9
    assert "the credentials are not good any more (the token has expired); the create goes on" in str(error)


def test_credentials_that_were_renewed_meanwhile_are_read_once_and_the_watch_goes_on(stage: Stage) -> None:
    renewed: list[float] = []

    def again() -> FakeCfn:
        renewed.append(stage.clock.seconds)
        return stage.cfn

    stage.client = Client(Renewed(stage.cfn, again))
    stage.clock.at(5, lambda: stage.cfn.fail("DescribeStackEvents", "ExpiredToken", "the token has expired"))
    stage.deploy(template(resources=MANY))
    assert (len(renewed), stage.endings()) == (1, {"shop": "deployed"})
    assert len(stage.events()) == len(set(stage.events())) == 2 + 2 * len(MANY)


def test_credentials_that_stay_expired_stop_the_watch_with_9(stage: Stage) -> None:
    stage.client = Client(Renewed(stage.cfn, lambda: stage.cfn))
    stage.clock.at(5, lambda: stage.cfn.fail("DescribeStackEvents", "ExpiredToken", "the token has expired", times=2))
    assert failing(stage).exit_code == 9


def test_where_there_are_none_any_more_it_is_said_of_the_call_that_needed_them(stage: Stage) -> None:
    def again() -> FakeCfn:
        raise RuntimeError("the profile is gone")

    stage.client = Client(Renewed(stage.cfn, again))
    stage.clock.at(5, lambda: stage.cfn.fail("DescribeStackEvents", "ExpiredToken", "the token has expired"))
    error = failing(stage)
    assert (error.exit_code, "the token has expired" in str(error)) == (9, True)


def test_a_timeout_stops_the_watch_with_9_and_the_operation_goes_on(stage: Stage) -> None:
    error = failing(stage, timeout=5.0)
    assert error.exit_code == 9
    assert "stopped watching, the time is over; the create goes on; fargate-stacks" in str(error)
    stage.clock.sleep(60)
    assert stage.stack().status == "CREATE_COMPLETE"


def test_silence_is_said(stage: Stage) -> None:
    stack = stage.cfn.given("shop", "UPDATE_ROLLBACK_IN_PROGRESS", {"Resources": MANY})

    def end() -> None:
        stack.status = "UPDATE_ROLLBACK_COMPLETE"
        stage.cfn._say(stack, "shop", "UPDATE_ROLLBACK_COMPLETE")

    stage.clock.at(130, end)
    stage.deploy(template(resources=MANY))
    said = [one.seconds for one in stage.of(Waiting)]
    assert len(said) == 4
    assert said == sorted(said)


def test_an_event_names_the_construct_that_it_is_about(stage: Stage) -> None:
    from fargate_stacks.core.template import Owner

    owner = Owner("Jobs", "Queue", None)
    stage.deploy(template(owners={"Jobs": owner}))
    assert {one.event.logical_id: one.owner for one in stage.of(Happened)} == {"shop": None, "Jobs": owner}


def paced(clock: VirtualClock, seconds: float, *, events: bool = False, throttled: bool = False) -> float:
    tempo = Tempo(clock, local=False)
    end = clock.monotonic() + seconds
    while clock.monotonic() < end:
        tempo.read(events=events, throttled=throttled)
        clock.sleep(tempo.pause())
    return tempo.pause()


@pytest.mark.parametrize(
    ("seconds", "events", "throttled", "pause"),
    [(5, False, False, 1.0), (60, True, False, 2.0), (60, False, False, 5.0), (900, False, False, 10.0)],
)
def test_the_tempo(seconds: float, events: bool, throttled: bool, pause: float) -> None:
    assert paced(VirtualClock(), seconds, events=events, throttled=throttled) == pause


def test_a_rollback_is_looked_at_as_often_as_a_beginning() -> None:
    clock = VirtualClock()
    tempo = Tempo(clock, local=False)
    for _ in range(100):
        clock.sleep(10)
        tempo.read(events=False, throttled=False)
    assert tempo.pause() == 10
    tempo.hurry()
    tempo.read(events=True, throttled=False)
    assert tempo.pause() == 2
    for _ in range(20):
        tempo.read(events=False, throttled=False)
    assert tempo.pause() == 5


def test_throttling_slows_down_to_half_a_minute_and_is_forgotten() -> None:
    clock = VirtualClock()
    tempo = Tempo(clock, local=False)
    for _ in range(10):
        tempo.read(events=False, throttled=True)
    assert tempo.pause() == 30.0
    for _ in range(10):
        tempo.read(events=False, throttled=False)
    assert tempo.pause() <= 5.0


def test_a_plan_takes_nothing_from_the_budget_of_those_who_watch(stage: Stage) -> None:
    taken: list[float] = []
    client = replace(stage.client, pace=lambda: taken.append(stage.clock.monotonic()))
    preview({"shop": template()}, client, out=stage.said.append, ask=stage.ask, clock=stage.clock)
    assert taken == []


def test_the_last_reads_wait_no_longer_for_the_budget_than_their_time(stage: Stage) -> None:
    stage.client = replace(stage.client, pace=lambda: stage.clock.sleep(12.0))
    stage.deploy(template())
    calls = [name for name, _ in stage.cfn.calls]
    assert calls[-2:] == ["DescribeStacks", "DescribeStackEvents"]
    assert stage.endings() == {"shop": "deployed"}
