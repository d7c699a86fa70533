"""What a build is made from: the same content has the same digest, whatever the checkout looks like."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fargate_stacks.deploy.context import digest
from fargate_stacks.errors import DeployError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, "Dockerfile", "FROM scratch\n")
    write(tmp_path, "src/main.py", "one")
    write(tmp_path, "src/deep/data.txt", "data")
    return tmp_path


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def moves(folder: Path, name: str, dockerfile: str = "Dockerfile") -> bool:
    """Whether a new file changes the digest."""
    before = digest(folder, dockerfile)
    path = write(folder, name, "something new")
    after = digest(folder, dockerfile)
    path.unlink()
    return before != after


def test_a_copy_has_the_same_digest(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    for name in ("src/deep/data.txt", "src/main.py", "Dockerfile"):
        os.utime(write(other, name, (folder / name).read_text()), (1, 1))
    assert digest(other, "Dockerfile") == digest(folder, "Dockerfile")


def test_content_name_mode_and_kind_count(folder: Path) -> None:
    found = {digest(folder, "Dockerfile")}
    main = folder / "src/main.py"
    main.write_text("two")
    found.add(digest(folder, "Dockerfile"))
    main.chmod(0o755)
    found.add(digest(folder, "Dockerfile"))
    main.rename(folder / "src/other.py")
    found.add(digest(folder, "Dockerfile"))
    (folder / "src/other.py").unlink()
    (folder / "src/other.py").symlink_to("/nowhere")
    found.add(digest(folder, "Dockerfile"))
    assert len(found) == 5


@pytest.mark.parametrize(
    ("ignore", "name", "counts"),
    [
        ("", ".git/HEAD", True),
        (".git", ".git/HEAD", False),
        (".git/", ".git/HEAD", False),
        ("/.git", ".git/HEAD", False),
        ("*.pyc", "a.pyc", False),
        ("*.pyc", "src/a.pyc", True),  # patterns are relative to the context's root
        ("**/*.pyc", "src/deep/a.pyc", False),
        ("**/*.pyc", "a.pyc", False),
        ("**/__pycache__", "src/__pycache__/a", False),
        ("src/*", "src/new", False),
        ("src/*/new", "src/deep/new", False),
        ("src/*/new", "src/new", True),
        ("src/d?ep", "src/deep/new", False),
        ("src/[a-e]eep", "src/deep/new", False),
        ("src/[^a-e]eep", "src/deep/new", True),
        ("src\n!src/keep", "src/keep", True),
        ("src\n!src/keep", "src/lose", False),
        ("!src/keep\nsrc", "src/keep", False),  # the last that fits decides
        ("# src", "src/new", True),
        ("  src  ", "src/new", False),
        (".", "src/new", True),
        ("a.b", "axb", True),
        ("**new", "src/new", False),
        ("**new", "src/renew", True),  # ** stands for whole folders
        ("src/\\*", "src/new", True),
    ],
)
def test_what_dockerignore_leaves_out_does_not_count(folder: Path, ignore: str, name: str, counts: bool) -> None:
    write(folder, ".dockerignore", ignore)
    assert moves(folder, name) is counts


def test_a_pattern_that_is_none_is_named(folder: Path) -> None:
    write(folder, ".dockerignore", "[z-a]")
    with pytest.raises(DeployError, match=r"^\.dockerignore: '\[z-a\]' is no pattern") as caught:
        digest(folder, "Dockerfile")
    assert caught.value.exit_code == 2


def test_what_a_dockerfile_that_is_a_link_leads_to_counts(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shared = write(tmp_path_factory.mktemp("shared"), "Dockerfile", "FROM scratch\n")
    (folder / "Web").symlink_to(shared)
    before = digest(folder, "Web")
    shared.write_text("FROM other\n")
    assert digest(folder, "Web") != before


def test_the_file_named_after_the_dockerfile_comes_first(folder: Path) -> None:
    write(folder, ".dockerignore", "src")
    write(folder, "docker/Web", "FROM scratch\n")
    write(folder, "docker/Web.dockerignore", "other")
    assert moves(folder, "src/new", "docker/Web")
    assert not moves(folder, "other/new", "docker/Web")


def test_the_dockerfile_counts_even_where_it_is_left_out(folder: Path) -> None:
    write(folder, ".dockerignore", "*")
    before = digest(folder, "Dockerfile")
    write(folder, "Dockerfile", "FROM other\n")
    assert digest(folder, "Dockerfile") != before


@pytest.mark.parametrize(
    ("name", "dockerfile", "words"),
    [
        ("nothing", "Dockerfile", "there is no such folder to build from; correct context="),
        (".", "Containerfile", "there is no such file; correct dockerfile="),
    ],
)
def test_what_is_not_there_is_named(folder: Path, name: str, dockerfile: str, words: str) -> None:
    with pytest.raises(DeployError, match=words) as caught:
        digest(folder / name, dockerfile)
    assert caught.value.exit_code == 2
