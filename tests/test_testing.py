"""What users get for their own tests: snapshots of all stacks, the app, and a look into one template."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from troposphere.sqs import Queue

from fargate_stacks import App, LoadError, Stack, render
from fargate_stacks.testing import load_app, properties, resources_of_type

INFRA = """
from troposphere.sqs import Queue
from fargate_stacks import App, Stack

def app(stage: str = "dev") -> App:
    return App([Stack(f"one-{stage}", [Queue("Jobs")]), Stack("two", [Queue("Others", DelaySeconds=5)])])
"""
TEST = """
import pytest
from fargate_stacks.testing import load_app

def test_every_stack_is_as_reviewed(stack_snapshots):
    stack_snapshots(load_app())
"""
SNAPSHOTS = "tests/__snapshots__/test_infra/"
ONE_AND_TWO = App([Stack("s", [Queue("Jobs"), Queue("Others", DelaySeconds=5)])])


class UserProject:
    """A user's project in a folder, whose tests run in a process of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "tests").mkdir()
        self.write("infra.py", INFRA)
        self.write("tests/test_infra.py", TEST)

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, "utf-8")

    def pytest(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", *arguments]
        # the run that this test belongs to must not make syrupy think that it is one of its workers
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False, env=environment)

    def snapshots(self) -> list[str]:
        return sorted(path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*.yaml"))


@pytest.fixture
def user(tmp_path: Path) -> UserProject:
    return UserProject(tmp_path)


def test_a_snapshot_that_was_never_accepted_fails(user: UserProject) -> None:
    result = user.pytest()
    assert result.returncode == 1
    assert "does not exist" in result.stdout
    assert user.snapshots() == []


def test_an_update_writes_one_file_a_stack_and_then_all_is_well(user: UserProject) -> None:
    assert user.pytest("--snapshot-update").returncode == 0
    name = "test_every_stack_is_as_reviewed"
    assert user.snapshots() == [f"{SNAPSHOTS}{name}-one-dev.yaml", f"{SNAPSHOTS}{name}-two.yaml"]
    assert user.pytest().returncode == 0


def test_a_file_holds_the_template_as_synth_writes_it(user: UserProject) -> None:
    user.pytest("--snapshot-update")
    template = render(load_app(folder=user.folder))["two"]
    assert (user.folder / user.snapshots()[1]).read_text() == template.to_yaml()


def test_a_changed_template_fails_with_the_line_that_differs(user: UserProject) -> None:
    user.pytest("--snapshot-update")
    user.write("infra.py", INFRA.replace("DelaySeconds=5", "DelaySeconds=6"))
    result = user.pytest()
    assert result.returncode == 1
    assert "DelaySeconds: 5" in result.stdout
    assert "DelaySeconds: 6" in result.stdout


def test_one_update_accepts_all_stacks(user: UserProject) -> None:
    user.pytest("--snapshot-update")
    user.write("infra.py", INFRA.replace('"Jobs"', '"Work"').replace("=5", "=6"))
    user.pytest("--snapshot-update")
    assert user.pytest().returncode == 0


def test_a_stack_that_is_gone_leaves_a_file_that_fails_the_run(user: UserProject) -> None:
    user.pytest("--snapshot-update")
    user.write("infra.py", INFRA.split(', Stack("two"')[0] + "])")
    result = user.pytest()
    assert result.returncode == 1
    assert "1 snapshot unused" in result.stdout


def test_the_parameters_of_a_test_are_part_of_the_name(user: UserProject) -> None:
    user.write(
        "tests/test_infra.py",
        TEST
        + "@pytest.mark.parametrize('stage', ['dev', 'prod'])\n"
        + "def test_each(stack_snapshots, stage):\n    stack_snapshots(load_app(settings={'stage': stage}))\n",
    )
    user.pytest("--snapshot-update")
    assert user.snapshots()[:4] == [
        f"{SNAPSHOTS}test_each-dev-one-dev.yaml",
        f"{SNAPSHOTS}test_each-dev-two.yaml",
        f"{SNAPSHOTS}test_each-prod-one-prod.yaml",
        f"{SNAPSHOTS}test_each-prod-two.yaml",
    ]
    assert user.pytest().returncode == 0


def test_a_linter_opens_the_files(user: UserProject) -> None:
    user.pytest("--snapshot-update")
    command = [str(Path(sys.executable).parent / "cfn-lint"), *user.snapshots()]
    result = subprocess.run(command, cwd=user.folder, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_without_syrupy_the_fixture_says_what_to_install(user: UserProject) -> None:
    result = user.pytest("-p", "no:syrupy")
    assert result.returncode != 0
    assert "stack_snapshots needs syrupy; pip install syrupy" in result.stdout + result.stderr


def test_the_plugin_imports_nothing_of_the_package_until_its_fixture_is_used() -> None:
    code = "import sys, fargate_stacks.pytest_plugin; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {one for one in loaded if one.startswith(("fargate_stacks", "syrupy", "troposphere"))} == {
        "fargate_stacks",
        "fargate_stacks.pytest_plugin",
    }


def test_the_app_is_found_as_the_command_line_finds_it(user: UserProject) -> None:
    assert [stack.name for stack in load_app(folder=user.folder).stacks] == ["one-dev", "two"]


def test_settings_are_arguments(user: UserProject) -> None:
    app = load_app("infra.py:app", {"stage": "prod"}, folder=user.folder)
    assert app.stacks[0].name == "one-prod"


def test_an_app_that_is_not_there_is_our_own_error(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="no app here"):
        load_app(folder=tmp_path)


def test_resources_are_found_by_type() -> None:
    template = render(ONE_AND_TWO)["s"]
    assert list(resources_of_type(template, "AWS::SQS::Queue")) == ["Jobs", "Others"]
    assert resources_of_type(template, "AWS::SNS::Topic") == {}


def test_properties_are_those_of_one_resource() -> None:
    template = render(ONE_AND_TWO)["s"]
    assert properties(template, "Others") == {"DelaySeconds": 5}
    assert properties(template, "Jobs") == {}


def test_an_unknown_logical_id_answers_with_the_nearest() -> None:
    with pytest.raises(LookupError, match=r"^stack s: there is no resource Job; did you mean Jobs$"):
        properties(render(ONE_AND_TWO)["s"], "Job")
