"""What a stack's status allows, for a deploy and for a delete: one table."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Do(Enum):
    """What to do with a stack as it is found."""

    CREATE = "a change set that creates it"
    UPDATE = "a change set that updates it"
    RECREATE = "delete what is left of it, then create it"
    FORWARD = "a change set that repairs it as it stands, or a rollback"
    CONTINUE = "go on with its rollback, with consent"
    DELETE = "delete it"
    NOTHING = "there is nothing to do"
    WAIT = "wait for what runs, then look again"
    BUSY = "somebody else's operation runs: wait only if asked to"
    DECIDE = "a person must decide"


class Row(NamedTuple):
    """One status: what a deploy does, what a delete does, and the cure where a person must decide."""

    deploy: Do
    delete: Do
    cure: str = ""


ABSENT = "absent"
"""The status of a stack that there is not."""

TABLE: dict[str, Row] = {
    ABSENT: Row(Do.CREATE, Do.NOTHING),
    "DELETE_COMPLETE": Row(Do.CREATE, Do.NOTHING),
    "REVIEW_IN_PROGRESS": Row(Do.CREATE, Do.DELETE),
    "CREATE_COMPLETE": Row(Do.UPDATE, Do.DELETE),
    "UPDATE_COMPLETE": Row(Do.UPDATE, Do.DELETE),
    "IMPORT_COMPLETE": Row(Do.UPDATE, Do.DELETE),
    "UPDATE_ROLLBACK_COMPLETE": Row(Do.UPDATE, Do.DELETE),
    "IMPORT_ROLLBACK_COMPLETE": Row(Do.UPDATE, Do.DELETE),
    "ROLLBACK_COMPLETE": Row(Do.RECREATE, Do.DELETE),
    "CREATE_IN_PROGRESS": Row(Do.BUSY, Do.DELETE),
    "UPDATE_IN_PROGRESS": Row(Do.BUSY, Do.BUSY),
    "IMPORT_IN_PROGRESS": Row(Do.BUSY, Do.WAIT),
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": Row(Do.WAIT, Do.WAIT),
    "ROLLBACK_IN_PROGRESS": Row(Do.WAIT, Do.WAIT),
    "UPDATE_ROLLBACK_IN_PROGRESS": Row(Do.WAIT, Do.WAIT),
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": Row(Do.WAIT, Do.WAIT),
    "IMPORT_ROLLBACK_IN_PROGRESS": Row(Do.WAIT, Do.WAIT),
    "DELETE_IN_PROGRESS": Row(Do.WAIT, Do.WAIT),
    "CREATE_FAILED": Row(Do.FORWARD, Do.DELETE),
    "UPDATE_FAILED": Row(Do.FORWARD, Do.DELETE),
    "ROLLBACK_FAILED": Row(Do.RECREATE, Do.DELETE),
    "UPDATE_ROLLBACK_FAILED": Row(Do.CONTINUE, Do.DELETE),
    "IMPORT_ROLLBACK_FAILED": Row(Do.DECIDE, Do.DELETE, "repair it in the console, or delete it"),
    "DELETE_FAILED": Row(Do.RECREATE, Do.DELETE),
}


def row(status: str) -> Row:
    """Give the row of a status; one that this version does not know waits while it is in progress."""
    if status in TABLE:
        return TABLE[status]
    if status.endswith("_IN_PROGRESS"):
        return Row(Do.WAIT, Do.WAIT)
    return Row(Do.DECIDE, Do.DECIDE, "this version does not know the status; look in the console")


class Verdict(Enum):
    """How an operation ended, with the process's exit code."""

    DONE = 0
    ROLLED_BACK = 7
    STUCK = 8


CLEANING = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
"""The update has succeeded, and what it replaced is being deleted."""
_DONE = frozenset(["CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE", CLEANING])


def settled(status: str) -> bool:
    """Tell whether nothing runs any more."""
    return not status.endswith("_IN_PROGRESS") or status == "REVIEW_IN_PROGRESS"


def verdict(status: str, *, deleting: bool) -> Verdict:
    """Judge the settled status that our operation left; ABSENT is a stack that is gone.

    A delete that leaves the stack in any other status has failed: when an export is in use the stack
    simply returns to the status that it had, as healthy as before.
    """
    gone = status in (ABSENT, "DELETE_COMPLETE")
    if gone if deleting else status in _DONE:
        return Verdict.DONE
    healthy = gone or status.endswith("ROLLBACK_COMPLETE") or (deleting and status in _DONE)
    return Verdict.ROLLED_BACK if healthy else Verdict.STUCK
