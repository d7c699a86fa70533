"""`ls`: the stacks of the app and the constructs in them."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fargate_stacks.cli.load import load_templates
from fargate_stacks.cli.options import app_option, set_option, stack_option

if TYPE_CHECKING:
    from fargate_stacks.core.template import Template


@click.command()
@app_option
@set_option
@stack_option
@click.option(
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people, or for programs.",
)
def command(target: str | None, settings: dict[str, str], stacks: tuple[str, ...], output: str) -> None:
    """List the stacks, in deployable order, and the constructs in each with the number of their resources."""
    templates = load_templates(target, settings, stacks, cwd=Path.cwd())
    described = [_describe(one) for one in templates.values()]
    click.echo(json.dumps({"stacks": described}, indent=2) if output == "json" else "\n".join(_lines(described)))


def _describe(template: Template) -> dict[str, Any]:
    counts = Counter(template.owners[logical_id] for logical_id in template.resources)
    return {
        "name": template.name,
        "region": template.region,
        "account": template.account,
        "after": list(template.after),
        "resources": len(template.resources),
        "constructs": [
            {
                "name": owner.name,
                "kind": owner.kind,
                "resources": count,
                "file": os.path.relpath(owner.source.file) if owner.source else None,
                "line": owner.source.line if owner.source else None,
            }
            for owner, count in counts.items()
        ],
    }


def _lines(stacks: list[dict[str, Any]]) -> Iterator[str]:
    rows = [one for stack in stacks for one in stack["constructs"]]
    kinds = max((len(row["kind"]) for row in rows), default=0)
    names = max((len(row["name"]) for row in rows), default=0)
    for stack in stacks:
        place = "".join(f", {stack[key]}" for key in ("account", "region") if stack[key])
        after = f", after {', '.join(stack['after'])}" if stack["after"] else ""
        yield f"{stack['name']}  {_count(stack)}{place}{after}"
        for row in stack["constructs"]:
            where = f"  {row['file']}:{row['line']}" if row["file"] else ""
            yield f"  {row['kind']:<{kinds}}  {row['name']:<{names}}  {_count(row)}{where}"


def _count(of: Mapping[str, Any]) -> str:
    number = of["resources"]
    return f"{number} resource{'' if number == 1 else 's'}"
