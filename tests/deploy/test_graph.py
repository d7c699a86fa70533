"""Stacks as a graph: what is ready is worked on, a failure stops only what needs it."""

from __future__ import annotations

import threading
import time

import pytest

from fargate_stacks.deploy.graph import SEVERITY, Outcome, turns, work
from fargate_stacks.deploy.interrupts import Interrupts
from fargate_stacks.errors import DeployError

DIAMOND = {"net": [], "data": ["net"], "jobs": ["net"], "shop": ["data", "jobs"], "alone": []}


class Worker:
    def __init__(self, **fails: int) -> None:
        self.fails = fails
        self.done: list[str] = []
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()

    def __call__(self, name: str) -> None:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        time.sleep(0.02)
        with self._lock:
            self._now -= 1
        if name in self.fails:
            raise DeployError(f"{name}: no", exit_code=self.fails[name])
        self.done.append(name)


@pytest.mark.parametrize("concurrency", [0, 1, 2, 8])
def test_everything_is_done_after_what_it_needs(concurrency: int) -> None:
    worker = Worker()
    work(DIAMOND, worker, concurrency=concurrency)
    assert sorted(worker.done) == sorted(DIAMOND)
    assert all(worker.done.index(need) < worker.done.index(name) for name in DIAMOND for need in DIAMOND[name])


def test_independent_stacks_are_worked_on_at_one_time() -> None:
    worker = Worker()
    work({f"s{n}": [] for n in range(6)}, worker, concurrency=4)
    assert worker.most == 4


@pytest.mark.parametrize("concurrency", [0, 4])
def test_a_failure_stops_only_what_needs_it(concurrency: int) -> None:
    worker = Worker(data=7)
    outcome = work(DIAMOND, worker, concurrency=concurrency)
    assert (list(outcome.failed), outcome.not_tried) == (["data"], ["shop"])
    assert sorted(worker.done) == ["alone", "jobs", "net"]


def test_what_needs_something_that_needs_it_is_not_tried_either() -> None:
    outcome = work({"a": [], "b": ["a"], "c": ["b"]}, Worker(a=7), concurrency=2)
    assert outcome.not_tried == ["b", "c"]


def test_one_error_is_raised_as_it_is() -> None:
    with pytest.raises(DeployError, match=r"^a: no$") as caught:
        work({"a": []}, Worker(a=6)).raise_worst()
    assert caught.value.exit_code == 6


def test_several_are_named_and_the_worst_is_the_exit_code() -> None:
    with pytest.raises(DeployError, match=r"^2 stacks failed: a: no; b: no$") as caught:
        work({"a": [], "b": []}, Worker(a=7, b=8)).raise_worst()
    assert caught.value.exit_code == 8


@pytest.mark.parametrize(("better", "worse"), list(zip(SEVERITY[1:], SEVERITY, strict=False)))
def test_the_order_of_severity(better: int, worse: int) -> None:
    outcome = Outcome()
    outcome.failed = {"a": DeployError("a", exit_code=better), "b": DeployError("b", exit_code=worse)}
    with pytest.raises(DeployError) as caught:
        outcome.raise_worst()
    assert caught.value.exit_code == worse


def test_an_interrupt_comes_before_all() -> None:
    outcome = Outcome()
    outcome.failed = {"a": DeployError("a", exit_code=8), "b": DeployError("b", exit_code=130)}
    with pytest.raises(DeployError) as caught:
        outcome.raise_worst()
    assert caught.value.exit_code == 130


def test_a_ring_is_named() -> None:
    with pytest.raises(DeployError, match=r"these stacks wait for each other") as caught:
        turns({"a": ["b"], "b": ["a"]})
    assert caught.value.exit_code == 5


def test_the_order_given_is_kept_as_far_as_needs_allow() -> None:
    assert turns({"d": [], "b": [], "c": ["a"], "a": [], "e": []}) == ["d", "b", "a", "c", "e"]


def test_a_need_outside_of_the_run_is_no_need() -> None:
    worker = Worker()
    work({"shop": ["net"]}, worker)
    assert worker.done == ["shop"]


def test_after_an_interrupt_nothing_is_begun() -> None:
    interrupts = Interrupts()
    interrupts.armed = True

    def one(name: str) -> None:
        interrupts.pressed(KeyboardInterrupt())

    outcome = work({"a": [], "b": []}, one, interrupts=interrupts)
    assert outcome.not_tried == ["b"]


def test_a_mistake_of_ours_is_not_swallowed() -> None:
    def one(name: str) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work({"a": []}, one, concurrency=2)
