"""Templates that are too long for a request, sent by way of a bucket."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fargate_stacks.deploy.client import CallFailed, Client, call
from fargate_stacks.errors import DeployError

BODY_LIMIT = 51_200
"""Bytes of a template that a request holds. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"""
BUCKET_LIMIT = 1_000_000
"""Bytes of a template that CloudFormation reads from a bucket."""


@dataclass(frozen=True)
class Artifacts:
    """The way of long templates: the bucket that is named, else the one that `bootstrap` makes."""

    bucket: str | None = None
    ask: Callable[[str], bool] = lambda question: False
    """Asked before a bucket is made; in a local cloud nobody is asked."""

    def argument(self, client: Client, stack: str, body: str) -> dict[str, str]:
        """Give the argument of CreateChangeSet that holds a template or says where it is.

        A long one is put into the bucket, under a name made from its text. Raises DeployError when
        there is no bucket or it is not ours.
        """
        if len(body) <= BODY_LIMIT:
            return {"TemplateBody": body}
        if len(body) > BUCKET_LIMIT:
            raise DeployError(
                f"{stack}: the template has {len(body):,} bytes, CloudFormation reads {BUCKET_LIMIT:,}; "
                "split the stack",
                exit_code=2,
            )
        s3 = client.service("s3")
        account = client.account()
        bucket = self.bucket or bucket_name(account, client.region)
        if not has_bucket(s3, bucket, account):
            self._make(client, s3, stack, bucket)
        key = f"templates/{stack}/{hashlib.sha256(body.encode()).hexdigest()}.json"
        call(
            s3,
            "PutObject",
            Bucket=bucket,
            Key=key,
            Body=body.encode(),
            ContentType="application/json",
            ExpectedBucketOwner=account,
        )
        return {"TemplateURL": f"{s3.meta.endpoint_url}/{bucket}/{key}"}

    def _make(self, client: Client, s3: Any, stack: str, bucket: str) -> None:
        why = f"{stack}: its template is over {BODY_LIMIT:,} bytes and goes by a bucket"
        if self.bucket is not None:
            raise DeployError(
                f"{why}; there is no bucket {bucket}; make it, or leave --artifact-bucket out", exit_code=2
            )
        if not client.local and not self.ask(f"{why}: make the bucket {bucket}?"):
            raise DeployError(f"{why}; run fargate-stacks bootstrap, or give --artifact-bucket", exit_code=4)
        make_bucket(s3, bucket, client.region)


def bucket_name(account: str, region: str) -> str:
    """Name the bucket of an account and region."""
    return f"fargate-stacks-{account}-{region}"


def has_bucket(s3: Any, bucket: str, account: str) -> bool:
    """Tell whether a bucket is there. Raises DeployError when it is somebody else's."""
    try:
        call(s3, "HeadBucket", Bucket=bucket, ExpectedBucketOwner=account)
    except CallFailed as error:
        if error.code in ("404", "NoSuchBucket", "NotFound"):
            return False
        if error.code in ("403", "AccessDenied"):
            raise DeployError(
                f"deploy: the bucket {bucket} is another account's, or these credentials may not use it; "
                "give --artifact-bucket",
                exit_code=2,
            ) from error
        raise
    return True


def make_bucket(s3: Any, bucket: str, region: str) -> None:
    """Make a private, encrypted bucket whose templates go after 30 days."""
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    call(s3, "CreateBucket", Bucket=bucket, **place)
    call(
        s3,
        "PutPublicAccessBlock",
        Bucket=bucket,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )
    call(s3, "PutBucketPolicy", Bucket=bucket, Policy=json.dumps(only_tls(bucket, s3.meta.partition)))
    rule = {"ID": "templates", "Status": "Enabled", "Filter": {"Prefix": "templates/"}, "Expiration": {"Days": 30}}
    call(s3, "PutBucketLifecycleConfiguration", Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})


def only_tls(bucket: str, partition: str) -> dict[str, Any]:
    """Give the policy of a bucket that is spoken to by TLS alone."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "OnlyTls",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [f"arn:{partition}:s3:::{bucket}", f"arn:{partition}:s3:::{bucket}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }
