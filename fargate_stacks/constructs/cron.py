"""Schedule expressions as Application Auto Scaling and EventBridge read them."""

from __future__ import annotations

import re
from datetime import datetime

from fargate_stacks.core.construct import nearest
from fargate_stacks.core.hints import shown

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FIELDS = (
    ("minutes", 0, 59, ()),
    ("hours", 0, 23, ()),
    ("day of month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of week", 1, 7, _DAYS),
    ("year", 1970, 2199, ()),
)
_CALL = re.compile(r"(cron|rate|at)\((.*)\)\Z", re.DOTALL)
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+\-]*(/[A-Za-z0-9_+\-]+){0,2}\Z", re.ASCII)


def kind_of(expression: str) -> str:
    """Say whether an expression that has no problem is a cron, a rate or an at."""
    return expression.partition("(")[0]


def problem_of(expression: str) -> str | None:
    """Say what is wrong with an expression, and the cure, or None."""
    found = _CALL.match(expression)
    if found is None:
        return f'schedule must be "cron(...)", "rate(...)" or "at(...)", got {shown(expression)}'
    kind, inner = found.groups()
    judge = {"cron": _cron, "rate": _rate, "at": _at}[kind]
    return judge(inner)


def zone_problem(name: str) -> str | None:
    """Say what is wrong with the name of a time zone, or None; zones are looked up where Python knows any."""
    if not _ZONE.match(name):
        return f'timezone must be an IANA name like "Europe/Berlin", got {shown(name)}'
    from zoneinfo import ZoneInfo, available_timezones

    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        known = available_timezones()
        return f"there is no time zone {shown(name)}{nearest(name, known)}" if known else None
    return None


def _cron(inner: str) -> str | None:
    fields = inner.split()
    if len(fields) != 6:
        hint = "; the sixth is the year, * for every" if len(fields) == 5 else ""
        return f"cron takes six fields (minutes hours day-of-month month day-of-week year), got {len(fields)}{hint}"
    if (fields[2] == "?") == (fields[4] == "?"):
        return f"exactly one of day of month and day of week is ?, got {fields[2]} and {fields[4]}; write ? for one"
    for text, (name, low, high, words) in zip(fields, _FIELDS, strict=True):
        if text != "?" and not all(_part(one, name, low, high, words) for one in text.split(",")):
            return (
                f"{name} of a cron is {low} to {high}{' or ' + words[0] + '-' + words[-1] if words else ''}, got {text}"
            )
        if text == "?" and name not in ("day of month", "day of week"):
            return f"? stands for a day only, got it for {name}"
    return None


def _part(text: str, name: str, low: int, high: int, words: tuple[str, ...]) -> bool:
    """Judge one of a field's alternatives: a value, a range, a step, or what only days know (L, W, #)."""
    if name == "day of month" and re.fullmatch(r"L|LW|([1-9]|[12]\d|3[01])W", text):
        return True
    if name == "day of week" and re.fullmatch(r"L|([1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)(L|#[1-5])", text):
        return True
    span, slash, step = text.partition("/")
    if slash and not (step.isascii() and step.isdigit() and int(step) > 0):
        return False
    if span == "*":
        return True
    ends = [_number(one, low, words) for one in span.split("-")]
    return len(ends) <= 2 and all(one is not None and low <= one <= high for one in ends)


def _number(text: str, low: int, words: tuple[str, ...]) -> int | None:
    if text in words:
        return words.index(text) + low
    return int(text) if re.fullmatch(r"\d{1,4}", text, re.ASCII) else None


def _rate(inner: str) -> str | None:
    found = re.fullmatch(r"(\d{1,6}) (minute|hour|day)(s?)", inner, re.ASCII)
    if found is None or int(found[1]) == 0:
        return f'rate is a number and a unit like "rate(5 minutes)", got {shown(inner)}'
    if (int(found[1]) == 1) == bool(found[3]):
        wanted = f"{found[1]} {found[2]}{'' if int(found[1]) == 1 else 's'}"
        return f"rate takes the unit in its grammatical number, got {shown(inner)}; write rate({wanted})"
    return None


def _at(inner: str) -> str | None:
    try:
        datetime.strptime(inner, "%Y-%m-%dT%H:%M:%S")
    except ValueError:
        return f'at takes a date and time like "at(2027-01-31T08:00:00)", got {shown(inner)}'
    return None
