"""What of a template is known before it is deployed, and what stays as it is written."""

from __future__ import annotations

from typing import Any

import pytest

from fargate_stacks.checks.foreign import Foreign
from fargate_stacks.checks.resolve import resolve

PARAMETERS = {
    "Stage": {"Type": "String", "Default": "dev"},
    "Size": {"Type": "Number", "Default": 256},
    "Zones": {"Type": "CommaDelimitedList", "Default": "a, b"},
    "Image": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/images/web"},
    "Free": {"Type": "String"},
}
MAPPINGS = {"Sizes": {"dev": {"Cpu": "256"}, "prod": {"Cpu": "1024"}}}
CONDITIONS = {
    "Prod": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
    "Dev": {"Fn::Not": [{"Condition": "Prod"}]},
    "Both": {"Fn::And": [{"Condition": "Prod"}, {"Condition": "Unsure"}]},
    "Either": {"Fn::Or": [{"Condition": "Dev"}, {"Condition": "Unsure"}]},
    "Unsure": {"Fn::Equals": [{"Ref": "Free"}, "x"]},
    "Ring": {"Fn::Not": [{"Condition": "Ring"}]},
    "Large": {"Fn::Equals": [{"Ref": "Size"}, "256"]},
}


def template(value: Any, **resource: Any) -> Foreign:
    return Foreign(
        "t",
        {"A": {"Type": "AWS::SQS::Queue", "Properties": {"X": value}, **resource}},
        parameters=PARAMETERS,
        conditions=CONDITIONS,
        mappings=MAPPINGS,
    )


def worked(value: Any, **settings: str) -> Any:
    return resolve(template(value), settings).resources["A"]["Properties"].get("X", "absent")


@pytest.mark.parametrize(
    ("value", "known"),
    [
        ({"Ref": "Stage"}, "dev"),
        ({"Ref": "Size"}, "256"),
        ({"Ref": "Zones"}, ["a", "b"]),
        ({"Fn::Select": [1, {"Ref": "Zones"}]}, "b"),
        ({"Fn::Select": ["0", ["x", "y"]]}, "x"),
        ({"Fn::Split": ["-", "a-b"]}, ["a", "b"]),
        ({"Fn::Join": ["-", ["web", {"Ref": "Stage"}]]}, "web-dev"),
        ({"Fn::Sub": "web-${Stage}"}, "web-dev"),
        ({"Fn::Sub": ["${Name}-${Stage}", {"Name": "web"}]}, "web-dev"),
        ({"Fn::Sub": "${!Stage}"}, "${Stage}"),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, "Cpu"]}, "256"),
        ({"Fn::If": ["Prod", 1, 2]}, 2),
        ({"Fn::If": ["Dev", 1, 2]}, 1),
        ({"Fn::If": ["Both", 1, 2]}, 2),
        ({"Fn::If": ["Either", 1, 2]}, 1),
        ({"Fn::If": ["Large", 1, 2]}, 1),
        ({"Fn::If": ["Unsure", 1, 1]}, 1),
        ({"Fn::If": ["Prod", 1, {"Ref": "AWS::NoValue"}]}, "absent"),
        ([1, {"Fn::If": ["Prod", 2, {"Ref": "AWS::NoValue"}]}, 3], [1, 3]),
    ],
)
def test_what_the_template_tells_is_worked_out(value: Any, known: Any) -> None:
    assert worked(value) == known


@pytest.mark.parametrize(
    "value",
    [
        {"Ref": "Free"},
        {"Ref": "Image"},
        {"Ref": "A"},
        {"Fn::GetAtt": ["A", "Arn"]},
        {"Fn::If": ["Unsure", 1, 2]},
        {"Fn::If": ["Ring", 1, 2]},
        {"Fn::If": ["NoSuchCondition", 1, 2]},
        {"Fn::If": ["Unsure", 1, {"Ref": "AWS::NoValue"}]},
        {"Fn::Select": [5, ["x"]]},
        {"Fn::FindInMap": ["Sizes", {"Ref": "Free"}, "Cpu"]},
        {"Fn::FindInMap": ["Sizes", "test", "Cpu"]},
        {"Fn::Sub": "${Free}"},
        {"Fn::Join": ["-", [{"Ref": "Free"}]]},
        {"Fn::ImportValue": "vpc"},
        {"Fn::If": "broken"},
        {"Ref": ["broken"]},
    ],
)
def test_what_it_does_not_tell_stays_as_it_is_written(value: Any) -> None:
    assert worked(value) == value


def test_the_known_part_of_a_substitution_is_put_in() -> None:
    assert worked({"Fn::Sub": "${Stage}-${Free}"}) == {"Fn::Sub": "dev-${Free}"}


def test_a_setting_is_stronger_than_a_default() -> None:
    assert worked({"Fn::If": ["Prod", {"Ref": "Free"}, 2]}, Stage="prod", Free="given") == "given"


@pytest.mark.parametrize(("condition", "left"), [("Prod", []), ("Dev", ["A"]), ("Unsure", ["A"])])
def test_a_resource_is_left_out_when_its_condition_is_false(condition: str, left: list[str]) -> None:
    assert list(resolve(template(1, Condition=condition)).resources) == left


def test_the_region_of_a_stack_is_known() -> None:
    given = Foreign(
        "t", {"A": {"Type": "AWS::SQS::Queue", "Properties": {"X": {"Ref": "AWS::Region"}}}}, region="eu-west-1"
    )
    assert resolve(given).resources["A"]["Properties"]["X"] == "eu-west-1"


def test_the_template_itself_is_not_changed() -> None:
    given = template({"Ref": "Stage"})
    resolve(given)
    assert given.resources["A"]["Properties"]["X"] == {"Ref": "Stage"}
