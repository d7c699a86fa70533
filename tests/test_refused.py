"""Each wrong spec is refused in our exact words; what other judges say of the same mistake is measured."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from fargate_stacks import App, render
from fargate_stacks.errors import RenderError, SpecError
from tests.checks.truth import TABLES
from tests.judges import noticed_by
from tests.refused import CDK, NOTICED, ROWS, Row

RULES = list(dict.fromkeys(row.rule for row in ROWS))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.rule}-{row.says[:40]}")
def test_a_wrong_spec_is_refused_in_these_words(row: Row) -> None:
    with pytest.raises((SpecError, RenderError)) as caught:
        rendered(row.spec())
    assert str(caught.value) == row.says


def rendered(made: Any) -> None:
    if isinstance(made, App):
        render(made)


def test_no_two_rows_are_alike() -> None:
    assert len({row.says for row in ROWS}) == len(ROWS) >= 90


def whole(resources: Any) -> dict[str, Any]:
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}


@pytest.mark.parametrize("rule", RULES)
def test_others_notice_the_same_mistake_in_a_template_or_not(rule: str) -> None:
    truth = TABLES[rule]
    assert noticed_by(whole(truth.bad[0].resources), whole(truth.good[0])) == NOTICED.get(rule, "")


def test_most_of_it_others_let_through() -> None:
    assert set(NOTICED) < set(RULES)
    by_judge = {judge: [rule for rule in RULES if judge in NOTICED.get(rule, "").split(", ")] for judge in (
        "troposphere", "cloudformation-validate", "cfn-lint")}  # fmt: skip
    assert {judge: len(rules) for judge, rules in by_judge.items()} == {
        "troposphere": 1,
        "cloudformation-validate": 9,
        "cfn-lint": 10,
    }


MODULES = Path(os.environ.get("CDK_MODULES") or Path(__file__).parents[1] / ".venv-cdk/node_modules")


@pytest.mark.xdist_group("security")
@pytest.mark.skipif(not MODULES.is_dir(), reason="make security installs CDK into .venv-cdk by npm")
def test_cdk_notices_the_same_mistake_or_not() -> None:
    command = ["node", str(Path(__file__).with_name("refused.cjs"))]
    done = subprocess.run(command, env={**os.environ, "NODE_PATH": str(MODULES)}, capture_output=True, check=True)
    assert json.loads(done.stdout) == CDK


def test_cdk_lets_twenty_two_of_thirty_four_through() -> None:
    assert set(CDK) < set(RULES)
    said = list(CDK.values())
    assert (said.count(""), said.count("warning"), said.count("error")) == (22, 3, 9)
