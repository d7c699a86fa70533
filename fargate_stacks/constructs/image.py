"""Images: who says which version of a program runs.

A plain text in `Container(image=)` is the template's own word. What stands here gives that word to others: to a
lock file, a parameter, a parameter of SSM that a pipeline writes, the service as it runs, or the builder of a folder.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from fargate_stacks.constructs.access import allow
from fargate_stacks.constructs.roles import ecr_repositories
from fargate_stacks.core.construct import Construct, Value, user_folder
from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import NotedParam, Param, Text, sub
from fargate_stacks.errors import RenderError

if TYPE_CHECKING:
    from fargate_stacks.providers.repository import Repository

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")
_TAG = re.compile(r"\w[\w.-]{0,127}\Z", re.ASCII)
_ANY_REPOSITORY = "arn:${AWS::Partition}:ecr:${AWS::Region}:${AWS::AccountId}:repository/*"


class ImageSource(Value):
    """The base of what `Container(image=)` takes beside a text: who says which version runs."""

    def reference(self, runner: Construct, container: str) -> Text:
        """Give what the task definition names, for a container of a runner."""
        raise NotImplementedError

    def repositories(self) -> Iterator[Text]:
        """The ECR repositories that the execution role must read, by ARN."""
        raise NotImplementedError

    def statements(self) -> Iterator[Any]:
        """What the execution role needs beside reading the repositories."""
        yield from ()


class Image(ImageSource):
    """An image by its name and a tag or a digest; what `Container(image=)` takes beside a plain text.

    A digest names one build for ever: `Image("example/web", digest="sha256:...")`. `repository` is the ARN of an ECR
    repository, where the name does not show it. Raises SpecError for both or neither of tag and digest.
    """

    name: Text = field(kw_only=False)
    tag: str | None = None
    digest: str | None = None
    repository: Text | None = None

    def check(self) -> None:
        if (self.tag is None) == (self.digest is None):
            raise self.refuse(f"give tag= or digest=, one of the two, got tag={shown(self.tag)}")
        if self.tag is not None and not _TAG.match(self.tag):
            raise self.refuse(f"a tag is up to 128 letters, digits and _.-, got {shown(self.tag)}")
        if self.digest is not None and not _DIGEST.match(self.digest):
            raise self.refuse(f"digest is sha256: and 64 hexadecimal digits, got {shown(self.digest)}")

    def reference(self, runner: Construct, container: str) -> Text:
        end = f":{self.tag}" if self.digest is None else f"@{self.digest}"
        return self.name + end if isinstance(self.name, str) else sub("{name}" + end, name=self.name)

    def repositories(self) -> Iterator[Text]:
        if self.repository is not None:
            yield self.repository
        elif isinstance(self.name, str):
            yield from ecr_repositories(self.name)
        else:
            yield sub(_ANY_REPOSITORY)


class LockedImage(ImageSource):
    """An image by tag whose digest stands in a lock file, so that the same build runs until the file says otherwise.

    The file is `images.lock` beside your infra.py, `{"images": {"example/web:7": "sha256:..."}}`. `fargate-stacks lock`
    writes it, and it belongs into version control. Rendering refuses an image that the file does not have.
    """

    name: str = field(kw_only=False)
    lock: str = "images.lock"

    def check(self) -> None:
        _, colon, tag = self.name.rpartition("/")[2].partition(":")
        if not colon or not _TAG.match(tag):
            raise self.refuse(f"its name ends in a tag, which the lock file pins, got {shown(self.name)}")
        object.__setattr__(self, "folder", user_folder())

    @cached_property
    def file(self) -> str:
        """The lock file's path."""
        folder: str = getattr(self, "folder", "") or ""
        return os.path.join(folder, self.lock)

    @property
    def digest(self) -> str | None:
        return read_lock(self.file).get(self.name)

    def reference(self, runner: Construct, container: str) -> Text:
        digest = self.digest
        if digest is None:
            raise RenderError(f"{runner.who}: {self.who} is not in {self.lock}; run fargate-stacks lock")
        return f"{self.name.rpartition(':')[0]}@{digest}"

    def repositories(self) -> Iterator[Text]:
        yield from ecr_repositories(self.name)


def read_lock(path: str) -> dict[str, str]:
    """Give the digests of a lock file by image; nothing where there is no file. Raises RenderError for another file."""
    if not os.path.exists(path):
        return {}
    try:
        with open(path, encoding="utf-8") as file:
            images: dict[str, str] = json.load(file)["images"]
        if all(_DIGEST.match(one) for one in images.values()):
            return images
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    raise RenderError(f'{path}: it is no lock file; write {{"images": {{"name:tag": "sha256:..."}}}}')


class ParameterImage(ImageSource):
    """An image that is a parameter of the stack: `fargate-stacks deploy --parameter WebImage=...` says which.

    `name` is the parameter's. `repository` is the ARN of the ECR repository that it comes from; any of the account when
    None, since the template cannot know. The value that was given last stays until another is given.
    """

    name: str = field(kw_only=False)
    default: str | None = None
    repository: Text | None = None

    def check(self) -> None:
        Param(self.name)

    def reference(self, runner: Construct, container: str) -> Text:
        return Param(self.name, default=self.default, description=f"image of {container} in {runner.name}")

    def repositories(self) -> Iterator[Text]:
        yield sub(_ANY_REPOSITORY) if self.repository is None else self.repository


