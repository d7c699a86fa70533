"""Where the app is found, what is said when it is not, and how `--set` fills a function's arguments."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from textwrap import dedent

import pytest

from fargate_stacks.cli.load import load_app, load_if_there, load_templates
from fargate_stacks.core.stack import App
from fargate_stacks.errors import LoadError
from tests.cli.conftest import Project, Run


def load(project: Project, target: str | None = None, **settings: str) -> App:
    return load_app(target, settings, project.folder)


def stacks(app: App) -> list[str]:
    return [stack.name for stack in app.stacks]


def error(project: Project, target: str | None = None, **settings: str) -> str:
    with pytest.raises(LoadError) as caught:
        load(project, target, **settings)
    return str(caught.value)


ONE = 'one = App([Stack("one", [Jobs("A")])])\n'
TWO = 'two = App([Stack("two", [Jobs("A")])])\n'


# where


def test_the_app_of_infra_py_in_the_folder_is_found_by_default(project: Project) -> None:
    project.infra(ONE)
    assert stacks(load(project)) == ["one"]


def test_pyproject_names_the_app_where_there_is_no_infra_py(project: Project) -> None:
    project.write("pyproject.toml", '[tool.fargate-stacks]\napp = "deploy.stacks:one"\n')
    project.infra(ONE, "deploy/stacks.py")
    assert stacks(load(project)) == ["one"]


def test_infra_py_wins_over_pyproject(project: Project) -> None:
    project.write("pyproject.toml", '[tool.fargate-stacks]\napp = "other.py"\n')
    project.infra(ONE)
    project.infra(TWO, "other.py")
    assert stacks(load(project)) == ["one"]


def test_a_target_wins_over_infra_py(project: Project) -> None:
    project.infra(ONE)
    project.infra(TWO, "other.py")
    assert stacks(load(project, "other.py")) == ["two"]


def test_a_file_and_a_name_choose_one_of_two_apps(project: Project) -> None:
    project.infra(ONE + TWO)
    assert stacks(load(project, "infra.py:two")) == ["two"]


def test_a_module_and_a_name_choose_an_app(project: Project) -> None:
    project.infra(ONE + TWO, "unlike/any_other.py")
    assert stacks(load(project, "unlike.any_other:two")) == ["two"]


def test_a_function_named_app_is_called(project: Project) -> None:
    project.infra('def app():\n    return App([Stack("made", [Jobs("A")])])\n')
    assert stacks(load(project)) == ["made"]


def test_an_app_under_two_names_is_one_app(project: Project) -> None:
    project.infra(ONE + "again = one\n")
    assert stacks(load(project)) == ["one"]


def test_the_app_imports_what_lies_beside_it(project: Project) -> None:
    project.write("deploy/beside_the_app.py", 'NAME = "beside"\n')
    project.infra('from beside_the_app import NAME\napp = App([Stack(NAME, [Jobs("A")])])\n', "deploy/infra.py")
    assert stacks(load(project, "deploy/infra.py")) == ["beside"]


def test_the_path_is_as_it_was_after_loading(project: Project) -> None:
    before = list(sys.path)
    project.infra(ONE)
    load(project)
    assert sys.path == before


def test_a_file_that_changed_is_read_anew(project: Project) -> None:
    project.infra(ONE)
    load(project)
    project.infra(ONE.replace('"one"', '"new"'))
    assert stacks(load(project)) == ["new"]


# what is said


def test_a_folder_without_an_app_is_told_the_ways_to_name_one(project: Project) -> None:
    assert error(project) == (
        "no app here: there is neither infra.py nor an app under [tool.fargate-stacks] in pyproject.toml; "
        "name one with --app, or begin with fargate-stacks init"
    )


def test_a_pyproject_that_is_no_toml_is_named(project: Project) -> None:
    project.write("pyproject.toml", "[tool")
    assert error(project).startswith("pyproject.toml: ")


def test_an_app_in_pyproject_that_is_no_text_is_refused(project: Project) -> None:
    project.write("pyproject.toml", "[tool.fargate-stacks]\napp = 1\n")
    assert error(project) == 'pyproject.toml: app must be a text like "deploy.infra:app", got 1'


def test_a_file_that_is_not_there_is_named(project: Project) -> None:
    assert error(project, "nowhere.py:app") == (
        f"nowhere.py: there is no such file in {project.folder}; name another with --app"
    )


def test_a_module_that_is_not_there_is_named(project: Project) -> None:
    assert error(project, "nowhere.infra:app") == "nowhere.infra: there is no module nowhere; name another with --app"


def test_two_apps_without_a_name_are_listed(project: Project) -> None:
    project.infra(ONE + TWO)
    assert error(project) == "infra.py: there are 2 apps; choose one with --app infra.py:one or --app infra.py:two"


def test_a_file_without_an_app_is_told_what_to_write(project: Project) -> None:
    project.infra("")
    assert error(project) == "infra.py: there is no App and no function app; write app = App([...])"


def test_a_misspelt_name_answers_with_the_nearest(project: Project) -> None:
    project.infra(ONE.replace("one =", "production ="))
    assert error(project, "infra.py:prodution") == "infra.py: there is no prodution; did you mean production"


def test_a_name_that_is_no_app_is_refused(project: Project) -> None:
    project.infra("app = [1]\n")
    assert error(project) == "infra.py:app: it is of type list; name an App or a function that returns one"


def test_a_function_that_returns_no_app_is_refused(project: Project) -> None:
    project.infra("def app():\n    App([Stack('one', [Jobs('A')])])\n")
    assert error(project) == "infra.py:app: it returned None; return an App"


def test_our_own_error_in_infra_py_is_told_by_its_line_alone(project: Project) -> None:
    file = project.infra('jobs = Jobs("A")\nstack = Stack("no spaces", [jobs])\n')
    line = file.read_text().splitlines().index('stack = Stack("no spaces", [jobs])') + 1
    with pytest.raises(LoadError) as caught:
        load(project)
    assert str(caught.value).startswith(f"infra.py:{line}: Stack 'no spaces': a stack's name is")
    assert caught.value.__cause__ is None


def test_our_own_error_is_told_by_the_innermost_line_of_the_user(project: Project) -> None:
    project.write("parts.py", 'from fargate_stacks import Stack\ndef make():\n    return Stack("", [])\n')
    project.infra("from parts import make\nmake()\n")
    assert error(project).startswith("parts.py:3: ")


def test_an_exception_in_infra_py_shows_the_users_frames_alone(project: Project) -> None:
    project.write(
        "infra.py",
        dedent(
            """
            def lookup(key):
                return {}[key]

            lookup("missing")
            """
        ),
    )
    call = [sys.executable, "-m", "fargate_stacks", "synth"]
    result = subprocess.run(call, cwd=project.folder, capture_output=True, text=True, check=False)
    frames = [line.split('"')[1] for line in result.stderr.splitlines() if line.startswith("  File ")]
    assert frames == [str(project.folder / "infra.py")] * 2
    assert result.stderr.splitlines()[-2:] == [
        "KeyError: 'missing'",
        "error: infra.py: it raised KeyError; its traceback is above",
    ]
    assert (result.returncode, result.stdout) == (2, "")


def test_an_exception_in_the_function_shows_the_users_frames_alone(project: Project) -> None:
    project.infra("def app():\n    return 1 / 0\n")
    with pytest.raises(LoadError) as caught:
        load(project)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    traceback = caught.value.__cause__.__traceback__
    assert traceback is not None
    assert traceback.tb_frame.f_code.co_name == "app"


def test_a_syntax_error_is_told_with_its_line(project: Project) -> None:
    project.write("infra.py", "app = App([\n")
    with pytest.raises(LoadError, match=r"infra\.py: it raised SyntaxError; its traceback is above") as caught:
        load(project)
    assert isinstance(caught.value.__cause__, SyntaxError)
    assert caught.value.__cause__.lineno == 1


def test_a_module_that_infra_py_lacks_is_the_users_own_traceback(project: Project) -> None:
    project.write("infra.py", "import not_installed_anywhere\n")
    with pytest.raises(LoadError, match=r"infra\.py: it raised ModuleNotFoundError"):
        load(project)


def test_a_file_that_hides_a_module_is_refused(project: Project) -> None:
    project.infra(ONE, "json.py")
    assert error(project, "json.py") == "json.py: another module named json is imported already; rename the file"


def test_an_exception_in_a_construct_of_the_users_is_theirs(project: Project) -> None:
    project.infra(
        """
        class Broken(Construct):
            def build(self):
                yield {}["missing"]

        app = App([Stack("s", [Broken("A")])])
        """
    )
    with pytest.raises(LoadError, match=r"^infra\.py: it raised KeyError; its traceback is above$") as caught:
        load_templates(None, {}, cwd=project.folder)
    cause = caught.value.__cause__
    assert cause is not None
    assert cause.__traceback__ is not None
    assert cause.__traceback__.tb_frame.f_code.co_name == "build"


def test_an_exception_without_a_line_of_the_users_stays_ours(project: Project) -> None:
    project.infra(
        """
        from pathlib import Path
        app = App([Stack("s", [Jobs("A")], customize=Path)])
        """
    )
    with pytest.raises(TypeError):
        load_templates(None, {}, cwd=project.folder)


# --set

FACTORY = """
from enum import Enum
from typing import Literal

