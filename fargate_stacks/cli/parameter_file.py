"""`--parameters FILE`: values of template parameters, in every form in which they are usually kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fargate_stacks.errors import DeployError

_CURE = (
    "write KEY: value or STACK: {KEY: value}, as YAML or JSON, or the list that aws cloudformation takes "
    "(ParameterKey and ParameterValue, or KEY=VALUE)"
)
_PIPELINE = {"Parameters", "Tags", "StackPolicy"}


def read_parameters(file: Path | None) -> dict[str, str]:
    """Read values by KEY or STACK.KEY from YAML or JSON, and from the files of AWS's command line and CodePipeline.

    Numbers and words like `true` stay the text that was written; a list becomes one text with commas. What is to keep
    its previous value is left out. Raises DeployError for anything else.
    """
    if file is None:
        return {}
    try:
        found = _parsed(file.read_text("utf-8"))
    except ValueError as error:
        raise DeployError(f"{file}: it cannot be read: {error}; {_CURE}", exit_code=2) from None
    values: dict[str, str] = {}
    for key, value in _pairs(found, file):
        if key in values:
            raise DeployError(f"{file}: {key} is given twice", exit_code=2)
        values[key] = value
    return values


def _parsed(text: str) -> Any:
    if text.lstrip().startswith(("{", "[")):
        import json

        # a number is a text to CloudFormation: an account's leading zero and 1.10 must stay
        return json.loads(text, parse_int=str, parse_float=str)
    import yaml

    try:
        return yaml.load(text, yaml.BaseLoader)  # every scalar stays the text that it is
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from None


def _pairs(found: Any, file: Path) -> Iterator[tuple[str, str]]:
    if isinstance(found, list):
        for number, one in enumerate(found, start=1):
            yield from _listed(one, number, file)
        return
    if not isinstance(found, dict):
        raise DeployError(f"{file}: it holds no values; {_CURE}", exit_code=2)
    if isinstance(found.get("Parameters"), dict) and set(found) <= _PIPELINE:
        found = found["Parameters"]
    for key, value in found.items():
        if isinstance(value, dict):
            for inner, one in value.items():
                yield f"{key}.{inner}", _text(one, f"{key}.{inner}", file)
        else:
            yield key, _text(value, key, file)


def _listed(one: Any, number: int, file: Path) -> Iterator[tuple[str, str]]:
    if isinstance(one, str) and "=" in one:
        key, _, value = one.partition("=")
        yield key, value
    elif isinstance(one, dict) and "ParameterKey" in one:
        if str(one.get("UsePreviousValue", "")).lower() != "true":
            yield one["ParameterKey"], _text(one.get("ParameterValue"), one["ParameterKey"], file)
    else:
        # by its place: what stands there may be a secret
        raise DeployError(f"{file}: item {number} of the list is no parameter; {_CURE}", exit_code=2)


def _text(value: Any, key: str, file: Path) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case list():
            return ",".join(_text(one, key, file) for one in value)
    got = "nothing" if value is None else f"a {type(value).__name__}"
    raise DeployError(f"{file}: {key} has no value that is a text, a number or a list, got {got}", exit_code=2)
