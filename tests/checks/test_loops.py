"""Fn::ForEach: what a loop makes is judged like what is written out, at the loop's line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fargate_stacks.checks.finding import Finding
from fargate_stacks.checks.foreign import read_templates
from fargate_stacks.checks.loops import written_out
from fargate_stacks.checks.rules import apply_rules

TEMPLATE = """
Transform: AWS::LanguageExtensions
Parameters:
  Names: {Type: CommaDelimitedList%s}
Resources:
  Fn::ForEach::Tasks:
  - Name
  - !Ref Names
  - ${Name}Task:
      Type: AWS::ECS::TaskDefinition
      Properties:
        Family: !Sub ${Name}-family
        RequiresCompatibilities: [FARGATE]
        NetworkMode: bridge
        Cpu: "256"
        Memory: "512"
        ContainerDefinitions: [{Name: !Ref Name, Image: "public.ecr.aws/nginx/nginx:1.29"}]
"""


def found(folder: Path, text: str, settings: Mapping[str, str] | None = None) -> list[Finding]:
    (folder / "a.yaml").write_text(text)
    findings = apply_rules(read_templates(["a.yaml"], cwd=folder), settings)
    return [one for one in findings if one.severity != "info" or one.code == "FS117"]


def test_each_turn_is_judged_at_the_line_of_the_loop(tmp_path: Path) -> None:
    findings = found(tmp_path, TEMPLATE % ", Default: 'Web,Api'")
    assert [(one.code, one.where.line, one.message.partition(":")[0]) for one in findings] == [
        ("FS208", 6, "WebTask"),
        ("FS208", 6, "ApiTask"),
    ]


def test_values_come_from_set(tmp_path: Path) -> None:
    findings = found(tmp_path, TEMPLATE % "", {"Names": "Shop"})
    assert [(one.code, one.message.partition(":")[0]) for one in findings] == [("FS208", "ShopTask")]


def test_a_loop_over_unknown_values_is_said_and_not_passed_over(tmp_path: Path) -> None:
    (one,) = found(tmp_path, TEMPLATE % "")
    assert (one.code, one.severity) == ("FS117", "info")
    assert one.message.startswith("the values of this loop are not known, so its resources are not judged")


def unrolled(section: dict[str, Any], **values: Any) -> dict[str, Any]:
    return written_out(section, values)[0]


def test_loops_stand_in_loops_and_in_properties() -> None:
    inner = ["Port", [80, 443], {"P${Port}": {"Name": {"Fn::Sub": "${Name}-${Port}"}, "Is": {"Ref": "Port"}}}]
    body = {"Type": "T", "Properties": {"Fn::ForEach::Ports": inner, "Zone": {"Ref": "AWS::Region"}}}
    assert unrolled({"Fn::ForEach::All": ["Name", ["A"], {"${Name}": body}]}) == {
        "A": {
            "Type": "T",
            "Properties": {
                "P80": {"Name": {"Fn::Sub": "A-80"}, "Is": "80"},
                "P443": {"Name": {"Fn::Sub": "A-443"}, "Is": "443"},
                "Zone": {"Ref": "AWS::Region"},
            },
        }
    }
    nested = {"Fn::ForEach::Inner": ["B", ["1", "2"], {"${A}${B}": {"Type": "T"}}]}
    assert list(unrolled({"Fn::ForEach::Outer": ["A", ["X", "Y"], nested]})) == ["X1", "X2", "Y1", "Y2"]


def test_an_ampersand_leaves_out_what_no_logical_id_may_have() -> None:
    assert list(unrolled({"Fn::ForEach::All": ["Ip", ["10.0.0.1"], {"Host&{Ip}": {"Type": "T"}}]})) == ["Host10001"]


def test_values_are_those_of_parameters_too() -> None:
    section = {"Fn::ForEach::All": ["Name", [{"Ref": "First"}, "B"], {"${Name}": {"Type": "T"}}]}
    assert list(unrolled(section, First="A")) == ["A", "B"]
    assert list(unrolled(section)) == ["Fn::ForEach::All"]


def test_what_is_no_loop_stays_as_it_is() -> None:
    for broken in (["Name", ["A"]], "x", [1, ["A"], {}], ["Name", [True], {}], ["Name", {"Fn::ImportValue": "x"}, {}]):
        assert unrolled({"Fn::ForEach::All": broken}) == {"Fn::ForEach::All": broken}
