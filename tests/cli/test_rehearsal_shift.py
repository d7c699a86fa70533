"""Blue/green over HTTP: a deploy that waits for a person, approved, rejected, and ended by an alarm."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from fargate_stacks import App, BlueGreen, Cluster, Container, LoadBalancer, Pause, Service, Stack, Task, Vpc, render
from fargate_stacks.cli.group import run as run_command
from fargate_stacks.core.template import Template
from fargate_stacks.deploy.local import tempo
from fargate_stacks.deploy.messages import Message, Rollout
from tests.cli.test_rehearsal import rehearse
from tests.localcloud import Cloud


def shop(version: int, *, pauses: bool = True) -> dict[str, Template]:
    """A service whose deployments bake for a minute, and wait for a person before that."""
    vpc = Vpc("Network")
    cluster = Cluster("Main", vpc=vpc)
    edge = LoadBalancer("Edge", vpc=vpc, public=True)
    hooks = [Pause(stages=["POST_TEST_TRAFFIC_SHIFT"], timeout=timedelta(hours=1))] if pauses else []
    api = Service(
        "Api",
        cluster=cluster,
        task=Task(containers=[Container(image=f"example/api:{version}", port=8080)]),
        count=2,
        route=edge.route("/*"),
        deployment=BlueGreen(bake=timedelta(minutes=1), hooks=hooks),
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


@pytest.mark.usefixtures("minutes_in_seconds")
def test_the_rows_show_stages_traffic_and_the_bake(cloud: Cloud) -> None:
    tempo.clock.speed = math.inf
    assert rehearse(cloud, shop(1, pauses=False))[1] == 0
    tempo.clock.speed = 60
    deploying = Deploying(cloud, shop(2, pauses=False))
    assert deploying.ends() == 0
    rows = [one.ecs for one in deploying.rows()]
    assert "BAKE_TIME" in [row.stage for row in rows]
    assert 100.0 in [row.weight for row in rows]
    assert rows[-1].state == "done"
