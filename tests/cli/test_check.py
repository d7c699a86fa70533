"""`check` on real templates: both engines, lines of infra.py, formats and exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.cli.conftest import INFRA, Project, Run

ENGINES = ["cloudformation-validate", "cfn-lint"]
WRONG = 'app = App([Stack("good", [Jobs("Ok")]), Stack("bad", [Jobs("Late", delay=99_999)])])\n'
LINE = INFRA.count("\n") + 1
TASK = """
from troposphere.ecs import ContainerDefinition, Service, TaskDefinition
from troposphere import Ref

task = TaskDefinition(
    "Task",
    ContainerDefinitions=[ContainerDefinition(Name="app", Image="public.ecr.aws/nginx/nginx")],
    RequiresCompatibilities=["FARGATE"], NetworkMode="awsvpc", Cpu="256", Memory="512",
)
app = App([Stack("s", [task])])
"""


@pytest.mark.parametrize("engine", ENGINES)
def test_an_error_of_the_engine_is_said_of_its_construct_and_line(
    project: Project, run: Callable[..., Run], engine: str
) -> None:
    project.infra(WRONG)
    result = run("check", "--engine", engine)
    (line,) = [line for line in result.out.splitlines() if " error " in line]
    assert line.startswith(f"infra.py:{LINE}: error ")
    assert 'Jobs "Late" (bad.LateQueue): 99999 is greater than the maximum of 900 at Properties.DelaySeconds' in line
    assert result.code == 2


@pytest.mark.parametrize("engine", ENGINES)
def test_a_right_app_ends_with_zero(project: Project, run: Callable[..., Run], engine: str) -> None:
    project.infra('app = App([Stack("s", [Jobs("A")])])')
    result = run("check", "--engine", engine)
    assert result.code == 0
    assert result.err.startswith("0 errors, 0 warnings, ")


@pytest.mark.parametrize("engine", ENGINES)
def test_our_own_rules_are_asked_too(project: Project, run: Callable[..., Run], engine: str) -> None:
    project.infra(TASK)
    assert "warning FS107: " in run("check", "--engine", engine).out


def test_warnings_are_errors_only_when_strict(project: Project, run: Callable[..., Run]) -> None:
    project.infra(TASK)
    assert run("check").code == 0
    assert run("check", "--strict").code == 2


def test_only_the_stack_asked_for_is_shown_and_counts(project: Project, run: Callable[..., Run]) -> None:
    project.infra(WRONG)
    assert run("check", "--stack", "good").code == 0
    assert run("check", "--stack", "bad").code == 2


def test_noise_of_the_engine_is_left_out(project: Project, run: Callable[..., Run]) -> None:
    project.infra('app = App([Stack("s", [Jobs("A")])])')
    codes = {one["code"] for one in json.loads(run("check", "--format", "json").out)["findings"]}
    assert codes.isdisjoint({"I9001", "I9040", "I4010", "I3011", "I1022"})


def test_standard_output_carries_the_log_alone(project: Project, run: Callable[..., Run]) -> None:
    project.infra(WRONG)
    result = run("check", "--format", "sarif")
    log = json.loads(result.out)
    assert log["version"] == "2.1.0"
    locations = [
        one["locations"][0]["physicalLocation"] for one in log["runs"][0]["results"] if one["level"] == "error"
    ]
    assert locations == [{"artifactLocation": {"uri": "infra.py"}, "region": {"startLine": LINE}}]
    assert result.err.startswith("1 error, ")


@pytest.mark.parametrize(
    ("engine", "module"), [("cloudformation-validate", "cloudformation_validate"), ("cfn-lint", "cfnlint")]
)
def test_a_missing_engine_is_one_sentence_with_its_pip_line(project: Project, engine: str, module: str) -> None:
    project.infra(WRONG)
    code = f"import sys; sys.modules[{module!r}] = None; from fargate_stacks.cli import main; "
    call = [sys.executable, "-c", code + f"sys.exit(main(['check', '--engine', {engine!r}]))"]
    result = subprocess.run(call, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == f"error: check: {engine} is not installed; pip install 'fargate-stacks[check]'\n"
