"""What a check finds, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from fargate_stacks.core.template import Template

Severity: TypeAlias = Literal["error", "warning", "info"]
Templates: TypeAlias = Mapping[str, Template]


class Where(NamedTuple):
    """A resource of a stack, and the construct and line that made it, as far as they are known."""

    stack: str
    logical_id: str | None = None
    construct: str | None = None
    """Kind and name, such as `Service "Web"`."""
    file: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        place = f"{self.stack}.{self.logical_id}" if self.logical_id else self.stack
        return f"{self.construct} ({place})" if self.construct else place


@dataclass(frozen=True)
class Finding:
    """One thing that a check has to say. An error will not deploy or not run, a warning bites later."""

    code: str
    severity: Severity
    where: Where
    message: str


def locate(template: Template, logical_id: str | None) -> Where:
    """Give the construct and the line behind a logical id; an id that the template lacks gives the stack alone."""
    if logical_id is None or logical_id not in template.resources:
        return Where(template.name)
    owner = template.owners.get(logical_id)
    if owner is None:
        return Where(template.name, logical_id)
    source = owner.source
    return Where(
        template.name,
        logical_id,
        str(owner) or None,
        source.file if source else None,
        source.line if source else None,
    )
