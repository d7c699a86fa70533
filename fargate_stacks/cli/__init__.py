"""The command line. Only this package prints and only it knows click."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and give the exit code: 0 done, 1 a deployment failed, 2 the input is wrong."""
    from fargate_stacks.cli.group import run

    return run(argv)


def entry() -> NoReturn:
    """Be the whole process: run the command of the command line and end with its exit code."""
    import atexit
    import gc
    import os
    import sys

    # a command makes objects and ends: looking for garbage, and taking modules apart at the end, is a sixth of `synth`
    gc.set_threshold(100_000)
    code = main()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
