"""Ctrl-C and SIGTERM while operations run: what they do, and who is asked."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from fargate_stacks.deploy.interrupts import Interrupts, Terminated, Wish

if TYPE_CHECKING:
    from fargate_stacks.cli.screen import Screen

_CHOICES: dict[str, Wish | None] = {"c": "cancel", "d": "detach", "w": None}


@contextmanager
def listening(out: Screen, unasked: Wish) -> Iterator[Interrupts]:
    """Let SIGTERM be heard as well as Ctrl-C, which asks where there is a terminal."""

    def choose() -> Wish | None:
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            return unasked
        return _CHOICES[out.choose("interrupted: [c]ancel and roll back, [d]etach and leave it running, [w]ait", "cdw")]

    def terminate(signum: int, frame: FrameType | None) -> None:
        raise Terminated

    interrupts = Interrupts(choose, unasked=unasked)
    if threading.current_thread() is not threading.main_thread():
        yield interrupts
        return
    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield interrupts
    finally:
        signal.signal(signal.SIGTERM, before)
