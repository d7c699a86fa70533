"""The sixty-five mistakes: `check --template` reports each and nothing of the correct form; our types refuse each."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fargate_stacks.checks.foreign import read_templates
from fargate_stacks.checks.rules import RULES, apply_rules
from fargate_stacks.core.template import Template
from fargate_stacks.core.yaml import dump
from tests.checks.mistakes import MISTAKES, Mistake, changed, sound
from tests.checks.test_refusals import NOTHING_TO_SAY, REFUSED

every_mistake = pytest.mark.parametrize("one", MISTAKES, ids=lambda one: one.what.replace(" ", "-"))
KNOWN = {code for code, _, _ in REFUSED}


def found(resources: dict[str, object]) -> list[str]:
    findings = apply_rules({"t": Template("t", resources)})
    return [f"{one.code} {one.where.logical_id}: {one.message}" for one in findings if one.severity != "info"]


def test_there_are_sixty_five() -> None:
    assert len(MISTAKES) == 65
    assert len({one.what for one in MISTAKES}) == 65


def test_nothing_is_said_of_the_correct_form() -> None:
    assert found(sound()) == []


@every_mistake
def test_the_mistake_is_reported(one: Mistake) -> None:
    codes = {line.split()[0] for line in found(changed(one.change))}
    assert one.code in codes


@every_mistake
def test_our_types_refuse_it_or_cannot_say_it(one: Mistake) -> None:
    """By the code: test_refusals.py writes each refusal, or why there is nothing to write."""
    assert one.code in KNOWN | NOTHING_TO_SAY.keys()
    assert one.code in {rule.code for rule in RULES}


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_files_of_either_form_are_read_alike(tmp_path: Path, form: str) -> None:
    for number, one in enumerate(MISTAKES):
        body = {"Resources": changed(one.change)}
        text = json.dumps(body) if form == "json" else dump(body)
        (tmp_path / f"m{number:02}.{form}").write_text(text, "utf-8")
    for number, one in enumerate(MISTAKES):
        findings = apply_rules(read_templates([f"m{number:02}.{form}"], cwd=tmp_path))
        assert one.code in {finding.code for finding in findings}
