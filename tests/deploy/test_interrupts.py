"""Ctrl-C, SIGTERM and time: what is left running, what is cancelled, and what is taken back."""

from __future__ import annotations

import threading

import pytest

from fargate_stacks.deploy.clock import WallClock
from fargate_stacks.deploy.interrupts import Interrupts, Terminated, Wish
from fargate_stacks.errors import DeployError
from tests.deploy.stage import Stage, referring, resource, template

MANY = {f"Q{number}": resource() for number in range(12)}
CHANGED = {key: resource(DelaySeconds=1) for key in MANY}


def interrupted(
    stage: Stage, *templates: object, at: float = 6.0, wish: Wish | None = "detach", **more: object
) -> DeployError:
    """Deploy, and press Ctrl-C after some seconds."""
    stage.clock.interrupts = [stage.clock.seconds + at]
    with pytest.raises(DeployError) as caught:
        stage.deploy(*templates, interrupts=Interrupts(lambda: wish), **more)  # type: ignore[arg-type]
    return caught.value


def test_detached_it_goes_on_and_the_way_back_is_said(stage: Stage) -> None:
    error = interrupted(stage, template(resources=MANY))
    assert error.exit_code == 130
    assert "stopped watching, interrupted; the create goes on; fargate-stacks watch shop comes back to it" in str(error)
    stage.clock.sleep(60)
    assert stage.stack().status == "CREATE_COMPLETE"


def test_a_cancelled_update_is_rolled_back_and_watched_to_its_end(stage: Stage) -> None:
    stage.deploy(template(resources=MANY))
    error = interrupted(stage, template(resources=CHANGED), wish="cancel")
    assert (error.exit_code, stage.stack().status) == (130, "UPDATE_ROLLBACK_COMPLETE")
    assert "the update was interrupted, rolled back" in str(error)
    assert stage.events()[-1] == "shop UPDATE_ROLLBACK_COMPLETE"


def test_a_cancelled_create_is_deleted(stage: Stage) -> None:
    error = interrupted(stage, template(resources=MANY), wish="cancel")
    assert (error.exit_code, stage.stack().status) == (130, "DELETE_COMPLETE")


def test_where_nothing_is_left_to_cancel_it_is_watched_to_its_end(stage: Stage) -> None:
    stage.deploy(template(resources=MANY))
    stage.cfn.fail(
        "CancelUpdateStack", "ValidationError", "CancelUpdateStack cannot be called from current stack status"
    )
    stage.clock.interrupts = [stage.clock.seconds + 6]
    stage.deploy(template(resources=CHANGED), interrupts=Interrupts(lambda: "cancel"))
    assert stage.stack().status == "UPDATE_COMPLETE"
    assert "there is nothing to cancel any more; watching it to its end" in stage.texts()


def test_a_stack_that_was_made_when_the_cancel_came_is_not_deleted(stage: Stage) -> None:
    """The last event comes late: the screen still says that it is being made."""
    late = len(MANY) + 0.5
    stage.clock.at(late - 3, lambda: stage.cfn.fail("DescribeStackEvents", "Throttling", times=4))
    stage.clock.interrupts = [late]
    stage.deploy(template(resources=MANY), interrupts=Interrupts(lambda: "cancel"))
    assert stage.stack().status == "CREATE_COMPLETE"
    assert stage.cfn.called("DeleteStack") == []
    assert "there is nothing to cancel any more; watching it to its end" in stage.texts()


def test_a_cancel_that_is_refused_fails_nothing(stage: Stage) -> None:
    stage.deploy(template(resources=MANY))
    stage.cfn.fail("CancelUpdateStack", "AccessDenied", "you may not")
    stage.clock.interrupts = [stage.clock.seconds + 6]
    stage.deploy(template(resources=CHANGED), interrupts=Interrupts(lambda: "cancel"))
    assert "it could not be cancelled: CancelUpdateStack: AccessDenied: you may not" in stage.texts()


def test_waiting_goes_on_as_before(stage: Stage) -> None:
    stage.clock.interrupts = [6.0]
    stage.deploy(template(resources=MANY), interrupts=Interrupts(lambda: None))
    assert stage.endings() == {"shop": "deployed"}


def test_a_second_ctrl_c_leaves_at_once(stage: Stage) -> None:
    stage.deploy(template(resources=MANY))
    begun = stage.clock.seconds
    stage.clock.interrupts = [begun + 6, begun + 7]
    with pytest.raises(DeployError) as caught:
        stage.deploy(template(resources=CHANGED), interrupts=Interrupts(lambda: "cancel"))
    assert caught.value.exit_code == 130
    assert "stopped watching, interrupted" in str(caught.value)


def test_ctrl_c_at_the_question_leaves_at_once() -> None:
    def choose() -> Wish:
        raise KeyboardInterrupt

    interrupts = Interrupts(choose)
    interrupts.armed = True
    interrupts.pressed(KeyboardInterrupt())
    assert interrupts.wish == "detach"


@pytest.mark.parametrize("unasked", ["detach", "cancel"])
def test_sigterm_asks_nobody(unasked: Wish) -> None:
    interrupts = Interrupts(lambda: None, unasked=unasked)
    interrupts.armed = True
    interrupts.pressed(Terminated())
    assert interrupts.wish == unasked


def test_what_was_not_begun_is_not_begun_any_more(stage: Stage) -> None:
    net = template("net", MANY, outputs={"Url": {"Value": {"Ref": "Q0"}}})
    interrupted(stage, net, referring("shop", "net"))
    assert "not tried: shop" in stage.texts()


def test_before_anything_runs_it_is_all_taken_back(stage: Stage) -> None:
    error = interrupted(stage, template("a"), template("b"), at=1.2, wish=None)
    assert (error.exit_code, str(error)) == (130, "a, b: interrupted; nothing was started")
    assert {one.status for one in stage.cfn.stacks.values()} == {"DELETE_COMPLETE"}


def test_at_the_question_too(stage: Stage) -> None:
    def answer(question: str) -> bool:
        raise KeyboardInterrupt

    stage.answer = answer
    with pytest.raises(DeployError, match="interrupted; nothing was started") as caught:
        stage.deploy(template())
    assert caught.value.exit_code == 130
    assert stage.stack().status == "DELETE_COMPLETE"


def test_an_operation_that_takes_too_long_is_cancelled(stage: Stage) -> None:
    stage.deploy(template(resources=MANY))
    with pytest.raises(DeployError) as caught:
        stage.deploy(template(resources=CHANGED), cancel_after=5.0)
    assert (caught.value.exit_code, stage.stack().status) == (7, "UPDATE_ROLLBACK_COMPLETE")
    assert "cancelling: the time for it is over" in stage.texts()


def test_the_time_to_watch_is_that_of_the_whole_run(stage: Stage) -> None:
    net = template("net", MANY, outputs={"Url": {"Value": {"Ref": "Q0"}}})
    with pytest.raises(DeployError) as caught:
        stage.deploy(net, referring("shop", "net", termination_protection=True), timeout=15.0)
    assert caught.value.exit_code == 9
    assert str(caught.value).startswith("shop: stopped watching, the time is over")


def test_a_sleeping_thread_wakes_when_somebody_interrupts() -> None:
    interrupts = Interrupts(lambda: "detach")
    interrupts.armed = True
    over = threading.Event()

    def sleep() -> None:
        WallClock(interrupts).sleep(30)
        over.set()

    thread = threading.Thread(target=sleep, daemon=True)
    thread.start()
    while not over.wait(0.05):
        interrupts.pressed(KeyboardInterrupt())
    thread.join(1)
    assert interrupts.wish == "detach"
