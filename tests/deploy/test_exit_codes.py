"""Each exit code by the command line, and the one table that says what they mean."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fargate_stacks.cli.deploy import command as deploy_command
from fargate_stacks.cli.group import run
from fargate_stacks.deploy.graph import SEVERITY
from tests.deploy.answers import TEMPLATE
from tests.deploy.desk import Desk
from tests.deploy.rollouts import World
from tests.deploy.scenes import SCENES
from tests.deploy.stage import resource

DOCS = Path(__file__).parents[2] / "docs/command-line.md"
TWO = {"Jobs": resource(), "Mail": resource()}
SLOWER = {"Jobs": resource(), "Mail": resource(DelaySeconds=5)}
POLICY = resource("AWS::IAM::ManagedPolicy", PolicyDocument={"Statement": [{"Effect": "Allow", "Action": "s3:*"}]})


def documented() -> dict[int, str]:
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", DOCS.read_text("utf-8"), re.MULTILINE)
    return {int(code): meaning for code, meaning in rows}


def test_the_table_has_every_code_once() -> None:
    rows = re.findall(r"^\| (\d+) \| ", DOCS.read_text("utf-8"), re.MULTILINE)
    assert [int(one) for one in rows] == sorted({0, 3, 130, *SEVERITY})


def test_the_help_of_deploy_has_the_same_codes() -> None:
    told = re.findall(r"^ +(\d+) {2,}\S", deploy_command.help or "", re.MULTILINE)
    assert [int(one) for one in told] == list(documented())


def test_0_done(desk: Desk) -> None:
    assert desk.yes().code == 0
    assert desk.stack().status == "CREATE_COMPLETE"


def test_0_nothing_to_change(desk: Desk) -> None:
    desk.yes()
    assert desk.yes().code == 0


def test_0_nothing_to_delete(desk: Desk) -> None:
    desk.file("infra.py", APP)
    assert desk("destroy", "--yes").code == 0


APP = """
from fargate_stacks import App, Queue, Stack

app = App([Stack("shop", [Queue("Jobs")], removal="remove")])
"""


def test_1_a_call_that_aws_refuses(desk: Desk) -> None:
    desk.cfn.fail("CreateChangeSet", "AccessDenied", "you may not")
    done = desk.yes()
    assert (done.code, "error: CreateChangeSet: AccessDenied: you may not" in done.err) == (1, True)


@pytest.mark.parametrize(
    "arguments",
    [
        ["deploy", "--no-such-option"],
        ["deploy", "--timeout", "soon"],
        ["deploy", "--approve", "everything"],
        ["deploy", "--app", "nothing.py"],
        ["deploy", "--template", "template.json"],
    ],
)
def test_2_input_that_is_wrong(desk: Desk, arguments: list[str]) -> None:
    desk.file("template.json", '{"Resources": {"Jobs": {"Type": "AWS::SQS::Queue"}}}')
    assert desk(*arguments).code == 2
    assert desk.cfn.calls == []


def test_2_a_value_that_is_missing(desk: Desk) -> None:
    done = desk.yes(Parameters={"Size": {"Type": "String"}})
    assert (done.code, "no value for shop.Size" in done.err) == (2, True)


@pytest.mark.parametrize("command", [["diff"], ["deploy", "--dry-run"]])
def test_3_there_are_changes(desk: Desk, command: list[str]) -> None:
    assert desk(*command, "--exit-code", *desk.template()).code == 3
    assert desk(*command, *desk.template()).code == 0
    desk.yes()
    assert desk(*command, "--exit-code", *desk.template()).code == 0


def test_3_there_are_none(desk: Desk) -> None:
    assert desk.yes("--fail-on-empty").code == 0
    assert desk.yes("--fail-on-empty").code == 3


def test_4_nobody_can_be_asked(desk: Desk) -> None:
    done = desk("deploy", *desk.template())
    assert (done.code, desk.stack().status) == (4, "DELETE_COMPLETE")
    assert "deploy these changes to shop? there is no terminal to ask on; give --yes" in done.err


def test_4_an_approval_is_missing(desk: Desk) -> None:
    done = desk.yes(resources={"Policy": POLICY})
    assert (done.code, desk.stack().status) == (4, "DELETE_COMPLETE")


def test_5_a_stack_is_busy(desk: Desk) -> None:
    desk.cfn.given("shop", "UPDATE_IN_PROGRESS", {"Resources": TWO})
    assert desk.yes().code == 5
    assert desk.cfn.called("CreateChangeSet") == []


def test_5_a_stack_needs_a_decision(desk: Desk) -> None:
    desk.cfn.given("shop", "IMPORT_ROLLBACK_FAILED", {"Resources": TWO})
    assert desk.yes().code == 5


def test_6_the_change_set_is_refused(desk: Desk) -> None:
    desk.cfn.refuses["shop"] = "Template error"
    assert (desk.yes().code, desk.stack().status) == (6, "DELETE_COMPLETE")


def test_7_failed_and_rolled_back(desk: Desk) -> None:
    desk.cfn.breaks["create", "Jobs"] = "no"
    assert (desk.yes().code, desk.stack().status) == (7, "ROLLBACK_COMPLETE")


def test_8_failed_and_a_person_is_needed(desk: Desk) -> None:
    desk.yes(resources=TWO)
    desk.cfn.breaks |= {("update", "Mail"): "no", ("rollback", "Mail"): "still no"}
    assert (desk.yes(resources=SLOWER).code, desk.stack().status) == (8, "UPDATE_ROLLBACK_FAILED")


def test_9_the_time_is_over(desk: Desk) -> None:
    done = desk.yes("--timeout", "4s", resources={f"Q{n}": resource() for n in range(20)})
    assert (done.code, desk.stack().status) == (9, "CREATE_IN_PROGRESS")
    assert "fargate-stacks watch shop comes back to it" in done.err


def test_9_the_credentials_are_over(desk: Desk) -> None:
    desk.clock.at(4, lambda: desk.cfn.fail("DescribeStackEvents", "ExpiredToken", "expired", times=2))
    assert desk.yes(resources={f"Q{n}": resource() for n in range(20)}).code == 9


def test_10_a_service_does_not_run_what_it_was_to_run(desk: Desk) -> None:
    scene = SCENES["silent_rollback"]
    world = World(**scene.kind)
    world.deploys_as_usual()
    scene.build(world)
    file = desk.file("service.json", TEMPLATE.to_json())
    handed = {"client": world.client, "clock": world.clock}
    assert run(["deploy", "--yes", "--no-preflight", "--template", file, "--stack", "shop"], handed) == 10


def test_130_interrupted(desk: Desk) -> None:
    desk.clock.interrupts = [6.0]
    done = desk.yes(resources={f"Q{n}": resource() for n in range(20)})
    assert (done.code, desk.stack().status) == (130, "CREATE_IN_PROGRESS")


def test_130_interrupted_before_anything_runs(desk: Desk) -> None:
    desk.clock.interrupts = [0.5]
    assert (desk.yes().code, desk.stack().status) == (130, "DELETE_COMPLETE")
