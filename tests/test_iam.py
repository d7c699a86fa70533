"""cloudsplaining and the service authorization reference, judges that nobody here wrote, over every policy of ours."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from fargate_stacks import (
    App,
    Bucket,
    Cluster,
    Construct,
    Container,
    ExecLogs,
    Key,
    Service,
    Stack,
    Task,
    Template,
    Vpc,
    render,
)
from tests.blueprints.catalog import CASES, templates
from tests.providers.test_grants import GRANTS, KEYED
from tests.test_ids import everything

SPLAIN = os.environ.get("SPLAIN", "")
SCRIPT = Path(__file__).parent / "splain.py"
pytestmark = [
    pytest.mark.xdist_group("iam"),  # one run of it serves all
    pytest.mark.skipif(not Path(SPLAIN).is_file(), reason="make test sets SPLAIN to a Python that has cloudsplaining"),
]


def plain(value: Any) -> Any:
    """Intrinsics as some ARN: what is known only at deployment names one thing and never everything."""
    if isinstance(value, dict):
        if len(value) == 1 and next(iter(value)).startswith(("Fn::", "Ref")):
            return "arn:aws:service:us-east-1:123456789012:thing"
        return {key: plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list) else value


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def document(statements: Any) -> dict[str, Any]:
    each = [{**plain(one), "Action": listed(one["Action"])} for one in listed(statements)]
    return {"Version": "2012-10-17", "Statement": each}


def policies_of(found: Mapping[str, Template]) -> Iterator[tuple[str, dict[str, Any]]]:
    for stack, template in found.items():
        for logical_id, body in template.resources.items():
            properties = body.get("Properties", {})
            if body["Type"] in ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy"):
                yield f"{stack}.{logical_id}", document(properties["PolicyDocument"]["Statement"])
            if body["Type"] == "AWS::IAM::Role":
                for inline in properties.get("Policies", ()):
                    yield (
                        f"{stack}.{logical_id}.{inline['PolicyName']}",
                        document(inline["PolicyDocument"]["Statement"]),
                    )


def entered() -> list[Construct]:
    """Tasks that admit ECS Exec, whose sessions are written down wherever they can be."""
    vpc, own, archive = Vpc("Net"), Key("Own"), Bucket("Archive")
    cluster = Cluster("Main", vpc=vpc, exec_logs=ExecLogs(key=own, bucket=archive))
    web = Service("Web", cluster=cluster, task=Task(containers=[Container(image="example/web:1")]), exec=True)
    return [vpc, own, archive, cluster, web]


@cache
def policies() -> dict[str, dict[str, Any]]:
    found = {name: one for case in CASES for name, one in policies_of(templates(case))}
    found |= policies_of(render(App([Stack("everything", everything())])))
    found |= policies_of(render(App([Stack("exec", entered())])))
    for kind, table in (("plain", GRANTS), ("keyed", KEYED)):
        for name, grant in table.items():
            if grant.task or grant.execution:
                found[f"{kind}.{name}"] = document([*grant.task, *grant.execution])
    return found


@cache
def judged() -> dict[str, Any]:
    command = [SPLAIN, str(SCRIPT)]
    done = subprocess.run(command, input=json.dumps(policies()), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_there_is_something_to_judge() -> None:
    assert len(policies()) > 60
    assert judged()["findings"].keys() == policies().keys()


def test_nothing_of_high_severity_but_the_token_of_ecr() -> None:
    """The token is for the registry as a whole: the action knows no resource."""
    found = {
        (name, one)
        for name, by_severity in judged()["findings"].items()
        for severity in ("high", "critical")
        for one in by_severity.get(severity, ())
        if one != 'CredentialsExposure: "ecr:GetAuthorizationToken"'
    }
    assert found == set()


def test_the_judge_does_find_what_is_there() -> None:
    high = [one["high"] for name, one in judged()["findings"].items() if name == "plain.Repository.push"]
    assert high == [['CredentialsExposure: "ecr:GetAuthorizationToken"']]


def test_every_action_exists() -> None:
    assert [action for action, formats in judged()["actions"].items() if not formats and "*" not in action] == []


def test_what_knows_resources_is_never_on_everything() -> None:
    found = {
        (name, action)
        for name, one in policies().items()
        for statement in one["Statement"]
        if "*" in listed(statement["Resource"]) and "Condition" not in statement
        for action in statement["Action"]
        if judged()["actions"].get(action) not in (["*"], [])
    }
    assert found == set()
