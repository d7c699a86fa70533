"""What troposphere does not know yet."""

from __future__ import annotations

from troposphere import ecs


class RuntimePlatform(ecs.RuntimePlatform):
    """`RuntimePlatform` of a task definition; troposphere's own refuses the families of Windows Server 2025."""

    def validate(self) -> None:
        """Admit what `Task` has admitted already."""
