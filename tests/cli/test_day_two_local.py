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
from tests.deploy.local.scene import ordered
from tests.localcloud import Cloud

INFRA = """
from fargate_stacks import App, Cluster, Container, Job, LoadBalancer, Service, Stack, Task, Vpc

vpc = Vpc("Network")
cluster = Cluster("Main", vpc=vpc)
edge = LoadBalancer("Edge", vpc=vpc, public=True)


def web(name, path):
    task = Task(containers=[Container(image="public.ecr.aws/nginx/nginx-unprivileged:1.29", port=8080)])
    return Service(name, cluster=cluster, task=task, count=2, route=edge.route(path))


migrate = Job("Migrate", cluster=cluster, task=Task(containers=[Container(image="example/api:7", command=["migrate"])]))
members = [vpc, cluster, edge, web("Web", "/*"), web("Api", "/api/*"), migrate]
app = App([Stack("shop", members, outputs={"Url": edge.url})])
"""

__all__ = ["ordered"]

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


def test_drift_tells_what_was_changed_by_hand(call: Call, shop: Cloud) -> None:
    api = shop.api("ecs")
    cluster = api.list_clusters()["clusterArns"][0]
    arn = json.loads(call("status", "Web", "--output", "json").out)["services"][0]["arn"]
    api.update_service(cluster=cluster, service=arn, enableExecuteCommand=True)
    said = call("drift", "shop", "--fail")
    api.update_service(cluster=cluster, service=arn, enableExecuteCommand=False)
    assert said.code == 3
    assert 'shop  WebService  AWS::ECS::Service  Service "Web"  modified' in said.out
    assert call("drift", "--fail").code == 0


def test_url_is_read_from_the_balancer_and_its_rules(call: Call) -> None:
    url = call("outputs", "shop", "Url").out.strip()
    assert call("url", "Api").out == f"{url}/api/\n"
    assert call("url").out.splitlines() == [f"Web  {url}/", f"Api  {url}/api/"]
    assert f"  url         {url}/api/" in call("status", "Api").out.splitlines()


def test_open_writes_the_address(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROWSER", "true")
    said = call("open", "Api", "--output", "json")
    assert json.loads(said.out)["url"].endswith(".elb.amazonaws.com/api/")


def test_logs_of_several_tasks_are_one_list_in_the_order_of_time(call: Call) -> None:
    lines = [json.loads(line) for line in call("logs", "Web", "--output", "json").out.splitlines()]
    assert len({one["task"] for one in lines}) >= 2
    assert [one["time"] for one in lines] == sorted(one["time"] for one in lines)


def test_logs_may_be_filtered_and_limited(call: Call) -> None:
    assert call("logs", "Web", "--filter", "unheard-of").out == ""
    assert len(call("logs", "Web", "--filter", "container", "--lines", "1").out.splitlines()) == 1


def test_logs_of_the_task_before(call: Call) -> None:
    before = {json.loads(line)["task"] for line in call("logs", "Web", "--output", "json").out.splitlines()}
    assert call("restart", "Web").code == 0
    told = {json.loads(line)["task"] for line in call("logs", "Web", "--previous", "--output", "json").out.splitlines()}
    assert len(told) == 1
    assert told < before


def test_run_starts_a_task_where_the_service_runs_its_own(call: Call, shop: Cloud) -> None:
    told = json.loads(call("run", "Api", "--detach", "--output", "json", "--", "echo", "hi").out)
    api = shop.api("ecs")
    cluster = api.list_clusters()["clusterArns"][0]
    (task,) = api.describe_tasks(cluster=cluster, tasks=[told["task"]])["tasks"]
    assert task["taskDefinitionArn"] == told["task_definition"]
    assert task["overrides"]["containerOverrides"][0]["command"] == ["echo", "hi"]
    api.stop_task(cluster=cluster, task=told["task"])


def test_run_of_a_job_is_in_its_own_place_with_its_own_roles(call: Call, shop: Cloud) -> None:
    told = json.loads(call("run", "Migrate", "--cpu", "512", "--memory", "1024", "--output", "json").out)
    assert (told["exit_code"], told["container"]) == (0, "app")
    api = shop.api("ecs")
    (task,) = api.describe_tasks(cluster=api.list_clusters()["clusterArns"][0], tasks=[told["task"]])["tasks"]
    assert task["taskDefinitionArn"].endswith("task-definition/shop-Migrate:1")
    assert (task["overrides"]["cpu"], task["overrides"]["memory"]) == ("512", "1024")
    assert "example/api:7" in call("logs", "Migrate").out


def test_run_ends_with_the_exit_code_of_the_container_and_says_why(call: Call, ordered: Callable[..., None]) -> None:
    ordered(task=[{"scenario": "crash", "exit_code": 3, "after": 1, "log": ["no such table"]}])
    said = call("run", "Api", "--env", "STAGE=test", "--", "migrate")
    assert said.code == 3
    assert said.out.splitlines()[-1] == "no such table"
    assert "Api: why it failed" in said.err
    assert said.err.splitlines()[-1] == "Api: app exited with 3"


def test_run_of_a_task_that_cannot_start_says_why(call: Call, ordered: Callable[..., None]) -> None:
    ordered(task=[{"scenario": "image-not-found"}])
    said = call("run", "Api")
    assert said.code == 1
    assert "there is no such image or tag in the registry [image-not-found]" in said.err
    assert said.err.splitlines()[-1].count("CannotPullContainerError") == 1


def test_restart_that_fails_tells_why_and_diagnose_finds_it_out(call: Call, ordered: Callable[..., None]) -> None:
    ordered(task=[{"scenario": "out-of-memory", "of": "Web"}])
    said = call("restart", "Web")
    assert said.code == 10
    assert "[out-of-memory]" in said.err
    ordered()
    assert "[out-of-memory]" in call("diagnose", "Web").out
    assert call("status", "Web", "--fail").code in (0, 3)


def test_diagnose_of_a_healthy_stack_finds_nothing(call: Call) -> None:
    assert call("diagnose", "shop").code == 0


def test_rollback_puts_the_image_before_back_and_drift_shows_it(call: Call, shop: Cloud, tmp_path: Path) -> None:
    newer = tmp_path / "newer"
    newer.mkdir()
    (newer / "infra.py").write_text(INFRA.replace(":1.29", ":1.30"), "utf-8")
    templates = load_templates(str(newer / "infra.py"), {}, cwd=newer)
    deploy(templates, shop.client(), out=lambda _: None, ask=lambda _: True)
    said = call("rollback", "Api", "--output", "json")
    assert (said.code, json.loads(said.out)["state"]) == (0, "done")
    assert json.loads(said.out)["task_definition"].endswith(":1")
    drifted = call("drift", "--fail")
    assert drifted.code == 3
    assert "/TaskDefinition: " in drifted.out
    assert call("rollback", "Api", "--to", "2").code == 0
    assert call("drift", "--fail").code == 0
