"""How the findings of an engine and of our rules become one list."""

from __future__ import annotations

from collections.abc import Iterator

from fargate_stacks.checks.finding import Finding, Templates, locate
from fargate_stacks.checks.judge import judge
from fargate_stacks.core.construct import Source
from fargate_stacks.core.template import Owner, Template
from tests.checks.templates import service, task, template

OWNED = Template(
    "s",
    {"A": {"Type": "AWS::SQS::Queue"}, "B": {"Type": "AWS::SQS::Queue"}},
    owners={"A": Owner("Mail", "Queue", Source("/project/infra.py", 7)), "B": Owner("B", "resource", None)},
)


def silent(templates: Templates) -> Iterator[Finding]:
    yield from ()


def test_findings_come_by_stack_and_resource_and_code() -> None:
    def engine(templates: Templates) -> Iterator[Finding]:
        for name in ("second", "first"):
            yield Finding("W1", "warning", locate(templates[name], "Web"), "late")
            yield Finding("E1", "error", locate(templates[name], None), "early")

    both = {"first": template("first", Web=service()), "second": template("second", Web=service())}
    assert [(one.where.stack, one.code) for one in judge(both, engine)] == [
        ("first", "E1"),
        ("first", "W1"),
        ("second", "E1"),
        ("second", "W1"),
    ]


def test_a_finding_that_is_reported_twice_is_listed_once() -> None:
    def engine(templates: Templates) -> Iterator[Finding]:
        for _ in range(2):
            yield Finding("E1", "error", locate(templates["s"], "A"), "wrong")

    assert len(judge({"s": OWNED}, engine)) == 1


def test_our_rules_are_asked_beside_the_engine() -> None:
    codes = [one.code for one in judge({"s": template(Task=task(), Web=service(LaunchType="FARGATE"))}, silent)]
    assert codes == []
    stuck = service(DeploymentConfiguration={"MinimumHealthyPercent": 100, "MaximumPercent": 100})
    assert [one.code for one in judge({"s": template(Web=stuck)}, silent)] == ["FS111", "FS115"]


def test_a_resource_is_placed_by_the_construct_that_made_it() -> None:
    where = locate(OWNED, "A")
    assert (where.construct, where.file, where.line) == ('Queue "Mail"', "/project/infra.py", 7)
    assert str(where) == 'Queue "Mail" (s.A)'


def test_what_is_no_resource_is_placed_in_its_stack() -> None:
    assert str(locate(OWNED, "NoSuchId")) == str(locate(OWNED, None)) == "s"


def test_a_resource_whose_owner_is_unknown_is_placed_by_its_id() -> None:
    assert str(locate(template(Web=service()), "Web")) == "s.Web"
