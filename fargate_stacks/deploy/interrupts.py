"""What a person wants of the operations that run, once they have pressed Ctrl-C."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Literal

Wish = Literal["detach", "cancel"]
"""Leave them running, or cancel them and watch how they are undone."""


class Terminated(KeyboardInterrupt):
    """SIGTERM: nobody is there to be asked."""


class Interrupts:
    """Ctrl-C, heard in one place for all stacks of a run."""

    def __init__(self, choose: Callable[[], Wish | None] = lambda: "detach", *, unasked: Wish = "detach") -> None:
        self._choose = choose
        self._unasked = unasked
        self._changed = threading.Condition()
        self.wish: Wish | None = None
        self.armed = False
        """Operations run: before that there is nothing to choose, and a Ctrl-C ends it."""

    def pressed(self, how: KeyboardInterrupt) -> None:
        """Ask what is wanted; None goes on as before. Pressed again, everything is left as it is."""
        if self.wish is not None or not self.armed:
            self.wish = "detach"
        elif isinstance(how, Terminated):
            self.wish = self._unasked
        else:
            try:
                self.wish = self._choose()
            except KeyboardInterrupt:
                self.wish = "detach"
        with self._changed:
            self._changed.notify_all()

    def wait(self, seconds: float) -> None:
        """Wait, and less when somebody presses Ctrl-C."""
        with self._changed:
            self._changed.wait(seconds)
