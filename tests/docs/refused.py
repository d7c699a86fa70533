"""The page of what is refused where it is written, from the table of wrong specs."""

from __future__ import annotations

import ast
from pathlib import Path

from tests import refused

HEAD = """\
# What is refused where it is written

AWS would refuse each of these, most of them minutes into a deployment. `fargate-stacks` refuses them when the line of
`infra.py` runs, or at the latest when the app is rendered, in these words. The rule is the one that
[`check --template`](rules.md) applies to the same mistake in a template of any origin.

Others let most of it through. Of {rules} rules cfn-lint notices {lint}, cloudformation-validate {validate} and
troposphere {troposphere}, measured on the template that breaks the rule. Of the {asked} that were put to AWS CDK 2.276
in its own constructs it refuses {errors} and warns of {warnings}; a dash is one that was not. Names in capitals are
what the tests have at hand: `APP` a container, `TASK` a task with port 80, `DOOR` a load balancer, `WINDOWS` an
operating system.

| rule | spec | we say | linters | CDK |
|---|---|---|---|---|
"""
FOOT = """
A test holds every row, and what the others say is measured by the tests too. The page is written from the same data by
`make pages`.
"""


def page() -> str:
    said = list(refused.CDK.values())
    head = HEAD.format(
        troposphere=_count("troposphere"),
        validate=_count("cloudformation-validate"),
        lint=_count("cfn-lint"),
        rules=len({row.rule for row in refused.ROWS}),
        asked=len(said),
        errors=said.count("error"),
        warnings=said.count("warning"),
    )
    rows = "".join(
        f"| {row.rule} | `{spec}` | {_cell(row.says)} | {refused.NOTICED.get(row.rule, 'nothing')} "
        f"| {'-' if row.rule not in refused.CDK else refused.CDK[row.rule] or 'nothing'} |\n"
        for row, spec in zip(refused.ROWS, _specs(), strict=True)
    )
    return head + rows + FOOT


def _count(judge: str) -> int:
    return sum(judge in said.split(", ") for said in refused.NOTICED.values())


def _specs() -> list[str]:
    """Give the source of each row's spec."""
    tree = ast.parse(Path(refused.__file__).read_text("utf-8"))
    (rows,) = [
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "ROWS"
    ]
    assert isinstance(rows, ast.Tuple)
    calls = [row for row in rows.elts if isinstance(row, ast.Call)]
    return [ast.unparse(one.args[1].body) for one in calls if isinstance(one.args[1], ast.Lambda)]


def _cell(text: str) -> str:
    return text.replace("*", "\\*").replace("|", "\\|")
