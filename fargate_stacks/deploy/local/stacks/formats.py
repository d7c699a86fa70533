"""The format of a template, and what its typed parameters must name, in CloudFormation's own words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ministack.services import ec2
from ministack.services.cloudformation import engine

from fargate_stacks.deploy.local.schemas import schema
from fargate_stacks.deploy.local.stacks.events import STACK, Record

_SECTIONS = frozenset(
    "AWSTemplateFormatVersion Description Metadata Parameters Rules Mappings Conditions Transform Hooks Resources "
    "Outputs".split()
)
_TYPES = re.compile(
    r"String|Number|CommaDelimitedList|List<(Number|String|AWS::[\w:]+)>|AWS::(EC2|Route53|SSM)::[\w:]+(<.+>)?"
)


def check(template: Mapping[str, Any]) -> None:
    """Raise ValueError with the first mistake."""
    version = template.get("AWSTemplateFormatVersion")
    if version is not None and str(version) != "2010-09-09":
        raise ValueError("Template format error: unsupported value for AWSTemplateFormatVersion.")
    unknown = sorted(template.keys() - _SECTIONS)
    if unknown:
        raise ValueError(f"Invalid template property or properties [{', '.join(unknown)}]")
    for one in (template.get("Parameters") or {}).values():
        if not isinstance(one, Mapping) or "Type" not in one:
            raise ValueError("Template format error: Every Parameters object must contain a Type member.")
        if not _TYPES.fullmatch(str(one["Type"])):
            raise ValueError(f"Template format error: Unrecognized parameter type: {one['Type']}")
    for name in template["Resources"]:
        if not re.fullmatch(r"[A-Za-z0-9]+", name):
            raise ValueError(f"Template format error: Resource name {name} is non alphanumeric.")
    for one in (template.get("Outputs") or {}).values():
        if not isinstance(one, Mapping) or "Value" not in one:
            raise ValueError("Template format error: Every Outputs member must contain a Value object")
    for name, one in template["Resources"].items():
        needs = one.get("DependsOn", ())
        itself = [found for found, _ in engine._intrinsic_references(one.get("Properties", {}))]
        if name in itself or name in ([needs] if isinstance(needs, str) else needs):
            raise ValueError(f"Circular dependency between resources: [{name}]")
    _attributes(template)


def _attributes(template: Mapping[str, Any]) -> None:
    resources = template["Resources"]
    parts = [one.get("Properties", {}) for one in resources.values()]
    parts += [one["Value"] for one in (template.get("Outputs") or {}).values()]
    for part in parts:
        for name, attribute in engine._intrinsic_references(part):
            kind = resources.get(name, {}).get("Type", STACK)
            if not attribute or kind == STACK or kind.startswith("Custom::"):
                continue
            found = schema(kind)
            if found is not None and attribute.partition(".")[0] not in found.raw.get("properties", {}):
                raise ValueError(
                    f"Template error: resource {name} does not support attribute type {attribute} in Fn::GetAtt"
                )


def reworded(resolve: Callable[[], Any]) -> Any:
    """Resolve parameters; what the emulator says of a wrong value is told as CloudFormation tells it."""
    try:
        return resolve()
    except ValueError as error:
        said = str(error)
        wrong = re.fullmatch(r"Parameter '(\w+)' value '.*' is not in AllowedValues: .*", said, re.DOTALL)
        if wrong:
            raise ValueError(f"Parameter '{wrong.group(1)}' must be one of AllowedValues") from error
        lost = re.fullmatch(r"Parameter '\w+' failed to resolve: SSM parameter '(.*)' does not exist", said)
        if lost:
            raise ValueError(
                f"Unable to fetch parameters [{lost.group(1)}] from parameter store for this account."
            ) from error
        raise


def missing(template: Mapping[str, Any], values: Mapping[str, Record]) -> str:
    """Say which values of typed parameters name nothing that is there; empty when all do."""
    return ", ".join(
        f"parameter value {value} for parameter name {name} does not exist"
        for name, one in (template.get("Parameters") or {}).items()
        for value in _named(str(one.get("Type", "")), values.get(name, {}))
    )


def _named(kind: str, value: Record) -> Iterator[str]:
    stores = {
        "AWS::EC2::VPC::Id": ec2._vpcs,
        "AWS::EC2::Subnet::Id": ec2._subnets,
        "AWS::EC2::SecurityGroup::Id": ec2._security_groups,
    }
    store = stores.get(kind.removeprefix("List<").removesuffix(">"))
    if store is None:
        return
    found = value.get("Value", "")
    for one in found if isinstance(found, list) else str(found).split(","):
        if one.strip() not in store:
            yield one.strip()
