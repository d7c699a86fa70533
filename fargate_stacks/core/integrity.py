"""What must hold of a whole template: every reference resolves, no limit is passed, no DependsOn is redundant."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from fargate_stacks.core.construct import nearest
from fargate_stacks.core.template import Owner, Template
from fargate_stacks.errors import RenderError, made_at

_PSEUDO = {
    "AWS::AccountId", "AWS::NotificationARNs", "AWS::NoValue", "AWS::Partition", "AWS::Region", "AWS::StackId",
    "AWS::StackName", "AWS::URLSuffix",
}  # fmt: skip
_IN_SUB = re.compile(r"\$\{([^!}][^}]*)\}")
# CloudFormation quotas, user guide "Understand CloudFormation quotas"
_RESOURCES, _PARAMETERS, _OUTPUTS, _BYTES = 500, 200, 200, 1_000_000


def targets(value: Any) -> Iterator[str]:
    """Give every name that a value refers to by Ref, Fn::GetAtt or Fn::Sub."""
    if isinstance(value, dict):
        for key, one in value.items():
            if key == "Ref" and isinstance(one, str):
                yield one
            elif key == "Fn::GetAtt":
                name = one.split(".")[0] if isinstance(one, str) else one[0] if one else ""
                if isinstance(name, str):
                    yield name
            elif key == "Fn::Sub":
                text, names = (one[0], one[1]) if isinstance(one, list) and len(one) == 2 else (one, {})
                yield from targets(names)
                if isinstance(text, str):
                    for found in _IN_SUB.findall(text):
                        if found.strip() not in names:
                            yield found.strip().split(".")[0]
            else:
                yield from targets(one)
    elif isinstance(value, list):
        for one in value:
            yield from targets(one)


def check_references(
    who: str,
    resources: Mapping[str, Any],
    parameters: Mapping[str, Any],
    outputs: Mapping[str, Any],
    owners: Mapping[str, Owner],
) -> None:
    """Raise RenderError for a Ref, GetAtt, Sub or DependsOn that leads nowhere."""
    known = {*resources, *parameters, *_PSEUDO}
    for logical_id, body in resources.items():
        with made_at(owners[logical_id].source):
            _check_resource(f"{who}: {owners[logical_id]}: {logical_id}", body, resources, known)
    for name, output in outputs.items():
        for target in targets(output):
            if target not in known:
                raise RenderError(
                    f"{who}: output {name} refers to {target}, which is not in the template{nearest(target, known)}"
                )


def _check_resource(label: str, body: Mapping[str, Any], resources: Mapping[str, Any], known: set[str]) -> None:
    for name in targets({key: one for key, one in body.items() if key != "DependsOn"}):
        if name not in known:
            raise RenderError(f"{label} refers to {name}, which is not in the template{nearest(name, known)}")
    for name in body.get("DependsOn", []):
        if name not in resources:
            raise RenderError(f"{label} depends on {name}, which is not in the stack{nearest(name, resources)}")


def prune_dependencies(resources: dict[str, Any]) -> None:
    """Leave out every DependsOn that a reference already says (cfn-lint W3005), directly or over others."""
    graph = {logical_id: {t for t in targets(body) if t in resources} for logical_id, body in resources.items()}
    known: dict[str, set[str]] = {}

    def reached(start: str) -> set[str]:
        if start not in known:
            known[start] = set()  # a ring is CloudFormation's to refuse, not ours to loop in
            known[start] = set().union(graph[start], *(reached(one) for one in graph[start]))
        return known[start]

    for logical_id, body in resources.items():
        waits = body.get("DependsOn", [])
        over_others = set().union(reached(logical_id), *(reached(one) for one in waits if one in graph))
        left = [name for name in waits if name not in over_others]
        if left:
            body["DependsOn"] = left
        elif waits:
            del body["DependsOn"]


def check_limits(who: str, template: Template) -> None:
    """Raise RenderError at CloudFormation's quotas."""
    for what, count, limit in (
        ("resources", len(template.resources), _RESOURCES),
        ("parameters", len(template.parameters), _PARAMETERS),
        ("outputs", len(template.outputs), _OUTPUTS),
    ):
        if count > limit:
            raise RenderError(f"{who}: {count} {what}, CloudFormation takes {limit}; move constructs to another stack")
    if not template.resources:
        raise RenderError(f"{who}: it has no resource, and CloudFormation refuses an empty stack; add a member")
    if len(json.dumps(template.to_dict())) > _BYTES:
        raise RenderError(f"{who}: more than {_BYTES} bytes, CloudFormation's limit; move constructs to another stack")
