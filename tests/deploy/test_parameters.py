"""Where the values of parameters come from."""

from __future__ import annotations

import pytest

from fargate_stacks.core.template import Reference
from fargate_stacks.deploy.client import StackState
from fargate_stacks.deploy.parameters import given_for, missing, resolve
from fargate_stacks.errors import DeployError
from tests.deploy.stage import referring, template

SIZED = template(parameters={"Size": {"Type": "String", "Default": "s"}})
SHOP = referring("shop", "net")


def live(*parameters: str) -> StackState:
    return StackState("id", "shop", "CREATE_COMPLETE", parameters=frozenset(parameters))


def nobody(stack: str) -> None:
    return None


def test_a_given_value_comes_first() -> None:
    values, _ = resolve(SIZED, live("Size"), {"Size": "xl"}, nobody)
    assert values == [{"ParameterKey": "Size", "ParameterValue": "xl"}]


def test_then_the_value_that_the_stack_has() -> None:
    values, _ = resolve(SIZED, live("Size"), {}, nobody)
    assert values == [{"ParameterKey": "Size", "UsePreviousValue": True}]


def test_a_default_is_left_to_the_template() -> None:
    assert resolve(SIZED, None, {}, nobody) == ([], [])


def test_a_reference_takes_the_live_output() -> None:
    values, _ = resolve(SHOP, live("NetUrl"), {}, lambda stack: {"Url": f"https://{stack}"})
    assert values == [{"ParameterKey": "NetUrl", "ParameterValue": "https://net"}]


def test_a_producer_that_cannot_be_read_keeps_the_value_and_says_so() -> None:
    values, notes = resolve(SHOP, live("NetUrl"), {}, nobody)
    assert values == [{"ParameterKey": "NetUrl", "UsePreviousValue": True}]
    assert notes == ["NetUrl keeps its value: stack net cannot be read"]


def test_an_output_that_is_not_there_yet_is_named() -> None:
    with pytest.raises(DeployError, match=r"^shop: stack net has no output Url yet; deploy net first$"):
        resolve(SHOP, live("NetUrl"), {}, lambda stack: {})


def test_a_list_of_another_length_is_refused() -> None:
    listing = template(
        parameters={"NetIds": {"Type": "CommaDelimitedList"}}, references={"NetIds": Reference("net", "Ids", 2)}
    )
    with pytest.raises(DeployError, match="Ids of stack net must hold 2 values, got a,b,c; deploy net first"):
        resolve(listing, None, {}, lambda stack: {"Ids": "a,b,c"})


def test_a_value_for_one_stack_is_closer_than_one_for_all() -> None:
    given = {"net.Size": "l", "Size": "m"}
    apps = {"net": SIZED, "shop": SIZED}
    assert given_for(given, apps) == {"net": {"Size": "l"}, "shop": {"Size": "m"}}


def test_a_key_that_no_stack_has_is_refused_with_those_there_are() -> None:
    with pytest.raises(DeployError, match="no stack has a parameter Sise; there are Size"):
        given_for({"Sise": "l"}, {"shop": SIZED})


def test_what_has_neither_value_nor_default_is_missing() -> None:
    wants = template(parameters={"A": {"Type": "String"}, "B": {"Type": "String", "Default": ""}})
    assert missing(wants, None, {}) == ["A"]
    assert missing(wants, live("A"), {}) == []
    assert missing(wants, None, {"A": "1"}) == []
