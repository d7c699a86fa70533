"""One local cloud in the tests' own process, an account of its own for each test.

Take the fixture `cloud` (tests/conftest.py imports it, so every test has it):

    def test_a_queue_is_there(cloud: Cloud) -> None:
        cloud.create("jobs", {"Resources": {"Jobs": {"Type": "AWS::SQS::Queue"}}})
        assert cloud.api("sqs").list_queues()["QueueUrls"]

`cloud.client()` is the deployer's own `Client` on it, `cloud.api(service)` any botocore client, `cloud.create`,
`cloud.update` and `cloud.delete` run a template to its end and give the stack. The server starts with the first
test that asks (0.4 s), lives in a thread until the process ends, and is shared by all tests of the process: what
keeps them apart is the account, twelve digits that are the access key. Durations are zero there. What shall go wrong
is ordered with `cloud.play`, for its account alone.

Tests of the command line with `--local` run in a folder of their own and start a child process instead (0.5 s).
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pytest

from fargate_stacks.deploy.client import LOCAL_REGION, Client, connect, local_api
from fargate_stacks.deploy.local.process import PLAY, answer
from tests.shapes import held

_ACCOUNTS = itertools.count(100000000001)
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]


@dataclass(frozen=True)
class Cloud:
    """An empty account of the local cloud."""

    endpoint_url: str
    account: str
    region: str = LOCAL_REGION

    def api(self, service: str, region: str | None = None) -> Any:
        """Give a botocore client whose every answer is held against the model."""
        return _api(service, self.endpoint_url, region or self.region, self.account)

    def client(self) -> Client:
        """Give the deployer's own client."""
        return connect(endpoint_url=self.endpoint_url).at(self.region, self.account)

    def play(self, **scenario: Any) -> None:
        """Let a scenario hold for this account: `resource=[{...}]`, `api=[{...}]`, as a local.toml has them."""
        content = json.dumps({"account": self.account, "scenario": scenario}).encode()
        told = answer(int(self.endpoint_url.rpartition(":")[2]), PLAY, method="POST", body=content)
        assert told == {}, told

    def create(self, name: str, template: Any, parameters: Mapping[str, str] | None = None, **more: Any) -> Any:
        """Create a stack and give it when it has settled, whatever became of it."""
        self.api("cloudformation").create_stack(**_request(name, template, parameters), **more)
        return self.settled(name)

    def update(self, name: str, template: Any, parameters: Mapping[str, str] | None = None, **more: Any) -> Any:
        """Update a stack and give it when it has settled."""
        self.api("cloudformation").update_stack(**_request(name, template, parameters), **more)
        return self.settled(name)

    def delete(self, name: str, **more: Any) -> Any:
        """Delete a stack and give it when it has settled."""
        api = self.api("cloudformation")
        stack_id = api.describe_stacks(StackName=name)["Stacks"][0]["StackId"]
        api.delete_stack(StackName=name, **more)
        return self.settled(stack_id)

    def settled(self, name: str, seconds: float = 20) -> Any:
        """Wait until no operation runs on a stack, and give it."""
        api = self.api("cloudformation")
        end = time.monotonic() + seconds
        while True:
            stack = api.describe_stacks(StackName=name)["Stacks"][0]
            if not stack["StackStatus"].endswith("_IN_PROGRESS") or stack["StackStatus"] == "REVIEW_IN_PROGRESS":
                return stack
            assert time.monotonic() < end, f"{name} is still {stack['StackStatus']} after {seconds} s"
            time.sleep(0.01)

    def events(self, name: str) -> list[tuple[str, str]]:
        """Give what happened to a stack, oldest first, as (logical id, status)."""
        return [(event["LogicalResourceId"], event["ResourceStatus"]) for event in self.history(name)]

    def history(self, name: str) -> list[Any]:
        """Give a stack's events whole, oldest first."""
        pages = self.api("cloudformation").get_paginator("describe_stack_events").paginate(StackName=name)
        return [event for page in pages for event in page["StackEvents"]][::-1]

    def physical(self, name: str) -> dict[str, str]:
        """Give the physical ids of a stack's resources by logical id."""
        found = self.api("cloudformation").describe_stack_resources(StackName=name)["StackResources"]
        return {one["LogicalResourceId"]: one.get("PhysicalResourceId", "") for one in found}


@lru_cache(maxsize=32)  # making a client takes ten times as long as a call; more would be kept of accounts long gone
def _api(service: str, endpoint_url: str, region: str, account: str) -> Any:
    made = local_api(service, endpoint_url, region=region, account=account)
    made.meta.events.register("before-parse", held)
    return made


def _request(name: str, template: Any, parameters: Mapping[str, str] | None) -> dict[str, Any]:
    return {
        "StackName": name,
        "TemplateBody": template if isinstance(template, str) else json.dumps(template),
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in (parameters or {}).items()],
        "Capabilities": CAPABILITIES,
    }


@pytest.fixture(scope="session")
def local_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The endpoint URL of the one local cloud of this test process."""
    from fargate_stacks.deploy.local.server import in_thread

    with in_thread(tmp_path_factory.mktemp("local-cloud")) as url:
        yield url


@pytest.fixture
def cloud(local_endpoint: str) -> Cloud:
    """An account of the local cloud in which nothing is yet."""
    return Cloud(local_endpoint, str(next(_ACCOUNTS)))
