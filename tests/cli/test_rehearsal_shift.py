"""Blue/green over HTTP: a deploy that waits for a person, approved, rejected, and ended by an alarm."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from fargate_stacks import (
    App,
    BlueGreen,
    Canary,
    Cluster,
    Container,
    LambdaHook,
    Linear,
    LoadBalancer,
    Pause,
    Service,
    Stack,
    Task,
    Vpc,
    render,
)
from fargate_stacks.cli.group import run as run_command
from fargate_stacks.constructs.deployment import Deployment
from fargate_stacks.core.template import Template
from fargate_stacks.deploy.local import tempo
from fargate_stacks.deploy.messages import Diagnosed, Evidenced, Message, Rollout
from tests.cli.test_rehearsal import rehearse
from tests.deploy.local.scene import ordered
from tests.localcloud import Cloud

__all__ = ["ordered"]


FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:smoke"
STAGE: Any = ["POST_TEST_TRAFFIC_SHIFT"]


def shop(
    version: int,
    *,
    pauses: bool = True,
    asks: bool = False,
    alarmed: bool = False,
    how: Callable[..., Deployment] = BlueGreen,
) -> dict[str, Template]:
    """A service whose deployments bake for a minute, and wait for a person or ask a function before that."""
    vpc = Vpc("Network")
    cluster = Cluster("Main", vpc=vpc)
    edge = LoadBalancer("Edge", vpc=vpc, public=True)
    hooks: list[Pause | LambdaHook] = [Pause(stages=STAGE, timeout=timedelta(hours=1))] if pauses else []
    hooks += [LambdaHook(function=FUNCTION, stages=STAGE, timeout=timedelta(minutes=5))] if asks else []
    more: dict[str, Any] = {"errors": 5} if alarmed else {}
    api = Service(
        "Api",
        cluster=cluster,
        task=Task(containers=[Container(image=f"example/api:{version}", port=8080)]),
        count=2,
        route=edge.route("/*"),
        deployment=how(bake=timedelta(minutes=1), hooks=hooks, **more),
    )
    return render(App([Stack("shop", [vpc, cluster, edge, api], removal="remove")]))


@pytest.fixture
def minutes_in_seconds(local_endpoint: str) -> Iterator[None]:
    tempo.clock.speed = 60
    yield
    tempo.clock.speed = math.inf


class Deploying:
    """A deploy that runs in a thread; `said` is what it has said so far."""

    def __init__(self, cloud: Cloud, templates: dict[str, Template]) -> None:
        self.said: list[Message] = []
        self.exit_code = -1
        self._thread = threading.Thread(target=self._run, args=(cloud, templates))
        self._thread.start()

    def _run(self, cloud: Cloud, templates: dict[str, Template]) -> None:
        self.said, self.exit_code = rehearse(cloud, templates, self.said)

    def until(self, seen: Callable[[Rollout], bool], seconds: float = 20) -> None:
        end = time.monotonic() + seconds
        while not any(seen(one) for one in self.rows()):
            assert time.monotonic() < end, self.rows()
            assert self.exit_code == -1, self.said[-3:]
            time.sleep(0.05)

    def rows(self) -> list[Rollout]:
        return [one for one in list(self.said) if isinstance(one, Rollout)]

    def ends(self) -> int:
        self._thread.join(60)
        return self.exit_code


def call(cloud: Cloud, *arguments: str) -> int:
    return run_command(arguments, {"client": cloud.client(), "templates": shop(1)})


@pytest.mark.usefixtures("minutes_in_seconds")
@pytest.mark.parametrize(("command", "exit_code"), [("approve", 0), ("reject", 7)])
def test_a_deployment_that_pauses_waits_for_a_person(
    cloud: Cloud, command: str, exit_code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    tempo.clock.speed = math.inf
    assert rehearse(cloud, shop(1, pauses=False))[1] == 0
    tempo.clock.speed = 60
    deploying = Deploying(cloud, shop(2))
    deploying.until(lambda one: one.ecs.hook is not None)
    call(cloud, "status", "Api")
    assert "it waits for fargate-stacks approve Api, or reject" in capsys.readouterr().out
    assert call(cloud, command, "Api") == 0
    assert deploying.ends() == exit_code


@pytest.fixture
def updating(cloud: Cloud, minutes_in_seconds: None) -> Callable[[dict[str, Template]], Deploying]:
    """A cloud in which version 1 runs; what it gives begins to deploy another."""
    tempo.clock.speed = math.inf
    assert rehearse(cloud, shop(1, pauses=False))[1] == 0
    tempo.clock.speed = 120
    return partial(Deploying, cloud)


Updating = Callable[[dict[str, Template]], Deploying]


def runs(cloud: Cloud) -> str:
    """Give the image of what the service runs."""
    api = cloud.api("ecs")
    (cluster,) = api.list_clusters()["clusterArns"]
    (arn,) = api.list_services(cluster=cluster)["serviceArns"]
    (service,) = api.describe_services(cluster=cluster, services=[arn])["services"]
    found = api.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    image: str = found["containerDefinitions"][0]["image"]
    return image


def test_the_rows_show_stages_traffic_and_the_bake(updating: Updating) -> None:
    deploying = updating(shop(2, pauses=False))
    assert deploying.ends() == 0
    rows = [one.ecs for one in deploying.rows()]
    assert "BAKE_TIME" in [row.stage for row in rows]
    assert 100.0 in [row.weight for row in rows]
    assert rows[-1].state == "done"


@pytest.mark.parametrize(
    ("how", "weights"),
    [
        (partial(Linear, step=50, step_bake=timedelta(minutes=1)), [50.0, 100.0]),
        (partial(Canary, percent=10, canary_bake=timedelta(minutes=1)), [10.0, 100.0]),
    ],
)
def test_traffic_moves_by_shares_that_bake_each(
    updating: Updating, how: Callable[..., Deployment], weights: list[float]
) -> None:
    tempo.clock.speed = 60  # each share is held long enough to be seen on a busy machine
    deploying = updating(shop(2, pauses=False, how=how))
    assert deploying.ends() == 0
    rows = [one.ecs for one in deploying.rows()]
    seen = list(dict.fromkeys(row.weight for row in rows if row.weight))
    assert seen == weights
    held = next(row for row in rows if row.weight == weights[0])
    assert held.stage == "PRODUCTION_TRAFFIC_SHIFT"
    assert held.bake_left is not None
    assert 0 < held.bake_left <= 60


@pytest.mark.parametrize(("outcome", "code"), [("FAILED", "hook-failed"), ("TIMED_OUT", "hook-timed-out")])
def test_a_hook_that_does_not_succeed_ends_the_deployment_and_is_named(
    cloud: Cloud, updating: Updating, ordered: Callable[..., None], outcome: str, code: str
) -> None:
    ordered(hook=[{"outcome": outcome}])
    deploying = updating(shop(2, pauses=False, asks=True))
    assert deploying.ends() == 7
    (why,) = [one.diagnosis for one in deploying.said if isinstance(one, Diagnosed)]
    assert [hint.code for hint in why.cause.hints] == [code]
    assert any(f"hook smoke {outcome.lower().replace('_', ' ')}" in one.ecs.reason for one in deploying.rows())
    assert runs(cloud) == "example/api:1"


@pytest.mark.parametrize("stage", [{}, {"stage": "BAKE_TIME", "after": 15}], ids=["at once", "in the bake"])
def test_an_alarm_that_fires_ends_the_deployment_and_is_named(
    cloud: Cloud, updating: Updating, ordered: Callable[..., None], stage: dict[str, Any]
) -> None:
    ordered(alarm=[{"alarm": "*", **stage}])
    deploying = updating(shop(2, pauses=False, alarmed=True))
    assert deploying.ends() == 7
    (why,) = [one.diagnosis for one in deploying.said if isinstance(one, Diagnosed)]
    assert [hint.code for hint in why.cause.hints] == ["deployment-alarm"]
    (found,) = [one.evidence for one in deploying.said if isinstance(one, Evidenced)]
    assert [name.split("-")[1] for name in found.alarms] == ["ApiErrorsAlarm"]
    assert runs(cloud) == "example/api:1"


def test_a_pause_that_nobody_answers_rolls_back(cloud: Cloud, updating: Updating) -> None:
    tempo.clock.speed = 2400
    deploying = updating(shop(2))
    assert deploying.ends() == 7
    (why,) = [one.diagnosis for one in deploying.said if isinstance(one, Diagnosed)]
    assert [hint.code for hint in why.cause.hints] == ["hook-timed-out"]
    assert runs(cloud) == "example/api:1"


def test_rollback_of_a_stack_that_is_being_updated_cancels_the_update(cloud: Cloud, updating: Updating) -> None:
    deploying = updating(shop(2))
    deploying.until(lambda one: one.ecs.hook is not None)
    assert call(cloud, "rollback", "shop", "--yes") == 0
    assert deploying.ends() == 7
    assert cloud.settled("shop")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert runs(cloud) == "example/api:1"


def test_rollback_of_a_service_stops_its_deployment(cloud: Cloud, updating: Updating) -> None:
    deploying = updating(shop(2))
    deploying.until(lambda one: one.ecs.hook is not None)
    assert call(cloud, "rollback", "Api") == 0
    assert deploying.ends() == 7
    assert runs(cloud) == "example/api:1"
