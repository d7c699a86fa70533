"""`tunnel`: a port of this machine that leads through a running task, where no bastion stands."""

from __future__ import annotations

import socket

import click

from fargate_stacks.cli.exec import carry, find_plugin
from fargate_stacks.cli.live import Live, as_json, live_options
from fargate_stacks.errors import DeployError


@click.command()
@click.argument("name", metavar="SERVICE")
@click.argument("to", metavar="TO")
@click.option("--local-port", type=click.IntRange(1, 65535), metavar="PORT", help="Default: that of TO, or a free one.")
@click.option("--container", metavar="NAME", help="Default: the one that a load balancer reaches, else the first.")
@click.option("--task", metavar="ID", help="The task whose id begins like this. Default: the newest.")
@live_options
def command(live: Live, name: str, to: str, local_port: int | None, container: str | None, task: str | None) -> int:
    """Lead a port of this machine through a running task to TO: a database, a cache, another service, or the task.

    TO is what the task uses, by its name in infra.py; or HOST:PORT as seen from the task; or a port of the task
    itself. It lasts until Ctrl-C. It needs Service(exec=True) and AWS's session-manager-plugin on this machine. With
    --output json the session is described and not opened.

    \b
    Examples:
      fargate-stacks tunnel Api Orders
      fargate-stacks tunnel Api db.internal:5432 --local-port 15432
      fargate-stacks tunnel Api 8080
    """
    from fargate_stacks.deploy.session import address, forward

    plugin = find_plugin(live, "tunnel")
    found = live.directory(name).service(name)
    far = address(found, to, container)
    number = int(far.rpartition(":")[2])
    if not 1 <= number <= 65535:
        raise DeployError(f"tunnel: a port is 1 to 65535, got {number}", exit_code=2)
    near = _near(local_port, number)
    session = forward(found, far, near, container=container, task=task, plugin=plugin)
    if live.output == "json":
        told = {"task": session.task.arn, "container": session.container, "to": far, "local_port": near}
        click.echo(as_json({**told, "command": list(session.argv)}))
        return 0
    click.echo(f"{name}: 127.0.0.1:{near} leads to {far} through task {session.task.id}", err=True)
    return carry(session)


def _near(wanted: int | None, far: int) -> int:
    """Give a port of this machine that nobody has: the one wanted, else the far one's number, else any."""
    for port in [wanted] if wanted is not None else [*([far] if far >= 1024 else []), 0]:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                if port == wanted:
                    said = f"tunnel: port {port} of this machine is taken; give another --local-port"
                    raise DeployError(said, exit_code=2) from error
                continue
            number: int = probe.getsockname()[1]
            return number
    raise DeployError("tunnel: no port of this machine is free")
