"""Templates over 51,200 bytes go by way of a bucket."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from fargate_stacks.deploy.artifacts import BODY_LIMIT, BUCKET_LIMIT
from fargate_stacks.errors import DeployError
from tests.deploy.fake_api import FakeApi, refuse
from tests.deploy.fake_cfn import FakeCfn
from tests.deploy.stage import Stage, resource, template

ACCOUNT = "111122223333"
BUCKET = f"fargate-stacks-{ACCOUNT}-us-east-1"
LONG = template(resources={f"Queue{n}": resource(Tags=[{"Key": "a", "Value": "b" * 200}]) for n in range(260)})


class FakeS3(FakeApi):
    service = "s3"
    meta = SimpleNamespace(endpoint_url="https://s3.us-east-1.amazonaws.com", partition="aws")

    def __init__(self, *, theirs: bool = False) -> None:
        super().__init__()
        self.buckets: dict[str, dict[str, bytes]] = {}
        self.theirs = theirs

    def HeadBucket(self, Bucket: str, ExpectedBucketOwner: str) -> None:  # noqa: N802, N803
        if self.theirs:
            raise refuse("HeadBucket", "403", "Forbidden")
        if Bucket not in self.buckets:
            raise refuse("HeadBucket", "404", "Not Found")

    def CreateBucket(self, Bucket: str, **more: Any) -> None:  # noqa: N802, N803
        self.buckets[Bucket] = {}

    def PutPublicAccessBlock(self, **request: Any) -> None:  # noqa: N802
        assert all(request["PublicAccessBlockConfiguration"].values())

    def PutBucketPolicy(self, Bucket: str, Policy: str) -> None:  # noqa: N802, N803
        assert json.loads(Policy)["Statement"][0]["Resource"][0] == f"arn:aws:s3:::{Bucket}"

    def PutBucketLifecycleConfiguration(self, **request: Any) -> None:  # noqa: N802
        assert request["LifecycleConfiguration"]["Rules"][0]["Expiration"] == {"Days": 30}

    def PutObject(self, Bucket: str, Key: str, Body: bytes, **more: Any) -> None:  # noqa: N802, N803
        self.buckets[Bucket][Key] = Body


class FakeSts(FakeApi):
    service = "sts"

    def GetCallerIdentity(self) -> dict[str, str]:  # noqa: N802
        return {"Account": ACCOUNT}


class Reading(FakeCfn):
    """A CloudFormation that reads templates where they were put."""

    s3: FakeS3

    def fetched(self, request: dict[str, Any]) -> dict[str, Any]:
        bucket, _, key = request["TemplateURL"].removeprefix(FakeS3.meta.endpoint_url + "/").partition("/")
        found: dict[str, Any] = json.loads(self.s3.buckets[bucket][key])
        return found


@pytest.fixture
def s3() -> FakeS3:
    return FakeS3()


@pytest.fixture
def with_s3(s3: FakeS3) -> Stage:
    stage = Stage()
    stage.cfn = cfn = Reading(stage.clock)
    cfn.s3 = s3
    stage.client = replace(stage.client, api=cfn, beside={"s3": s3, "sts": FakeSts()}.__getitem__)
    return stage


def test_a_short_template_is_sent_as_it_is(with_s3: Stage, s3: FakeS3) -> None:
    with_s3.deploy(template())
    assert s3.calls == []


def test_a_long_template_goes_by_the_bucket_that_is_there(with_s3: Stage, s3: FakeS3) -> None:
    s3.buckets[BUCKET] = {}
    with_s3.deploy(LONG)
    (key,) = s3.buckets[BUCKET]
    assert len(s3.buckets[BUCKET][key]) > BODY_LIMIT
    url = with_s3.cfn.called("CreateChangeSet")[0]["TemplateURL"]
    assert url == f"https://s3.us-east-1.amazonaws.com/{BUCKET}/{key}"
    assert with_s3.stack().status == "CREATE_COMPLETE"


def test_the_same_template_has_the_same_name(with_s3: Stage, s3: FakeS3) -> None:
    s3.buckets[BUCKET] = {}
    with_s3.deploy(LONG)
    with_s3.deploy(LONG)
    assert len(s3.buckets[BUCKET]) == 1


def test_a_bucket_is_made_with_consent(with_s3: Stage, s3: FakeS3) -> None:
    with_s3.deploy(LONG)
    assert (
        with_s3.asked[0] == f"shop: its template is over 51,200 bytes and goes by a bucket: make the bucket {BUCKET}?"
    )
    assert list(s3.buckets) == [BUCKET]


def test_without_consent_nothing_is_made(with_s3: Stage, s3: FakeS3) -> None:
    with_s3.answer = lambda question: False
    with pytest.raises(DeployError, match="run fargate-stacks bootstrap, or give --artifact-bucket") as caught:
        with_s3.deploy(LONG)
    assert (caught.value.exit_code, s3.buckets) == (4, {})


def test_a_bucket_that_was_named_must_be_there(with_s3: Stage, s3: FakeS3) -> None:
    with pytest.raises(DeployError, match="there is no bucket mine; make it, or leave --artifact-bucket out") as caught:
        with_s3.deploy(LONG, artifact_bucket="mine")
    assert caught.value.exit_code == 2


def test_somebody_elses_bucket_is_not_used(with_s3: Stage, s3: FakeS3) -> None:
    s3.theirs = True
    with pytest.raises(DeployError, match=f"the bucket {BUCKET} is another account's"):
        with_s3.deploy(LONG)
    assert s3.called("PutObject") == []


def test_every_upload_names_the_owner_of_the_bucket(with_s3: Stage, s3: FakeS3) -> None:
    with_s3.deploy(LONG)
    assert {request["ExpectedBucketOwner"] for request in s3.called("PutObject")} == {ACCOUNT}


def test_a_bucket_of_another_region_is_made_there(with_s3: Stage, s3: FakeS3) -> None:
    with_s3.client = replace(with_s3.client, region="eu-west-1")
    with_s3.deploy(LONG)
    assert s3.called("CreateBucket")[0]["CreateBucketConfiguration"] == {"LocationConstraint": "eu-west-1"}


def test_what_even_a_bucket_cannot_hold_is_refused(with_s3: Stage) -> None:
    huge = template(resources={f"Q{n}": resource(QueueName="x" * 100_000) for n in range(10)})
    with pytest.raises(DeployError, match=f"bytes, CloudFormation reads {BUCKET_LIMIT:,}; split the stack") as caught:
        with_s3.deploy(huge)
    assert caught.value.exit_code == 2
