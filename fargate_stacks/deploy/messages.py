"""What the deployer says, as values: it never prints, and every screen draws the same messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, dataclass_transform

from fargate_stacks.core.template import Owner
from fargate_stacks.deploy.client import Event
from fargate_stacks.deploy.diagnosis import Diagnosis
from fargate_stacks.deploy.ecs_row import Row
from fargate_stacks.deploy.evidence import Evidence, Stopped
from fargate_stacks.deploy.plan import Plan
from fargate_stacks.deploy.preflight_subject import Finding


@dataclass_transform(frozen_default=True, kw_only_default=True)
@dataclass(frozen=True, kw_only=True)
class Message:
    """One thing said about one stack; an empty name is the whole run. A subclass is a frozen dataclass by itself."""

    kind: ClassVar[str] = "message"
    """What its record is called in JSON lines."""
    stack: str = ""

    def __init_subclass__(cls, kind: str) -> None:
        cls.kind = kind
        dataclass(frozen=True, kw_only=True)(cls)


class Note(Message, kind="note"):
    """Something worth knowing."""

    text: str


class Warn(Message, kind="warning"):
    """Something that may need a hand, and does not stop the run."""

    text: str


class Planned(Message, kind="plan"):
    """A change set, before anybody is asked."""

    plan: Plan


class Summary(Message, kind="summary"):
    """All stacks are planned; the hash is what `--approve-plan` takes."""

    fingerprint: str
    changes: int


class Deleting(Message, kind="deleting"):
    """What a delete meets: the resources of a stack, and those that stand in the way or stay."""

    resources: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()
    """Deletion protection is on, and will be switched off."""
    retained: tuple[str, ...] = ()
    """They stay behind."""
    full: tuple[str, ...] = ()
    """They hold something, and cannot be deleted while they do."""
    lost: tuple[str, ...] = ()
    """They go with the data in them."""


class Happened(Message, kind="event"):
    """One event of a stack; `owner` is the construct that it is about."""

    event: Event
    owner: Owner | None = None
    path: str = ""
    """Where it is among nested stacks, as `Net/Vpc/Subnet1`; empty in the stack itself."""


class Waiting(Message, kind="waiting"):
    """Nothing has happened for a while; `seconds` since the last event, by logical ids still at work."""

    seconds: int
    resources: tuple[str, ...]


class Diagnosed(Message, kind="diagnosis"):
    """Why an operation failed."""

    diagnosis: Diagnosis


class Outputs(Message, kind="outputs"):
    """The live outputs of a deployed stack."""

    outputs: Mapping[str, str]


class Ended(Message, kind="ended"):
    """How it ended for one stack: deployed, no changes, deleted, kept, rolled back, stuck."""

    how: str
    status: str = ""


class Rollout(Message, kind="ecs"):
    """How far the rollout of one service is; said when something of it changes."""

    ecs: Row
    time: datetime | None = None


class TaskFailed(Message, kind="failing"):
    """Tasks of a service failed in a way that was not seen before."""

    service: str
    failing: Stopped
    time: datetime | None = None


class Evidenced(Message, kind="evidence"):
    """All that is known of why a service does not come up."""

    evidence: Evidence


class Preflighted(Message, kind="preflight"):
    """Something that was found before a deploy: an image that is not there, a quota that is too small."""

    preflight: Finding


Out = Callable[[Message], None]
