"""The folder that an image is built from: which files go in, and a digest of them all.

What is left out follows `.dockerignore` as the builders read it: the file beside a Dockerfile that is named after it
comes first; a line is a pattern relative to the context, `**` stands for any number of folders, `!` takes files in
again, the last pattern that fits decides (Docker's documentation, ".dockerignore files").
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from fargate_stacks.errors import DeployError


def digest(folder: Path, dockerfile: str) -> str:
    """Give the SHA-256 of what a build of a folder is made from: paths, modes and contents.

    Owners and times do not count, so every checkout of one commit has one digest. Raises DeployError with exit code 2
    where there is no such folder, no Dockerfile, or a file that cannot be read.
    """
    if not folder.is_dir():
        raise DeployError(f"{folder}: there is no such folder to build from; correct context=", exit_code=2)
    if not (folder / dockerfile).is_file():
        raise DeployError(f"{folder / dockerfile}: there is no such file; correct dockerfile=", exit_code=2)
    whole = hashlib.sha256()
    try:
        names = sorted({*_files(folder, _rules(folder, dockerfile)), dockerfile})
        for name in names:
            whole.update(_of_file(folder / name, name))
        # where it is a link, the builder reads what that leads to
        whole.update(hashlib.sha256((folder / dockerfile).read_bytes()).digest())
    except OSError as error:
        raise DeployError(
            f"{folder}: {error.strerror}: {error.filename}; a build could not read it", exit_code=2
        ) from None
    return whole.hexdigest()


def _of_file(path: Path, name: str) -> bytes:
    one = hashlib.sha256()
    if path.is_symlink():  # the builder copies the link, not what it leads to
        kind = b"link"
        one.update(os.fsencode(os.readlink(path)))
    else:
        kind = b"program" if path.stat().st_mode & 0o111 else b"file"
        with path.open("rb") as file:
            while part := file.read(1 << 20):
                one.update(part)
    return b"\0".join((kind, os.fsencode(name), one.digest())) + b"\0"


def _files(folder: Path, rules: list[tuple[bool, re.Pattern[str]]], under: str = "") -> Iterator[str]:
    """Give the files of a folder that are not left out, by their path with slashes."""
    for entry in os.scandir(folder / under):
        name = f"{under}{entry.name}"
        left_out = _left_out(name, rules)
        if entry.is_dir(follow_symlinks=False):
            # only where something in it is taken in again need a folder that is left out be looked through
            if not left_out or any(takes_in for takes_in, _ in rules):
                yield from _files(folder, rules, f"{name}/")
        elif not left_out and (entry.is_file(follow_symlinks=False) or entry.is_symlink()):
            yield name


def _left_out(name: str, rules: list[tuple[bool, re.Pattern[str]]]) -> bool:
    left_out = False
    for takes_in, pattern in rules:
        if left_out is takes_in and pattern.match(name):
            left_out = not takes_in
    return left_out


def _rules(folder: Path, dockerfile: str) -> list[tuple[bool, re.Pattern[str]]]:
    for name in (f"{dockerfile}.dockerignore", ".dockerignore"):
        if (folder / name).is_file():
            lines = (folder / name).read_text("utf-8-sig", errors="surrogateescape").splitlines()
            return [rule for line in lines if (rule := _rule(line)) is not None]
    return []


def _rule(line: str) -> tuple[bool, re.Pattern[str]] | None:
    text = line.strip()
    if not text or line.startswith("#"):
        return None
    takes_in = text.startswith("!")
    text = os.path.normpath(text.removeprefix("!").strip()).lstrip("/")
    if text in ("", "."):
        return None
    # a pattern that fits a folder fits all that is in it
    try:
        return takes_in, re.compile(_expression(text) + r"(?:/.*)?\Z", re.DOTALL)
    except re.error as error:
        raise DeployError(f".dockerignore: {line!r} is no pattern: {error}", exit_code=2) from None


def _expression(pattern: str) -> str:
    parts: list[str] = []
    place = 0
    while place < len(pattern):
        if pattern.startswith("**/", place):
            parts.append("(?:.*/)?")
            place += 3
        elif pattern.startswith("**", place):
            parts.append(".*" if place + 2 == len(pattern) else "(?:.*/)?")
            place += 2
        elif pattern[place] == "\\" and place + 1 < len(pattern):
            parts.append(re.escape(pattern[place + 1]))
            place += 2
        elif pattern[place] == "[" and (end := pattern.find("]", place + 2)) > 0:
            inside = pattern[place + 1 : end]
            parts.append(f"[{inside}]")
            place = end + 1
        else:
            parts.append({"*": "[^/]*", "?": "[^/]"}.get(pattern[place], re.escape(pattern[place])))
            place += 1
    return "".join(parts)
