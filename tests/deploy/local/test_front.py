"""Who may speak to the local cloud, and what it says of services that it does not have."""

from __future__ import annotations

import json
import time
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from tests.localcloud import Cloud


def asked(cloud: Cloud, path: str, **headers: str) -> tuple[int, Any]:
    connection = HTTPConnection(str(urlsplit(cloud.endpoint_url).netloc), timeout=5)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")
    finally:
        connection.close()


def test_it_proves_itself_by_its_token(cloud: Cloud) -> None:
    status, said = asked(cloud, "/_fargate-stacks/alive")
    assert status == 200 and len(said["token"]) == 32


def test_a_page_of_another_site_is_refused(cloud: Cloud) -> None:
    assert asked(cloud, "/_fargate-stacks/alive", Origin="https://evil.example")[0] == 403


def test_a_page_of_this_machine_is_answered(cloud: Cloud) -> None:
    assert asked(cloud, "/_fargate-stacks/alive", Origin="http://localhost:3000")[0] == 200


@pytest.mark.parametrize(("service", "call"), [("codedeploy", "list_applications"), ("redshift", "describe_clusters")])
def test_a_service_that_it_lacks_is_refused_at_once(cloud: Cloud, service: str, call: str) -> None:
    api = cloud.api(service)
    began = time.monotonic()
    with pytest.raises(ClientError):
        getattr(api, call)()
    assert time.monotonic() - began < 1


def test_accounts_see_their_own_only(cloud: Cloud, local_endpoint: str) -> None:
    cloud.create("jobs", {"Resources": {"Jobs": {"Type": "AWS::SQS::Queue"}}})
    other = Cloud(local_endpoint, "999999999999")
    assert other.api("cloudformation").list_stacks()["StackSummaries"] == []


def test_regions_see_their_own_only(cloud: Cloud) -> None:
    cloud.create("jobs", {"Resources": {"Jobs": {"Type": "AWS::SQS::Queue"}}})
    assert cloud.api("cloudformation", "eu-west-1").list_stacks()["StackSummaries"] == []
