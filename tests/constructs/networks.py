"""What the tests of networks share: a rendered VPC, a look into it, and the text of a refusal."""

from __future__ import annotations

from typing import Any

import pytest

from fargate_stacks.constructs.network import Vpc
from fargate_stacks.core.render import render
from fargate_stacks.core.stack import App, Stack
from fargate_stacks.core.template import Template
from fargate_stacks.errors import SpecError


def template(vpc: Vpc, **options: Any) -> Template:
    return render(App([Stack("net", [vpc], **options)]))["net"]


def refusal(make: Any) -> str:
    with pytest.raises(SpecError) as caught:
        make()
    return str(caught.value)


def of_type(one: Template, kind: str) -> dict[str, Any]:
    found = one.resources.items()
    return {logical_id: body.get("Properties", {}) for logical_id, body in found if body["Type"] == kind}
