"""What is written as YAML or JSON reads back as it was."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fargate_stacks.core.template import Owner, Template
from fargate_stacks.core.yaml import dump, load
from fargate_stacks.errors import RenderError

AWKWARD = st.sampled_from(
    [
        "123", "012", "0x1F", "0o17", "1e3", "12e4567", "1_000", "1:30", "1.0", ".5", "-", "+1", ".inf", "nan",
        "true", "False", "yes", "NO", "on", "off", "y", "n", "null", "~", "", " ", "=", "<<", "2012-10-17",
        "2026-11-23T10:00:00Z", "!Ref A", "!tags", "&a", "*a", "%x", "@x", "`x", "a: b", "a #b", "- a", "? a", "{a}",
        "[a]", "a\nb", "a\nb\n", "\n", "a\n\n  b\n", "  lead", "trail ", "tab\there", "한국어", "문자열\n두 줄", "é",
        "😀", "\u2028", "\x85", "\x07", "'", '"', "\\", "a'b\"c", "${AWS::Region}", "x" * 200,
    ]
)  # fmt: skip
TEXT = AWKWARD | st.text(max_size=20)
SCALAR = TEXT | st.integers() | st.booleans() | st.none() | st.floats(allow_nan=False, allow_infinity=False)
INTRINSIC = st.one_of(
    TEXT.map(lambda s: {"Ref": s}),
    st.tuples(TEXT, TEXT).map(lambda p: {"Fn::GetAtt": list(p)}),
    TEXT.map(lambda s: {"Fn::Sub": s}),
    st.lists(TEXT, max_size=3).map(lambda v: {"Fn::Join": [",", v]}),
    TEXT.map(lambda s: {"Fn::GetAZs": {"Ref": s}}),
    TEXT.map(lambda s: {"Fn::Base64": {"Fn::Sub": s}}),
    TEXT.map(lambda s: {"Fn::If": [s, {"Ref": s}, {"Ref": "AWS::NoValue"}]}),
    TEXT.map(lambda s: {"Fn::ImportValue": s}),
    TEXT.map(lambda s: {"Condition": s}),
)
DATA = st.recursive(
    SCALAR | INTRINSIC,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=12,
)
IDS = st.from_regex(r"[A-Z][A-Za-z0-9]{0,8}", fullmatch=True)
TEMPLATES = st.builds(
    Template,
    name=st.just("s"),
    resources=st.dictionaries(IDS, st.fixed_dictionaries({"Type": TEXT, "Properties": DATA}), max_size=3),
    parameters=st.dictionaries(IDS, DATA, max_size=2),
    outputs=st.dictionaries(IDS, DATA, max_size=2),
    metadata=st.dictionaries(TEXT, DATA, max_size=2),
    description=TEXT,
    owners=st.dictionaries(IDS, st.just(Owner("Net", "Vpc", None)), max_size=3),
)


@given(TEMPLATES)
def test_yaml_reads_back_as_the_mapping_that_was_written(template: Template) -> None:
    assert load(template.to_yaml()) == template.to_dict()


@given(TEMPLATES)
def test_long_form_yaml_reads_back_as_the_mapping_that_was_written(template: Template) -> None:
    assert load(template.to_yaml(long_form=True)) == template.to_dict()


@given(TEMPLATES)
def test_json_reads_back_as_the_mapping_that_was_written_and_is_ascii(template: Template) -> None:
    text = template.to_json()
    assert json.loads(text) == template.to_dict()
    assert text.isascii()


@given(TEMPLATES)
def test_the_same_template_gives_the_same_text(template: Template) -> None:
    assert template.to_yaml() == template.to_yaml()


def test_short_intrinsics_are_unquoted() -> None:
    data = {"A": {"Ref": "AWS::Region"}, "B": {"Fn::GetAtt": ["Db", "Endpoint.Port"]}, "C": {"Fn::Sub": "${A}-x"}}
    assert dump(data) == "A: !Ref AWS::Region\nB: !GetAtt Db.Endpoint.Port\nC: !Sub ${A}-x\n"


def test_an_intrinsic_within_an_intrinsic_of_one_argument_keeps_the_outer_long() -> None:
    assert dump({"A": {"Fn::GetAZs": {"Ref": "AWS::Region"}}}) == "A:\n  Fn::GetAZs: !Ref AWS::Region\n"


def test_a_shared_list_is_written_twice_and_not_as_an_alias() -> None:
    shared = ["a"]
    assert dump({"A": shared, "B": shared}) == "A:\n- a\nB:\n- a\n"


@pytest.mark.parametrize("text", ["123", "1e3", "0o17", "yes", "2012-10-17", "!Ref A"])
def test_text_that_looks_like_something_else_is_quoted(text: str) -> None:
    assert dump({"A": text}) == f"A: '{text}'\n"


def test_dates_are_read_as_text() -> None:
    assert load("Version: 2012-10-17") == {"Version": "2012-10-17"}


def test_short_forms_are_read_into_long_ones() -> None:
    text = "A: !GetAtt Db.Endpoint.Port\nB: !Join [',', [!Ref C]]\nD: !Condition E\nF: !Base64\n  Fn::Sub: x\n"
    assert load(text) == {
        "A": {"Fn::GetAtt": ["Db", "Endpoint.Port"]},
        "B": {"Fn::Join": [",", [{"Ref": "C"}]]},
        "D": {"Condition": "E"},
        "F": {"Fn::Base64": {"Fn::Sub": "x"}},
    }


def test_text_that_is_no_yaml_is_refused_with_its_line() -> None:
    with pytest.raises(RenderError, match=r"not YAML.*line 2") as caught:
        load("A: 1\n  B: 2: 3")
    assert "template" in str(caught.value)


def test_yaml_that_is_no_mapping_is_refused() -> None:
    with pytest.raises(RenderError, match="a mapping is wanted, got list"):
        load("- a")


@pytest.mark.parametrize("text", ["\n", "\n\n", "a\n\n", "a\nb\n\n", "a\n", "a\nb"])
def test_line_breaks_at_the_end_of_a_text_are_counted_before_a_comment_too(text: str) -> None:
    resources = {"A": {"Type": "T", "Properties": text}, "B": {"Type": "T", "Properties": {"Fn::Sub": text}}}
    template = Template("s", resources, owners={"B": Owner("Net", "Vpc", None), "A": Owner("Up", "Vpc", None)})
    assert load(template.to_yaml()) == template.to_dict()
