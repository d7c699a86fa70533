"""Rules about containers: how they are shut in, where their images come from, what they are told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fargate_stacks.checks.finding import Templates
from fargate_stacks.checks.reading import Container, Hit, containers

_SECRET = re.compile(
    r"(^|_)(PASS(WORD|WD|PHRASE)?|SECRET(_KEY)?|TOKEN|CREDENTIALS?|API_?KEY|PRIVATE_KEY|(SECRET_)?ACCESS_KEY)$"
)
_PASSWORD_IN_URL = re.compile(r"^[a-z][a-z0-9+.-]*://[^/:@\s]+:[^/@\s]+@")
# what stands where a secret would and is none: a switch, a number, a path, the name of a secret that is read later
_NO_SECRET = re.compile(r"(true|false|yes|no|on|off|none|null|\d{1,9}|/.*|arn:.*)?\Z", re.IGNORECASE)


def root_can_be_written(templates: Templates) -> Iterator[Hit]:
    """A container may write to its root file system."""
    for one in containers(templates):
        if one.definition.get("ReadonlyRootFilesystem") is not True and not one.windows:
            yield one.hit("may write to its root file system; give readonly_root=True if the image can start so")


def runs_as_root(templates: Templates) -> Iterator[Hit]:
    """A container names no user, or root."""
    for one in containers(templates):
        user = str(one.definition.get("User", "")).partition(":")[0]
        if user in ("", "0", "root") and not one.windows:
            said = f"runs as {user}" if user else "runs as whatever user the image names, often root"
            yield one.hit(f"{said}; give user= if the image can start so")


def keeps_capabilities(templates: Templates) -> Iterator[Hit]:
    """A container keeps the kernel capabilities that containers get by default."""
    for one in containers(templates):
        capabilities = one.definition.get("LinuxParameters", {}).get("Capabilities", {})
        if not capabilities.get("Drop") and not one.windows:
            yield one.hit('keeps the default kernel capabilities; give drop=["ALL"] if the image can start so')


def image_tag_moves(templates: Templates) -> Iterator[Hit]:
    """An image has no tag, or `latest`: two tasks of one service may run different code."""
    for one in containers(templates):
        image = _image(one)
        if image is None or "@" in image:
            continue
        _, colon, tag = image.rpartition("/")[2].partition(":")
        if not colon or tag == "latest":
            said = f"has the tag {tag}" if colon else "has no tag"
            yield one.hit(f"runs {image}, which {said}, so tasks of one deployment may differ; name a version")


def docker_hub_without_login(templates: Templates) -> Iterator[Hit]:
    """An image comes from Docker Hub without a login, whose limit all tasks behind one NAT address share."""
    for one in containers(templates):
        image = _image(one)
        if image is None or "RepositoryCredentials" in one.definition:
            continue
        host, slash, path = image.partition("/")
        if not slash or not re.search(r"[.:]|^localhost$", host):
            path = image if slash else f"library/{image}"
        elif host not in ("docker.io", "index.docker.io", "registry-1.docker.io"):
            continue
        cure = "give credentials, or use a registry of your own"
        if path.startswith("library/"):
            cure = f"use public.ecr.aws/docker/{path}"
        yield one.hit(
            f"pulls {image} from Docker Hub without a login and may be answered 429 Too Many Requests; {cure}"
        )


def secret_in_plain_text(templates: Templates) -> Iterator[Hit]:
    """An environment variable looks like a secret and is plain text to all who may read the task definition."""
    for one in containers(templates):
        for variable in one.definition.get("Environment", ()):
            name, value = variable.get("Name"), variable.get("Value")
            if not isinstance(name, str) or not isinstance(value, str):
                continue
            named = _SECRET.search(name.upper().replace("-", "_")) and not _NO_SECRET.match(value)
            if named or _PASSWORD_IN_URL.match(value):
                yield one.hit(f"has what looks like a secret in the plain-text variable {name}; give it by secrets=")


def no_execution_role(templates: Templates) -> Iterator[Hit]:
    """A task needs an execution role, to write logs or to read secrets, and has none: it cannot start."""
    for one in containers(templates):
        if "ExecutionRoleArn" in one.task:
            continue
        logs = one.definition.get("LogConfiguration", {}).get("LogDriver") == "awslogs"
        needs = [word for word, has in (("awslogs", logs), ("secrets", one.definition.get("Secrets"))) if has]
        if needs:
            yield one.hit(f"uses {' and '.join(needs)} and its task has no ExecutionRoleArn, so it cannot start")


def no_stream_prefix(templates: Templates) -> Iterator[Hit]:
    """A container on Fargate logs by awslogs without awslogs-stream-prefix, which Fargate refuses."""
    for one in containers(templates):
        logs = one.definition.get("LogConfiguration", {})
        if logs.get("LogDriver") == "awslogs" and "awslogs-stream-prefix" not in logs.get("Options", {}):
            yield one.hit("logs by awslogs without awslogs-stream-prefix, which Fargate refuses; add the option")


def _image(one: Container) -> str | None:
    """The image as far as it is a text; None where its end is known only after deployment."""
    image: Any = one.definition.get("Image")
    if isinstance(image, dict) and isinstance(image.get("Fn::Sub"), str):
        image = image["Fn::Sub"].replace("${AWS::AccountId}", "0").replace("${AWS::Region}", "region")
        image = image.replace("${AWS::URLSuffix}", "amazonaws.com")
    return image if isinstance(image, str) and "${" not in image else None
