"""`outputs`: what the deployed stacks tell."""

from __future__ import annotations

import click

from fargate_stacks.cli.live import Live, live_options
from fargate_stacks.errors import DeployError


@click.command()
@click.argument("name", metavar="[STACK]", required=False)
@click.argument("key", metavar="[OUTPUT]", required=False)
@live_options
def command(live: Live, name: str | None, key: str | None) -> int:
    """Write the live outputs of the deployed stacks as STACK.OUTPUT=VALUE, or of one; or the value of one output.

    With --output json it is an object by stack, or the one value.

    \b
    Examples:
      fargate-stacks outputs
      fargate-stacks outputs web-dev Url
    """
    from fargate_stacks.cli.screen import output_lines
    from fargate_stacks.core.construct import nearest

    directory = live.directory(name)
    stacks = [name] if name is not None else [one for one in directory.templates if not directory.is_missing(one)]
    states = [directory.stack(one)[1] for one in stacks]
    found = {state.name: dict(state.outputs) for state in states}
    if key is not None:
        ((stack, outputs),) = found.items()
        if key not in outputs:
            hint = nearest(key, outputs) or f"; it has {', '.join(outputs) or 'none'}"
            raise DeployError(f"{stack}: there is no output {key}{hint}", exit_code=2)
        live.show(outputs[key], lambda: iter([outputs[key]]))
        return 0
    if not any(found.values()) and live.output == "text":
        click.echo(f"{', '.join(found)}: no outputs" if found else "no stack is deployed", err=True)
    live.show(found, lambda: (line for stack, outputs in found.items() for line in output_lines(stack, outputs)))
    return 0
