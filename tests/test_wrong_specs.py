"""Whatever is written into a field: an answer in our words, never a traceback of somebody else's."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import HealthCheck as Slow
from hypothesis import given, settings
from hypothesis import strategies as st

from fargate_stacks import App, LockedImage, render
from fargate_stacks.errors import RenderError, SpecError
from tests.wrong_specs import ODD, REST, RIGHT, VERBS, placed


def calls() -> st.SearchStrategy[tuple[Any, dict[str, Any]]]:
    """A right call with one to three fields that hold whatever."""
    makers = [*RIGHT.items(), *REST.items(), *VERBS]
    return st.sampled_from(makers).flatmap(
        lambda maker: st.tuples(
            st.just(maker[0]),
            st.dictionaries(st.sampled_from(fields_of(maker[0])), st.sampled_from(ODD), min_size=1, max_size=3).map(
                lambda wrong: {**maker[1], **wrong}
            ),
        )
    )


def fields_of(make: Any) -> list[str]:
    if hasattr(make, "__dataclass_fields__"):
        return [*make._fields, "nonsense"]
    code = getattr(make, "__wrapped__", getattr(make, "__init__", make)).__code__
    return [*(one for one in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount] if one != "self"), "env2"]


@settings(max_examples=2000, derandomize=True, deadline=None, suppress_health_check=list(Slow))
@given(calls())
def test_a_wrong_spec_is_answered_with_a_spec_or_render_error(call: tuple[Any, dict[str, Any]]) -> None:
    make, fields = call
    try:
        templates = render(placed(make(**fields)))
    except (SpecError, RenderError) as error:
        check_words(make, str(error))
    else:
        for template in templates.values():
            template.to_yaml()
            template.to_json()


def check_words(make: Any, message: str) -> None:
    """Who it is, what is wrong, and a value or a cure; no address of an object, no class's repr."""
    assert message[:1].strip(), message
    assert re.search(r"got |; |is |has |both |must |needs ", message), message
    assert not re.search(r" at 0x[0-9a-f]+|<class |Traceback", message), message
    assert len(message) < 12_000, message


@pytest.mark.parametrize("kind", [one for one in RIGHT if one is not App], ids=lambda one: one.__name__)
def test_every_field_refuses_what_is_of_no_use_anywhere(kind: Any) -> None:
    for field in kind._fields:
        with pytest.raises((SpecError, RenderError)) as caught:
            kind(**{**RIGHT[kind], field: object()})
        assert kind.__name__ in str(caught.value) or "A.b()" in str(caught.value)


@pytest.mark.parametrize("kind", RIGHT, ids=lambda one: one.__name__)
def test_what_is_given_by_position_and_has_no_place_is_refused(kind: Any) -> None:
    positional = sum(not one.kw_only for one in kind._fields.values())
    with pytest.raises(SpecError, match="has no field name; every field but"):
        kind(*range(positional + 1))


def test_what_is_right_here_is_right() -> None:
    for kind, fields in RIGHT.items():
        if kind is not LockedImage:  # which no lock file has
            assert render(placed(kind(**fields)))
    for verb, arguments in VERBS:
        assert render(placed(verb(**arguments)))
