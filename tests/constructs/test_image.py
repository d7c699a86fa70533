"""Images: who says which version runs, and what the execution role may pull for that."""

# ruff: noqa: E501 - error texts stand whole

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fargate_stacks.constructs.cluster import Cluster
from fargate_stacks.constructs.container import Container
from fargate_stacks.constructs.image import (
    BuiltImage,
    ExternalImage,
    Image,
    LockedImage,
    ParameterImage,
    SsmImage,
    read_lock,
)
from fargate_stacks.constructs.network import Vpc
from fargate_stacks.constructs.service import Service
from fargate_stacks.constructs.task import Task
from fargate_stacks.core.render import render
from fargate_stacks.core.stack import App, Stack
from fargate_stacks.core.values import Param
from fargate_stacks.errors import RenderError
from fargate_stacks.providers.repository import PullThroughCache, Repository
from fargate_stacks.providers.secret import ExistingSecret
from tests.constructs.networks import refusal
from tests.constructs.tasks import Runner, properties, run, statements

PULL = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
DIGEST = "sha256:" + "ab" * 32
ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web"
ECR_ARN = {"Fn::Sub": "arn:${AWS::Partition}:ecr:eu-west-1:123456789012:repository/shop/web"}
ANY_ARN = {"Fn::Sub": "arn:${AWS::Partition}:ecr:${AWS::Region}:${AWS::AccountId}:repository/*"}
OF_ONE = "arn:aws:ecr:eu-west-1:123456789012:repository/one"
APP = Repository("App")


def made(image: Any, *others: Any, name: str = "") -> Any:
    task = Task(containers=[Container(image=image, name=name)])
    vpc = Vpc("Net", nat="none")
    cluster = Cluster("Main", vpc=vpc)
    web = Service("Web", cluster=cluster, task=task, subnets="public")
    return render(App([Stack("s", [vpc, cluster, web, *others])]))["s"]


def reference(image: Any, *others: Any) -> Any:
    (one,) = properties(made(image, *others), "WebTaskDefinition")["ContainerDefinitions"]
    return one["Image"]


def pulled(image: Any, *others: Any) -> list[Any]:
    """The repositories that the execution role may pull from."""
    granted = statements(made(image, *others), "WebExecutionPolicy")
    return [arn for one in granted if one["Action"] == PULL for arn in one["Resource"]]


@pytest.mark.parametrize(
    ("image", "text", "repositories"),
    [
        (Image("example/web", tag="1.2"), "example/web:1.2", []),
        (Image(ECR, tag="7"), f"{ECR}:7", [ECR_ARN]),
        (Image(ECR, digest=DIGEST), f"{ECR}@{DIGEST}", [ECR_ARN]),
        (Image(Param("Name"), tag="7"), {"Fn::Sub": "${Name}:7"}, [ANY_ARN]),
        (Image(Param("Name"), tag="7", repository=OF_ONE), {"Fn::Sub": "${Name}:7"}, [OF_ONE]),
        (ParameterImage("WebImage"), {"Ref": "WebImage"}, [ANY_ARN]),
        (ParameterImage("WebImage", repository=OF_ONE), {"Ref": "WebImage"}, [OF_ONE]),
        (SsmImage("/shop/web/image"), {"Ref": "ShopWebImage"}, [ANY_ARN]),
        (SsmImage("/shop/web/image", repository=OF_ONE), {"Ref": "ShopWebImage"}, [OF_ONE]),
        (SsmImage("/shop/web/tag", of=ECR), {"Fn::Sub": f"{ECR}:${{ShopWebTag}}"}, [ECR_ARN]),
        (ExternalImage("example/web:1"), {"Ref": "WebImage"}, []),
        (ExternalImage(f"{ECR}:1"), {"Ref": "WebImage"}, [ECR_ARN]),
        (ExternalImage("example/web:1", repository=OF_ONE), {"Ref": "WebImage"}, [OF_ONE]),
    ],
)
def test_an_image_is_named_and_may_be_pulled(image: Any, text: Any, repositories: list[Any]) -> None:
    assert reference(image) == text
    assert pulled(image) == repositories


