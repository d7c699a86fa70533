"""Back to an operation that somebody else, or a process that died, began."""

from __future__ import annotations

import pytest

from fargate_stacks.deploy.interrupts import Interrupts
from fargate_stacks.deploy.resume import resume
from fargate_stacks.deploy.run import Options, Run
from fargate_stacks.errors import DeployError
from tests.deploy.stage import Stage, resource, template

MANY = {f"Q{number}": resource() for number in range(8)}
CHANGED = {key: resource(DelaySeconds=1) for key in MANY}


def come_back(stage: Stage, **options: float) -> None:
    stage.said.clear()
    run = Run(stage.client, stage.said.append, stage.ask, Options(**options), stage.clock, interrupts=Interrupts())
    resume("shop", stage.client, run)


def killed(stage: Stage, resources: dict[str, object], after: float = 5.0) -> None:
    """Deploy, and let the process die after some seconds: the operation goes on."""
    with pytest.raises(DeployError):
        stage.deploy(template(resources=resources), timeout=after)


def test_all_events_are_said_from_the_start_and_the_end_is_waited_for(stage: Stage) -> None:
    killed(stage, MANY)
    come_back(stage)
    assert stage.events()[0] == "shop CREATE_IN_PROGRESS"
    assert stage.events()[-1] == "shop CREATE_COMPLETE"
    assert len(stage.events()) == len(set(stage.events())) == 2 + 2 * len(MANY)
    assert stage.endings() == {"shop": "deployed"}


def test_only_the_newest_operation_is_said(stage: Stage) -> None:
    stage.deploy(template(resources=MANY))
    killed(stage, CHANGED)
    come_back(stage)
    assert stage.events()[0] == "shop UPDATE_IN_PROGRESS"
    assert not any("CREATE" in one for one in stage.events())


def test_one_that_is_over_is_judged_at_once(stage: Stage) -> None:
    stage.cfn.breaks["create", "Q3"] = "no quota"
    with pytest.raises(DeployError):
        stage.deploy(template(resources=MANY))
    with pytest.raises(DeployError) as caught:
        come_back(stage)
    assert (caught.value.exit_code, stage.cause) == (7, "Q3")
    assert stage.events()[0] == "shop CREATE_IN_PROGRESS"


def test_a_rollback_belongs_to_what_it_rolls_back(stage: Stage) -> None:
    stage.deploy(template(resources=MANY))
    stage.cfn.breaks["update", "Q1"] = "denied"
    killed(stage, CHANGED, after=4.0)
    with pytest.raises(DeployError) as caught:
        come_back(stage)
    assert (caught.value.exit_code, stage.events()[0]) == (7, "shop UPDATE_IN_PROGRESS")


def test_many_pages_are_read(stage: Stage) -> None:
    stage.cfn.page = 3
    killed(stage, MANY)
    come_back(stage)
    assert len(stage.events()) == 2 + 2 * len(MANY)


def test_a_stack_that_is_not_there_is_said_so(stage: Stage) -> None:
    with pytest.raises(DeployError, match="there is no stack shop") as caught:
        come_back(stage)
    assert caught.value.exit_code == 2


def test_a_stack_to_which_nothing_has_happened(stage: Stage) -> None:
    stage.cfn.given("shop", "REVIEW_IN_PROGRESS")
    with pytest.raises(DeployError, match="nothing has happened to this stack yet"):
        come_back(stage)


def test_it_stops_watching_in_time(stage: Stage) -> None:
    killed(stage, MANY, after=3.0)
    with pytest.raises(DeployError) as caught:
        come_back(stage, timeout=2.0)
    assert caught.value.exit_code == 9
