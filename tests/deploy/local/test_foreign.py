"""Clients that nobody here wrote: the AWS command line and SAM's."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.local.services import platform
from tests.deploy.local.templates import BAD, parameter, queue, template
from tests.localcloud import Cloud

FOREIGN = Path(os.environ.get("FOREIGN", "") or "/nowhere")
pytestmark = pytest.mark.skipif(
    not (FOREIGN / "aws").is_file(), reason="make test sets FOREIGN to an environment with awscli and aws-sam-cli"
)
Call = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def call(cloud: Cloud, tmp_path: Path) -> Call:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_ENDPOINT_URL": cloud.endpoint_url,
        "AWS_ACCESS_KEY_ID": cloud.account,
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
        "SAM_CLI_TELEMETRY": "0",
    }

    def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(FOREIGN / program), *arguments]
        return subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120)

    return run


def written(folder: Path, body: Any) -> str:
    path = folder / "template.json"
    path.write_text(json.dumps(body))
    return str(path)


def test_aws_deploys_and_deploys_again(cloud: Cloud, call: Call, tmp_path: Path) -> None:
    deploy = ("cloudformation", "deploy", "--stack-name", "s", "--template-file")
    first = call("aws", *deploy, written(tmp_path, template(A=parameter())))
    assert first.returncode == 0, first.stderr
    assert "Successfully created/updated stack - s" in first.stdout
    again = call("aws", *deploy, written(tmp_path, template(A=parameter())))
    assert "No changes to deploy" in again.stderr
    time.sleep(1.1)  # it names change sets by the second, and the one without changes stays, on AWS too
    second = call("aws", *deploy, written(tmp_path, template(A=parameter("2"))))
    assert second.returncode == 0, second.stderr
    assert cloud.settled("s")["StackStatus"] == "UPDATE_COMPLETE"


def test_aws_says_that_a_deployment_failed(call: Call, tmp_path: Path) -> None:
    body = written(tmp_path, template(A=BAD))
    failed = call("aws", "cloudformation", "deploy", "--stack-name", "s", "--template-file", body)
    assert failed.returncode == 255
    assert "Failed to create/update the stack" in failed.stderr


def test_aws_reads_the_events(call: Call, cloud: Cloud) -> None:
    cloud.create("s", template(A=parameter()))
    told = call("aws", "cloudformation", "describe-stack-events", "--stack-name", "s", "--output", "json")
    events = json.loads(told.stdout)["StackEvents"]
    assert events[0]["ResourceStatus"] == "CREATE_COMPLETE"
    assert len(events) == 5


def test_aws_waits_for_a_deletion(call: Call, cloud: Cloud) -> None:
    cloud.create("s", template(A=parameter()))
    assert call("aws", "cloudformation", "delete-stack", "--stack-name", "s").returncode == 0
    assert call("aws", "cloudformation", "wait", "stack-delete-complete", "--stack-name", "s").returncode == 0


def test_aws_waits_for_services(call: Call, cloud: Cloud) -> None:
    cloud.create("s", platform())
    ids = cloud.physical("s")
    waited = call("aws", "ecs", "wait", "services-stable", "--cluster", ids["Main"], "--services", ids["Web"])
    assert waited.returncode == 0, waited.stderr


def test_aws_runs_a_task(call: Call, cloud: Cloud) -> None:
    cloud.create("s", platform())
    ids = cloud.physical("s")
    service = cloud.api("ecs").describe_services(cluster=ids["Main"], services=[ids["Web"]])["services"][0]
    told = call(
        "aws", "ecs", "run-task", "--cluster", ids["Main"], "--task-definition", ids["Task"], "--launch-type",
        "FARGATE", "--network-configuration", json.dumps(service["networkConfiguration"]), "--output", "json",
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    [task] = json.loads(told.stdout)["tasks"]
    assert task["taskDefinitionArn"] == ids["Task"]


def test_sam_deploys(call: Call, cloud: Cloud, tmp_path: Path) -> None:
    body = template(Q=queue(), A=parameter())
    where = ("--stack-name", "s", "--template-file", written(tmp_path, body), "--no-confirm-changeset")
    done = call("sam", "deploy", *where, "--capabilities", "CAPABILITY_IAM", "--region", "us-east-1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Successfully created/updated stack - s" in done.stdout
    assert cloud.physical("s").keys() == {"Q", "A"}
    again = call("sam", "deploy", *where, "--no-fail-on-empty-changeset", "--region", "us-east-1")
    assert again.returncode == 0, again.stdout + again.stderr
    assert "No changes to deploy" in again.stdout + again.stderr
