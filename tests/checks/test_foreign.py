"""How templates of others are read: files, globs and cloud assemblies, with the lines of their resources."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fargate_stacks.checks.foreign import read_templates
from fargate_stacks.core.template import Template
from fargate_stacks.errors import LoadError

YAML = """# made by hand
Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    Timeout: 3
Resources:
  Jobs:
    Type: AWS::SQS::Queue
  # a comment
  Web:
    Type: AWS::ECS::Service
    Properties:
      TaskDefinition: !Ref Task
      Cluster: !GetAtt Main.Arn
"""
QUEUE = '{"Resources": {"Jobs": {"Type": "AWS::SQS::Queue"}}}'


def read(folder: Path, *patterns: str) -> dict[str, Template]:
    return read_templates(patterns, cwd=folder)


def line(template: Template, logical_id: str) -> int:
    source = template.owners[logical_id].source
    assert source is not None
    return source.line


def refused(folder: Path, *patterns: str) -> str:
    with pytest.raises(LoadError) as error:
        read(folder, *patterns)
    return str(error.value)


def test_yaml_is_read_with_lines_and_long_intrinsics(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(YAML)
    (template,) = read(tmp_path, "shop.yaml").values()
    assert (template.name, line(template, "Jobs"), line(template, "Web")) == ("shop", 7, 10)
    assert template.resources["Web"]["Properties"] == {
        "TaskDefinition": {"Ref": "Task"},
        "Cluster": {"Fn::GetAtt": ["Main", "Arn"]},
    }
    assert template.to_dict()["Transform"] == "AWS::Serverless-2016-10-31"


def test_json_is_read_with_lines(tmp_path: Path) -> None:
    text = json.dumps(
        {
            "Metadata": {"Resources": {"Web": "not this"}},
            "Resources": {"Jobs": {"Type": "AWS::SQS::Queue", "Description": '{"a": [\\"'}, "Web": {"Type": "x"}},
        },
        indent="\t",
    )
    (tmp_path / "shop.template.json").write_text(text)
    (template,) = read(tmp_path, "shop.template.json").values()
    lines = text.splitlines()
    assert template.name == "shop"
    assert lines[line(template, "Jobs") - 1].strip().startswith('"Jobs"')
    assert line(template, "Web") == len(lines) - 4


def test_a_byte_order_mark_and_carriage_returns_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"\xef\xbb\xbf" + QUEUE.replace(", ", ",\r\n").encode())
    assert list(read(tmp_path, "a.json")) == ["a"]


def test_a_glob_passes_over_what_is_no_template(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(QUEUE)
    (tmp_path / "package.json").write_text('{"name": "shop"}')
    (tmp_path / "values.yaml").write_text("a: {{ .Values.a }}")
    (tmp_path / "empty.yaml").write_text("")
    assert list(read(tmp_path, "*")) == ["a"]
    assert list(read(tmp_path, str(tmp_path / "*.json"))) == ["a"]


def test_two_files_of_one_name_are_told_apart_by_their_paths(tmp_path: Path) -> None:
    for folder in ("dev", "prod"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "shop.json").write_text(QUEUE)
    assert list(read(tmp_path, "*/shop.json")) == ["dev/shop.json", "prod/shop.json"]


def test_a_file_that_is_named_twice_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(QUEUE)
    assert list(read(tmp_path, "a.json", "*.json")) == ["a"]


def test_a_cloud_assembly_gives_its_stacks_and_those_of_its_stages(tmp_path: Path) -> None:
    stage = tmp_path / "cdk.out/assembly-Prod"
    stage.mkdir(parents=True)
    (tmp_path / "cdk.out/Net.template.json").write_text(QUEUE)
    (stage / "Shop.template.json").write_text(QUEUE)
    (tmp_path / "cdk.out/asset.1.json").write_text("{}")

    def manifest(**artifacts: object) -> str:
        return json.dumps({"version": "48.0.0", "artifacts": {"Tree": {"type": "cdk:tree"}, **artifacts}})

    (tmp_path / "cdk.out/manifest.json").write_text(
        manifest(
            Net={"type": "aws:cloudformation:stack", "properties": {"templateFile": "Net.template.json"}},
            Prod={"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Prod"}},
        )
    )
    (stage / "manifest.json").write_text(
        manifest(Shop={"type": "aws:cloudformation:stack", "properties": {"templateFile": "Shop.template.json"}})
    )
    assert list(read(tmp_path, "cdk.out")) == list(read(tmp_path, "cdk.out/manifest.json")) == ["Net", "Shop"]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "svc.yml",
            "Resources:\n{{- if .Public}}\n  Door: {Type: AWS::SQS::Queue}\n{{- end}}\n",
            "svc.yml:2: it is a Go template, not yet a CloudFormation template; "
            "have Copilot render it: copilot svc package --output-dir infrastructure",
        ),
        (
            "svc.yml",
            "Resources:\n  Task:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n      Cpu: {{.Cpu}}\n",
            "svc.yml:5: it is a Go template, not yet a CloudFormation template; "
            "have Copilot render it: copilot svc package --output-dir infrastructure",
        ),
        ("a.yaml", "Resources:\n  A: [\n", "a.yaml:3: not YAML: did not find expected node content"),
        ("a.json", '{"Resources": {\n"A": }', "a.json:2: not JSON: Expecting value"),
        ("a.yaml", "- 1\n", "a.yaml: a mapping is wanted, got list"),
        ("a.yaml", "Parameters: {}\n", "a.yaml: it has no Resources, so it is no CloudFormation template"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(tmp_path: Path, name: str, text: str, said: str) -> None:
    (tmp_path / name).write_text(text)
    assert refused(tmp_path, name) == said


def test_a_dynamic_reference_is_no_go_template(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "Resources:\n  A:\n    Type: AWS::SQS::Queue\n    Properties:\n      QueueName: '{{resolve:ssm:name}}'\n"
    )
    assert list(read(tmp_path, "a.yaml")) == ["a"]


def test_a_broken_template_is_said_also_when_a_glob_found_it(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("Resources:\n  A: {Type: AWS::SQS::Queue\n")
    assert refused(tmp_path, "*.yaml").startswith("a.yaml:3: not YAML: ")


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    assert refused(tmp_path, "shop.yaml") == f"--template shop.yaml: there is no such file in {tmp_path}"
    assert refused(tmp_path, "*.yaml") == "--template *.yaml: there is no template"
    assert refused(tmp_path, ".") == ("--template .: it is a folder without CDK's manifest.json; name files or a glob")


def test_what_is_not_utf_8_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xff\xfe\x00")
    assert refused(tmp_path, "a.yaml") == "a.yaml: it is not UTF-8 text"
