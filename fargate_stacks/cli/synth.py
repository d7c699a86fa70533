"""`synth`: the templates, to standard output or to files."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fargate_stacks.cli.load import load_templates
from fargate_stacks.cli.options import app_option, set_option, stack_option

if TYPE_CHECKING:
    from fargate_stacks.core.template import Template


@click.command()
@app_option
@set_option
@stack_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["yaml", "json"]),
    default="yaml",
    show_default=True,
    help="YAML has a comment for each construct.",
)
@click.option(
    "--out",
    "folder",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write one file a stack, DIR/STACK.yaml or .json, instead of standard output.",
)
@click.option("--long-form", is_flag=True, help="Write Fn::GetAtt for !GetAtt, for scanners that need it.")
def command(
    target: str | None,
    settings: dict[str, str],
    stacks: tuple[str, ...],
    form: str,
    folder: Path | None,
    long_form: bool,
) -> None:
    """Write the CloudFormation templates.

    One stack is written as it is. Several are a stream of YAML documents with a `# stack: NAME` line
    each, or one JSON object with a template for each stack's name; both in deployable order.
    """
    templates = load_templates(target, settings, stacks, cwd=Path.cwd())
    if folder is not None:
        for name, one in templates.items():
            text = one.to_json() if form == "json" else one.to_yaml(long_form=long_form)
            click.echo(f"wrote {_write(folder / f'{name}.{form}', text)}", err=True)
    elif form == "json":
        click.echo(_json(templates), nl=False)
    else:
        click.echo(_yaml(templates, long_form), nl=False)


def _yaml(templates: Mapping[str, Template], long_form: bool) -> str:
    texts = {name: one.to_yaml(long_form=long_form) for name, one in templates.items()}
    if len(texts) == 1:
        return next(iter(texts.values()))
    return "---\n".join(f"# stack: {name}\n{text}" for name, text in texts.items())


def _json(templates: Mapping[str, Template]) -> str:
    if len(templates) == 1:
        return next(iter(templates.values())).to_json()
    return json.dumps({name: one.to_dict() for name, one in templates.items()}, indent=2) + "\n"


def _write(path: Path, text: str) -> Path:
    """Replace a file whole or not at all, so that no reader ever sees half of a template."""
    import tempfile  # here: most runs write no file, and none may pay for it

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with open(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            os.chmod(unfinished, 0o666 & ~_umask())  # mkstemp's files are for their owner only
            os.replace(unfinished, path)
        except BaseException:
            os.unlink(unfinished)
            raise
    except OSError as error:
        raise click.FileError(str(path), error.strerror) from None
    return path


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
