"""Where access logs are kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from troposphere import GetAtt, Join, Ref

from fargate_stacks.core.construct import Construct
from fargate_stacks.core.values import Attr, by_removal, sub

_LAST = "this is the bucket that logs go to; logging into itself would never end"


class LogArchive(Construct):
    """A bucket for the access logs of load balancers, and whatever else of AWS delivers logs to S3.

    Objects go after `retention`, a year by default. It costs storage. AWS's log delivery writes with S3's own
    encryption only, so the bucket has no key of yours. It tells EventBridge of each object, which is free. Under
    `Stack(removal="retain")` it outlives the stack. Raises SpecError for a retention that is no number of days.
    """

    retention: timedelta = timedelta(days=365)
    access_logs: LogArchive | None = None
    """Where it is kept who read this bucket: another archive, since logging into itself would never end."""

    def check(self) -> None:
        days = self.retention.total_seconds() / 86_400
        if days < 1 or days % 1:
            raise self.refuse(f"retention must be 1 or more whole days, got {days:g}")

    @property
    def bucket_name(self) -> Attr:
        return self.attr("Bucket")

    @property
    def arn(self) -> Attr:
        return self.attr("Bucket", "Arn")

    @property
    def ready(self) -> Attr:
        """What must be there before anything is told to write: the bucket's policy."""
        return self.attr("BucketPolicy")

    def build(self) -> Iterator[Any]:
        from troposphere import s3

        days = self.retention.days
        if self.access_logs is None:
            more: dict[str, Any] = {"Metadata": {"checkov": {"skip": [{"id": "CKV_AWS_18", "comment": _LAST}]}}}
        else:
            more = {
                # the other bucket's policy first: S3 delivers nothing that it may not write
                "DependsOn": [self.access_logs.ready],
                "LoggingConfiguration": s3.LoggingConfiguration(
                    DestinationBucketName=self.access_logs.bucket_name, LogFilePrefix=f"{self.name}/"
                ),
            }
        yield s3.Bucket(
            self.id("Bucket"),
            DeletionPolicy=by_removal(retain="RetainExceptOnCreate", remove="Delete"),
            UpdateReplacePolicy=by_removal(retain="Retain", remove="Delete"),
            **more,
            BucketEncryption=s3.BucketEncryption(
                ServerSideEncryptionConfiguration=[
                    s3.ServerSideEncryptionRule(
                        ServerSideEncryptionByDefault=s3.ServerSideEncryptionByDefault(SSEAlgorithm="AES256")
                    )
                ]
            ),
            OwnershipControls=s3.OwnershipControls(
                Rules=[s3.OwnershipControlsRule(ObjectOwnership="BucketOwnerEnforced")]
            ),
            PublicAccessBlockConfiguration=s3.PublicAccessBlockConfiguration(
                BlockPublicAcls=True, BlockPublicPolicy=True, IgnorePublicAcls=True, RestrictPublicBuckets=True
            ),
            NotificationConfiguration=s3.NotificationConfiguration(
                EventBridgeConfiguration=s3.EventBridgeConfiguration(EventBridgeEnabled=True)
            ),
            VersioningConfiguration=s3.VersioningConfiguration(Status="Enabled"),
            LifecycleConfiguration=s3.LifecycleConfiguration(
                Rules=[
                    s3.LifecycleRule(
                        Id="retention",
                        Status="Enabled",
                        ExpirationInDays=days,
                        NoncurrentVersionExpiration=s3.NoncurrentVersionExpiration(NoncurrentDays=1),
                        AbortIncompleteMultipartUpload=s3.AbortIncompleteMultipartUpload(DaysAfterInitiation=7),
                    )
                ]
            ),
        )
        yield s3.BucketPolicy(
            self.id("BucketPolicy"),
            Bucket=Ref(self.id("Bucket")),
            PolicyDocument={"Version": "2012-10-17", "Statement": list(self._statements())},
        )

    def _statements(self) -> Iterator[dict[str, Any]]:
        bucket = GetAtt(self.id("Bucket"), "Arn")
        objects = Join("", [bucket, "/*"])
        here = {"StringEquals": {"aws:SourceAccount": Ref("AWS::AccountId")}}
        logs = {"ArnLike": {"aws:SourceArn": sub("arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:*")}}
        yield {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [bucket, objects],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        # application load balancers (user guide, "Enable access logs"); the source is the load balancer
        yield {
            "Sid": "ApplicationLoadBalancers",
            "Effect": "Allow",
            "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": Join("", [bucket, "/*/AWSLogs/", Ref("AWS::AccountId"), "/*"]),
        }
        # network load balancers and flow logs
        yield {
            "Sid": "LogDeliveryWrite",
            "Effect": "Allow",
            "Principal": {"Service": "delivery.logs.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": Join("", [bucket, "/*/AWSLogs/", Ref("AWS::AccountId"), "/*"]),
            "Condition": {**here, **logs},
        }
        yield {
            "Sid": "LogDeliveryLook",
            "Effect": "Allow",
            "Principal": {"Service": "delivery.logs.amazonaws.com"},
            "Action": ["s3:GetBucketAcl", "s3:ListBucket"],
            "Resource": bucket,
            "Condition": {**here, **logs},
        }
        yield {
            "Sid": "AccessLogsOfBuckets",
            "Effect": "Allow",
            "Principal": {"Service": "logging.s3.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": objects,
            "Condition": here,
        }
