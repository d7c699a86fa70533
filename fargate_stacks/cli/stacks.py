"""What the commands on whole stacks share: which stacks, where they are, and how they are worked on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from fargate_stacks.cli.cloud import by_stack, handed, open_clouds, places_options
from fargate_stacks.cli.load import load_templates, select
from fargate_stacks.cli.options import app_option, set_option, stack_option
from fargate_stacks.errors import LoadError

if TYPE_CHECKING:
    from fargate_stacks.cli.screen import Screen
    from fargate_stacks.core.template import Template
    from fargate_stacks.deploy.client import Client
    from fargate_stacks.deploy.clock import Clock
    from fargate_stacks.deploy.run import Ask, Options


class Where(NamedTuple):
    """The clouds that the stacks are in."""

    client: Client
    clients: Mapping[str, Client]
    """By stack, where it is not the common one."""
    clock: Clock | None


_F = TypeVar("_F", bound=Callable[..., Any])
_FILE = click.option(
    "--template",
    "file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A CloudFormation template of any origin, as the stack that --stack names, instead of an app.",
)


def stacks_options(function: _F) -> _F:
    """Add --app, --set, --stack, --template, --local, --region and --profile."""
    return app_option(set_option(stack_option(_FILE(places_options(function)))))


def find(given: Mapping[str, Any]) -> tuple[dict[str, Template], tuple[str, ...]]:
    """Give the templates to work on, and the names of those chosen: an app's, or the one file."""
    from dataclasses import replace

    stacks: tuple[str, ...] = given["stacks"]
    if given["file"] is not None:
        if len(stacks) != 1:
            raise LoadError("--template: name the one stack that it makes with --stack NAME")
        if given["target"] or given["settings"]:
            raise LoadError("--template: it takes no --app and no --set; a template has --parameter")
        from fargate_stacks.deploy.foreign import read

        templates = {stacks[0]: read(given["file"], stacks[0])}
    else:
        templates = load_templates(given["target"], given["settings"], cwd=Path.cwd())
        select(templates, stacks)
    tags = given.get("tags") or {}
    if tags:
        templates = {name: replace(one, tags={**one.tags, **tags}) for name, one in templates.items()}
    return templates, stacks


def options_of(given: Mapping[str, Any], templates: Mapping[str, Template], **more: Any) -> Options:
    """Give what was wished by the options that several commands have; `more` are those of one command."""
    from fargate_stacks.deploy.run import Options

    role, roles = by_stack(given["roles"], templates, "--role-arn")
    told = ("timeout", "cancel_after", "concurrency", "approved", "artifact_bucket")
    common = {key: given[key] for key in told if key in given}
    busy = given.get("if_busy")
    return Options(
        **common, wait_if_busy=busy == "wait", cancel_if_busy=busy == "cancel", role_arn=role, role_arns=roles, **more
    )


def opened(given: Mapping[str, Any], templates: Mapping[str, Template], *, start: bool = True) -> Where | None:
    """Connect to where the stacks are; None where no local cloud runs and none is to be started."""
    client, clients = open_clouds(
        local=given["local"], region=given["region"], profiles=given["profiles"], templates=templates, start=start
    )
    return None if client is None else Where(client, clients, handed("clock"))


def answers(given: Mapping[str, Any], out: Screen) -> tuple[Ask, Ask]:
    """Give who answers questions, and who answers those about risks: nobody is asked with --local."""
    local = given["local"]
    return out.agree if given["yes"] or local else out.ask, out.agree if local else out.confirm
