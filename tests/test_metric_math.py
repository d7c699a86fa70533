"""The evaluator that judges our expressions, judged by the tables of CloudWatch's own documentation."""

from __future__ import annotations

import pytest

from tests.metric_math import Series, Value, evaluate, of_queries

ONE: Series = [30, 20, 0, 0]
TWO: Series = [20, None, 20, None]
CONDITION: Series = [1, 1, 0, 0, None]
YES: Series = [30, None, 0, 0, 30]
NO: Series = [0, 0, 20, None, 20]


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("one < two", [0, 0, 1, 0]),
        ("one >= 30", [1, 0, 0, 0]),
        ("one > 15 AND two > 15", [1, 0, 0, 0]),
        ("one + two", [50, 20, 20, 0]),
        ("one - two", [10, 20, -20, 0]),
        ("one / two", [1.5, None, 0, None]),
        ("two / one", [2 / 3, 0, None, None]),
        ("-one", [-30, -20, 0, 0]),
        ("2 * one ^ 2", [1800, 800, 0, 0]),
        ("(one + 10) / 2", [20, 15, 5, 5]),
        ("two * 1", [20, None, 20, None]),
        ("FILL(two, 7)", [20, 7, 20, 7]),
        ("FILL(two, REPEAT)", [20, 20, 20, 20]),
        ("FILL(two, LINEAR)", [20, 20, 20, None]),
        ("SUM([one, two])", [50, 20, 20, 0]),
        ("SUM([two, two])", [40, None, 40, None]),
        ("one / SUM(one)", [0.6, 0.4, 0, 0]),
        ("IF(one > 10, 5, 6)", [5, 5, 6, 6]),
    ],
)
def test_arithmetic_is_as_documented(expression: str, result: Value) -> None:
    assert evaluate(expression, one=ONE, two=TWO) == result


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("IF(condition, yes, no)", [30, 0, 20, None, None]),
        ("IF(condition, 5, no)", [5, 5, 20, None, None]),
        ("IF(condition, yes, 5)", [30, 0, 5, 5, None]),
        ("IF(condition, yes)", [30, 0, None, None, None]),
    ],
)
def test_if_gives_the_tables_of_the_documentation(expression: str, result: Value) -> None:
    assert evaluate(expression, condition=CONDITION, yes=YES, no=NO) == result


def test_nothing_before_the_first_value_is_repeated() -> None:
    assert evaluate("FILL(m, REPEAT)", m=[None, None, 3, None]) == [None, None, 3, 3]


def test_read_strictly_a_missing_value_makes_a_sum_missing() -> None:
    assert evaluate("one + two", strict=True, one=ONE, two=TWO) == [50, None, 20, None]


def test_queries_build_on_each_other_whatever_their_order() -> None:
    queries = [
        {"Id": "result", "Expression": "half + 1", "ReturnData": True},
        {"Id": "half", "Expression": "m / 2", "ReturnData": False},
        {"Id": "m", "MetricStat": {}, "ReturnData": False},
    ]
    assert of_queries(queries, {"m": [2, None, 4]}) == [2, None, 3]


@pytest.mark.parametrize("expression", ["m +", "FILL(m", "m m", "m ? 1", "UNKNOWN(m)"])
def test_what_it_does_not_understand_is_no_result(expression: str) -> None:
    with pytest.raises((AssertionError, AttributeError, IndexError)):
        evaluate(expression, m=[1])
