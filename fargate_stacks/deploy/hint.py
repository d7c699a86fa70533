"""A hint, and the row of a table that says when it is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Source = Literal["reason", "exit", "log", "event"]


@dataclass(frozen=True)
class Hint:
    """What something means and what to do."""

    code: str
    means: str
    do: str


@dataclass(frozen=True)
class Row:
    """One row: the kind of text that it looks at, and a pattern in it, whatever the case.

    `reason` is why ECS stopped a task or a container, `exit` a container's exit code, `log` the last lines that it
    wrote, `event` what the service says.
    """

    source: Source
    pattern: str
    hint: Hint
    topic: str = ""
    """Rows of one topic exclude each other; by default each is its own."""


def row(source: Source, pattern: str, code: str, means: str, do: str, topic: str = "") -> Row:
    return Row(source, pattern, Hint(code, means, do), topic or code)
