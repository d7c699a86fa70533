"""Fn::ForEach of the language extensions: loops whose values a template tells are written out, others are named."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

LOOP = "Fn::ForEach::"
"""What the key of a loop begins with."""
_TOO_MANY = 500  # as many resources as a template may have


class _Unknown(Exception):
    """The values of a loop are known only at deployment."""


def written_out(section: Mapping[str, Any], values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Give a section without its loops, and for each key that came of one, that loop's key.

    `values` are what parameters are known to be. A loop that cannot be followed stays as it is.
    """
    if not any(LOOP in str(key) for key in _keys(section)):
        return dict(section), {}
    found: dict[str, Any] = {}
    origin: dict[str, str] = {}
    for key, body in section.items():
        try:
            made = dict(_turns(body, {}, values)) if _loops(key) else {key: _inside(body, {}, values)}
        except _Unknown:
            made = {key: body}
        found |= made
        if _loops(key):
            origin |= dict.fromkeys(made, key)
    return found, origin


def _turns(loop: Any, bound: Mapping[str, str], values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Give what a loop makes, in its order, with the loops in it."""
    match loop:
        case [str(name), given, dict(body)]:
            for value in _values(given, bound, values):
                here = {**bound, name: value}
                for key, one in body.items():
                    if _loops(key):
                        yield from _turns(one, here, values)
                    else:
                        yield _named(str(key), here), _inside(one, here, values)
        case _:
            raise _Unknown


def _values(given: Any, bound: Mapping[str, str], values: Mapping[str, Any]) -> list[str]:
    if isinstance(given, dict) and given.keys() == {"Ref"}:
        given = values.get(str(given["Ref"]))
    if isinstance(given, str):
        given = [one.strip() for one in given.split(",")]
    if not isinstance(given, list) or len(given) > _TOO_MANY:
        raise _Unknown
    found = []
    for one in given:
        if isinstance(one, dict) and one.keys() == {"Ref"}:
            one = bound.get(str(one["Ref"]), values.get(str(one["Ref"])))
        if isinstance(one, bool) or not isinstance(one, (str, int, float)):
            raise _Unknown
        found.append(_named(str(one), bound))
    return found


def _named(text: str, bound: Mapping[str, str]) -> str:
    """Fill in `${Name}`, and `&{Name}`, which leaves out what no logical id may have."""
    for name, value in bound.items():
        text = text.replace(f"${{{name}}}", value).replace(f"&{{{name}}}", re.sub(r"[^0-9A-Za-z]", "", value))
    return text


def _inside(value: Any, bound: Mapping[str, str], values: Mapping[str, Any]) -> Any:
    if isinstance(value, str):
        return _named(value, bound)
    if isinstance(value, list):
        return [_inside(one, bound, values) for one in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"Ref"} and isinstance(value["Ref"], str) and value["Ref"] in bound:
        return bound[value["Ref"]]
    found: dict[str, Any] = {}
    for key, one in value.items():
        if _loops(key):
            found |= dict(_turns(one, bound, values))
        else:
            found[_named(key, bound) if isinstance(key, str) else key] = _inside(one, bound, values)
    return found


def _loops(key: Any) -> bool:
    return isinstance(key, str) and key.startswith(LOOP)


def _keys(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield key
            yield from _keys(one)
    elif isinstance(value, list):
        for one in value:
            yield from _keys(one)
