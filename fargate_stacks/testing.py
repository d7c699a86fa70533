"""For the tests of an `infra.py`: its app, its templates as reviewed files, and a look into one template.

The fixture `stack_snapshots` needs syrupy (`pip install syrupy`) and no import:

    def test_every_stack_is_as_reviewed(stack_snapshots):
        stack_snapshots(load_app())
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from fargate_stacks.cli import load
from fargate_stacks.core.construct import nearest
from fargate_stacks.core.stack import App
from fargate_stacks.core.template import Template


def load_app(
    target: str | None = None, settings: Mapping[str, str] = MappingProxyType({}), *, folder: str | Path = "."
) -> App:
    """Give the app that the command line would find in a folder.

    `target` is what --app takes, `settings` what --set takes. By default the app of infra.py in the current folder,
    called without arguments where it is a function. Raises LoadError.
    """
    return load.load_app(target, settings, Path(folder).resolve())


def resources_of_type(template: Template, resource_type: str) -> dict[str, dict[str, Any]]:
    """Give the resources of one type, such as `AWS::ECS::Service`, by logical id; empty when there is none."""
    return {
        logical_id: resource for logical_id, resource in template.resources.items() if resource["Type"] == resource_type
    }


def properties(template: Template, logical_id: str) -> dict[str, Any]:
    """Give the properties of one resource. Raises LookupError, with the nearest logical id, when there is none."""
    if logical_id not in template.resources:
        hint = nearest(logical_id, template.resources)
        raise LookupError(f"stack {template.name}: there is no resource {logical_id}{hint}")
    found: dict[str, Any] = template.resources[logical_id].get("Properties", {})
    return found
