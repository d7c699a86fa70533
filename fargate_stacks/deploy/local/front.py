"""What stands before the emulator: who is asked, by whom, and the questions about the cloud itself."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from fargate_stacks.deploy.client import is_loopback
from fargate_stacks.deploy.local.process import ALIVE

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]


class Front:
    """An ASGI application around the emulator's.

    A page in a browser may not speak to the local cloud: a request whose Origin is not a loopback address is
    refused.
    """

    def __init__(self, emulator: Asgi, token: str) -> None:
        self.emulator = emulator
        self.token = token
        self.started = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.emulator(scope, receive, self._noticing_the_start(send))
        elif scope["type"] == "http" and not _from_here(scope):
            await _json(send, 403, {"message": "the local cloud answers programs of this machine only"})
        elif scope["type"] == "http" and scope["path"] == ALIVE:
            await _json(send, 200, {"token": self.token, "pid": os.getpid()})
        else:
            await self.emulator(scope, receive, send)

    def _noticing_the_start(self, send: Send) -> Send:
        async def noticing(message: MutableMapping[str, Any]) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                self.started.set()

        return noticing


def _from_here(scope: Scope) -> bool:
    origins = [value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"]
    return all(is_loopback(origin) for origin in origins if urlsplit(origin).hostname)


async def _json(send: Send, status: int, content: Any) -> None:
    body = json.dumps(content).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
