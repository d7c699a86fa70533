"""The local cloud of a project's folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fargate_stacks.errors import DeployError


@dataclass(frozen=True)
class Running:
    """A local cloud that answers."""

    endpoint_url: str
    pid: int


def start(folder: Path) -> Running:
    """Give the local cloud of a folder, started where none runs."""
    raise DeployError("local: there is no local cloud yet", exit_code=2)


def status(folder: Path) -> Running | None:
    """Give the local cloud of a folder if it runs."""
    return None


def stop(folder: Path) -> bool:
    """End the local cloud of a folder; False when none ran."""
    return False
