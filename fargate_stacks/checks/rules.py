"""Our own rules, each a code. A code is never given a second meaning.

FS1xx came first; FS2xx judges tasks and containers, FS3xx services, FS4xx load balancers, FS5xx scaling, FS6xx what
stands around them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fargate_stacks.checks import (
    attributes,
    balancers,
    containers,
    definitions,
    deployments,
    ignores,
    ordering,
    reachability,
    scaling,
    scaling_terms,
    services,
    surroundings,
    tasks,
    unread,
)
from fargate_stacks.checks.finding import Finding, Templates, locate
from fargate_stacks.checks.reading import Reading, Rule

_MODULES = (
    attributes, balancers, containers, definitions, deployments, ignores, ordering, reachability, scaling,
    scaling_terms, services, surroundings, tasks, unread,
)  # fmt: skip
RULES = tuple(
    sorted(
        (one for module in _MODULES for one in vars(module).values() if isinstance(one, Rule)),
        key=lambda one: one.code,
    )
)


def apply_rules(templates: Templates, settings: Mapping[str, str] | None = None) -> Iterator[Finding]:
    """Give what our own rules find, rule by rule; `settings` are values of parameters."""
    reading = Reading(templates, settings)
    for rule in RULES:
        for hit in rule.find(reading):
            loop = reading.origins[hit.stack].get(hit.logical_id)
            where = locate(templates[hit.stack], loop or hit.logical_id)
            said = rule.said(hit, ours=where.construct is not None)
            yield Finding(
                rule.code,
                rule.severity,
                where,
                f"{hit.logical_id}: {said}" if loop not in (None, hit.logical_id) else said,
            )
