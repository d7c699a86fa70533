"""CloudFormation's YAML, written and read: short intrinsics, no aliases, the same text for the same data."""

from __future__ import annotations

import re
from typing import Any

import yaml

try:
    from yaml import CSafeDumper as _SafeDumper
    from yaml import CSafeLoader as _SafeLoader
except ImportError:  # PyYAML built without libyaml: slower, and the same text but for line wraps
    from yaml import SafeDumper as _SafeDumper  # type: ignore[assignment]
    from yaml import SafeLoader as _SafeLoader  # type: ignore[assignment]

from fargate_stacks.errors import RenderError

_SHORT = {
    "Ref": "!Ref",
    **{
        f"Fn::{name}": f"!{name}"
        for name in (
            "And Base64 Cidr Equals FindInMap GetAZs GetAtt If ImportValue Join Not Or Select Split Sub Transform"
        ).split()
    },
}
_LONG = {short: long for long, short in _SHORT.items()} | {"!Condition": "Condition"}
# YAML 1.2 and Java readers see numbers in more words than YAML 1.1 does: 1e3, 0o17, 12e4567
_NUMBER_LIKE = re.compile(r"[-+.]?\d[\d_.:eExXoO+-]*\Z")


class _Long(_SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


class _Short(_Long):
    pass


def _block(value: str) -> str | None:
    """The style of text with lines: a block, but not where the line breaks at its end would count (`|+`),
    since the blank line before a construct's comment would then be one more.
    """
    if "\n" not in value:
        return None
    return '"' if value.endswith("\n\n") or value == "\n" else "|"


def _text(dumper: Any, value: str) -> Any:
    style = _block(value) or ("'" if _NUMBER_LIKE.match(value) else None)
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


def _short(dumper: Any, data: dict[str, Any]) -> Any:
    if len(data) == 1:
        ((key, value),) = data.items()
        tag = _SHORT.get(key)
        if tag:
            if isinstance(value, str) and key != "Fn::GetAtt" and (value or key == "Fn::GetAZs"):
                style = _block(value) or (None if value else "'")
                return dumper.represent_scalar(tag, value, style=style)
            if isinstance(value, list):
                dotted = key == "Fn::GetAtt" and len(value) == 2 and all(isinstance(v, str) for v in value)
                if dotted and value[0] and value[1] and "." not in value[0]:
                    return dumper.represent_scalar(tag, ".".join(value))
                if key not in ("Ref", "Fn::Transform"):
                    return dumper.represent_sequence(tag, value)
    return dumper.represent_dict(data.items())


_Long.add_representer(str, _text)
_Long.add_representer(dict, lambda dumper, data: dumper.represent_dict(data.items()))
_Short.add_representer(str, _text)
_Short.add_representer(dict, _short)


def dump(data: dict[str, Any], *, long_form: bool = False) -> str:
    """Write plain data as YAML, keys in the order given."""
    text: str = yaml.dump(
        data,
        Dumper=_Long if long_form else _Short,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
        width=2**31 - 1,
    )
    return text


class Loader(_SafeLoader):
    """Reads what CloudFormation reads."""


# CloudFormation has no dates: 2012-10-17 is text
Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in _SafeLoader.yaml_implicit_resolvers.items()
}


def _intrinsic(loader: Any, suffix: str, node: yaml.Node) -> dict[str, Any]:
    key = _LONG.get(f"!{suffix}", f"Fn::{suffix}")
    if isinstance(node, yaml.ScalarNode):
        value: Any = node.value
        if key == "Fn::GetAtt" and "." in value:
            value = value.split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {key: value}


Loader.add_multi_constructor("!", _intrinsic)


def load(text: str) -> dict[str, Any]:
    """Read a template, YAML or JSON; short intrinsics come back in their long form.

    Raises RenderError with the line when the text is not YAML or not a mapping.
    """
    try:
        data = yaml.load(text, Loader=Loader)
    except yaml.YAMLError as error:
        raise RenderError(f"template: not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(data, dict):
        raise RenderError(f"template: a mapping is wanted, got {type(data).__name__}")
    return data
