"""`check`: what is wrong with the templates, said of the lines that caused it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fargate_stacks.cli.load import load_templates, select
from fargate_stacks.cli.options import app_option, set_option, stack_option
from fargate_stacks.core.construct import nearest
from fargate_stacks.errors import LoadError

if TYPE_CHECKING:
    from fargate_stacks.core.template import Template


@click.command()
@app_option
@click.option(
    "--template",
    "files",
    metavar="FILE | GLOB | FOLDER",
    multiple=True,
    help="Judge CloudFormation templates instead of an app, YAML or JSON, or a cdk.out. May be given several times.",
)
@set_option
@stack_option
@click.option(
    "--engine",
    type=click.Choice(["cloudformation-validate", "cfn-lint", "none"]),
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
@click.option(
    "--ignore", metavar="CODE", multiple=True, help="Leave findings of a code out. May be given several times."
)
def command(
    target: str | None,
    files: tuple[str, ...],
    settings: dict[str, str],
    stacks: tuple[str, ...],
    engine: str,
    form: str,
    strict: bool,
    ignore: tuple[str, ...],
) -> int:
    """Judge the templates and show each finding with its construct and line.

    With --template, --set gives parameters their values. Exits with 2 if there is an error: something that will not
    deploy or not run. Warnings bite later, infos are for those who harden.
    """
    from fargate_stacks.checks.engines import ENGINES
    from fargate_stacks.checks.formats import FORMATS
    from fargate_stacks.checks.judge import judge
    from fargate_stacks.checks.rules import RULES

    codes = [rule.code for rule in RULES]
    for code in ignore:
        if code.startswith("FS") and code not in codes:
            raise LoadError(f"--ignore {code}: there is no such rule{nearest(code, codes)}")
    if files:
        templates = _foreign(target, files, settings)
    else:
        templates, settings = load_templates(target, settings, cwd=Path.cwd()), {}
    wanted = select(templates, stacks)
    # judged whole, since rules of one listener may live in several stacks
    found = judge(templates, ENGINES[engine], settings=settings, ignore=ignore)
    findings = [one for one in found if one.where.stack in wanted]
    click.echo(FORMATS[form](findings, Path.cwd()), nl=False)
    counts = Counter(one.severity for one in findings)
    click.echo(", ".join(_count(counts[kind], kind) for kind in ("error", "warning", "info")), err=True)
    return 2 if counts["error"] or (strict and counts["warning"]) else 0


def _foreign(target: str | None, files: tuple[str, ...], settings: Mapping[str, str]) -> dict[str, Template]:
    from fargate_stacks.checks.foreign import read_templates

    if target is not None:
        raise LoadError("--app and --template exclude each other; give one of the two")
    templates = read_templates(files, cwd=Path.cwd())
    known = {name for one in templates.values() for name in one.parameters}
    for key in settings:
        if key not in known:
            listed = ", ".join(sorted(known)) or "none"
            raise LoadError(
                f"--set {key}: no template has such a parameter{nearest(key, known) or f'; there are {listed}'}"
            )
    return templates


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
