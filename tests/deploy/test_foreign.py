"""Templates that other tools wrote are deployed, changed and deleted like ours, over HTTP in the local cloud."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fargate_stacks.cli.group import run
from fargate_stacks.core.yaml import load
from fargate_stacks.deploy.foreign import read
from fargate_stacks.deploy.plan import capabilities
from fargate_stacks.errors import DeployError
from tests.deploy.commands import Done
from tests.deploy.stage import resource
from tests.localcloud import Cloud

FOLDER = Path(__file__).parent / "templates"


class Shop:
    """One stack in an account of the local cloud, from whatever template."""

    def __init__(self, cloud: Cloud, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.cloud = cloud
        self.file = folder / "template.json"
        self._capsys = capsys

    def __call__(self, command: str, body: dict[str, Any], *arguments: str) -> Done:
        self.file.write_text(json.dumps(body), "utf-8")
        self._capsys.readouterr()
        where = ["--local", "--template", str(self.file), "--stack", "shop", *arguments]
        code = run([command, *where], {"client": self.cloud.client()})
        said = self._capsys.readouterr()
        return Done(code, said.out, said.err)

    @property
    def status(self) -> str:
        found = self.cloud.client().stack("shop")
        return "absent" if found is None else found.status

    def zip(self, bucket: str, key: str) -> None:
        """Put the code of a function where its template looks for it."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("handler.py", "def work(event, context): pass")
        self.cloud.api("s3").put_object(Bucket=bucket, Key=key, Body=packed.getvalue())


@pytest.fixture
def shop(cloud: Cloud, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shop:
    cloud.api("ssm").put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Value="30", Type="String")
    return Shop(cloud, tmp_path, capsys)


