"""`--set key=value`: the arguments of the function that returns the app."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Literal, Union

from fargate_stacks.core.construct import nearest
from fargate_stacks.errors import LoadError

_TRUE = ("true", "yes", "on", "1")
_FALSE = ("false", "no", "off", "0")


def arguments(function: Callable[..., object], settings: Mapping[str, str], who: str) -> dict[str, object]:
    """Give the keyword arguments that the settings mean, converted by the function's annotations.

    An empty text is None where the annotation admits it. Raises LoadError for an unknown key, a text that
    does not convert and an argument that has neither a default nor a setting.
    """
    signature = inspect.signature(function)
    known = {
        name: one
        for name, one in signature.parameters.items()
        if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)
    }
    for key in settings:
        if key not in known:
            hint = nearest(key, known) or "; " + (f"it takes {', '.join(known)}" if known else "it takes no arguments")
            raise LoadError(f"{who}: there is no argument {key} for --set{hint}")
    missing = [name for name, one in known.items() if one.default is one.empty and name not in settings]
    if missing:
        cure = " ".join(f"--set {name}=..." for name in missing)
        raise LoadError(f"{who}: {' and '.join(missing)} must be given; add {cure}")
    hints = _hints(function)
    return {key: _convert(text, hints.get(key, str), f"{who}: --set {key}={text}") for key, text in settings.items()}


def _hints(function: Callable[..., object]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function)
    except NameError:  # names that only type checkers import: such an argument takes its text
        return {}


def _convert(text: str, hint: Any, who: str) -> object:
    origin = typing.get_origin(hint)
    if origin is Union or origin is types.UnionType:
        return _convert_union(text, typing.get_args(hint), who)
    if origin is Literal:
        return _choose(text, {str(one): one for one in typing.get_args(hint)}, who)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _choose(text, {str(one.value): one for one in hint} | dict(hint.__members__), who)
    if hint is bool:
        if text.lower() in _TRUE + _FALSE:
            return text.lower() in _TRUE
        raise LoadError(f"{who}: write true or false")
    if hint is int or hint is float:
        try:
            return hint(text)
        except ValueError:
            word = "a whole number" if hint is int else "a number"
            raise LoadError(f"{who}: this is not {word}") from None
    if hint is str or hint is Any or hint is object:
        return text
    name = getattr(hint, "__name__", str(hint))
    raise LoadError(f"{who}: a text cannot become {name}; let the function take a str")


def _convert_union(text: str, choices: tuple[Any, ...], who: str) -> object:
    if not text and type(None) in choices:
        return None
    # str takes any text, so it is asked last
    rest = [one for one in choices if one is not type(None) and one is not str]
    for one in [*rest, *[one for one in choices if one is str]]:
        try:
            return _convert(text, one, who)
        except LoadError as error:
            problem = error
    raise problem


def _choose(text: str, choices: Mapping[str, object], who: str) -> object:
    if text in choices:
        return choices[text]
    raise LoadError(f"{who}: choose one of {', '.join(choices)}{nearest(text, choices)}")
