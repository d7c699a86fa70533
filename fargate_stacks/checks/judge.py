"""All findings of one run, in the order in which a reader meets the resources."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from fargate_stacks.checks.finding import Finding, Templates
from fargate_stacks.checks.rules import apply_rules


def judge(templates: Templates, engine: Callable[[Templates], Iterable[Finding]]) -> list[Finding]:
    """Give what our rules and an engine find, each finding once, by stack, resource and code."""
    order = {
        (name, logical_id): (place, line)
        for place, (name, template) in enumerate(templates.items())
        for line, logical_id in enumerate((None, *template.resources))
    }
    found = dict.fromkeys([*engine(templates), *apply_rules(templates)])
    return sorted(found, key=lambda one: (order[one.where.stack, one.where.logical_id], one.code))
