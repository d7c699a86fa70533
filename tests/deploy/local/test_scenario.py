"""Scenario files: what may stand in them, and what is said of mistakes."""

from __future__ import annotations

import tomllib
from pathlib import Path
from textwrap import dedent

import pytest

from fargate_stacks.deploy.local import scenario
from fargate_stacks.deploy.local.scenario import READY_MADE, TASK_FAILURES, Scenario, choose, parse, read
from fargate_stacks.errors import DeployError


def told(text: str) -> str:
    with pytest.raises(DeployError) as caught:
        parse(tomllib.loads(dedent(text)), "local.toml")
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_the_example_of_the_documentation_is_one() -> None:
    text = str(scenario.__doc__).partition(":\n\n")[2]
    found = parse(tomllib.loads(dedent(text.replace("slow = 5", "# slow = 5"))))
    assert (found.speed, found.seed) == (60, 7)
    assert [len(rules) for rules in (found.resource, found.api, found.task)] == [1, 1, 1]
    assert found.task[0].logs == ("connecting to the database", "no route to host")


def test_an_empty_file_is_a_scenario_in_which_all_goes_well() -> None:
    assert parse({}) == Scenario()


def test_a_scenario_survives_the_way_to_the_server() -> None:
    for _, one in READY_MADE.values():
        assert parse(one.to_dict()) == one


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sped = 1", "local.toml: sped means nothing; did you mean speed"),
        ("speed = -1", "local.toml: speed is a number, 0 or more, got -1"),
        ("speed = true", "local.toml: speed is a number, 0 or more, got True"),
        ('seed = "x"', "local.toml: seed is a number, 0 or more, got 'x'"),
        ("[resource]\nfails = 'create'", "local.toml: write [[resource]], with two brackets"),
        ("[[resource]]", "local.toml: [[resource]]: give either fails or slow"),
        ("[[resource]]\nfails = 'create'\nslow = 1", "local.toml: [[resource]]: give either fails or slow"),
        ("[[resource]]\nfails = 'make'", "local.toml: [[resource]]: fails is create, update or delete, got 'make'"),
        ("[[resource]]\nfails = 1", "local.toml: [[resource]]: fails is a text, got 1"),
        ("[[api]]\nerror = 'lost'", "local.toml: [[api]]: service is missing"),
        ("[[api]]\nservice = 'ecs'", "local.toml: [[api]]: give error or slow"),
        ("[[api]]\nservice = 'ecs'\nerror = 'x'\ntimes = 1.5", "local.toml: [[api]]: times is a whole number, got 1.5"),
        ("[[task]]", "local.toml: [[task]]: fails is missing"),
        (
            "[[task]]\nfails = 'crashes'",
            "local.toml: [[task]]: fails = 'crashes' means nothing; did you mean crash",
        ),
        ("[[task]]\nfails = 'crash'\nlogs = 'x'", "local.toml: [[task]]: logs is a list of texts, got 'x'"),
        ("[[task]]\nfails = 'crash'\nexit = 1", "local.toml: [[task]]: exit means nothing; did you mean exit_code"),
        ("task = [1]", "local.toml: [[task]]: a table is wanted, got 1"),
    ],
)
def test_a_mistake_is_named(text: str, said: str) -> None:
    assert told(text) == said


def test_a_task_failure_that_is_like_nothing_lists_all() -> None:
    said = told("[[task]]\nfails = 'zzz'")
    assert all(name in said for name in TASK_FAILURES)


def test_toml_that_is_none_says_where(tmp_path: Path) -> None:
    (tmp_path / "local.toml").write_text("speed =")
    with pytest.raises(DeployError, match=r"local\.toml: Invalid value \(at end of document\)"):
        read(tmp_path / "local.toml")


def test_without_a_name_the_file_of_the_folder_counts(tmp_path: Path) -> None:
    assert choose(None, tmp_path) is None
    (tmp_path / "local.toml").write_text("speed = 2")
    assert choose(None, tmp_path) == Scenario(speed=2)


def test_a_name_is_one_of_those_that_come_along(tmp_path: Path) -> None:
    assert choose("throttled", tmp_path) == READY_MADE["throttled"][1]


def test_a_file_may_have_any_name(tmp_path: Path) -> None:
    (tmp_path / "bad day.toml").write_text("speed = 2")
    assert choose("bad day.toml", tmp_path) == Scenario(speed=2)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("throtled", "local: no scenario and no file 'throtled'; did you mean throttled"),
        ("zzz", "local: no scenario and no file 'zzz'; fargate-stacks local scenarios lists them"),
        ("none.toml", "local: cannot read the scenario .*none.toml: No such file or directory"),
    ],
)
def test_a_name_that_is_none(tmp_path: Path, wanted: str, said: str) -> None:
    with pytest.raises(DeployError, match=said):
        choose(wanted, tmp_path)


def test_every_failure_of_a_task_has_a_scenario() -> None:
    assert TASK_FAILURES.keys() <= READY_MADE.keys()
