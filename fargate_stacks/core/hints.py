"""Field annotations as run-time checks: what a field admits, and how its value is frozen."""

from __future__ import annotations

import builtins
import collections.abc
import math
import sys
import types
import typing
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeVar, Union


def _same(value: Any) -> Any:
    return value


class Hint(NamedTuple):
    """What one annotation admits."""

    admits: Callable[[Any], bool]
    freeze: Callable[[Any], Any]
    """Copies sequences and mappings, so that a later change of the original changes nothing."""
    text: str
    """The annotation in words, for an error message."""
    misfit: Callable[[Any], Any] = _same
    """Narrows a value that is not admitted to what is wrong in it: what is right may be long, or a secret."""
    made: str = ""
    """How such a value comes about, where nobody writes its class: a class says it as `made_by`."""

    @property
    def cure(self) -> str:
        return self.made or self.text

    def refuse(self, value: Any) -> str:
        """Tell what is wrong with a value that is not admitted, and the cure."""
        return f"must be {self.text}, got {shown(self.misfit(value))}; pass {self.cure}"


def _anything(text: str) -> Hint:
    return Hint(lambda value: True, _same, text)


def _scalar(kind: type) -> Hint:
    if kind is int:
        return Hint(_is_int, _same, "int")
    if kind is float:
        return Hint(lambda v: _is_int(v) or (isinstance(v, float) and math.isfinite(v)), _same, "a number")
    if kind is str:
        return Hint(lambda v: isinstance(v, str) and (v.isascii() or _is_utf8(v)), _same, "str")
    return Hint(lambda v: isinstance(v, kind), _same, kind.__name__, made=getattr(kind, "made_by", ""))


def _is_int(value: Any) -> bool:
    # True is an int to Python and a mistake to us; beyond 64 bits nothing of AWS counts, and floats overflow
    return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63


def _is_utf8(value: str) -> bool:
    # half a surrogate pair is a str to Python, and no file can hold it
    return not any("\ud800" <= one <= "\udfff" for one in value)


def _sequence(item: Hint) -> Hint:
    def admits(value: Any) -> bool:
        if isinstance(value, (str, bytes)) or not isinstance(value, collections.abc.Sequence):
            return False
        return all(item.admits(one) for one in value)

    def misfit(value: Any) -> Any:
        if isinstance(value, (str, bytes)) or not isinstance(value, collections.abc.Sequence):
            return value
        return [item.misfit(one) for one in value if not item.admits(one)]

    return Hint(
        admits,
        lambda value: tuple(item.freeze(one) for one in value),
        f"a sequence of {item.text}",
        misfit,
    )


def _mapping(key: Hint, item: Hint) -> Hint:
    def admits(value: Any) -> bool:
        if not isinstance(value, collections.abc.Mapping):
            return False
        return all(key.admits(k) and item.admits(v) for k, v in value.items())

    def freeze(value: Mapping[Any, Any]) -> Mapping[Any, Any]:
        return MappingProxyType({k: item.freeze(v) for k, v in value.items()})

    def misfit(value: Any) -> Any:
        if not isinstance(value, collections.abc.Mapping):
            return value
        wrong = {k: v for k, v in value.items() if not (key.admits(k) and item.admits(v))}
        return {k: v if item.admits(v) else item.misfit(v) for k, v in wrong.items()}

    return Hint(
        admits, freeze, f"a mapping of {key.text} to {item.text}", misfit, f"a mapping of {key.cure} to {item.cure}"
    )


def _union(choices: list[Hint]) -> Hint:
    def freeze(value: Any) -> Any:
        for choice in choices:
            if choice.admits(value):
                return choice.freeze(value)
        return value  # pragma: no cover - freeze follows admits

    def misfit(value: Any) -> Any:
        narrowed = (choice.misfit(value) for choice in choices)
        return next((one for one in narrowed if one is not value), value)

    words = " or ".join(choice.text for choice in choices)
    cures = " or ".join(choice.cure for choice in choices)
    return Hint(lambda v: any(choice.admits(v) for choice in choices), freeze, words, misfit, cures)


def _literal(values: tuple[Any, ...]) -> Hint:
    def admits(value: Any) -> bool:
        return any(type(value) is type(one) and value == one for one in values)

    return Hint(admits, _same, "one of " + ", ".join(repr(one) for one in values))


def compile_hint(hint: Any) -> Hint:
    """Turn an annotation into a check. What it cannot judge it admits."""
    if hint is Any:
        return _anything("anything")
    if hint is None or hint is type(None):
        return Hint(lambda value: value is None, _same, "None")
    origin = typing.get_origin(hint)
    arguments = typing.get_args(hint)
    if origin is Union or origin is types.UnionType:
        return _union([compile_hint(one) for one in arguments])
    if origin is Literal:
        return _literal(arguments)
    if origin is collections.abc.Sequence:
        return _sequence(compile_hint(arguments[0]))
    if origin is collections.abc.Mapping:
        return _mapping(compile_hint(arguments[0]), compile_hint(arguments[1]))
    if origin is collections.abc.Callable:
        return Hint(callable, _same, "a function")
    if isinstance(hint, TypeVar) or not isinstance(hint, type):
        return _anything(str(hint))
    if getattr(hint, "_is_protocol", False):
        return _anything(hint.__name__)
    return _scalar(hint)


class _Names(dict[str, Any]):
    """What an annotation may name: its module's own names, and the public ones that only type checkers import there."""

    def __init__(self, module: str) -> None:
        found = sys.modules.get(module)
        super().__init__(vars(found) if found is not None else {})

    def __missing__(self, name: str) -> Any:
        if hasattr(builtins, name):
            return getattr(builtins, name)
        import fargate_stacks

        return getattr(fargate_stacks, name)


def hint_of(annotation: Any, module: str) -> Hint:
    """Turn an annotation as it stands in a module into a check; what cannot be resolved is admitted."""
    if isinstance(annotation, str):
        try:
            annotation = eval(annotation, {}, _Names(module))  # noqa: S307 - the source's own annotations
        except (NameError, AttributeError):  # a user's class with names of its own that only type checkers import
            return _anything(annotation)
    return compile_hint(annotation)


def shown(value: Any) -> str:
    """Give a value as an error message shows it: short, and never a class's repr."""
    if isinstance(value, int) and value.bit_length() > 64:
        text = f"a number of {value.bit_length()} bits"
    elif isinstance(value, (str, int, float, bool, type(None))):
        text = repr(value)
    elif isinstance(value, (list, tuple)):
        text = "[" + ", ".join(shown(one) for one in value) + "]"
    elif isinstance(value, collections.abc.Mapping):
        text = "{" + ", ".join(f"{shown(k)}: {shown(v)}" for k, v in value.items()) + "}"
    elif (name := getattr(value, "name", None)) and isinstance(name, str):
        text = f'{type(value).__name__} "{name}"'
    else:
        text = type(value).__name__ if not isinstance(value, type) else f"the class {value.__name__}"
    return text if len(text) <= 80 else text[:77] + "..."
