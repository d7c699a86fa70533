"""What a failing task most likely means and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from fargate_stacks.deploy.hint import Hint, Source
from fargate_stacks.deploy.hint_table import TABLE

_COMPILED = [(row, re.compile(row.pattern, re.IGNORECASE | re.DOTALL)) for row in TABLE]


def hints(
    *, reasons: Iterable[str] = (), exit_code: int | None = None, log: Iterable[str] = (), events: Iterable[str] = ()
) -> tuple[Hint, ...]:
    """Give what the texts mean, one hint a topic, in the order of the table."""
    texts: dict[Source, str] = {
        "reason": "\n".join(reasons),
        "exit": "" if exit_code is None else str(exit_code),
        "log": "\n".join(log),
        "event": "\n".join(events),
    }
    return tuple(_matching(texts))


def _matching(texts: dict[Source, str]) -> Iterator[Hint]:
    topics: set[str] = set()
    for row, pattern in _COMPILED:
        if row.topic not in topics and texts[row.source] and pattern.search(texts[row.source]):
            topics.add(row.topic)
            yield row.hint
