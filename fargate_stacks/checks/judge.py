"""All findings of one run, in the order in which a reader meets the resources."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from fargate_stacks.checks.finding import Finding, Templates
from fargate_stacks.checks.ignores import ignored
from fargate_stacks.checks.rules import apply_rules


def judge(
    templates: Templates,
    engine: Callable[[Templates], Iterable[Finding]],
    *,
    settings: Mapping[str, str] | None = None,
    ignore: Collection[str] = (),
) -> list[Finding]:
    """Give what our rules and an engine find, each finding once, by stack, resource and code.

    `settings` are values of parameters. Left out are the codes in `ignore` and those that a resource's own
    Metadata.FargateStacks.Ignore names with a reason.
    """
    order = {
        (name, logical_id): (place, line)
        for place, (name, template) in enumerate(templates.items())
        for line, logical_id in enumerate((None, *template.resources))
    }
    found = dict.fromkeys([*engine(templates), *apply_rules(templates, settings)])
    kept = [
        one
        for one in found
        if one.code not in ignore and one.code not in ignored(templates[one.where.stack], one.where.logical_id)
    ]
    return sorted(kept, key=lambda one: (order[one.where.stack, one.where.logical_id], one.code))
