"""A rendered stack: plain data, and its two texts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fargate_stacks.core.construct import Source
from fargate_stacks.core.yaml import dump


class Reference(NamedTuple):
    """Where the value of one parameter comes from: an output of another stack of the app."""

    stack: str
    output: str
    length: int | None = None
    """How many values a list has; None for a single value."""


class Owner(NamedTuple):
    """The construct that made a resource."""

    name: str
    kind: str
    source: Source | None

    def __str__(self) -> str:
        return f'{self.kind} "{self.name}"' if self.name else self.kind


@dataclass(frozen=True, eq=False)
class Template:
    """One stack, rendered; everything but `owners` is data that may be printed, compared and sent."""

    name: str
    resources: dict[str, Any]
    parameters: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    conditions: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    description: str = ""
    region: str | None = None
    account: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    termination_protection: bool | None = None
    after: tuple[str, ...] = ()
    """Stacks of the app that must be deployed before this one."""
    references: dict[str, Reference] = field(default_factory=dict)
    """The parameters that the deployer fills from live outputs."""
    local: dict[str, dict[str, str]] = field(default_factory=dict)
    """By parameter, what the deployer needs to know of this machine; never part of the text."""
    owners: dict[str, Owner] = field(default_factory=dict)
    """By logical id, the construct that made a resource and its line; never part of the text."""

    def to_dict(self) -> dict[str, Any]:
        """Give the template as CloudFormation reads it."""
        sections = {
            "AWSTemplateFormatVersion": "2010-09-09",
            "Description": self.description,
            "Metadata": self.metadata,
            "Parameters": self.parameters,
            "Conditions": self.conditions,
            "Resources": self.resources,
            "Outputs": self.outputs,
        }
        return {key: value for key, value in sections.items() if value or key == "Resources"}

    def to_json(self) -> str:
        """Give the template as indented JSON, everything outside ASCII escaped."""
        return json.dumps(self.to_dict(), indent=2) + "\n"

    def to_yaml(self, *, long_form: bool = False) -> str:
        """Give the template as YAML with a comment line for each construct.

        `long_form` writes `Fn::GetAtt: [A, Arn]` for scanners that do not read `!GetAtt A.Arn`.
        """
        text = dump(self.to_dict(), long_form=long_form)
        return "".join(self._commented(text))

    def _commented(self, text: str) -> Iterator[str]:
        section = ""
        last: Owner | None = None
        for line in text.rstrip("\n").split("\n"):
            if line[:1] not in ("", " "):
                section = line
            elif section == "Resources:" and line[:2] == "  " and line[2] != " ":
                # two spaces deep in Resources stands nothing but logical ids, which need no quotes
                owner = self.owners.get(line.strip().rstrip(":"))
                if owner is not None and owner != last:
                    yield f"\n  # {owner.kind} {owner.name}".rstrip() + "\n"
                    last = owner
            yield line + "\n"
