"""Images that are built: by a stand-in for docker and podman, into the local cloud's ECR."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fargate_stacks import App, BuiltImage, Cluster, Container, Repository, Service, Stack, Task, Vpc, render
from fargate_stacks.core.template import Template
from fargate_stacks.deploy import engine
from fargate_stacks.deploy.builds import builds_of
from fargate_stacks.deploy.client import Client
from fargate_stacks.deploy.clock import WallClock
from fargate_stacks.deploy.messages import Message, Note, Summary
from fargate_stacks.deploy.parameters import missing
from fargate_stacks.deploy.run import Options
from fargate_stacks.errors import DeployError
from tests.deploy.standin import StandIn
from tests.localcloud import Cloud


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "web"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY main.py /\n")
    (folder / "main.py").write_text("print('one')\n")
    return folder


@pytest.fixture
def standin(tmp_path: Path, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    made = StandIn(tmp_path, cloud)
    monkeypatch.setenv("PATH", str(made.folder))
    return made


def shop(source: Path, architecture: Any = "X86_64", **image: Any) -> dict[str, Template]:
    vpc = Vpc("Net", nat="none")
    cluster = Cluster("Main", vpc=vpc)
    images = Repository("Images")
    built = BuiltImage(str(source), repository=images, **image)
    task = Task(containers=[Container(image=built)], architecture=architecture)
    web = Service("Web", cluster=cluster, task=task, subnets="public")
    return render(App([Stack("images", [images], removal="remove"), Stack("shop", [vpc, cluster, web])]))


class Quick(WallClock):
    """Looks twenty times as often as one does at AWS."""

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds / 20)


class Deployer:
    """Deploys as to AWS: the client does not say that the cloud is a local one."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.client: Client = replace(cloud.client(), local=False)
        self.said: list[Message] = []

    def __call__(
        self,
        templates: Mapping[str, Template],
        do: Any = engine.deploy,
        ask: Callable[[str], bool] = lambda question: True,
        **more: Any,
    ) -> None:
        self.said.clear()
        do(templates, self.client, out=self.said.append, ask=ask, clock=Quick(), **more)

    @property
    def notes(self) -> list[str]:
        return [one.text for one in self.said if isinstance(one, Note)]

    @property
    def running(self) -> str:
        """The image that the service's task definition has."""
        ecs = self.cloud.api("ecs")
        physical = self.cloud.physical("shop")
        found = ecs.describe_task_definition(taskDefinition=physical["WebTaskDefinition"])["taskDefinition"]
        return str(found["containerDefinitions"][0]["image"])

    @property
    def tags(self) -> list[str]:
        name = self.cloud.physical("images")["ImagesRepository"]
        details = self.cloud.api("ecr").describe_images(repositoryName=name)["imageDetails"]
        return sorted(tag for one in details for tag in one["imageTags"])


@pytest.fixture
def deployer(cloud: Cloud) -> Deployer:
    return Deployer(cloud)


def test_a_first_deploy_builds_logs_in_and_pushes_between_the_stacks(
    deployer: Deployer, standin: StandIn, source: Path
) -> None:
    standin.install()
    deployer(shop(source, target="prod", args={"V": "1"}))
    image = deployer.running
    host = f"{deployer.cloud.account}.dkr.ecr.us-east-1.amazonaws.com"
    assert image.startswith(f"{host}/")
    build, login, push = standin.calls
    assert build.argv == [
        *("build", "--platform", "linux/amd64", "--file", str(source / "Dockerfile"), "--target", "prod"),
        *("--build-arg", "V=1", "--tag", image, str(source)),
    ]
    assert login.argv == ["login", "--username", "AWS", "--password-stdin", host]
    assert login.stdin == "ministack-auth-token"
    assert push.argv == ["push", image]
    assert deployer.tags == [image.rpartition(":")[2]]
    assert deployer.notes[-2:] == [
        "WebImage: docker builds web for linux/amd64",
        f"WebImage: pushed {image}",
    ]


def test_what_has_not_changed_is_not_pushed_again_and_a_change_is(
    deployer: Deployer, standin: StandIn, source: Path
) -> None:
    standin.install()
    deployer(shop(source))
    first = deployer.running
    deployer(shop(source))
    assert (len(standin.calls), deployer.running) == (3, first)
    (source / "main.py").write_text("print('two')\n")
    deployer(shop(source))
    assert [one.argv[0] for one in standin.calls[3:]] == ["build", "login", "push"]
    assert deployer.running != first
    (source / "main.py").write_text("print('one')\n")
    deployer(shop(source))  # the old tag is still in the repository
    assert (len(standin.calls), deployer.running) == (6, first)


def test_a_folder_that_changes_after_the_plan_is_not_pushed_under_its_name(
    deployer: Deployer, standin: StandIn, source: Path
) -> None:
    def agree(question: str) -> bool:
        (source / "main.py").write_text("print('meanwhile')\n")
        return True

    standin.install()
    with pytest.raises(DeployError, match="web has changed since the plan was made; nothing was pushed") as caught:
        deployer(shop(source), ask=agree)
    assert (caught.value.exit_code, deployer.tags) == (4, [])
    deployer(shop(source))
    assert deployer.tags == [deployer.running.rpartition(":")[2]]


