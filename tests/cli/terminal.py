"""A terminal of the few sequences that a live screen writes, and a process that believes in it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence

_SEQUENCE = re.compile(r"\x1b\[(\??)([\d;]*)([A-Za-z])")


class Terminal:
    """Rows of text and a cursor. `highest` is how far up the cursor was ever moved by one step of redrawing."""

    def __init__(self, rows: int, columns: int) -> None:
        self.rows, self.columns = rows, columns
        self.lines: list[str] = [""]
        self.cursor = 0
        self.hidden = False
        self.highest = 0
        self.raw = ""
        """All that was written, as it was."""
        self._rest = ""
        self._up = 0

    def feed(self, text: str) -> None:
        """Take in what a process writes."""
        self.raw += text
        text, self._rest = self._rest + text, ""
        while text:
            match = _SEQUENCE.match(text)
            if match:
                self._control(*match.groups())
                text = text[match.end() :]
            elif text[0] == "\x1b":
                if len(text) < 12 and not _SEQUENCE.search(text):
                    self._rest = text
                    return
                text = text[1:]
            else:
                self._put(text[0])
                text = text[1:]

    def _control(self, private: str, numbers: str, letter: str) -> None:
        if private and numbers == "25":
            self.hidden = letter == "l"
        elif letter == "A":
            self.cursor = max(0, self.cursor - int(numbers or 1))
            self._up += int(numbers or 1)
            self.highest = max(self.highest, self._up)
        elif letter == "K":
            self.lines[self.cursor] = ""

    def _put(self, character: str) -> None:
        if character == "\n":
            self._up = 0
            self.cursor += 1
            if self.cursor == len(self.lines):
                self.lines.append("")
        elif character >= " ":
            self._up = 0
            self.lines[self.cursor] += character


def run(
    arguments: Sequence[str],
    *,
    rows: int = 20,
    columns: int = 80,
    during: Callable[[int, int, Terminal], None] | None = None,
    seconds: float = 20,
    environment: Mapping[str, str] | None = None,
) -> tuple[Terminal, int]:
    """Run a program in a pseudo-terminal; give what is on its screen and its exit code.

    `during` is called again and again with the process, the terminal's descriptor and its screen.
    """
    terminal = Terminal(rows, columns)
    pid, descriptor = pty.fork()
    if pid == 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # ignored where the tests run in the background of a shell
        # readline, which pytest imports, puts the size of another terminal into the environment of its workers
        ours = ("CI", "GITHUB_ACTIONS", "LINES", "COLUMNS", "NO_COLOR")
        inherited = {key: value for key, value in os.environ.items() if key not in ours}
        os.execvpe(arguments[0], list(arguments), {**inherited, "TERM": "xterm-256color", **(environment or {})})
    resize(descriptor, rows, columns)
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            if select.select([descriptor], [], [], 0.05)[0]:
                try:
                    data = os.read(descriptor, 65536)
                except OSError:
                    break
                if not data:
                    break
                terminal.feed(data.decode("utf-8", "replace"))
            if during is not None:
                during(pid, descriptor, terminal)
        else:
            os.kill(pid, 9)
        _, status = os.waitpid(pid, 0)
        return terminal, os.waitstatus_to_exitcode(status)
    finally:
        os.close(descriptor)


def resize(descriptor: int, rows: int, columns: int) -> None:
    """Give a terminal another size."""
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
