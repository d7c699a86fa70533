"""Trying again where AWS is only busy: for calls that a run cannot go on without."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from fargate_stacks.deploy.client import CallFailed
from fargate_stacks.deploy.clock import Clock

TRIES = 6
"""How often a call is made; botocore has tried each of them several times by itself."""

_T = TypeVar("_T")


def patiently(do: Callable[[], _T], clock: Clock, *, local: bool = False) -> _T:
    """Do something that may be done twice, and again after a pause while AWS is throttling or cannot be reached.

    Raises CallFailed when it helps no more, and at once for every other refusal.
    """
    pause = 0.05 if local else 1.0
    for tried in range(TRIES - 1):
        try:
            return do()
        except CallFailed as trouble:
            # where nothing is reached each try has lasted for minutes already
            if not trouble.transient or (trouble.code == "Unreachable" and tried > 0):
                raise
        clock.sleep(pause)
        pause *= 2
    return do()
