"""Keys of your own for what is stored."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from troposphere import GetAtt, Ref

from fargate_stacks.core.construct import Construct
from fargate_stacks.core.values import Attr, by_removal, sub


class Key(Construct):
    """A customer-managed KMS key, rotated every year, for logs, queues, secrets and storage of this account.

    About 1 USD a month and a little for each use. Who may use it is decided by IAM policies, as AWS advises;
    CloudWatch Logs may use it for log groups of this account and region, alarms for topics, and Fargate for the storage
    of tasks in this account's clusters. It is kept when its
    stack goes, unless `Stack(removal="remove")`, since what it encrypts cannot be read without it. `waiting` is how
    long a deleted key can be taken back. Raises SpecError for a time that KMS refuses.
    """

    description: str = ""
    waiting: timedelta = timedelta(days=30)

    def check(self) -> None:
        days = self.waiting.total_seconds() / 86_400
        if not 7 <= days <= 30 or days % 1:
            raise self.refuse(f"waiting must be 7 to 30 whole days, got {days:g}")

    @property
    def arn(self) -> Attr:
        return self.attr("Key", "Arn")

    @property
    def key_id(self) -> Attr:
        return self.attr("Key")

    def build(self) -> Iterator[Any]:
        from troposphere import kms

        yield kms.Key(
            self.id("Key"),
            DeletionPolicy=by_removal(retain="RetainExceptOnCreate", remove="Delete"),
            UpdateReplacePolicy=by_removal(retain="Retain", remove="Delete"),
            Description=self.description or f"Key {self.name}",
            EnableKeyRotation=True,
            PendingWindowInDays=self.waiting.days,
            KeyPolicy={"Version": "2012-10-17", "Statement": list(_statements())},
        )
        yield kms.Alias(
            self.id("Alias"),
            AliasName=sub(f"alias/${{AWS::StackName}}-{self.name}"),
            TargetKeyId=GetAtt(self.id("Key"), "Arn"),
        )


def _statements() -> Iterator[dict[str, Any]]:
    use = ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]
    yield {
        "Sid": "IamDecides",
        "Effect": "Allow",
        "Principal": {"AWS": sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root")},
        "Action": "kms:*",
        "Resource": "*",
    }
    yield {
        "Sid": "GrantsForServicesOnly",
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "kms:CreateGrant",
        "Resource": "*",
        "Condition": {"BoolIfExists": {"kms:GrantIsForAWSResource": "false", "aws:PrincipalIsAWSService": "false"}},
    }
    yield {
        "Sid": "LogGroups",
        "Effect": "Allow",
        "Principal": {"Service": sub("logs.${AWS::Region}.amazonaws.com")},
        "Action": use,
        "Resource": "*",
        "Condition": {
            "ArnLike": {
                "kms:EncryptionContext:aws:logs:arn": sub(
                    "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:*"
                )
            }
        },
    }
    # SNS refuses aws:SourceArn here and would drop the message, so the account is all that can be asked
    yield {
        "Sid": "AlarmsToTopics",
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
        "Resource": "*",
        "Condition": {"StringEquals": {"kms:CallerAccount": Ref("AWS::AccountId")}},
    }
    # ECS developer guide, "Create an encryption key for Fargate ephemeral storage"; the cluster's name would be a ring
    of_cluster = {"kms:EncryptionContext:aws:ecs:clusterAccount": Ref("AWS::AccountId")}
    fargate = {"Service": "fargate.amazonaws.com"}
    yield {
        "Sid": "FargateStorage",
        "Effect": "Allow",
        "Principal": fargate,
        "Action": "kms:GenerateDataKeyWithoutPlaintext",
        "Resource": "*",
        "Condition": {"StringEquals": of_cluster},
    }
    yield {
        "Sid": "FargateStorageGrants",
        "Effect": "Allow",
        "Principal": fargate,
        "Action": "kms:CreateGrant",
        "Resource": "*",
        "Condition": {
            "StringEquals": of_cluster,
            "ForAllValues:StringEquals": {"kms:GrantOperations": ["Decrypt"]},
        },
    }
