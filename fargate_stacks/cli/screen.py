"""The deployer's messages on the screen: lines for people and logs, JSON lines for programs."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo
from typing import Any, NamedTuple, TextIO

import click

from fargate_stacks.cli.screen_ecs import ecs_lines
from fargate_stacks.core.template import Owner
from fargate_stacks.deploy.diagnosis import Failure
from fargate_stacks.deploy.messages import (
    Diagnosed,
    Ended,
    Evidenced,
    Happened,
    Message,
    Note,
    Outputs,
    Planned,
    Waiting,
    Warn,
)
from fargate_stacks.deploy.plan import Change, Plan
from fargate_stacks.errors import DeployError

VERSION = 1
"""Of the JSON records; a reader refuses a higher one."""


class Line(NamedTuple):
    """One line and its style, in rich's words."""

    text: str
    style: str = ""


class Screen:
    """Draws messages, and asks. A subclass says how one message is drawn and where."""

    def __call__(self, message: Message) -> None:
        raise NotImplementedError

    def ask(self, question: str) -> bool:
        """Ask on the terminal. Raises DeployError with exit code 4 where there is none."""
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise DeployError("deploy: there is no terminal to ask on; give --yes", exit_code=4)
        try:
            return click.confirm(question, err=True)
        except click.Abort:
            raise KeyboardInterrupt from None

    def agree(self, question: str) -> bool:
        """Answer yes without asking."""
        return True

    def result(self, exit_code: int, error: str = "") -> None:
        """Say how the whole run ended."""


class Plain(Screen):
    """One line for each change of state on standard error; outputs on standard output."""

    def __init__(self, out: TextIO, err: TextIO, *, zone: tzinfo | None = None) -> None:
        self._out = out
        self._err = err
        self._zone = zone
        self._width = 0

    def __call__(self, message: Message) -> None:
        if isinstance(message, Outputs):
            for text in output_lines(message.stack, message.outputs):
                print(text, file=self._out)
            return
        if isinstance(message, Planned):
            self._width = max([self._width, *(len(one.logical_id) for one in message.plan.changes)])
        for line in lines(message, width=self._width, zone=self._zone):
            self._write(line)

    def _write(self, line: Line) -> None:
        print(line.text, file=self._err, flush=True)


class Coloured(Plain):
    """The same lines in colours, for a terminal."""

    def __init__(self, out: TextIO, err: TextIO, *, zone: tzinfo | None = None) -> None:
        super().__init__(out, err, zone=zone)
        from rich.console import Console

        self._console = Console(file=err, highlight=False, markup=False, emoji=False, soft_wrap=True)

    def _write(self, line: Line) -> None:
        self._console.print(line.text, style=line.style or None)


class Quiet(Plain):
    """Only what failed, and the outputs."""

    def __call__(self, message: Message) -> None:
        if isinstance(message, (Warn, Diagnosed, Evidenced, Outputs)):
            super().__call__(message)


