"""Stacks of several accounts, each by its own profile of the AWS configuration, over HTTP as if to AWS."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fargate_stacks.deploy.bootstrap import STACK
from tests.deploy.commands import Account, Done, Hasty, template
from tests.deploy.stage import resource
from tests.localcloud import Cloud

APP = """
from fargate_stacks import App, Queue, Stack

app = App([Stack("shop", [Queue("Jobs")]), Stack("mail", [Queue("Letters")])])
"""


@pytest.fixture
def other(local_endpoint: str, cloud: Cloud) -> Cloud:
    return Cloud(local_endpoint, str(int(cloud.account) + 500_000_000_000))


class Profiles(Account):
    """Commands that find their way by profiles."""

    def __call__(self, *arguments: str) -> Done:
        return self.run({"clock": Hasty()}, *arguments)


@pytest.fixture
def shop(
    tmp_path: Path, cloud: Cloud, other: Cloud, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Profiles:
    config, credentials = tmp_path / "config", tmp_path / "credentials"
    config.write_text("[profile mail]\nregion = eu-west-1\n[profile shop]\nregion = us-east-1\n")
    credentials.write_text(
        f"[shop]\naws_access_key_id = {cloud.account}\naws_secret_access_key = x\n"
        f"[mail]\naws_access_key_id = {other.account}\naws_secret_access_key = x\n"
    )
    (tmp_path / "infra.py").write_text(APP)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud.endpoint_url)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials))
    return Profiles(cloud, capsys)


def test_each_stack_is_where_its_profile_leads(shop: Profiles, cloud: Cloud, other: Cloud) -> None:
    done = shop("deploy", "--yes", "--profile", "shop", "--profile", "mail=mail")
    assert done.code == 0, done.err
    here, there = cloud.client(), other.client().at("eu-west-1", other.account)
    assert [found is not None for found in (here.stack("shop"), here.stack("mail"))] == [True, False]
    found = there.stack("mail")
    assert found is not None
    assert f":eu-west-1:{other.account}:" in found.id
    done = shop("destroy", "--yes", "--profile", "shop", "--profile", "mail=mail")
    assert (done.code, here.stack("shop"), there.stack("mail")) == (0, None, None)


def test_preflight_looks_where_the_stack_will_be(shop: Profiles, other: Cloud, tmp_path: Path) -> None:
    other.api("sqs", "eu-west-1").create_queue(QueueName="letters")
    arguments = template(tmp_path, {"Letters": resource("AWS::SQS::Queue", QueueName="letters")}, "mail")
    assert shop("deploy", "--yes", "--profile", "shop", *arguments).code == 0
    done = shop("deploy", "--yes", "--profile", "shop", "--profile", "mail=mail", *arguments)
    assert (done.code, "FS908" in done.err) == (2, True), done.err


def test_a_profile_for_a_stack_that_there_is_not(shop: Profiles) -> None:
    done = shop("deploy", "--yes", "--profile", "mial=mail")
    assert (done.code, "--profile mial=mail: the app has no stack mial; did you mean mail" in done.err) == (2, True)


def test_the_local_cloud_takes_no_profile(shop: Profiles) -> None:
    done = shop("deploy", "--local", "--profile", "mail")
    assert (done.code, "--local uses no profile" in done.err) == (2, True)


def expired(times: int) -> dict[str, object]:
    told = {"service": "cloudformation", "operation": "DescribeStackEvents", "message": "the token has expired"}
    return {**told, "error": "ExpiredToken", "times": times}


def test_credentials_that_somebody_renewed_are_read_once_more(shop: Profiles) -> None:
    shop.cloud.play(api=[expired(1)])
    assert shop("deploy", "--yes", "--profile", "shop", "--stack", "shop").code == 0


def test_credentials_that_stay_expired_start_nothing(shop: Profiles) -> None:
    shop.cloud.play(api=[expired(-1)])
    done = shop("deploy", "--yes", "--profile", "shop", "--stack", "shop")
    assert (done.code, shop.status()) == (1, "absent")
    assert "the token has expired" in done.err


# what an account lacks


@pytest.fixture
def fresh(tmp_path: Path, cloud: Cloud, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Account:
    monkeypatch.chdir(tmp_path)
    return Account(cloud, capsys, remote=True)


CLUSTER = {"Main": resource("AWS::ECS::Cluster")}


def roles(cloud: Cloud) -> list[str]:
    found = cloud.api("iam").list_roles(PathPrefix="/aws-service-role/")["Roles"]
    return [one["RoleName"] for one in found]


def test_deploy_names_what_a_new_account_lacks_and_makes_it_when_told_to(fresh: Account, cloud: Cloud) -> None:
    arguments = template(Path.cwd(), CLUSTER)
    done = fresh("deploy", *arguments)
    assert (done.code, roles(cloud)) == (4, [])
    assert "a first deploy needs service-linked role AWSServiceRoleForECS: make it?" in done.err
    done = fresh("deploy", "--yes", *arguments)
    assert (done.code, roles(cloud)) == (0, ["AWSServiceRoleForECS"]), done.err


def test_a_plan_that_was_reviewed_makes_nothing_beside_it(fresh: Account) -> None:
    arguments = template(Path.cwd(), CLUSTER)
    (summary,) = fresh("diff", "--output", "jsonl", *arguments).records("summary")
    done = fresh("deploy", "--approve-plan", summary["fingerprint"], *arguments)
    assert done.code == 0
    assert "the account has no AWSServiceRoleForECS yet" in done.err
    assert "service-linked roles need some seconds" not in done.err


def test_bootstrap_shows_its_plan_first_and_a_second_time_changes_nothing(fresh: Account, cloud: Cloud) -> None:
    Path("infra.py").write_text(APP)
    done = fresh("bootstrap", "--dry-run")
    assert (done.code, cloud.client().stack(STACK)) == (0, None)
    assert "TeardownRole" in done.err
    done = fresh("bootstrap")
    assert (done.code, cloud.client().stack(STACK)) == (4, None)
    assert fresh("bootstrap", "--yes", "--approve").code == 0
    before = cloud.history(STACK)
    done = fresh("bootstrap", "--yes")
    assert (done.code, cloud.history(STACK)) == (0, before)
    assert "no changes" in done.err


def test_the_policies_are_printed_for_an_administrator(fresh: Account, cloud: Cloud) -> None:
    Path("infra.py").write_text(APP)
    done = fresh("bootstrap", "--policy")
    assert done.code == 0
    policies = json.loads(done.out)
    actions = {one for policy in policies for entry in policy["Statement"] for one in entry["Action"]}
    assert "sqs:CreateQueue" in actions
    assert roles(cloud) == []
