"""How findings are shown, each format as its readers need it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fargate_stacks.checks.finding import Finding, Where
from fargate_stacks.checks.formats import FORMATS

ROOT = Path("/project")
PLACED = Finding(
    "FS107", "warning", Where("shop", "WebTaskDefinition", 'Service "Web"', "/project/deploy/infra.py", 12), "moves"
)
UNPLACED = Finding("E1001", "error", Where("shop"), "no, 100%\nwrong")
INFO = Finding("FS101", "info", Where("shop", "Plain"), "open")


def shown(form: str, *findings: Finding) -> str:
    return FORMATS[form](findings, ROOT)


def log(*findings: Finding) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(shown("sarif", *findings))
    return loaded


def test_text_begins_with_the_line_where_there_is_one() -> None:
    assert shown("text", PLACED, INFO) == (
        'deploy/infra.py:12: warning FS107: Service "Web" (shop.WebTaskDefinition): moves\n'
        "info FS101: shop.Plain: open\n"
    )


def test_json_has_every_part_by_its_name() -> None:
    assert json.loads(shown("json", PLACED, UNPLACED))["findings"] == [
        {
            "code": "FS107",
            "severity": "warning",
            "message": "moves",
            "stack": "shop",
            "resource": "WebTaskDefinition",
            "construct": 'Service "Web"',
            "file": "deploy/infra.py",
            "line": 12,
        },
        {
            "code": "E1001",
            "severity": "error",
            "message": "no, 100%\nwrong",
            "stack": "shop",
            "resource": None,
            "construct": None,
            "file": None,
            "line": None,
        },
    ]


def test_github_gets_an_annotation_a_finding() -> None:
    assert shown("github", PLACED, INFO).splitlines() == [
        '::warning file=deploy/infra.py,line=12,title=FS107::Service "Web" (shop.WebTaskDefinition): moves',
        "::notice title=FS101::shop.Plain: open",
    ]


def test_github_messages_are_escaped() -> None:
    assert shown("github", UNPLACED) == "::error title=E1001::shop: no, 100%25%0Awrong\n"


def test_sarif_places_a_finding_in_its_file() -> None:
    (run,) = log(PLACED)["runs"]
    (result,) = run["results"]
    assert (result["ruleId"], result["level"]) == ("FS107", "warning")
    assert result["locations"] == [
        {
            "logicalLocations": [{"fullyQualifiedName": "shop.WebTaskDefinition"}],
            "physicalLocation": {
                "artifactLocation": {"uri": "deploy/infra.py"},
                "region": {"startLine": 12},
            },
        }
    ]


def test_sarif_lists_each_rule_once_and_refers_to_it() -> None:
    (run,) = log(PLACED, INFO, PLACED)["runs"]
    rules = [one["id"] for one in run["tool"]["driver"]["rules"]]
    assert rules == ["FS101", "FS107"]
    assert [rules[one["ruleIndex"]] for one in run["results"]] == ["FS107", "FS101", "FS107"]


def test_sarif_has_its_own_words_for_severities() -> None:
    assert [one["level"] for one in log(UNPLACED, PLACED, INFO)["runs"][0]["results"]] == ["error", "warning", "note"]


def test_no_findings_are_an_empty_text_and_valid_logs() -> None:
    assert (shown("text"), shown("github")) == ("", "")
    assert json.loads(shown("json")) == {"findings": []}
    assert log()["runs"][0]["results"] == []
