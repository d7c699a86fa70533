"""`lock`: digests from a registry that wants a token, and from ECR, into the lock file."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from fargate_stacks.cli.group import run as run_command
from fargate_stacks.deploy.registry import get
from tests.cli.conftest import Project, Run
from tests.localcloud import Cloud

OLD = "sha256:" + "0" * 64


class Registry:
    """A registry of this machine that gives manifests to whoever has fetched a token."""

    def __init__(self) -> None:
        self.manifests: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.tells_digests = True
        self.gives_tokens = True
        self.elsewhere = ""
        self.authorized: list[str | None] = []
        registry = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                registry.authorized.append(self.headers.get("Authorization"))
                registry.asked.append(f"{self.command} {self.path.partition('?')[0]}")
                if self.path.startswith("/token"):
                    found = b'{"token": "let-me-in"}' if registry.gives_tokens else b"{}"
                    return self.give(200, found)
                if self.headers.get("Authorization") != "Bearer let-me-in":
                    realm = f'Bearer realm="http://{registry.host}/token",service="here",scope="pull"'
                    return self.give(401, b"{}", {"WWW-Authenticate": realm})
                if registry.elsewhere:
                    return self.give(307, b"", {"Location": f"http://{registry.elsewhere}{self.path}"})
                manifest = registry.manifests.get(self.path.removeprefix("/v2/"))
                if manifest is None:
                    return self.give(404, b"{}")
                more = {"Docker-Content-Digest": digest(manifest)} if registry.tells_digests else {}
                return self.give(200, manifest, more)

            do_HEAD = do_GET  # noqa: N815

            def give(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
                self.send_response(status)
                for key, value in (headers or {}).items():
                    self.send_header(key, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Stay silent."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_port}"

    def put(self, image: str, content: str) -> str:
        """Put an image, as name:tag, and give its digest."""
        name, _, tag = image.partition(":")
        manifest = json.dumps({"manifests": [], "content": content}).encode()
        self.manifests[f"{name}/manifests/{tag}"] = manifest
        return digest(manifest)


def digest(manifest: bytes) -> str:
    return f"sha256:{sha256(manifest).hexdigest()}"


@pytest.fixture
def registry() -> Iterator[Registry]:
    made = Registry()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


@pytest.fixture
def call(project: Project, cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> Callable[..., Run]:
    def call(*arguments: str) -> Run:
        code = run_command(("lock", *arguments), {"client": cloud.client()})
        said = capsys.readouterr()
        return Run(code, said.out, said.err)

    return call


Call = Callable[..., Run]


def write_app(project: Project, *images: str) -> None:
    containers = ", ".join(f"Container(name='c{n}', image=LockedImage({image!r}))" for n, image in enumerate(images))
    project.write(
        "infra.py",
        f"""
from fargate_stacks import App, Cluster, Container, LockedImage, Service, Stack, Task, Vpc

