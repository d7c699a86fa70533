"""`check --template` over templates as other tools write them: what is said is right, and nothing is said that is not.

CDK's are synthesized (tests/deploy/templates says how), SAM's is written in its language. Copilot's rendered templates
are in its repository, under Apache-2.0 and not in ours: `COPILOT_TEMPLATES` names a folder of them.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from fargate_stacks.checks.foreign import read_templates
from fargate_stacks.checks.rules import apply_rules
from fargate_stacks.core.yaml import dump

HERE = Path(__file__).parent
CDK = HERE.parent / "deploy/templates"
COPILOT = os.environ.get("COPILOT_TEMPLATES", "")


def said(path: Path) -> list[tuple[str, str]]:
    """Give what is worse than an info, as code and logical id."""
    findings = apply_rules(read_templates([path.name], cwd=path.parent))
    return [(one.code, one.where.logical_id or "") for one in findings if one.severity != "info"]


def test_nothing_is_said_of_a_sam_template_that_is_right() -> None:
    assert said(HERE / "real/sam.yaml") == []


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("awslogs-stream-prefix: worker", "mode: non-blocking", "FS114"),
        ("StopTimeout: 120", "StopTimeout: 300", "FS243"),
        ('Memory: "512"', 'Memory: "4096"', "FS201"),
        (
            "LaunchType: FARGATE",
            "LaunchType: FARGATE\n      CapacityProviderStrategy: [{CapacityProvider: FARGATE}]",
            "FS110",
        ),
    ],
    ids=["no stream prefix", "five minutes to stop", "a size that is none", "two ways to ask for capacity"],
)
def test_a_mistake_in_a_sam_template_is_found(tmp_path: Path, old: str, new: str, code: str) -> None:
    text = (HERE / "real/sam.yaml").read_text("utf-8")
    assert old in text
    (tmp_path / "template.yaml").write_text(text.replace(old, new), "utf-8")
    assert code in {one for one, _ in said(tmp_path / "template.yaml")}


CDK_SAYS = {
    "cdk-data": set(),
    # DesiredCount beside scaling: aws/aws-cdk#3919; a service before the policy of its role: #18675
    "cdk-web": {"FS105", "FS602"},
    "cdk-worker": {"FS108", "FS115", "FS602", "FS603"},
}


@pytest.mark.parametrize(("name", "codes"), CDK_SAYS.items(), ids=list(CDK_SAYS))
def test_what_is_said_of_cdk_is_known_of_cdk(name: str, codes: set[str]) -> None:
    assert {code for code, _ in said(CDK / f"{name}.json")} == codes


@pytest.mark.parametrize("path", sorted(CDK.glob("*.json")), ids=lambda path: path.stem)
def test_json_and_yaml_are_judged_alike(tmp_path: Path, path: Path) -> None:
    (tmp_path / "same.yaml").write_text(dump(json.loads(path.read_text("utf-8"))), "utf-8")
    assert said(tmp_path / "same.yaml") == said(path)


@pytest.mark.skipif(not COPILOT, reason="COPILOT_TEMPLATES names no folder of rendered templates")
def test_copilots_templates_are_read_and_no_rule_takes_them_for_wrong() -> None:
    paths = sorted(Path(COPILOT).glob("*.yml"))
    assert len(paths) > 20
    found = {path.name: {code for code, _ in said(path)} for path in paths}
    assert set().union(*found.values()) <= {
        "FS105",  # one template refers to a custom resource by `!Ref Action.DesiredCount`, which CloudFormation refuses
        "FS107",
        "FS108",
        "FS601",
    }
