"""What is leaned on of the emulator is what is looked for when it starts."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

from fargate_stacks.deploy import local
from fargate_stacks.deploy.local.names import NAMES

SOURCES = sorted(Path(local.__file__).parent.rglob("*.py"))


def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def leaned_on(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Give (module, name) for each name of ministack that a source uses."""
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "ministack":
            for name in node.names:
                whole = f"{node.module}.{name.name}"
                if _is_module(whole):
                    known[name.asname or name.name] = whole
                else:
                    yield str(node.module), name.name
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in known:
            yield known[node.value.id], node.attr


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_every_name_of_the_emulator_is_checked_at_the_start(source: Path) -> None:
    used = set(leaned_on(ast.parse(source.read_text("utf-8"))))
    assert {(module, name) for module, name in used if name not in NAMES.get(module, ())} == set()


def test_no_name_is_checked_that_nobody_uses() -> None:
    used = {pair for source in SOURCES for pair in leaned_on(ast.parse(source.read_text("utf-8")))}
    assert {(module, name) for module, names in NAMES.items() for name in names} - used == set()
