"""The local cloud as a server: in a process of its own, or in a thread of a test's process."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fargate_stacks.errors import DeployError


@contextlib.contextmanager
def in_thread(data: Path) -> Iterator[str]:
    """Run a local cloud in a thread of this process and give its endpoint URL.

    The emulator keeps its state in its modules, so one process can hold one cloud: accounts (the access key,
    twelve digits) keep tests apart.
    """
    listener = _listen()
    port = listener.getsockname()[1]
    before = dict(os.environ)
    prepare(port, data)
    loop = asyncio.new_event_loop()
    over = asyncio.Event()
    ready = threading.Event()
    thread = threading.Thread(
        target=loop.run_until_complete,
        args=(serve(listener, secrets.token_hex(16), over, ready.set),),
        name="local-cloud",
        daemon=True,
    )
    thread.start()
    try:
        if not ready.wait(30):
            raise DeployError("local: the local cloud did not start in this process")
        yield f"http://127.0.0.1:{port}"
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)
        loop.close()
        os.environ.clear()
        os.environ.update(before)


def main(home: Path) -> int:
    """Serve until a signal comes; the state file is written once the port answers."""
    token = sys.stdin.read().strip()
    listener = _listen()
    port = listener.getsockname()[1]
    prepare(port, home / "data")

    def ready() -> None:
        state = {
            "pid": os.getpid(),
            "port": port,
            "token": token,
            "ministack": version("ministack"),
            "python": ".".join(map(str, sys.version_info[:3])),
        }
        draft = home / "local.json.new"
        draft.write_text(json.dumps(state, indent=2) + "\n", "utf-8")
        draft.replace(home / "local.json")

    async def run() -> None:
        over = asyncio.Event()
        for wanted in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(wanted, over.set)
        await serve(listener, token, over, ready, home.parent)

    try:
        asyncio.run(run())
    except DeployError as error:
        print(error, file=sys.stderr)  # noqa: T201 (its standard error is the log)
        return error.exit_code
    return 0


def prepare(port: int, data: Path) -> None:
    """Set what the emulator reads from the environment when it is imported."""
    data.mkdir(parents=True, exist_ok=True)
    for name in [name for name in os.environ if name.startswith(("AWS_", "LOCALSTACK_", "MINISTACK_"))]:
        del os.environ[name]
    os.environ.update(
        BIND_HOST="127.0.0.1",
        GATEWAY_PORT=str(port),
        MINISTACK_HOST="127.0.0.1",
        MINISTACK_IMAGE_PREFIX="",
        IOT_MTLS_ENABLED="0",
        SFTP_ENABLED="0",
        LOG_LEVEL="WARNING",
        S3_DATA_DIR=str(data / "s3"),
        STATE_DIR=str(data / "state"),
        # no credentials, no configuration and no instance metadata are read, whatever a library may try
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_EC2_METADATA_DISABLED="true",
    )


async def serve(
    listener: socket.socket, token: str, over: asyncio.Event, ready: Any, project: Path | None = None
) -> None:
    """Answer on a socket that listens until `over` is set; call `ready` once requests are answered."""
    from hypercorn.asyncio import serve as hypercorn
    from hypercorn.config import Config

    from fargate_stacks.deploy.local import emulator

    served = emulator.install()
    from fargate_stacks.deploy.local.front import Front

    app = Front(served, token, project)
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 0.5
    config.loglevel = "WARNING"

    async def until_over() -> None:
        await over.wait()

    async def told() -> None:
        await app.started.wait()
        ready()

    telling = asyncio.create_task(told())
    try:
        await hypercorn(app, config, shutdown_trigger=until_over)
    finally:
        telling.cancel()


def _listen() -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    listener.listen(512)
    return listener


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
