"""`check --template`: templates of others, with file and line, settings, ignores and exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.cli.conftest import Project, Run

SHOP = """
Parameters:
  Count: {Type: Number, Default: 256}
  Mode: {Type: String}
Conditions:
  OnHost: !Equals [!Ref Mode, host]
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: shop
      RequiresCompatibilities: [FARGATE]
      NetworkMode: awsvpc
      Cpu: !Ref Count
      Memory: "512"
      PidMode: !If [OnHost, host, !Ref AWS::NoValue]
      ContainerDefinitions:
      - Name: app
        Image: public.ecr.aws/nginx/nginx:1.29
        User: "101"
        ReadonlyRootFilesystem: true
        LinuxParameters: {Capabilities: {Drop: [ALL]}}
  Web:
    Type: AWS::ECS::Service
    Properties:
      TaskDefinition: !Ref Task
      LaunchType: FARGATE
      NetworkConfiguration: {AwsvpcConfiguration: {Subnets: [subnet-1]}}
"""
NO_BREAKER = (
    "shop.yaml:23: warning FS115: shop.Web: there is no deployment circuit breaker, so a deployment whose tasks cannot "
    "start goes on for up to three hours; enable it\n"
)


@pytest.fixture
def check(project: Project, run: Callable[..., Run]) -> Callable[..., Run]:
    project.write("shop.yaml", SHOP)
    return lambda *arguments: run("check", "--template", "shop.yaml", "--engine", "none", *arguments)


def test_a_finding_names_file_line_id_and_cure(check: Callable[..., Run]) -> None:
    result = check()
    assert (result.code, result.out, result.err) == (0, NO_BREAKER, "0 errors, 1 warning, 0 infos\n")


def test_warnings_are_errors_only_when_strict(check: Callable[..., Run]) -> None:
    assert check("--strict").code == 2


def test_a_parameter_takes_its_value_from_set(check: Callable[..., Run]) -> None:
    result = check("--set", "Count=300")
    assert "shop.yaml:8: error FS201: shop.Task: Fargate has cpu 256, " in result.out
    assert result.code == 2


def test_a_condition_follows_its_parameter(check: Callable[..., Run]) -> None:
    assert "FS207" not in check().out
    assert "FS207" not in check("--set", "Mode=task").out
    assert "PidMode is host" in check("--set", "Mode=host").out


def test_an_unknown_parameter_is_an_error_that_names_the_nearest(check: Callable[..., Run]) -> None:
    result = check("--set", "Cont=1")
    assert (result.code, result.err) == (2, "error: --set Cont: no template has such a parameter; did you mean Count\n")


def test_a_code_is_left_out_by_ignore(check: Callable[..., Run]) -> None:
    assert check("--ignore", "FS115").out == ""


def test_an_unknown_code_of_ours_is_an_error(check: Callable[..., Run]) -> None:
    assert check("--ignore", "FS999").err.startswith("error: --ignore FS999: there is no such rule")


def test_a_resource_ignores_a_code_with_a_reason(project: Project, run: Callable[..., Run]) -> None:
    entry = "    Metadata: {FargateStacks: {Ignore: [{Code: FS115, Reason: a batch}]}}\n"
    project.write("shop.yaml", SHOP.rstrip() + "\n" + entry)
    assert run("check", "--template", "shop.yaml", "--engine", "none").out == ""


def test_a_resource_does_not_ignore_without_a_reason(project: Project, run: Callable[..., Run]) -> None:
    project.write("shop.yaml", SHOP.rstrip() + "\n    Metadata: {FargateStacks: {Ignore: [{Code: FS115}]}}\n")
    codes = [one.split()[2] for one in run("check", "--template", "shop.yaml", "--engine", "none").out.splitlines()]
    assert codes == ["FS100:", "FS115:"]


def test_app_and_template_exclude_each_other(check: Callable[..., Run]) -> None:
    assert check("--app", "infra.py").err == "error: --app and --template exclude each other; give one of the two\n"


def test_json_for_programs_has_file_and_line(check: Callable[..., Run]) -> None:
    (finding,) = json.loads(check("--format", "json").out)["findings"]
    assert {key: finding[key] for key in ("code", "stack", "resource", "construct", "file", "line")} == {
        "code": "FS115",
        "stack": "shop",
        "resource": "Web",
        "construct": None,
        "file": "shop.yaml",
        "line": 23,
    }


@pytest.mark.parametrize("engine", ["cloudformation-validate", "cfn-lint"])
def test_an_engine_judges_what_the_file_says(project: Project, run: Callable[..., Run], engine: str) -> None:
    project.write(
        "jobs.yaml", "Resources:\n  Jobs:\n    Type: AWS::SQS::Queue\n    Properties: {DelaySeconds: 99999}\n"
    )
    result = run("check", "--template", "jobs.yaml", "--engine", engine)
    assert "jobs.yaml:2: error " in result.out
    assert result.code == 2


def test_an_import_is_followed_to_the_file_that_exports(project: Project, run: Callable[..., Run]) -> None:
    rule = "    Type: AWS::ElasticLoadBalancingV2::ListenerRule\n    Properties: {ListenerArn: %s, Priority: 1}\n"
    listener = "  Listener: {Type: AWS::ElasticLoadBalancingV2::Listener}\n"
    exported = "Outputs:\n  L: {Value: !Ref Listener, Export: {Name: listener}}\n"
    project.write("net.yaml", f"Resources:\n{listener}  One:\n{rule % '!Ref Listener'}{exported}")
    project.write("app.yaml", f"Resources:\n  Two:\n{rule % '!ImportValue listener'}")
    result = run("check", "--template", "net.yaml", "--template", "app.yaml", "--engine", "none")
    assert result.out == (
        "app.yaml:2: error FS106: app.Two: priority 1 is taken by net.One on the same listener; give another\n"
    )
