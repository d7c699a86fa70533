"""Listener-rule priorities: laws, and the two errors."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fargate_stacks.core.priorities import ALL, Conditions, Priority, allocate
from fargate_stacks.errors import RenderError


def rule(
    name: str, conditions: Conditions, *, explicit: int | None = None, within: range = ALL, on: str = "edge"
) -> Priority:
    return Priority(
        listener=on,
        listener_name=f'LoadBalancer "{on}"',
        rule=name,
        label=f"route of {name}",
        conditions=conditions,
        explicit=explicit,
        within=within,
    )


def of(*rules: Priority) -> list[int]:
    given_ = allocate(rules)
    return [given_[one] for one in rules]


PATHS = ["/api/v1/users", "/api/v1/users/*", "/api/v1/*", "/api/*", "/*"]


def test_the_more_specific_path_comes_first() -> None:
    numbers = of(*(rule(f"R{n}", Conditions(path=(path,))) for n, path in enumerate(PATHS)))
    assert numbers == sorted(numbers)


def test_a_host_beats_a_path_and_two_conditions_beat_one() -> None:
    numbers = of(
        rule("A", Conditions(path=("/*",), host=("a.example.com",), method=("GET",))),
        rule("B", Conditions(host=("a.example.com",))),
        rule("C", Conditions(path=("/exact",))),
    )
    assert numbers == sorted(numbers)


def test_of_several_paths_the_least_specific_counts() -> None:
    both, deep = of(rule("A", Conditions(path=("/a/b/c", "/a/*"))), rule("B", Conditions(path=("/a/b/c/d/*",))))
    assert deep < both


NAMES = st.lists(st.from_regex(r"[A-Z][a-z]{1,6}", fullmatch=True), min_size=1, max_size=12, unique=True)


@given(NAMES, st.data())
def test_adding_or_removing_a_route_moves_no_other(names: list[str], data: st.DataObject) -> None:
    rules = [rule(name, Conditions(path=(f"/{name}/*",))) for name in names]
    keep = data.draw(st.sets(st.sampled_from(range(len(rules))), min_size=1))
    try:
        everything = allocate(rules)
    except RenderError:
        return  # two hash to one place: the error has tests of its own
    some = allocate([rules[index] for index in sorted(keep)])
    assert all(everything[one] == number for one, number in some.items())


@given(NAMES)
def test_priorities_are_unique_and_the_listeners_own(names: list[str]) -> None:
    rules = [rule(name, Conditions(path=(f"/{name}",)), within=range(100, 20_000)) for name in names]
    try:
        numbers = list(allocate(rules).values())
    except RenderError:
        return
    assert len(set(numbers)) == len(numbers)
    assert all(100 <= number < 20_000 for number in numbers)


def test_the_place_does_not_depend_on_pythons_hash_seed() -> None:
    # the number is part of live listeners: a change of the function renumbers every user's rules
    assert of(rule("WebListenerRule", Conditions(path=("/*",)))) == [49_351]
    assert of(rule("ApiListenerRule", Conditions(path=("/api/*",)))) == [40_186]


def test_two_listeners_have_numbers_of_their_own() -> None:
    a, b = of(
        rule("A", Conditions(path=("/*",)), explicit=7), rule("B", Conditions(path=("/*",)), explicit=7, on="other")
    )
    assert a == b == 7


def test_two_routes_that_match_the_same_are_refused_naming_both() -> None:
    with pytest.raises(RenderError) as caught:
        of(rule("A", Conditions(path=("/x",))), rule("B", Conditions(path=("/x",))))
    assert str(caught.value) == (
        'LoadBalancer "edge": route of A and route of B match the same requests (/x), so the second would never be '
        "reached; change or remove one of them"
    )


def test_a_collision_is_refused_naming_both_and_the_cure() -> None:
    with pytest.raises(RenderError) as caught:
        of(rule("A", Conditions(path=("/x",)), explicit=5), rule("B", Conditions(path=("/y",)), explicit=5))
    assert str(caught.value) == (
        'LoadBalancer "edge": route of A and route of B have the same priority 5; give one of them its own, '
        "for example priority=6"
    )


def test_two_places_of_one_hash_are_a_collision_and_the_suggested_priority_cures_it() -> None:
    narrow = range(10, 20)
    rules = [rule(f"R{n}", Conditions(path=(f"/p{n}",)), within=narrow) for n in range(9)]
    with pytest.raises(RenderError, match=r"have the same priority \d+") as caught:
        allocate(rules)
    found = re.search(r"priority=(\d+)", str(caught.value))
    assert found is not None
    assert int(found.group(1)) in narrow


def test_more_rules_than_a_listener_takes_are_refused() -> None:
    rules = [rule(f"R{n}", Conditions(path=(f"/p{n}",)), explicit=n + 1) for n in range(101)]
    with pytest.raises(RenderError, match="101 rules, Elastic Load Balancing takes 100"):
        allocate(rules)
