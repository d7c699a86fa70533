"""What the deployer says, as values: it never prints, and every screen draws the same messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from fargate_stacks.core.template import Owner
from fargate_stacks.deploy.client import Event
from fargate_stacks.deploy.diagnosis import Diagnosis
from fargate_stacks.deploy.ecs_row import Row
from fargate_stacks.deploy.evidence import Evidence, Stopped
from fargate_stacks.deploy.plan import Plan
from fargate_stacks.deploy.preflight_subject import Finding


@dataclass(frozen=True, kw_only=True)
class Message:
    """One thing said about one stack; an empty name is the whole run."""

    kind: ClassVar[str] = "message"
    stack: str = ""


@dataclass(frozen=True, kw_only=True)
class Note(Message):
    """Something worth knowing."""

    kind: ClassVar[str] = "note"
    text: str


@dataclass(frozen=True, kw_only=True)
class Warn(Message):
    """Something that may need a hand, and does not stop the run."""

    kind: ClassVar[str] = "warning"
    text: str


@dataclass(frozen=True, kw_only=True)
class Planned(Message):
    """A change set, before anybody is asked."""

    kind: ClassVar[str] = "plan"
    plan: Plan


@dataclass(frozen=True, kw_only=True)
class Summary(Message):
    """All stacks are planned; the hash is what `--approve-plan` takes."""

    kind: ClassVar[str] = "summary"
    fingerprint: str
    changes: int


@dataclass(frozen=True, kw_only=True)
class Deleting(Message):
    """What a delete meets: the resources of a stack, and those that stand in the way or stay."""

    kind: ClassVar[str] = "deleting"
    resources: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()
    """Deletion protection is on, and will be switched off."""
    retained: tuple[str, ...] = ()
    """They stay behind."""
    full: tuple[str, ...] = ()
    """They hold something, and cannot be deleted while they do."""
    lost: tuple[str, ...] = ()
    """They go with the data in them."""


@dataclass(frozen=True, kw_only=True)
class Happened(Message):
    """One event of a stack; `owner` is the construct that it is about."""

    kind: ClassVar[str] = "event"
    event: Event
    owner: Owner | None = None
    path: str = ""
    """Where it is among nested stacks, as `Net/Vpc/Subnet1`; empty in the stack itself."""


@dataclass(frozen=True, kw_only=True)
class Waiting(Message):
    """Nothing has happened for a while; `seconds` since the last event, by logical ids still at work."""

    kind: ClassVar[str] = "waiting"
    seconds: int
    resources: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Diagnosed(Message):
    """Why an operation failed."""

    kind: ClassVar[str] = "diagnosis"
    diagnosis: Diagnosis


@dataclass(frozen=True, kw_only=True)
class Outputs(Message):
    """The live outputs of a deployed stack."""

    kind: ClassVar[str] = "outputs"
    outputs: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Ended(Message):
    """How it ended for one stack: deployed, no changes, deleted, kept, rolled back, stuck."""

    kind: ClassVar[str] = "ended"
    how: str
    status: str = ""


@dataclass(frozen=True, kw_only=True)
class Rollout(Message):
    """How far the rollout of one service is; said when something of it changes."""

    kind: ClassVar[str] = "ecs"
    ecs: Row
    time: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class TaskFailed(Message):
    """Tasks of a service failed in a way that was not seen before."""

    kind: ClassVar[str] = "failing"
    service: str
    failing: Stopped
    time: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Evidenced(Message):
    """All that is known of why a service does not come up."""

    kind: ClassVar[str] = "evidence"
    evidence: Evidence


@dataclass(frozen=True, kw_only=True)
class Preflighted(Message):
    """Something that was found before a deploy: an image that is not there, a quota that is too small."""

    kind: ClassVar[str] = "preflight"
    preflight: Finding


Out = Callable[[Message], None]
