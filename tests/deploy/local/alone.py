"""A blueprint's whole life through the command line, in a process of its own; prints what became of it as JSON.

python -m tests.deploy.local.alone FOLDER
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import socket
import sys
from pathlib import Path

BLUEPRINT = Path(__file__).parents[3] / "blueprints" / "web_service.py"


def run(*arguments: str) -> int:
    from fargate_stacks.cli import main

    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(sys.stderr):
        return main(arguments)


def outside() -> str:
    """Try to leave this machine, and say what came of it."""
    with socket.socket() as tried:
        tried.settimeout(2)
        try:
            tried.connect(("192.0.2.1", 443))
        except OSError as error:
            return type(error).__name__
    return "reached"


def main(folder: Path) -> None:
    from fargate_stacks.deploy import local
    from fargate_stacks.deploy.client import local_api

    os.chdir(folder)
    text = BLUEPRINT.read_text("utf-8")
    infra = folder / "infra.py"
    where = ("--local", "--set", "stage=dev")
    told: dict[str, object] = {"outside": outside()}
    for tag in ("first", "second"):
        infra.write_text(re.sub(r'"([\w.\-]+(?:/[\w.\-]+)+):[\w.\-]+"', rf'"\g<1>:{tag}"', text), "utf-8")
        told[tag] = run("deploy", *where)
    found = local.status(folder)
    assert found is not None
    stacks = local_api("cloudformation", found.endpoint_url).describe_stacks()["Stacks"]
    told["stacks"] = [one["StackStatus"] for one in stacks]
    told["destroyed"] = run("destroy", *where, *(part for one in stacks for part in ("--stack", one["StackName"])))
    local.stop(folder)
    print(json.dumps(told))  # noqa: T201 (it is a program)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