vpc = Vpc("Net")
cluster = Cluster("Main", vpc=vpc)
task = Task(containers=[{containers or "Container(image='example/web:1')"}])
services = [Service(name, cluster=cluster, task=task) for name in ("Web", "Api")]
app = App([Stack("shop", [vpc, cluster, *services])])
""",
    )


def written(project: Project) -> dict[str, str]:
    found: dict[str, str] = json.loads((project.folder / "images.lock").read_text("utf-8"))["images"]
    return found


def test_images_are_locked_and_the_app_renders_with_their_digests(
    project: Project, registry: Registry, call: Call, run: Callable[..., Run]
) -> None:
    web, side = f"{registry.host}/shop/web:1", f"{registry.host}/shop/side:2"
    write_app(project, web, side)
    of_web, of_side = registry.put("shop/web:1", "one"), registry.put("shop/side:2", "two")
    said = call()
    assert said == (0, f"new    {web} {of_web}\nnew    {side} {of_side}\n", "written: images.lock\n")
    assert written(project) == {web: of_web, side: of_side}
    assert f"{registry.host}/shop/web@{of_web}" in run("synth").out


def test_each_image_is_asked_for_once_and_by_its_headers_alone(
    project: Project, registry: Registry, call: Call
) -> None:
    write_app(project, f"{registry.host}/shop/web:1")
    registry.put("shop/web:1", "one")
    call()
    manifest = "/v2/shop/web/manifests/1"
    assert registry.asked == [f"HEAD {manifest}", "GET /token", f"HEAD {manifest}"]


def test_a_registry_that_does_not_tell_the_digest_gives_the_manifest(
    project: Project, registry: Registry, call: Call
) -> None:
    image = f"{registry.host}/shop/web:1"
    write_app(project, image)
    expected = registry.put("shop/web:1", "one")
    registry.tells_digests = False
    call()
    assert written(project) == {image: expected}


def test_a_token_is_not_told_to_whom_a_registry_sends_on(registry: Registry) -> None:
    other = Registry()
    thread = threading.Thread(target=other.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    registry.elsewhere = other.host
    get(f"http://{registry.host}/v2/shop/web/blobs/1", {"Authorization": "Bearer let-me-in", "Accept": "a/b"})
    other.server.shutdown()
    other.server.server_close()
    thread.join()
    assert (registry.authorized, other.authorized) == (["Bearer let-me-in"], [None])


def test_locking_again_changes_nothing(project: Project, registry: Registry, call: Call) -> None:
    write_app(project, f"{registry.host}/shop/web:1")
    registry.put("shop/web:1", "one")
    call()
    before = (project.folder / "images.lock").stat().st_mtime_ns
    assert call().err == "nothing to change\n"
    assert (project.folder / "images.lock").stat().st_mtime_ns == before
    assert call("--check").code == 0


def test_check_fails_for_a_tag_that_has_moved_and_writes_nothing(
    project: Project, registry: Registry, call: Call
) -> None:
    image = f"{registry.host}/shop/web:1"
    write_app(project, image)
    before = registry.put("shop/web:1", "one")
    call()
    after = registry.put("shop/web:1", "two")
    said = call("--check", "--output", "json")
    assert (said.code, written(project)) == (3, {image: before})
    assert json.loads(said.out) == {
        "images": [{"file": "images.lock", "image": image, "digest": after, "was": before, "state": "moved"}],
        "stale": True,
        "written": [],
    }
    assert call("--check").err == "stale; run fargate-stacks lock and commit the file\n"


def test_check_fails_for_an_image_that_is_not_in_the_file(project: Project, registry: Registry, call: Call) -> None:
    write_app(project, f"{registry.host}/shop/web:1")
    registry.put("shop/web:1", "one")
    assert call("--check").code == 3
    assert not (project.folder / "images.lock").exists()


def test_only_the_named_image_is_locked_anew(project: Project, registry: Registry, call: Call) -> None:
    web, side = f"{registry.host}/shop/web:1", f"{registry.host}/shop/side:2"
    write_app(project, web, side)
    of_web = registry.put("shop/web:1", "one")
    registry.put("shop/side:2", "one")
    call()
    registry.put("shop/web:1", "two")
    of_side = registry.put("shop/side:2", "two")
    call(side)
    assert written(project) == {web: of_web, side: of_side}


def test_what_the_app_does_not_name_goes_with_prune_alone(project: Project, registry: Registry, call: Call) -> None:
    web = f"{registry.host}/shop/web:1"
    write_app(project, web)
    of_web = registry.put("shop/web:1", "one")
    project.write("images.lock", json.dumps({"images": {web: of_web, "other:1": OLD}}))
    assert (call("--check").code, call().code, len(written(project))) == (0, 0, 2)
    assert call("--check", "--prune").code == 3
    assert call("--prune").out.splitlines()[-1] == "unused other:1"
    assert written(project) == {web: of_web}


def test_an_image_of_ecr_is_asked_for_by_its_api(project: Project, cloud: Cloud, call: Call) -> None:
    ecr = cloud.api("ecr")
    name = ecr.create_repository(repositoryName="shop/web")["repository"]["repositoryUri"]
    put = ecr.put_image(repositoryName="shop/web", imageManifest='{"a": 1}', imageTag="7")["image"]
    write_app(project, f"{name}:7")
    assert call().code == 0
    assert written(project) == {f"{name}:7": put["imageId"]["imageDigest"]}


def test_an_image_of_ecr_that_is_not_there_is_named(project: Project, cloud: Cloud, call: Call) -> None:
    name = f"{cloud.account}.dkr.ecr.us-east-1.amazonaws.com/shop/web:7"
    write_app(project, name)
    said = call()
    assert (said.code, said.err) == (
        2,
        f"error: lock: {name} is not in its registry; push it, or correct the name\n",
    )
    assert not (project.folder / "images.lock").exists()


def test_an_image_that_is_not_in_its_registry_is_named(project: Project, registry: Registry, call: Call) -> None:
    write_app(project, f"{registry.host}/shop/web:1")
    assert call().err == (
        f"error: lock: {registry.host}/shop/web:1 is not in its registry; push it, or correct the name\n"
    )


def test_a_registry_that_wants_a_login_is_named(project: Project, registry: Registry, call: Call) -> None:
    write_app(project, f"{registry.host}/shop/web:1")
    registry.gives_tokens = False
    said = call()
    assert (said.code, said.err) == (
        1,
        f"error: lock: {registry.host}/shop/web:1 (the registry wants credentials): the digest cannot be read\n",
    )


def test_a_name_that_the_app_lacks_is_refused_with_the_nearest(project: Project, call: Call) -> None:
    write_app(project, "example/web:1")
    said = call("example/web:2")
    assert (said.code, said.err) == (
        2,
        "error: lock: no LockedImage of the app is example/web:2; did you mean example/web:1\n",
    )


def test_an_app_without_locked_images_has_nothing_to_lock(project: Project, call: Call) -> None:
    write_app(project)
    said = call("--check")
    assert (said.code, said.err) == (0, "the app has no LockedImage\n")
    assert not Path("images.lock").exists()
