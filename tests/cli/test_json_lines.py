"""JSON lines: typed, numbered, and the last of them a result, whatever went wrong."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from fargate_stacks.cli import main
from fargate_stacks.cli.screen import VERSION, JsonLines, screen
from fargate_stacks.deploy import messages
from fargate_stacks.deploy.graph import SEVERITY
from fargate_stacks.deploy.messages import Ended, Message, Note
from fargate_stacks.errors import DeployError, LoadError
from tests.cli.conftest import Project, Run
from tests.cli.places import KINDS, of_message

DOCS = Path(__file__).parents[2] / "docs/deploying.md"
HEAD = ["v", "seq", "ts", "type", "stack"]


def records(text: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in text.splitlines()]
    assert [one["seq"] for one in found] == list(range(len(found)))
    assert all(list(one)[:5] == HEAD and one["v"] == VERSION for one in found)
    assert [one["type"] for one in found].count("result") == 1
    assert found[-1]["type"] == "result"
    return found


def result(text: str) -> tuple[int, str]:
    last = records(text)[-1]
    return last["exit_code"], last["error"]


def test_a_wrong_option_has_a_result(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["deploy", "--output", "jsonl", "--bogus"]) == 2
    code, error = result(capsys.readouterr().out)
    assert code == 2
    assert error.startswith("No such option") and "--bogus" in error


def test_a_wrong_value_has_a_result(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["deploy", "--timeout", "soon", "--output=jsonl"]) == 2
    assert result(capsys.readouterr().out)[0] == 2


def test_an_app_that_is_not_there_has_a_result(project: Project, run: Callable[..., Run]) -> None:
    done = run("deploy", "--output", "jsonl")
    code, error = result(done.out)
    assert (code, done.code) == (2, 2)
    assert f"error: {error}\n" == done.err


def test_a_run_that_cannot_begin_has_a_result(project: Project, run: Callable[..., Run]) -> None:
    project.infra('app = App([Stack("shop", [Jobs("Jobs")])])')
    done = run("deploy", "--output", "jsonl", "--parameter", "Nothing=1", "--local")
    try:
        code, error = result(done.out)
        assert (code, done.code) == (2, 2)
        assert "no stack has a parameter Nothing" in error
        assert records(done.out)[0]["type"] == "start"
    finally:
        run("local", "stop")


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (DeployError("shop: failed", exit_code=7), 7, "shop: failed"),
        (LoadError("no app"), 2, "no app"),
        (ValueError("oops"), 1, "ValueError: oops"),
        (KeyboardInterrupt(), 130, "aborted"),
        (click.UsageError("wrong"), 2, "wrong"),
    ],
)
def test_every_error_ends_with_a_result(
    error: BaseException, code: int, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails() -> None:
        with screen("jsonl") as out:
            out(Note(text="something"))
            raise error

    with pytest.raises(click.exceptions.Exit) as ended:
        fails()
    assert ended.value.exit_code == code
    assert result(capsys.readouterr().out) == (code, text)


def test_the_result_has_the_cause_and_how_each_stack_ended(capsys: pytest.CaptureFixture[str]) -> None:
    diagnosed, _ = of_message(messages.Diagnosed, 1, "Jobs")
    with screen("jsonl") as out:
        out(Ended(stack="net", how="deployed"))
        out(diagnosed)
        out(Ended(stack="shop", how="failed"))
    last = records(capsys.readouterr().out)[-1]
    assert last["endings"] == {"net": "deployed", "shop": "failed"}
    assert set(last["cause"]) >= {"logical_id", "reason", "code", "hints", "owner"}


@pytest.mark.parametrize(("how", "options"), [(signal.SIGINT, ()), (signal.SIGTERM, ("--on-interrupt", "cancel"))])
def test_an_interrupt_has_a_result(how: signal.Signals, options: tuple[str, ...], project: Project) -> None:
    project.infra('app = App([Stack("shop", [Jobs("Jobs")])])')
    project.write("local.toml", '[[resource]]\nname = "JobsQueue"\nslow = 1\ntimes = 1\n')
    command = [sys.executable, "-m", "fargate_stacks", "deploy", "--local", "--output", "jsonl", *options]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    said = []
    try:
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
            assert process.stdout is not None
            for line in process.stdout:
                said.append(line)
                if json.loads(line)["type"] == "event" and len(said) < 99:
                    time.sleep(0.1)
                    process.send_signal(how)
                    said += process.stdout.readlines()
        assert process.returncode == 130
        assert result("".join(said))[0] == 130
    finally:
        main(["local", "stop"])


# what the page says of them


def documented() -> dict[str, list[str]]:
    rows = re.findall(r"^\| `(\w+)` \| .* \| (.*) \|$", DOCS.read_text("utf-8"), re.MULTILINE)
    return {kind: re.findall(r"`(\w+)`", fields) for kind, fields in rows}


def emitted() -> dict[str, list[str]]:
    """Have each message written, and give the fields of its record."""
    found = {}
    for kind in [one for one in KINDS if one is not Message]:
        stream = io.StringIO()
        JsonLines(stream).draw(of_message(kind, -1, "")[0])
        record = json.loads(stream.getvalue())
        found[record["type"]] = [key for key in record if key not in HEAD]
    stream = io.StringIO()
    screen = JsonLines(stream)
    screen.start("deploy", ["shop"])
    screen.result(0)
    for record in map(json.loads, stream.getvalue().splitlines()):
        found[record["type"]] = [key for key in record if key not in HEAD]
    return found


def test_every_type_that_is_emitted_is_documented_with_its_fields() -> None:
    assert documented() == emitted()


def test_the_page_has_the_order_of_exit_codes() -> None:
    assert f"{', '.join(map(str, SEVERITY))}." in DOCS.read_text("utf-8")


def test_the_page_names_the_version() -> None:
    assert f"`v` is {VERSION}" in DOCS.read_text("utf-8")
