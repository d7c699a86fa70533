"""The group of all commands and the edge where our exceptions end."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from itertools import pairwise

import click

from fargate_stacks.core.construct import nearest
from fargate_stacks.errors import DeployError, FargateStacksError, LoadError

NAMES = tuple(
    "init synth ls check lock diff deploy destroy watch bootstrap status logs exec tunnel run approve reject rollback "
    "scale restart diagnose drift outputs events url open local".split()
)


class LazyGroup(click.Group):
    """Imports `fargate_stacks.cli.NAME` when NAME is asked for, so that no command pays for another."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(NAMES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in NAMES:
            return None
        command: click.Command = import_module(f"fargate_stacks.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in NAMES and not args[0].startswith("-"):
            ctx.fail(f"there is no command {args[0]}{nearest(args[0], NAMES)}")
        return super().resolve_command(ctx, args)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(None, package_name="fargate-stacks", prog_name="fargate-stacks")
def group() -> None:
    """Run containers on AWS Fargate through CloudFormation.

    The app is the `App` of infra.py in this folder, or what `app` under [tool.fargate-stacks] in
    pyproject.toml names, or what --app names.

    Data goes to standard output, everything else to standard error. The exit code is 0 when all
    went well, 1 when a deployment failed and 2 when the input is wrong.

    \b
    Shell completion, for bash, zsh or fish:
      eval "$(_FARGATE_STACKS_COMPLETE=bash_source fargate-stacks)"
      eval "$(_FARGATE_STACKS_COMPLETE=zsh_source fargate-stacks)"
      _FARGATE_STACKS_COMPLETE=fish_source fargate-stacks | source
    """


def run(argv: Sequence[str] | None, given: Mapping[str, object] | None = None) -> int:
    """Run a command and turn what the user can cure into one line on standard error.

    `given` hands over what a command would open itself: the cloud's `client`, the app's `templates`, the `clock`.
    """
    try:
        code = _run(argv, given)
        sys.stdout.flush()
    except BrokenPipeError:
        # the reader has gone: nothing to say, and nothing left to flush when Python ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


def _run(argv: Sequence[str] | None, given: Mapping[str, object] | None) -> int:
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        with _recorded(arguments):
            code = group.main(args=arguments, prog_name="fargate-stacks", standalone_mode=False, obj=given)
    except FargateStacksError as error:
        return _say(error)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        click.echo("aborted", err=True)
        return 130
    return code if isinstance(code, int) else 0


@contextmanager
def _recorded(arguments: Sequence[str]) -> Iterator[None]:
    """Let a command whose output is read by a program end with a record, also where it did not begin."""
    try:
        yield
    except BaseException as error:
        if "--output=jsonl" in arguments or ("--output", "jsonl") in pairwise(arguments):
            from fargate_stacks.cli.screen import failed

            failed(error)
        raise


def _say(error: FargateStacksError) -> int:
    from fargate_stacks.cli.masks import Masks

    hidden = Masks().text  # a setting may be a secret
    if isinstance(error, LoadError) and error.__cause__ is not None:
        import traceback

        lines = traceback.format_exception(error.__cause__, chain=True)
        click.echo(hidden("".join(lines)), err=True, nl=False)
    click.echo(f"error: {hidden(str(error))}", err=True)
    return error.exit_code if isinstance(error, DeployError) else 2
