"""A CloudFormation template of any origin, as a stack that can be deployed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fargate_stacks.core.template import Template
from fargate_stacks.core.yaml import load
from fargate_stacks.errors import DeployError, RenderError


@dataclass(frozen=True, eq=False)
class Foreign(Template):
    """A template that this project did not make: sections that we never write are kept as they are."""

    whole: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return dict(self.whole)


def read(file: Path, stack: str) -> Template:
    """Read a template, YAML or JSON. Raises DeployError for a file that is none."""
    try:
        text = file.read_text("utf-8")
        whole = json.loads(text) if text.lstrip().startswith("{") else load(text)
    except (ValueError, RenderError) as error:
        raise DeployError(f"{file}: it cannot be read as a template: {error}", exit_code=2) from None
    if not isinstance(whole, dict) or not isinstance(whole.get("Resources"), dict) or not whole["Resources"]:
        raise DeployError(f"{file}: it is no CloudFormation template: it has no Resources", exit_code=2)
    return Foreign(
        name=stack,
        # a loop of the language extensions is no resource; what it makes is known once AWS has read it
        resources={key: one for key, one in whole["Resources"].items() if isinstance(one, dict)},
        parameters=whole.get("Parameters") or {},
        outputs=whole.get("Outputs") or {},
        conditions=whole.get("Conditions") or {},
        metadata=whole.get("Metadata") or {},
        description=str(whole.get("Description", "")),
        # dates are read as dates by YAML, and are the texts of a version to CloudFormation
        whole=json.loads(json.dumps(whole, default=str)),
    )
