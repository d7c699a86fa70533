"""Records of the traffic of a VPC."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from troposphere import GetAtt, Ref, Tags, ec2, iam, logs

from fargate_stacks.core.construct import Construct, Value
from fargate_stacks.core.values import Text, by_removal, sub

if TYPE_CHECKING:  # imported where it is given
    from fargate_stacks.constructs.key import Key

# the closed list of AWS::Logs::LogGroup RetentionInDays
_RETENTION = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip


class FlowLogs(Value):
    """Records of who spoke with whom in a VPC, in a log group of its own.

    It costs what CloudWatch Logs takes for each record; `traffic="REJECT"` keeps only what was refused. Records are
    kept for `retention`, a year by default, in whole days that CloudWatch Logs knows. Under `Stack(removal="retain")`
    the log group outlives the stack. Raises SpecError for a retention that CloudWatch Logs has not.
    """

    retention: timedelta = timedelta(days=365)
    traffic: Literal["ALL", "ACCEPT", "REJECT"] = "ALL"
    encryption: Key | None = None
    """A key of your own for the log group."""

    def check(self) -> None:
        problem = problem_of_retention(self.retention)
        if problem is not None:
            raise self.refuse(f"retention {problem}")

    def resources(self, vpc: Construct, vpc_id: Text, tags: Tags) -> Iterator[Any]:
        """Give the log group, the role that may write to it alone, and the flow log."""
        group, role, policy = vpc.id("FlowLogGroup"), vpc.id("FlowLogRole"), vpc.id("FlowLogPolicy")
        yield logs.LogGroup(
            group,
            DeletionPolicy=by_removal(retain="Retain", remove="Delete"),
            UpdateReplacePolicy=by_removal(retain="Retain", remove="Delete"),
            RetentionInDays=self.retention.days,
            **({} if self.encryption is None else {"KmsKeyId": self.encryption.arn}),
        )
        yield iam.ManagedPolicy(
            policy,
            Description=f"Writes the flow log of {vpc.name}",
            PolicyDocument={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Action": ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                        "Resource": [GetAtt(group, "Arn")],
                    }
                ],
            },
        )
        yield iam.Role(
            role,
            AssumeRolePolicyDocument=_trust(),
            # attached from the role's side, so that the reference orders create, update and delete
            ManagedPolicyArns=[Ref(policy)],
        )
        yield ec2.FlowLog(
            vpc.id("FlowLog"),
            ResourceId=vpc_id,
            ResourceType="VPC",
            TrafficType=self.traffic,
            LogDestinationType="cloud-watch-logs",
            LogGroupName=Ref(group),
            DeliverLogsPermissionArn=GetAtt(role, "Arn"),
            Tags=tags,
        )


def _trust() -> dict[str, Any]:
    """Only flow logs of this account: the conditions of the VPC user guide, "IAM role for publishing flow logs"."""
    source = sub("arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:vpc-flow-log/*")
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "vpc-flow-logs.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {
                    "StringEquals": {"aws:SourceAccount": Ref("AWS::AccountId")},
                    "ArnLike": {"aws:SourceArn": source},
                },
            }
        ],
    }


def problem_of_retention(retention: timedelta) -> str | None:
    """Say what is wrong with how long a log group keeps its records, or nothing."""
    if retention in [timedelta(days=days) for days in _RETENTION]:
        return None
    days = retention.total_seconds() / 86_400
    longer = next((one for one in _RETENTION if one > days), _RETENTION[-1])
    return f"must be a period that CloudWatch Logs knows, got {days:g} days; the next one is timedelta(days={longer})"
