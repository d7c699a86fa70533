"""Every code block of the README and of docs/ runs, parses, or names commands and options that exist."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
import pytest

from fargate_stacks import App, render
from fargate_stacks.cli.group import group
from fargate_stacks.core.yaml import load

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/**/*.md"))]
LANGUAGES = {"python", "console", "toml", "yaml", "text"}


class Block(NamedTuple):
    page: Path
    line: int
    language: str
    text: str

    @property
    def id(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text("utf-8")
    for match in re.finditer(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```$", text, re.MULTILINE | re.DOTALL):
        line = text.count("\n", 0, match.start()) + 1
        code = "".join(one.removeprefix(match[1]) for one in match[3].splitlines(keepends=True))
        yield Block(page, line, match[2], code)


ALL = [block for page in PAGES for block in blocks(page)]


def of(language: str) -> list[object]:
    return [pytest.param(one, id=one.id) for one in ALL if one.language == language]


def test_every_block_has_a_language_that_is_tested() -> None:
    assert [one.id for one in ALL if one.language not in LANGUAGES] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_python_blocks_run_from_the_top_of_the_page(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The blocks of a page are one module: a later block goes on where an earlier one ended."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "page"}
    for one in blocks(page):
        if one.language == "python":
            # as many empty lines as stand above it, so that an error names the line of the page
            exec(compile("\n" * one.line + one.text, str(page), "exec", dont_inherit=True), names)  # noqa: S102
            for app in [value for value in names.values() if isinstance(value, App)]:
                assert render(app)
            for name, value in list(names.items()):
                if name.startswith("test_") and callable(value) and not _arguments(value):
                    value()


def _arguments(function: object) -> tuple[str, ...]:
    code = function.__code__  # type: ignore[attr-defined]
    names: tuple[str, ...] = code.co_varnames[: code.co_argcount]
    return names


@pytest.mark.parametrize("block", of("console"))
def test_commands_and_their_options_exist(block: Block) -> None:
    for line in block.text.replace("\\\n", " ").splitlines():
        words = shlex.split(line.removeprefix("$ "), comments=True)
        words = words[: next((i for i, word in enumerate(words) if word in (">", "|")), len(words))]
        if words[:3] == ["python", "-m", "fargate_stacks"]:
            words = ["fargate-stacks", *words[3:]]
        if words[:1] == ["make"]:
            assert re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text(), re.MULTILINE), line
        if words[:1] != ["fargate-stacks"] or words[1:2] == ["COMMAND"]:
            continue
        context = click.Context(group)
        command: click.Command | None = group.get_command(context, words[1])
        assert command is not None, line
        # behind -- stand words for somebody else
        rest = words[2 : words.index("--") if "--" in words else None]
        if isinstance(command, click.Group):
            command = command.get_command(context, rest[0])
            assert command is not None, line
        known = {name for one in command.params for name in (*one.opts, *one.secondary_opts)} | {"--help"}
        assert {word.partition("=")[0] for word in rest if word.startswith("-")} <= known, line


@pytest.mark.parametrize("block", of("toml"))
def test_toml_blocks_parse(block: Block) -> None:
    assert tomllib.loads(block.text)


@pytest.mark.parametrize("block", of("yaml"))
def test_yaml_blocks_parse(block: Block) -> None:
    assert load(block.text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_to_other_pages_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_decision_is_in_their_list() -> None:
    folder = ROOT / "docs/decisions"
    listed = re.findall(r"^- \[[^]]+\]\(([^)]+)\)$", (folder / "index.md").read_text("utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(page.name for page in folder.glob("*.md") if page.name != "index.md")
