"""Small templates, and what a stack's history says."""

from __future__ import annotations

from typing import Any

from tests.localcloud import Cloud


def parameter(value: Any = "1", **more: Any) -> dict[str, Any]:
    return {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": value}, **more}


def queue(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::SQS::Queue", "Properties": properties}


BAD = queue(DelaySeconds=99999)
"""A queue that SQS refuses."""


def template(**resources: Any) -> dict[str, Any]:
    return {"Resources": resources}


def wait(seconds: int = 20, **more: Any) -> dict[str, dict[str, Any]]:
    """Give a condition that nobody fulfils."""
    return {
        "Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
        "Wait": {
            "Type": "AWS::CloudFormation::WaitCondition",
            "Properties": {"Handle": {"Ref": "Handle"}, "Timeout": str(seconds), "Count": 1},
            **more,
        },
    }


def reason(cloud: Cloud, stack: str, logical_id: str, status: str) -> str:
    for event in cloud.history(stack):
        if (event["LogicalResourceId"], event["ResourceStatus"]) == (logical_id, status):
            return str(event.get("ResourceStatusReason", ""))
    raise AssertionError(f"no {status} of {logical_id} in {cloud.events(stack)}")
