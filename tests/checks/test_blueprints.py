"""What we hand out passes our own rules: no error, no warning."""

from __future__ import annotations

from pathlib import Path

import pytest

from fargate_stacks import render
from fargate_stacks.checks.rules import apply_rules
from fargate_stacks.testing import load_app

BLUEPRINTS = sorted((Path(__file__).parents[2] / "blueprints").glob("[!_]*.py"))


@pytest.mark.parametrize("file", BLUEPRINTS, ids=lambda file: file.stem)
def test_a_blueprint_has_infos_at_most(file: Path) -> None:
    findings = apply_rules(render(load_app(file.name, folder=file.parent)))
    assert [f"{one.code} {one.where}: {one.message}" for one in findings if one.severity != "info"] == []
