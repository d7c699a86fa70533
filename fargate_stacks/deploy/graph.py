"""The stacks of a run as a graph: what is ready is worked on at once, a failure stops only what needs it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import CycleError, TopologicalSorter

from fargate_stacks.deploy.interrupts import Interrupts
from fargate_stacks.errors import DeployError

SEVERITY = (8, 10, 7, 6, 5, 9, 4, 2, 1)
"""Of several stacks' exit codes the first of these is the run's; an interrupt comes before all of them."""

_BEAT = 0.2
"""Seconds between two looks for a Ctrl-C while threads work: an untimed wait would not hear it."""


class Outcome:
    """How the stacks of a run went."""

    def __init__(self) -> None:
        self.failed: dict[str, DeployError] = {}
        self.not_tried: list[str] = []

    def raise_worst(self) -> None:
        """Raise what failed: one error as it is, several as one that names them all."""
        if not self.failed:
            return
        errors = list(self.failed.values())
        if len(errors) == 1:
            raise errors[0]
        codes = {error.exit_code for error in errors}
        worst = 130 if 130 in codes else next((code for code in SEVERITY if code in codes), 1)
        texts = "; ".join(str(error) for error in errors)
        raise DeployError(f"{len(errors)} stacks failed: {texts}", exit_code=worst)


def work(
    after: Mapping[str, Collection[str]],
    one: Callable[[str], None],
    *,
    concurrency: int = 0,
    interrupts: Interrupts | None = None,
) -> Outcome:
    """Do something for every stack, each as soon as those that it comes after are done.

    `after` has every stack in its turn; with a concurrency of 0 they are done in that turn, without threads.
    Once somebody has interrupted, none is begun any more. Raises DeployError for stacks that wait for each other.
    """
    interrupts = interrupts or Interrupts()
    outcome = Outcome()
    needs = {name: {other for other in others if other in after} for name, others in after.items()}
    waiting = turns(after)
    done: set[str] = set()

    def finished(name: str, error: BaseException | None) -> None:
        if error is None:
            done.add(name)
        elif isinstance(error, DeployError):
            outcome.failed[name] = error
        else:
            raise error

    def drop_what_cannot_be() -> None:
        lost = set(outcome.failed) | set(outcome.not_tried)
        for name in list(waiting):
            if needs[name] & lost or interrupts.wish is not None:
                waiting.remove(name)
                outcome.not_tried.append(name)
                lost.add(name)

    if concurrency == 0:
        while waiting:
            name = waiting.pop(0)
            try:
                one(name)
            except DeployError as error:
                finished(name, error)
            else:
                finished(name, None)
            drop_what_cannot_be()
        return outcome
    with ThreadPoolExecutor(concurrency) as pool:
        running: dict[Future[None], str] = {}
        while waiting or running:
            try:
                drop_what_cannot_be()
                for name in [name for name in waiting if needs[name] <= done]:
                    if len(running) < concurrency:
                        waiting.remove(name)
                        running[pool.submit(one, name)] = name
                for future in wait(running, timeout=_BEAT, return_when=FIRST_COMPLETED).done:
                    finished(running.pop(future), future.exception())
            except KeyboardInterrupt as how:
                interrupts.pressed(how)
    return outcome


def turns(after: Mapping[str, Collection[str]]) -> list[str]:
    """Give the stacks in an order that keeps `after`, and its own order as far as that allows.

    Raises DeployError with exit code 5 for stacks that wait for each other.
    """
    needs = {name: {other for other in others if other in after} for name, others in after.items()}
    try:
        found = list(TopologicalSorter(needs).static_order())
    except CycleError as error:
        ring = " -> ".join(reversed(error.args[1]))
        raise DeployError(
            f"deploy: these stacks wait for each other: {ring}; deploy what drops a value first, by itself", exit_code=5
        ) from None
    return sorted(found, key=_depths(needs, found).__getitem__)


def _depths(needs: Mapping[str, set[str]], turns: list[str]) -> dict[str, tuple[int, int]]:
    """Sort keys that keep the order of `needs` but for what must come later."""
    order = {name: number for number, name in enumerate(needs)}
    place: dict[str, tuple[int, int]] = {}
    for turn, name in enumerate(turns):
        latest = max((place[other][0] for other in needs[name]), default=-1)
        place[name] = (max(latest, order[name]), turn)
    return place
