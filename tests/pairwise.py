"""Combinations in which each pair of values of two factors is met at least once, if the two go together at all."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations

Case = Mapping[str, str]
Pair = tuple[tuple[str, str], tuple[str, str]]
_SAMPLES = 5000


def pairwise(factors: Mapping[str, Sequence[str]], possible: Callable[[Case], bool]) -> list[dict[str, str]]:
    """Give cases that meet every pair that goes together; the same ones on every run.

    Greedy over a sample of what is possible: each case is the one that meets most pairs which are still open.
    """
    chance = random.Random(20_260_101)
    drawn = [{key: chance.choice(values) for key, values in factors.items()} for _ in range(_SAMPLES)]
    rest = [(case, pairs(case)) for case in drawn if possible(case)]
    open_pairs = set().union(*(met for _, met in rest))
    chosen = []
    while open_pairs:
        case, met = max(rest, key=lambda one: len(one[1] & open_pairs))
        chosen.append(case)
        open_pairs -= met
    return chosen


def pairs(case: Case) -> set[Pair]:
    """Give the pairs that a case meets."""
    return set(combinations(sorted(case.items()), 2))
