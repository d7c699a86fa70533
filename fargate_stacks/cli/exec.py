"""`exec`: a shell, or one command, inside a running task."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from fargate_stacks.cli.live import Live, as_json, live_options
from fargate_stacks.errors import DeployError

if TYPE_CHECKING:
    from fargate_stacks.deploy.session import Plugin, Session

_SESSION = "AWS_SSM_START_SESSION_RESPONSE"
_INSTALL = (
    "https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html"
)


@click.command()
@click.argument("name", metavar="SERVICE")
@click.argument("words", metavar="[-- COMMAND...]", nargs=-1, type=click.UNPROCESSED)
@click.option("--container", metavar="NAME", help="Default: the one that a load balancer reaches, else the first.")
@click.option("--task", metavar="ID", help="The task whose id begins like this. Default: the newest.")
@live_options
def command(live: Live, name: str, words: tuple[str, ...], container: str | None, task: str | None) -> int:
    """Open a shell inside a running task of a service, or run one command there.

    It needs Service(exec=True) and AWS's session-manager-plugin on this machine. The exit code is the plugin's: AWS
    does not hand over the command's own. With --output json the session is described and not opened.

    \b
    Examples:
      fargate-stacks exec Api
      fargate-stacks exec Api --container app -- cat /etc/hosts
    """
    from fargate_stacks.deploy.session import enter

    if not words and live.output == "text" and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise DeployError(f"exec: there is no terminal for a shell; give a command: exec {name} -- ls", exit_code=2)
    plugin = find_plugin(live, "exec")
    found = live.directory(name).service(name)
    said = shlex.join(words) if words else "/bin/sh"
    session = enter(found, said, container=container, task=task, plugin=plugin)
    if live.output == "json":
        click.echo(as_json({"task": session.task.arn, "container": session.container, "command": list(session.argv)}))
        return 0
    click.echo(f"{name}: {session.container} of task {session.task.id}", err=True)
    return carry(session)


def find_plugin(live: Live, command: str) -> Plugin:
    """Give the plugin. Raises DeployError where it is not installed and a session is to be opened."""
    from fargate_stacks.deploy.session import PLUGIN, Plugin

    path = shutil.which(PLUGIN)
    if path is None and live.output == "text":
        raise DeployError(f"{command}: {PLUGIN} is not installed; AWS tells how: {_INSTALL}", exit_code=2)
    return Plugin(path or PLUGIN, live.profile)


def carry(session: Session) -> int:
    """Hand a session to the plugin until either ends it; give its exit code."""
    sys.stderr.flush()
    try:
        argv, more = _private(session.argv)
        return subprocess.run(argv, check=False, env={**os.environ, **more}).returncode
    except KeyboardInterrupt:
        return 130


def _private(argv: Sequence[str]) -> tuple[Sequence[str], Mapping[str, str]]:
    """Give the plugin's arguments, and in its environment the session, whose token arguments would show to everybody.

    As AWS's command line does; a plugin up to 1.2.497.0 takes it as an argument alone.
    """
    program, session, *rest = argv
    asked = subprocess.run(
        [program, "--version"], stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False
    )
    version = asked.stdout.strip()
    if not re.fullmatch(r"\d+(\.\d+){2,3}", version) or [int(one) for one in version.split(".")] <= [1, 2, 497, 0]:
        return argv, {}
    return [program, _SESSION, *rest], {_SESSION: session}
