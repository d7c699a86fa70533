"""`check`: what is wrong with the templates, said of the lines that caused it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from fargate_stacks.cli.load import load_templates, select
from fargate_stacks.cli.options import app_option, set_option, stack_option


@click.command()
@app_option
@set_option
@stack_option
@click.option(
    "--engine",
    type=click.Choice(["cloudformation-validate", "cfn-lint"]),
    default="cloudformation-validate",
    show_default=True,
    help="Who judges beside our own rules. cfn-lint is slower and sees more.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github", "sarif"]),
    default="text",
    show_default=True,
    help="github annotates a pull request in Actions, sarif is for code scanning.",
)
@click.option("--strict", is_flag=True, help="Exit with 2 on warnings too.")
def command(
    target: str | None, settings: dict[str, str], stacks: tuple[str, ...], engine: str, form: str, strict: bool
) -> int:
    """Judge the templates and show each finding with its construct and line.

    Exits with 2 if there is an error: something that will not deploy or not run. Warnings bite later,
    infos are for those who harden.
    """
    from fargate_stacks.checks.engines import ENGINES
    from fargate_stacks.checks.formats import FORMATS
    from fargate_stacks.checks.judge import judge

    templates = load_templates(target, settings, cwd=Path.cwd())
    wanted = select(templates, stacks)
    # judged whole, since rules of one listener may live in several stacks
    findings = [one for one in judge(templates, ENGINES[engine]) if one.where.stack in wanted]
    click.echo(FORMATS[form](findings, Path.cwd()), nl=False)
    counts = Counter(one.severity for one in findings)
    click.echo(", ".join(_count(counts[kind], kind) for kind in ("error", "warning", "info")), err=True)
    return 2 if counts["error"] or (strict and counts["warning"]) else 0


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
