"""The page that rehearses failed deployments is carried out, block by block, and shows what it says."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from fargate_stacks.cli import main
from fargate_stacks.deploy import local
from tests.test_docs import ROOT, blocks

PAGE = ROOT / "docs/how-to/rehearse.md"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    local.stop(tmp_path)


def test_the_page_shows_what_happens(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = ""
    for block in blocks(PAGE):
        match block.language:
            case "python":
                (folder / "infra.py").write_text(block.text)
            case "toml":
                (folder / "local.toml").write_text(block.text)
            case "console":
                said = "".join(run(line, capsys, block.id) for line in block.text.splitlines())
            case _:
                for line in block.text.splitlines():
                    assert re.search(re.escape(line.strip()).replace("…", ".*"), said), f"{block.id}: {line}\n{said}"


def run(line: str, capsys: pytest.CaptureFixture[str], where: str) -> str:
    command, _, comment = line.removeprefix("$ ").partition("#")
    code = main(shlex.split(command)[1:])
    told = capsys.readouterr()
    assert code == int(comment.rpartition(" ")[2] or 0), f"{where}: {command}\n{told.err}"
    return told.out + told.err
