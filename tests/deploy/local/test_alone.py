"""All of the local cloud works on a machine that has no network but its loopback, and it tries no other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
GUARD = """
import os, sys
from ipaddress import ip_address

SEEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "seen")


def near(host):
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host in ("", "localhost")


def watch(event, args):
    if event in ("socket.connect", "socket.bind", "socket.sendto") and isinstance(args[1], tuple):
        host = str(args[1][0])
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = (args[0] or b"") if isinstance(args[0], bytes) else str(args[0] or "")
        host = host.decode() if isinstance(host, bytes) else host
    else:
        return
    with open(SEEN, "a") as seen:
        seen.write(f"{'near' if near(host) else 'far'} {event} {host} {os.getpid()}\\n")
    if not near(host):
        raise ConnectionRefusedError(f"{event}: {host} is not this machine")


sys.addaudithook(watch)
"""
"""What every Python process of the run begins with: each connection and each name is written down, far ones refused."""


def lived(folder: Path, *prefix: str) -> tuple[dict[str, Any], list[list[str]]]:
    """Let a blueprint live and die; give what became of it, and every address that was used."""
    guard = folder / "guard"
    guard.mkdir()
    (guard / "sitecustomize.py").write_text(GUARD)
    project = folder / "project"
    project.mkdir()
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(guard), str(ROOT), os.environ.get("PYTHONPATH", "")]),
    }
    done = subprocess.run(
        [*prefix, sys.executable, "-m", "tests.deploy.local.alone", str(project)],
        env=environment, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    seen = [line.split(" ", 3) for line in (guard / "seen").read_text().splitlines()]
    return json.loads(done.stdout), seen


LIVED = {"first": 0, "second": 0, "stacks": ["UPDATE_COMPLETE"], "destroyed": 0}


def test_nothing_but_the_loopback_is_used(tmp_path: Path) -> None:
    told, seen = lived(tmp_path)
    assert told == {"outside": "ConnectionRefusedError", **LIVED}
    # the one far address is the probe, which shows that the guard guards
    assert [(event, host) for how, event, host, _ in seen if how == "far"] == [("socket.connect", "192.0.2.1")]
    assert len({pid for *_, pid in seen}) >= 2  # the command and the cloud's own process
    assert any(event == "socket.bind" for _, event, _, _ in seen)


def _alone() -> bool:
    tried = subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False)
    return tried.returncode == 0


@pytest.mark.skipif(not os.path.exists("/usr/bin/unshare") or not _alone(), reason="no network namespaces here")
def test_it_works_where_there_is_no_network_but_the_loopback(tmp_path: Path) -> None:
    up = ("unshare", "-rn", sys.executable, "-c", UP, "--")
    told, seen = lived(tmp_path, *up)
    assert told == {"outside": "ConnectionRefusedError", **LIVED}
    assert all(how == "near" or host == "192.0.2.1" for how, _, host, _ in seen)


UP = """
import fcntl, os, socket, struct, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_:
    asked = struct.pack("16sH14s", b"lo", 0x1 | 0x40, b"")  # SIOCSIFFLAGS: up, running
    fcntl.ioctl(any_, 0x8914, asked)
assert [name for _, name in socket.if_nameindex()] == ["lo"]
os.execvp(sys.argv[2], sys.argv[2:])
"""
"""In a network namespace of its own: its loopback is brought up, and there is nothing beside it."""
