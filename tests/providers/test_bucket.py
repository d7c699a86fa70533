"""Buckets: what is made, and exactly what each verb allows."""

# ruff: noqa: E501 - error texts stand whole

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from fargate_stacks.constructs.key import Key
from fargate_stacks.core.render import render
from fargate_stacks.core.stack import App, Stack
from fargate_stacks.providers.bucket import Bucket
from tests.constructs.networks import refusal
from tests.constructs.tasks import properties
from tests.providers.providers import allowed, seen, task_statements

UPLOADS = Bucket("Uploads")
ARN = {"Fn::GetAtt": ["UploadsBucket", "Arn"]}
ALL = {"Fn::Sub": "${UploadsBucket.Arn}/*"}
WRITE = ("s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload")


def template(bucket: Bucket = UPLOADS, **stack: Any) -> Any:
    return render(App([Stack("s", [bucket], **stack)]))["s"]


def test_reading_gets_objects_and_lists_the_bucket() -> None:
    assert task_statements(UPLOADS.read(), UPLOADS) == [
        allowed("s3:GetObject", on=[ALL]),
        allowed("s3:ListBucket", on=[ARN]),
    ]


def test_writing_neither_reads_nor_lists() -> None:
    assert task_statements(UPLOADS.write(), UPLOADS) == [allowed(*WRITE, on=[ALL])]


def test_reading_and_writing_is_both() -> None:
    assert task_statements(UPLOADS.read_write(), UPLOADS) == [
        allowed("s3:GetObject", *WRITE, on=[ALL]),
        allowed("s3:ListBucket", on=[ARN]),
    ]


def test_a_prefix_limits_objects_and_listing() -> None:
    assert task_statements(UPLOADS.read(prefix="photos/"), UPLOADS) == [
        allowed("s3:GetObject", on=[{"Fn::Sub": "${UploadsBucket.Arn}/photos/*"}]),
        allowed("s3:ListBucket", on=[ARN], Condition={"StringLike": {"s3:prefix": ["photos/*"]}}),
    ]


def test_a_task_finds_the_buckets_name() -> None:
    assert seen(UPLOADS.read(), UPLOADS) == {"UPLOADS_BUCKET": {"Ref": "UploadsBucket"}}
    assert seen(UPLOADS.write(env="TARGET"), UPLOADS) == {"TARGET": {"Ref": "UploadsBucket"}}


def test_a_bucket_is_private_encrypted_and_its_owners() -> None:
    found = properties(template(), "UploadsBucket")
    assert found["PublicAccessBlockConfiguration"] == dict.fromkeys(
        ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
    )
    assert found["BucketEncryption"]["ServerSideEncryptionConfiguration"] == [
        {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    ]
    assert found["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert found["VersioningConfiguration"] == {"Status": "Enabled"}
    assert "BucketName" not in found


def test_unfinished_uploads_go_after_a_week() -> None:
    assert properties(template(), "UploadsBucket")["LifecycleConfiguration"]["Rules"] == [
        {
            "Id": "unfinished-uploads",
            "Status": "Enabled",
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        }
    ]


def test_objects_and_old_versions_expire_when_told_to() -> None:
    bucket = Bucket("Uploads", expire=timedelta(days=30), expire_old_versions=timedelta(days=5))
    _, expire, old = properties(template(bucket), "UploadsBucket")["LifecycleConfiguration"]["Rules"]
    assert expire == {"Id": "expire", "Status": "Enabled", "ExpirationInDays": 30}
    assert old == {
        "Id": "old-versions",
        "Status": "Enabled",
        "NoncurrentVersionExpiration": {"NoncurrentDays": 5},
    }


def test_versions_can_be_done_without() -> None:
    assert "VersioningConfiguration" not in properties(template(Bucket("Uploads", versioned=False)), "UploadsBucket")


def test_requests_without_tls_are_denied_on_bucket_and_objects() -> None:
    policy = properties(template(), "UploadsBucketPolicy")
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Deny", "s3:*")
    assert statement["Resource"] == [ARN, {"Fn::Join": ["", [ARN, "/*"]]}]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize(("removal", "policy"), [("retain", "Retain"), ("remove", "Delete")])
def test_objects_outlive_the_stack_unless_it_says_otherwise(removal: str, policy: str) -> None:
    body = template(removal=removal).resources["UploadsBucket"]
    assert body["DeletionPolicy"] == body["UpdateReplacePolicy"] == policy


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"expire": timedelta(hours=5)}, 'Bucket "Uploads": expire must be 1 to 36500 whole days, got 0.2083333333; give timedelta(days=1)'),
        ({"expire_old_versions": timedelta(0)}, 'Bucket "Uploads": expire_old_versions must be 1 to 36500 whole days, got 0; give timedelta(days=1)'),
        ({"versioned": False, "expire_old_versions": timedelta(days=1)}, 'Bucket "Uploads": expire_old_versions needs versions; leave it out or give versioned=True'),
        ({"public": True}, 'Bucket "Uploads": public is not offered: serve files through a service or a distribution'),
        ({"bucket_name": "x"}, 'Bucket "Uploads": bucket_name is generated, since names are unique in all of AWS; bucket.bucket_name gives it'),
    ],
)  # fmt: skip
def test_what_no_bucket_can_be_is_refused(fields: dict[str, Any], message: str) -> None:
    assert refusal(lambda: Bucket("Uploads", **fields)) == message


@pytest.mark.parametrize("prefix", ["photos", "/photos/", "a*/", "${x}/", "a?/", " /"])
def test_a_prefix_that_could_open_more_than_it_says_is_refused(prefix: str) -> None:
    assert refusal(lambda: UPLOADS.write(prefix=prefix)) == (
        f"Uploads.write(prefix={prefix!r}): a prefix ends in /, does not start with one, and holds none of * ? $ {{ }}, "
        f"got {prefix!r}; write it like 'photos/'"
    )


@pytest.mark.parametrize(
    ("verb", "actions"),
    [
        ("read", ["kms:Decrypt"]),
        ("write", ["kms:Decrypt", "kms:GenerateDataKey"]),
        ("read_write", ["kms:Decrypt", "kms:GenerateDataKey"]),
    ],
)
def test_a_key_of_ones_own_is_for_the_buckets_users_too(verb: str, actions: list[str]) -> None:
    key = Key("Own")
    bucket = Bucket("Uploads", encryption=key)
    arn = {"Fn::GetAtt": ["OwnKey", "Arn"]}
    (rule,) = properties(render(App([Stack("s", [bucket, key])]))["s"], "UploadsBucket")["BucketEncryption"][
        "ServerSideEncryptionConfiguration"
    ]
    assert rule == {
        "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": arn},
        "BucketKeyEnabled": True,
    }
    assert task_statements(getattr(bucket, verb)(), bucket, key)[-1] == allowed(*actions, on=[arn])


def test_an_object_may_be_an_environment_file() -> None:
    file = UPLOADS.env_file("prod.env")
    assert (file.bucket, file.key) == (UPLOADS.bucket_arn, "prod.env")
