"""The public names: imported when used, listed once for programs and once for type checkers, and the same in both."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import fargate_stacks

SOURCE = ast.parse(Path(fargate_stacks.__file__).read_text("utf-8"))


def loaded_by(statement: str) -> set[str]:
    code = f"{statement}\nimport sys; print(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize("name", fargate_stacks.__all__)
def test_a_name_is_what_its_module_defines(name: str) -> None:
    thing = getattr(fargate_stacks, name)
    assert thing.__name__ == name
    assert thing.__module__.startswith("fargate_stacks.")


def test_type_checkers_see_the_same_names() -> None:
    (block,) = [node for node in SOURCE.body if isinstance(node, ast.If)]
    imported = [alias.name for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert sorted(imported) == sorted(fargate_stacks.__all__)


def test_type_checkers_import_a_name_from_where_it_is_imported() -> None:
    (block,) = [node for node in SOURCE.body if isinstance(node, ast.If)]
    homes = {f"fargate_stacks.{home}": sorted(names) for home, names in fargate_stacks._HOMES.items()}
    seen = {
        node.module: sorted(alias.name for alias in node.names)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
    }
    assert seen == homes


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"^module 'fargate_stacks' has no attribute 'Lambda'$"):
        fargate_stacks.Lambda  # noqa: B018


def test_dir_lists_the_public_names() -> None:
    assert set(fargate_stacks.__all__) <= set(dir(fargate_stacks))


def test_importing_the_package_imports_nothing_else_of_it() -> None:
    assert {
        one for one in loaded_by("import fargate_stacks") if one.startswith(("fargate_stacks.", "troposphere"))
    } == set()


def test_a_name_imports_its_own_module_and_not_its_neighbours() -> None:
    loaded = loaded_by("from fargate_stacks import Stack")
    assert "fargate_stacks.core.stack" in loaded
    assert {
        one for one in loaded if one.startswith(("fargate_stacks.constructs.", "fargate_stacks.providers."))
    } == set()
