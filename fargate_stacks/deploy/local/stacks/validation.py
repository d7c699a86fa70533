"""What CloudFormation refuses before it starts, in its own words."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ministack.services.cloudformation import engine

from fargate_stacks.deploy.local.stacks import formats, graph
from fargate_stacks.deploy.local.stacks.events import Record

_PSEUDO = frozenset(
    "AWS::AccountId AWS::NotificationARNs AWS::NoValue AWS::Partition AWS::Region AWS::StackId AWS::StackName "
    "AWS::URLSuffix".split()
)


def supported(original: Callable[..., Any]) -> Callable[..., None]:
    """Give the emulator's check of a template with what it lets pass."""

    def check(template: Record, conditions: Record, params: Record | None = None) -> None:
        if not isinstance(template.get("Resources"), dict) or not template["Resources"]:
            raise ValueError("Template format error: At least one Resources member must be defined.")
        if not template.get("Transform"):
            _typed(template)
            formats.check(template)
            _known(template)
        original(template, conditions, params=params)
        if not template.get("Transform"):
            ring = graph.cycle(graph.dependencies(template["Resources"], template["Resources"]))
            if ring:
                raise ValueError(f"Circular dependency between resources: [{', '.join(ring)}]")

    return check


def transforms(original: Callable[..., Record]) -> Callable[..., Record]:
    """Give the emulator's transforms; what SAM objects to, and that it is not here, is told as AWS tells it.

    AWS's servers perform SAM's transform with aws-sam-translator, which is taken where it is installed.
    """

    def transform(template: Record, *given: Any) -> Record:
        if _SAM not in engine.declared_transforms(template):
            return original(template, *given)
        said = f"the local cloud needs aws-sam-translator for it; {_SAM_PIP}"
        try:
            importlib.import_module("samtranslator")
            return original(template, *given)
        except ImportError:
            pass
        except Exception as error:
            said = str(getattr(error, "message", error))
        failed: Record = engine._TransformFailed(template, f"Transform {_SAM} failed with: {said}")
        return failed

    return transform


_SAM = "AWS::Serverless-2016-10-31"
_SAM_PIP = "pip install aws-sam-translator, in the environment of fargate-stacks, and start it anew"


def parameters(original: Callable[..., Any]) -> Callable[..., Any]:
    """Give the emulator's reading of parameters with what it lets pass."""

    def resolve(template: Record, provided: list[Record], previous: Record | None = None) -> Any:
        declared = template.get("Parameters", {})
        given = {one["Key"]: one for one in provided}
        surplus = [name for name in given if name not in declared]
        if surplus:
            raise ValueError(f"Parameters: [{', '.join(surplus)}] do not exist in the template")
        missing = [
            name
            for name, one in declared.items()
            if "Default" not in one and not _has_value(given.get(name), name, previous or {})
        ]
        if missing:
            raise ValueError(f"Parameters: [{', '.join(missing)}] must have values")
        return formats.reworded(lambda: original(template, provided, previous))

    return resolve


def _has_value(given: Record | None, name: str, previous: Record) -> bool:
    return given is not None and (not given.get("UsePreviousValue") or name in previous)


def _typed(template: Record) -> None:
    for name, resource in template["Resources"].items():
        if not isinstance(resource, dict):
            raise ValueError("Template format error: Every Resources object must contain a Type member.")
        if not isinstance(resource.get("Type"), str):
            raise ValueError(
                f"Template format error: [/Resources/{name}] Every Resources object must contain a Type member."
            )
        extra = sorted(resource.keys() - _ATTRIBUTES)
        if extra:
            raise ValueError(f"Invalid template resource property '{extra[0]}'")
        condition = resource.get("Condition")
        if condition and condition not in template.get("Conditions", {}):
            raise ValueError(
                f"Template format error: Unresolved condition dependency {condition} in the Resources block of the "
                "template"
            )


_ATTRIBUTES = frozenset(
    "Type Properties DependsOn Condition Metadata DeletionPolicy UpdateReplacePolicy UpdatePolicy CreationPolicy "
    "IgnoreDrift".split()
)


def _known(template: Record) -> None:
    resources = template["Resources"]
    names = resources.keys() | template.get("Parameters", {}).keys() | _PSEUDO
    for block, part in (("Resources", resources), ("Outputs", template.get("Outputs", {}))):
        lost = sorted({name for name in _referred(part, resources) if name not in names})
        if lost:
            raise ValueError(
                f"Template format error: Unresolved resource dependencies [{', '.join(lost)}] in the {block} block of "
                "the template"
            )


def _referred(part: Mapping[str, Any], resources: Mapping[str, Any]) -> Iterator[str]:
    for name, one in part.items():
        if not isinstance(one, Mapping):
            continue
        found = one.get("Properties", {}) if name in resources and one is resources[name] else one
        yield from (name.partition(".")[0] for name, _ in engine._intrinsic_references(found))
        needs = one.get("DependsOn", ())
        yield from [needs] if isinstance(needs, str) else needs
