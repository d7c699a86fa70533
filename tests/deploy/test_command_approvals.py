"""What a yes covers, what needs its own approval, and what a reviewed plan binds; by the command line."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.deploy.desk import Desk
from tests.deploy.stage import resource

POLICY = resource("AWS::IAM::ManagedPolicy", PolicyDocument={"Statement": [{"Effect": "Allow", "Action": "s3:*"}]})
FILES = resource("AWS::S3::Bucket")
BOTH = {"Policy": POLICY}
SIZED: dict[str, Any] = {"Parameters": {"Size": {"Type": "String", "Default": "small"}}}


def with_files(desk: Desk) -> None:
    """Let there be a stack that holds data."""
    assert desk.yes(resources={"Jobs": resource(), "Files": FILES}).code == 0


def test_yes_does_not_cover_broadening(desk: Desk) -> None:
    done = desk.yes(resources={"Policy": POLICY})
    assert done.code == 4
    assert "broadening" in done.err
    assert "give --approve broadening" in done.err


def test_yes_does_not_cover_a_loss_of_data(desk: Desk) -> None:
    with_files(desk)
    done = desk.yes(resources={"Jobs": resource()})
    assert (done.code, list(desk.stack().resources)) == (4, ["Jobs", "Files"])


@pytest.mark.parametrize("given", [["broadening,data-loss"], ["broadening", "data-loss"]])
def test_both_are_approved_by_a_comma_or_one_by_one(desk: Desk, given: list[str]) -> None:
    with_files(desk)
    approved = [word for one in given for word in ("--approve", one)]
    assert desk.yes("--approve", "broadening", resources={"Policy": POLICY}).code == 4
    assert desk.yes(*approved, resources={"Policy": POLICY}).code == 0


def test_an_approval_alone_is_no_yes(desk: Desk) -> None:
    done = desk("deploy", "--approve", "broadening", *desk.template({"Policy": POLICY}))
    assert (done.code, "give --yes" in done.err) == (4, True)


def test_the_local_cloud_asks_nothing(desk: Desk) -> None:
    desk.as_local()
    assert desk("deploy", "--local", *desk.template({"Policy": POLICY})).code == 0


def test_destroy_needs_an_approval_where_data_is_lost(desk: Desk) -> None:
    desk.file(
        "infra.py",
        "from fargate_stacks import App, Bucket, Stack\n\n"
        "app = App([Stack('shop', [Bucket('Files')], removal='remove')])\n",
    )
    assert desk("deploy", "--yes", "--approve", "broadening").code == 0
    done = desk("destroy", "--yes")
    assert (done.code, desk.stack().status) == (4, "CREATE_COMPLETE")
    assert desk("destroy", "--yes", "--approve", "data-loss").code == 0


# the plan that was reviewed


def reviewed(desk: Desk, *arguments: str, **template: Any) -> str:
    """Review a plan, and give its hash."""
    done = desk("diff", "--output", "jsonl", *arguments, *desk.template(**template))
    assert done.code == 0, done.err
    found: str = done.records("summary")[0]["fingerprint"]
    return found


def test_the_plan_that_was_reviewed_is_executed_without_a_question(desk: Desk) -> None:
    found = reviewed(desk, resources={"Policy": POLICY})
    done = desk("deploy", "--approve-plan", found, *desk.template({"Policy": POLICY}))
    assert (done.code, desk.stack().status) == (0, "CREATE_COMPLETE")


def test_diff_ends_with_the_hash_for_people(desk: Desk) -> None:
    done = desk("diff", *desk.template())
    shown = re.search(r"\b([0-9a-f]{16})\b", done.err.splitlines()[-1])
    assert shown is not None
    assert shown.group(1) == reviewed(desk)


OTHERS: dict[str, tuple[list[str], dict[str, Any]]] = {
    "the template": ([], {"resources": {"Jobs": resource(DelaySeconds=7)}, **SIZED}),
    "a value": (["--parameter", "Size=big"], SIZED),
    "tags": (["--tag", "team=b"], SIZED),
    "the outputs": ([], {**SIZED, "Outputs": {"Url": {"Value": {"Ref": "Jobs"}}}}),
}


@pytest.mark.parametrize("change", OTHERS)
def test_another_plan_is_not_executed(desk: Desk, change: str) -> None:
    found = reviewed(desk, **SIZED)
    arguments, template = OTHERS[change]
    done = desk("deploy", "--approve-plan", found, *arguments, *desk.template(**template))
    assert (done.code, desk.stack().status) == (4, "DELETE_COMPLETE")
    assert "this is not the plan that was reviewed" in done.err


def test_a_stack_that_changed_since_the_review_has_another_plan(desk: Desk) -> None:
    desk.yes(resources={"Jobs": resource(), "Mail": resource()})
    found = reviewed(desk, resources={"Jobs": resource(DelaySeconds=5), "Mail": resource()})
    desk.yes(resources={"Jobs": resource(), "Mail": resource(), "New": resource()})
    again = desk.template({"Jobs": resource(DelaySeconds=5), "Mail": resource()})
    done = desk("deploy", "--approve-plan", found, *again)
    assert (done.code, "New" in desk.stack().resources) == (4, True)


def test_a_value_that_comes_from_elsewhere_is_another_source(desk: Desk) -> None:
    """What the stack keeps and what is given are two sources, though the value is the same."""
    desk.yes("--parameter", "Size=big", **SIZED)
    template = {**SIZED, "resources": {"Jobs": resource(DelaySeconds=5)}}
    kept = reviewed(desk, **template)
    done = desk("deploy", "--approve-plan", kept, "--parameter", "Size=big", *desk.template(**template))
    assert done.code == 4


def test_what_aws_would_do_beyond_the_review_is_another_plan(desk: Desk) -> None:
    desk.yes(resources={"Jobs": resource()})
    wanted = {"Jobs": resource(DelaySeconds=5)}
    found = reviewed(desk, resources=wanted)
    replaced = {"LogicalResourceId": "Jobs", "ResourceType": "AWS::SQS::Queue", "Action": "Modify"}
    change = {"Type": "Resource", "ResourceChange": {**replaced, "Replacement": "True", "Details": []}}
    desk.cfn.changes["shop"] = [change]
    done = desk("deploy", "--approve-plan", found, *desk.template(wanted))
    assert (done.code, desk.cfn.called("ExecuteChangeSet")[1:]) == (4, [])


# looking without doing


@pytest.mark.parametrize("command", [["diff"], ["deploy", "--dry-run"]])
def test_a_look_leaves_nothing(desk: Desk, command: list[str]) -> None:
    desk.yes(resources={"Jobs": resource()})
    before = dict(desk.stack().change_sets)
    done = desk(*command, *desk.template({"Jobs": resource(DelaySeconds=5), "Mail": resource()}))
    assert done.code == 0
    assert desk.stack().change_sets == before
    assert len(desk.cfn.called("ExecuteChangeSet")) == 1
    assert "Mail" in done.err
    assert "DelaySeconds" in done.err


def test_offline_a_file_is_compared_and_aws_is_not_asked(desk: Desk) -> None:
    old = desk.file("old.yaml", "Resources:\n  Jobs:\n    Type: AWS::SQS::Queue\n    Properties: {DelaySeconds: 1}\n")
    done = desk("diff", "--offline", old, "--exit-code", *desk.template({"Jobs": resource(DelaySeconds=5)}))
    assert (done.code, desk.cfn.calls) == (3, [])
    assert re.search(r"DelaySeconds.*1.*5", done.err)


def test_offline_a_folder_has_a_template_for_each_stack(desk: Desk) -> None:
    desk.file(
        "infra.py",
        "from fargate_stacks import App, Queue, Stack\n\n"
        "app = App([Stack('shop', [Queue('Jobs')]), Stack('mail', [Queue('Letters')])])\n",
    )
    (desk.folder / "old").mkdir()
    assert desk("synth", "--out", "old").code == 0
    done = desk("diff", "--offline", "old", "--exit-code")
    assert (done.code, desk.cfn.calls) == (0, [])
    (desk.folder / "old/mail.yaml").unlink()
    done = desk("diff", "--offline", "old", "--exit-code", "--output", "jsonl")
    assert done.code == 3
    assert {one["stack"]: one["creates"] for one in done.records("plan")} == {"shop": False, "mail": True}


def test_offline_a_loss_of_data_is_named(desk: Desk) -> None:
    old = desk.file("old.json", '{"Resources": {"Files": {"Type": "AWS::S3::Bucket"}}}')
    done = desk("diff", "--offline", old, "--output", "jsonl", *desk.template())
    risks = [(one["kind"], one["logical_id"]) for plan in done.records("plan") for one in plan["risks"]]
    assert risks == [("data-loss", "Files")]
