"""No engine that others wrote has an error or a warning for what we hand out; nor have our own rules."""

from __future__ import annotations

from collections.abc import Iterable

from fargate_stacks.checks.engines import cfn_lint, cloudformation_validate
from fargate_stacks.checks.finding import Finding
from fargate_stacks.checks.rules import apply_rules
from tests.blueprints.catalog import Case, every_case, templates


def serious(findings: Iterable[Finding]) -> list[str]:
    return [f"{one.code} {one.where}: {one.message}" for one in findings if one.severity != "info"]


@every_case
def test_cfn_lint_is_silent(case: Case) -> None:
    assert serious(cfn_lint(templates(case))) == []


@every_case
def test_cloudformation_validate_is_silent(case: Case) -> None:
    assert serious(cloudformation_validate(templates(case))) == []


@every_case
def test_our_own_rules_have_infos_at_most(case: Case) -> None:
    assert serious(apply_rules(templates(case))) == []
