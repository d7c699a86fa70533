"""What goes wrong on order, as a client sees it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, HTTPClientError

from fargate_stacks.deploy import local
from fargate_stacks.deploy.client import CallFailed, local_api
from tests.deploy.local.facts import cfn, fact, guide
from tests.deploy.local.templates import parameter, reason, template
from tests.localcloud import Cloud


def test_a_resource_fails_with_its_reason(cloud: Cloud) -> None:
    cloud.play(resource=[{"type": "AWS::SSM::Parameter", "fails": "create", "reason": "no"}])
    assert cloud.create("s", template(A=parameter()))["StackStatus"] == "ROLLBACK_COMPLETE"
    assert reason(cloud, "s", "A", "CREATE_FAILED") == "no"


def test_a_resource_is_named_by_its_logical_id(cloud: Cloud) -> None:
    cloud.play(resource=[{"name": "B", "fails": "create"}])
    cloud.create("s", template(A=parameter(), B=parameter(DependsOn="A")))
    assert [name for name, status in cloud.events("s") if status == "CREATE_FAILED"] == ["B"]


def test_once_is_once(cloud: Cloud) -> None:
    cloud.play(resource=[{"name": "A", "fails": "create", "times": 1}])
    assert cloud.create("s", template(A=parameter()))["StackStatus"] == "ROLLBACK_COMPLETE"
    cloud.delete("s")
    assert cloud.create("s", template(A=parameter()))["StackStatus"] == "CREATE_COMPLETE"


@fact("a stack in DELETE_FAILED can be deleted again", source=guide("troubleshooting"))
def test_a_deletion_fails_and_can_be_tried_again(cloud: Cloud) -> None:
    cloud.create("s", template(A=parameter()))
    cloud.play(resource=[{"name": "A", "fails": "delete", "times": 1}])
    assert cloud.delete("s")["StackStatus"] == "DELETE_FAILED"
    assert cloud.delete("s")["StackStatus"] == "DELETE_COMPLETE"


def stuck(cloud: Cloud) -> Any:
    """Bring a stack to UPDATE_ROLLBACK_FAILED: what was changed cannot be changed back."""
    api = cloud.api("cloudformation")
    cloud.create("s", template(A=parameter(), B=parameter(DependsOn="A")))
    body = template(A=parameter("2"), B=parameter("2", DependsOn="A"))
    cloud.play(resource=[{"name": "B", "fails": "update", "times": 1}])
    api.update_stack(StackName="s", TemplateBody=json.dumps(body), DisableRollback=True)
    assert cloud.settled("s")["StackStatus"] == "UPDATE_FAILED"
    cloud.play(resource=[{"name": "A", "fails": "update", "times": 1}])
    api.rollback_stack(StackName="s")
    return cloud.settled("s")


@fact("a rollback that cannot be finished leaves UPDATE_ROLLBACK_FAILED", source=guide("using-cfn-describing-stacks"))
def test_a_way_back_may_fail(cloud: Cloud) -> None:
    stack = stuck(cloud)
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_FAILED"
    assert stack["StackStatusReason"] == "The following resource(s) failed to update: [A]. "


@fact(
    "ContinueUpdateRollback takes a failed rollback to UPDATE_ROLLBACK_COMPLETE", source=cfn("ContinueUpdateRollback")
)
def test_a_way_back_that_failed_is_continued(cloud: Cloud) -> None:
    stuck(cloud)
    cloud.api("cloudformation").continue_update_rollback(StackName="s")
    assert cloud.settled("s")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert cloud.api("ssm").get_parameter(Name=cloud.physical("s")["A"])["Parameter"]["Value"] == "1"


@fact(
    "ResourcesToSkip leaves out resources whose rollback failed",
    source=cfn("ContinueUpdateRollbackInput.ResourcesToSkip"),
)
def test_a_resource_may_be_skipped_on_the_way_back(cloud: Cloud) -> None:
    stuck(cloud)
    cloud.api("cloudformation").continue_update_rollback(StackName="s", ResourcesToSkip=["A"])
    assert cloud.settled("s")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert cloud.api("ssm").get_parameter(Name=cloud.physical("s")["A"])["Parameter"]["Value"] == "2"


def test_a_resource_may_be_slow(cloud: Cloud) -> None:
    cloud.play(resource=[{"name": "A", "slow": 0.3}])
    began = time.monotonic()
    cloud.create("s", template(A=parameter()))
    assert time.monotonic() - began > 0.3


def test_throttling_is_outlasted_by_the_client(cloud: Cloud) -> None:
    api = cloud.api("cloudformation")
    cloud.play(api=[{"service": "cloudformation", "operation": "ListStacks", "error": "throttling", "times": 2}])
    assert api.list_stacks()["ResponseMetadata"]["RetryAttempts"] == 2


@pytest.mark.parametrize(
    ("service", "call", "code"),
    [
        ("cloudformation", "list_stacks", "Throttling"),
        ("ec2", "describe_vpcs", "RequestLimitExceeded"),
        ("ecs", "list_clusters", "ThrottlingException"),
    ],
)
def test_throttling_that_does_not_end_reaches_the_caller(cloud: Cloud, service: str, call: str, code: str) -> None:
    cloud.play(api=[{"service": service, "error": "throttling"}])
    with pytest.raises(ClientError, match="Rate exceeded") as caught:
        getattr(cloud.api(service), call)()
    assert caught.value.response["Error"]["Code"] == code


def test_a_call_is_refused_with_any_code(cloud: Cloud) -> None:
    cloud.play(api=[{"service": "ecs", "operation": "ListClusters", "error": "AccessDeniedException", "message": "no"}])
    with pytest.raises(ClientError, match="no") as caught:
        cloud.api("ecs").list_clusters()
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"


def test_other_accounts_do_not_notice(cloud: Cloud, local_endpoint: str) -> None:
    cloud.play(api=[{"service": "ecs", "error": "throttling"}])
    assert Cloud(local_endpoint, "999999999998").api("ecs").list_clusters()["clusterArns"] == []


@pytest.mark.parametrize("error", ["lost", "lost-answer"])
def test_a_connection_is_lost(cloud: Cloud, error: str) -> None:
    cloud.play(api=[{"service": "cloudformation", "operation": "ListStacks", "error": error}])
    with pytest.raises(HTTPClientError):
        cloud.api("cloudformation").list_stacks()


def test_what_was_done_before_the_answer_was_lost_is_done(cloud: Cloud) -> None:
    cloud.play(api=[{"service": "sqs", "operation": "CreateQueue", "error": "lost-answer", "times": 1}])
    api = cloud.api("sqs")
    assert api.create_queue(QueueName="q")["ResponseMetadata"]["RetryAttempts"] == 1
    assert len(api.list_queues()["QueueUrls"]) == 1


def test_the_deployer_sees_an_unreachable_cloud(cloud: Cloud) -> None:
    cloud.play(api=[{"service": "cloudformation", "operation": "DescribeStacks", "error": "lost"}])
    with pytest.raises(CallFailed) as caught:
        cloud.client().stack("s")
    assert caught.value.code == "Unreachable"


def test_an_answer_may_be_late(cloud: Cloud) -> None:
    cloud.play(api=[{"service": "ecs", "operation": "ListClusters", "slow": 0.3}])
    began = time.monotonic()
    cloud.api("ecs").list_clusters()
    assert time.monotonic() - began > 0.3


def test_nonsense_is_refused(cloud: Cloud) -> None:
    with pytest.raises(AssertionError, match=r"\[\[resurce\]\] is unknown"):
        cloud.play(resurce=[])


def test_time_runs_as_fast_as_it_is_told(tmp_path: Path) -> None:
    found = local.start(tmp_path)
    try:
        api = local_api("cloudformation", found.endpoint_url)

        def seconds() -> float:
            began = time.monotonic()
            stack = api.create_stack(StackName="s", TemplateBody=json.dumps(template(A=parameter())))["StackId"]
            while api.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"] != "CREATE_COMPLETE":
                time.sleep(0.01)
            return time.monotonic() - began

        local.pace(found, 10)
        assert seconds() > 0.5  # a parameter takes 5 s
        local.reset(found)
        assert api.describe_stacks()["Stacks"] == []
        assert seconds() < 0.5
    finally:
        local.stop(tmp_path)


def test_a_reset_empties_every_account(tmp_path: Path) -> None:
    found = local.start(tmp_path)
    try:
        cloud = Cloud(found.endpoint_url, "111111111111")
        cloud.create("s", template(A=parameter()))
        local.reset(found)
        assert cloud.api("cloudformation").list_stacks()["StackSummaries"] == []
        assert cloud.api("ssm").describe_parameters()["Parameters"] == []
        assert local.status(tmp_path) == found
    finally:
        local.stop(tmp_path)
