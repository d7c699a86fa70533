"""Security groups that something else owns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from typing import ClassVar

from fargate_stacks.constructs.access import Access, PortAccess, check_env, env_prefix
from fargate_stacks.constructs.network import Network
from fargate_stacks.constructs.subnets import problem_of_groups
from fargate_stacks.core.construct import Value, verb
from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import Text

_NAME = re.compile(r"[A-Z][A-Za-z0-9]{0,63}\Z", re.ASCII)


class ExistingSecurityGroup(Value):
    """The security group of something that is there already, such as a database that no stack of yours made.

    `connect(port)` opens it to the tasks that use it, by a rule in their stack. With `host` they are told where it is:
    `LEGACY_HOST` and `LEGACY_PORT` for a group named Legacy. Raises SpecError for what is no id.
    """

    name: str = field(kw_only=False)
    """Letters and digits, a capital first: a part of the rules' logical ids and of environment names."""
    id: Text
    """`sg-0123456789abcdef0`, or a parameter."""
    vpc: Network
    host: Text | None = None

    refused: ClassVar[Mapping[str, str]] = {"group_id": "is called id", "security_group_id": "is called id"}

    def check(self) -> None:
        if not _NAME.match(self.name):
            raise self.refuse(f"a name is up to 64 ASCII letters and digits, a capital first, got {shown(self.name)}")
        problem = problem_of_groups([self.id], made=0)
        if problem is not None:
            raise self.refuse(problem)

    @verb
    def connect(self, port: int, *, container: str | None = None) -> Access:
        """Let a task connect to a TCP port behind this group, and tell it host and port where `host` was given."""
        start = env_prefix(self.name)
        check_env(f"{self.name}.connect()", f"{start}_HOST")
        told = {} if self.host is None else {f"{start}_HOST": self.host, f"{start}_PORT": str(port)}
        return Access(
            label=f"{self.name}.connect()",
            environment=told,
            ports=[PortAccess(provider=self, security_group=self.id, port=port, network=self.vpc)],
            container=container,
        )
