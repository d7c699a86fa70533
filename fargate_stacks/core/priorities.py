"""Listener-rule priorities: unique per listener over the whole app, and none moves when a route is added.

A priority is a pure function of the listener's range, the rule's name and its conditions: their specificity
chooses a band, a stable hash of both the place in it. CloudFormation creates before it deletes, so an allocator
that renumbers would answer an added route with `PriorityInUse` in the middle of an update.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple

from fargate_stacks.core.values import Intrinsic, Scope
from fargate_stacks.errors import RenderError, made_at

ALL = range(1, 50_001)
"""The priorities that a listener knows (API reference, CreateRule)."""
_RULES = 100  # quota "Rules per Application Load Balancer", default actions not counted

# (conditions beside the path, path class) -> share of the range. More conditions first, then exact paths, then the
# deeper wildcard. The common cases have the widest bands, since two names collide there with 1 / width.
_PATHS = ("exact", 5, 4, 3, 2, 1, 0)
_SHARES = {
    3: (200, 100, 100, 100, 200, 200, 200),
    2: (500, 100, 100, 200, 500, 700, 1000),
    1: (2500, 400, 400, 1000, 2500, 4000, 7000),
    0: (5000, 800, 1000, 3000, 5000, 10_000, 1000),
}


class Conditions(NamedTuple):
    """What a rule matches, in one canonical form: the order in which values are given does not matter."""

    path: tuple[str, ...] = ()
    host: tuple[str, ...] = ()
    header: tuple[tuple[str, tuple[str, ...]], ...] = ()
    method: tuple[str, ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    source: tuple[str, ...] = ()

    def __str__(self) -> str:
        words = [*self.method, *self.host, *self.path, *(f"{key}: {'|'.join(v)}" for key, v in self.header)]
        if self.query:
            words.append("?" + "|".join(f"{key}={value}" if key else value for key, value in self.query))
        if self.source:
            words.append(f"from {'|'.join(self.source)}")
        return " ".join(words)


class Priority(Intrinsic):
    """The priority of one rule, known when every route of the app is."""

    def __init__(
        self,
        *,
        listener: Hashable,
        listener_name: str,
        rule: str,
        label: str,
        conditions: Conditions,
        explicit: int | None,
        within: range,
    ) -> None:
        self.listener = listener
        self.listener_name = listener_name
        self.rule = rule
        """The rule's logical id."""
        self.label = label
        self.conditions = conditions
        self.explicit = explicit
        self.within = within
        self.source: tuple[str, int] | None = None
        """The line of the construct that has the rule; render knows it."""

    def resolve(self, scope: Scope) -> int:
        return scope.priority(self)


def allocate(priorities: Sequence[Priority]) -> dict[Priority, int]:
    """Give every rule of the app its priority.

    Raises RenderError, naming both routes, for two that match the same and for two that hash to one place.
    """
    given: dict[Priority, int] = {}
    taken: dict[tuple[Hashable, int], Priority] = {}
    seen: dict[tuple[Hashable, Conditions], Priority] = {}
    for listener, count in Counter(one.listener for one in priorities).items():
        if count > _RULES:
            name = next(one.listener_name for one in priorities if one.listener == listener)
            raise RenderError(
                f"{name}: {count} rules, Elastic Load Balancing takes {_RULES}; use a second load balancer"
            )
    for one in priorities:
        twin = seen.setdefault((one.listener, one.conditions), one)
        with made_at(one.source):
            _refuse_twin(one, twin)
    for one in sorted(priorities, key=lambda p: (p.explicit is None, p.rule)):
        number = one.explicit if one.explicit is not None else _place(one)
        other = taken.setdefault((one.listener, number), one)
        with made_at(one.source):
            _refuse_taken(one, other, number, taken)
        given[one] = number
    return given


def _refuse_twin(one: Priority, twin: Priority) -> None:
    if twin is not one:
        raise RenderError(
            f"{one.listener_name}: {twin.label} and {one.label} match the same requests ({one.conditions}), "
            f"so the second would never be reached; change or remove one of them"
        )


def _refuse_taken(one: Priority, other: Priority, number: int, taken: Mapping[tuple[Hashable, int], Priority]) -> None:
    if other is not one:
        places = [*range(number + 1, one.within.stop), *one.within]
        near = next((n for n in places if (one.listener, n) not in taken), number + 1)
        raise RenderError(
            f"{one.listener_name}: {other.label} and {one.label} have the same priority {number}; "
            f"give one of them its own, for example priority={near}"
        )


def _sha256(data: bytes) -> Any:
    # hashlib would load OpenSSL for it, 2 ms of every synth; the interpreter has an implementation of its own
    for module in ("_sha2", "_sha256", "hashlib"):
        try:
            return import_module(module).sha256(data)
        except ImportError:
            continue
    raise AssertionError("hashlib is part of Python")


def _place(one: Priority) -> int:
    extra, path = _specificity(one.conditions)
    start, width = _band(extra, path)
    total = sum(sum(row) for row in _SHARES.values())
    size = len(one.within)
    first = start * size // total
    room = max(1, (start + width) * size // total - first)
    # the conditions too: two stages of one app on one load balancer have the same names
    digest = _sha256(f"{one.rule} {one.conditions}".encode()).digest()
    return one.within[min(first + int.from_bytes(digest[:8], "big") % room, size - 1)]


def _band(extra: int, path: int | str) -> tuple[int, int]:
    start = 0
    for count in sorted(_SHARES, reverse=True):
        for kind, share in zip(_PATHS, _SHARES[count], strict=True):
            if (count, kind) == (extra, path):
                return start, share
            start += share
    raise AssertionError(f"no band for {extra}, {path}")


def _specificity(conditions: Conditions) -> tuple[int, int | str]:
    extra = len(conditions.header) + sum(
        map(bool, (conditions.host, conditions.method, conditions.query, conditions.source))
    )
    if not conditions.path:
        return min(extra, 3), 0
    return min(extra, 3), min((_path_class(path) for path in conditions.path), key=_rank)


def _rank(kind: int | str) -> int:
    return 99 if kind == "exact" else int(kind)  # of several paths the least specific counts


def _path_class(path: str) -> int | str:
    wild = min((path.index(mark) for mark in "*?" if mark in path), default=-1)
    if wild < 0:
        return "exact"
    return min(len([part for part in path[:wild].split("/") if part]), 5)
