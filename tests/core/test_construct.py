"""What a subclass of Construct gets, and how a wrong call is answered."""

# ruff: noqa: E501 - error texts stand whole

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

import pytest
from troposphere import sqs

from fargate_stacks.core.construct import Construct, Value, construct, source_of
from fargate_stacks.core.values import AttrList, Param, sub
from fargate_stacks.errors import SpecError


class Way(Value):
    made_by: ClassVar[str] = "a way in (edge.route())"


class House(Construct):
    ways: Way | Sequence[Way] | None = None


class Crate(Construct):
    size: int = 1
    labels: Sequence[str] = ()
    notes: Mapping[str, str] = {}
    kind: Literal["wood", "steel"] = "wood"
    inner: Value | None = None

    refused: ClassVar[Mapping[str, str]] = {"colour": "cannot be chosen; leave it out"}

    def check(self) -> None:
        if self.size < 1:
            raise self.refuse(f"size must be 1 or more, got {self.size}")

    def build(self) -> Iterator[Any]:
        yield sqs.Queue(self.id("Queue"))


@construct
class Steel(Crate):
    kind = "steel"


class Named(Crate):
    name: str = "Default"


def error(make: Any) -> str:
    with pytest.raises(SpecError) as caught:
        make()
    return str(caught.value)


def test_sequences_and_mappings_are_copied() -> None:
    labels, notes = ["a"], {"k": "v"}
    crate = Crate("Crate", labels=labels, notes=notes)
    labels.append("b")
    notes["k"] = "w"
    assert crate.labels == ("a",)
    assert dict(crate.notes) == {"k": "v"}


def test_a_construct_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Crate("Crate").size = 2  # type: ignore[misc]


def test_a_construct_is_equal_to_itself_only() -> None:
    assert Crate("Crate") != Crate("Crate")
    assert len({Crate("Crate"), Crate("Crate")}) == 2


def test_a_subclass_that_only_changes_a_default_works() -> None:
    beam: Crate = Steel("Beam")
    assert beam.kind == "steel"
    other: Crate = Steel("Beam", kind="wood")
    assert other.kind == "wood"
    assert "kind must be one of" in error(lambda: Steel("Beam", kind="iron"))
    assert Named().name == "Default"
    assert Named("Other").name == "Other"


def test_replace_gives_a_variant() -> None:
    assert dataclasses.replace(Crate("Crate", size=2), size=3).size == 3


def test_a_mutable_default_is_no_trap() -> None:
    assert Crate("A").notes is not Crate("B").notes or not Crate("A").notes


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Crate("Crate", sise=1), 'Crate "Crate": there is no field sise; did you mean size'),
        (lambda: Crate("Crate", colour="red"), 'Crate "Crate": colour cannot be chosen; leave it out'),
        (lambda: Crate("Crate", 3), 'Crate "Crate": 3 has no field name; every field but name is given by keyword'),
        (lambda: Crate(), "Crate: name is missing; give name="),
        (lambda: Crate("Crate", name="Other"), 'Crate "Other": name is given twice, got \'Crate\' first'),  # type: ignore[misc]
        (lambda: Crate("Crate", size="1"), "Crate \"Crate\": size must be int, got '1'; pass int"),
        (lambda: Crate("Crate", size=True), 'Crate "Crate": size must be int, got True; pass int'),
        (lambda: Crate("Crate", labels="ab"), "Crate \"Crate\": labels must be a sequence of str, got 'ab'; pass a sequence of str"),
        (lambda: Crate("Crate", labels=["a", 1]), "Crate \"Crate\": labels must be a sequence of str, got [1]; pass a sequence of str"),
        (lambda: Crate("Crate", notes={"password": "hunter2", "a": 1}), "Crate \"Crate\": notes must be a mapping of str to str, got {'a': 1}; pass a mapping of str to str"),
        (lambda: Crate("Crate", inner=Crate("Other")), 'Crate "Crate": inner must be Value or None, got Crate "Other"; pass Value or None'),
        (lambda: Crate("Crate", size=0), 'Crate "Crate": size must be 1 or more, got 0'),
        (lambda: Crate("my-crate"), "Crate: a name is up to 64 ASCII letters and digits, a capital first, got 'my-crate'; call it MyCrate"),
        (lambda: Crate("상자"), "Crate: a name is up to 64 ASCII letters and digits, a capital first, got '상자'"),
        (lambda: Crate(7), "Crate: a name is up to 64 ASCII letters and digits, a capital first, got 7"),
    ],
)  # fmt: skip
def test_a_wrong_call_names_the_thing_the_value_and_the_cure(make: Any, text: str) -> None:
    assert error(make) == text


