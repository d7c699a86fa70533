"""CloudFormation's own schemas of resource types, as cfn-lint carries them: read as files, cfn-lint is not imported."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from fargate_stacks.errors import DeployError


class Schema:
    """What CloudFormation knows of a resource type."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.raw = raw

    @cached_property
    def create_only(self) -> frozenset[str]:
        """The properties whose change replaces the resource."""
        return frozenset(_top(self.raw.get("createOnlyProperties", ())))

    @cached_property
    def conditional(self) -> frozenset[str]:
        """The properties whose change may replace it: it depends on the values, or on a part of them."""
        parts = (path.split("/")[2] for path in self.raw.get("createOnlyProperties", ()))
        return frozenset(_top(self.raw.get("conditionalCreateOnlyProperties", ()))) | set(parts) - self.create_only

    @cached_property
    def tag_property(self) -> str:
        """The property that holds its tags; empty where it takes none."""
        tagging = self.raw.get("tagging", {})
        return str(tagging.get("tagProperty", "/properties/Tags")).rpartition("/")[2] if tagging.get("taggable") else ""

    @cached_property
    def tag_shape(self) -> str:
        """How it takes them: as a `map`, or as a `list` of keys and values."""
        told = self.raw.get("properties", {}).get(self.tag_property, {})
        return "map" if told.get("type") == "object" else "list"


def _top(paths: Any) -> Iterator[str]:
    return (path.split("/")[2] for path in paths if path.count("/") == 2)


@cache
def schema(resource_type: str) -> Schema | None:
    """Give the schema of a resource type, or None where AWS has published none."""
    name = _index().get(resource_type)
    if name is None:
        return None
    return Schema(json.loads((_folder() / "resources" / f"{name}.json").read_text("utf-8")))


@cache
def _index() -> dict[str, str]:
    found: dict[str, str] = json.loads((_folder() / "providers" / "us-east-1.json").read_text("utf-8"))
    return found


@cache
def _folder() -> Path:
    found = importlib.util.find_spec("cfnlint")
    folder = Path((found.submodule_search_locations or [""])[0] if found else "") / "data" / "schemas"
    if not (folder / "providers" / "us-east-1.json").is_file():
        raise DeployError("local: cfn-lint>=1.58 is not installed; pip install 'fargate-stacks[local]'", exit_code=2)
    return folder


class CreateOnly(dict[str, tuple[str, ...]]):
    """The create-only properties by type, in the shape in which the emulator asks for them; read when asked."""

    def get(self, resource_type: str, default: Any = None) -> Any:
        found = schema(resource_type)
        return default if found is None else tuple(found.create_only)


class Conditional(CreateOnly):
    """The properties whose change may replace, likewise."""

    def get(self, resource_type: str, default: Any = None) -> Any:
        found = schema(resource_type)
        return default if found is None else tuple(found.conditional)
