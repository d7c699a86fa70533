"""What stands before the emulator: who is asked, by whom, what goes wrong, and the questions about the cloud itself."""

from __future__ import annotations

import asyncio
import json
import math
import os
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ministack import app
from ministack.core import responses

from fargate_stacks.deploy.client import is_loopback
from fargate_stacks.deploy.local import fronts, lattice, scaling, scenario_rules, scenarios, stores, tempo
from fargate_stacks.deploy.local.faults import FAULTS
from fargate_stacks.deploy.local.process import ALIVE, PLAY, RESET
from fargate_stacks.deploy.local.scenario_rules import ApiRule
from fargate_stacks.deploy.local.stacks import deployment, requests
from fargate_stacks.deploy.local.stacks.durations import CLOCK
from fargate_stacks.errors import DeployError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

_CREDENTIAL = re.compile(r"Credential=(\w+)/[^/]*/([^/]*)/([^/]*)/")


class Front:
    """An ASGI application around the emulator's.

    A page in a browser may not speak to the local cloud: a request whose Origin is not a loopback address is
    refused.
    """

    def __init__(self, emulator: Asgi, token: str, project: Path | None = None) -> None:
        self.emulator = emulator
        self.token = token
        self.project = project
        begin(project)
        self.started = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.emulator(scope, receive, self._noticing_the_start(send))
        elif scope["type"] == "http" and not _from_here(scope):
            await _json(send, 403, {"message": "the local cloud answers programs of this machine only"})
        elif scope["type"] == "http" and scope["path"] in (ALIVE, PLAY, RESET):
            await self._own(scope, receive, send)
        else:
            settle()
            faulty = scope["type"] == "http" and FAULTS.watches_calls
            await (self._faulty if faulty else self.emulator)(scope, receive, send)

    def _noticing_the_start(self, send: Send) -> Send:
        async def noticing(message: MutableMapping[str, Any]) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                self.started.set()

        return noticing

    async def _own(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == ALIVE:
            told = {"token": self.token, "pid": os.getpid(), "speed": CLOCK.speed, "seed": deployment.SEED[0]}
            await _json(send, 200, told)
        elif scope["method"] != "POST":
            await _json(send, 405, {"message": "POST it"})
        elif scope["path"] == RESET:
            await reset(self.project)
            await _json(send, 200, {})
        else:
            try:
                play(json.loads(await _body(receive)))
            except (ValueError, KeyError, DeployError) as error:
                await _json(send, 400, {"message": str(error)})
            else:
                await _json(send, 200, {})

    async def _faulty(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _body(receive)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        signed = _CREDENTIAL.search(headers.get("authorization", ""))
        rule = None
        operation = _operation(headers, body)
        if signed is not None:
            with responses.request_scope(signed.group(1), signed.group(2)):
                rule = FAULTS.of_call(signed.group(3), operation)

        replayed = False

        async def again() -> MutableMapping[str, Any]:
            nonlocal replayed
            if replayed:
                return await receive()
            replayed = True
            return {"type": "http.request", "body": body, "more_body": False}

        if rule is not None and rule.slow:
            await asyncio.sleep(rule.slow)
        if rule is None or not rule.error:
            await self.emulator(scope, again, send)
        elif rule.error == "lost-answer":
            await self.emulator(scope, again, _nowhere)
            await _hang_up(send)
        elif rule.error == "lost":
            await _hang_up(send)
        else:
            await _refuse(send, rule, signed.group(3) if signed else "", headers)


ASKED_SPEED: list[float] = []
"""The speed that was asked for beside the scenario, which goes before the scenario's own."""


def play(asked: Mapping[str, Any]) -> None:
    """Let a scenario hold: `path` of a file, or `scenario` as it would stand in one, for an `account` or for all."""
    if "speed" in asked:
        ASKED_SPEED[:] = [scenario_rules.number("speed", asked["speed"])]
        settle()
        return
    if "path" in asked:
        scenarios.load(Path(asked["path"]))
        scenarios.script.follow(Path(asked["path"]))
    else:
        tables = scenarios.parse(asked["scenario"], "scenario")
        if asked.get("account"):
            FAULTS.own[asked["account"]] = tables
        else:
            scenarios.script.use(**tables)
    settle()


def settle() -> None:
    """Let the speed and the seed of the scenario hold, where it names them."""
    for speed in ASKED_SPEED or scenarios.script("speed"):
        set_speed(speed)
    for seed in scenarios.script("seed"):
        deployment.SEED[0] = int(seed)


def set_speed(speed: float) -> None:
    """Let so many seconds of AWS pass in one; with 0 nothing takes time."""
    if speed != CLOCK.speed:
        CLOCK.speed = speed
        tempo.clock.speed = speed or math.inf


async def reset(home: Path | None) -> None:
    """Forget everything that was made, and go back to the scenario file of the folder."""
    for running in list(deployment.RUNNING.values()):
        running.cancelled.set()
        await running.over.wait()
    tempo.clock.forget()
    for module in (requests, scaling, stores, lattice, fronts):
        module.reset()
    await asyncio.to_thread(app._reset_all_state)
    FAULTS.forget()
    ASKED_SPEED.clear()
    set_speed(0)
    deployment.SEED[0] = 0
    begin(home)


def begin(home: Path | None) -> None:
    """Follow the scenario file of a project's folder; without a folder there is none."""
    scenarios.script.follow(home / scenarios.NAME if home is not None else None)
    settle()


def _operation(headers: MutableMapping[str, str], body: bytes) -> str:
    target = headers.get("x-amz-target", "").rpartition(".")[2]
    if target or "form-urlencoded" not in headers.get("content-type", ""):
        return target
    return parse_qs(body.decode("utf-8", "replace")).get("Action", [""])[0]


async def _nowhere(message: MutableMapping[str, Any]) -> None:
    return None


async def _hang_up(send: Send) -> None:
    """Break off in the middle of an answer: the client sees a connection that was closed."""
    headers = [(b"content-type", b"text/xml"), (b"content-length", b"1000")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _refuse(send: Send, rule: ApiRule, service: str, headers: MutableMapping[str, str]) -> None:
    throttled = rule.error == "throttling"
    form = "form-urlencoded" in headers.get("content-type", "")
    if throttled:
        code = "RequestLimitExceeded" if service == "ec2" else "Throttling" if form else "ThrottlingException"
    else:
        code = rule.error
    message = rule.message or ("Rate exceeded" if throttled else "told to fail by the scenario")
    if service == "ec2":
        xml = f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors></Response>"
        told = (400, {"Content-Type": "text/xml"}, xml.encode())
    elif form:
        told = responses.error_response_xml(code, message, 400)
    else:
        told = responses.error_response_json(code, message, 400)
    status, kinds, body = told
    await _send(send, status, kinds["Content-Type"], body)


def _from_here(scope: Scope) -> bool:
    origins = [value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"]
    return all(is_loopback(origin) for origin in origins if urlsplit(origin).hostname)


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)


async def _json(send: Send, status: int, content: Any) -> None:
    await _send(send, status, "application/json", json.dumps(content).encode())


async def _send(send: Send, status: int, kind: str, body: bytes) -> None:
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