def body(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return found


def chalice(shop: Shop) -> dict[str, Any]:
    """As `aws cloudformation package` leaves it: the code is in a bucket."""
    shop.cloud.api("s3").create_bucket(Bucket=f"code-{shop.cloud.account}")
    shop.zip(f"code-{shop.cloud.account}", "code.zip")
    found = body("chalice")
    for one in found["Resources"].values():
        if one["Type"] == "AWS::Serverless::Function":
            one["Properties"]["CodeUri"] = f"s3://code-{shop.cloud.account}/code.zip"
    return found


def serverless(shop: Shop) -> dict[str, Any]:
    """As the framework does it: a first deploy makes the bucket for the code."""
    found = body("serverless")
    kept = ("ServerlessDeploymentBucket", "ServerlessDeploymentBucketPolicy")
    first = {**found, "Resources": {key: found["Resources"][key] for key in kept}}
    first["Outputs"] = {"ServerlessDeploymentBucketName": found["Outputs"]["ServerlessDeploymentBucketName"]}
    assert shop("deploy", first).code == 0
    for one in found["Resources"].values():
        if one["Type"] == "AWS::Lambda::Function":
            shop.zip(shop.cloud.physical("shop")[kept[0]], one["Properties"]["Code"]["S3Key"])
    return found


MADE: dict[str, Callable[[Shop], dict[str, Any]]] = {
    "cdk-web": lambda shop: body("cdk-web"),
    "cdk-worker": lambda shop: body("cdk-worker"),
    "cdk-data": lambda shop: body("cdk-data"),
    "chalice": chalice,
    "serverless": serverless,
}
CHANGES: dict[str, tuple[str, Callable[[dict[str, Any]], None]]] = {
    "cdk-web": (
        "AWS::ECS::Cluster",
        lambda one: one.update(ClusterSettings=[{"Name": "containerInsights", "Value": "enabled"}]),
    ),
    "cdk-worker": ("AWS::SQS::Queue", lambda one: one.update(VisibilityTimeout=60)),
    "cdk-data": ("AWS::SQS::Queue", lambda one: one.update(VisibilityTimeout=60)),
    "chalice": ("AWS::Serverless::Function", lambda one: one.update(MemorySize=256)),
    "serverless": ("AWS::SQS::Queue", lambda one: one.update(VisibilityTimeout=60)),
}


@pytest.mark.parametrize("name", MADE)
def test_it_is_created_left_alone_changed_and_deleted(shop: Shop, name: str) -> None:
    wanted = MADE[name](shop)
    assert shop("diff", wanted, "--exit-code").code == 3
    done = shop("deploy", wanted)
    assert (done.code, shop.status.endswith("_COMPLETE")) == (0, True), done.err
    assert "no changes" in shop("deploy", wanted).err
    kind, change = CHANGES[name]
    change(next(one for one in wanted["Resources"].values() if one["Type"] == kind).setdefault("Properties", {}))
    done = shop("diff", wanted, "--output", "jsonl")
    (plan,) = done.records("plan")
    assert plan["changes"], done.err
    assert not [one for one in plan["changes"] if one["action"] in ("Add", "Remove")]
    done = shop("deploy", wanted)
    assert (done.code, shop.status) == (0, "UPDATE_COMPLETE"), done.err
    done = shop("destroy", wanted)
    assert (done.code, shop.status) == (0, "absent"), done.err


def test_what_a_cdk_stack_makes_is_judged(shop: Shop) -> None:
    (plan,) = shop("diff", body("cdk-web"), "--output", "jsonl").records("plan")
    told = [one["text"] for one in plan["risks"]]
    assert "the load balancer is reachable from the internet" in told
    assert any("may" in one or "is allowed" in one for one in told)


def test_only_the_capabilities_that_it_needs_are_given(shop: Shop) -> None:
    """CDK names no role, Serverless does; what SAM makes of Chalice's functions is IAM too."""
    assert capabilities(body("cdk-web")) == ["CAPABILITY_IAM"]
    assert capabilities(body("chalice")) == ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
    assert capabilities(body("serverless")) == ["CAPABILITY_NAMED_IAM"]


YAML = """
AWSTemplateFormatVersion: 2010-09-09
Parameters:
  Days: {Type: Number, Default: 7}
Mappings:
  Sizes: {dev: {Delay: 1}}
Conditions:
  Wanted: !Not [!Equals [!Ref Days, 0]]
Resources:
  Jobs:
    Type: AWS::SQS::Queue
    Condition: Wanted
    Properties:
      DelaySeconds: !FindInMap [Sizes, dev, Delay]
      Tags: [{Key: days, Value: !Sub "${Days} days"}]
Outputs:
  Url: {Value: !If [Wanted, !Ref Jobs, none], Export: {Name: !Sub "${AWS::StackName}-url"}}
"""


def test_sections_that_we_never_write_are_kept(cloud: Cloud, tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(YAML)
    found = read(tmp_path / "t.yaml", "shop").to_dict()
    assert found["AWSTemplateFormatVersion"] == "2010-09-09"
    assert {key: found[key] for key in ("Mappings", "Conditions")} == {
        key: load(YAML)[key] for key in ("Mappings", "Conditions")
    }
    stack = cloud.create("shop", found)
    assert stack["Outputs"][0]["ExportName"] == "shop-url"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Resources: [", "it cannot be read as a template"),
        ("{", "it cannot be read as a template"),
        ("a: 1", "it is no CloudFormation template: it has no Resources"),
        ("Resources: {}", "it is no CloudFormation template: it has no Resources"),
        ("- 1", "it cannot be read as a template"),
    ],
)
def test_what_is_no_template_is_named(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "t.yaml"
    file.write_text(text)
    with pytest.raises(DeployError, match=told) as caught:
        read(file, "shop")
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--template", "t.json"], "--template: name the one stack that it makes with --stack NAME"),
        (["--template", "t.json", "--stack", "a", "--stack", "b"], "name the one stack"),
        (["--template", "t.json", "--stack", "a", "--app", "infra.py"], "--template: it takes no --app and no --set"),
        (["--template", "t.json", "--stack", "a", "--set", "a=b"], "--template: it takes no --app and no --set"),
    ],
)
def test_what_does_not_go_with_a_template(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.json").write_text(json.dumps({"Resources": {"Jobs": resource()}}))
    assert run(["deploy", *arguments], None) == 2
    assert told in capsys.readouterr().err
