"""The child process of a local cloud: started once, recognised again, ended whole."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from fargate_stacks.errors import DeployError

FOLDER = ".fargate-stacks"
PIP = "pip install 'fargate-stacks[local]'"
ALIVE = "/_fargate-stacks/alive"
"""Answers with the token of the state file, so that a stranger on the same port is not taken for ours."""

PLAY = "/_fargate-stacks/scenario"
RESET = "/_fargate-stacks/reset"

_READY_SECONDS = 30.0
_GRACE_SECONDS = 5.0


@dataclass(frozen=True)
class Running:
    """A local cloud that answers."""

    endpoint_url: str
    pid: int


def start(folder: Path) -> Running:
    """Give the local cloud of a folder, started where none runs.

    Two that start at once get the same one. One that was started from another environment will do, so that
    the emulator's pins need not be this one's. Raises DeployError when none runs and the extra is not
    installed, or the child does not come up.
    """
    running = status(folder)
    if running is not None:
        return running
    require()
    home = _home(folder)
    with _locked(home):
        found = _find(home)
        if found is not None:
            return found
        _forget(home)
        return _launch(home)


def status(folder: Path) -> Running | None:
    """Give the local cloud of a folder if it runs."""
    return _find(folder / FOLDER)


def stop(folder: Path) -> bool:
    """End the local cloud of a folder and remove what it held; False when none ran.

    It is asked first and killed after five seconds.
    """
    home = folder / FOLDER
    if not home.is_dir():
        return False
    with _locked(home):
        found = _find(home)
        if found is not None:
            _end(found.pid)
        _forget(home)
        return found is not None


def play(cloud: Running, scenario: Mapping[str, Any] | Path) -> None:
    """Let a scenario hold in a local cloud in place of the one before: a file, or what would stand in one."""
    if isinstance(scenario, Path):
        _tell(cloud, PLAY, {"path": str(scenario.absolute())})
    else:
        _tell(cloud, PLAY, {"scenario": scenario})


def pace(cloud: Running, speed: float) -> None:
    """Let so many seconds of AWS pass in one; with 0 nothing takes time."""
    _tell(cloud, PLAY, {"speed": speed})


def reset(cloud: Running) -> None:
    """Make a local cloud forget all that was made in it, and its scenario."""
    _tell(cloud, RESET, {})


def _tell(cloud: Running, path: str, content: Any) -> None:
    port = int(cloud.endpoint_url.rpartition(":")[2])
    said = answer(port, path, method="POST", body=json.dumps(content).encode())
    if said != {}:
        raise DeployError(f"local: {(said or {}).get('message', 'the local cloud does not answer')}")


def require() -> None:
    """Raise DeployError with the pip line when the extra is not installed."""
    for name in ("ministack", "botocore", "hypercorn", "cfnlint"):
        if importlib.util.find_spec(name) is None:
            raise DeployError(f"local: {name} is not installed; {PIP}", exit_code=2)
    if sys.platform == "win32":
        raise DeployError("local: the local cloud runs on Linux, macOS and WSL, not on Windows itself", exit_code=2)


def answer(port: int, path: str = ALIVE, *, method: str = "GET", body: bytes = b"") -> Any:
    """Give the JSON with which a local cloud answers on a port, or None when nobody or a stranger does."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request(method, path, body=body)
        return json.loads(connection.getresponse().read())
    except (OSError, HTTPException, ValueError):
        return None
    finally:
        connection.close()


def _home(folder: Path) -> Path:
    home = folder / FOLDER
    home.mkdir(parents=True, exist_ok=True)
    ignore = home / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", "utf-8")
    return home


@contextlib.contextmanager
def _locked(home: Path) -> Iterator[None]:
    import fcntl

    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _find(home: Path) -> Running | None:
    """Give the cloud that the state file names, if it is alive and ours."""
    try:
        state = json.loads((home / "local.json").read_text("utf-8"))
        pid, port, token = int(state["pid"]), int(state["port"]), str(state["token"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    # the pid may be another program's by now, and the port too: only the token tells
    said = answer(port) if _alive(pid) else None
    if not isinstance(said, dict) or said.get("token") != token or said.get("pid") != pid:
        return None
    return Running(f"http://127.0.0.1:{port}", pid)


def _launch(home: Path) -> Running:
    token = secrets.token_hex(16)
    log = home / "local.log"
    data = home / "data"
    data.mkdir(exist_ok=True)
    with log.open("wb") as out:
        child = subprocess.Popen(
            [sys.executable, "-m", "fargate_stacks.deploy.local.server", str(home)],
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=_environment(data),
            cwd=data,
        )
    assert child.stdin is not None
    # on stdin, not in the arguments: every user of the machine can read those
    with contextlib.suppress(BrokenPipeError), child.stdin as pipe:
        pipe.write(token.encode())
    end = time.monotonic() + _READY_SECONDS
    while time.monotonic() < end:
        found = _find(home)
        if found is not None:
            # its end is nobody's business here; without this a later stop from the same process leaves a zombie
            child.returncode = 0
            return found
        if child.poll() is not None:
            break
        time.sleep(0.01)
    _end(child.pid)
    _forget(home)
    raise DeployError(f"local: the local cloud did not start; {_last_words(log)}; the whole log is in {log}")


def _environment(data: Path) -> dict[str, str]:
    """Give what the child may see of this process's environment: how to run Python, and nothing of AWS."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "PYTHONPATH", "PYTHONHOME", "PYTHONUSERBASE", "VIRTUAL_ENV")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"TMPDIR": str(data)}


def _last_words(log: Path) -> str:
    said = [line for line in log.read_text("utf-8", errors="replace").splitlines() if line.strip()]
    return said[-1].strip() if said else "it said nothing"


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    with contextlib.suppress(ChildProcessError):
        # a child of this very process that ended stays in the table until it is asked
        return os.waitpid(pid, os.WNOHANG)[0] == 0
    return True


def _end(pid: int) -> None:
    for wanted, seconds in ((signal.SIGTERM, _GRACE_SECONDS), (signal.SIGKILL, _GRACE_SECONDS)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, wanted)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not _alive(pid):
                return
            time.sleep(0.01)


def _forget(home: Path) -> None:
    (home / "local.json").unlink(missing_ok=True)
    shutil.rmtree(home / "data", ignore_errors=True)
