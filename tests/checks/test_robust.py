"""Whatever a template holds, the rules answer: what they cannot read is no finding and no crash."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from time import process_time
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fargate_stacks.checks.foreign import Foreign
from fargate_stacks.checks.rules import apply_rules
from tests.checks.truth import TABLES

EVERY = [resources for truth in TABLES.values() for resources in (truth.bad[0].resources, *truth.good)]
LOOPS = [resources for resources in EVERY if any(isinstance(one, list) for one in resources.values())]
WHOLE = [resources for resources in EVERY if resources not in LOOPS]
ODD: list[Any] = [
    None, "", "x", 0, -1, 3.5, True, [], {}, [None], [[]], ["x"], {"Ref": "Web"}, {"Ref": 1}, {"Ref": "AWS::NoValue"},
    {"Fn::GetAtt": []}, {"Fn::GetAtt": ["Web", "Arn"]}, {"Fn::GetAtt": "Web.Arn"}, {"Fn::Sub": []}, {"Fn::Sub": None},
    {"Fn::Sub": ["${Web}", {"Web": 1}]}, {"Fn::Sub": ["${Web}"]}, {"Fn::If": ["C", 1, []]}, {"Fn::If": []},
    {"Fn::Join": None}, {"Fn::Select": ["x", "y"]},
    {"Fn::FindInMap": ["M", "a", "b"]}, {"Fn::FindInMap": ["M", [], {}]}, {"Fn::ImportValue": {"Ref": "P"}},
    {"Fn::Transform": {"Name": "x"}}, {"Fn::Equals": []},
    "{{resolve:ssm:x}}", "${Web}", {1: 2}, {"Fn::ForEach::X": []}, [{"Ref": "P"}],
    {"a": {"Fn::If": ["D", {"Ref": "P"}, {"Ref": "AWS::NoValue"}]}},
]  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Give the path of every value below the resources."""
    if path:
        yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in pairs:
        yield from places(one, (*path, key))


def judged(resources: dict[str, Any], **sections: Any) -> None:
    kept = {key: one for key, one in resources.items() if isinstance(one, dict) and "Type" in one}
    for one in apply_rules({"t": Foreign("t", kept, **sections)}):
        assert one.where.logical_id in resources


def test_any_value_in_any_place_is_read() -> None:
    """Each place of each table once, with the odd values in turn."""
    turn = 0
    for resources in WHOLE:
        for path in places(resources):
            broken = copy.deepcopy(resources)
            parent: Any = broken
            for key in path[:-1]:
                parent = parent[key]
            parent[path[-1]] = ODD[turn % len(ODD)]
            turn += 1
            judged(broken)


def test_any_value_in_any_place_of_a_loop_is_read() -> None:
    for resources in LOOPS:
        for path in places(resources):
            for odd in ODD:
                broken = copy.deepcopy(resources)
                parent: Any = broken
                for key in path[:-1]:
                    parent = parent[key]
                parent[path[-1]] = odd
                list(apply_rules({"t": Foreign("t", broken)}))


VALUES = st.recursive(
    st.sampled_from(ODD),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)
SECTIONS = st.dictionaries(st.sampled_from("ABC"), VALUES, max_size=3)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(WHOLE), SECTIONS, SECTIONS, SECTIONS, SECTIONS, VALUES)
def test_any_other_section_is_read(
    resources: Any, parameters: Any, conditions: Any, mappings: Any, outputs: Any, condition: Any
) -> None:
    first = next(iter(resources))
    given = {**resources, first: {**resources[first], "Condition": condition}}
    judged(given, parameters=parameters, conditions=conditions, mappings=mappings, outputs=outputs)


def test_500_resources_are_judged_within_a_second() -> None:
    """Time of this process alone, so that a busy machine does not decide."""
    many = {f"N{turn}{name}": body for turn in range(500) for name, body in WHOLE[turn % len(WHOLE)].items()}
    template = Foreign("t", dict(list(many.items())[:500]))
    before = process_time()
    assert len(list(apply_rules({"t": template}))) > 100
    assert process_time() - before < 1
