"""Screens that are kept as texts: the live one as pictures, GitHub's by itself."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC

from rich.console import Console

from fargate_stacks.cli.lines import Line
from fargate_stacks.cli.screen import Plain
from fargate_stacks.cli.tree import Tree
from fargate_stacks.deploy.messages import Message
from fargate_stacks.snapshots import TemplateFile


class Golden(TemplateFile):
    file_extension = "txt"


class Frames(Tree):
    """The live screen as pictures: what stays above, and the block whenever it looks different."""

    def __init__(self, now: Callable[[], float], width: int, height: int = 16) -> None:
        console = Console(file=io.StringIO(), width=width, height=height, color_system=None, legacy_windows=False)
        self.screen = console
        super().__init__(io.StringIO(), io.StringIO(), zone=UTC, console=console, now=now)
        self.pictures: list[str] = []
        self.heights: list[int] = []

    def _above(self, line: Line, *, out: bool = False) -> None:
        self.pictures.append(line.text)

    def _show(self) -> None:
        with self.screen.capture() as drawn:
            self.screen.print(self.block())
        rows = drawn.get().splitlines()
        self.heights.append(len(rows))
        picture = "\n".join(f"| {row.rstrip()}" for row in rows)
        if picture.strip("| ") and picture not in self.pictures[-1:]:
            self.pictures.append(picture)


class Beside(Plain):
    """Nothing but what GitHub sees."""

    def draw(self, message: Message) -> None:
        pass
