"""`make security`: what security rule packs say of our blueprints, beside the service that CDK's pattern makes.

Each number is how many rules of a pack fail, each once however many resources fail it; for checkov it is failed checks
and passed ones. A pack that is not installed is a dash, with the reason below. `--rules` names the rules that fail.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

from fargate_stacks import render
from fargate_stacks.checks.engines import cfn_lint
from fargate_stacks.checks.finding import Templates
from fargate_stacks.checks.foreign import read_templates
from fargate_stacks.checks.rules import apply_rules
from fargate_stacks.errors import FargateStacksError
from fargate_stacks.testing import load_app

ROOT = Path(__file__).parents[1]
NODE_MODULES = Path(os.environ.get("CDK_MODULES", ROOT / ".venv-cdk/node_modules"))
CHECKOV = os.environ.get("CHECKOV", str(ROOT / ".venv-checkov/bin/checkov"))
GUARD = NODE_MODULES / "@cdklabs/cdk-validator-cfnguard/rules/control-tower"
_ENGINE_RULE = re.compile(r"[EWIF]\d{4}\Z")
Subjects: TypeAlias = Mapping[str, Templates]
Said: TypeAlias = dict[str, list[str]]
"""By subject, the rules that fail."""


class Unavailable(Exception):
    """A pack cannot be asked here, and why."""


def subjects(names: Iterable[str], folder: Path) -> dict[str, Templates]:
    """Give CDK's pattern, where it can be made, and the blueprints at the stage prod."""
    found: dict[str, Templates] = {}
    try:
        node("pattern", str(folder / "cdk"))
        found["CDK pattern"] = read_templates([str(folder / "cdk")], cwd=folder)
    except Unavailable as why:
        print(f"CDK pattern: {why}", file=sys.stderr)
    for name in names:
        found[name] = render(load_app(str(ROOT / f"blueprints/{name}.py"), {"stage": "prod"}))
    return found


def linted(given: Subjects) -> Said:
    return {
        name: _rules(one.code for one in cfn_lint(templates) if one.severity != "info")
        for name, templates in given.items()
    }


def ours(given: Subjects) -> Said:
    return {
        name: _rules(one.code for one in apply_rules(templates) if one.severity != "info")
        for name, templates in given.items()
    }


def engine(given: Subjects, folder: Path) -> tuple[Said, Said | None]:
    """What cloudformation-validate finds by itself, and what it finds by the guard rules of a folder."""
    try:
        import cloudformation_validate as validate
    except ImportError:
        raise Unavailable("pip install 'fargate-stacks[check]'") from None
    guard = [validate.file_to_external_rule_source(str(path)) for path in sorted(folder.rglob("*.guard"))]
    judge = validate.CompositeEngine(validate.CompositeEngineConfig(guard_rules=guard))
    builtin: Said = {}
    tower: Said = {}
    for name, templates in given.items():
        found = [
            one
            for template in templates.values()
            for one in judge.validate_template(
                validate.TemplateContent(template.to_json(), name=template.name)
            ).diagnostics
            if one.severity.name != "INFO"
        ]
        builtin[name] = _rules(one.rule_id for one in found if _ENGINE_RULE.match(one.rule_id))
        tower[name] = _rules(one.rule_id for one in found if not _ENGINE_RULE.match(one.rule_id))
    return builtin, tower if guard else None


def checkov(files: Mapping[str, list[str]]) -> dict[str, tuple[list[str], int, int]]:
    """Give for each subject the rules that fail, and how many checks failed and passed."""
    if not Path(CHECKOV).is_file():
        raise Unavailable("make security installs it into .venv-checkov; or set CHECKOV")
    found = {}
    for name, paths in files.items():
        command = [CHECKOV, *(word for path in paths for word in ("-f", path))]
        command += ["--framework", "cloudformation", "--compact", "--skip-download", "-o", "json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1):
            raise Unavailable(f"{CHECKOV} ended with {done.returncode}: {done.stderr.strip()[-200:]}")
        report = json.loads(done.stdout)
        failed = [one["check_id"] for one in report["results"]["failed_checks"]]
        found[name] = (_rules(failed), report["summary"]["failed"], report["summary"]["passed"])
    return found


def cdk_nag(files: Mapping[str, list[str]], folder: Path) -> dict[str, dict[str, list[str]]]:
    path = folder / "subjects.json"
    path.write_text(json.dumps(files), "utf-8")
    found: dict[str, dict[str, list[str]]] = json.loads(node("nag", str(path)))
    return found


def node(*words: str) -> str:
    if not NODE_MODULES.is_dir():
        raise Unavailable("make security installs it into .venv-cdk by npm; or set CDK_MODULES")
    try:
        done = subprocess.run(
            ["node", str(Path(__file__).with_suffix(".cjs")), *words],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "NODE_PATH": str(NODE_MODULES)},
        )
    except FileNotFoundError:
        raise Unavailable("there is no node on this machine") from None
    if done.returncode:
        raise Unavailable(f"node ended with {done.returncode}: {done.stderr.strip()[-300:]}")
    return done.stdout


