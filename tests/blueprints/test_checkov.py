"""checkov, a judge that nobody here wrote: only rules whose remedy costs money or needs a domain may fail."""

from __future__ import annotations

import json
import os
import subprocess
from collections import defaultdict
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.blueprints.accepted import CHECKOV as ACCEPTED
from tests.blueprints.catalog import CASES, Case, every_case, templates

CHECKOV = os.environ.get("CHECKOV", "")

pytestmark = [
    pytest.mark.xdist_group("checkov"),  # one run of it serves all
    pytest.mark.skipif(
        not Path(CHECKOV).is_file(), reason="make test sets CHECKOV to a checkov of its own environment"
    ),
]


@cache
def failed() -> dict[Case, dict[str, set[str]]]:
    """Give for each case the resources that fail, by rule; every template in one run of three seconds."""
    found: dict[Case, dict[str, set[str]]] = {case: defaultdict(set) for case in CASES}
    with TemporaryDirectory() as folder:
        for case in CASES:
            for name, one in templates(case).items():
                path = Path(folder, f"{case.name}-{case.stage}", f"{name}.yaml")
                path.parent.mkdir(exist_ok=True)
                path.write_text(one.to_yaml(), "utf-8")
        command = [CHECKOV, "-d", folder, "--framework", "cloudformation", "--compact", "--skip-download", "-o", "json"]
        # 1 says that something failed, which is what is asked
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
        assert done.returncode in (0, 1), done.stderr
        report = json.loads(done.stdout)
    assert report["summary"]["parsing_errors"] == 0
    assert report["summary"]["resource_count"] >= sum(
        len(one.resources) for case in CASES for one in templates(case).values()
    )
    for one in report["results"]["failed_checks"]:
        name, _, stage = Path(one["file_path"].lstrip("/")).parts[0].rpartition("-")
        found[Case(name, stage)][one["check_id"]].add(one["resource"])
    return found


@every_case
def test_only_accepted_rules_fail(case: Case) -> None:
    assert {rule: sorted(where) for rule, where in failed()[case].items() if rule not in ACCEPTED} == {}


def test_hardened_web_fails_no_rule_at_all() -> None:
    assert {case.stage: dict(failed()[case]) for case in CASES if case.name == "hardened_web"} == {
        "dev": {},
        "prod": {},
    }


def test_every_accepted_rule_is_failed_somewhere() -> None:
    """What no blueprint fails any more is struck from the list."""
    assert {rule for rules in failed().values() for rule in rules} == set(ACCEPTED)
