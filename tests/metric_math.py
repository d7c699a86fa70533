"""CloudWatch's metric math, as far as our templates use it, written from its documentation alone.

Semantics are those of the CloudWatch user guide, "Using metric math": a time series has a value or none at each
timestamp; arithmetic takes a missing value for 0 where the other side has one, and drops a point that would divide by
zero; FILL fills with a number, the last value or a line; IF looks at each timestamp. What the page says of arithmetic
and what people report differ (a missing value that makes the result missing), so `strict=True` reads it the other way:
an expression that is worth anything gives the same in both.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

Series: TypeAlias = list[float | None]
Value: TypeAlias = float | Series | list[Series] | str

_TOKEN = re.compile(r"\s*(\d+\.?\d*|[A-Za-z_]\w*|<=|>=|==|!=|&&|\|\||[-+*/^()<>,\[\]])")
_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": operator.pow,
}
_COMPARISON: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_LOGIC: dict[str, Callable[[float, float], bool]] = {
    "AND": lambda a, b: bool(a) and bool(b),
    "&&": lambda a, b: bool(a) and bool(b),
    "OR": lambda a, b: bool(a) or bool(b),
    "||": lambda a, b: bool(a) or bool(b),
}
_LEVELS = (_LOGIC, _COMPARISON, {"+": 0, "-": 0}, {"*": 0, "/": 0}, {"^": 0})


def of_queries(queries: Sequence[Mapping[str, Any]], data: Mapping[str, Series], *, strict: bool = False) -> Series:
    """Evaluate metric data queries as a template writes them; `data` has the metrics by their ids."""
    known: dict[str, Value] = {}
    (returned,) = [one["Id"] for one in queries if one.get("ReturnData", True)]
    waiting = {one["Id"]: one for one in queries}

    def value_of(key: str) -> Value:
        if key not in known:
            one = waiting[key]
            known[key] = data[key] if "MetricStat" in one else Evaluation(value_of, strict).of(one["Expression"])
        return known[key]

    found = value_of(returned)
    assert isinstance(found, list) and not any(isinstance(one, list) for one in found), "one time series is wanted"
    return found  # type: ignore[return-value]


def evaluate(expression: str, strict: bool = False, **data: Series) -> Value:
    """Evaluate one expression over metrics given by name."""
    return Evaluation(lambda key: data[key], strict).of(expression)


class Evaluation:
    def __init__(self, value_of: Callable[[str], Value], strict: bool) -> None:
        self.value_of = value_of
        self.strict = strict
        self.tokens: list[str] = []

    def of(self, expression: str) -> Value:
        found = [match[1] for match in _TOKEN.finditer(expression)]
        assert "".join(found) == re.sub(r"\s", "", expression), f"not understood: {expression}"
        self.tokens = found
        result = self._binary(0)
        assert not self.tokens, f"left over: {self.tokens}"
        return result

    def _next(self, wanted: str = "") -> str:
        token = self.tokens.pop(0)
        assert not wanted or token == wanted, f"{wanted} is wanted, got {token}"
        return token

    def _binary(self, level: int) -> Value:
        if level == len(_LEVELS):
            return self._unary()
        left = self._binary(level + 1)
        while self.tokens and self.tokens[0] in _LEVELS[level]:
            sign = self._next()
            left = self._apply(sign, left, self._binary(level + 1))
        return left

    def _unary(self) -> Value:
        if self.tokens[0] == "-":
            self._next()
            return self._apply("-", 0.0, self._unary())
        return self._primary()

    def _primary(self) -> Value:
        token = self._next()
        if token == "(":
            inner = self._binary(0)
            self._next(")")
            return inner
        if token == "[":
            return [_series(one) for one in self._list("]")]
        if token[0].isdigit():
            return float(token)
        if token in ("REPEAT", "LINEAR"):
            return token
        if token.isupper():
            self._next("(")
            return getattr(self, f"_{token.lower()}")(*self._list(")"))  # type: ignore[no-any-return]
        return self.value_of(token)

    def _list(self, end: str) -> list[Value]:
        items = [self._binary(0)]
        while self._next(end if self.tokens[0] != "," else ",") == ",":
            items.append(self._binary(0))
        return items

    def _apply(self, sign: str, left: Value, right: Value) -> Value:
        if isinstance(left, float) and isinstance(right, float):
            found = _calculated(sign, left, right)
            assert found is not None, "a scalar divided by zero"
            return found
        if isinstance(right, float):  # a number has no timestamps of its own
            return [None if one is None else _calculated(sign, one, right) for one in _series(left)]
        if isinstance(left, float):
            return [None if one is None else _calculated(sign, left, one) for one in _series(right)]
        return [self._point(sign, a, b) for a, b in zip(_series(left), _series(right), strict=True)]

    def _point(self, sign: str, left: float | None, right: float | None) -> float | None:
        missing = [one for one in (left, right) if one is None]
        if len(missing) == 2 or (missing and self.strict and sign in _ARITHMETIC):
            return None
        return _calculated(sign, left or 0.0, right or 0.0)

    # functions

    def _fill(self, given: Value, filler: Value) -> Series:
        series = _series(given)
        if isinstance(filler, float):
            return [filler if one is None else one for one in series]
        if filler == "REPEAT":
            return list(_repeated(series))
        assert filler == "LINEAR"
        return [_between(series, at) if one is None else one for at, one in enumerate(series)]

    def _if(self, condition: Value, then: Value, otherwise: Value = "nothing") -> Series:
        length = len(_series(condition))
        rows = zip(_spread(condition, length), _spread(then, length), _spread(otherwise, length), strict=True)
        return [None if what is None else ((yes or 0.0) if what else no) for what, yes, no in rows]

    def _sum(self, given: Value) -> Value:
        assert isinstance(given, list)
        if not any(isinstance(one, list) for one in given):
            return float(sum(one for one in _series(given) if one is not None))
        rows = zip(*(_series(one) for one in given), strict=True)
        found = [[one for one in row if one is not None] for row in rows]
        return [float(sum(row)) if row else None for row in found]


def _calculated(sign: str, left: float, right: float) -> float | None:
    if sign in _ARITHMETIC:
        return None if sign == "/" and right == 0 else _ARITHMETIC[sign](left, right)
    return float((_COMPARISON | _LOGIC)[sign](left, right))


def _series(value: Any) -> Series:
    assert isinstance(value, list) and not any(isinstance(one, list) for one in value), f"no time series: {value}"
    return value


def _spread(value: Value, length: int) -> Series:
    if isinstance(value, float):
        return [value] * length
    return [None] * length if value == "nothing" else _series(value)


def _repeated(series: Series) -> Iterator[float | None]:
    last: float | None = None
    for one in series:
        last = last if one is None else one
        yield last


def _between(series: Series, at: int) -> float | None:
    before = next(((i, one) for i, one in reversed(list(enumerate(series[:at]))) if one is not None), None)
    after = next(((i, one) for i, one in enumerate(series) if i > at and one is not None), None)
    if before is None or after is None:
        return None
    return before[1] + (after[1] - before[1]) * (at - before[0]) / (after[0] - before[0])
