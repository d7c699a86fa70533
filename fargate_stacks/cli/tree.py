"""The live screen: a block for the stacks that runs below the lines, never taller than the terminal."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import tzinfo
from time import monotonic
from typing import TYPE_CHECKING, TextIO

from fargate_stacks.cli.lines import Line, lines, one_line, output_lines, style_of
from fargate_stacks.cli.screen import Plain
from fargate_stacks.cli.screen_ecs import rollout_lines
from fargate_stacks.deploy.messages import (
    Deleting,
    Ended,
    Happened,
    Message,
    Outputs,
    Planned,
    Rollout,
    Waiting,
)

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_PER_SECOND = 4
_BAR = 24


@dataclass
class _Work:
    """A resource, or a stack itself, at work."""

    status: str
    since: float
    reason: str = ""


@dataclass
class _Stack:
    """One stack of the block."""

    name: str
    begun: float
    total: int = 0
    """Resources that an operation is to touch; 0 where nobody knows."""
    status: str = ""
    done: set[str] = field(default_factory=set)
    failed: int = 0
    work: dict[str, _Work] = field(default_factory=dict)
    services: dict[str, tuple[float, Rollout]] = field(default_factory=dict)
    """The newest row of each service, and when it came."""


class Tree(Plain):
    """Lines that stay, and below them what is at work now."""

    def __init__(
        self,
        out: TextIO,
        err: TextIO,
        *,
        zone: tzinfo | None = None,
        console: Console | None = None,
        now: Callable[[], float] = monotonic,
        moving: bool = True,
    ) -> None:
        super().__init__(out, err, zone=zone)
        from rich.console import Console as RichConsole
        from rich.live import Live

        self._console = console or RichConsole(file=err, highlight=False, markup=False, emoji=False)
        self._now = now
        self._trees: dict[str, _Stack] = {}
        self._moving = moving
        self._live = Live(
            console=self._console,
            get_renderable=self.block,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            vertical_overflow="crop",
        )
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def draw(self, message: Message) -> None:
        self._take(message)
        if isinstance(message, Outputs):
            for text in output_lines(message.stack, message.outputs):
                self._above(Line(text), out=True)
        elif not self._in_block(message):
            self._width = max(self._width, 0)
            for line in lines(message, width=self._wide(message), zone=self._zone):
                self._above(line)
        self._show()

    def _in_block(self, message: Message) -> bool:
        """What the block shows leaves no line, but failures and what a stack itself says stay to be read."""
        if isinstance(message, Happened):
            return not (message.event.status.endswith("_FAILED") or message.event.root)
        return isinstance(message, (Rollout, Waiting))

    def _wide(self, message: Message) -> int:
        if isinstance(message, Planned):
            return max((len(one.logical_id) for one in message.plan.changes), default=0)
        return 0

    def _above(self, line: Line, *, out: bool = False) -> None:
        if out:
            with self.paused():
                print(line.text, file=self._out, flush=True)
        else:
            from rich.text import Text

            # a Text of its own: the style of a print would colour the block below too
            self._console.print(Text(line.text, style=line.style), soft_wrap=True)

    # what the block knows

    def _take(self, message: Message) -> None:
        now = self._now()
        if not message.stack:
            return
        known = self._trees.get(message.stack)
        match message:
            case Planned(plan=plan):
                if not plan.empty:
                    self._trees[message.stack] = _Stack(message.stack, now, total=len(plan.changes))
            case Deleting(resources=resources):
                self._trees[message.stack] = _Stack(message.stack, now, total=len(resources))
            case Happened(event=event):
                stack = known or self._trees.setdefault(message.stack, _Stack(message.stack, now))
                if event.root and event.physical_id == event.stack_id and event.stack == message.stack:
                    stack.begun = now if not stack.status else stack.begun
                    stack.status = event.status
                    return
                if event.settled:
                    stack.work.pop(event.logical_id, None)
                    stack.done.add(event.logical_id)
                    stack.failed += event.status.endswith("_FAILED")
                else:
                    since = stack.work[event.logical_id].since if event.logical_id in stack.work else now
                    stack.work[event.logical_id] = _Work(event.status, since, one_line(event.reason))
            case Rollout(ecs=row):
                if known is not None:
                    known.services[row.service] = (now, message)
            case Ended():
                self._trees.pop(message.stack, None)

    # the block

    def block(self) -> RenderableType:
        """Give the block: at most as many rows as the terminal has, less one for the cursor."""
        from rich.text import Text

        size = self._console.size
        rows = self._rows(size.width)
        room = max(1, size.height - 2)
        if len(rows) > room:
            hidden = len(rows) - room + 1
            rows = [*rows[: room - 1], Line(f"  ... and {hidden} more", "dim")]
        text = Text("\n".join(_fit(one.text, size.width) for one in rows), no_wrap=True, overflow="crop")
        start = 0
        for one in rows:
            end = start + len(_fit(one.text, size.width))
            if one.style:
                text.stylize(one.style, start, end)
            start = end + 1
        return text

    def _rows(self, width: int) -> list[Line]:
        """Stacks first, one row each; then what is at work in them, the oldest first, as far as there is room."""
        now = self._now()
        running = [one for one in self._trees.values() if one.status]
        waiting = [one.name for one in self._trees.values() if not one.status]
        rows: list[Line] = []
        for stack in running:
            rows.append(Line(_head(stack, now), f"bold {style_of(stack.status)}".strip()))
            for name, work in sorted(stack.work.items(), key=lambda item: item[1].since):
                waits = f"{work.status:<18}  {name}  {_time(now - work.since)}"
                rows.append(Line(f"  {waits}  {work.reason}".rstrip(), style_of(work.status)))
            for since, rollout in stack.services.values():
                rows += [
                    Line(f"  {text}", style) for text, style in rollout_lines(rollout.ecs, self._zone, now - since)
                ]
        if waiting:
            rows.append(Line(f"waiting for their turn: {', '.join(waiting)}", "dim"))
        return rows

    # the terminal

    def _show(self) -> None:
        if not self._trees:
            self.close()
        elif not self._live.is_started:
            self._live.start()
            if self._moving:
                self._over = threading.Event()
                self._thread = threading.Thread(target=self._beat, args=(self._over,), daemon=True)
                self._thread.start()
        if self._live.is_started:
            self._live.refresh()

    def _beat(self, over: threading.Event) -> None:
        while not over.wait(1 / _PER_SECOND):
            with self._lock:
                if not over.is_set() and self._live.is_started:
                    self._live.refresh()

    @contextmanager
    def paused(self) -> Iterator[None]:
        started = self._live.is_started
        if started:
            self._live.stop()
        try:
            yield
        finally:
            if started:
                self._live.start()

    def close(self) -> None:
        self._over.set()
        with self._lock:
            if self._live.is_started:
                self._live.stop()


def _head(stack: _Stack, now: float) -> str:
    done = len(stack.done)
    if stack.total:
        share = min(1.0, done / stack.total)
        full = round(share * _BAR)
        bar = f"[{'#' * full}{'.' * (_BAR - full)}] {min(done, stack.total)}/{stack.total}"
    else:
        bar = f"{done} done"
    failed = f"  {stack.failed} failed" if stack.failed else ""
    return f"{stack.name}  {stack.status}  {bar}{failed}  {_time(now - stack.begun)}"


def _time(seconds: float) -> str:
    whole = max(0, int(seconds))
    return f"{whole // 60}:{whole % 60:02}"


def _fit(text: str, width: int) -> str:
    return text if len(text) <= width else text[: max(0, width - 1)] + "…"
