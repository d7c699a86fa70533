"""Every blueprint at both stages, rendered once a process."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from fargate_stacks import App, Template, render
from fargate_stacks.testing import load_app

FOLDER = Path(__file__).parents[2] / "blueprints"


class Case(NamedTuple):
    """One blueprint at one stage."""

    name: str
    stage: str

    @property
    def file(self) -> Path:
        return FOLDER / f"{self.name}.py"

    def app(self, **settings: str) -> App:
        return load_app(str(self.file), {"stage": self.stage, **settings})


NAMES = sorted(path.stem for path in FOLDER.glob("[!_]*.py"))
CASES = [Case(name, stage) for name in NAMES for stage in ("dev", "prod")]
every_case: pytest.MarkDecorator = pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name}-{case.stage}")


@cache
def templates(case: Case) -> dict[str, Template]:
    """Give the templates of a case; nobody may change them."""
    return render(case.app())
