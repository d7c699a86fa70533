"""`init` writes what runs, and overwrites nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.cli.conftest import Project, Run

BLUEPRINTS = sorted(path.stem for path in Path(__file__).parents[2].glob("blueprints/[!_]*.py"))


def test_a_blueprint_is_copied_with_a_test(project: Project, run: Callable[..., Run]) -> None:
    result = run("init", "three_stacks")
    blueprint = Path(__file__).parents[2] / "blueprints/three_stacks.py"
    assert (project.folder / "infra.py").read_text() == blueprint.read_text()
    assert (result.code, result.out) == (0, "")
    assert result.err.splitlines()[:2] == ["wrote infra.py", "wrote tests/test_infra.py"]


def test_without_a_name_it_is_the_web_service(project: Project, run: Callable[..., Run]) -> None:
    run("init")
    blueprint = Path(__file__).parents[2] / "blueprints/web_service.py"
    assert (project.folder / "infra.py").read_text() == blueprint.read_text()


def test_a_name_with_hyphens_is_the_one_with_underscores(project: Project, run: Callable[..., Run]) -> None:
    assert run("init", "web-service").code == 0


@pytest.mark.parametrize("present", ["infra.py", "tests/test_infra.py"])
def test_nothing_is_overwritten_and_nothing_half_written(
    project: Project, run: Callable[..., Run], present: str
) -> None:
    project.write(present, "mine\n")
    result = run("init")
    assert result.code == 2
    assert result.err == f"error: init: {present} would be overwritten; move what is there, or use a new folder\n"
    files = [path for path in project.folder.rglob("*") if path.is_file()]
    assert [path.read_text() for path in files] == ["mine\n"]


def test_an_unknown_name_answers_with_the_nearest(project: Project, run: Callable[..., Run]) -> None:
    result = run("init", "web_servce")
    assert result.code == 2
    assert result.err == "error: init: there is no blueprint web_servce; did you mean web_service\n"
    assert list(project.folder.iterdir()) == []


def test_list_names_every_blueprint_with_its_purpose_and_writes_nothing(
    project: Project, run: Callable[..., Run]
) -> None:
    lines = run("init", "--list").out.splitlines()
    assert [line.split()[0] for line in lines] == BLUEPRINTS
    assert all(len(line.split()) > 3 for line in lines)
    assert list(project.folder.iterdir()) == []


@pytest.mark.parametrize("blueprint", BLUEPRINTS)
def test_what_init_writes_is_an_app_with_a_passing_test(
    project: Project, run: Callable[..., Run], blueprint: str
) -> None:
    run("init", blueprint)
    assert run("synth").code == 0
    python = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    # the run that this test belongs to must not make syrupy think that it is one of its workers
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    call = partial(subprocess.run, capture_output=True, text=True, check=False, env=environment)
    update = call([*python, "--snapshot-update"])
    assert update.returncode == 0, update.stdout
    again = call(python)
    assert again.returncode == 0, again.stdout
    assert list(project.folder.glob("tests/__snapshots__/test_infra/*.yaml"))
