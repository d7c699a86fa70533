"""Where the sessions of ECS Exec are written down."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from troposphere import Ref, ecs, logs

from fargate_stacks.constructs.access import allow
from fargate_stacks.constructs.flow_logs import problem_of_retention
from fargate_stacks.core.construct import Construct, Value
from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import Attr, by_removal, sub

if TYPE_CHECKING:
    from fargate_stacks.constructs.key import Key
    from fargate_stacks.providers.bucket import Bucket


class ExecLogs(Value):
    """What people type into tasks by ECS Exec and what they see, in a log group of the cluster's own.

    Kept for `retention`, a year by default, in whole days that CloudWatch Logs knows; under `Stack(removal="retain")`
    the log group outlives the stack. `key` encrypts the log group and what goes over the line, which whoever opens a
    session needs kms:GenerateDataKey for. `bucket` keeps a copy, under `prefix`. The task roles of services with
    `exec=True` get what this takes. The image must have `script` and `cat`, or sessions run and nothing is written
    down (ECS developer guide, "Logging using ECS Exec"). Raises SpecError for a retention that CloudWatch Logs has not.
    """

    retention: timedelta = timedelta(days=365)
    key: Key | None = None
    bucket: Bucket | None = None
    prefix: str = ""
    """The start of the names in the bucket, `exec/`; nothing by default."""

    def check(self) -> None:
        problem = problem_of_retention(self.retention)
        if problem is not None:
            raise self.refuse(f"retention {problem}")
        if self.prefix and self.bucket is None:
            raise self.refuse(f"prefix is for names in a bucket, got {shown(self.prefix)}; give bucket=")

    def group(self, cluster: Construct) -> Any:
        """Give the log group."""
        return logs.LogGroup(
            cluster.id("ExecLogGroup"),
            DeletionPolicy=by_removal(retain="RetainExceptOnCreate", remove="Delete"),
            UpdateReplacePolicy=by_removal(retain="Retain", remove="Delete"),
            RetentionInDays=self.retention.days,
            **({} if self.key is None else {"KmsKeyId": self.key.arn}),
        )

    def configuration(self, cluster: Construct) -> Any:
        """Give what the cluster says of it."""
        more: dict[str, Any] = {}
        if self.bucket is not None:
            more |= {"S3BucketName": self.bucket.bucket_name, "S3EncryptionEnabled": True}
            more |= {"S3KeyPrefix": self.prefix} if self.prefix else {}
        return ecs.ExecuteCommandConfiguration(
            Logging="OVERRIDE",
            LogConfiguration=ecs.ExecuteCommandLogConfiguration(
                CloudWatchLogGroupName=Ref(cluster.id("ExecLogGroup")),
                CloudWatchEncryptionEnabled=self.key is not None,
                **more,
            ),
            **({} if self.key is None else {"KmsKeyId": self.key.arn}),
        )

    def statements(self, cluster: Construct) -> Sequence[Any]:
        """Give what the task role needs."""
        group = Attr(cluster, cluster.id("ExecLogGroup"), "Arn")
        found = [
            allow("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents", on=[group]),
            # it looks for the group by its name, which is no resource to this action
            allow("logs:DescribeLogGroups", on=["*"]),
        ]
        if self.key is not None:
            found.append(allow("kms:Decrypt", on=[self.key.arn]))
        if self.bucket is not None:
            objects = sub("{bucket}/{keys}", bucket=self.bucket.bucket_arn, keys=f"{self.prefix}*")
            found.append(allow("s3:PutObject", on=[objects]))
            found.append(allow("s3:GetEncryptionConfiguration", on=[self.bucket.bucket_arn]))
            if self.bucket.encryption is not None:
                found.append(allow("kms:Decrypt", "kms:GenerateDataKey", on=[self.bucket.encryption.arn]))
        return found
