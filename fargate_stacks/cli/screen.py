"""The deployer's messages on the screen: lines for people and logs, JSON lines for programs."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import threading
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any, TextIO

import click

from fargate_stacks.cli.lines import Line, counted, lines, output_lines
from fargate_stacks.cli.masks import Masks
from fargate_stacks.deploy.messages import (
    Deleting,
    Diagnosed,
    Ended,
    Evidenced,
    Happened,
    Message,
    Outputs,
    Planned,
    Warn,
)
from fargate_stacks.errors import DeployError, FargateStacksError

if TYPE_CHECKING:
    from fargate_stacks.cli.github import GitHub
    from fargate_stacks.core.template import Template
    from fargate_stacks.deploy.diagnosis import Failure
    from fargate_stacks.deploy.plan import Plan

__all__ = ["Coloured", "JsonLines", "Line", "Plain", "Quiet", "Screen", "lines", "output_lines", "screen"]

VERSION = 1
"""Of the JSON records; a reader refuses a higher one."""


class Screen:
    """Draws messages, and asks. A subclass says how one message is drawn and where; several threads may speak."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._masks = Masks()
        self.beside: GitHub | None = None
        """Hears the same messages."""
        self.changed = False
        """Something was deployed."""
        self.exit_code = 0
        self.patience = 10.0
        """Seconds that a choice is waited for while operations run."""

    def __call__(self, message: Message) -> None:
        with self._lock:
            self.changed = self.changed or (isinstance(message, Ended) and message.how == "deployed")
            shown = self._outputs(message) if isinstance(message, Outputs) else self._masks.within(message)
            if self.beside is not None:
                self.beside.before(shown)
            self.draw(shown)
            if self.beside is not None:
                self.beside(shown)

    def _outputs(self, message: Outputs) -> Outputs:
        """Hide NoEcho values; an output that only looks like a secret is data that somebody asked for."""
        hide = self._masks.known
        told = {key: hide(value) for key, value in message.outputs.items()}
        return dataclasses.replace(message, stack=hide(message.stack), outputs=told)

    def draw(self, message: Message) -> None:
        """Draw one message."""
        raise NotImplementedError

    def start(self, command: str, stacks: Iterable[str]) -> None:
        """Say what begins, before anything can be said of it."""

    def hide(self, given: Mapping[str, str], templates: Mapping[str, Template]) -> None:
        """Show no value of a NoEcho parameter from now on."""
        self._masks = Masks.of(given, templates)

    def masked(self, text: str) -> str:
        """Give a text without what is hidden."""
        return self._masks.text(text)

    # questions

    def ask(self, question: str) -> bool:
        """Ask on the terminal. Raises DeployError with exit code 4 where there is none."""
        return self._asked(question, "give --yes")

    def confirm(self, question: str) -> bool:
        """Ask about what --yes does not cover."""
        return self._asked(question, "give --approve broadening,data-loss for what the plan names")

    def agree(self, question: str) -> bool:
        """Answer yes without asking."""
        return True

    def refuse(self, question: str) -> bool:
        """Answer no without asking."""
        return False

    def _asked(self, question: str, cure: str) -> bool:
        question = self.masked(question)
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise DeployError(f"deploy: {question} there is no terminal to ask on; {cure}", exit_code=4)
        with self._lock, self.paused():
            try:
                return click.confirm(question, err=True)
            except click.Abort:
                raise KeyboardInterrupt from None

    def choose(self, question: str, letters: str) -> str:
        """Ask for one of some letters; the last one where nothing sensible is answered, or nothing in time."""
        with self._lock, self.paused():
            try:
                answer = _answered(f"{question}: ", self.patience).strip().lower()[:1]
            except click.Abort:
                raise KeyboardInterrupt from None
        return answer if answer and answer in letters else letters[-1]

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Draw nothing while somebody is asked."""
        yield

    # the end

    def code(self, exit_code: int) -> int:
        """Remember what the process ends with."""
        self.exit_code = exit_code
        return exit_code

    def result(self, exit_code: int, error: str = "") -> None:
        """Say how the whole run ended."""

    def close(self) -> None:
        """Leave the terminal as it was."""


class Plain(Screen):
    """One line for each change of state on standard error; outputs on standard output."""

    def __init__(self, out: TextIO, err: TextIO, *, zone: tzinfo | None = None) -> None:
        super().__init__()
        self._out = out
        self._err = err
        self._zone = zone
        self._width = 0
        self._stacks: set[str] = set()
        self._plans: dict[str, Plan] = {}

    def draw(self, message: Message) -> None:
        if isinstance(message, Outputs):
            for text in output_lines(message.stack, message.outputs):
                print(text, file=self._out, flush=True)
            return
        known = self._planned(message)
        if known is not None:
            self._write(known)
            return
        self._width = max(self._width, *_widths(message), 0)
        if isinstance(message, (Planned, Deleting)):
            self._stacks.add(message.stack)
        # one stack needs no name on every line; of several each line says whose it is
        stacks = max(map(len, self._stacks)) if len(self._stacks) > 1 else 0
        for line in lines(message, width=self._width, stacks=stacks, zone=self._zone):
            self._write(line if self.beside is None else Line(self.beside.inert(line.text), line.style))

    def _planned(self, message: Message) -> Line | None:
        """Give one line for a plan that only repeats the one that was shown, now that all values are known."""
        if not isinstance(message, Planned):
            return None
        before, self._plans[message.stack] = self._plans.get(message.stack), message.plan
        if (
            before is None
            or message.plan.empty
            or (before.changes, before.risks)
            != (
                message.plan.changes,
                message.plan.risks,
            )
        ):
            return None
        return Line(f"{message.stack}: as planned: {counted(message.plan)}")

    def _write(self, line: Line) -> None:
        print(line.text, file=self._err, flush=True)


def _widths(message: Message) -> Iterator[int]:
    """Give the widths of the logical ids that a message brings: columns are set by all that will come."""
    yield 0
    if isinstance(message, Planned):
        yield from (len(one.logical_id) for one in message.plan.changes)
    elif isinstance(message, Deleting):
        yield from (len(one) for one in message.resources)
    elif isinstance(message, Happened):
        yield len(message.path or message.event.logical_id)


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

    def draw(self, message: Message) -> None:
        if isinstance(message, (Warn, Diagnosed, Evidenced, Outputs)):
            super().draw(message)


class JsonLines(Screen):
    """One JSON object a line on standard output, the last of type `result`."""

    def __init__(self, out: TextIO) -> None:
        super().__init__()
        self._out = out
        self._seq = 0
        self._cause: Failure | None = None
        self._endings: dict[str, str] = {}

    def start(self, command: str, stacks: Iterable[str]) -> None:
        from importlib.metadata import version

        told = {"stack": "", "command": command, "stacks": list(stacks), "version": version("fargate-stacks")}
        self._write("start", told)

    def draw(self, message: Message) -> None:
        if isinstance(message, Diagnosed):
            self._cause = self._cause or message.diagnosis.cause
        elif isinstance(message, Ended):
            self._endings[message.stack] = message.how
        fields = {
            one.name: getattr(message, one.name)
            for one in dataclasses.fields(message)
            if one.name not in ("stack", message.kind)
        }
        inner = getattr(message, message.kind, None)
        if dataclasses.is_dataclass(inner) and not isinstance(inner, type):
            fields |= {one.name: getattr(inner, one.name) for one in dataclasses.fields(inner)}
        elif inner is not None:
            fields[message.kind] = inner
        # a nested stack's event belongs to the stack that was deployed: stack_id and path tell the rest
        self._write(message.kind, {"stack": message.stack, **{k: v for k, v in fields.items() if k != "stack"}})

    def result(self, exit_code: int, error: str = "") -> None:
        told = {"exit_code": exit_code, "cause": self._cause, "error": self.masked(error), "endings": self._endings}
        self._write("result", {"stack": "", **told})

    def _write(self, kind: str, fields: Mapping[str, Any]) -> None:
        if "type" in fields:  # of a resource, where the record has a type of its own
            fields = {"resource_type" if key == "type" else key: value for key, value in fields.items()}
        head = {"v": VERSION, "seq": self._seq, "ts": datetime.now(UTC).isoformat(), "type": kind}
        self._seq += 1
        text = json.dumps({**head, **{key: _data(value) for key, value in fields.items()}})
        # the same to a reader of JSON, and no command to GitHub's runner
        print(text.replace("##[", "##\\u005b"), file=self._out, flush=True)


@contextmanager
def screen(output: str) -> Iterator[Screen]:
    """Open the screen of an output mode, and say at its end how the run went; an error ends the command here."""
    shown = _open(output)
    try:
        yield shown
    except BaseException as error:
        shown.close()
        code, text = _how(error)
        shown.result(code, text)
        if isinstance(error, SystemExit):
            raise
        if code == 1 and not isinstance(error, FargateStacksError):
            # a fault of ours keeps its traceback, and what is hidden may stand in it
            told = "".join(traceback.format_exception(error)).rstrip()
        else:
            told = text if code == 130 and text == _ABORTED else f"error: {text}"
        told = shown.masked(told)
        click.echo(told if shown.beside is None else shown.beside.inert(told), err=True)
        raise click.exceptions.Exit(code) from None
    shown.close()
    shown.result(shown.exit_code)


_ABORTED = "aborted"


def _how(error: BaseException) -> tuple[int, str]:
    """Give the exit code of an error, and what is said of it."""
    match error:
        case DeployError():
            return error.exit_code, str(error)
        case FargateStacksError():
            return 2, str(error)
        case click.ClickException():
            return error.exit_code, error.format_message()
        case KeyboardInterrupt() | click.Abort():
            return 130, _ABORTED
        case SystemExit():
            return error.code if isinstance(error.code, int) else 1, ""
    return 1, f"{type(error).__name__}: {error}"


def failed(error: BaseException) -> None:
    """Say with a JSON line that a command ended before it had a screen."""
    JsonLines(sys.stdout).result(*_how(error))


def _open(output: str) -> Screen:
    shown: Screen
    if output == "auto":
        output = "live" if sys.stderr.isatty() and not _unattended() else "plain"
    if output == "jsonl":
        shown = JsonLines(sys.stdout)
    elif output == "quiet":
        shown = Quiet(sys.stdout, sys.stderr)
    elif output == "live":
        from fargate_stacks.cli.tree import Tree

        shown = Tree(sys.stdout, sys.stderr)
    else:
        shown = (Coloured if sys.stderr.isatty() else Plain)(sys.stdout, sys.stderr)
    if os.environ.get("GITHUB_ACTIONS") == "true":
        from fargate_stacks.cli.github import GitHub

        shown.beside = GitHub(sys.stderr, os.environ)
    return shown


def _answered(question: str, seconds: float) -> str:
    """Read a line from the terminal; an empty one where nobody writes any in time."""
    if sys.platform == "win32":  # no select for a console there
        answer: str = click.prompt(question, prompt_suffix="", default="", err=True, show_default=False)
        return answer
    import select

    click.echo(question, err=True, nl=False)
    if select.select([sys.stdin], [], [], seconds)[0]:
        return sys.stdin.readline()
    click.echo("no answer, going on", err=True)
    return ""


def _unattended() -> bool:
    """Tell whether no eye follows a block that is drawn anew."""
    return os.environ.get("TERM", "") in ("dumb", "") or bool(os.environ.get("CI"))


def _data(value: Any) -> Any:
    """Give a value as JSON has it: what has named fields is an object."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {one.name: _data(getattr(value, one.name)) for one in dataclasses.fields(value)}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {key: _data(one) for key, one in value._asdict().items()}
    if isinstance(value, Mapping):
        return {str(key): _data(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_data(one) for one in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value if value is None or isinstance(value, (str, int, float)) else str(value)
