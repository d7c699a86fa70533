"""The table of codes: unique, described, and as the documentation has it."""

from __future__ import annotations

import re

from fargate_stacks.checks.rules import RULES
from fargate_stacks.checks.services import no_circuit_breaker
from tests.checks.templates import container, found, service, task, template


def test_codes_are_unique_and_in_order() -> None:
    codes = [rule.code for rule in RULES]
    assert codes == sorted(set(codes))
    assert all(re.fullmatch(r"FS[1-6]\d\d", code) for code in codes)


def test_a_title_is_the_first_line_of_the_function_that_finds_it() -> None:
    assert (
        no_circuit_breaker.title
        == "A rolling deployment has no circuit breaker: one that cannot succeed goes on for hours"
    )


def test_no_rule_objects_to_a_hardened_service() -> None:
    hardened = template(Task=task(container()), Web=service())
    assert [message for rule in RULES for message in found(rule.code, hardened)] == []
