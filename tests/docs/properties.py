"""Which properties of CloudFormation a field sets: found by setting it, and looking what became different.

That takes some 20 seconds, so `make pages` keeps it in properties.json, from which the reference is written; a test
(tests/test_properties.py) finds it anew.
"""

from __future__ import annotations

import itertools
import json
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal, Union

import fargate_stacks
from fargate_stacks import Construct, Template, Value, render
from fargate_stacks.core.construct import Frozen, _states
from fargate_stacks.core.hints import _Names
from fargate_stacks.errors import FargateStacksError
from tests.docs.places import place
from tests.docs.samples import BASES, INSTANCES, REASONS, SAMPLES, TEXTS, make

RECORD = Path(__file__).parent / "properties.json"
_MOST = 6
NUMBERS = (2, 1, 3, 0, 5, 9, 40, 60, 90, 443, 512, 1024, 4000, 7, 25)
TIMES = tuple(
    timedelta(seconds=one)
    for one in (7, 1, 20, 90, 300, 3600, 86_400, 3 * 86_400, 7 * 86_400, 90 * 86_400, 365 * 86_400)
)


@cache
def recorded() -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = json.loads(RECORD.read_text("utf-8"))
    return found


def record() -> None:
    RECORD.write_text(json.dumps(derived(), indent=1) + "\n", "utf-8")


def cell(kind: type[Frozen], field: str) -> str:
    """What the reference says of a field: types, each with the properties that change, or why there is none."""
    why = reason(kind, field)
    if why is not None:
        return why
    by_type: dict[str, list[str]] = {}
    for one in recorded().get(f"{kind.__name__}.{field}", ()):
        resource, _, path = one.partition(" ")
        by_type.setdefault(resource, []).extend([path] if path else [])
    said = [" ".join(f"`{word}`" for word in (resource, *_short(paths))) for resource, paths in by_type.items()]
    return ", ".join(said[:_MOST]) + (f" and {len(said) - _MOST} more types" if len(said) > _MOST else "")


def _short(paths: Sequence[str]) -> list[str]:
    """Several properties below one are told as that one."""
    if len(paths) <= 2:
        return list(paths)
    return list(dict.fromkeys(path.partition(".")[0] for path in paths))


def derived() -> dict[str, list[str]]:
    """Give for each field of each public value and construct what it sets; the empty list where nothing was found."""
    return {
        f"{kind.__name__}.{field}": found(kind, field)
        for kind in kinds()
        for field in kind._fields
        if reason(kind, field) is None
    }


def kinds() -> list[type[Frozen]]:
    public = [getattr(fargate_stacks, name) for name in fargate_stacks.__all__]
    return [
        one for one in public if isinstance(one, type) and issubclass(one, Frozen) and one not in (Construct, Value)
    ]


def reason(kind: type[Frozen], field: str) -> str | None:
    """Why a field sets no property, where it sets none."""
    if field == "name" and issubclass(kind, Construct):
        return REASONS["Construct.name"]
    return next((REASONS[key] for key in (f"{kind.__name__}.{field}", f"*.{field}") if key in REASONS), None)


def found(kind: type[Frozen], field: str) -> list[str]:
    """Give what changes when a field is set otherwise, of the first value that is admitted and changes something."""
    for base, before in bases(kind):
        for value in SAMPLES.get(f"{kind.__name__}.{field}") or candidates(kind, field):
            if value == base.get(field, kind._fields[field].default):
                continue
            after = rendered(kind, {**base, field: value})
            changed = difference(before, after) if after is not None else []
            if changed:
                return changed
    return []


@cache
def bases(kind: type[Frozen]) -> Sequence[tuple[Mapping[str, Any], Mapping[str, Template]]]:
    """The right calls of a class, each with its templates."""
    made = [(base, rendered(kind, base)) for base in BASES[kind]]
    return [(base, templates) for base, templates in made if templates is not None]


def rendered(kind: type[Frozen], fields: Mapping[str, Any]) -> Mapping[str, Template] | None:
    try:
        return render(place(make(kind, fields)))
    except (FargateStacksError, ArithmeticError):
        return None


def difference(before: Mapping[str, Template], after: Mapping[str, Template]) -> list[str]:
    """Name types and properties that differ; of a type that came or went only the type."""
    changed: dict[str, None] = {}
    waits: dict[str, None] = {}
    for stack in before.keys() & after.keys():
        old, new = before[stack].resources, after[stack].resources
        for logical_id in sorted(old.keys() ^ new.keys()):
            changed[{**old, **new}[logical_id]["Type"]] = None
        for logical_id in old.keys() & new.keys():
            if old[logical_id]["Type"] != new[logical_id]["Type"]:
                continue
            for path in paths(old[logical_id], new[logical_id]):
                if path[0] == "Properties":
                    changed[f"{old[logical_id]['Type']} {'.'.join(path[1:])}"] = None
                elif path[0] == "DependsOn":
                    waits[f"{old[logical_id]['Type']} DependsOn"] = None
                else:
                    changed[f"{old[logical_id]['Type']} {path[0]}"] = None
        if before[stack].parameters != after[stack].parameters and not changed:
            changed["Parameters"] = None
    return sorted(changed or waits)


def paths(old: Any, new: Any, at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Where two values differ, as deep as both have names; places in lists are left out."""
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict) and not _intrinsic(old) and not _intrinsic(new):
        for key in sorted(old.keys() | new.keys()):
            if key not in old or key not in new:
                yield (*at, key)
            else:
                yield from paths(old[key], new[key], (*at, key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for one, other in zip(old, new, strict=True):
            yield from paths(one, other, at)
    else:
        yield at


def _intrinsic(value: Mapping[str, Any]) -> bool:
    return len(value) == 1 and next(iter(value)).startswith(("Fn::", "Ref"))


# values to try


def candidates(kind: type[Frozen], field: str) -> Iterator[Any]:
    home = next(
        base for base in kind.__mro__ if field in base.__dict__.get("__annotations__", {}) and _states(base, field)
    )
    annotation = home.__dict__["__annotations__"][field]
    if isinstance(annotation, str):
        annotation = eval(annotation, {}, _Names(home.__module__))  # noqa: S307 - our own sources
    yield from itertools.islice(values(annotation), 60)


def values(hint: Any) -> Iterator[Any]:
    """Values that an annotation admits, the likely ones first."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        for several in itertools.zip_longest(*(values(one) for one in arguments)):
            yield from (one for one in several if one is not None)
    elif origin is Literal:
        yield from arguments
    elif origin is Sequence.__class__ or getattr(origin, "__name__", "") == "Sequence":
        for one in values(arguments[0]):
            yield [one]
    elif getattr(origin, "__name__", "") == "Mapping":
        for key, one in itertools.islice(itertools.product(values(arguments[0]), values(arguments[1])), 40):
            yield {key: one}
    elif hint is bool:
        yield from (True, False)
    elif hint in (int, float):
        yield from NUMBERS
    elif hint in (str, object):
        yield from TEXTS
    elif hint is timedelta:
        yield from TIMES
    elif hint is not Any and isinstance(hint, type) and not getattr(hint, "_is_protocol", False):
        yield from (one for one in INSTANCES if isinstance(one, hint))
