"""What `ls` says of stacks and constructs."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.cli.conftest import INFRA, Project, Run

REFERRING = """
jobs = Jobs("Mail")
other = Jobs("Reports")
app = App([
    Stack("late", [other], outputs={"Arn": jobs.attr("Queue", "Arn")}, region="eu-west-1", account="123456789012"),
    Stack("early", [jobs], region="eu-west-1", account="123456789012"),
])
"""
FIRST_LINE = INFRA.count("\n") + 2


def test_stacks_are_listed_in_deployable_order_with_their_constructs(project: Project, run: Callable[..., Run]) -> None:
    project.infra(REFERRING)
    assert run("ls").out.splitlines() == [
        "early  2 resources, 123456789012, eu-west-1",
        f"  Jobs  Mail     2 resources  infra.py:{FIRST_LINE}",
        "late  2 resources, 123456789012, eu-west-1, after early",
        f"  Jobs  Reports  2 resources  infra.py:{FIRST_LINE + 1}",
    ]


def test_json_says_the_same(project: Project, run: Callable[..., Run]) -> None:
    project.infra(REFERRING)
    early, late = json.loads(run("ls", "--output", "json").out)["stacks"]
    assert (early["name"], early["region"], early["account"]) == ("early", "eu-west-1", "123456789012")
    assert early["constructs"] == [
        {"name": "Mail", "kind": "Jobs", "resources": 2, "file": "infra.py", "line": FIRST_LINE}
    ]
    assert late["after"] == ["early"]


def test_only_the_stack_asked_for_is_listed(project: Project, run: Callable[..., Run]) -> None:
    project.infra(REFERRING)
    assert "early  2" not in run("ls", "--stack", "late").out


def test_a_raw_resource_is_listed_by_its_logical_id(project: Project, run: Callable[..., Run]) -> None:
    project.infra('app = App([Stack("s", [Raw("Plain")])])')
    assert run("ls").out.splitlines() == ["s  1 resource", "  resource  Plain  1 resource"]
