"""Laws of routes over whole apps: what a change of routes does to the rules of a listener that is live.

Names, conditions of every kind and fixed priorities are drawn; then routes are added, renamed and removed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fargate_stacks import (
    App,
    Cluster,
    Container,
    LoadBalancer,
    RenderError,
    Service,
    Stack,
    Task,
    Vpc,
    render,
)
from fargate_stacks.deploy.rules import refuse_reuse, reused
from fargate_stacks.errors import DeployError

VPC = Vpc("Net")
MAIN = Cluster("Main", vpc=VPC)
EDGE = LoadBalancer("Edge", vpc=VPC)
TASK = Task(containers=[Container(image="example/api:7", port=8080)])
RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"

WORDS = st.sampled_from(["shop", "api", "admin", "v1", "health", "cart"])
PATHS = st.lists(WORDS, min_size=1, max_size=3).flatmap(
    lambda words: st.sampled_from(["/" + "/".join(words), "/" + "/".join(words) + "/*", "/*"])
)
CONDITIONS = st.fixed_dictionaries(
    {"path": PATHS},
    optional={
        "host": st.sampled_from(["a.example.com", "*.example.com"]),
        "header": st.sampled_from([{"X-A": "1"}, {"X-A": "2", "X-B": "x*"}]),
        "query": st.sampled_from([{"v": "1"}, {"v": "2", "lang": "de"}]),
        "method": st.sampled_from(["GET", ["GET", "POST"]]),
        "source": st.sampled_from(["10.0.0.0/8", "192.0.2.0/24"]),
    },
).filter(lambda one: sum(2 if isinstance(v, (dict, list)) else 1 for v in one.values()) <= 5)
FIXED = st.one_of(st.none(), st.none(), st.integers(1, 4))


class Way(NamedTuple):
    name: str
    conditions: dict[str, Any]
    priority: int | None


NAMES = st.from_regex(r"R[a-z]{2,5}", fullmatch=True)
WAYS = st.lists(st.builds(Way, NAMES, CONDITIONS, FIXED), min_size=1, max_size=7, unique_by=lambda one: one.name)
laws = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow]
)


def rules(ways: Sequence[Way]) -> dict[str, Any] | None:
    """Give the resources of an app with these routes, or None where two of them cannot be told apart."""
    services = [
        Service(one.name, cluster=MAIN, task=TASK, route=EDGE.route(**one.conditions, priority=one.priority))
        for one in ways
    ]
    try:
        return render(App([Stack("s", [VPC, MAIN, EDGE, *services])]))["s"].resources
    except RenderError as error:
        # the two that may be said: equal requests, or one place for two, each with its cure
        if "match the same requests" in str(error) or "have the same priority" in str(error):
            return None
        raise


def priorities(resources: dict[str, Any]) -> dict[str, int]:
    return {key: body["Properties"]["Priority"] for key, body in resources.items() if body["Type"] == RULE}


@laws
@given(WAYS, st.data())
def test_adding_and_removing_routes_moves_no_other(ways: list[Way], data: st.DataObject) -> None:
    kept = [one for one in ways if data.draw(st.booleans())]
    before, after = rules(kept), rules(ways)
    if before is None or after is None:
        return
    for rule, number in priorities(before).items():
        assert priorities(after)[rule] == number


@laws
@given(WAYS, NAMES, st.data())
def test_renaming_a_route_moves_no_other(ways: list[Way], name: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(ways) - 1))
    if name in {one.name for one in ways}:
        return
    before = rules(ways)
    after = rules([one._replace(name=name) if index == place else one for index, one in enumerate(ways)])
    if before is None or after is None:
        return
    others = priorities(before).keys() - {f"{ways[place].name}ListenerRule"}
    assert {rule: priorities(after)[rule] for rule in others} == {rule: priorities(before)[rule] for rule in others}


@laws
@given(WAYS)
def test_no_priority_is_there_twice(ways: list[Way]) -> None:
    made = rules(ways)
    numbers = [] if made is None else list(priorities(made).values())
    assert len(set(numbers)) == len(numbers)


@laws
@given(WAYS)
def test_the_order_of_members_is_nothing_to_priorities(ways: list[Way]) -> None:
    there, back = rules(ways), rules(ways[::-1])
    assert (there is None) == (back is None)
    if there is not None and back is not None:
        assert priorities(there) == priorities(back)


@laws
@given(WAYS, WAYS)
def test_a_change_set_that_would_use_a_priority_twice_is_refused(ways: list[Way], others: list[Way]) -> None:
    before, after = rules(ways), rules(others)
    if before is None or after is None:
        return
    held, wanted = priorities(before), priorities(after)
    twice = {
        number
        for rule, number in wanted.items()
        if any(number == other and holder != rule for holder, other in held.items())
    }
    assert {number for number, _, _ in reused(before, after)} == twice
    if twice:
        with pytest.raises(DeployError, match="CloudFormation creates and changes rules before it deletes any"):
            refuse_reuse("s", before, after)
    else:
        refuse_reuse("s", before, after)


def test_a_renamed_route_keeps_off_its_old_priority_unless_that_is_fixed() -> None:
    """What would be PriorityInUse in the middle of an update: the new rule is made while the old one is there."""
    free = [rules([Way(name, {"path": "/shop/*"}, None)]) for name in ("Old", "New")]
    fixed = [rules([Way(name, {"path": "/shop/*"}, 7)]) for name in ("Old", "New")]
    assert free[0] is not None and free[1] is not None and list(reused(free[0], free[1])) == []
    assert fixed[0] is not None and fixed[1] is not None
    assert list(reused(fixed[0], fixed[1])) == [(7, "OldListenerRule", "NewListenerRule")]
