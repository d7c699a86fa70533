"""`local start | stop | status`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from fargate_stacks.deploy import local
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
