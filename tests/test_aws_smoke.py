"""The smoke test of AWS, on the local cloud: what it says, what it costs, and that it leaves nothing behind."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fargate_stacks.errors import DeployError
from tests.aws import smoke
from tests.aws.account import Account, Refuted
from tests.aws.proofs import PROOFS, Proof
from tests.localcloud import Cloud

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/unverified-on-aws.md").read_text("utf-8")
LINES = [row.split(" | ")[0].removeprefix("| ") for row in PAGE.splitlines() if row.startswith("| ")]


@pytest.fixture
def account(cloud: Cloud) -> Account:
    return Account(cloud.client(), "fs-smoke-test", patience=0.0, sleep=lambda seconds: None)


def quiet(line: str) -> None:
    """Where the lines go."""


def left(cloud: Cloud) -> list[str]:
    stacks = cloud.api("cloudformation").describe_stacks()["Stacks"]
    secrets = cloud.api("secretsmanager").list_secrets()["SecretList"]
    buckets = cloud.api("s3").list_buckets()["Buckets"]
    instances = [
        one["InstanceId"]
        for each in cloud.api("ec2").describe_instances()["Reservations"]
        for one in each["Instances"]
        if one["State"]["Name"] == "running"
    ]
    services = cloud.api("ecs").list_clusters()["clusterArns"]
    return [
        *(one["StackName"] for one in stacks),
        *(one["Name"] for one in (*secrets, *buckets)),
        *instances,
        *services,
    ]


@pytest.mark.parametrize("proof", PROOFS, ids=lambda proof: proof.ask.__name__)
def test_what_is_proved_is_a_line_of_the_page(proof: Proof) -> None:
    assert len([line for line in LINES if line.startswith(proof.line)]) == 1


def test_each_line_is_asked_once() -> None:
    assert len({proof.line for proof in PROOFS}) == len(PROOFS) > 20


def test_it_costs_less_than_a_euro() -> None:
    assert 0 < smoke.estimate() < 1.0


def test_on_the_local_cloud_nothing_is_refuted_and_nothing_is_left(cloud: Cloud, account: Account) -> None:
    results = smoke.run(account, say=quiet, local=True)
    assert [one for one in results if one.verdict == "refuted"] == []
    assert [one.line for one in results if one.verdict == "proved"] == [one.line for one in PROOFS if one.local]
    assert left(cloud) == []


def test_a_create_that_is_meant_to_fail_does(cloud: Cloud, account: Account) -> None:
    cloud.play(resource=[{"type": "AWS::SSM::Parameter", "name": "Wrong", "fails": "create"}])
    said: list[str] = []
    results = smoke.run(account, say=said.append, proofs=[one for one in PROOFS if "RetainExcept" in one.line])
    assert any(one.startswith("failed as it should: ") for one in said)
    assert [one.verdict for one in results] == ["proved"]
    assert left(cloud) == []


def test_what_is_not_so_is_refuted_with_what_was_seen(account: Account) -> None:
    def no(account: Account) -> str:
        raise Refuted("it is green")

    (result,) = smoke.run(account, say=quiet, local=True, proofs=[Proof("it is blue", no)])
    assert (result.verdict, result.evidence) == ("refuted", "it is green")


def test_a_question_that_breaks_ends_no_other(account: Account) -> None:
    def broken(account: Account) -> str:
        raise KeyError("x")

    first, second = smoke.run(account, say=quiet, local=True, proofs=[Proof("a", broken), Proof("b", lambda _: "yes")])
    assert (first.verdict, first.evidence) == ("not asked", "KeyError: 'x'")
    assert (second.verdict, second.evidence) == ("proved", "yes")


def test_after_ctrl_c_nothing_is_left(cloud: Cloud, account: Account) -> None:
    def interrupted(account: Account) -> str:
        assert left(cloud) != []
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        smoke.run(account, say=quiet, local=True, proofs=[Proof("a", interrupted)])
    assert left(cloud) == []


def test_after_a_deploy_that_fails_nothing_is_left(cloud: Cloud, account: Account) -> None:
    cloud.play(resource=[{"type": "AWS::SNS::Topic", "fails": "create"}])
    with pytest.raises(DeployError):
        smoke.run(account, say=quiet, local=True)
    assert left(cloud) == []


def test_what_cannot_be_deleted_is_named(cloud: Cloud, account: Account) -> None:
    cloud.play(resource=[{"type": "AWS::SNS::Topic", "fails": "delete"}])
    said: list[str] = []
    smoke.run(account, say=said.append, local=True, proofs=[])
    assert said[-1] == "LEFT BEHIND, delete by hand: fs-smoke-test"


# the command


def test_without_a_yes_nothing_is_asked_of_the_account_but_its_name(cloud: Cloud, account: Account) -> None:
    asked: list[str] = []

    @contextmanager
    def at(options: argparse.Namespace) -> Iterator[Account]:
        yield account

    def no(question: str) -> str:
        asked.append(question)
        return "n"

    assert smoke.main([], say=quiet, ask=no, at=at) == 2
    assert asked == [f"{len(PROOFS)} lines in account {cloud.account}, us-east-1? [y/N] "]
    assert left(cloud) == []


def test_the_costs_come_first(account: Account) -> None:
    @contextmanager
    def at(options: argparse.Namespace) -> Iterator[Account]:
        yield account

    said: list[str] = []
    smoke.main([], say=said.append, ask=lambda question: "n", at=at)
    assert re.fullmatch(r" +0\.\d{4} USD  together, if it takes 1 hour", said[-1])


def test_a_dry_run_is_on_the_local_cloud_and_ends_well() -> None:
    command = [sys.executable, "-m", "tests.aws.smoke", "--dry-run"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    assert len(rows) == len(PROOFS) + 1
    assert not any("| refuted |" in row for row in rows)
