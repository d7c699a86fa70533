"""docs/rules.md: every rule, with what it objects to and the correct form, from the truth tables of the tests."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import unified_diff

from fargate_stacks.checks.reading import Rule
from fargate_stacks.checks.rules import RULES
from fargate_stacks.core.yaml import dump
from tests.checks.truth import TABLES

HEAD = """# Rules

What `fargate-stacks check` finds by itself, in our templates and, with `--template`, in those of others; see
[Checks](checks.md). An **error** will not deploy or not run, a **warning** bites later, an **info** is for those who
harden. A value that a template does not tell, such as a parameter without a default, is no finding.

FS1xx came first; FS2xx judges tasks and containers, FS3xx services and their deployments, FS4xx load balancers, FS5xx
scaling, FS6xx what stands around them. Each example is a test: the rule finds the first form in these words, and
nothing in the form after the changes marked `-` and `+`.

| code | severity | what it finds |
|---|---|---|
"""


def page() -> str:
    rows = "".join(f"| [{rule.code}](#{rule.code.lower()}) | {rule.severity} | {rule.title} |\n" for rule in RULES)
    return HEAD + rows + "".join("".join(_section(rule)) for rule in RULES)


def _section(rule: Rule) -> Iterator[str]:
    (bad, says), *_ = TABLES[rule.code].bad
    good = TABLES[rule.code].good[0]
    before, after = dump({"Resources": bad}), dump({"Resources": good})
    yield f"\n## {rule.code}\n\n**{rule.severity}**: {rule.title}.\n"
    if rule.cure:
        ours = f" In a construct of ours: {rule.option}." if rule.option else ""
        yield f"\nThe cure: {rule.cure}.{ours}\n"
    if rule.source:
        yield f"\nSource: {rule.source}.\n"
    yield f"\n```yaml\n{before}```\n\n"
    yield "```text\n" + "".join(f"{line}\n" for line in says) + "```\n"
    changes = unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2)
    lines = [line for line in changes if not line.startswith(("---", "+++"))]
    yield "\n```text\n" + "".join(f"{'...' if line.startswith('@@') else line}\n" for line in lines) + "```\n"