def table(
    given: Subjects, folder: Path, registry: Path | None
) -> tuple[dict[str, dict[str, str]], dict[str, Said], dict[str, str]]:
    """Give the cells by column and subject, the rules behind them, and why a column is empty."""
    files = {name: list(written(name, templates, folder)) for name, templates in given.items()}
    behind: dict[str, Said] = {}
    missing: dict[str, str] = {}

    def ask(columns: tuple[str, ...], judge: Callable[[], Iterable[Any]]) -> None:
        try:
            for column, said in zip(columns, judge(), strict=True):
                if said is None:
                    missing[column] = "its rule files come with make security, by npm into .venv-cdk"
                else:
                    behind[column] = said
        except (Unavailable, FargateStacksError) as why:
            missing.update(dict.fromkeys(columns, str(why)))

    ask(("ours",), lambda: [ours(given)])
    ask(("cfn-lint",), lambda: [linted(given)])
    ask(("validate", "Control Tower"), lambda: engine(given, GUARD))
    if registry is None:
        missing["registry"] = "no package of PyPI or npm has its rule files; name a checkout with --registry"
    else:
        ask(("registry",), lambda: engine(given, registry)[1:])
    packs = ("AwsSolutions", "NIST.800.53.R5")
    ask(packs, lambda: _by_pack(cdk_nag(files, folder), packs))
    cells = {column: {name: str(len(rules)) for name, rules in said.items()} for column, said in behind.items()}
    try:
        counted = checkov(files)
        behind["checkov"] = {name: rules for name, (rules, _, _) in counted.items()}
        cells["checkov"] = {name: f"{failed}/{passed}" for name, (_, failed, passed) in counted.items()}
    except Unavailable as why:
        missing["checkov"] = str(why)
    return cells, behind, missing


COLUMNS = ("ours", "cfn-lint", "validate", "checkov", "Control Tower", "registry", "AwsSolutions", "NIST.800.53.R5")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    known = sorted(path.stem for path in (ROOT / "blueprints").glob("[!_]*.py"))
    parser.add_argument("blueprints", nargs="*", default=known, metavar="BLUEPRINT", help="all by default")
    parser.add_argument("--registry", type=Path, metavar="FOLDER", help="the rules of an aws-guard-rules-registry")
    parser.add_argument("--rules", action="store_true", help="name the rules that fail")
    options = parser.parse_args()
    with TemporaryDirectory() as name:
        given = subjects(options.blueprints, Path(name))
        cells, behind, missing = table(given, Path(name), options.registry)
    wide = max(map(len, given))
    print(" " * wide, *(f"{column:>{max(8, len(column))}}" for column in COLUMNS))
    for subject in given:
        row = (cells.get(column, {}).get(subject, "-") for column in COLUMNS)
        print(f"{subject:<{wide}}", *(f"{cell:>{max(8, len(c))}}" for c, cell in zip(COLUMNS, row, strict=True)))
    print("\nours, cfn-lint, validate: errors and warnings. checkov: failed/passed checks. Others: rules that fail.")
    for column, why in missing.items():
        print(f"{column}: not asked: {why}")
    if options.rules:
        for column, said in behind.items():
            for subject, rules in said.items():
                if rules:
                    print(f"{subject}: {column}: {', '.join(rules)}")
    return 0


def _by_pack(found: Mapping[str, Mapping[str, list[str]]], packs: Iterable[str]) -> list[Said]:
    return [{name: one[pack] for name, one in found.items()} for pack in packs]


def _rules(codes: Iterable[str]) -> list[str]:
    return sorted(set(codes))


def written(name: str, templates: Templates, folder: Path) -> Iterable[str]:
    place = folder / "templates" / re.sub(r"\W", "-", name)
    place.mkdir(parents=True)
    for template in templates.values():
        path = place / f"{template.name}.json"
        # long intrinsics: rule engines do not read the short ones alike
        path.write_text(template.to_json(), "utf-8")
        yield str(path)


if __name__ == "__main__":
    sys.exit(main())
