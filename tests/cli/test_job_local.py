"""`run` of a job and of a service with a disk, over HTTP against the local cloud."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fargate_stacks.cli.group import run as run_command
from fargate_stacks.cli.load import load_templates
from fargate_stacks.deploy.engine import deploy
from tests.cli.conftest import Project, Run
from tests.localcloud import Cloud

INFRA = """
from fargate_stacks import App, Cluster, Container, EbsVolume, Job, Key, Queue, Service, Spot, Stack, Task, Vpc

vpc = Vpc("Network", nat="none")
cluster = Cluster("Main", vpc=vpc)
jobs = Queue("Jobs")
key = Key("Disks")
disk = EbsVolume("data", size=20, encryption=key)
tool = Container(image="public.ecr.aws/docker/library/busybox:1.37", command=["migrate"])
tools = Container(image="public.ecr.aws/docker/library/busybox:1.37", mounts={"/data": "data"})
sends = Task(containers=[tool], uses=[jobs.send()])
migrate = Job("Migrate", cluster=cluster, task=sends, subnets="public", capacity=Spot(base=0))
load = Job("Load", cluster=cluster, task=Task(containers=[tools], volumes=[disk]), subnets="public", exec=True)
store = Service("Store", cluster=cluster, task=Task(containers=[tools], volumes=[disk]), subnets="public")
app = App([Stack("shop", [vpc, cluster, jobs, key, migrate, load, store])])
"""

Call = Callable[..., Run]


@pytest.fixture(scope="module")
def shop(local_endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Cloud:
    folder = tmp_path_factory.mktemp("jobs")
    (folder / "infra.py").write_text(INFRA, "utf-8")
    cloud = Cloud(local_endpoint, "999000000009")
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


def started(call: Call, shop: Cloud, *arguments: str) -> Any:
    """Start a task and give what ECS says of it; it is stopped again."""
    told = json.loads(call("run", "--detach", "--output", "json", *arguments).out)
    ecs = shop.api("ecs")
    (cluster,) = ecs.list_clusters()["clusterArns"]
    (task,) = ecs.describe_tasks(cluster=cluster, tasks=[told["task"]])["tasks"]
    ecs.stop_task(cluster=cluster, task=told["task"])
    return task


def test_a_job_runs_to_its_end_and_gives_its_exit_code(call: Call) -> None:
    said = call("run", "Migrate", "--output", "json")
    told = json.loads(said.out)
    assert (said.code, told["status"], told["exit_code"], told["container"]) == (0, "STOPPED", 0, "app")


def test_it_runs_where_and_on_what_it_says(call: Call, shop: Cloud) -> None:
    task = started(call, shop, "Migrate", "--", "migrate", "--dry-run")
    physical = shop.physical("shop")
    assert task["taskDefinitionArn"] == physical["MigrateTaskDefinition"]
    assert task["capacityProviderName"] == "FARGATE_SPOT"
    assert task["overrides"]["containerOverrides"][0]["command"] == ["migrate", "--dry-run"]
    details = {one["name"]: one["value"] for one in task["attachments"][0]["details"]}
    assert details["subnetId"] in (physical["NetworkPublicSubnet1"], physical["NetworkPublicSubnet2"])


def test_a_job_with_exec_admits_it(call: Call, shop: Cloud) -> None:
    assert started(call, shop, "Load")["enableExecuteCommand"] is True
    assert started(call, shop, "Migrate")["enableExecuteCommand"] is False


@pytest.mark.parametrize("name", ["Load", "Store"])
def test_a_disk_is_made_for_a_task_that_runs_once_too(
    project: Project, shop: Cloud, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    project.write("infra.py", INFRA)
    asked: list[Any] = []
    client = shop.client()

    def listening(service: str) -> Any:
        api = client.service(service)
        api.meta.events.register(f"before-send.{service}.RunTask", lambda request, **_: asked.append(request.body))
        return api

    assert run_command(("run", name, "--detach"), {"client": replace(client, beside=listening)}) == 0
    (volume,) = json.loads(asked[0])["volumeConfigurations"]
    physical = shop.physical("shop")
    assert volume["name"] == "data"
    disk = volume["managedEBSVolume"]
    assert (disk["sizeInGiB"], disk["volumeType"], disk["encrypted"]) == (20, "gp3", True)
    assert disk["roleArn"] == f"arn:aws:iam::{shop.account}:role/{physical[f'{name}VolumeRole']}"
    assert disk["kmsKeyId"] == f"arn:aws:kms:us-east-1:{shop.account}:key/{physical['DisksKey']}"
    assert disk["tagSpecifications"] == [{"resourceType": "volume", "propagateTags": "TASK_DEFINITION"}]


def test_a_job_is_no_service(call: Call) -> None:
    said = call("status", "Migrate")
    assert said.code == 2
