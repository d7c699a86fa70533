"""An infra.py is checked by mypy --strict and by pyright as a user's would be."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

TYPED = Path(__file__).parent / "typed"
BLUEPRINTS = sorted((Path(__file__).parents[1] / "blueprints").glob("*.py"))
WRONG = (TYPED / "wrong.py").read_text("utf-8").splitlines()
MARKED = [number for number, line in enumerate(WRONG, 1) if "# wrong" in line]

Errors = dict[Path, dict[int, str]]
FILES = [TYPED / "right.py", TYPED / "wrong.py", *BLUEPRINTS]


@cache
def mypy() -> Errors:
    """Give the errors of all files by line."""
    errors: Errors = {}
    for file in FILES:
        # each by itself, since two blueprints may name the same things, and in a folder without our settings
        command = ["-m", "mypy", "--strict", "--config-file=", "--hide-error-context", "--no-error-summary", str(file)]
        out = _run([sys.executable, *command])
        errors[file] = {}
        for line in out.splitlines():
            if ": note: " in line:
                continue
            match = re.fullmatch(r"(.*?):(\d+): error: (.*)", line)
            assert match, out
            errors[file][int(match[2])] = match[3]
    return errors


@cache
def pyright() -> Errors:
    """Give the errors of all files by line."""
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable, *map(str, FILES)]
    errors: Errors = {file: {} for file in FILES}
    for one in json.loads(_run(command))["generalDiagnostics"]:
        if one["severity"] == "error":
            errors[Path(one["file"])][one["range"]["start"]["line"] + 1] = one["message"]
    return errors


def _run(command: list[str]) -> str:
    environment = {**os.environ, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1", "NO_COLOR": "1"}
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=TYPED, env=environment).stdout


CHECKERS = [pytest.param(one, id=one.__name__) for one in (mypy, pyright)]
pytestmark = [pytest.mark.parametrize("checker", CHECKERS), pytest.mark.xdist_group("types")]


def test_a_right_infra_is_taken_as_it_is(checker: Callable[[], Errors]) -> None:
    assert checker()[TYPED / "right.py"] == {}


@pytest.mark.parametrize("file", BLUEPRINTS, ids=lambda file: file.stem)
def test_a_blueprint_is_taken_as_it_is(checker: Callable[[], Errors], file: Path) -> None:
    assert checker()[file] == {}


@pytest.mark.parametrize("number", MARKED, ids=[WRONG[number - 1].partition("  #")[0] for number in MARKED])
def test_a_mistake_is_reported(checker: Callable[[], Errors], number: int) -> None:
    assert number in checker()[TYPED / "wrong.py"]


def test_nothing_else_is_reported(checker: Callable[[], Errors]) -> None:
    assert set(checker()[TYPED / "wrong.py"]) <= set(MARKED)
