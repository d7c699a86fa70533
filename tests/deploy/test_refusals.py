"""Why a change set was refused, where its own reason says only that a validation or a hook did not let it pass."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from fargate_stacks.errors import DeployError
from tests.deploy.stage import Stage, template

EARLY = "Change set creation failed. The following AWS::EarlyValidation checks failed: [PropertyValidation]"
HOOK = "The following hook(s) failed: [Corp::Policy::Guard]"
RESULT = "0b2d5f3e-6c1a-4a57-9d0e-3f7a8b9c0d1e"
STACK = "arn:aws:cloudformation:us-east-1:000000000000:stack/shop/1"


def event(kind: str, **more: Any) -> dict[str, Any]:
    """One of DescribeEvents, as its model has it."""
    return {
        "EventId": "1",
        "StackId": STACK,
        "OperationId": "op-1",
        "EventType": kind,
        "LogicalResourceId": "Jobs",
        "ResourceType": "AWS::SQS::Queue",
        "Timestamp": datetime(2026, 1, 1, tzinfo=UTC),
        **more,
    }


def hook(**more: Any) -> dict[str, Any]:
    """A result of GetHookResult, as its model has it."""
    return {
        "HookResultId": RESULT,
        "FailureMode": "FAIL",
        "TypeName": "Corp::Policy::Guard",
        "Status": "HOOK_COMPLETE_FAILED",
        "HookStatusReason": "1 of 3 rules failed",
        "Target": {
            "TargetType": "CHANGE_SET",
            "TargetTypeName": "AWS::SQS::Queue",
            "TargetId": "Jobs",
            "Action": "CREATE",
        },
        **more,
    }


def refused(stage: Stage, reason: str) -> str:
    stage.cfn.refuses["shop"] = reason
    with pytest.raises(DeployError) as caught:
        stage.deploy(template())
    assert caught.value.exit_code == 6
    assert stage.stack().status == "DELETE_COMPLETE"
    return str(caught.value)


def test_early_validation_names_the_resource_the_path_and_the_check(stage: Stage) -> None:
    stage.cfn.failed[""] = [
        event(
            "VALIDATION_ERROR",
            ValidationName="PROPERTY_VALIDATION",
            ValidationStatus="FAILED",
            ValidationStatusReason="#: required key [QueueName] not found",
            ValidationPath="/Resources/Jobs/Properties",
        )
    ]
    told = refused(stage, EARLY)
    assert "; Jobs: /Resources/Jobs/Properties: #: required key [QueueName] not found [PROPERTY_VALIDATION]" in told
    (request,) = stage.cfn.called("DescribeEvents")
    assert request["Filters"] == {"FailedEvents": True}
    assert ":changeSet/fs-" in request["ChangeSetName"]


def test_where_the_call_is_not_allowed_the_reason_alone_is_said(stage: Stage) -> None:
    stage.cfn.fail("DescribeEvents", "AccessDenied", "you may not")
    assert refused(stage, EARLY) == f"shop: CloudFormation refused the change set: {EARLY}"


def test_a_hook_says_what_it_found_and_what_to_do(stage: Stage) -> None:
    note = {
        "AnnotationName": "encryption",
        "Status": "FAILED",
        "StatusMessage": "the queue is not encrypted",
        "RemediationMessage": "set KmsMasterKeyId",
        "RemediationLink": "https://corp.example/queues",
        "SeverityLevel": "HIGH",
    }
    passed = {"AnnotationName": "tags", "Status": "PASSED", "StatusMessage": "all there"}
    stage.cfn.hooks[RESULT] = hook(Annotations=[note, passed])
    told = refused(stage, HOOK)
    assert told.endswith(
        "; Jobs: the queue is not encrypted; set KmsMasterKeyId; https://corp.example/queues "
        "[Corp::Policy::Guard:encryption]"
    )


def test_a_hook_without_annotations_gives_its_reason(stage: Stage) -> None:
    stage.cfn.hooks[RESULT] = hook()
    assert refused(stage, HOOK).endswith("; Jobs: 1 of 3 rules failed [Corp::Policy::Guard]")


def test_a_hook_that_only_warns_is_no_reason(stage: Stage) -> None:
    stage.cfn.hooks[RESULT] = hook(FailureMode="WARN")
    assert refused(stage, HOOK) == f"shop: CloudFormation refused the change set: {HOOK}"


def test_a_failed_hook_is_found_in_the_events_too(stage: Stage) -> None:
    stage.cfn.failed[""] = [
        event("HOOK_INVOCATION_ERROR", HookType="Corp::Policy::Guard", HookStatusReason="not encrypted"),
        event("HOOK_INVOCATION_ERROR", HookType="Corp::Warns", HookStatusReason="by the way", HookFailureMode="WARN"),
    ]
    told = refused(stage, HOOK)
    assert told.endswith("; Jobs: not encrypted [Corp::Policy::Guard]")
    assert "by the way" not in told


def test_results_of_hooks_that_may_not_be_read_hide_nothing_else(stage: Stage) -> None:
    stage.cfn.fail("ListHookResults", "AccessDenied", "you may not")
    assert refused(stage, HOOK) == f"shop: CloudFormation refused the change set: {HOOK}"


def test_any_other_reason_asks_nothing_more(stage: Stage) -> None:
    refused(stage, "Template error: instance of Fn::GetAtt references undefined resource X")
    assert stage.cfn.called("DescribeEvents") == []


def test_an_operation_without_a_failed_event_asks_the_newer_call(stage: Stage) -> None:
    """A hook may end an operation while the stack's own events say nothing of it."""
    stage.cfn.silent = True
    stage.cfn.breaks["create", "Jobs"] = "hidden"
    failed = event("PROVISIONING_ERROR", ResourceStatusReason='Resource handler returned message: "no quota"')
    stage.clock.at(2, lambda: stage.cfn.failed.update({stage.stack().id: [failed]}))
    with pytest.raises(DeployError, match="Jobs: no quota") as caught:
        stage.deploy(template())
    assert (caught.value.exit_code, stage.cause) == (7, "Jobs")
