"""The lock file: which digest each image of an app has, as the registries tell it now."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from fargate_stacks.constructs.image import LockedImage, read_lock
from fargate_stacks.core.construct import Frozen
from fargate_stacks.core.stack import App
from fargate_stacks.deploy import registry
from fargate_stacks.deploy.client import CallFailed, Client, call
from fargate_stacks.errors import DeployError

_ABSENT = ("ImageNotFoundException", "RepositoryNotFoundException")


@dataclass(frozen=True)
class Locked:
    """One image of a lock file, before and after it was looked up."""

    file: str
    image: str
    digest: str
    was: str | None

    @property
    def state(self) -> str:
        """new, moved or same."""
        return "new" if self.was is None else "same" if self.was == self.digest else "moved"


def images_of(app: App) -> list[LockedImage]:
    """Give the locked images of an app, each name of each file once, in the order of the app."""
    found: dict[tuple[str, str], LockedImage] = {}
    seen: set[int] = set()
    for stack in app.stacks:
        for one in _within(stack.flat(), seen):
            found.setdefault((one.file, one.name), one)
    return list(found.values())


def _within(thing: object, seen: set[int]) -> Iterator[LockedImage]:
    if isinstance(thing, LockedImage):
        yield thing
    elif isinstance(thing, Frozen):
        if id(thing) not in seen:
            seen.add(id(thing))
            for key in type(thing)._fields:
                yield from _within(getattr(thing, key), seen)
    elif isinstance(thing, Mapping):
        yield from _within(list(thing.values()), seen)
    elif isinstance(thing, Iterable) and not isinstance(thing, (str, bytes)):
        for one in thing:
            yield from _within(one, seen)


def look_up(
    images: Iterable[LockedImage],
    client: Callable[[], Client],
    *,
    fetch: registry.Fetch = registry.get,
    look: registry.Fetch = registry.head,
) -> list[Locked]:
    """Give the digest that each image has now: by the API of ECR for ECR's, by the registry's own for others.

    `client` is asked for only where ECR is. Raises DeployError that names every image which is not there, with exit
    code 2, or which its registry does not show.
    """
    found: list[Locked] = []
    absent: list[str] = []
    hidden: list[str] = []
    known: dict[str, str | None] = {}
    for one in images:
        try:
            if one.name not in known:
                known[one.name] = _digest(registry.parse(one.name), client, fetch, look)
        except registry.Unknown as why:
            hidden.append(f"{one.name} ({why})")
            continue
        digest = known[one.name]
        if digest is None:
            absent.append(one.name)
        else:
            found.append(Locked(one.file, one.name, digest, read_lock(one.file).get(one.name)))
    if absent:
        raise DeployError(
            f"lock: {', '.join(absent)} is not in its registry; push it, or correct the name", exit_code=2
        )
    if hidden:
        raise DeployError(f"lock: {'; '.join(hidden)}: the digest cannot be read")
    return found


def _digest(
    image: registry.Image, client: Callable[[], Client], fetch: registry.Fetch, look: registry.Fetch
) -> str | None:
    if image.ecr is None:
        return registry.digest(image, fetch, look)
    account, region = image.ecr
    try:
        details = call(
            client().at(region).service("ecr"),
            "DescribeImages",
            registryId=account,
            repositoryName=image.repository,
            imageIds=[{"imageTag": image.reference}],
        )["imageDetails"]
    except CallFailed as trouble:
        if trouble.code in _ABSENT:
            return None
        if trouble.expired or trouble.denied:
            raise
        raise registry.Unknown(f"{trouble.operation}: {trouble.message or trouble.code}") from trouble
    return str(details[0]["imageDigest"]) if details else None


def unused(images: Iterable[LockedImage]) -> dict[str, list[str]]:
    """Give by file the images of the lock files that the app does not name."""
    named: dict[str, set[str]] = {}
    for one in images:
        named.setdefault(one.file, set()).add(one.name)
    rest = {file: [name for name in read_lock(file) if name not in names] for file, names in named.items()}
    return {file: names for file, names in rest.items() if names}


def write(found: Iterable[Locked], *, drop: Mapping[str, Iterable[str]]) -> list[str]:
    """Write what was found into the lock files; `drop` has by file what is struck out. Give the files that changed."""
    files: dict[str, dict[str, str]] = {}
    for one in found:
        files.setdefault(one.file, read_lock(one.file))[one.image] = one.digest
    for file, names in drop.items():
        images = files.setdefault(file, read_lock(file))
        for name in names:
            images.pop(name, None)
    changed = []
    for file, images in files.items():
        if images == read_lock(file) and os.path.exists(file):
            continue
        text = json.dumps({"images": dict(sorted(images.items()))}, indent=2) + "\n"
        draft = Path(f"{file}.new")
        draft.write_text(text, "utf-8")
        draft.replace(file)
        changed.append(file)
    return changed
