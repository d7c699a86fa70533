"""What each status allows, held against botocore's list of them."""

from __future__ import annotations

import pytest

from fargate_stacks.deploy.status import ABSENT, TABLE, Do, Verdict, row, settled, verdict
from tests.deploy.fake_api import model

STATUSES = list(model("cloudformation").shape_for("StackStatus").enum)
DEPLOYS = {
    "REVIEW_IN_PROGRESS": Do.CREATE,
    "CREATE_IN_PROGRESS": Do.BUSY,
    "CREATE_FAILED": Do.FORWARD,
    "CREATE_COMPLETE": Do.UPDATE,
    "ROLLBACK_IN_PROGRESS": Do.WAIT,
    "ROLLBACK_FAILED": Do.RECREATE,
    "ROLLBACK_COMPLETE": Do.RECREATE,
    "DELETE_IN_PROGRESS": Do.WAIT,
    "DELETE_FAILED": Do.RECREATE,
    "DELETE_COMPLETE": Do.CREATE,
    "UPDATE_IN_PROGRESS": Do.BUSY,
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": Do.WAIT,
    "UPDATE_COMPLETE": Do.UPDATE,
    "UPDATE_FAILED": Do.FORWARD,
    "UPDATE_ROLLBACK_IN_PROGRESS": Do.WAIT,
    "UPDATE_ROLLBACK_FAILED": Do.CONTINUE,
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": Do.WAIT,
    "UPDATE_ROLLBACK_COMPLETE": Do.UPDATE,
    "IMPORT_IN_PROGRESS": Do.BUSY,
    "IMPORT_COMPLETE": Do.UPDATE,
    "IMPORT_ROLLBACK_IN_PROGRESS": Do.WAIT,
    "IMPORT_ROLLBACK_FAILED": Do.DECIDE,
    "IMPORT_ROLLBACK_COMPLETE": Do.UPDATE,
    ABSENT: Do.CREATE,
}
DELETES = {
    **dict.fromkeys(DEPLOYS, Do.DELETE),
    **dict.fromkeys([one for one in DEPLOYS if one.endswith("_IN_PROGRESS")], Do.WAIT),
    "REVIEW_IN_PROGRESS": Do.DELETE,
    "CREATE_IN_PROGRESS": Do.DELETE,
    "UPDATE_IN_PROGRESS": Do.BUSY,
    "DELETE_COMPLETE": Do.NOTHING,
    ABSENT: Do.NOTHING,
}


def test_the_table_has_every_status_that_botocore_knows() -> None:
    assert set(STATUSES) - set(TABLE) == set()


def test_these_tests_have_every_status_too() -> None:
    assert set(STATUSES) | {ABSENT} == set(DEPLOYS) == set(DELETES)


@pytest.mark.parametrize("status", [*STATUSES, ABSENT])
def test_what_a_deploy_does(status: str) -> None:
    assert row(status).deploy is DEPLOYS[status]


@pytest.mark.parametrize("status", [*STATUSES, ABSENT])
def test_what_a_delete_does(status: str) -> None:
    assert row(status).delete is DELETES[status]


@pytest.mark.parametrize("status", [one for one in TABLE if Do.DECIDE in (TABLE[one].deploy, TABLE[one].delete)])
def test_where_a_person_decides_a_cure_is_said(status: str) -> None:
    assert row(status).cure


def test_an_unknown_operation_is_waited_for() -> None:
    assert row("REFACTOR_IN_PROGRESS")[:2] == (Do.WAIT, Do.WAIT)


def test_an_unknown_end_is_left_to_a_person() -> None:
    assert row("REFACTOR_ODD")[:2] == (Do.DECIDE, Do.DECIDE)


@pytest.mark.parametrize("status", STATUSES)
def test_only_what_runs_is_unsettled(status: str) -> None:
    assert settled(status) is (not status.endswith("_IN_PROGRESS") or status == "REVIEW_IN_PROGRESS")


@pytest.mark.parametrize(
    ("status", "found"),
    [
        ("CREATE_COMPLETE", Verdict.DONE),
        ("UPDATE_COMPLETE", Verdict.DONE),
        ("IMPORT_COMPLETE", Verdict.DONE),
        ("ROLLBACK_COMPLETE", Verdict.ROLLED_BACK),
        ("UPDATE_ROLLBACK_COMPLETE", Verdict.ROLLED_BACK),
        ("IMPORT_ROLLBACK_COMPLETE", Verdict.ROLLED_BACK),
        (ABSENT, Verdict.ROLLED_BACK),
        ("CREATE_FAILED", Verdict.STUCK),
        ("UPDATE_FAILED", Verdict.STUCK),
        ("ROLLBACK_FAILED", Verdict.STUCK),
        ("UPDATE_ROLLBACK_FAILED", Verdict.STUCK),
        ("DELETE_FAILED", Verdict.STUCK),
    ],
)
def test_how_a_deploy_ended(status: str, found: Verdict) -> None:
    assert verdict(status, deleting=False) is found


@pytest.mark.parametrize(
    ("status", "found"),
    [
        (ABSENT, Verdict.DONE),
        ("DELETE_COMPLETE", Verdict.DONE),
        ("CREATE_COMPLETE", Verdict.ROLLED_BACK),
        ("UPDATE_COMPLETE", Verdict.ROLLED_BACK),
        ("UPDATE_ROLLBACK_COMPLETE", Verdict.ROLLED_BACK),
        ("DELETE_FAILED", Verdict.STUCK),
        ("ROLLBACK_FAILED", Verdict.STUCK),
    ],
)
def test_how_a_delete_ended(status: str, found: Verdict) -> None:
    assert verdict(status, deleting=True) is found
