"""Every resource that a construct of ours can make, read back by the call of its own service, property by property."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.deploy.local.test_every_type import whole
from tests.deploy.local.told import NO_CALLS, READERS, UNTOLD
from tests.localcloud import _ACCOUNTS, Cloud


class Deployed:
    """The stack of everything: the properties as CloudFormation resolved them, and the physical ids."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.template = whole(cloud)
        self.physical = cloud.physical("all")
        self.said = {
            one["LogicalResourceId"]: json.loads(one["ResourceProperties"])
            for one in cloud.history("all")
            if one.get("ResourceProperties")
        }

    def of(self, kind: str) -> list[str]:
        return [name for name, one in self.template.resources.items() if one["Type"] == kind]


@pytest.fixture(scope="module")
def deployed(local_endpoint: str) -> Iterator[Deployed]:
    made = Deployed(Cloud(local_endpoint, str(next(_ACCOUNTS))))
    yield made
    # its functions are processes that would stay
    assert made.cloud.delete("all")["StackStatus"] == "DELETE_COMPLETE"


@pytest.mark.parametrize("kind", READERS)
def test_what_the_service_tells_is_what_the_template_says(deployed: Deployed, kind: str) -> None:
    names = deployed.of(kind)
    assert names, "no construct makes it any more"
    assert [f"{name}{problem}" for name in names for problem in compared(deployed, kind, name)] == []


def test_every_type_is_read_back(deployed: Deployed) -> None:
    assert {one["Type"] for one in deployed.template.resources.values()} == READERS.keys() | NO_CALLS


def compared(deployed: Deployed, kind: str, name: str) -> Iterator[str]:
    said = deployed.said.get(name, {})
    told = READERS[kind](deployed.cloud, deployed.physical[name], said)
    untold = UNTOLD.get(kind, "").split()
    for key, value in said.items():
        if key not in untold:
            yield from differences(value, told, f".{key}", key)


def differences(said: Any, told: Any, path: str, key: str) -> Iterator[str]:
    """Say where a record lacks what the template says, whatever the case of names and the type of numbers."""
    names = {plain(one): one for one in told} if isinstance(told, Mapping) else {}
    if plain(key) not in names:
        yield f"{path} is not told"
    else:
        yield from unlike(said, told[names[plain(key)]], path)


def unlike(said: Any, told: Any, path: str) -> Iterator[str]:
    if isinstance(said, str) and said.startswith("{{resolve:"):
        return
    if isinstance(said, Mapping) and isinstance(told, Mapping):
        for key, value in said.items():
            yield from differences(value, told, f"{path}.{key}", key)
    elif isinstance(said, list) and isinstance(told, Mapping) and "Quantity" in told:
        # as CloudFront has its lists
        yield from unlike(said, told.get("Items", []), path)
    elif isinstance(said, list) and isinstance(told, list):
        yield from unlike_lists(said, told, path)
    elif text(said) != text(told):
        yield f"{path} is {told!r}, the template says {said!r}"


def unlike_lists(said: list[Any], told: list[Any], path: str) -> Iterator[str]:
    # tags, attributes and the like come in any order, and AWS adds its own
    for number, one in enumerate(said):
        if not any(not list(unlike(one, other, path)) for other in told):
            nearest = told[number] if number < len(told) else None
            yield f"{path}[{number}] is {nearest!r}, the template says {one!r}"


def plain(name: str) -> str:
    return re.sub(r"[^a-z0-9*/.:]", "", name.lower())


def text(value: Any) -> str:
    if isinstance(value, float) and value == int(value):
        value = int(value)
    # Route 53 ends names with a dot
    return str(value).lower() if isinstance(value, bool) else str(value).removesuffix(".")
