"""Failures rehearsed over HTTP: the local cloud plays them, deploy tells why, and diagnose finds it out afterwards."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest
from troposphere import Tags

from fargate_stacks import App, Cluster, Container, LoadBalancer, Service, Stack, Task, Vpc, render
from fargate_stacks.cli.group import run as run_command
from fargate_stacks.core.template import Template
from fargate_stacks.deploy.engine import deploy
from fargate_stacks.deploy.local import tempo
from fargate_stacks.deploy.local.scenarios import TAG
from fargate_stacks.deploy.messages import Diagnosed, Evidenced, Message, Note, Rollout, Warn
from fargate_stacks.deploy.run import Options
from fargate_stacks.errors import DeployError
from tests.localcloud import Cloud


def shop(scenario: str = "") -> dict[str, Template]:
    """A service behind a load balancer; its task definition's tag says what its tasks are to do."""

    def order(resources: dict[str, Any]) -> None:
        if scenario:
            definition = resources["ApiTaskDefinition"]
            definition.Tags = Tags({TAG: scenario})

    vpc = Vpc("Network")
    cluster = Cluster("Main", vpc=vpc)
    edge = LoadBalancer("Edge", vpc=vpc, public=True)
    task = Task(containers=[Container(image=f"example/api:{scenario.partition(' ')[0] or 'fine'}", port=8080)])
    api = Service("Api", cluster=cluster, task=task, count=2, route=edge.route("/*"))
    return render(App([Stack("shop", [vpc, cluster, edge, api], customize=order, removal="remove")]))


def rehearse(
    cloud: Cloud, templates: dict[str, Template], said: list[Message] | None = None
) -> tuple[list[Message], int]:
    """Deploy; give what was said, also as it is said, and the exit code."""
    said = [] if said is None else said
    try:
        deploy(templates, cloud.client(), out=said.append, ask=lambda _: True, confirm=lambda _: True)
    except DeployError as error:
        return said, error.exit_code
    return said, 0


@pytest.fixture
def minutes_in_seconds(local_endpoint: str) -> Iterator[None]:
    """Rollouts take their time, so that a deploy can look on; a minute of AWS passes in a second here."""
    tempo.clock.speed = 60
    yield
    tempo.clock.speed = math.inf


def codes(said: list[Message]) -> set[str]:
    found = [one.evidence for one in said if isinstance(one, Evidenced)]
    return {hint.code for one in found for kind in one.stopped for hint in kind.hints} | {
        hint.code for one in found for hint in one.hints
    }


@pytest.fixture(scope="module")
def deployed(local_endpoint: str) -> Cloud:
    """A cloud in which the shop runs; an update that fails leaves it as it is."""
    cloud = Cloud(local_endpoint, "999000000008")
    assert rehearse(cloud, shop())[1] == 0
    return cloud


@pytest.mark.parametrize(
    ("scenario", "code"),
    [
        ("image-not-found", "image-not-found"),
        ("secret-denied", "secret-denied"),
        ("read-only", "read-only"),
        ("failing-health-check", "health-path"),
        ("slow-start", "health-timeout"),
        ("vcpu-quota", "vcpu-quota"),
    ],
)
def test_an_update_that_fails_tells_why(deployed: Cloud, scenario: str, code: str) -> None:
    said, exit_code = rehearse(deployed, shop(scenario))
    assert exit_code == 7
    assert code in codes(said)


def first_deploy_tells(cloud: Cloud, scenario: str, code: str) -> None:
    said, exit_code = rehearse(cloud, shop(scenario))
    assert exit_code == 7
    assert code in codes(said)
    (why,) = [one.diagnosis for one in said if isinstance(one, Diagnosed)]
    assert code in [hint.code for hint in why.cause.hints]
    assert not [one for one in said if isinstance(one, Warn)]


@pytest.mark.parametrize(("scenario", "code"), [("image-not-found", "image-not-found"), ("no-capacity", "no-capacity")])
def test_a_first_deploy_tells_why_although_all_is_rolled_back(cloud: Cloud, scenario: str, code: str) -> None:
    first_deploy_tells(cloud, scenario, code)


@pytest.mark.usefixtures("minutes_in_seconds")
def test_a_first_deploy_that_takes_its_time_tells_why_although_all_is_rolled_back(cloud: Cloud) -> None:
    first_deploy_tells(cloud, "crash", "exit-1")


def test_the_error_names_what_stopped_the_tasks(cloud: Cloud) -> None:
    with pytest.raises(DeployError, match="ApiService: there is no such image or tag in the registry"):
        deploy(shop("image-not-found"), cloud.client(), out=lambda _: None, ask=lambda _: True)


def test_an_update_tells_why_and_the_service_runs_what_it_ran(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    assert rehearse(cloud, shop())[1] == 0
    said, exit_code = rehearse(cloud, shop("crash"))
    assert exit_code == 7
    assert "exit-1" in codes(said)
    given = {"client": cloud.client(), "templates": shop()}
    assert run_command(("status", "Api"), given) == 0
    assert "Api  healthy  2/2 running" in capsys.readouterr().out
    run_command(("diagnose", "shop"), given)
    told = capsys.readouterr().out
    assert "app exited with 1" in told
    assert "cause: ApiService (AWS::ECS::Service" in told


@pytest.mark.usefixtures("minutes_in_seconds")
def test_the_last_lines_of_the_log_are_in_the_evidence(cloud: Cloud) -> None:
    said, _ = rehearse(cloud, shop("crash"))
    (evidence,) = [one.evidence for one in said if isinstance(one, Evidenced)]
    assert any("the program ends here, on order" in line for kind in evidence.stopped for line in kind.log)


@pytest.mark.usefixtures("minutes_in_seconds")
def test_a_stack_that_is_complete_whose_service_went_back_in_silence_is_no_success(cloud: Cloud) -> None:
    tempo.clock.speed = math.inf
    assert rehearse(cloud, shop())[1] == 0
    tempo.clock.speed = 60
    said: list[Message] = []
    with pytest.raises(DeployError, match="shop: Api is rolled back: the program ended by itself with an error") as no:
        deploy(
            shop("crash"),
            cloud.client(),
            out=said.append,
            ask=lambda _: True,
            confirm=lambda _: True,
            options=Options(express=True),
        )
    assert no.value.exit_code == 10
    assert cloud.settled("shop")["StackStatus"] == "UPDATE_COMPLETE"
    assert "exit-1" in codes(said)


def test_express_is_done_when_the_service_is(cloud: Cloud) -> None:
    said: list[Message] = []
    deploy(shop(), cloud.client(), out=said.append, ask=lambda _: True, options=Options(express=True))
    assert [one.ecs.state for one in said if isinstance(one, Rollout)][-1] == "done"


def test_fail_fast_stops_the_deployment_before_the_breaker_does(cloud: Cloud, minutes_in_seconds: None) -> None:
    tempo.clock.speed = math.inf
    assert rehearse(cloud, shop())[1] == 0
    tempo.clock.speed = 60
    said: list[Message] = []
    with pytest.raises(DeployError) as no:
        deploy(
            shop("crash"),
            cloud.client(),
            out=said.append,
            ask=lambda _: True,
            confirm=lambda _: True,
            options=Options(fail_fast=1),
        )
    assert no.value.exit_code == 7
    assert any("stopping the deployment" in one.text for one in said if isinstance(one, Note))
    rows = [one.ecs for one in said if isinstance(one, Rollout)]
    assert rows[-1].reason == "The service deployment was stopped by a user"