class Size(Enum):
    SMALL = "s"
    LARGE = "l"

def app({arguments}):
    value = {name}
    return App([Stack("one", [Jobs("A")], description=f"{{type(value).__name__}} {{value}}")])
"""


def converted(project: Project, annotation: str, text: str) -> str:
    project.infra(FACTORY.format(arguments=f"given: {annotation} = None", name="given"))
    return load(project, given=text).stacks[0].description


@pytest.mark.parametrize(
    ("annotation", "text", "value"),
    [
        ("str", "3", "str 3"),
        ("int", "3", "int 3"),
        ("float", "0.5", "float 0.5"),
        ("bool", "true", "bool True"),
        ("bool", "Off", "bool False"),
        ("Literal['dev', 'prod']", "prod", "str prod"),
        ("Literal[1, 2]", "2", "int 2"),
        ("Size", "l", "Size Size.LARGE"),
        ("Size", "SMALL", "Size Size.SMALL"),
        ("int | None", "", "NoneType None"),
        ("int | None", "3", "int 3"),
        ("str | int", "3", "int 3"),
        ("str | int", "three", "str three"),
        ("str", "", "str "),
        ("str", "a=b", "str a=b"),
    ],
)
def test_a_setting_becomes_what_the_annotation_says(project: Project, annotation: str, text: str, value: str) -> None:
    assert converted(project, annotation, text) == value


@pytest.mark.parametrize(
    ("annotation", "text", "problem"),
    [
        ("int", "3.5", "this is not a whole number"),
        ("float", "half", "this is not a number"),
        ("bool", "maybe", "write true or false"),
        ("Literal['dev', 'prod']", "pro", "choose one of dev, prod; did you mean prod"),
        ("Size", "x", "choose one of s, l, SMALL, LARGE"),
        ("int | None", "x", "this is not a whole number"),
        ("dict", "x", "a text cannot become dict; let the function take a str"),
    ],
)
def test_a_text_that_does_not_convert_is_named(project: Project, annotation: str, text: str, problem: str) -> None:
    with pytest.raises(LoadError) as caught:
        converted(project, annotation, text)
    assert str(caught.value) == f"infra.py:app: --set given={text}: {problem}"


def test_an_argument_without_annotation_is_given_its_text(project: Project) -> None:
    project.infra(FACTORY.format(arguments="given", name="given"))
    assert load(project, given="3").stacks[0].description == "str 3"


def test_an_unknown_key_answers_with_the_nearest(project: Project) -> None:
    project.infra(FACTORY.format(arguments="stage='dev', zones=2", name="stage"))
    assert error(project, stag="x") == "infra.py:app: there is no argument stag for --set; did you mean stage"


def test_an_unknown_key_that_is_like_none_lists_the_known_ones(project: Project) -> None:
    project.infra(FACTORY.format(arguments="stage='dev', zones=2", name="stage"))
    assert error(project, x="x") == "infra.py:app: there is no argument x for --set; it takes stage, zones"


def test_a_missing_argument_is_told_with_its_cure(project: Project) -> None:
    project.infra(FACTORY.format(arguments="stage", name="stage"))
    assert error(project) == "infra.py:app: stage must be given; add --set stage=..."


def test_an_app_that_is_no_function_takes_no_setting(project: Project) -> None:
    project.infra(ONE)
    assert error(project, stage="x") == ("infra.py:one: it is an App, not a function, so nothing takes --set stage")


def test_no_app_is_no_stacks_where_none_is_needed(project: Project) -> None:
    assert load_if_there(None, {}, cwd=project.folder) == {}


def test_a_deploy_role_is_not_made_for_an_app_that_does_not_load(project: Project, run: Callable[..., Run]) -> None:
    project.infra("raise ValueError('unfinished')")
    said = run("bootstrap", "--policy")
    assert (said.code, said.out) == (2, "")
    assert "unfinished" in said.err


def test_a_stack_may_be_watched_while_its_app_does_not_load(project: Project) -> None:
    project.infra("raise ValueError('unfinished')")
    assert load_if_there(None, {}, cwd=project.folder, broken=True) == {}
