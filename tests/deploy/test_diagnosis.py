"""The first cause, what failed beside it, and what only followed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from fargate_stacks.core.template import Owner
from fargate_stacks.deploy.client import Event
from fargate_stacks.deploy.diagnosis import Diagnosis, diagnose, plain_reason
from tests.deploy.fake_time import START

ROOT = "arn:aws:cloudformation:us-east-1:000000000000:stack/shop/1"
NESTED = "arn:aws:cloudformation:us-east-1:000000000000:stack/shop-Net-X/2"


def event(name: str, status: str, reason: str = "", *, stack: str = ROOT, kind: str = "AWS::SQS::Queue") -> Event:
    physical = stack if name == "root" else name.lower()
    event.second += 1  # type: ignore[attr-defined]
    time = START + timedelta(seconds=event.second)  # type: ignore[attr-defined]
    return Event(f"{name}{status}{time}", stack, stack.split("/")[1], name, physical, kind, status, reason, time, "")


event.second = 0  # type: ignore[attr-defined]


def found(*events: Event, deleting: bool = False, owners: dict[str, Owner] | None = None) -> Diagnosis:
    diagnosis = diagnose(events, ROOT, owners or {}, deleting=deleting)
    assert diagnosis is not None
    return diagnosis


def test_without_a_failure_there_is_none() -> None:
    assert diagnose([event("A", "CREATE_COMPLETE"), event("root", "CREATE_COMPLETE")], ROOT, {}) is None


def test_the_first_that_failed_is_the_cause_and_the_next_is_named_too() -> None:
    diagnosis = found(event("A", "CREATE_FAILED", "no quota"), event("B", "CREATE_FAILED", "denied"))
    assert (diagnosis.cause.logical_id, [one.logical_id for one in diagnosis.also]) == ("A", ["B"])


@pytest.mark.parametrize(
    "reason",
    [
        "Resource creation cancelled",
        "Resource update canceled",
        "Resource deletion cancelled",
        "Embedded stack arn:aws:x was not successfully created: The following resource(s) failed",
        "The following resource(s) failed to create: [A].",
    ],
)
def test_what_only_followed_is_folded(reason: str) -> None:
    diagnosis = found(event("B", "CREATE_FAILED", reason), event("A", "CREATE_FAILED", "no quota"))
    assert (diagnosis.cause.logical_id, diagnosis.also, diagnosis.followed) == ("A", (), 1)


def test_a_failure_in_a_nested_stack_is_the_cause() -> None:
    opened = replace(event("Net", "CREATE_IN_PROGRESS", kind="AWS::CloudFormation::Stack"), physical_id=NESTED)
    diagnosis = found(
        opened,
        event("Subnet", "CREATE_FAILED", "bad CIDR", stack=NESTED),
        event("root", "CREATE_FAILED", "x", stack=NESTED),
        event("Net", "CREATE_FAILED", "Embedded stack x was not successfully created"),
    )
    assert (diagnosis.cause.stack, diagnosis.cause.logical_id) == ("shop-Net-X", "Net/Subnet")


def test_what_an_update_could_not_delete_is_left_behind_and_not_the_cause() -> None:
    diagnosis = found(event("Old", "DELETE_FAILED", "not empty"), event("A", "UPDATE_FAILED", "denied"))
    assert (diagnosis.cause.logical_id, [one.logical_id for one in diagnosis.left_behind]) == ("A", ["Old"])


def test_in_a_delete_it_is_the_cause() -> None:
    assert found(event("Old", "DELETE_FAILED", "not empty"), deleting=True).cause.logical_id == "Old"


def test_without_a_failed_resource_the_stack_says_why() -> None:
    reason = "Export net-Url cannot be deleted as it is in use by shop"
    assert found(event("root", "UPDATE_ROLLBACK_IN_PROGRESS", reason)).cause.reason == reason


def test_the_construct_that_made_it_is_known() -> None:
    owner = Owner("Jobs", "Queue", None)
    assert found(event("A", "CREATE_FAILED", "x"), owners={"A": owner}).cause.owner == owner


def test_the_code_of_the_handler_is_kept() -> None:
    reason = (
        'Resource handler returned message: "did not stabilize" (RequestToken: 1-2, HandlerErrorCode: NotStabilized)'
    )
    cause = found(event("Web", "CREATE_FAILED", reason, kind="AWS::ECS::Service")).cause
    assert (cause.reason, cause.code) == ("did not stabilize", "ECS::Service:NotStabilized")


@pytest.mark.parametrize(
    ("reason", "plain"),
    [
        ("Resource handler returned message: no such key (HandlerErrorCode: NotFound)", "no such key"),
        ('Resource handler returned message: "He said "no"" (RequestToken: a, HandlerErrorCode: X)', 'He said "no"'),
        (
            "Resource handler returned message: null is not allowed (Service: Ecs, Status Code: 400, Request ID: 1)",
            "null is not allowed",
        ),
        (
            'Resource handler returned message: "No (Service: Ecs, Status Code: 400, Request ID: 1)'
            ' (SDK Attempt Count: 1)" (RequestToken: 2, HandlerErrorCode: InvalidRequest)',
            "No",
        ),
        ("plain words", "plain words"),
    ],
)
def test_what_services_wrap_around_a_reason_is_stripped(reason: str, plain: str) -> None:
    assert plain_reason(reason) == plain
