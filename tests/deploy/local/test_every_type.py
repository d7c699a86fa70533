"""Every construct with everything that it can make, on the local cloud."""

from __future__ import annotations

import ast
import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import fargate_stacks
from fargate_stacks import App, Stack, Template, render
from tests.localcloud import CAPABILITIES, Cloud
from tests.test_ids import everything

SOURCES = Path(fargate_stacks.__file__).parent
BUILDERS = [path for part in ("constructs", "providers", "core") for path in sorted((SOURCES / part).rglob("*.py"))]

NOT_IMITATED: dict[str, str] = {}
"""By type: why the local cloud does not make it; the same stands in docs/local.md."""


def emitted() -> set[str]:
    """Give the resource types whose classes our constructs name."""
    return {kind for path in BUILDERS for kind in _named(ast.parse(path.read_text("utf-8")))}


def _named(tree: ast.Module) -> Iterator[str]:
    modules: dict[str, ModuleType] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("troposphere", "fargate_stacks.core")):
            for name in node.names:
                found = _member(str(node.module), name.name)
                if isinstance(found, ModuleType):
                    modules[name.asname or name.name] = found
                else:
                    yield from _type(found)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            yield from _type(getattr(modules[node.value.id], node.attr, None))


def _member(module: str, name: str) -> Any:
    found = getattr(importlib.import_module(module), name, None)
    return importlib.import_module(f"{module}.{name}") if found is None else found


def _type(found: Any) -> Iterator[str]:
    kind = getattr(found, "resource_type", None)
    # the class of all custom resources is none itself
    if isinstance(kind, str) and kind != "AWS::CloudFormation::CustomResource":
        yield kind


def whole(cloud: Cloud) -> Template:
    """Create the stack of everything, and give its template."""
    template = render(App([Stack("all", everything(), removal="remove")]))["all"]
    zone = cloud.api("route53").create_hosted_zone(Name="example.com", CallerReference="all")["HostedZone"]["Id"]
    body = template.to_json().replace('"Z1"', json.dumps(zone.rpartition("/")[2]))
    bucket, s3 = f"templates-{cloud.account}", cloud.api("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="all.json", Body=body.encode())
    url = f"https://{bucket}.s3.amazonaws.com/all.json"
    cloud.api("cloudformation").create_stack(StackName="all", TemplateURL=url, Capabilities=CAPABILITIES)
    stack = cloud.settled("all", 60)
    failed = [one.get("ResourceStatusReason") for one in cloud.history("all") if "FAILED" in one["ResourceStatus"]]
    assert stack["StackStatus"] == "CREATE_COMPLETE", failed
    return template


def test_every_type_that_we_emit_is_made_and_taken_away(cloud: Cloud) -> None:
    template = whole(cloud)
    assert emitted() - {one["Type"] for one in template.resources.values()} == set(NOT_IMITATED)
    assert cloud.delete("all")["StackStatus"] == "DELETE_COMPLETE"
    left = {event["LogicalResourceId"]: event["ResourceStatus"] for event in cloud.history(_id(cloud))}
    assert {status for name, status in left.items() if name != "all"} <= {"DELETE_COMPLETE", "DELETE_SKIPPED"}


def _id(cloud: Cloud) -> str:
    listed = cloud.api("cloudformation").list_stacks()["StackSummaries"]
    return str(next(one["StackId"] for one in listed if one["StackName"] == "all"))
