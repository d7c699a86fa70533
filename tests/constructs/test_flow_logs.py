"""Flow logs: where the records go, and who may write them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from fargate_stacks import App, Key, Stack, render
from fargate_stacks.constructs.flow_logs import FlowLogs
from fargate_stacks.constructs.network import Vpc
from fargate_stacks.testing import properties
from tests.constructs.networks import refusal, template


def test_flow_logs_go_to_a_log_group_of_their_own() -> None:
    net = template(Vpc("Net", flow_logs=FlowLogs(retention=timedelta(days=30), traffic="REJECT"))).resources
    assert net["NetFlowLogGroup"]["Properties"] == {"RetentionInDays": 30}
    log = net["NetFlowLog"]["Properties"]
    assert (log["ResourceId"], log["ResourceType"], log["TrafficType"]) == ({"Ref": "NetVpc"}, "VPC", "REJECT")
    assert log["LogGroupName"] == {"Ref": "NetFlowLogGroup"}
    assert log["DeliverLogsPermissionArn"] == {"Fn::GetAtt": ["NetFlowLogRole", "Arn"]}


def test_the_flow_log_role_writes_to_that_log_group_alone() -> None:
    net = template(Vpc("Net", flow_logs=FlowLogs())).resources
    (statement,) = net["NetFlowLogPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Resource"] == [{"Fn::GetAtt": ["NetFlowLogGroup", "Arn"]}]
    assert not [action for action in statement["Action"] if "*" in action]
    assert net["NetFlowLogRole"]["Properties"]["ManagedPolicyArns"] == [{"Ref": "NetFlowLogPolicy"}]


def test_only_flow_logs_of_this_account_may_take_the_role() -> None:
    role = template(Vpc("Net", flow_logs=FlowLogs())).resources["NetFlowLogRole"]["Properties"]
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "vpc-flow-logs.amazonaws.com"}
    arn = "arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:vpc-flow-log/*"
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
        "ArnLike": {"aws:SourceArn": {"Fn::Sub": arn}},
    }


@pytest.mark.parametrize(("removal", "policy"), [("retain", "Retain"), ("remove", "Delete")])
def test_flow_logs_outlive_a_stack_that_retains(removal: Any, policy: str) -> None:
    group = template(Vpc("Net", flow_logs=FlowLogs()), removal=removal).resources["NetFlowLogGroup"]
    assert (group["DeletionPolicy"], group["UpdateReplacePolicy"]) == (policy, policy)


def test_a_key_of_ones_own_encrypts_the_records() -> None:
    own = Key("Own")
    made = render(App([Stack("net", [own, Vpc("Net", flow_logs=FlowLogs(encryption=own))])]))["net"]
    assert properties(made, "NetFlowLogGroup")["KmsKeyId"] == {"Fn::GetAtt": ["OwnKey", "Arn"]}


def test_a_retention_that_cloudwatch_logs_does_not_know_is_refused() -> None:
    assert refusal(lambda: FlowLogs(retention=timedelta(days=100))) == (
        "FlowLogs: retention must be a period that CloudWatch Logs knows, got 100 days; "
        "the next one is timedelta(days=120)"
    )
