"""Deleting real things over HTTP: what is protected, kept, full or lost is named, asked about once, and dealt with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.commands import Account, Done
from tests.localcloud import Cloud

APP = """
from fargate_stacks import App, Bucket, Cluster, Container, LoadBalancer, Repository, Service, Stack, Table, Task, Vpc


def app(removal: str = "remove", guarded: bool = False) -> App:
    vpc = Vpc("Network")
    cluster = Cluster("Main", vpc=vpc)
    edge = LoadBalancer("Edge", vpc=vpc, public=True)
    files, images, orders = Bucket("Files"), Repository("Images"), Table("Orders", key="id")
    web = Service(
        "Web",
        cluster=cluster,
        task=Task(containers=[Container(image="example/web:1", port=80)], uses=[files.read(), orders.read()]),
        route=edge.route("/*"),
    )
    return App([
        Stack("net", [vpc, cluster, edge], removal=removal, termination_protection=guarded),
        Stack("data", [files, images, orders], removal=removal),
        Stack("web", [web], removal=removal),
    ])
"""


class Shop(Account):
    def deployed(self, *arguments: str) -> None:
        done = self("deploy", "--yes", "--approve", "broadening,data-loss", *arguments)
        assert done.code == 0, done.err

    def filled(self) -> None:
        physical = self.cloud.physical("data")
        for number in range(3):
            self.cloud.api("s3").put_object(Bucket=physical["FilesBucket"], Key=str(number), Body=b"x")
        self.cloud.api("s3").delete_object(Bucket=physical["FilesBucket"], Key="0")
        manifest = '{"schemaVersion": 2}'
        ecr = self.cloud.api("ecr")
        ecr.put_image(repositoryName=physical["ImagesRepository"], imageManifest=manifest, imageTag="1")

    @property
    def statuses(self) -> dict[str, str]:
        found = {name: self.status(name) for name in ("net", "data", "web")}
        return {name: status for name, status in found.items() if status != "absent"}


@pytest.fixture
def shop(cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shop:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "infra.py").write_text(APP, "utf-8")
    return Shop(cloud, capsys)


def deleting(done: Done) -> dict[str, dict[str, Any]]:
    return {one["stack"]: one for one in done.records("deleting")}


def test_data_needs_an_approval_and_until_then_all_of_it_stays(shop: Shop) -> None:
    shop.deployed()
    shop.filled()
    before = shop.statuses
    done = shop("destroy", "--yes", "--output", "jsonl")
    assert (done.code, shop.statuses) == (4, before)
    named = deleting(done)
    # the repository of a stack that may go empties itself (EmptyOnDelete)
    assert named["data"]["full"] == ["FilesBucket"]
    assert set(named["data"]["lost"]) == {"FilesBucket", "ImagesRepository", "OrdersTable"}


def test_with_it_all_goes_backwards_and_what_is_full_is_emptied(shop: Shop) -> None:
    shop.deployed()
    shop.filled()
    done = shop("destroy", "--yes", "--approve", "data-loss", "--output", "jsonl")
    assert (done.code, shop.statuses) == (0, {}), done.err
    ended = [one["stack"] for one in done.records("ended")]
    assert ended[0] == "web"
    assert set(ended) == {"web", "data", "net"}
    assert shop.cloud.api("s3").list_buckets()["Buckets"] == []
    assert shop.cloud.api("ecr").describe_repositories()["repositories"] == []


def test_protection_is_switched_off_by_an_update_and_what_is_kept_is_reported(shop: Shop) -> None:
    shop.deployed("--set", "removal=retain")
    shop.filled()
    done = shop("destroy", "--yes", "--approve", "data-loss", "--set", "removal=retain", "--output", "jsonl")
    assert (done.code, shop.statuses) == (0, {}), done.err
    named = deleting(done)
    assert named["net"]["protected"] == ["EdgeLoadBalancer"]
    assert "OrdersTable" in named["data"]["protected"]
    assert {"FilesBucket", "OrdersTable"} <= set(named["data"]["retained"])
    assert named["data"]["full"] == []
    notes = [one["text"] for one in done.records("note")]
    assert any("switching off the deletion protection of EdgeLoadBalancer" in one for one in notes)
    left = [one["text"] for one in done.records("warning") if one["text"].startswith("it stays: ")]
    assert {"FilesBucket", "OrdersTable"} <= {one.split()[2] for one in left}
    assert len(shop.cloud.api("s3").list_buckets()["Buckets"]) == 1


def test_termination_protection_stops_it_before_anything_is_deleted(shop: Shop) -> None:
    shop.deployed("--set", "guarded=yes")
    done = shop("destroy", "--yes", "--approve", "data-loss", "--set", "guarded=yes")
    assert (done.code, set(shop.statuses)) == (5, {"net", "data", "web"})
    assert "termination protection is on for net" in done.err


def test_a_stack_that_others_use_is_not_deleted_alone(shop: Shop) -> None:
    shop.deployed()
    done = shop("destroy", "--yes", "--approve", "data-loss", "--stack", "net")
    assert (done.code, set(shop.statuses)) == (5, {"net", "data", "web"})
    assert "net: web still uses its" in done.err


def test_one_question_is_asked_for_all_of_it(shop: Shop) -> None:
    shop.deployed()
    done = shop("destroy")
    assert done.code == 4
    assert done.err.count("there is no terminal to ask on") == 1
    assert "delete web, data, net, with the data in them?" in done.err


def test_what_cannot_be_deleted_is_left_behind_when_named(shop: Shop) -> None:
    shop.deployed()
    shop.cloud.play(resource=[{"name": "OrdersTable", "fails": "delete", "reason": "it is backed up right now"}])
    done = shop("destroy", "--yes", "--approve", "data-loss")
    assert (done.code, shop.statuses.get("data")) == (8, "DELETE_FAILED")
    assert "OrdersTable: it is backed up right now" in done.err
    done = shop("destroy", "--yes", "--approve", "data-loss", "--retain", "OrdersTable")
    assert (done.code, shop.statuses) == (0, {})
    assert "it stays: OrdersTable" in done.err


def test_a_repository_that_holds_images_is_named_emptied_and_deleted(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "images.json"
    file.write_text('{"Resources": {"Images": {"Type": "AWS::ECR::Repository"}}}')
    arguments = ["--template", str(file), "--stack", "images"]
    assert shop("deploy", "--yes", *arguments).code == 0
    ecr = shop.cloud.api("ecr")
    name = shop.cloud.physical("images")["Images"]
    for number in range(150):
        manifest = json.dumps({"schemaVersion": 2, "config": {"digest": f"sha256:{number:064x}"}})
        ecr.put_image(repositoryName=name, imageManifest=manifest, imageTag=str(number))
    done = shop("destroy", "--yes", "--output", "jsonl", *arguments)
    assert (done.code, deleting(done)["images"]["full"]) == (4, ["Images"])
    assert len(ecr.list_images(repositoryName=name, maxResults=1000)["imageIds"]) == 150
    done = shop("destroy", "--yes", "--approve", "data-loss", "--output", "jsonl", *arguments)
    assert done.code == 0, done.err
    assert ecr.describe_repositories()["repositories"] == []


def test_many_versions_of_many_objects_go(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "files.json"
    versioned = {"VersioningConfiguration": {"Status": "Enabled"}}
    bucket = {"Type": "AWS::S3::Bucket", "Properties": versioned}
    file.write_text(json.dumps({"Resources": {"Files": bucket}}))
    arguments = ["--template", str(file), "--stack", "files"]
    assert shop("deploy", "--yes", *arguments).code == 0
    s3 = shop.cloud.api("s3")
    name = shop.cloud.physical("files")["Files"]
    for number in range(20):
        s3.put_object(Bucket=name, Key=f"{number % 5}", Body=b"x")
    for number in range(5):
        s3.delete_object(Bucket=name, Key=str(number))
    assert s3.list_objects_v2(Bucket=name).get("Contents", []) == []
    done = shop("destroy", "--yes", "--output", "jsonl", *arguments)
    assert (done.code, deleting(done)["files"]["full"]) == (4, ["Files"])
    assert shop("destroy", "--yes", "--approve", "data-loss", *arguments).code == 0
    assert s3.list_buckets()["Buckets"] == []
