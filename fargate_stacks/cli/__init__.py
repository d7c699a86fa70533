"""The command line. Only this package prints and only it knows click."""

from __future__ import annotations

from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and give the exit code: 0 done, 1 a deployment failed, 2 the input is wrong."""
    from fargate_stacks.cli.group import run

    return run(argv)
