"""What the options of deploy and destroy say reaches CloudFormation; by the command line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.deploy.desk import Desk
from tests.deploy.stage import resource

ROLE = "arn:aws:iam::000000000000:role/cfn"
SIZED: dict[str, Any] = {"Parameters": {"Size": {"Type": "String"}, "Zones": {"Type": "CommaDelimitedList"}}}
APP = """
from fargate_stacks import App, Queue, Stack

app = App([Stack("shop", [Queue("Jobs")], removal="remove"), Stack("mail", [Queue("Letters")], removal="remove")])
"""


@pytest.mark.parametrize(
    ("arguments", "key", "value"),
    [
        (["--role-arn", ROLE], "RoleARN", ROLE),
        (["--notification-arn", "arn:a", "--notification-arn", "arn:b"], "NotificationARNs", ["arn:a", "arn:b"]),
        (["--tag", "team=a", "--tag", "stage=dev"], "Tags", [("team", "a"), ("stage", "dev")]),
        (["--on-failure", "delete"], "OnStackFailure", "DELETE"),
        (["--on-failure", "do-nothing"], "OnStackFailure", "DO_NOTHING"),
        (["--import-existing"], "ImportExistingResources", True),
        (["--express"], "DeploymentConfig", {"Mode": "EXPRESS", "DisableRollback": False}),
    ],
)
def test_an_option_of_the_change_set(desk: Desk, arguments: list[str], key: str, value: object) -> None:
    assert desk.yes(*arguments).code == 0
    found = desk.request()[key]
    assert [(one["Key"], one["Value"]) for one in found] == value if key == "Tags" else found == value


def test_without_options_nothing_more_is_said(desk: Desk) -> None:
    desk.yes()
    assert set(desk.request()) == {
        "StackName",
        "ChangeSetName",
        "ClientToken",
        "ChangeSetType",
        "TemplateBody",
        "Parameters",
        "Capabilities",
        "Tags",
    }


def test_no_rollback_is_said_at_the_execution(desk: Desk) -> None:
    desk.yes("--no-rollback")
    assert desk.request("ExecuteChangeSet")["DisableRollback"] is True


def test_a_stack_policy_is_read_from_its_file(desk: Desk) -> None:
    policy = json.dumps({"Statement": [{"Effect": "Deny", "Action": "Update:Delete", "Principal": "*"}]})
    assert desk.yes("--stack-policy", desk.file("policy.json", policy)).code == 0
    assert desk.request("SetStackPolicy")["StackPolicyBody"] == policy


def test_a_role_for_one_stack_and_another_for_the_rest(desk: Desk) -> None:
    desk.file("infra.py", APP)
    assert desk("deploy", "--yes", "--role-arn", ROLE, "--role-arn", f"mail={ROLE}-mail").code == 0
    roles = {one["StackName"]: one["RoleARN"] for one in desk.cfn.called("CreateChangeSet")}
    assert roles == {"shop": ROLE, "mail": f"{ROLE}-mail"}


def test_a_role_for_a_stack_that_there_is_not(desk: Desk) -> None:
    desk.file("infra.py", APP)
    done = desk("deploy", "--yes", "--role-arn", f"mial={ROLE}")
    assert (done.code, "the app has no stack mial; did you mean mail" in done.err) == (2, True)


def test_a_role_whose_name_holds_an_equals_sign_is_for_all(desk: Desk) -> None:
    desk.yes("--role-arn", f"{ROLE}=x")
    assert desk.request()["RoleARN"] == f"{ROLE}=x"


def test_the_role_deletes_too(desk: Desk) -> None:
    desk.file("infra.py", APP)
    desk("deploy", "--yes")
    assert desk("destroy", "--yes", "--role-arn", ROLE).code == 0
    assert {one["RoleARN"] for one in desk.cfn.called("DeleteStack")} == {ROLE}


def test_the_role_rolls_back_and_goes_on_rolling_back(desk: Desk) -> None:
    desk.cfn.given("shop", "UPDATE_ROLLBACK_FAILED", {"Resources": {"Jobs": resource()}})
    desk.as_local()
    assert desk("deploy", "--local", "--role-arn", ROLE, "--skip", "Jobs", *desk.template()).code == 0
    request = desk.request("ContinueUpdateRollback")
    assert (request["RoleARN"], request["ResourcesToSkip"]) == (ROLE, ["Jobs"])


def test_retain_and_force_for_a_delete_that_failed(desk: Desk) -> None:
    desk.file("infra.py", APP)
    desk.cfn.given("shop", "DELETE_FAILED", {"Resources": {"Jobs": resource()}})
    assert desk("destroy", "--yes", "--stack", "shop", "--retain", "Jobs", "--force").code == 0
    request = desk.request("DeleteStack")
    assert (request["RetainResources"], request["DeletionMode"]) == (["Jobs"], "FORCE_DELETE_STACK")


def test_cancel_after_a_time(desk: Desk) -> None:
    many = {f"Q{n}": resource() for n in range(20)}
    desk.yes(resources=many)
    slower = {key: resource(DelaySeconds=1) for key in many}
    assert desk.yes("--cancel-after", "5s", resources=slower).code == 7
    assert desk.stack().status == "UPDATE_ROLLBACK_COMPLETE"
    assert len(desk.cfn.called("CancelUpdateStack")) == 1


MANY_GONE = {f"Q{n}": resource() for n in range(20)}


def test_an_update_is_done_when_its_leftovers_are_deleted(desk: Desk) -> None:
    desk.yes(resources={**MANY_GONE, "Jobs": resource()})
    assert desk.yes(resources={"Jobs": resource(DelaySeconds=5)}).code == 0
    assert desk.stack().status == "UPDATE_COMPLETE"


def test_or_before_that_where_nobody_waits_for_it(desk: Desk) -> None:
    desk.yes(resources={**MANY_GONE, "Jobs": resource()})
    done = desk.yes("--no-wait-cleanup", resources={"Jobs": resource(DelaySeconds=5)})
    assert (done.code, desk.stack().status) == (0, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
    assert "shop: deployed (UPDATE_COMPLETE_CLEANUP_IN_PROGRESS)" in done.err


def test_but_not_where_protection_is_still_to_be_switched_on(desk: Desk) -> None:
    desk.yes(resources={**MANY_GONE, "Jobs": resource()})
    data = resource("AWS::RDS::DBCluster", DeletionProtection=True)
    assert desk.yes("--no-wait-cleanup", resources={"Jobs": resource(), "Data": data}).code == 0
    assert desk.stack().status == "UPDATE_COMPLETE"
    assert desk.stack().template["Resources"]["Data"]["Properties"] == {"DeletionProtection": True}


def test_what_somebody_else_runs_is_waited_for(desk: Desk) -> None:
    stack = desk.cfn.given("shop", "UPDATE_IN_PROGRESS", {"Resources": {"Jobs": resource()}})

    def end() -> None:
        stack.status = "UPDATE_COMPLETE"
        desk.cfn._say(stack, "shop", stack.status)

    desk.clock.at(30, end)
    assert desk.yes("--if-busy", "wait", resources={"Jobs": resource(DelaySeconds=5)}).code == 0


def test_what_somebody_else_runs_is_cancelled_where_that_is_said(desk: Desk) -> None:
    many = {f"Q{n}": resource() for n in range(20)}
    desk.yes(resources=many)
    desk.yes("--timeout", "4s", resources={key: resource(DelaySeconds=1) for key in many})
    assert desk.stack().status == "UPDATE_IN_PROGRESS"
    done = desk.yes("--if-busy", "cancel", resources={key: resource(DelaySeconds=2) for key in many})
    assert (done.code, desk.stack().status) == (0, "UPDATE_COMPLETE")
    assert "cancelling the update that somebody else runs" in done.err


def test_a_create_of_somebody_else_is_never_cancelled(desk: Desk) -> None:
    desk.cfn.given("shop", "CREATE_IN_PROGRESS", {"Resources": {"Jobs": resource()}})
    done = desk.yes("--if-busy", "cancel")
    assert (done.code, "only an update can be cancelled" in done.err) == (5, True)


def test_destroy_cancels_an_update_first_where_that_is_said(desk: Desk) -> None:
    desk.file("infra.py", APP)
    many = {f"Q{n}": resource() for n in range(20)}
    desk.yes(resources=many)
    desk.yes("--timeout", "4s", resources={key: resource(DelaySeconds=1) for key in many})
    assert desk("destroy", "--yes", "--stack", "shop").code == 5
    assert desk("destroy", "--yes", "--stack", "shop", "--if-busy", "cancel").code == 0
    assert desk.stack().status == "DELETE_COMPLETE"


# parameters


def values(desk: Desk) -> dict[str, str]:
    return {one["ParameterKey"]: one["ParameterValue"] for one in desk.request()["Parameters"]}


FORMS = {
    "yaml": ("values.yaml", "Size: 012345678901\nZones: [a, b]\n"),
    "yaml of a stack": ("values.yml", "shop:\n  Size: 012345678901\n  Zones: a,b\n"),
    "json": ("values.json", '{"Size": "012345678901", "Zones": ["a", "b"]}'),
    "json of a stack": ("values.json", '{"shop.Size": "012345678901", "shop": {"Zones": "a,b"}}'),
    "aws create-stack": (
        "values.json",
        '[{"ParameterKey": "Size", "ParameterValue": "012345678901"},'
        ' {"ParameterKey": "Zones", "ParameterValue": "a,b"}]',
    ),
    "aws deploy": ("values.json", '["Size=012345678901", "Zones=a,b"]'),
    "codepipeline": ("values.json", '{"Parameters": {"Size": "012345678901", "Zones": "a,b"}, "Tags": {"a": "b"}}'),
    "no extension": ("values", "Size: '012345678901'\nZones: a,b\n"),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_file_of_parameters(desk: Desk, form: str) -> None:
    name, text = FORMS[form]
    assert desk.yes("--parameters", desk.file(name, text), **SIZED).code == 0
    assert values(desk) == {"Size": "012345678901", "Zones": "a,b"}


def test_a_number_stays_as_it_was_written(desk: Desk) -> None:
    desk.yes("--parameters", desk.file("values.json", '{"Size": 1.10, "Zones": [1, 2]}'), **SIZED)
    assert values(desk) == {"Size": "1.10", "Zones": "1,2"}
    desk.yes("--parameters", desk.file("values.yaml", "Size: 1.20\nZones: [true, no]\n"), **SIZED)
    assert values(desk) == {"Size": "1.20", "Zones": "true,no"}


def test_a_value_on_the_command_line_wins_over_the_file(desk: Desk) -> None:
    file = desk.file("values.yaml", "Size: small\nZones: a\n")
    desk.yes("--parameters", file, "--parameter", "Size=big", **SIZED)
    assert values(desk) == {"Size": "big", "Zones": "a"}


def test_a_previous_value_is_kept(desk: Desk) -> None:
    desk.yes("--parameter", "Size=big", "--parameter", "Zones=a", **SIZED)
    file = desk.file(
        "v.json",
        '[{"ParameterKey": "Size", "UsePreviousValue": true}, {"ParameterKey": "Zones", "ParameterValue": "b"}]',
    )
    assert desk.yes("--parameters", file, **SIZED).code == 0
    assert desk.stack().parameters == {"Size": "big", "Zones": "b"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Size: [", "it cannot be read"),
        ("{", "it cannot be read"),
        ("just a text", "it holds no values"),
        ('{"Size": null}', "Size has no value that is a text, a number or a list, got nothing"),
        (
            '{"Db": {"Password": {"of": "hunter22"}}}',
            "Db.Password has no value that is a text, a number or a list, got a dict",
        ),
        ("[{}]", "item 1 of the list is no parameter"),
        ('["A=b", "hunter22"]', "item 2 of the list is no parameter"),
        ('["Size=a", "Size=b"]', "Size is given twice"),
    ],
)
def test_a_file_that_holds_something_else(desk: Desk, text: str, told: str) -> None:
    done = desk.yes("--parameters", desk.file("values", text), **SIZED)
    assert (done.code, told in done.err) == (2, True), done.err
    assert desk.cfn.calls == []


def test_diff_takes_the_same_file(desk: Desk) -> None:
    file = desk.file("values.yaml", "Size: small\nZones: a\n")
    assert desk("diff", "--parameters", file, *desk.template(**SIZED)).code == 0
    assert values(desk) == {"Size": "small", "Zones": "a"}
