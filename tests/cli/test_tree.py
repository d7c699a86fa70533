"""The live screen in a real pseudo-terminal."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time

import pytest

from tests.cli.terminal import Terminal, resize, run

PROGRAM = """
import sys, time
from datetime import UTC, datetime
from fargate_stacks.cli.interrupt import listening
from fargate_stacks.cli.screen import screen
from fargate_stacks.deploy.answers import Event
from fargate_stacks.deploy.graph import work
from fargate_stacks.deploy.messages import Ended, Happened, Planned
from fargate_stacks.deploy.plan import Change, Plan
from fargate_stacks.errors import DeployError

seconds = float(sys.argv[1])
names = [f"Queue{number}" for number in range(50)]
number = 0


def event(name, status, physical):
    global number
    number += 1
    return Event(str(number), "arn:stack", "shop", name, physical, "AWS::SQS::Queue", status, "", datetime.now(UTC), "")


with screen("auto") as out, listening(out, "detach") as interrupts:
    interrupts.armed = True
    out.patience = 10.0 if len(sys.argv) < 3 else float(sys.argv[2])

    def one(stack):
        changes = tuple(Change("Add", name, "AWS::SQS::Queue") for name in names)
        out(Planned(stack=stack, plan=Plan(stack, True, "", "", changes)))
        out(Happened(stack=stack, event=event("shop", "CREATE_IN_PROGRESS", "arn:stack")))
        for name in names:
            out(Happened(stack=stack, event=event(name, "CREATE_IN_PROGRESS", name)))
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if interrupts.wish == "detach":
                raise DeployError("left alone", exit_code=130)
            time.sleep(0.02)
        for name in names:
            out(Happened(stack=stack, event=event(name, "CREATE_COMPLETE", name)))
        out(Ended(stack=stack, how="deployed", status="CREATE_COMPLETE"))

    try:
        work({"shop": []}, one, concurrency=1, interrupts=interrupts).raise_worst()
    except DeployError as error:
        out.close()
        sys.exit(error.exit_code)
"""


def program(seconds: float) -> list[str]:
    return [sys.executable, "-c", PROGRAM, str(seconds)]


@pytest.mark.parametrize("rows", [4, 10, 24])
def test_the_block_never_grows_past_the_screen_and_the_cursor_comes_back(rows: int) -> None:
    terminal, code = run(program(0.6), rows=rows)
    assert code == 0
    assert 1 <= terminal.highest <= rows - 1
    assert terminal.hidden is False
    assert [line for line in terminal.lines if line.strip()][-1] == "shop: deployed (CREATE_COMPLETE)"


COLOUR = re.compile(r"\x1b\[[\d;]*m")


@pytest.mark.parametrize("name", ["NO_COLOR", "none"])
def test_no_colour_where_none_is_wanted(name: str) -> None:
    terminal, _ = run(program(0.4), environment={} if name == "none" else {name: "1"})
    colours = set(COLOUR.findall(terminal.raw)) - {"\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[m"}
    assert terminal.highest > 0
    assert bool(colours) is (name == "none")


@pytest.mark.parametrize("environment", [{"TERM": "dumb"}, {"TERM": ""}, {"CI": "true"}])
def test_lines_and_no_block_where_nothing_can_be_drawn_anew(environment: dict[str, str]) -> None:
    terminal, code = run(program(0.2), environment=environment)
    assert (code, terminal.highest) == (0, 0)
    assert "\x1b[?25l" not in terminal.raw
    assert "CREATE_COMPLETE     Queue49" in terminal.raw


def test_no_control_code_reaches_a_pipe() -> None:
    done = subprocess.run(program(0.1), capture_output=True, text=True, check=True)
    assert "\x1b" not in done.stdout + done.stderr
    assert "CREATE_COMPLETE     Queue49" in done.stderr
    assert done.stdout == ""


def test_nothing_of_the_block_stays() -> None:
    terminal, _ = run(program(0.4), rows=15)
    assert not any("and 4" in line or "[####" in line for line in terminal.lines)


def test_it_follows_a_screen_that_becomes_smaller() -> None:
    """What is drawn after the change is measured by itself: the first redraw may still clear the larger block."""
    changed: list[float] = []
    measured: list[int] = []

    def shrink(pid: int, descriptor: int, terminal: Terminal) -> None:
        if not changed and terminal.highest > 10:
            resize(descriptor, 8, 60)
            os.kill(pid, signal.SIGWINCH)
            changed.append(time.monotonic())
        elif changed and not measured and time.monotonic() - changed[0] > 0.8:
            terminal.highest = 0
            measured.append(0)
        elif measured:
            measured.append(terminal.highest)

    terminal, code = run(program(2.0), rows=30, during=shrink)
    assert (code, terminal.hidden) == (0, False)
    assert 0 < max(measured) <= 7


def test_ctrl_c_asks_and_d_leaves_it_with_the_cursor() -> None:
    pressed: list[str] = []

    def press(pid: int, descriptor: int, terminal: Terminal) -> None:
        text = "\n".join(terminal.lines)
        if not pressed and "CREATE_IN_PROGRESS" in text:
            os.write(descriptor, b"\x03")
            pressed.append("ctrl-c")
        elif pressed == ["ctrl-c"] and "[d]etach" in text:
            os.write(descriptor, b"d\n")
            pressed.append("d")

    terminal, code = run(program(10), during=press)
    assert pressed == ["ctrl-c", "d"]
    assert (code, terminal.hidden) == (130, False)


def test_ctrl_c_without_an_answer_goes_on() -> None:
    pressed: list[float] = []

    def press(pid: int, descriptor: int, terminal: Terminal) -> None:
        if not pressed and "CREATE_IN_PROGRESS" in "\n".join(terminal.lines):
            os.write(descriptor, b"\x03")
            pressed.append(time.monotonic())

    terminal, code = run([*program(1.0), "0.3"], during=press)
    assert (code, terminal.hidden, len(pressed)) == (0, False, 1)
    assert "no answer, going on" in terminal.raw
    assert [line for line in terminal.lines if line.strip()][-1] == "shop: deployed (CREATE_COMPLETE)"


def test_a_second_ctrl_c_leaves_at_once() -> None:
    pressed: list[str] = []

    def press(pid: int, descriptor: int, terminal: Terminal) -> None:
        text = "\n".join(terminal.lines)
        if not pressed and "CREATE_IN_PROGRESS" in text:
            os.write(descriptor, b"\x03")
            pressed.append("first")
        elif pressed == ["first"] and "[d]etach" in text:
            time.sleep(0.2)  # nobody answers before the question can be read
            os.write(descriptor, b"\x03")
            pressed.append("second")

    terminal, code = run(program(10), during=press)
    assert (code, terminal.hidden, pressed) == (130, False, ["first", "second"])


def test_sigterm_leaves_it_with_the_cursor() -> None:
    sent: list[int] = []

    def send(pid: int, descriptor: int, terminal: Terminal) -> None:
        if not sent and terminal.hidden:
            os.kill(pid, signal.SIGTERM)
            sent.append(pid)

    terminal, code = run(program(10), during=send)
    assert (code, terminal.hidden) == (130, False)
