"""Every rule against its truth table: it finds each bad form in these words, and nothing in the correct one."""

from __future__ import annotations

import pytest

from fargate_stacks.checks.rules import RULES, apply_rules
from fargate_stacks.core.template import Template
from tests.checks.truth import TABLES
from tests.checks.truth.forms import Case, Resources

BAD = [(code, case) for code, truth in TABLES.items() for case in truth.bad]
GOOD = [(code, resources) for code, truth in TABLES.items() for resources in truth.good]


def found(resources: Resources) -> list[tuple[str, str, str]]:
    findings = apply_rules({"t": Template("t", resources)})
    return [(one.code, one.severity, f"{one.where.logical_id}: {one.message}") for one in findings]


def test_every_rule_has_its_table() -> None:
    assert list(TABLES) == [rule.code for rule in RULES]


@pytest.mark.parametrize(("code", "case"), BAD, ids=[code for code, _ in BAD])
def test_the_bad_form_is_found(code: str, case: Case) -> None:
    assert [said for one, _, said in found(case.resources) if one == code] == list(case.says)


@pytest.mark.parametrize(("code", "resources"), GOOD, ids=[code for code, _ in GOOD])
def test_the_correct_form_passes(code: str, resources: Resources) -> None:
    assert [said for one, severity, said in found(resources) if one == code or severity == "error"] == []
