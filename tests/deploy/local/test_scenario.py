"""What a scenario says of resources and of calls, the scenarios that come along, and what is said of mistakes."""

from __future__ import annotations

import tomllib
from pathlib import Path
from textwrap import dedent

import pytest

from fargate_stacks.deploy.hints import hints
from fargate_stacks.deploy.local.ready_made import READY_MADE, choose
from fargate_stacks.deploy.local.scenario_table import TABLE, Kind
from fargate_stacks.deploy.local.scenarios import TABLES, load, parse
from fargate_stacks.errors import DeployError


def told(text: str) -> str:
    with pytest.raises(DeployError) as caught:
        parse(tomllib.loads(dedent(text)), "local.toml")
    assert caught.value.exit_code == 2
    return str(caught.value)


@pytest.mark.parametrize("name", READY_MADE)
def test_a_scenario_that_comes_along_can_be_read(name: str) -> None:
    assert parse(READY_MADE[name][1], name).keys() == READY_MADE[name][1].keys()


def test_every_kind_of_failure_of_a_task_comes_along() -> None:
    assert {kind.name for kind in TABLE} - READY_MADE.keys() == {"runs"}


CODES = {
    "wrong-architecture": "image-architecture",
    "exec-format-error": "architecture",
    "no-route": "image-no-route",
    "slow-start": "",
    "crash": "exit-1",
    "operation-not-permitted": "capability-missing",
    "segmentation-fault": "exit-139",
    "failing-health-check": "health-check",
    "silent-health-check": "health-check",
    "failing-container-check": "container-health-check",
    "spot-interruption": "spot-interrupted",
    "runs": "",
}
"""The hint of a scenario's words, where it has another name."""


@pytest.mark.parametrize("kind", TABLE, ids=lambda kind: kind.name)
def test_the_words_of_a_scenario_have_their_hint(kind: Kind) -> None:
    told = hints(
        reasons=[] if kind.moment == "place" else [kind.reason, kind.container],
        exit_code=kind.options.get("exit_code"),
        log=kind.options.get("log", ()),
        events=[kind.reason] if kind.moment == "place" else [],
    )
    assert next((hint.code for hint in told), "") == CODES.get(kind.name, kind.name)


def test_settings_stand_at_the_top() -> None:
    assert parse({"speed": 60, "seed": 7}, "x") == {"speed": (60,), "seed": (7,)}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("speed = -1", "local.toml: speed=-1 is not a number from 0 up"),
        ("speed = true", "local.toml: speed=True is not a number from 0 up"),
        ('seed = "x"', "local.toml: seed='x' is not a number from 0 up"),
        ("[[resource]]", "local.toml: [[resource]] 1: give either fails or slow"),
        ("[[resource]]\nfails = 'create'\nslow = 1", "local.toml: [[resource]] 1: give either fails or slow"),
        ("[[resource]]\nfails = 'make'", "local.toml: [[resource]] 1: fails='make' is none of create, update, delete"),
        ("[[resource]]\nfails = 1", "local.toml: [[resource]] 1: fails=1 is not a text"),
        (
            "[[resource]]\nfail = 'create'",
            "local.toml: [[resource]] 1: fail is no option; "
            "there are fails, name, reason, slow, times, type, without_role",
        ),
        ("[[api]]\nerror = 'lost'", "local.toml: [[api]] 1: service is missing"),
        ("[[api]]\nservice = 'ecs'", "local.toml: [[api]] 1: give error or slow"),
        (
            "[[api]]\nservice = 'ecs'\nerror = 'x'\n[[api]]\nservice = 'ecs'\nerror = 'x'\ntimes = 1.5",
            "local.toml: [[api]] 2: times=1.5 is not a whole number",
        ),
    ],
)
def test_a_mistake_is_named(text: str, said: str) -> None:
    assert told(text) == said


def test_an_unknown_table_lists_all_and_the_settings() -> None:
    assert told("[[tusk]]\na = 1") == (
        "local.toml: [[tusk]] is unknown; there are [[alarm]], [[api]], [[hook]], [[resource]], [[task]], "
        "speed and seed"
    )


def test_a_name_is_one_of_those_that_come_along(tmp_path: Path) -> None:
    assert choose("throttled", tmp_path) == READY_MADE["throttled"][1]


def test_a_file_may_have_any_name(tmp_path: Path) -> None:
    (tmp_path / "bad day.toml").write_text("speed = 2")
    assert choose("bad day.toml", tmp_path) == tmp_path / "bad day.toml"


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("throtled", "local: no scenario and no file 'throtled'; did you mean throttled"),
        ("zzz", "local: no scenario and no file 'zzz'; fargate-stacks local scenarios lists them"),
        ("none.toml", "none.toml: No such file or directory"),
    ],
)
def test_a_name_that_is_none(tmp_path: Path, wanted: str, said: str) -> None:
    with pytest.raises(DeployError, match=said):
        choose(wanted, tmp_path)


def test_a_file_with_a_mistake_is_not_chosen(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text("sped = 1")
    with pytest.raises(DeployError, match=r"\[\[sped\]\] is unknown"):
        choose("x.toml", tmp_path)


def test_all_tables_stand_in_one_file(tmp_path: Path) -> None:
    (tmp_path / "local.toml").write_text(
        dedent("""
        speed = 60
        [[task]]
        scenario = "crash"
        [[resource]]
        type = "AWS::ECS::Service"
        fails = "create"
        [[api]]
        service = "cloudformation"
        error = "throttling"
        """)
    )
    assert set(load(tmp_path / "local.toml")) == {"speed", "task", "resource", "api"}


def test_the_scenario_of_the_documentation_is_one() -> None:
    page = (Path(__file__).parents[3] / "docs" / "local.md").read_text("utf-8")
    text = page.partition("```toml\n")[2].partition("```")[0]
    assert set(parse(tomllib.loads(text), "docs/local.md")) == {"speed", "seed", *TABLES}
