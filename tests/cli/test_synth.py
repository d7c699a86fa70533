"""What `synth` writes to standard output and to files."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable

import pytest
import yaml

from fargate_stacks.core.yaml import load
from tests.cli.conftest import Project, Run

TWO_STACKS = """
app = App([Stack("first", [Jobs("A")]), Stack("second", [Jobs("B", delay=5)])])
"""


@pytest.fixture
def two(project: Project) -> Project:
    project.infra(TWO_STACKS)
    return project


def test_one_stack_is_written_as_it_is(two: Project, run: Callable[..., Run]) -> None:
    result = run("synth", "--stack", "second")
    assert result.out.startswith("AWSTemplateFormatVersion: '2010-09-09'\n")
    assert load(result.out)["Resources"]["BQueue"]["Properties"] == {"DelaySeconds": 5}
    assert (result.code, result.err) == (0, "")


def test_several_stacks_are_a_stream_of_documents_with_headers(two: Project, run: Callable[..., Run]) -> None:
    out = run("synth").out
    documents = list(yaml.safe_load_all(out))
    assert [next(iter(one["Resources"])) for one in documents] == ["AQueue", "BQueue"]
    assert [line for line in out.splitlines() if line.startswith("# stack")] == ["# stack: first", "# stack: second"]


def test_stacks_come_in_deployable_order_however_they_are_asked_for(two: Project, run: Callable[..., Run]) -> None:
    assert run("synth", "--stack", "second", "--stack", "first").out == run("synth").out


def test_json_of_one_stack_is_its_template(two: Project, run: Callable[..., Run]) -> None:
    template = json.loads(run("synth", "--stack", "first", "--format", "json").out)
    assert list(template["Resources"]) == ["AQueue", "ADeadLetters"]


def test_json_of_several_stacks_is_an_object_by_their_names(two: Project, run: Callable[..., Run]) -> None:
    assert list(json.loads(run("synth", "--format", "json").out)) == ["first", "second"]


def test_both_formats_say_the_same(two: Project, run: Callable[..., Run]) -> None:
    as_yaml = run("synth", "--stack", "second").out
    as_json = run("synth", "--stack", "second", "--format", "json").out
    assert load(as_yaml) == json.loads(as_json)


def test_long_form_writes_no_short_tags(project: Project, run: Callable[..., Run]) -> None:
    project.infra('jobs = Jobs("A")\napp = App([Stack("s", [jobs], outputs={"Url": jobs.attr("Queue", "Arn")})])')
    assert "!GetAtt AQueue.Arn" in run("synth").out
    assert "!" not in run("synth", "--long-form").out


def test_out_writes_one_file_a_stack(two: Project, run: Callable[..., Run]) -> None:
    result = run("synth", "--out", "build/templates")
    written = sorted((two.folder / "build/templates").iterdir())
    assert [path.name for path in written] == ["first.yaml", "second.yaml"]
    assert written[1].read_text("utf-8") == run("synth", "--stack", "second").out
    assert result.out == ""
    assert result.err == "wrote build/templates/first.yaml\nwrote build/templates/second.yaml\n"


def test_out_names_files_for_their_format(two: Project, run: Callable[..., Run]) -> None:
    run("synth", "--out", "build", "--format", "json")
    assert sorted(path.name for path in (two.folder / "build").iterdir()) == ["first.json", "second.json"]


def test_out_replaces_what_it_wrote_before(two: Project, run: Callable[..., Run]) -> None:
    two.write("build/first.yaml", "old and much longer than nothing\n" * 100)
    run("synth", "--out", "build")
    assert "old" not in (two.folder / "build/first.yaml").read_text()


def test_files_have_the_permissions_of_any_new_file(two: Project, run: Callable[..., Run]) -> None:
    run("synth", "--out", "build")
    plain = two.write("plain", "")
    assert stat.S_IMODE(os.stat("build/first.yaml").st_mode) == stat.S_IMODE(plain.stat().st_mode)


def test_a_folder_that_cannot_be_made_is_told(two: Project, run: Callable[..., Run]) -> None:
    two.write("build", "a file\n")
    result = run("synth", "--out", "build/templates")
    assert result.code != 0
    assert "build/templates/first.yaml" in result.err


def test_an_unknown_stack_answers_with_the_nearest(two: Project, run: Callable[..., Run]) -> None:
    result = run("synth", "--stack", "first", "--stack", "secnd")
    assert (result.code, result.out) == (2, "")
    assert result.err == "error: --stack secnd: there is no such stack; did you mean second\n"


def test_an_unknown_stack_that_is_like_none_lists_the_known_ones(two: Project, run: Callable[..., Run]) -> None:
    assert run("synth", "--stack", "x").err == "error: --stack x: there is no such stack; the app has first, second\n"


def test_a_construct_in_no_stack_is_one_line_on_standard_error(project: Project, run: Callable[..., Run]) -> None:
    project.infra('app = App([Stack("s", [Jobs("A")], outputs={"Arn": Jobs("Lost").attr("Queue", "Arn")})])')
    result = run("synth")
    assert (result.code, result.out) == (2, "")
    assert result.err.count("\n") == 1
    assert result.err.startswith("error: ")
    assert 'Jobs "Lost"' in result.err


def test_settings_reach_the_function(project: Project, run: Callable[..., Run]) -> None:
    project.infra("def app(delay: int):\n    return App([Stack('s', [Jobs('A', delay=delay)])])")
    assert "DelaySeconds: 7" in run("synth", "--set", "delay=7").out


WRONG_TOGETHER = {
    'app = App([Stack("one", [Jobs("A"), Jobs("A")])])': 'Stack "one": Jobs "A" and Jobs "A" have the same name',
    'a = Jobs("A")\napp = App([Stack("one", [a]), Stack("two", [a])])': 'Jobs "A" is in two stacks',
    'app = App([Stack("one", [Jobs("A", delay=Jobs("B").attr("Queue"))])])': 'Jobs "A" in stack "one" refers to',
}


@pytest.mark.parametrize("text", WRONG_TOGETHER, ids=WRONG_TOGETHER.values())
def test_what_only_the_app_shows_is_said_of_the_line_that_made_it(
    text: str, project: Project, run: Callable[..., Run]
) -> None:
    infra = project.infra(text)
    line = infra.read_text("utf-8").splitlines().index(text.splitlines()[0]) + 1
    result = run("synth")
    assert result.err.startswith(f"error: infra.py:{line}: {WRONG_TOGETHER[text]}")
    assert (result.code, result.out) == (2, "")
