"""Images that are built from folders: named by the digest of their content, built and pushed where they are missing.

The name of an image is known before it is built, so a plan needs no build, and what has not changed is pushed once.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from fargate_stacks.core.template import Template
from fargate_stacks.deploy import context
from fargate_stacks.deploy.client import CallFailed, Client, call
from fargate_stacks.errors import DeployError

CLIENTS = ("docker", "podman")
_REPOSITORY = re.compile(r"arn:(aws[\w-]*):ecr:([a-z0-9-]+):(\d{12}):repository/([a-z0-9._/-]+)\Z")
_LAST_LINES = 20


@dataclass(frozen=True)
class Build:
    """One image that a stack runs and this machine builds."""

    stack: str
    parameter: str
    folder: Path
    dockerfile: str
    platform: str
    target: str | None = None
    args: Mapping[str, str] = field(default_factory=dict)
    repository: Any = None
    """What the template says of the repository: its ARN, or where that comes from."""

    @cached_property
    def tag(self) -> str:
        """The image's tag: a digest of the folder and of how it is built. Raises DeployError where there is none."""
        content = context.digest(self.folder, self.dockerfile)
        how = [self.dockerfile, self.platform, self.target, sorted(self.args.items()), content]
        return hashlib.sha256(json.dumps(how).encode()).hexdigest()[:24]

    def arn(self, values: Mapping[str, str]) -> str | None:
        """Give the repository's ARN; `values` has those of the stack's parameters. None where it is not known yet."""
        match self.repository:
            case str(arn):
                return arn
            case {"Ref": str(name)}:
                return values.get(name)
        raise DeployError(f"{self.stack}: {self.parameter}: {self.repository!r} is no repository", exit_code=2)

    def image(self, values: Mapping[str, str]) -> str | None:
        """Give the image's whole name; None where its repository is not known yet."""
        arn = self.arn(values)
        return None if arn is None else f"{_place(arn)[2]}:{self.tag}"

    def command(self, image: str) -> list[str]:
        """Give the arguments of the builder."""
        return [
            *("build", "--platform", self.platform, "--file", str(self.folder / self.dockerfile)),
            *(("--target", self.target) if self.target is not None else ()),
            *(word for key, value in self.args.items() for word in ("--build-arg", f"{key}={value}")),
            *("--tag", image, str(self.folder)),
        ]


def builds_of(template: Template, given: Mapping[str, str] | None = None) -> list[Build]:
    """Give the builds of a stack, those left out whose image was given; none of a template that comes from a file."""
    notes: Mapping[str, Any] = template.metadata.get("FargateStacks", {}).get("Builds", {})
    return [
        Build(
            stack=template.name,
            parameter=parameter,
            folder=Path(template.local[parameter]["Path"]),
            dockerfile=one["Dockerfile"],
            platform=one["Platform"],
            target=one.get("Target"),
            args=one.get("Args", {}),
            repository=one["Repository"],
        )
        for parameter, one in notes.items()
        if parameter not in (given or {}) and "Path" in template.local.get(parameter, {})
    ]


