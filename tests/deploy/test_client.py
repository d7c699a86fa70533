"""The one place that speaks to AWS: how calls fail, and how little a local client reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore import exceptions as broken
from botocore.config import Config

from fargate_stacks.deploy.client import CallFailed, Client, connect, is_loopback, local_api
from fargate_stacks.errors import DeployError
from tests.deploy.fake_api import refuse
from tests.deploy.stage import Stage


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://127.0.0.1:4566", True),
        ("http://127.9.9.9", True),
        ("http://[::1]:80", True),
        ("http://localhost:1", True),
        ("https://cloudformation.eu-west-1.amazonaws.com", False),
        ("http://127.0.0.1.example.com", False),
        ("http://10.0.0.1", False),
        ("nonsense", False),
    ],
)
def test_what_leads_back_to_this_machine(url: str, told: bool) -> None:
    assert is_loopback(url) is told


def test_a_local_client_reads_nothing_of_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config"
    config.write_text("[default]\nregion = eu-west-3\nca_bundle = /nowhere\n[profile p]\nregion = eu-west-3\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_PROFILE", "p")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-3")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "REAL")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "REAL")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "REAL")
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", "http://elsewhere.example")
    api = local_api("cloudformation", "http://127.0.0.1:4566")
    credentials = api._request_signer._credentials.get_frozen_credentials()
    assert credentials == ("000000000000", "local", None, None)[: len(credentials)]
    assert (api.meta.region_name, api.meta.endpoint_url) == ("us-east-1", "http://127.0.0.1:4566")
    assert api.meta.config.proxies == {}


def test_a_local_account_is_the_access_key() -> None:
    client = connect(endpoint_url="http://127.0.0.1:4566").at("eu-west-1", "111122223333")
    assert client.api._request_signer._credentials.access_key == "111122223333"
    assert (client.region, client.local) == ("eu-west-1", True)


def test_the_same_place_is_the_same_client() -> None:
    client = connect(endpoint_url="http://127.0.0.1:4566")
    assert client.at("us-east-1") is client


def test_without_a_region_the_ways_to_give_one_are_named() -> None:
    with pytest.raises(DeployError, match=r"no region; give --region, set AWS_REGION") as caught:
        connect()
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_the_region_of_the_environment_counts(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "A")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "B")
    monkeypatch.setenv(name, "eu-north-1")
    assert connect().region == "eu-north-1"


def test_without_credentials_the_way_to_sign_in_is_named() -> None:
    with pytest.raises(DeployError, match="no AWS credentials; sign in"):
        connect(region="eu-west-1")


def test_a_profile_that_is_not_there_is_the_users_mistake() -> None:
    with pytest.raises(DeployError, match="aws configure list-profiles shows them") as caught:
        connect(profile="nobody", region="eu-west-1")
    assert caught.value.exit_code == 2


class Raises:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def describe_stacks(self, **request: Any) -> None:
        raise self.error


def failure(error: Exception) -> CallFailed:
    with pytest.raises(CallFailed) as caught:
        Client(Raises(error)).stack("shop")
    return caught.value


@pytest.mark.parametrize("code", ["Throttling", "ServiceUnavailable", "503", "RequestLimitExceeded"])
def test_what_may_help_later_is_transient(code: str) -> None:
    assert failure(refuse("DescribeStacks", code, "")).transient


def test_a_lost_connection_is_transient() -> None:
    assert failure(broken.ConnectTimeoutError(endpoint_url="https://x")).transient


@pytest.mark.parametrize("code", ["ExpiredToken", "ExpiredTokenException", "RequestExpired"])
def test_credentials_that_ended_are_expired(code: str) -> None:
    assert failure(refuse("DescribeStacks", code, "")).expired


@pytest.mark.parametrize(
    "error",
    [
        broken.NoCredentialsError(),
        broken.UnauthorizedSSOTokenError(),
        broken.CredentialRetrievalError(provider="x", error_msg="y"),
    ],
)
def test_credentials_that_cannot_be_had_are_expired(error: Exception) -> None:
    found = failure(error)
    assert found.expired
    assert "sign in again" in str(found)


def test_what_is_not_allowed_is_denied() -> None:
    assert failure(refuse("DescribeStacks", "AccessDenied", "")).denied


def test_a_stack_that_does_not_exist_is_none(stage: Stage) -> None:
    assert stage.client.stack("shop") is None


def test_another_validation_error_is_not_taken_for_a_stack_that_is_gone() -> None:
    assert not failure(refuse("DescribeStacks", "ValidationError", "1 validation error detected")).gone


def test_the_client_of_aws_retries_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "A")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "B")
    config: Config = connect(region="eu-west-1").api.meta.config
    assert config.retries == {"mode": "standard", "total_max_attempts": 8}
