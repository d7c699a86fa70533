"""A stack and a change set of the fake, as they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass
class FakeChangeSet:
    id: str
    name: str
    kind: str
    template: dict[str, Any]
    parameters: dict[str, str]
    request: dict[str, Any]
    status: str = "CREATE_PENDING"
    execution: str = "UNAVAILABLE"
    reason: str = ""
    changes: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class FakeStack:
    id: str
    name: str
    status: str = "REVIEW_IN_PROGRESS"
    reason: str = ""
    template: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    tags: list[dict[str, str]] = field(default_factory=list)
    protection: bool = False
    updated: datetime | None = None
    resources: dict[str, str] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    change_sets: dict[str, FakeChangeSet] = field(default_factory=dict)
    operations: list[dict[str, str]] = field(default_factory=list)
    cancelled: str | None = None
    """The token of a cancel that the running operation has not seen yet."""
