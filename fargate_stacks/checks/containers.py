"""Rules about containers: how they are shut in, where their images come from, what they are told."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fargate_stacks.checks.part import Part
from fargate_stacks.checks.reading import Container, Hit, Reading, rule, windows

_SECRET = re.compile(
    r"(^|_)(PASS(WORD|WD|PHRASE)?|SECRET(_KEY)?|TOKEN|CREDENTIALS?|API_?KEY|PRIVATE_KEY|(SECRET_)?ACCESS_KEY)$"
)
_PASSWORD_IN_URL = re.compile(r"^[a-z][a-z0-9+.-]*://[^/:@\s]+:[^/@\s]+@")
# what stands where a secret would and is none: a switch, a number, a path, the name of a secret that is read later
_NO_SECRET = re.compile(r"(true|false|yes|no|on|off|none|null|\d{1,9}|/.*|arn:.*)?\Z", re.IGNORECASE)


@rule(
    "FS101",
    "info",
    cure="give ReadonlyRootFilesystem: true if the image can start so",
    option="give readonly_root=True if the image can start so",
    source="Security Hub ECS.5",
)
def root_can_be_written(reading: Reading) -> Iterator[Hit]:
    """A container may write to its root file system."""
    for one in reading.containers:
        root = one["ReadonlyRootFilesystem"]
        if (root.absent or root.false) and not windows(one.task):
            yield one.hit("may write to its root file system")


@rule(
    "FS102",
    "info",
    cure="give User if the image can start so",
    option="give user= if the image can start so",
    source="Security Hub ECS.20",
)
def runs_as_root(reading: Reading) -> Iterator[Hit]:
    """A container names no user, or root."""
    for one in reading.containers:
        user = "" if one["User"].absent else one["User"].text
        if user is not None and user.partition(":")[0] in ("", "0", "root") and not windows(one.task):
            user = user.partition(":")[0]
            yield one.hit(f"runs as {user}" if user else "runs as whatever user the image names, often root")


@rule(
    "FS103",
    "info",
    cure="give LinuxParameters.Capabilities.Drop: [ALL] if the image can start so",
    option='give drop=["ALL"] if the image can start so',
    source="ECS API reference, KernelCapabilities",
)
def keeps_capabilities(reading: Reading) -> Iterator[Hit]:
    """A container keeps the kernel capabilities that containers get by default."""
    for one in reading.containers:
        if not one.part.at("LinuxParameters.Capabilities.Drop").given and not windows(one.task):
            yield one.hit("keeps the default kernel capabilities")


@rule("FS107", "warning", cure="name a version", source="ECS developer guide, container image state")
def image_tag_moves(reading: Reading) -> Iterator[Hit]:
    """An image has no tag, or `latest`: two tasks of one service may run different code."""
    for one in reading.containers:
        image = _image(one)
        if image is None or "@" in image:
            continue
        _, colon, tag = image.rpartition("/")[2].partition(":")
        if not colon or tag == "latest":
            said = f"has the tag {tag}" if colon else "has no tag"
            yield one.hit(f"runs {image}, which {said}, so tasks of one deployment may differ")


@rule(
    "FS108",
    "warning",
    cure="give RepositoryCredentials, or use a registry of your own",
    option="give credentials, or use a registry of your own",
    source="Docker Hub usage and limits",
)
def docker_hub_without_login(reading: Reading) -> Iterator[Hit]:
    """An image comes from Docker Hub without a login, whose limit all tasks behind one NAT address share."""
    for one in reading.containers:
        image = _image(one)
        if image is None or one["RepositoryCredentials"].given:
            continue
        host, slash, path = image.partition("/")
        if not slash or not re.search(r"[.:]|^localhost$", host):
            path = image if slash else f"library/{image}"
        elif host not in ("docker.io", "index.docker.io", "registry-1.docker.io"):
            continue
        yield one.hit(
            f"pulls {image} from Docker Hub without a login and may be answered 429 Too Many Requests",
            f"use public.ecr.aws/docker/{path}" if path.startswith("library/") else "",
        )


@rule("FS109", "warning", cure="give it under Secrets", option="give it by secrets=", source="Security Hub ECS.8")
def secret_in_plain_text(reading: Reading) -> Iterator[Hit]:
    """An environment variable looks like a secret and is plain text to all who may read the task definition."""
    for one in reading.containers:
        for variable in one["Environment"]:
            name, value = variable["Name"].text, variable["Value"].value
            if name is None or not isinstance(value, str):
                continue
            named = _SECRET.search(name.upper().replace("-", "_")) and not _NO_SECRET.match(value)
            # CloudFormation puts the secret itself where such a reference stands
            if named or _PASSWORD_IN_URL.match(value) or "{{resolve:secretsmanager:" in value:
                yield one.hit(f"has what looks like a secret in the plain-text variable {name}")


@rule("FS113", "error", cure="give ExecutionRoleArn", source="ECS developer guide, task execution IAM role")
def no_execution_role(reading: Reading) -> Iterator[Hit]:
    """A task needs an execution role, to write logs or to read secrets, and has none: it cannot start."""
    for one in reading.containers:
        logs = one.part.at("LogConfiguration.LogDriver").text == "awslogs" and one.task in reading.fargate_tasks
        needs = [word for word, has in (("awslogs", logs), ("secrets", one["Secrets"].given)) if has]
        if needs and one.task["ExecutionRoleArn"].absent:
            yield one.hit(f"uses {' and '.join(needs)} and its task has no ExecutionRoleArn, so it cannot start")


@rule("FS114", "error", cure="add the option", source="ECS API reference, LogConfiguration")
def no_stream_prefix(reading: Reading) -> Iterator[Hit]:
    """A container on Fargate logs by awslogs without awslogs-stream-prefix, which Fargate refuses."""
    for one in reading.fargate_containers:
        logs = one["LogConfiguration"]
        if logs["LogDriver"].text == "awslogs" and logs.at("Options.awslogs-stream-prefix").absent:
            yield one.hit("logs by awslogs without awslogs-stream-prefix, which Fargate refuses")


def _image(one: Container) -> str | None:
    """The image as far as it is a text; None where its end is known only after deployment."""
    part: Part = one["Image"]
    image = part.value.get("Fn::Sub") if part.unknown and isinstance(part.value, dict) else part.text
    if isinstance(image, str):
        image = image.replace("${AWS::AccountId}", "0").replace("${AWS::Region}", "region")
        image = image.replace("${AWS::URLSuffix}", "amazonaws.com")
    return image if isinstance(image, str) and image and "${" not in image else None
