"""ECR: repositories of your own, and caches of other registries."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from troposphere import ecr

from fargate_stacks.constructs.access import Access, SecretValue, allow, env_prefix
from fargate_stacks.constructs.image import CachedImage, Image
from fargate_stacks.core.construct import Construct, verb
from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import Attr, Text, by_removal, sub
from fargate_stacks.providers.duration import whole

if TYPE_CHECKING:
    from fargate_stacks.constructs.key import Key

_PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
_PUSH = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:CompleteLayerUpload",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
)


class Repository(Construct):
    """A private ECR repository: tags never move, images are scanned when they are pushed.

    Images without a tag go after `expire_untagged`; nothing else does, since what runs in production may be the oldest.
    Deploy it before the services that run from it, in a stack of its own: a service starts only after the first push.
    Under `Stack(removal="retain")` it stays with its images. `shared_with` are accounts that may pull. Raises
    SpecError.
    """

    expire_untagged: timedelta = timedelta(days=14)
    mutable: bool = False
    """Whether a tag may be pushed again; `latest` needs that."""
    shared_with: Sequence[str] = ()
    encryption: Key | None = None
    """A key of your own; changing it replaces the repository."""

    refused: ClassVar[Mapping[str, str]] = {
        "repository_name": "is generated, so that a replacement can be made; repository.uri gives where to push",
        "image_tag_mutability": "is called mutable",
        "lifecycle_policy": "is expire_untagged; what is tagged may be running",
    }

    def check(self) -> None:
        whole(self, "expire_untagged", "days", 1, 3650)
        for account in self.shared_with:
            if not re.fullmatch(r"\d{12}", account):
                raise self.refuse(f"shared_with takes accounts of twelve digits, got {shown(account)}")

    # what others ask

    @property
    def repository_arn(self) -> Attr:
        return self.attr("Repository", "Arn")

    @property
    def repository_name(self) -> Attr:
        return self.attr("Repository")

    @property
    def uri(self) -> Attr:
        """Where images are pushed to and pulled from."""
        return self.attr("Repository", "RepositoryUri")

    @verb
    def image(self, tag: str | None = None, *, digest: str | None = None) -> Image:
        """Give an image of this repository by tag or digest, for `Container(image=)`."""
        return Image(self.uri, tag=tag, digest=digest, repository=self.repository_arn)

    @verb
    def push(self, *, env: str | None = None, container: str | None = None) -> Access:
        """Let a task push images, and tell it where: `APP_REPOSITORY` for App, or in `env`."""
        return Access(
            label=f"{self.name}.push()",
            statements=[allow(*_PUSH, on=[self.repository_arn]), allow("ecr:GetAuthorizationToken", on=["*"])],
            environment={env or f"{env_prefix(self.name)}_REPOSITORY": self.uri},
            container=container,
        )

    # what is built

    def build(self) -> Iterator[Any]:
        more: dict[str, Any] = {}
        if self.encryption is not None:
            more["EncryptionConfiguration"] = ecr.EncryptionConfiguration(
                EncryptionType="KMS", KmsKey=self.encryption.arn
            )
        if self.shared_with:
            more["RepositoryPolicyText"] = {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Sid": "SharedWith",
                        "Effect": "Allow",
                        "Principal": {"AWS": [_root(account) for account in self.shared_with]},
                        "Action": list(_PULL),
                    }
                ],
            }
        yield ecr.Repository(
            self.id("Repository"),
            DeletionPolicy=by_removal(retain="RetainExceptOnCreate", remove="Delete"),
            UpdateReplacePolicy=by_removal(retain="Retain", remove="Delete"),
            EmptyOnDelete=by_removal(retain=False, remove=True),
            ImageScanningConfiguration=ecr.ImageScanningConfiguration(ScanOnPush=True),
            ImageTagMutability="MUTABLE" if self.mutable else "IMMUTABLE",
            LifecyclePolicy=ecr.LifecyclePolicy(LifecyclePolicyText=_expiry(self.expire_untagged.days)),
            **more,
        )


def _root(account: str) -> Text:
    return sub(f"arn:${{AWS::Partition}}:iam::{account}:root")


def _expiry(days: int) -> str:
    return (
        '{"rules":[{"rulePriority":1,"description":"images without a tag","selection":{"tagStatus":"untagged",'
        f'"countType":"sinceImagePushed","countUnit":"days","countNumber":{days}}},"action":{{"type":"expire"}}}}]}}'
    )


_UPSTREAM = {
    "public.ecr.aws": False,
    "registry.k8s.io": False,
    "quay.io": False,
    "registry-1.docker.io": True,
    "ghcr.io": True,
    "registry.gitlab.com": True,
}
"""The registries that ECR caches, and whether each wants a login (ECR user guide, "Pull through cache")."""


class PullThroughCache(Construct):
    """A cache of another registry in this account's ECR: `hub.image("library/nginx:1.29")` is pulled through it.

    It spares tasks the other registry's limits and outages. Docker Hub, GitHub and GitLab want `credentials`, a secret
    whose name starts with `ecr-pullthroughcache/` and which has `username` and `accessToken`. A `prefix` is one
    registry's in an account and region. Raises SpecError.
    """

    upstream: str
    prefix: str
    credentials: SecretValue | None = None

    def check(self) -> None:
        wants = _UPSTREAM.get(self.upstream)
        if wants is None:
            raise self.refuse(f"upstream is one of {', '.join(_UPSTREAM)}, got {shown(self.upstream)}")
        if wants and self.credentials is None:
            raise self.refuse(f"{self.upstream} wants a login; give credentials=ExistingSecret(...).value()")
        if not wants and self.credentials is not None:
            raise self.refuse(f"{self.upstream} takes no login; leave credentials out")
        if not re.fullmatch(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*", self.prefix) or not 2 <= len(self.prefix) <= 30:
            raise self.refuse(f"prefix is 2 to 30 lower-case letters and digits, got {shown(self.prefix)}")

    @verb
    def image(self, name: str) -> CachedImage:
        """Give an image of the other registry by its name there. Docker Hub's own are in `library/`."""
        repository, _, reference = name.partition("@") if "@" in name else name.partition(":")
        if not re.fullmatch(r"[a-z0-9._/-]+", repository) or not reference:
            raise self.refuse(f'an image is like "library/nginx:1.29", got {shown(name)}')
        return CachedImage(
            sub("${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/" + f"{self.prefix}/{name}"),
            repository=sub(
                "arn:${AWS::Partition}:ecr:${AWS::Region}:${AWS::AccountId}:repository/" + f"{self.prefix}/{repository}"
            ),
        )

    def build(self) -> Iterator[Any]:
        more = {} if self.credentials is None else {"CredentialArn": self.credentials.arn}
        yield ecr.PullThroughCacheRule(
            self.id("Rule"), EcrRepositoryPrefix=self.prefix, UpstreamRegistryUrl=self.upstream, **more
        )
