"""A stack that failed without a rollback: tried again, mended, rolled back; and what takes too long."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.deploy.local.facts import cfn, fact, guide, thread
from tests.deploy.local.templates import BAD, parameter, queue, reason, template
from tests.deploy.local.test_change_sets import change_set, changes
from tests.localcloud import Cloud

HALF = template(A=parameter(), B={**BAD, "DependsOn": "A"})
WHOLE = template(A=parameter(), B=queue(DelaySeconds=5))


def delay(cloud: Cloud, name: str = "B") -> str:
    url = cloud.physical("s")[name]
    found = cloud.api("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["DelaySeconds"])["Attributes"]
    return str(found["DelaySeconds"])


def value(cloud: Cloud, name: str = "A") -> str:
    return str(cloud.api("ssm").get_parameter(Name=cloud.physical("s")[name])["Parameter"]["Value"])


@fact(
    "a stack in CREATE_FAILED can be updated: what was made stays, what failed is made",
    source=guide("stack-failure-options"),
)
def test_a_creation_that_failed_is_mended_by_an_update(cloud: Cloud) -> None:
    assert cloud.create("s", HALF, DisableRollback=True)["StackStatus"] == "CREATE_FAILED"
    before = len(cloud.events("s"))
    assert cloud.update("s", WHOLE, DisableRollback=True)["StackStatus"] == "UPDATE_COMPLETE"
    assert cloud.events("s")[before:] == [
        ("s", "UPDATE_IN_PROGRESS"),
        ("B", "CREATE_IN_PROGRESS"),
        ("B", "CREATE_IN_PROGRESS"),
        ("B", "CREATE_COMPLETE"),
        ("s", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
        ("s", "UPDATE_COMPLETE"),
    ]
    assert delay(cloud) == "5"


def test_a_change_set_mends_it_too(cloud: Cloud) -> None:
    cloud.create("s", HALF, DisableRollback=True)
    found = change_set(cloud, WHOLE)
    assert {name: one["Action"] for name, one in changes(found).items()} == {"B": "Add"}
    cloud.api("cloudformation").execute_change_set(ChangeSetName=found["ChangeSetId"], DisableRollback=True)
    assert cloud.settled("s")["StackStatus"] == "UPDATE_COMPLETE"


def test_the_same_template_is_tried_again(cloud: Cloud) -> None:
    cloud.play(resource=[{"name": "B", "fails": "create", "times": 1}])
    cloud.create("s", WHOLE, DisableRollback=True)
    assert cloud.update("s", WHOLE, DisableRollback=True)["StackStatus"] == "UPDATE_COMPLETE"


def failed(cloud: Cloud) -> None:
    """Leave a stack in UPDATE_FAILED: A took the change, B did not."""
    cloud.create("s", WHOLE)
    body = template(A=parameter("2"), B={**BAD, "DependsOn": "A"})
    assert cloud.update("s", body, DisableRollback=True)["StackStatus"] == "UPDATE_FAILED"


@fact(
    "with DisableRollback an update that fails keeps what it had changed",
    source=cfn("UpdateStackInput.DisableRollback"),
)
def test_what_took_hold_before_a_failure_stays(cloud: Cloud) -> None:
    failed(cloud)
    assert (value(cloud), delay(cloud)) == ("2", "5")
    found = cloud.api("cloudformation").describe_stack_resources(StackName="s")["StackResources"]
    assert {one["LogicalResourceId"]: one["ResourceStatus"] for one in found} == {
        "A": "UPDATE_COMPLETE",
        "B": "UPDATE_FAILED",
    }


@fact("a stack in UPDATE_FAILED can be updated from where it is", source=guide("stack-failure-options"))
def test_an_update_that_failed_is_mended_by_the_next(cloud: Cloud) -> None:
    failed(cloud)
    stack = cloud.update("s", template(A=parameter("2"), B=queue(DelaySeconds=7)), DisableRollback=True)
    assert (stack["StackStatus"], value(cloud), delay(cloud)) == ("UPDATE_COMPLETE", "2", "7")


def test_what_failed_is_tried_again_although_its_template_is_the_same(cloud: Cloud) -> None:
    cloud.create("s", WHOLE)
    cloud.play(resource=[{"name": "B", "fails": "update", "times": 1}])
    body = template(A=parameter(), B=queue(DelaySeconds=9))
    cloud.update("s", body, DisableRollback=True)
    assert delay(cloud) == "5"
    assert cloud.update("s", body, DisableRollback=True)["StackStatus"] == "UPDATE_COMPLETE"
    assert delay(cloud) == "9"


@fact("a rollback after several failures goes to the last stable state", source=guide("stack-failure-options"))
def test_a_second_failure_goes_back_to_the_last_stable_state(cloud: Cloud) -> None:
    failed(cloud)
    body = template(A=parameter("3"), C=parameter(), B={**BAD, "DependsOn": ["A", "C"]})
    assert cloud.update("s", body)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert (value(cloud), delay(cloud)) == ("1", "5")
    assert cloud.physical("s").keys() == {"A", "B"}
    assert len(cloud.api("ssm").describe_parameters()["Parameters"]) == 1


def test_rollback_stack_after_two_failures_goes_back_to_the_last_stable_state(cloud: Cloud) -> None:
    failed(cloud)
    body = template(A=parameter("3"), B={**BAD, "DependsOn": "A"})
    assert cloud.update("s", body, DisableRollback=True)["StackStatus"] == "UPDATE_FAILED"
    cloud.api("cloudformation").rollback_stack(StackName="s")
    assert cloud.settled("s")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert (value(cloud), delay(cloud)) == ("1", "5")


def test_a_failed_stack_can_be_deleted(cloud: Cloud) -> None:
    failed(cloud)
    assert cloud.delete("s")["StackStatus"] == "DELETE_COMPLETE"
    assert cloud.api("ssm").describe_parameters()["Parameters"] == []


@fact("nothing is replaced under disable-rollback", source=thread("aws/aws-sam-cli", 4164))
def test_nothing_is_replaced_where_nothing_can_be_rolled_back(cloud: Cloud) -> None:
    cloud.create("s", template(Q=queue(QueueName="one")))
    stack = cloud.update("s", template(Q=queue(QueueName="two")), DisableRollback=True)
    assert stack["StackStatus"] == "UPDATE_FAILED"
    assert reason(cloud, "s", "Q", "UPDATE_FAILED") == (
        "Replacement type updates not supported on stack with disable-rollback."
    )


@fact("RollbackStack is for CREATE_FAILED and UPDATE_FAILED", source=cfn("RollbackStack"))
def test_only_a_failed_stack_is_rolled_back_by_request(cloud: Cloud) -> None:
    cloud.create("s", WHOLE)
    with pytest.raises(ClientError) as caught:
        cloud.api("cloudformation").rollback_stack(StackName="s")
    assert caught.value.response["Error"]["Code"] == "ValidationError"


@fact("ContinueUpdateRollback is for UPDATE_ROLLBACK_FAILED", source=cfn("ContinueUpdateRollback"))
def test_only_an_update_rollback_that_failed_is_continued(cloud: Cloud) -> None:
    cloud.create("s", WHOLE)
    with pytest.raises(ClientError) as caught:
        cloud.api("cloudformation").continue_update_rollback(StackName="s")
    assert caught.value.response["Error"]["Code"] == "ValidationError"


@pytest.fixture
def at_pace(local_endpoint: str) -> Iterator[Any]:
    """Let time pass at some pace: `at_pace(120)` is two minutes of AWS a second."""
    from fargate_stacks.deploy.local.stacks.durations import CLOCK

    def at(speed: float) -> None:
        CLOCK.speed = speed

    yield at
    CLOCK.speed = 0


SLOW = template(K={"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Statement": []}}})
"""A key takes two minutes."""


@fact(
    'a creation that takes longer than TimeoutInMinutes is rolled back: "exceeded the specified timeout"',
    source=thread("docker-archive/ecs-plugin", 177),
)
def test_a_creation_that_takes_too_long_is_rolled_back(cloud: Cloud, at_pace: Any) -> None:
    at_pace(120)
    stack = cloud.create("s", SLOW, TimeoutInMinutes=1)
    assert (stack["StackStatus"], stack["TimeoutInMinutes"]) == ("ROLLBACK_COMPLETE", 1)
    assert reason(cloud, "s", "s", "ROLLBACK_IN_PROGRESS") == (
        "Stack creation time exceeded the specified timeout. Rollback requested by user."
    )
    assert "Resource creation cancelled" in {one.get("ResourceStatusReason") for one in cloud.history("s")}


def test_a_creation_in_time_stays(cloud: Cloud, at_pace: Any) -> None:
    at_pace(600)
    assert cloud.create("s", template(Q=queue()), TimeoutInMinutes=5)["StackStatus"] == "CREATE_COMPLETE"


@fact(
    "with DisableRollback a creation that takes too long ends CREATE_FAILED",
    source=cfn("CreateStackInput.TimeoutInMinutes"),
)
def test_a_creation_that_takes_too_long_may_stay_as_it_is(cloud: Cloud, at_pace: Any) -> None:
    at_pace(120)
    assert cloud.create("s", SLOW, TimeoutInMinutes=1, DisableRollback=True)["StackStatus"] == "CREATE_FAILED"


def test_where_nothing_takes_time_nothing_is_late(cloud: Cloud) -> None:
    assert cloud.create("s", WHOLE, TimeoutInMinutes=1)["StackStatus"] == "CREATE_COMPLETE"


@fact(
    "StackPolicyDuringUpdateBody overrides the stack policy for one update",
    source=cfn("UpdateStackInput.StackPolicyDuringUpdateBody"),
)
def test_a_policy_may_hold_for_one_update(cloud: Cloud) -> None:
    deny = {"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "Update:*", "Resource": "*"}]}
    allow = {"Statement": [{**deny["Statement"][0], "Effect": "Allow"}]}
    cloud.create("s", template(A=parameter()), StackPolicyBody=json.dumps(deny))
    body = template(A=parameter("2"))
    assert cloud.update("s", body)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    stack = cloud.update("s", body, StackPolicyDuringUpdateBody=json.dumps(allow))
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    kept = cloud.api("cloudformation").get_stack_policy(StackName="s")["StackPolicyBody"]
    assert json.loads(kept) == deny
    assert cloud.update("s", template(A=parameter("3")))["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
