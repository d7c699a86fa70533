"""`outputs`: what the deployed stacks tell."""

from __future__ import annotations

import json
from pathlib import Path

import click

from fargate_stacks.cli.cloud import open_cloud, where_options
from fargate_stacks.cli.load import load_templates
from fargate_stacks.cli.options import app_option, set_option, stack_option
from fargate_stacks.errors import DeployError


@click.command()
@app_option
@set_option
@stack_option
@where_options
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    target: str | None,
    settings: dict[str, str],
    stacks: tuple[str, ...],
    local: bool,
    region: str | None,
    profile: str | None,
    form: str,
) -> int:
    """Write the live outputs of the deployed stacks, as STACK.OUTPUT=VALUE or as one JSON object by stack."""
    from fargate_stacks.cli.screen import output_lines

    templates = load_templates(target, settings, stacks, cwd=Path.cwd())
    client = open_cloud(local=local, region=region, profile=profile, start=False)
    if client is None:
        raise DeployError("outputs: no local cloud runs here; deploy --local first")
    live = {name: client.at(one.region, one.account).stack(name) for name, one in templates.items()}
    found = {name: dict(state.outputs) for name, state in live.items() if state is not None}
    if form == "json":
        click.echo(json.dumps(found, indent=2))
        return 0
    for name, outputs in found.items():
        for line in output_lines(name, outputs):
            click.echo(line)
    return 0
