"""The exceptions of this package. Each of them means "your input"; anything else that is raised is our bug.

FargateStacksError
├── SpecError      one construct cannot be what it is asked to be (also a ValueError)
├── RenderError    the constructs do not fit together as stacks
├── LoadError      the app cannot be found, imported or called
└── DeployError    a deployment was refused, failed, or needs a decision
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class FargateStacksError(Exception):
    """Anything that a user of this package can cause and cure."""


class SpecError(FargateStacksError, ValueError):
    """A construct or value cannot be what it is asked to be; raised where it is made."""


class RenderError(FargateStacksError):
    """The constructs do not fit together; raised by `render`."""

    source: tuple[str, int] | None = None
    """The file and line that made the construct at fault, where there is one."""


@contextmanager
def made_at(source: tuple[str, int] | None) -> Iterator[None]:
    """Let a RenderError from within say which line made the construct at fault."""
    try:
        yield
    except RenderError as error:
        error.source = error.source or source
        raise


class LoadError(FargateStacksError):
    """The app cannot be found, imported or called."""


class DeployError(FargateStacksError):
    """A deployment was refused, failed, or needs a decision."""

    def __init__(self, message: str, *, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code
        """What the process ends with; the table is in the documentation."""