class Builder:
    """Builds and pushes by a client of this machine, one image at a time.

    `program` is docker, podman or another that takes their arguments; the first of both that is found when None. On a
    local cloud, which runs no images, nothing is built: the image is only entered into its ECR.
    """

    def __init__(self, program: str | None = None) -> None:
        self._program = program
        self._lock = threading.Lock()
        self._there: set[str] = set()

    def program(self, why: Build) -> str:
        """Give the client's path. Raises DeployError with exit code 2 where there is none."""
        for name in CLIENTS if self._program is None else (self._program,):
            found = shutil.which(name)
            if found is not None:
                return found
        wanted = "neither docker nor podman is" if self._program is None else f"{self._program} is not"
        raise DeployError(
            f"{why.stack}: {why.parameter} is built from {why.folder.name}, and {wanted} on PATH; install one, or push "
            f"the image yourself and give --parameter {why.parameter}=IMAGE",
            exit_code=2,
        )

    def prepare(self, build: Build, arn: str | None, client: Client) -> None:
        """Find out before anything is changed whether a build could be made. Raises DeployError."""
        if not client.local and (arn is None or not self._exists(arn, build.tag, client)):
            self.program(build)

    def push(self, build: Build, arn: str, client: Client, say: Callable[[str], None]) -> None:
        """Build and push an image unless it is in its repository already. Raises DeployError when that fails."""
        name = _place(arn)[2]
        image = f"{name}:{build.tag}"
        with self._lock:
            if self._exists(arn, build.tag, client):
                return
            if client.local:
                self._enter(arn, build.tag, client)
                say(f"{build.parameter}: the local cloud runs no images, so {build.folder.name} was not built")
            else:
                program = self.program(build)
                say(f"{build.parameter}: {Path(program).name} builds {build.folder.name} for {build.platform}")
                _run(program, build.command(image), build)
                _refuse_changed(build)
                _login(program, client, arn, build)
                _run(program, ["push", image], build)
                say(f"{build.parameter}: pushed {image}")
            self._there.add(image)

    def _exists(self, arn: str, tag: str, client: Client) -> bool:
        (account, region), repository, name = _place(arn)
        if f"{name}:{tag}" not in self._there:
            try:
                asked = {"registryId": account, "repositoryName": repository, "imageIds": [{"imageTag": tag}]}
                found = call(client.at(region).service("ecr"), "BatchGetImage", **asked).get("images")
            except CallFailed as trouble:
                if trouble.code != "RepositoryNotFoundException":
                    raise
                found = []
            if not found:
                return False
            self._there.add(f"{name}:{tag}")
        return True

    def _enter(self, arn: str, tag: str, client: Client) -> None:
        (account, region), repository, _ = _place(arn)
        empty = {"schemaVersion": 2, "config": {}, "layers": [], "annotations": {"tag": tag}}
        call(
            client.at(region).service("ecr"),
            "PutImage",
            registryId=account,
            repositoryName=repository,
            imageManifest=json.dumps(empty),
            imageTag=tag,
        )


def _place(arn: str) -> tuple[tuple[str, str], str, str]:
    """Give account and region, the repository's name, and where images are pushed to."""
    match = _REPOSITORY.match(arn)
    if match is None:
        raise DeployError(
            f"{arn}: it is not the ARN of an ECR repository; BuiltImage(repository=) wants one", exit_code=2
        )
    partition, region, account, repository = match.groups()
    host = f"{account}.dkr.ecr.{region}.amazonaws.com" + (".cn" if partition == "aws-cn" else "")
    return (account, region), repository, f"{host}/{repository}"


def _refuse_changed(build: Build) -> None:
    """Raise DeployError where the folder is not the one that was planned: its name would be that of another content."""
    if replace(build).tag != build.tag:
        raise DeployError(
            f"{build.stack}: {build.parameter}: {build.folder.name} has changed since the plan was made; nothing was "
            "pushed; deploy again",
            exit_code=4,
        )


def _login(program: str, client: Client, arn: str, build: Build) -> None:
    (_, region), _, name = _place(arn)
    answer = call(client.at(region).service("ecr"), "GetAuthorizationToken")
    token = base64.b64decode(answer["authorizationData"][0]["authorizationToken"]).decode()
    user, _, password = token.partition(":")
    # by standard input: a password among the arguments could be read by everybody on this machine
    _run(program, ["login", "--username", user, "--password-stdin", name.partition("/")[0]], build, given=password)


def _run(program: str, arguments: Sequence[str], build: Build, *, given: str | None = None) -> None:
    done = subprocess.run(
        [program, *arguments],
        input=given if given is not None else "",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        last = "\n".join(f"  {line}" for line in done.stdout.splitlines()[-_LAST_LINES:])
        what = f"{Path(program).name} {arguments[0]}"
        raise DeployError(
            f"{build.stack}: {build.parameter}: {what} ended with {done.returncode}; its last lines:\n{last}",
            exit_code=2,
        )
