"""`bootstrap`: what an account and region need once."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import click

from fargate_stacks.cli.cloud import open_cloud, where_options
from fargate_stacks.cli.load import load_if_there
from fargate_stacks.cli.options import app_option, output_option, set_option


def _repository(ctx: click.Context, param: click.Parameter, text: str | None) -> str:
    if text is not None and not re.fullmatch(r"[\w.-]+/[\w.-]+", text):
        raise click.BadParameter(f"write OWNER/NAME, got {text!r}", ctx, param)
    return text or ""


@click.command()
@app_option
@set_option
@where_options
@click.option(
    "--github",
    "repository",
    metavar="OWNER/NAME",
    callback=_repository,
    help="Make a deploy role that the workflows of this repository may take, without a stored key.",
)
@click.option("--branch", metavar="NAME", default="", help="With --github: only from this branch.")
@click.option(
    "--trust",
    "trusted",
    metavar="ARN",
    multiple=True,
    help="A user, role or account that may take the deploy role. May be given several times.",
)
@click.option(
    "--policy",
    "printed",
    is_flag=True,
    help="Only write the policies that a deploy of this app needs, as JSON, for an administrator to grant.",
)
@click.option("--dry-run", is_flag=True, help="Show what is missing, make nothing.")
@click.option("--yes", "-y", is_flag=True, help="Ask nothing; what --approve must cover is still asked about.")
@click.option("--approve", is_flag=True, help="Approve that roles are made.")
@output_option
def command(**given: Any) -> int:
    """Make what an account and region need once: shown as a plan, made when you agree. Run again, it changes nothing.

    \b
    - service-linked roles that a new account lacks
    - the bucket for templates over 51,200 bytes
    - a role that may only read and delete, to tear stacks down with
    - with --github or --trust, a deploy role with the permissions that the types of this app need, and no others;
      with --github also GitHub's identity provider

    \b
    Examples:
      fargate-stacks bootstrap --dry-run
      fargate-stacks bootstrap --github example/shop --branch main
      fargate-stacks bootstrap --policy > policies.json
    """
    from fargate_stacks.cli.screen import screen

    templates = load_if_there(given["target"], given["settings"], cwd=Path.cwd())
    if given["printed"]:
        from fargate_stacks.deploy.permissions import deploy_policies, types_of

        names = list(templates) or ["*"]
        policies = deploy_policies(types_of(templates), names, "fargate-stacks-*", "aws", templates=templates.values())
        click.echo(json.dumps(policies, indent=2))
        return 0
    with screen(given["output"]) as out:
        out.start("bootstrap", ())
        from fargate_stacks.deploy.bootstrap import Wishes, bootstrap
        from fargate_stacks.deploy.run import Options, Run

        client = open_cloud(local=given["local"], region=given["region"], profile=given["profile"])
        assert client is not None
        agreed = given["local"] or given["approve"]
        run = Run(
            client,
            out,
            out.agree if given["yes"] or given["local"] else out.ask,
            Options(approved=frozenset({"broadening"}) if agreed else frozenset()),
            confirm=out.agree if agreed else out.confirm,
        )
        bootstrap(
            client,
            templates,
            Wishes(given["repository"], given["branch"], given["trusted"]),
            run,
            dry=given["dry_run"],
        )
    return 0
