"""`init`: a blueprint becomes the user's own infra.py, with a test."""

from __future__ import annotations

import ast
from pathlib import Path

import click

from fargate_stacks.core.construct import nearest
from fargate_stacks.errors import FargateStacksError

TEST = '''\
"""The templates are compared with those that were last reviewed; accept a change with --snapshot-update."""

from collections.abc import Callable

from fargate_stacks import App
from fargate_stacks.testing import load_app


def test_every_stack_is_as_reviewed(stack_snapshots: Callable[[App], None]) -> None:
    stack_snapshots(load_app())
'''


@click.command()
@click.argument("blueprint", default="web_service")
@click.option("--list", "list_only", is_flag=True, help="List the blueprints and write nothing.")
def command(blueprint: str, list_only: bool) -> None:
    """Copy a blueprint to infra.py and write a first test, tests/test_infra.py.

    Without a name it is web_service. Nothing is ever overwritten.
    """
    known = {file.stem: file for file in sorted(_folder().glob("*.py")) if not file.stem.startswith("_")}
    if list_only:
        width = max(map(len, known), default=0)
        for name, file in known.items():
            click.echo(f"{name:<{width}}  {_purpose(file)}")
        return
    source = known.get(blueprint.replace("-", "_"))
    if source is None:
        hint = nearest(blueprint.replace("-", "_"), known) or f"; there are {', '.join(known)}"
        raise FargateStacksError(f"init: there is no blueprint {blueprint}{hint}")
    files = {
        Path("infra.py"): source.read_text("utf-8"),
        Path("tests/test_infra.py"): TEST,
    }
    present = [str(path) for path in files if path.exists()]
    if present:
        raise FargateStacksError(
            f"init: {' and '.join(present)} would be overwritten; move what is there, or use a new folder"
        )
    for path, text in files.items():
        _create(path, text)
    click.echo("next: fargate-stacks synth, then fargate-stacks deploy --local", err=True)
    click.echo("      python -m pytest --snapshot-update, once you have read what synth writes", err=True)


def _folder() -> Path:
    """Where the blueprints are: in the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "blueprints"
    return inside if inside.is_dir() else package.parent / "blueprints"


def _purpose(file: Path) -> str:
    text = ast.get_docstring(ast.parse(file.read_text("utf-8"))) or ""
    return text.partition("\n")[0]


def _create(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise click.FileError(str(path), error.strerror) from None
    click.echo(f"wrote {path}", err=True)