def test_the_error_is_raised_at_the_users_line() -> None:
    with pytest.raises(SpecError) as caught:
        Crate("Crate", sise=1)  # type: ignore[call-arg]
    assert str(caught.traceback[0].path).endswith("test_construct.py")


def test_the_source_is_the_users_line_through_replace_and_functions() -> None:
    def pattern() -> Crate:
        return Crate("Inner")

    for made in (Crate("A"), dataclasses.replace(Crate("B"), size=2), Steel("C"), pattern()):
        source = source_of(made)
        assert source is not None
        assert source.file == __file__


@pytest.mark.parametrize(
    "use",
    [
        lambda attr: f"http://{attr}",
        lambda attr: "http://" + attr,
        lambda attr: attr + "/x",
        lambda attr: str(attr),
        lambda attr: f"{attr}",
    ],
)  # fmt: skip
def test_an_attribute_in_a_string_is_refused_with_sub_as_the_cure(use: Any) -> None:
    message = error(lambda: use(Crate("Crate").attr("Queue", "Arn")))
    assert message.startswith("CrateQueue.Arn: its text is known only after deployment")
    assert "sub(" in message


def test_attributes_of_one_construct_are_equal_and_of_two_are_not() -> None:
    a, b = Crate("Crate"), Crate("Crate")
    assert a.attr("Queue", "Arn") == a.attr("Queue", "Arn")
    assert a.attr("Queue", "Arn") != b.attr("Queue", "Arn")
    assert len({a.attr("Queue"), a.attr("Queue")}) == 1
    assert AttrList("L", [a.attr("Queue")]) == AttrList("L", [a.attr("Queue")])


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: sub("a{b}"), "sub: {b} in 'a{b}' has no value; give b="),
        (lambda: sub("a", b="c"), "sub: b= is not in 'a'; write {b} where it belongs"),
        (lambda: sub("a{b}", b=None), "sub: b= must be text or an attribute, got None"),
        (lambda: sub(1), "sub: the text must be a str, got 1; give the values as keywords"),
        (lambda: Param("X", type="Nope"), "Param 'X': type must be String, Number, CommaDelimitedList, a List<...> or an AWS type, got 'Nope'"),
        (lambda: Param("a b"), "Param 'a b': a parameter's name is ASCII letters and digits, a letter first"),
        (lambda: Param("X", default="c", allowed_values=["a", "b"]), "Param 'X': default='c' is not among allowed_values ['a', 'b']; add it or choose one of them"),
        (lambda: Param("X", no_echo="yes"), "Param \"X\": no_echo must be bool, got 'yes'; pass bool"),
    ],
)  # fmt: skip
def test_a_wrong_value_names_itself_and_the_cure(make: Any, text: str) -> None:
    assert error(make) == text


def test_text_without_values_stays_text() -> None:
    assert sub("plain") == "plain"


class Lender(Construct):
    """Names in its annotations what it never imports: public names are looked up when a value is given."""

    vpc: Vpc | None = None  # type: ignore[name-defined] # noqa: F821
    unknown: Nowhere | None = None  # type: ignore[name-defined] # noqa: F821


def test_the_cure_says_how_a_value_comes_about_that_nobody_writes() -> None:
    with pytest.raises(SpecError) as caught:
        House("Home", ways="/*")  # type: ignore[arg-type]
    assert str(caught.value).endswith("got '/*'; pass a way in (edge.route()) or a sequence of Way or None")


def test_an_annotation_may_name_a_public_value_that_is_not_imported() -> None:
    with pytest.raises(
        SpecError, match=re.escape("Lender \"X\": vpc must be Vpc or None, got 'vpc-1'; pass Vpc or None")
    ):
        Lender("X", vpc="vpc-1")


def test_an_annotation_that_nothing_resolves_admits_everything() -> None:
    assert Lender("X", unknown=5).unknown == 5


def test_a_subclass_without_a_docstring_is_a_construct_too() -> None:
    class Bare(Construct):
        size: int = 1

    assert Bare("X", size=2).size == 2
    assert dataclasses.replace(Bare("X"), size=3).size == 3
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'size'"):
        Bare("X").size = 4  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'size'"):
        del Bare("X").size
