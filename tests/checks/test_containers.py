"""What the rules about containers object to, and what they let pass."""

from __future__ import annotations

from typing import Any

import pytest

from tests.checks.templates import container, found, task, template

WINDOWS = {"RuntimePlatform": {"OperatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}}


def judged(code: str, **properties: Any) -> list[str]:
    return found(code, template(Task=task(container(**properties))))


def test_a_writable_root_is_found() -> None:
    assert judged("FS101", ReadonlyRootFilesystem=None) == [
        "s.Task: container app may write to its root file system; give readonly_root=True if the image can start so"
    ]


@pytest.mark.parametrize(
    ("user", "said"),
    [
        (None, "runs as whatever user the image names, often root"),
        ("root", "runs as root"),
        ("0:0", "runs as 0"),
    ],
)
def test_a_root_user_is_found(user: str | None, said: str) -> None:
    assert judged("FS102", User=user) == [f"s.Task: container app {said}; give user= if the image can start so"]


def test_kept_capabilities_are_found() -> None:
    assert judged("FS103", LinuxParameters={"InitProcessEnabled": True}) == [
        's.Task: container app keeps the default kernel capabilities; give drop=["ALL"] if the image can start so'
    ]


@pytest.mark.parametrize("code", ["FS101", "FS102", "FS103"])
def test_windows_has_none_of_these_options(code: str) -> None:
    bare = container(ReadonlyRootFilesystem=None, User=None, LinuxParameters=None)
    assert found(code, template(Task=task(bare, **WINDOWS))) == []
    assert len(found(code, template(Task=task(bare)))) == 1


@pytest.mark.parametrize(
    ("image", "said"),
    [
        ("nginx", "has no tag"),
        ("nginx:latest", "has the tag latest"),
        ("registry.example.com:5000/team/app", "has no tag"),
        ({"Fn::Sub": "${AWS::AccountId}.dkr.ecr.${AWS::Region}.amazonaws.com/app"}, "has no tag"),
    ],
)
def test_an_image_whose_tag_moves_is_found(image: object, said: str) -> None:
    (message,) = judged("FS107", Image=image)
    assert f"which {said}, so tasks of one deployment may differ; name a version" in message


@pytest.mark.parametrize(
    "image",
    [
        "nginx:1.29",
        "registry.example.com:5000/team/app:2",
        "nginx@sha256:0123456789abcdef",
        "nginx:latest@sha256:0123456789abcdef",
        {"Ref": "Image"},
        {"Fn::Sub": "${Repository}:${Version}"},
    ],
)
def test_an_image_with_a_version_passes(image: object) -> None:
    assert judged("FS107", Image=image) == []


@pytest.mark.parametrize(
    ("image", "cure"),
    [
        ("nginx:1.29", "use public.ecr.aws/docker/library/nginx:1.29"),
        ("library/nginx:1", "use public.ecr.aws/docker/library/nginx:1"),
        ("docker.io/library/nginx:1", "use public.ecr.aws/docker/library/nginx:1"),
        ("grafana/grafana:12.0", "give credentials, or use a registry of your own"),
    ],
)
def test_an_anonymous_pull_from_docker_hub_is_found(image: str, cure: str) -> None:
    assert judged("FS108", Image=image) == [
        f"s.Task: container app pulls {image} from Docker Hub without a login and may be answered "
        f"429 Too Many Requests; {cure}"
    ]


@pytest.mark.parametrize(
    "properties",
    [
        {"Image": "public.ecr.aws/nginx/nginx:1.29"},
        {"Image": "localhost/app:1"},
        {"Image": "ghcr.io/team/app:1"},
        {"Image": "grafana/grafana:12.0", "RepositoryCredentials": {"CredentialsParameter": "arn"}},
        {"Image": {"Fn::Sub": "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/app:1"}},
    ],
)
def test_other_registries_and_logins_pass(properties: dict[str, Any]) -> None:
    assert judged("FS108", **properties) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD", "hunter2"),
        ("API_TOKEN", "abc"),
        ("STRIPE_API_KEY", "sk_live"),
        ("AWS_SECRET_ACCESS_KEY", "abc"),
        ("client-secret", "abc"),
        ("DATABASE_URL", "postgres://app:hunter2@db:5432/app"),
    ],
)
def test_a_secret_in_plain_text_is_found(name: str, value: str) -> None:
    assert judged("FS109", Environment=[{"Name": name, "Value": value}]) == [
        f"s.Task: container app has what looks like a secret in the plain-text variable {name}; give it by secrets="
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD_FILE", "/run/secrets/db"),
        ("DB_PASSWORD", "/run/secrets/db"),
        ("API_TOKEN", ""),
        ("REQUIRE_TOKEN", "true"),
        ("MAX_TOKEN", "4096"),
        ("DB_SECRET", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db"),
        ("TOKEN_URL", "https://login.example.com/token"),
        ("DB_PASSWORD", {"Ref": "Password"}),
        ("MONKEY", "george"),
        ("COMPASS", "north"),
        ("DATABASE_URL", "postgres://db:5432/app"),
        ("CONTACT_URL", "mailto://x:y"),
    ],
)
def test_what_only_sounds_like_a_secret_passes(name: str, value: object) -> None:
    assert judged("FS109", Environment=[{"Name": name, "Value": value}]) == []


def test_logs_and_secrets_without_an_execution_role_are_found() -> None:
    needy = container(
        Secrets=[{"Name": "A", "ValueFrom": "arn"}],
        LogConfiguration={"LogDriver": "awslogs", "Options": {"awslogs-stream-prefix": "a"}},
    )
    without = template(Task=task(needy, ExecutionRoleArn=None))
    assert found("FS113", without) == [
        "s.Task: container app uses awslogs and secrets and its task has no ExecutionRoleArn, so it cannot start; "
        "give ExecutionRoleArn"
    ]
    assert found("FS113", template(Task=task(needy))) == []


def test_awslogs_without_a_stream_prefix_is_found() -> None:
    assert judged("FS114", LogConfiguration={"LogDriver": "awslogs", "Options": {}}) == [
        "s.Task: container app logs by awslogs without awslogs-stream-prefix, which Fargate refuses; add the option"
    ]
    assert judged("FS114", LogConfiguration={"LogDriver": "awsfirelens"}) == []
