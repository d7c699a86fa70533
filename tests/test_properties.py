"""What the reference says that a field sets is what setting it changes."""

from __future__ import annotations

import pytest

from fargate_stacks.core.template import Template
from tests.docs.properties import RECORD, derived, difference, kinds, reason, recorded
from tests.docs.samples import REASONS

pytestmark = pytest.mark.xdist_group("properties")


def test_each_field_changes_what_is_recorded() -> None:
    assert derived() == recorded(), f"write {RECORD.name} anew: make pages"


def test_nothing_is_excused_that_is_not_there() -> None:
    excused = {f"{kind.__name__}.{field}" for kind in kinds() for field in kind._fields if reason(kind, field)}
    assert REASONS.keys() - excused == {"Construct.name"}


def test_more_than_five_hundred_fields_are_shown_by_a_template() -> None:
    assert sum(bool(one) for one in recorded().values()) > 500


def template(**resources: object) -> dict[str, Template]:
    return {"s": Template("s", dict(resources))}


def thing(**properties: object) -> dict[str, object]:
    return {"Type": "A::B::C", "Properties": properties}


def test_a_difference_is_told_by_type_and_property() -> None:
    before = template(One=thing(Kept=1, Deep={"Inner": 1, "Same": 2}), Gone=thing())
    after = template(One=thing(Kept=1, Deep={"Inner": 3, "Same": 2}), New={"Type": "D::E::F"})
    assert difference(before, after) == ["A::B::C", "A::B::C Deep.Inner", "D::E::F"]


def test_references_and_longer_lists_are_told_as_a_whole() -> None:
    before = template(One=thing(Ref={"Ref": "X"}, List=[{"A": 1}]))
    after = template(One=thing(Ref={"Ref": "Y"}, List=[{"A": 1}, {"A": 2}]))
    assert difference(before, after) == ["A::B::C List", "A::B::C Ref"]


def test_waiting_is_told_where_nothing_else_changes() -> None:
    before = template(One={**thing(), "DependsOn": ["X"]})
    assert difference(before, template(One=thing())) == ["A::B::C DependsOn"]
