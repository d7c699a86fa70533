"""What keeps a bucket or a repository from being deleted, found and, once approved, emptied."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fargate_stacks.deploy.client import CallFailed, Client, call


def full(client: Client, template: Mapping[str, Any], physical: Mapping[str, str]) -> dict[str, str]:
    """Give the resources that hold something and would be deleted, by logical id with their physical one.

    What may not be read counts as empty: the delete will tell.
    """
    found = {}
    for logical_id, resource in template.get("Resources", {}).items():
        looks = _LOOKS.get(resource.get("Type", ""))
        name = physical.get(logical_id, "")
        if looks is None or not name or resource.get("DeletionPolicy", "Delete") != "Delete":
            continue
        if resource["Type"] == "AWS::ECR::Repository" and (resource.get("Properties") or {}).get("EmptyOnDelete"):
            continue
        service, holds, _ = looks
        try:
            if holds(client.service(service), name):
                found[logical_id] = name
        except CallFailed:
            continue
    return found


def empty(client: Client, kind: str, physical: str) -> None:
    """Delete all that a bucket or a repository holds. Raises CallFailed when AWS refuses."""
    service, _, clear = _LOOKS[kind]
    clear(client.service(service), physical)


def _bucket_holds(s3: Any, bucket: str) -> bool:
    answer = call(s3, "ListObjectVersions", Bucket=bucket, MaxKeys=1)
    return bool(answer.get("Versions") or answer.get("DeleteMarkers"))


def _clear_bucket(s3: Any, bucket: str) -> None:
    for batch in _versions(s3, bucket):
        call(s3, "DeleteObjects", Bucket=bucket, Delete={"Objects": batch, "Quiet": True})


def _versions(s3: Any, bucket: str) -> Iterator[list[dict[str, str]]]:
    while True:
        # what was listed is deleted before the next page: the first page is always the rest
        answer = call(s3, "ListObjectVersions", Bucket=bucket, MaxKeys=1000)
        batch = [
            {"Key": one["Key"], "VersionId": one["VersionId"]}
            for one in [*answer.get("Versions", []), *answer.get("DeleteMarkers", [])]
        ]
        if not batch:
            return
        yield batch


def _repository_holds(ecr: Any, repository: str) -> bool:
    return bool(call(ecr, "ListImages", repositoryName=repository, maxResults=1).get("imageIds"))


def _clear_repository(ecr: Any, repository: str) -> None:
    while True:
        images = call(ecr, "ListImages", repositoryName=repository, maxResults=100).get("imageIds", [])
        if not images:
            return
        call(ecr, "BatchDeleteImage", repositoryName=repository, imageIds=images)


_LOOKS: dict[str, tuple[str, Callable[[Any, str], bool], Callable[[Any, str], None]]] = {
    "AWS::S3::Bucket": ("s3", _bucket_holds, _clear_bucket),
    "AWS::ECR::Repository": ("ecr", _repository_holds, _clear_repository),
}
"""By type, the service to ask, whether something is in it, and how it is emptied."""
