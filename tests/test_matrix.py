"""Every way in with every deployment, and scaling in turn: no engine and no rule objects."""

from __future__ import annotations

import pytest

from fargate_stacks import render
from fargate_stacks.checks.engines import cfn_lint, cloudformation_validate
from fargate_stacks.checks.rules import apply_rules
from tests.matrix import ALL, Combination


def test_there_are_enough_combinations() -> None:
    assert len(ALL) >= 80
    assert len({one.id for one in ALL}) == len(ALL)


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.id)
def test_no_engine_and_no_rule_of_ours_objects(one: Combination) -> None:
    templates = render(one.app())
    alone = {one.stack: templates[one.stack]}
    found = [*cfn_lint(alone), *cloudformation_validate(alone), *apply_rules(templates)]
    assert [f"{f.code} {f.where}: {f.message}" for f in found if f.severity != "info"] == []
