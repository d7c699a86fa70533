"""What waits for what, and everything else at once."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Collection, Mapping

from ministack.services.cloudformation import engine

from fargate_stacks.deploy.local.stacks.events import Record


def dependencies(definitions: Mapping[str, Record], names: Collection[str]) -> dict[str, set[str]]:
    """Give for each resource those that must be there before it."""
    return {name: engine._extract_deps(definitions.get(name, {}), set(names)) - {name} for name in names}


def cycle(before: Mapping[str, set[str]]) -> list[str]:
    """Give the resources that wait for each other, sorted; none when there is an order."""
    left = {name: set(needs) for name, needs in before.items()}
    while True:
        free = [name for name, needs in left.items() if not needs & left.keys()]
        if not free:
            break
        for name in free:
            del left[name]
    # what only waits for a ring is not in it
    needed = set(left)
    while True:
        inner = {name for name in needed if any(name in left[other] for other in needed)}
        if inner == needed:
            return sorted(needed)
        needed = inner


def reversed_(before: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Give the same graph for deletion: a resource waits for those that need it."""
    after: dict[str, set[str]] = {name: set() for name in before}
    for name, needs in before.items():
        for other in needs & after.keys():
            after[other].add(name)
    return after


async def walk(
    before: Mapping[str, set[str]],
    work: Callable[[str], Awaitable[bool]],
    order: random.Random,
    *,
    stop: asyncio.Event | None = None,
    halt: bool = True,
) -> set[str]:
    """Do the work of each resource as soon as what it waits for is done; give the names that failed.

    What nothing orders starts in random order. With `halt` the first failure (or `stop`) starts nothing
    more and cancels what still runs; without it only what waits for a failed one is left out.
    """
    left = {name: set(needs) & before.keys() for name, needs in before.items()}
    running: dict[asyncio.Task[bool], str] = {}
    failed: set[str] = set()
    halted = asyncio.ensure_future(stop.wait()) if stop is not None else None
    try:
        while True:
            over = (halt and failed) or (stop is not None and stop.is_set())
            if over:
                for task in running:
                    task.cancel()
            else:
                ready = sorted(name for name, needs in left.items() if not needs)
                order.shuffle(ready)
                for name in ready:
                    del left[name]
                    running[asyncio.ensure_future(work(name))] = name
            if not running:
                return failed
            waited = {*running} if over or halted is None else {*running, halted}
            done, _ = await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            for task in done - {halted}:
                name = running.pop(task)
                if task.cancelled() or not task.result():
                    failed.add(name)
                else:
                    for needs in left.values():
                        needs.discard(name)
    finally:
        if halted is not None:
            halted.cancel()
