"""A project folder to stand in, and the command line as a function."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

import pytest

from fargate_stacks.cli import main

# a construct of the user's own, so that these tests need none of the package's
INFRA = """
from troposphere.sqs import Queue as Raw

from fargate_stacks import App, Attr, Construct, Stack


class Jobs(Construct):
    delay: int | Attr = 0

    def build(self):
        yield Raw(self.id("Queue"), DelaySeconds=self.delay)
        yield Raw(self.id("DeadLetters"))


"""


class Run(NamedTuple):
    code: int
    out: str
    err: str


class Project(NamedTuple):
    folder: Path

    def write(self, name: str, text: str) -> Path:
        """Write a file of the project."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    def infra(self, text: str, name: str = "infra.py") -> Path:
        """Write an infra.py in which a construct `Jobs` is defined already."""
        return self.write(name, INFRA + dedent(text))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Run]:
    def call(*arguments: str) -> Run:
        code = main(arguments)
        said = capsys.readouterr()
        return Run(code, said.out, said.err)

    return call