# parameters


def test_a_parameter_with_an_image_has_a_default_and_says_whose_it_is() -> None:
    assert made(ParameterImage("WebImage", default="example/web:1")).parameters == {
        "WebImage": {"Type": "String", "Description": "image of app in Web", "Default": "example/web:1"}
    }


def test_cloudformation_reads_a_parameter_of_ssm_at_every_deployment() -> None:
    assert made(SsmImage("/shop/web/image")).parameters == {
        "ShopWebImage": {
            "Type": "AWS::SSM::Parameter::Value<String>",
            "Description": "SSM parameter with the image of app in Web",
            "Default": "/shop/web/image",
        }
    }


def test_what_others_roll_out_is_noted_for_the_deployer() -> None:
    template = made(ExternalImage("example/web:1"))
    assert template.parameters["WebImage"]["Default"] == "example/web:1"
    assert template.metadata == {
        "FargateStacks": {"LiveImages": {"WebImage": {"Service": "WebService", "Container": "app"}}}
    }


def test_a_container_with_a_name_of_its_own_has_a_parameter_of_its_own() -> None:
    assert set(made(ExternalImage("example/web:1"), name="log-reader").parameters) == {"WebLogReaderImage"}


# locked


def locked(folder: Path, images: Any) -> LockedImage:
    (folder / "images.lock").write_text(images if isinstance(images, str) else json.dumps({"images": images}))
    return LockedImage("example/web:1.2", lock=str(folder / "images.lock"))


def test_a_locked_image_runs_the_digest_of_the_file(tmp_path: Path) -> None:
    image = locked(tmp_path, {"example/web:1.2": DIGEST})
    assert reference(image) == f"example/web@{DIGEST}"
    assert pulled(image) == []


def test_the_lock_file_is_beside_the_file_that_names_the_image() -> None:
    assert LockedImage("example/web:1").file == str(Path(__file__).parent / "images.lock")


def test_a_registry_with_a_port_keeps_it(tmp_path: Path) -> None:
    (tmp_path / "l").write_text(json.dumps({"images": {"localhost:5000/web:1": DIGEST}}))
    assert reference(LockedImage("localhost:5000/web:1", lock=str(tmp_path / "l"))) == f"localhost:5000/web@{DIGEST}"


def test_an_image_that_is_not_locked_is_refused_with_the_cure(tmp_path: Path) -> None:
    image = LockedImage("example/web:1.2", lock=str(tmp_path / "images.lock"))
    with pytest.raises(RenderError) as caught:
        made(image)
    assert str(caught.value) == (
        f'Service "Web": LockedImage "example/web:1.2" is not in {tmp_path}/images.lock; run fargate-stacks lock'
    )


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"images": []}', '{"images": {"a:1": "latest"}}', '{"images": {"a:1": 5}}']
)
def test_what_is_no_lock_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "images.lock").write_text(text)
    with pytest.raises(RenderError, match="it is no lock file; write"):
        read_lock(str(tmp_path / "images.lock"))


# repositories


def test_a_repository_never_moves_tags_and_scans_what_is_pushed() -> None:
    found = properties(render(App([Stack("s", [APP])]))["s"], "AppRepository")
    policy = json.loads(found.pop("LifecyclePolicy")["LifecyclePolicyText"])
    assert found == {
        "EmptyOnDelete": False,
        "ImageScanningConfiguration": {"ScanOnPush": True},
        "ImageTagMutability": "IMMUTABLE",
    }
    (rule,) = policy["rules"]
    assert rule["selection"] == {
        "tagStatus": "untagged",
        "countType": "sinceImagePushed",
        "countUnit": "days",
        "countNumber": 14,
    }
    assert rule["action"] == {"type": "expire"}


