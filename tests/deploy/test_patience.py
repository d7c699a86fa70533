"""A busy AWS delays a deploy and does not end it; what cannot be helped leaves nothing behind."""

from __future__ import annotations

import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

from fargate_stacks.deploy.client import CallFailed
from fargate_stacks.deploy.patience import TRIES
from fargate_stacks.errors import DeployError
from tests.deploy.stage import Stage, template


@pytest.mark.parametrize(
    "operation", ["CreateChangeSet", "DescribeChangeSet", "DescribeStackEvents", "ExecuteChangeSet", "DescribeStacks"]
)
def test_a_call_that_is_throttled_is_made_again(stage: Stage, operation: str) -> None:
    if operation == "DescribeStacks":  # the first one is made before anything is planned
        stage.clock.at(0.5, lambda: stage.cfn.fail("DescribeStacks", "Throttling", times=TRIES - 1))
    else:
        stage.cfn.fail(operation, "Throttling", times=TRIES - 1)
    stage.deploy(template())
    assert stage.stack().status == "CREATE_COMPLETE"


def test_patience_ends(stage: Stage) -> None:
    stage.cfn.fail("CreateChangeSet", "Throttling", times=TRIES)
    with pytest.raises(DeployError, match="CreateChangeSet: Throttling") as caught:
        stage.deploy(template())
    assert caught.value.exit_code == 1


def test_what_is_not_reached_is_tried_twice(stage: Stage) -> None:
    stage.cfn.faults += [("CreateChangeSet", ConnectTimeoutError(endpoint_url="https://aws"))] * 2
    with pytest.raises(DeployError, match="CreateChangeSet: Unreachable"):
        stage.deploy(template())
    assert len(stage.cfn.called("CreateChangeSet")) == 2


def test_what_is_denied_is_not_asked_again(stage: Stage) -> None:
    stage.cfn.fail("DescribeChangeSet", "AccessDenied", "you may not")
    with pytest.raises(CallFailed, match="you may not"):
        stage.deploy(template())
    assert len(stage.cfn.called("DescribeChangeSet")) == 1


def test_a_change_set_that_cannot_be_read_goes_with_the_empty_stack(stage: Stage) -> None:
    stage.cfn.fail("DescribeChangeSet", "AccessDenied", "you may not")
    with pytest.raises(CallFailed):
        stage.deploy(template())
    assert (stage.stack().status, stage.stack().change_sets) == ("DELETE_COMPLETE", {})


def test_a_change_set_is_asked_for_with_a_token_so_that_a_retry_is_the_same_request(stage: Stage) -> None:
    stage.deploy(template())
    (request,) = stage.cfn.called("CreateChangeSet")
    assert request["ClientToken"] == request["ChangeSetName"]


def test_a_delete_whose_answer_was_lost_is_not_sent_twice(stage: Stage) -> None:
    stage.deploy(template())
    stage.cfn.lost.append(("DeleteStack", ReadTimeoutError(endpoint_url="https://aws")))
    stage.destroy(template())
    assert len(stage.cfn.called("DeleteStack")) == 1
    assert stage.stack().status == "DELETE_COMPLETE"
