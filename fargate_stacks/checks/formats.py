"""Findings as text for people, JSON for programs, SARIF for code scanners and annotations for GitHub Actions."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path, PurePath
from typing import Any

from fargate_stacks.checks.finding import Finding, Where

_SARIF_LEVEL = {"error": "error", "warning": "warning", "info": "note"}
_GITHUB_LEVEL = {"error": "error", "warning": "warning", "info": "notice"}


def text(findings: Sequence[Finding], root: Path) -> str:
    """Give one line a finding, `file:line: severity code: who: message`, with files relative to root."""
    return "".join(
        f"{_place(one.where, root)}{one.severity} {one.code}: {one.where}: {one.message}\n" for one in findings
    )


def as_json(findings: Sequence[Finding], root: Path) -> str:
    """Give an object with the list `findings`."""
    listed = [
        {
            "code": one.code,
            "severity": one.severity,
            "message": one.message,
            "stack": one.where.stack,
            "resource": one.where.logical_id,
            "construct": one.where.construct,
            "file": _file(one.where, root),
            "line": one.where.line,
        }
        for one in findings
    ]
    return json.dumps({"findings": listed}, indent=2) + "\n"


def github(findings: Sequence[Finding], root: Path) -> str:
    """Give GitHub Actions' workflow commands, which it shows beside the changed lines."""
    lines = []
    for one in findings:
        file = _file(one.where, root)
        place = f"file={_property(file)},line={one.where.line}," if file else ""
        said = f"{one.where}: {one.message}".replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        lines.append(f"::{_GITHUB_LEVEL[one.severity]} {place}title={one.code}::{said}\n")
    return "".join(lines)


def sarif(findings: Sequence[Finding], root: Path) -> str:
    """Give a log in SARIF 2.1.0, with a location that code scanners can show for each finding that has a file."""
    codes = sorted({one.code for one in findings})
    run = {
        "tool": {"driver": {"name": "fargate-stacks", "rules": [{"id": code} for code in codes]}},
        "results": [_result(one, root, codes) for one in findings],
    }
    log = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2) + "\n"


FORMATS: dict[str, Callable[[Sequence[Finding], Path], str]] = {
    "text": text,
    "json": as_json,
    "github": github,
    "sarif": sarif,
}


def _result(one: Finding, root: Path, codes: Sequence[str]) -> dict[str, Any]:
    name = ".".join(part for part in (one.where.stack, one.where.logical_id) if part)
    location: dict[str, Any] = {"logicalLocations": [{"fullyQualifiedName": name}]}
    file = _file(one.where, root)
    if file:
        location["physicalLocation"] = {
            "artifactLocation": {"uri": PurePath(file).as_posix()},
            "region": {"startLine": one.where.line},
        }
    return {
        "ruleId": one.code,
        "ruleIndex": codes.index(one.code),
        "level": _SARIF_LEVEL[one.severity],
        "message": {"text": f"{one.where}: {one.message}"},
        "locations": [location],
    }


def _file(where: Where, root: Path) -> str | None:
    return os.path.relpath(where.file, root) if where.file else None


def _place(where: Where, root: Path) -> str:
    return f"{_file(where, root)}:{where.line}: " if where.file else ""


def _property(value: str) -> str:
    for character, escape in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"), (":", "%3A"), (",", "%2C")):
        value = value.replace(character, escape)
    return value
