"""Volumes of a task: what its containers find at the paths where they mount it."""

from __future__ import annotations

import re
from dataclasses import field
from typing import Any, ClassVar

from fargate_stacks.core.construct import Value
from fargate_stacks.core.hints import shown


class Volume(Value):
    """An empty directory that the containers of one task share; it is gone when the task ends.

    It is owned by root with mode 0755 unless the image's VOLUME says otherwise, and takes from the ephemeral storage.
    """

    at_launch: ClassVar[bool] = False
    """Whether the service says what it is, and the task definition only that it will be there."""

    linux_only: ClassVar[bool] = False

    name: str = field(kw_only=False)

    def check(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", self.name):
            raise self.refuse(f"name is up to 255 letters, digits, hyphens and underscores, got {shown(self.name)}")

    def definition(self) -> Any:
        """Give the entry of the task definition."""
        from troposphere import ecs

        return ecs.Volume(Name=self.name)
