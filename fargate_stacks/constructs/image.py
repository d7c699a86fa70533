"""Images: who says which version of a program runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import field

from fargate_stacks.constructs.roles import ecr_repositories
from fargate_stacks.core.construct import Construct, Value
from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import Text

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")


class Image(Value):
    """An image by its repository and a tag or a digest; what `Container(image=)` takes beside a plain text.

    A digest names one build for ever: `Image("example/web", digest="sha256:...")`. Raises SpecError for both or
    neither.
    """

    name: str = field(kw_only=False)
    tag: str | None = None
    digest: str | None = None

    def check(self) -> None:
        if (self.tag is None) == (self.digest is None):
            raise self.refuse(f"give tag= or digest=, one of the two, got tag={shown(self.tag)}")
        if self.digest is not None and not _DIGEST.match(self.digest):
            raise self.refuse(f"digest is sha256: and 64 hexadecimal digits, got {shown(self.digest)}")

    def reference(self, runner: Construct, container: str) -> Text:
        """Give what the task definition names, for a container of a runner."""
        return f"{self.name}:{self.tag}" if self.digest is None else f"{self.name}@{self.digest}"

    def repositories(self) -> Iterator[Text]:
        """The ECR repositories that the execution role must read, by ARN."""
        yield from ecr_repositories(self.name)