def test_each_field_of_a_repository_is_a_property() -> None:
    from datetime import timedelta

    from fargate_stacks.constructs.key import Key

    key = Key("Own")
    one = Repository(
        "App", expire_untagged=timedelta(days=3), mutable=True, shared_with=["123456789012"], encryption=key
    )
    template = render(App([Stack("s", [one, key], removal="remove")]))["s"]
    found = properties(template, "AppRepository")
    assert '"countNumber":3' in found["LifecyclePolicy"]["LifecyclePolicyText"]
    assert (found["ImageTagMutability"], found["EmptyOnDelete"]) == ("MUTABLE", True)
    assert found["EncryptionConfiguration"] == {"EncryptionType": "KMS", "KmsKey": {"Fn::GetAtt": ["OwnKey", "Arn"]}}
    (statement,) = found["RepositoryPolicyText"]["Statement"]
    assert statement["Principal"] == {"AWS": [{"Fn::Sub": "arn:${AWS::Partition}:iam::123456789012:root"}]}
    assert statement["Action"] == PULL
    assert template.resources["AppRepository"]["DeletionPolicy"] == "Delete"


def test_an_image_of_a_repository_names_it_exactly() -> None:
    assert reference(APP.image("7"), APP) == {"Fn::Sub": "${AppRepository.RepositoryUri}:7"}
    assert reference(APP.image(digest=DIGEST), APP) == {"Fn::Sub": f"${{AppRepository.RepositoryUri}}@{DIGEST}"}
    assert pulled(APP.image("7"), APP) == [{"Fn::GetAtt": ["AppRepository", "Arn"]}]


def test_pushing_is_allowed_into_one_repository() -> None:
    task = Task(containers=[Container(image="nginx:1")], uses=[APP.push()])
    push, token = statements(run(task, APP), "WebTaskPolicy")
    assert push["Resource"] == [{"Fn::GetAtt": ["AppRepository", "Arn"]}]
    assert push["Action"] == [
        f"ecr:{one}"
        for one in (
            "BatchCheckLayerAvailability",
            "BatchGetImage",
            "CompleteLayerUpload",
            "InitiateLayerUpload",
            "PutImage",
            "UploadLayerPart",
        )
    ]
    assert (token["Action"], token["Resource"]) == (["ecr:GetAuthorizationToken"], ["*"])


# built


def built(image: BuiltImage, **task: Any) -> Any:
    runner = Runner("Web", task=Task(containers=[Container(image=image)], **task))
    return render(App([Stack("images", [APP]), Stack("s", [runner])]))["s"]


def test_a_build_is_noted_for_the_deployer_and_no_folder_of_this_machine_is_in_the_template() -> None:
    template = built(BuiltImage("app", repository=APP, target="prod", args={"V": "1"}))
    assert template.metadata["FargateStacks"]["Builds"] == {
        "WebImage": {
            "Context": "app",
            "Dockerfile": "Dockerfile",
            "Platform": "linux/amd64",
            "Repository": {"Ref": "ImagesAppRepositoryArn"},
            "Target": "prod",
            "Args": {"V": "1"},
        }
    }
    assert template.local == {"WebImage": {"Path": str(Path(__file__).parent / "app")}}
    assert str(Path(__file__).parent) not in template.to_json()
    assert "Default" not in template.parameters["WebImage"]


@pytest.mark.parametrize(
    ("task", "platform"),
    [
        ({}, "linux/amd64"),
        ({"architecture": "ARM64"}, "linux/arm64"),
        ({"os": "WINDOWS_SERVER_2022_CORE", "cpu": 1024, "memory": 2048}, "windows/amd64"),
    ],
)
def test_a_build_is_for_the_tasks_platform(task: Any, platform: str) -> None:
    notes = built(BuiltImage(".", repository=APP), **task).metadata["FargateStacks"]["Builds"]
    assert notes["WebImage"]["Platform"] == platform


def test_a_repository_in_the_stack_of_the_service_is_refused_trap_23() -> None:
    runner = Runner("Web", task=Task(containers=[Container(image=BuiltImage(".", repository=APP))]))
    with pytest.raises(RenderError) as caught:
        render(App([Stack("s", [APP, runner])]))
    assert str(caught.value) == (
        'Runner "Web": the repository of WebImage is in the same stack, so the service would start before the first '
        "push; put the repository into a stack of its own"
    )


# pulled through


