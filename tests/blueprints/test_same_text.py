"""Byte for byte the same text in every process: nothing depends on hashing, order of import or the clock."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from functools import cache

import pytest

from tests.blueprints.catalog import CASES, NAMES, Case, templates

SEEDS = ("0", "1", "2", "4711", "random")
# the digests of all blueprints in one process, in the order in which it is told to render them
RENDER = """
import hashlib, json, sys
from fargate_stacks import render
from fargate_stacks.testing import load_app

digests = {}
for name, stage, file in json.load(sys.stdin):
    for stack, one in render(load_app(file, {"stage": stage})).items():
        text = one.to_yaml() + one.to_yaml(long_form=True) + one.to_json()
        digests[f"{name} {stage} {stack}"] = hashlib.sha256(text.encode()).hexdigest()
print(json.dumps(digests))
"""


@cache
def digests(seed: str, backwards: bool = False) -> dict[str, str]:
    cases = [(one.name, one.stage, str(one.file)) for one in CASES]
    done = subprocess.run(
        [sys.executable, "-c", RENDER],
        input=json.dumps(cases[::-1] if backwards else cases),
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("seed", SEEDS[1:])
def test_a_hash_seed_changes_nothing(seed: str) -> None:
    assert digests(seed) == digests(SEEDS[0])


def test_the_order_in_which_apps_are_rendered_changes_nothing() -> None:
    assert digests(SEEDS[0], backwards=True) == digests(SEEDS[0])


@pytest.mark.parametrize("name", NAMES)
def test_another_process_writes_what_this_one_writes(name: str) -> None:
    case = Case(name, "prod")
    here = {
        f"{name} prod {stack}": hashlib.sha256(
            (one.to_yaml() + one.to_yaml(long_form=True) + one.to_json()).encode()
        ).hexdigest()
        for stack, one in templates(case).items()
    }
    assert here.items() <= digests(SEEDS[0]).items()
