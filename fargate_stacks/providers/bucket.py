"""S3 buckets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from awacs.aws import Condition, StringLike
from troposphere import Join, s3

from fargate_stacks.constructs.access import Access, allow, env_prefix
from fargate_stacks.constructs.container import EnvFile
from fargate_stacks.core.construct import Construct, verb
from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import Attr, Text, by_removal, sub
from fargate_stacks.errors import SpecError
from fargate_stacks.providers.duration import whole
from fargate_stacks.providers.tls import tls_only

if TYPE_CHECKING:
    from fargate_stacks.constructs.key import Key

_READ = ("s3:GetObject",)
_WRITE = ("s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload")
_UPLOAD_DAYS = 7
_PREFIX = re.compile(r"[^/*?${}\s][^*?${}]*/\Z")


class Bucket(Construct):
    """A private bucket: encrypted, owned by its account alone, closed to the public and to requests without TLS.

    It is retained by the removal of the stack unless `Stack(removal="remove")`; CloudFormation deletes only an empty
    one. Parts of uploads that were never completed go after seven days. Raises SpecError for spans of time that
    are not whole days.
    """

    versioned: bool = True
    """Keeps what is overwritten or deleted as old versions, which cost storage until they expire."""
    expire: timedelta | None = None
    """The age at which objects are deleted, in whole days; never when None."""
    expire_old_versions: timedelta | None = None
    """How long old versions are kept, in whole days; for ever when None."""

    encryption: Key | None = None
    """A key of your own; keys that S3 manages when None."""

    refused: ClassVar[Mapping[str, str]] = {
        "public": "is not offered: serve files through a service or a distribution",
        "bucket_name": "is generated, since names are unique in all of AWS; bucket.bucket_name gives it",
        "kms_key": "is called encryption; it takes a Key",
    }

    def check(self) -> None:
        for field in ("expire", "expire_old_versions"):
            if getattr(self, field) is not None:
                whole(self, field, "days", 1, 36_500)
        if self.expire_old_versions is not None and not self.versioned:
            raise self.refuse("expire_old_versions needs versions; leave it out or give versioned=True")

    # what others ask

    @property
    def bucket_name(self) -> Attr:
        return self.attr("Bucket")

    @property
    def bucket_arn(self) -> Attr:
        return self.attr("Bucket", "Arn")

    @verb
    def env_file(self, key: str) -> EnvFile:
        """Give an object for `Container(env_files=)`, which ECS reads when a task starts."""
        return EnvFile(bucket=self.bucket_arn, key=key)

    # verbs

    @verb
    def read(self, *, prefix: str = "", env: str | None = None, container: str | None = None) -> Access:
        """Let a task get and list objects, and tell it the bucket's name: `UPLOADS_BUCKET` for Uploads, or in `env`.

        `prefix="photos/"` limits both to keys that start so. Raises SpecError for a prefix that does not end in /.
        """
        return self._access("read", prefix, env, container, _READ, lists=True)

    @verb
    def write(self, *, prefix: str = "", env: str | None = None, container: str | None = None) -> Access:
        """Let a task put and delete objects, but neither read nor list them; the rest is as in `read`."""
        return self._access("write", prefix, env, container, _WRITE, lists=False)

    @verb
    def read_write(self, *, prefix: str = "", env: str | None = None, container: str | None = None) -> Access:
        """Let a task get, list, put and delete objects; the rest is as in `read`."""
        return self._access("read_write", prefix, env, container, _READ + _WRITE, lists=True)

    def _access(
        self, verb: str, prefix: str, env: str | None, container: str | None, actions: tuple[str, ...], *, lists: bool
    ) -> Access:
        label = f"{self.name}.{verb}({f'prefix={prefix!r}' if prefix else ''})"
        if prefix and not _PREFIX.match(prefix):
            raise SpecError(
                f"{label}: a prefix ends in /, does not start with one, and holds none of * ? $ {{ }}, "
                f"got {shown(prefix)}; write it like 'photos/'"
            )
        statements = [allow(*actions, on=[self._keys(prefix)])]
        if lists:
            only = Condition(StringLike({"s3:prefix": [f"{prefix}*"]})) if prefix else None
            statements.append(allow("s3:ListBucket", on=[self.bucket_arn], when=only))
        if self.encryption is not None:
            of_key = ("kms:Decrypt", "kms:GenerateDataKey") if set(actions) & set(_WRITE) else ("kms:Decrypt",)
            statements.append(allow(*of_key, on=[self.encryption.arn]))
        return Access(
            label=label,
            statements=statements,
            environment={env or f"{env_prefix(self.name)}_BUCKET": self.bucket_name},
            container=container,
        )

    def _keys(self, prefix: str) -> Text:
        return sub("{bucket}/{keys}", bucket=self.bucket_arn, keys=f"{prefix}*")

    # what is built

    def build(self) -> Iterator[Any]:
        yield self._bucket()
        yield s3.BucketPolicy(
            self.id("BucketPolicy"),
            Bucket=self.bucket_name,
            # Join, since the rule packs (CT.S3.PR.8) recognise "all objects" in no other form
            PolicyDocument=tls_only("s3:*", self.bucket_arn, Join("", [self.bucket_arn, "/*"])),
        )

    def _bucket(self) -> Any:
        return s3.Bucket(
            self.id("Bucket"),
            DeletionPolicy=by_removal(retain="Retain", remove="Delete"),
            UpdateReplacePolicy=by_removal(retain="Retain", remove="Delete"),
            BucketEncryption=s3.BucketEncryption(
                ServerSideEncryptionConfiguration=[
                    s3.ServerSideEncryptionRule(
                        ServerSideEncryptionByDefault=s3.ServerSideEncryptionByDefault(**self._algorithm()),
                        **({} if self.encryption is None else {"BucketKeyEnabled": True}),
                    )
                ]
            ),
            LifecycleConfiguration=s3.LifecycleConfiguration(Rules=self._rules()),
            OwnershipControls=s3.OwnershipControls(
                Rules=[s3.OwnershipControlsRule(ObjectOwnership="BucketOwnerEnforced")]
            ),
            PublicAccessBlockConfiguration=s3.PublicAccessBlockConfiguration(
                BlockPublicAcls=True, BlockPublicPolicy=True, IgnorePublicAcls=True, RestrictPublicBuckets=True
            ),
            **({"VersioningConfiguration": s3.VersioningConfiguration(Status="Enabled")} if self.versioned else {}),
        )

    def _algorithm(self) -> dict[str, Any]:
        if self.encryption is None:
            return {"SSEAlgorithm": "AES256"}
        return {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": self.encryption.arn}

    def _rules(self) -> list[Any]:
        rules = [
            s3.LifecycleRule(
                Id="unfinished-uploads",
                Status="Enabled",
                AbortIncompleteMultipartUpload=s3.AbortIncompleteMultipartUpload(DaysAfterInitiation=_UPLOAD_DAYS),
            )
        ]
        if self.expire is not None:
            rules.append(s3.LifecycleRule(Id="expire", Status="Enabled", ExpirationInDays=self.expire.days))
        if self.expire_old_versions is not None:
            kept = s3.NoncurrentVersionExpiration(NoncurrentDays=self.expire_old_versions.days)
            rules.append(s3.LifecycleRule(Id="old-versions", Status="Enabled", NoncurrentVersionExpiration=kept))
        return rules
