"""What a resource says of findings that it takes: Metadata.FargateStacks.Ignore, each code with its reason."""

from __future__ import annotations

from collections.abc import Iterator

from fargate_stacks.checks.part import Part
from fargate_stacks.checks.reading import Hit, Reading, rule
from fargate_stacks.core.template import Template


@rule("FS100", "warning", cure="give Code and Reason")
def without_reason(reading: Reading) -> Iterator[Hit]:
    """A resource ignores a finding without saying why."""
    for name, template in reading.templates.items():
        for logical_id in template.resources:
            for one in _entries(template, logical_id):
                code, reason = one["Code"].text, one["Reason"].text
                if not code or not reason or not reason.strip():
                    yield Hit(
                        name,
                        logical_id,
                        f"Metadata.FargateStacks.Ignore names {code or 'no code'}{'' if reason else ' and no reason'}",
                    )


def ignored(template: Template, logical_id: str | None) -> set[str]:
    """Give the codes that a resource ignores with a reason."""
    if logical_id is None or logical_id not in template.resources:
        return set()
    return {one["Code"].text or "" for one in _entries(template, logical_id) if (one["Reason"].text or "").strip()}


def _entries(template: Template, logical_id: str) -> Part:
    return Part(template.resources[logical_id]).at("Metadata.FargateStacks.Ignore")