class SsmImage(ImageSource):
    """An image that a parameter of SSM names: a pipeline writes it, and the next deployment runs it.

    `path` is the parameter's, `/shop/web/image`, which holds a whole image name, or with `of="example/web"` its tag
    alone. CloudFormation reads it at every deployment. `repository` as in `ParameterImage`. Raises SpecError.
    """

    path: str = field(kw_only=False)
    of: str | None = None
    repository: Text | None = None

    def check(self) -> None:
        if not re.fullmatch(r"/?[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*", self.path):
            raise self.refuse(f"path is like /shop/web/image, got {shown(self.path)}")

    @property
    def who(self) -> str:
        return f"SsmImage {shown(self.path)}"

    def reference(self, runner: Construct, container: str) -> Text:
        words = re.findall(r"[A-Za-z0-9]+", self.path)
        value = Param(
            "".join(word[0].upper() + word[1:] for word in words),
            type="AWS::SSM::Parameter::Value<String>",
            default=self.path,
            description=f"SSM parameter with the {'tag' if self.of else 'image'} of {container} in {runner.name}",
        )
        return value if self.of is None else sub(self.of + ":{tag}", tag=value)

    def repositories(self) -> Iterator[Text]:
        if self.repository is not None:
            yield self.repository
        elif self.of is not None:
            yield from ecr_repositories(self.of)
        else:
            yield sub(_ANY_REPOSITORY)


class ExternalImage(ImageSource):
    """An image that others roll out: what the service runs stays at a deploy, `initial` is for the first.

    For pipelines that register task definitions and update services by themselves. It is a parameter of the stack,
    named after the runner, the container unless that is "app", and `Image`; at each deploy the deployer fills it with
    the image of the task definition that the service has then. `--parameter WebImage=...` puts another. With other
    tools give it yourself: they keep the value that the stack had last. Raises RenderError outside a service.
    """

    initial: str = field(kw_only=False)
    repository: Text | None = None

    @property
    def who(self) -> str:
        return f"ExternalImage {shown(self.initial)}"

    def reference(self, runner: Construct, container: str) -> Text:
        return NotedParam(
            parameter_name(runner, container),
            section="LiveImages",
            content={"Service": runner.id("Service"), "Container": container},
            default=self.initial,
            description=f"image that {container} in {runner.name} runs, which others roll out",
        )

    def repositories(self) -> Iterator[Text]:
        if self.repository is not None:
            yield self.repository
        else:
            yield from ecr_repositories(self.initial)


class BuiltImage(ImageSource):
    """An image that `deploy` builds from a folder and pushes into an ECR repository, by docker or podman.

    `context` is a folder beside your infra.py, `dockerfile` a path in it, `target` a stage, `args` build arguments,
    which are no place for secrets. The platform is the task's. The tag is a digest of the folder without what
    `.dockerignore` leaves out and of how it is built, so what has not changed is neither built nor pushed again; a base
    image that moved does not show in it. It is a parameter of the stack: `--parameter WebImage=...` gives one that was
    built elsewhere. The repository must be in a stack of its own, before the one that runs the image: a service that
    starts before the first push would be rolled back. Raises SpecError.
    """

    context: str = field(kw_only=False)
    repository: Repository
    dockerfile: str = "Dockerfile"
    target: str | None = None
    args: Mapping[str, str] = {}

    def check(self) -> None:
        if not self.context:
            raise self.refuse('context is a folder, got an empty text; "." is that of your infra.py')
        if os.path.isabs(self.dockerfile) or ".." in self.dockerfile.split("/"):
            raise self.refuse(f"dockerfile is a path inside the context, got {shown(self.dockerfile)}")
        object.__setattr__(self, "folder", user_folder())

    @property
    def who(self) -> str:
        return f"BuiltImage {shown(self.context)}"

    @property
    def path(self) -> str:
        """The context's folder."""
        folder: str = getattr(self, "folder", "") or ""
        return os.path.normpath(os.path.join(folder, self.context))

    def reference(self, runner: Construct, container: str) -> Text:
        task = getattr(runner, "task", None)
        platform = "linux/arm64" if getattr(task, "architecture", "") == "ARM64" else "linux/amd64"
        content: dict[str, Any] = {
            "Context": self.context,
            "Dockerfile": self.dockerfile,
            "Platform": "windows/amd64" if getattr(task, "windows", False) else platform,
            "Repository": self.repository.repository_arn,
        }
        if self.target is not None:
            content["Target"] = self.target
        if self.args:
            content["Args"] = dict(self.args)
        return NotedParam(
            parameter_name(runner, container),
            section="Builds",
            content=content,
            local={"Path": self.path},
            description=f"image of {container} in {runner.name}, built from {self.context}",
        )

    def repositories(self) -> Iterator[Text]:
        yield self.repository.repository_arn


class CachedImage(ImageSource):
    """An image of another registry, pulled through a cache in ECR; `PullThroughCache.image()` makes one."""

    name: Text = field(kw_only=False)
    repository: Text

    def reference(self, runner: Construct, container: str) -> Text:
        return self.name

    def repositories(self) -> Iterator[Text]:
        yield self.repository

    def statements(self) -> Iterator[Any]:
        # the first pull of a tag makes the repository and fills it
        yield allow("ecr:BatchImportUpstreamImage", "ecr:CreateRepository", on=[self.repository])


def parameter_name(runner: Construct, container: str) -> str:
    """`WebImage`; for a container with a name of its own `WebSideImage`."""
    words: Sequence[str] = [] if container == "app" else re.findall(r"[A-Za-z0-9]+", container)
    return runner.id("".join(word[0].upper() + word[1:] for word in words) + "Image")
