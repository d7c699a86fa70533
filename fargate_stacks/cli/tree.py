"""The live screen: a block for the stacks that runs below the lines, never taller than the terminal."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import tzinfo
from time import monotonic
from typing import TYPE_CHECKING, TextIO

from fargate_stacks.cli.block import Block
from fargate_stacks.cli.lines import Line, lines, output_lines
from fargate_stacks.cli.screen import Plain
from fargate_stacks.deploy.messages import Happened, Message, Outputs, Planned, Rollout, Waiting

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_PER_SECOND = 4


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
        self._block = Block(zone)
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
        self._block.take(message, self._now())
        if isinstance(message, Outputs):
            for text in output_lines(message.stack, message.outputs):
                self._above(Line(text), out=True)
        elif (known := self._planned(message)) is not None:
            self._above(known)
        elif not self._in_block(message):
            for line in lines(message, width=self._wide(message), zone=self._zone):
                self._above(line)
        self._show()

    def start(self, command: str, stacks: Iterable[str]) -> None:
        word = {"deploy": "planning", "watch": "reading"}.get(command, "looking at")
        with self._lock:
            self._block.busy = f"{word} {', '.join(stacks) or 'the account'}"
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

    # the block

    def block(self) -> RenderableType:
        """Give the block: at most as many rows as the terminal has, less one for the cursor."""
        from rich.cells import cell_len, set_cell_size
        from rich.text import Text

        width, height = self._console.size
        rows = self._block.rows(self._now(), width=width, height=max(1, height - 2))
        text = Text(no_wrap=True, overflow="crop", end="")
        for number, row in enumerate(rows):
            told = row.text if cell_len(row.text) <= width else set_cell_size(row.text, max(0, width - 1)) + "…"
            text.append(told if number == 0 else f"\n{told}", style=row.style)
        return text

    # the terminal

    def _show(self) -> None:
        if not self._block.rows(self._now(), width=80, height=1):
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
