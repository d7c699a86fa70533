"""What a preflight check looks at, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from fargate_stacks.core.template import Owner, Template
from fargate_stacks.deploy.client import CallFailed, StackState
from fargate_stacks.deploy.ecs import Ecs
from fargate_stacks.deploy.registry import Fetch
from fargate_stacks.deploy.resolve import Resolver, Unresolved


@dataclass(frozen=True)
class Finding:
    """One thing that a look at AWS found."""

    code: str
    severity: Literal["error", "warning"]
    """An error makes the deploy fail."""
    stack: str
    logical_id: str
    message: str
    owner: Owner | None = None


@dataclass(frozen=True)
class Report:
    """All that was found, and the checks that could not be made."""

    findings: tuple[Finding, ...] = ()
    skipped: tuple[str, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(one for one in self.findings if one.severity == "error")


@dataclass(frozen=True)
class Subject:
    """One stack that is about to be deployed, beside what lives of it."""

    template: Template
    ecs: Ecs
    state: StackState | None
    """None for a stack that there is not yet."""
    live: Mapping[str, str]
    """Physical ids by logical id."""
    resolve: Resolver
    fetch: Fetch
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def of(self, *kinds: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Give the resources of some types: logical id and properties."""
        for logical_id, one in self.template.resources.items():
            if one.get("Type") in kinds:
                yield logical_id, one.get("Properties") or {}

    def text(self, value: Any) -> str | None:
        """Give a value as text; None where it is nothing, or known only after the deploy."""
        if value is None:
            return None
        try:
            return self.resolve.text(value)
        except (Unresolved, ValueError, TypeError, IndexError, KeyError):
            return None

    def texts(self, value: Any) -> list[str]:
        """Give a list of texts; empty where it is not known yet."""
        try:
            return self.resolve.texts(value or [])
        except (Unresolved, ValueError, TypeError, IndexError, KeyError):
            return []

    def refers(self, value: Any) -> str:
        """Give the logical id that a value refers to within the stack; empty where it does not."""
        if not isinstance(value, Mapping):
            return ""
        target = value.get("Ref") or (value.get("Fn::GetAtt") or [""])
        name = target.partition(".")[0] if isinstance(target, str) else str(target[0])
        return name if name in self.template.resources else ""

    def find(
        self, code: str, logical_id: str, message: str, severity: Literal["error", "warning"] = "error"
    ) -> Finding:
        """Make a finding about a resource of the stack."""
        owner = self.template.owners.get(logical_id)
        return Finding(code, severity, self.template.name, logical_id, message, owner)


Check = Callable[[Subject], Iterator[Finding]]


class Unsure(Exception):
    """A check could not be made: the text says why. Never leaves this package."""


class Missed:
    """What one check could not ask; the rest of it goes on, and its end says what was left out."""

    def __init__(self) -> None:
        self._said: dict[str, None] = {}

    def __call__(self, trouble: CallFailed) -> None:
        """Take in a refusal. Raises it where the credentials have ended."""
        if trouble.expired:
            raise trouble
        self._said[f"{trouble.operation}: {trouble.message or trouble.code}"] = None

    def end(self) -> None:
        """Raise Unsure where something was left out."""
        if self._said:
            raise Unsure("; ".join(self._said))
