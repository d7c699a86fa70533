"""Run containers on AWS Fargate through CloudFormation.

The public names are imported when they are first used, so an `infra.py` pays for what it names and no more.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fargate_stacks.core.construct import Construct, Value, construct
    from fargate_stacks.core.render import render
    from fargate_stacks.core.stack import App, Stack
    from fargate_stacks.core.template import Template
    from fargate_stacks.core.values import Attr, Param, sub
    from fargate_stacks.errors import DeployError, FargateStacksError, LoadError, RenderError, SpecError

_HOMES = {
    "core.construct": ("Construct", "Value", "construct"),
    "core.render": ("render",),
    "core.stack": ("App", "Stack"),
    "core.template": ("Template",),
    "core.values": ("Attr", "Param", "sub"),
    "errors": ("DeployError", "FargateStacksError", "LoadError", "RenderError", "SpecError"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "App",
    "Attr",
    "Construct",
    "DeployError",
    "FargateStacksError",
    "LoadError",
    "Param",
    "RenderError",
    "SpecError",
    "Stack",
    "Template",
    "Value",
    "construct",
    "render",
    "sub",
]


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *__all__]
