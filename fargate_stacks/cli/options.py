"""Options that several commands share."""

from __future__ import annotations

import click


def _pairs(ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    settings: dict[str, str] = {}
    for one in given:
        key, equals, value = one.partition("=")
        if not key or not equals:
            # what was written may be a secret whose name was forgotten
            got = "a text without =" if param.name == "given" else repr(one)
            raise click.BadParameter(f"write KEY=VALUE, got {got}", ctx, param)
        if key in settings:
            raise click.BadParameter(f"{key} is given twice", ctx, param)
        settings[key] = value
    return settings


output_option = click.option(
    "--output",
    type=click.Choice(["auto", "live", "plain", "jsonl", "quiet"]),
    default="auto",
    show_default=True,
    help="live: a block that is drawn anew; plain: one line for each change of state; jsonl: typed JSON lines on "
    "standard output; quiet: only what failed. auto is live on a terminal and plain elsewhere.",
)
app_option = click.option(
    "--app",
    "target",
    metavar="FILE[:NAME] | MODULE:NAME",
    help="The app, or a function that returns it. Default: infra.py, else pyproject.toml.",
)
set_option = click.option(
    "--set",
    "settings",
    metavar="KEY=VALUE",
    multiple=True,
    callback=_pairs,
    help="An argument of the function that returns the app. May be given several times.",
)
stack_option = click.option(
    "--stack",
    "stacks",
    metavar="NAME",
    multiple=True,
    help="Only this stack. May be given several times. Default: all.",
)