def test_another_registry_is_pulled_through_ecr() -> None:
    hub = PullThroughCache(
        "Hub",
        upstream="registry-1.docker.io",
        prefix="hub",
        credentials=ExistingSecret("ecr-pullthroughcache/hub").value(),
    )
    image = hub.image("library/nginx:1.29")
    assert reference(image, hub) == {
        "Fn::Sub": "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/hub/library/nginx:1.29"
    }
    arn = {"Fn::Sub": "arn:${AWS::Partition}:ecr:${AWS::Region}:${AWS::AccountId}:repository/hub/library/nginx"}
    assert pulled(image, hub) == [arn]
    granted = statements(made(image, hub), "WebExecutionPolicy")
    assert {
        "Effect": "Allow",
        "Action": ["ecr:BatchImportUpstreamImage", "ecr:CreateRepository"],
        "Resource": [arn],
    } in granted
    rule = properties(made(image, hub), "HubRule")
    assert (rule["EcrRepositoryPrefix"], rule["UpstreamRegistryUrl"]) == ("hub", "registry-1.docker.io")
    assert "CredentialArn" in rule


PUBLIC = PullThroughCache("Public", upstream="public.ecr.aws", prefix="public")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Image("a/b"), 'Image "a/b": give tag= or digest=, one of the two, got tag=None'),
        (lambda: Image("a/b", tag="1", digest=DIGEST), "Image \"a/b\": give tag= or digest=, one of the two, got tag='1'"),
        (lambda: Image("a/b", tag="a b"), "Image \"a/b\": a tag is up to 128 letters, digits and _.-, got 'a b'"),
        (lambda: Image("a/b", digest="sha256:1"), "Image \"a/b\": digest is sha256: and 64 hexadecimal digits, got 'sha256:1'"),
        (lambda: LockedImage("a/b"), "LockedImage \"a/b\": its name ends in a tag, which the lock file pins, got 'a/b'"),
        (lambda: ParameterImage("web image"), "Param 'web image': a parameter's name is ASCII letters and digits, a letter first"),
        (lambda: SsmImage("a b"), "SsmImage 'a b': path is like /shop/web/image, got 'a b'"),
        (lambda: BuiltImage("", repository=APP), "BuiltImage '': context is a folder, got an empty text; \".\" is that of your infra.py"),
        (lambda: BuiltImage(".", repository=APP, dockerfile="/etc/passwd"), "BuiltImage '.': dockerfile is a path inside the context, got '/etc/passwd'"),
        (lambda: BuiltImage(".", repository=APP, dockerfile="../Dockerfile"), "BuiltImage '.': dockerfile is a path inside the context, got '../Dockerfile'"),
        (lambda: BuiltImage("."), "BuiltImage: repository is missing; give repository="),
        (lambda: Repository("App", shared_with=["me"]), "Repository \"App\": shared_with takes accounts of twelve digits, got 'me'"),
        (lambda: Repository("App", repository_name="x"), 'Repository "App": repository_name is generated, so that a replacement can be made; repository.uri gives where to push'),
        (lambda: PullThroughCache("X", upstream="docker.io", prefix="hub"), "PullThroughCache \"X\": upstream is one of public.ecr.aws, registry.k8s.io, quay.io, registry-1.docker.io, ghcr.io, registry.gitlab.com, got 'docker.io'"),
        (lambda: PullThroughCache("X", upstream="ghcr.io", prefix="hub"), 'PullThroughCache "X": ghcr.io wants a login; give credentials=ExistingSecret(...).value()'),
        (lambda: PullThroughCache("X", upstream="quay.io", prefix="quay", credentials=ExistingSecret("a").value()), 'PullThroughCache "X": quay.io takes no login; leave credentials out'),
        (lambda: PullThroughCache("X", upstream="quay.io", prefix="Q"), "PullThroughCache \"X\": prefix is 2 to 30 lower-case letters and digits, got 'Q'"),
        (lambda: PUBLIC.image("nginx"), 'PullThroughCache "Public": an image is like "library/nginx:1.29", got \'nginx\''),
    ],
)  # fmt: skip
def test_what_no_image_or_registry_can_be_is_refused(make: Any, message: str) -> None:
    assert refusal(make) == message
