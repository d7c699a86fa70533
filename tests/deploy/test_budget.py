"""One budget of reads for an account and region, however many stacks are watched there."""

from __future__ import annotations

import threading
from dataclasses import replace

from fargate_stacks.deploy.budget import BURST, RATE, Budget
from fargate_stacks.deploy.client import Client
from fargate_stacks.deploy.run import Run
from tests.deploy.fake_cfn import FakeCfn
from tests.deploy.fake_time import VirtualClock
from tests.deploy.stage import template


def test_a_burst_is_free_and_then_it_is_two_a_second() -> None:
    clock = VirtualClock()
    budget = Budget(clock)
    for _ in range(int(BURST)):
        budget.take()
    assert clock.seconds == 0
    for _ in range(20):
        budget.take()
    assert abs(clock.seconds - 20 / RATE) < 0.01


def test_what_was_not_spent_is_kept_up_to_the_burst() -> None:
    clock = VirtualClock()
    budget = Budget(clock)
    clock.sleep(3600)
    for _ in range(int(BURST) + 2):
        budget.take()
    assert abs(clock.seconds - 3600 - 2 / RATE) < 0.01


def test_a_debt_is_paid_by_who_comes_later() -> None:
    budget = Budget(VirtualClock())
    assert budget.spend(int(BURST) + 4) == 4 / RATE
    assert budget.spend(1) == 5 / RATE


def test_threads_share_it() -> None:
    clock = VirtualClock()
    budget = Budget(clock)
    waits: list[float] = []
    threads = [threading.Thread(target=lambda: waits.append(budget.spend(1))) for _ in range(50)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert max(waits) == (50 - BURST) / RATE


def placed(run: Run, name: str, region: str | None = None) -> object:
    found = run.at(replace(template(name), region=region))
    return None if found.pace is None else found.pace.__self__  # type: ignore[attr-defined]


def test_stacks_of_one_region_share_a_budget_and_those_of_others_do_not() -> None:
    clock = VirtualClock()
    cfn = FakeCfn(clock)
    client = Client(cfn, "us-east-1", reopen=lambda region, account: Client(cfn, region or "us-east-1"))
    run = Run(client, lambda message: None, lambda question: True, clock=clock)
    assert placed(run, "a") is placed(run, "b")
    assert placed(run, "a") is not placed(run, "c", "eu-west-1")
    assert placed(run, "c", "eu-west-1") is placed(run, "d", "eu-west-1")


def test_a_local_cloud_has_no_budget() -> None:
    clock = VirtualClock()
    run = Run(Client(FakeCfn(clock), local=True), lambda message: None, lambda question: True, clock=clock)
    assert placed(run, "a") is None


def test_stacks_with_one_profile_share_a_budget_and_those_of_another_do_not() -> None:
    clock = VirtualClock()
    shared, other = Client(FakeCfn(clock)), Client(FakeCfn(clock))
    clients = {"a": shared, "b": shared, "c": other}
    run = Run(Client(FakeCfn(clock)), lambda message: None, lambda question: True, clock=clock, clients=clients)
    assert placed(run, "a") is placed(run, "b")
    assert placed(run, "a") is not placed(run, "c")
    assert placed(run, "a") is not placed(run, "d")
