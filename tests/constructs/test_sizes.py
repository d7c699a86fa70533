"""The 77 sizes of Fargate, judged by cfn-lint's own table."""

# ruff: noqa: E501 - error texts stand whole

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fargate_stacks.constructs.sizes import SIZES, WINDOWS_CPU, size_problem

PAIRS = {(cpu, memory) for cpu, amounts in SIZES.items() for memory in amounts}


def judged() -> Any:
    """What cfn-lint's rule E3047 says of a pair, by the schema that it ships."""
    from cfnlint.rules.resources.ecs.FargateCpuMemory import FargateCpuMemory

    return FargateCpuMemory()


def refused_by_cfn_lint(rule: Any, cpu: int, memory: int) -> bool:
    from cfnlint.context import create_context_for_template
    from cfnlint.jsonschema import CfnTemplateValidator
    from cfnlint.template import Template

    template = Template("", {}, ["us-east-1"])
    validator = CfnTemplateValidator({}).evolve(
        context=create_context_for_template(template).evolve(regions=["us-east-1"]), cfn=template
    )
    definition = {
        "RequiresCompatibilities": ["FARGATE"],
        "Cpu": str(cpu),
        "Memory": str(memory),
    }
    return any(True for _ in rule.validate(validator, "", definition, rule.schema))


def test_there_are_77() -> None:
    assert len(PAIRS) == 77


def test_cfn_lint_takes_every_size_that_we_take_and_refuses_the_rest() -> None:
    rule = judged()
    amounts = sorted({memory for _, memory in PAIRS} | {256, 768, 1536, 5000, 66_000, 131_072, 262_144})
    ours = {(cpu, memory) for cpu in (*SIZES, 128, 3072) for memory in amounts if size_problem(cpu, memory) is None}
    theirs = {
        (cpu, memory) for cpu in (*SIZES, 128, 3072) for memory in amounts if not refused_by_cfn_lint(rule, cpu, memory)
    }
    assert ours == theirs == PAIRS


@pytest.mark.parametrize(
    ("cpu", "memory", "words"),
    [
        (256, 4096, "cpu=256 allows memory from 512 to 2048 MiB (512, 1024 or 2048), got 4096; nearest legal: cpu=256, memory=2048"),
        (512, 512, "cpu=512 allows memory from 1024 to 4096 MiB in steps of 1024, got 512; nearest legal: cpu=512, memory=1024"),
        (1024, 2500, "cpu=1024 allows memory from 2048 to 8192 MiB in steps of 1024, got 2500; nearest legal: cpu=1024, memory=2048"),
        (8192, 20000, "cpu=8192 allows memory from 16384 to 61440 MiB in steps of 4096, got 20000; nearest legal: cpu=8192, memory=20480"),
        (32768, 65536, "cpu=32768 allows memory from 61440 to 249856 MiB (61440, 122880 or 249856), got 65536; nearest legal: cpu=32768, memory=61440"),
        (300, 600, "Fargate has cpu 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, got cpu=300; nearest legal: cpu=256, memory=512"),
        (0, 0, "Fargate has cpu 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, got cpu=0; nearest legal: cpu=256, memory=512"),
        (2, 4, "Fargate has cpu 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, got cpu=2; nearest legal: cpu=256, memory=512"),
    ],
)  # fmt: skip
def test_a_wrong_size_is_answered_with_the_nearest_legal_one(cpu: int, memory: int, words: str) -> None:
    assert size_problem(cpu, memory) == words


def test_windows_has_one_to_four_vcpu() -> None:
    for cpu, memory in sorted(PAIRS):
        assert (size_problem(cpu, memory, windows=True) is None) == (cpu in WINDOWS_CPU)
    assert size_problem(256, 512, windows=True) == (
        "Windows on Fargate has cpu 1024, 2048, 4096, got cpu=256; nearest legal: cpu=1024, memory=2048"
    )


@given(st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6), st.booleans())
def test_the_size_that_a_message_names_is_legal(cpu: int, memory: int, windows: bool) -> None:
    problem = size_problem(cpu, memory, windows=windows)
    if problem is not None:
        found = re.search(r"nearest legal: cpu=(\d+), memory=(\d+)$", problem)
        assert found is not None
        assert size_problem(int(found[1]), int(found[2]), windows=windows) is None