class JsonLines(Screen):
    """One JSON object a line on standard output, the last of type `result`."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._seq = 0

    def __call__(self, message: Message) -> None:
        fields = {
            one.name: getattr(message, one.name)
            for one in dataclasses.fields(message)
            if one.name not in ("stack", message.kind)
        }
        inner = getattr(message, message.kind, None)
        if dataclasses.is_dataclass(inner) and not isinstance(inner, type):
            fields |= dataclasses.asdict(inner)
        elif inner is not None:
            fields[message.kind] = inner
        self._write(message.kind, {"stack": message.stack, **fields})

    def result(self, exit_code: int, error: str = "") -> None:
        self._write("result", {"exit_code": exit_code, "error": error})

    def _write(self, kind: str, fields: Mapping[str, Any]) -> None:
        if "type" in fields:  # of a resource, where the record has a type of its own
            fields = {"resource_type" if key == "type" else key: value for key, value in fields.items()}
        head = {"v": VERSION, "seq": self._seq, "ts": datetime.now(UTC).isoformat(), "type": kind}
        self._seq += 1
        print(json.dumps({**head, **fields}, default=_plain), file=self._out, flush=True)


@contextmanager
def screen(output: str) -> Iterator[Screen]:
    """Open the screen of an output mode, and say at its end how the run went."""
    shown: Screen
    if output == "jsonl":
        shown = JsonLines(sys.stdout)
    elif output == "quiet":
        shown = Quiet(sys.stdout, sys.stderr)
    else:
        shown = (Coloured if sys.stderr.isatty() else Plain)(sys.stdout, sys.stderr)
    try:
        yield shown
    except DeployError as error:
        shown.result(error.exit_code, str(error))
        raise
    except KeyboardInterrupt:
        shown.result(130, "interrupted")
        raise
    except BaseException as error:
        shown.result(1, f"{type(error).__name__}: {error}")
        raise
    shown.result(0)


def output_lines(stack: str, outputs: Mapping[str, str]) -> Iterator[str]:
    """Give one line for each output of a stack."""
    for key, value in outputs.items():
        yield f"{stack}.{key}={value}"


def lines(message: Message, *, width: int = 0, zone: tzinfo | None = None) -> Iterator[Line]:
    """Give the lines of one message; `width` is that of the logical ids, `zone` None the machine's."""
    match message:
        case Planned(plan=plan):
            yield from _plan_lines(plan, width)
        case Happened(event=event, owner=owner):
            time = event.time.astimezone(zone)
            parts = [f"{time:%H:%M:%S}  {event.status:<18}  {event.logical_id:<{width}}  {event.type}"]
            parts += [_owner(owner)] if owner else []
            parts += [_one_line(event.reason)] if event.reason else []
            yield Line("  ".join(parts), _style(event.status))
        case Waiting(seconds=seconds, resources=resources):
            waits = ", ".join(resources) or message.stack
            yield Line(f"still waiting: {waits} ({seconds // 60}m{seconds % 60:02}s)", "dim")
        case Diagnosed(diagnosis=found):
            yield from _failure_lines("cause", found.cause)
            for one in found.also:
                yield from _failure_lines("also failed", one)
            for one in found.left_behind:
                yield from _failure_lines("left behind", one)
            if found.followed:
                yield Line(f"{found.followed} more failed only because of that", "dim")
        case Warn(text=text):
            yield Line(f"warning: {_stack(message)}{text}", "yellow")
        case Note(text=text):
            yield Line(f"{_stack(message)}{text}")
        case Ended(how=how, status=status):
            yield Line(f"{_stack(message)}{how}" + (f" ({status})" if status else ""), "bold")
        case _:
            yield from (Line(text, style) for text, style in ecs_lines(message, zone=zone))


def _plan_lines(plan: Plan, width: int) -> Iterator[Line]:
    if plan.empty:
        return
    counts: dict[str, int] = {}
    for change in plan.changes:
        word = _word(change)
        counts[word] = counts.get(word, 0) + 1
    summary = ", ".join(f"{count} to {word}" for word, count in counts.items()) or "only outputs or tags change"
    yield Line(f"{plan.stack}: {'create' if plan.creates else 'update'}: {summary}", "bold")
    for change in plan.changes:
        word = _word(change)
        parts = [f"  {word:<11}  {change.logical_id:<{width}}  {change.type}"]
        parts += [_owner(change.owner)] if change.owner else []
        parts += [f"[{change.policy}]"] if change.policy else []
        yield Line("  ".join(parts), _WORD_STYLES.get(word, ""))
        for one in change.properties:
            known = one.before is not None or one.after is not None
            values = f": {_short(one.before)} -> {_short(one.after)}" if known else ""
            yield Line(f"                 {one.path}{values}{' (replaces)' if one.recreates else ''}")
    if plan.protects_later:
        names = ", ".join(plan.protects_later)
        yield Line(f"  deletion protection of {names} is switched on by a second update, after this one succeeded")


_WORD_STYLES = {"add": "green", "import": "green", "replace": "red", "may replace": "yellow", "remove": "red"}


def _word(change: Change) -> str:
    if change.action == "Modify":
        return {"yes": "replace", "maybe": "may replace"}.get(change.replacement, "change")
    return change.action.lower()


def _failure_lines(title: str, failure: Failure) -> Iterator[Line]:
    code = f", {failure.code}" if failure.code else ""
    yield Line(f"{title}: {failure.logical_id} ({failure.type}{code})", "bold red")
    if failure.owner is not None:
        source = failure.owner.source
        where = f", {os.path.relpath(source.file)}:{source.line}" if source is not None else ""
        yield Line(f"  {_owner(failure.owner)}{where}")
    yield Line(f"  {failure.reason}", "red")


def _owner(owner: Owner) -> str:
    return str(owner)


def _style(status: str) -> str:
    if status.endswith("_FAILED") or "ROLLBACK" in status:
        return "red"
    return "green" if status.endswith("_COMPLETE") else ""


def _stack(message: Message) -> str:
    return f"{message.stack}: " if message.stack else ""


def _short(value: str | None) -> str:
    text = "?" if value is None else _one_line(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    return str(value)
