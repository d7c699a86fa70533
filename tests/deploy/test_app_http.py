"""An app of several stacks over HTTP: planned before its values are known, guarded once they are held."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.deploy.commands import Account, template
from tests.deploy.stage import resource
from tests.localcloud import Cloud

APP = """
from fargate_stacks import App, Attr, Construct, Stack
from troposphere import Tags
from troposphere.sqs import Queue


class Jobs(Construct):
    delay: int = 0

    def build(self):
        yield Queue(self.id("Queue"), DelaySeconds=self.delay)


class Reader(Construct):
    of: Attr | None = None

    def build(self):
        yield Queue(self.id("Queue"), **({} if self.of is None else {"Tags": Tags(of=self.of)}))


def app(held: bool = True, kept: bool = True, delay: int = 0) -> App:
    jobs = Jobs("Jobs", delay=delay)
    mail = Reader("Mail", of=jobs.attr("Queue", "QueueName") if held else None)
    page = Reader("Page", of=mail.attr("Queue", "QueueName"))
    return App([
        Stack("jobs", [jobs, Jobs("Other")] if kept else [Jobs("Other")]),
        Stack("mail", [mail]),
        Stack("page", [page]),
    ])
"""


@pytest.fixture
def shop(cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Account:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "infra.py").write_text(APP, "utf-8")
    return Account(cloud, capsys)


def test_a_first_deploy_of_three_stacks_is_reviewed_whole_and_executed_by_its_hash(shop: Account) -> None:
    done = shop("diff", "--output", "jsonl")
    plans = {one["stack"]: one for one in done.records("plan")}
    assert {name: one["predicted"] for name, one in plans.items()} == {"jobs": False, "mail": True, "page": True}
    assert [shop.status(name) for name in plans] == ["absent"] * 3
    (summary,) = done.records("summary")
    done = shop("deploy", "--approve-plan", summary["fingerprint"])
    assert (done.code, [shop.status(name) for name in plans]) == (0, ["CREATE_COMPLETE"] * 3), done.err


def test_a_value_that_is_not_known_yet_is_said_so(shop: Account) -> None:
    assert shop("deploy", "--yes").code == 0
    shop.cloud.delete("mail")
    done = shop("diff", "--output", "jsonl")
    plans = {one["stack"]: one for one in done.records("plan")}
    (change,) = plans["page"]["changes"]
    assert [one["after"] for one in change["properties"]] == ["(known after mail.MailQueueQueueName)"]


def test_what_a_live_consumer_holds_is_not_taken_from_under_it(shop: Account) -> None:
    assert shop("deploy", "--yes").code == 0
    done = shop("deploy", "--yes", "--set", "held=no", "--set", "kept=no", "--stack", "jobs")
    assert done.code == 5
    assert "JobsQueue would be removed, and mail still uses it" in done.err
    assert "JobsQueue" in shop.cloud.physical("jobs")


def test_in_one_run_the_consumer_goes_first(shop: Account) -> None:
    assert shop("deploy", "--yes").code == 0
    done = shop("deploy", "--yes", "--set", "held=no", "--set", "kept=no", "--output", "jsonl")
    assert done.code == 0, done.err
    ended = [one["stack"] for one in done.records("ended")]
    assert ended.index("mail") < ended.index("jobs")
    assert "JobsQueue" not in shop.cloud.physical("jobs")


def test_what_is_there_already_is_taken_in(shop: Account, tmp_path: Path) -> None:
    shop.cloud.api("s3").create_bucket(Bucket=f"files-{shop.cloud.account}")
    bucket = {
        **resource("AWS::S3::Bucket", BucketName=f"files-{shop.cloud.account}"),
        "DeletionPolicy": "RetainExceptOnCreate",
    }
    file = tmp_path / "files.json"
    file.write_text(json.dumps({"Resources": {"Files": bucket, "Jobs": resource()}}))
    arguments = ["--no-preflight", "--template", str(file), "--stack", "files"]
    done = shop("deploy", "--yes", "--import-existing", "--output", "jsonl", *arguments)
    assert (done.code, shop.status("files")) == (0, "CREATE_COMPLETE"), done.err
    (plan,) = done.records("plan")
    assert {one["logical_id"]: one["action"] for one in plan["changes"]} == {"Files": "Import", "Jobs": "Add"}


def test_a_long_template_asks_for_its_bucket_and_has_it_made(
    tmp_path: Path, cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = Account(cloud, capsys, remote=True)
    long = template(tmp_path, {f"Q{n}": resource(Tags=[{"Key": "a", "Value": "b" * 200}]) for n in range(230)})
    name = f"fargate-stacks-{cloud.account}-us-east-1"
    done = shop("diff", *long)
    assert (done.code, shop.status()) == (4, "absent")
    assert "its template is over 51,200 bytes and goes by a bucket; run fargate-stacks bootstrap" in done.err
    done = shop("deploy", "--no-preflight", *long)
    assert done.code == 4
    assert f"make the bucket {name}? there is no terminal to ask on; give --yes" in done.err
    assert cloud.api("s3").list_buckets()["Buckets"] == []
    done = shop("deploy", "--yes", "--no-preflight", *long)
    assert done.code == 0, done.err
    assert [one["Name"] for one in cloud.api("s3").list_buckets()["Buckets"]] == [name]
