"""Volumes of a task: what its containers find at the paths where they mount it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any, ClassVar

from fargate_stacks.core.construct import Construct, Value
from fargate_stacks.core.hints import shown


class Volume(Value):
    """An empty directory that the containers of one task share; it is gone when the task ends.

    It is owned by root with mode 0755 unless the image's VOLUME says otherwise, and takes from the ephemeral storage.
    """

    at_launch: ClassVar[bool] = False
    """Whether the service says what it is, and the task definition only that it will be there."""

    linux_only: ClassVar[bool] = False

    name: str = field(kw_only=False)

    refused: ClassVar[Mapping[str, str]] = {
        "host": "is refused on Fargate, where tasks share no host; an empty directory is what a Volume is",
        "docker_volume_configuration": "is refused on Fargate; use Volume, EbsVolume or a FileSystem",
        "efs_volume_configuration": "is made by FileSystem.mount(), for a task's uses",
        "fsx_windows_file_server_volume_configuration": "is refused on Fargate",
        "configured_at_launch": "is what an EbsVolume is",
    }

    def check(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", self.name):
            raise self.refuse(f"name is up to 255 letters, digits, hyphens and underscores, got {shown(self.name)}")

    def problem(self, os: str) -> str | None:
        """Say why tasks of an operating system cannot have it, or None."""
        return f"is for Linux, and os={os}; leave it out" if self.linux_only and os != "LINUX" else None

    def resources(self, runner: Construct) -> Iterator[Any]:
        """Give what the runner's stack needs for it."""
        yield from ()

    def launched(self, runner: Construct, tags_from: str) -> Any:
        """Give what the runner says of it when it starts a task, for one that is said at launch."""
        raise NotImplementedError

    def definition(self) -> Any:
        """Give the entry of the task definition."""
        from troposphere import ecs

        return ecs.Volume(Name=self.name)