def test_podman_does_where_there_is_no_docker(deployer: Deployer, standin: StandIn, source: Path) -> None:
    standin.install("podman")
    deployer(shop(source, "ARM64"))
    assert {one.program for one in standin.calls} == {"podman"}
    assert standin.calls[0].argv[:3] == ["build", "--platform", "linux/arm64"]


def test_another_builder_is_taken_when_it_is_named(deployer: Deployer, standin: StandIn, source: Path) -> None:
    standin.install("docker")
    standin.install("finch")
    deployer(shop(source), options=Options(builder="finch"))
    assert {one.program for one in standin.calls} == {"finch"}


@pytest.mark.parametrize(
    ("builder", "words"),
    [(None, "neither docker nor podman is on PATH"), ("nerdctl", "nerdctl is not on PATH")],
)
def test_without_a_client_nothing_is_sent_and_the_way_out_is_named(
    deployer: Deployer, standin: StandIn, source: Path, builder: str | None, words: str
) -> None:
    with pytest.raises(DeployError, match=words) as caught:
        deployer(shop(source), options=Options(builder=builder))
    assert caught.value.exit_code == 2
    assert "give --parameter WebImage=IMAGE" in str(caught.value)
    assert deployer.cloud.api("cloudformation").describe_stacks()["Stacks"] == []


def test_an_image_that_is_given_is_not_built(deployer: Deployer, standin: StandIn, source: Path) -> None:
    deployer(shop(source), given={"WebImage": "public.ecr.aws/docker/library/nginx:1.29"})
    assert (standin.calls, deployer.running) == ([], "public.ecr.aws/docker/library/nginx:1.29")


def test_a_build_that_fails_ends_with_its_last_lines_and_leaves_no_change_set(
    deployer: Deployer, standin: StandIn, source: Path
) -> None:
    standin.install(fails="build")
    with pytest.raises(DeployError) as caught:
        deployer(shop(source))
    assert str(caught.value) == (
        "shop: WebImage: docker build ended with 2; its last lines:\n"
        "  Step 3/9 : RUN make\n  make: *** no rule to make target"
    )
    stacks = deployer.cloud.api("cloudformation").describe_stacks()["Stacks"]
    assert [one["StackName"] for one in stacks] == ["images"]


def test_a_preview_builds_nothing_and_its_hash_is_that_of_the_content(
    deployer: Deployer, standin: StandIn, source: Path
) -> None:
    def fingerprint() -> str:
        deployer(shop(source), engine.preview)
        (found,) = [one.fingerprint for one in deployer.said if isinstance(one, Summary)]
        return found

    first = fingerprint()
    assert (standin.calls, fingerprint()) == ([], first)
    (source / "main.py").write_text("print('two')\n")
    assert fingerprint() != first


def test_a_local_cloud_needs_no_client(cloud: Cloud, standin: StandIn, source: Path) -> None:
    deployer = Deployer(cloud)
    deployer.client = cloud.client()
    deployer(shop(source))
    assert deployer.tags == [deployer.running.rpartition(":")[2]]
    assert "WebImage: the local cloud runs no images, so web was not built" in deployer.notes
    assert standin.calls == []


def test_what_is_built_is_not_missing_but_for_a_template_from_a_file(source: Path) -> None:
    template = shop(source)["shop"]
    assert missing(template, None, {}) == []
    assert missing(replace(template, local={}), None, {}) == ["WebImage"]
    assert builds_of(replace(template, local={})) == []


@pytest.mark.parametrize(
    ("image", "architecture"),
    [({"target": "prod"}, "X86_64"), ({"args": {"V": "2"}}, "X86_64"), ({}, "ARM64"), ({"dockerfile": "b"}, "X86_64")],
)
def test_how_it_is_built_is_part_of_the_tag(source: Path, image: Mapping[str, Any], architecture: str) -> None:
    (source / "b").write_text("FROM scratch\n")
    (before,) = builds_of(shop(source)["shop"])
    (after,) = builds_of(shop(source, architecture, **image)["shop"])
    assert re.fullmatch(r"[0-9a-f]{24}", before.tag)
    assert before.tag != after.tag


@pytest.mark.parametrize(
    ("arn", "image"),
    [
        (
            "arn:aws:ecr:eu-west-1:123456789012:repository/a/b",
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com/a/b",
        ),
        (
            "arn:aws-cn:ecr:cn-north-1:123456789012:repository/a",
            "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/a",
        ),
    ],
)
def test_an_image_is_named_after_its_repository(source: Path, arn: str, image: str) -> None:
    (build,) = builds_of(shop(source)["shop"])
    assert build.image({"ImagesImagesRepositoryArn": arn}) == f"{image}:{build.tag}"
    assert build.image({}) is None


def test_what_is_no_repository_is_refused(source: Path) -> None:
    (build,) = builds_of(shop(source)["shop"])
    with pytest.raises(DeployError, match="it is not the ARN of an ECR repository"):
        build.image({"ImagesImagesRepositoryArn": "arn:aws:s3:::bucket"})
