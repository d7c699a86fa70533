"""The commands for a running app over HTTP, against the local cloud: deployed, looked at, changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fargate_stacks.cli.group import run as run_command
from fargate_stacks.cli.load import load_templates
from fargate_stacks.deploy.engine import deploy
from tests.cli.conftest import Run
from tests.localcloud import Cloud

INFRA = """
from fargate_stacks import App, Cluster, Container, LoadBalancer, Service, Stack, Task, Vpc

vpc = Vpc("Network")
cluster = Cluster("Main", vpc=vpc)
edge = LoadBalancer("Edge", vpc=vpc, public=True)


def web(name, path):
    task = Task(containers=[Container(image="public.ecr.aws/nginx/nginx-unprivileged:1.29", port=8080)])
    return Service(name, cluster=cluster, task=task, count=2, route=edge.route(path))


app = App([Stack("shop", [vpc, cluster, edge, web("Web", "/*"), web("Api", "/api/*")], outputs={"Url": edge.url})])
"""

Call = Callable[..., Run]


@pytest.fixture(scope="module")
def shop(local_endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Cloud:
    """Two services behind a load balancer, deployed by the deployer itself; the tests of this module share them."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "infra.py").write_text(INFRA, "utf-8")
    cloud = Cloud(local_endpoint, "999000000007")
    templates = load_templates(str(folder / "infra.py"), {}, cwd=folder)
    deploy(templates, cloud.client(), out=lambda _: None, ask=lambda _: True)
    return cloud


@pytest.fixture
def call(shop: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    (tmp_path / "infra.py").write_text(INFRA, "utf-8")
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> Run:
        code = run_command(arguments, {"client": shop.client()})
        said = capsys.readouterr()
        return Run(code, said.out, said.err)

    return call


def test_status_shows_both_services_healthy(call: Call) -> None:
    services = json.loads(call("status", "--output", "json").out)["services"]
    assert [(one["name"], one["health"], one["desired"]) for one in services] == [
        ("Web", "healthy", 2),
        ("Api", "healthy", 2),
    ]


def test_status_of_one_service_is_found_by_its_construct(call: Call) -> None:
    assert call("status", "Api").out.startswith("Api  healthy  2/2 running")


def test_scale_changes_the_count_and_puts_it_back(call: Call) -> None:
    assert call("scale", "Web", "3").code == 0
    assert json.loads(call("status", "Web", "--output", "json").out)["services"][0]["running"] == 3
    assert json.loads(call("scale", "Web", "2", "--output", "json").out)["running"] == 2


def test_restart_waits_for_the_new_tasks(call: Call) -> None:
    said = call("restart", "Api")
    assert (said.code, said.err.splitlines()[-1]) == (0, "Api: restart, done")


def test_outputs_are_those_of_the_stack(call: Call) -> None:
    assert call("outputs", "shop", "Url").out.startswith("http://")


def test_events_begin_with_the_stack(call: Call) -> None:
    events = [json.loads(line) for line in call("events", "--lines", "1000", "--output", "json").out.splitlines()]
    of_the_stack = [one for one in events if one["source"] == "cloudformation"]
    assert [of_the_stack[place]["name"] for place in (0, -1)] == ["shop", "shop"]
    assert "CREATE_COMPLETE" in [one["status"] for one in of_the_stack if one["name"] == "shop"]


def test_nothing_has_drifted(call: Call) -> None:
    said = call("drift", "--fail")
    assert (said.code, said.out) == (0, "no drift in shop\n")


def test_logs_of_a_service_are_lines_or_nothing(call: Call) -> None:
    assert call("logs", "Web").code == 0


def test_run_starts_a_task_where_the_service_runs_its_own(call: Call, shop: Cloud) -> None:
    told = json.loads(call("run", "Api", "--detach", "--output", "json", "--", "echo", "hi").out)
    api = shop.api("ecs")
    cluster = api.list_clusters()["clusterArns"][0]
    (task,) = api.describe_tasks(cluster=cluster, tasks=[told["task"]])["tasks"]
    assert task["taskDefinitionArn"] == told["task_definition"]
    assert task["overrides"]["containerOverrides"][0]["command"] == ["echo", "hi"]
    api.stop_task(cluster=cluster, task=told["task"])


def test_diagnose_of_a_healthy_stack_finds_nothing(call: Call) -> None:
    assert call("diagnose", "shop").code == 0
