"""`local start | stop | status | reset | scenarios`, and the options by which other commands set it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from fargate_stacks.deploy import local
from fargate_stacks.deploy.client import local_api
from fargate_stacks.deploy.local.ready_made import READY_MADE
from tests.cli.conftest import Project, Run


@pytest.fixture(autouse=True)
def _nothing_stays(project: Project) -> Iterator[None]:
    yield
    local.stop(project.folder)


def test_start_writes_the_address_for_the_shell(project: Project, run: Callable[..., Run]) -> None:
    said = run("local", "start")
    found = local.status(project.folder)
    assert found is not None
    assert (said.code, said.out) == (0, f"AWS_ENDPOINT_URL={found.endpoint_url}\n")


def test_status_writes_the_same(run: Callable[..., Run]) -> None:
    assert run("local", "start").out == run("local", "status").out


def test_status_is_1_where_none_runs(run: Callable[..., Run]) -> None:
    said = run("local", "status")
    assert (said.code, said.out) == (1, "")
    assert "no local cloud runs here; start one with fargate-stacks local start" in said.err


def test_stop_ends_it(run: Callable[..., Run]) -> None:
    run("local", "start")
    assert run("local", "stop").err == "stopped\n"
    assert run("local", "status").code == 1


def test_stop_where_none_runs_is_no_failure(run: Callable[..., Run]) -> None:
    said = run("local", "stop")
    assert (said.code, said.err) == (0, "no local cloud runs here\n")


def test_reset_empties_it_and_keeps_the_address(project: Project, run: Callable[..., Run]) -> None:
    address = run("local", "start").out
    found = local.status(project.folder)
    assert found is not None
    api = local_api("sqs", found.endpoint_url)
    api.create_queue(QueueName="q")
    assert run("local", "reset").err == "empty\n"
    assert api.list_queues().get("QueueUrls", []) == []
    assert run("local", "status").out == address


def test_reset_needs_one_that_runs(run: Callable[..., Run]) -> None:
    said = run("local", "reset")
    assert said.code == 2
    assert "no local cloud runs here; start one with fargate-stacks local start" in said.err


def test_scenarios_are_listed_on_standard_output(run: Callable[..., Run]) -> None:
    said = run("local", "scenarios")
    assert said.code == 0
    assert all(name in said.out for name in READY_MADE)


def test_a_scenario_by_name(run: Callable[..., Run], project: Project) -> None:
    run("local", "start", "--scenario", "throttled")
    found = local.status(project.folder)
    assert found is not None
    answer = local_api("cloudformation", found.endpoint_url).list_stacks()
    assert answer["ResponseMetadata"]["RetryAttempts"] == 3


def test_an_unknown_scenario_is_named(run: Callable[..., Run]) -> None:
    said = run("local", "start", "--scenario", "throtled")
    assert said.code == 2
    assert "no scenario and no file 'throtled'; did you mean throttled" in said.err


def test_deploy_plays_the_scenario_of_the_folder(project: Project, run: Callable[..., Run]) -> None:
    project.infra('app = App([Stack("s", [Jobs("Jobs")])])')
    project.write("local.toml", '[[resource]]\ntype = "AWS::SQS::Queue"\nfails = "create"\nreason = "a bad day"\n')
    said = run("deploy", "--local")
    assert said.code == 7
    assert "a bad day" in said.err


def test_deploy_takes_a_speed(project: Project, run: Callable[..., Run]) -> None:
    project.infra('app = App([Stack("s", [Jobs("Jobs")])])')
    began = time.monotonic()
    assert run("deploy", "--local", "--local-speed", "60").code == 0
    assert time.monotonic() - began > 1  # a queue takes a minute


def test_a_speed_is_a_number(run: Callable[..., Run]) -> None:
    assert run("local", "start", "--local-speed", "-1").code == 2
