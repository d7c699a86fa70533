"""SSM parameters: settings that are read when a task starts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from troposphere import ssm

from fargate_stacks.constructs.access import Access, SecretValue, env_prefix
from fargate_stacks.core.construct import Construct, verb
from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import Attr, Text, sub

_PATH = re.compile(r"(/[A-Za-z0-9_.-]+)+\Z")


class Parameter(Construct):
    """A text in SSM's Parameter Store, for settings that operators change without a deployment of the stack.

    `path` is its name, like `/shop/prod/greeting`; a generated one when None. It is no secret: its value stands in the
    template. A secret belongs in `Secret`, or in an `ExistingParameter` that was made by hand. Raises SpecError.
    """

    value: Text
    path: str | None = None
    description: str = ""
    advanced: bool = False
    """Up to 8 KB for 0.05 USD a month; a standard one holds 4 KB and is free."""

    refused: ClassVar[Mapping[str, str]] = {
        "type": "is String: CloudFormation makes no SecureString; a secret belongs in Secret",
        "parameter_name": "is called path",
    }

    def check(self) -> None:
        if self.path is not None and not (_PATH.match(self.path) and len(self.path) <= 1011):
            raise self.refuse(f"path is like /shop/prod/greeting, got {shown(self.path)}")
        if self.path is not None and re.match(r"/(aws|ssm)", self.path, re.IGNORECASE):
            raise self.refuse(f"a path must not start with /aws or /ssm, got {shown(self.path)}")
        size = 8192 if self.advanced else 4096
        if isinstance(self.value, str) and not 1 <= len(self.value.encode()) <= size:
            cure = "shorten it" if self.advanced or not self.value else "shorten it, or give advanced=True"
            raise self.refuse(f"value has 1 to {size} bytes, got {len(self.value.encode())}; {cure}")

    @property
    def parameter_name(self) -> Attr:
        return self.attr("Parameter")

    @verb
    def setting(self) -> SecretValue:
        """Give the parameter for `Container(secrets=)`."""
        place = "parameter/{name}" if self.path is None else f"parameter{self.path}"
        name = {"name": self.parameter_name} if self.path is None else {}
        arn = sub(f"arn:${{AWS::Partition}}:ssm:${{AWS::Region}}:${{AWS::AccountId}}:{place}", **name)
        return SecretValue(arn=arn, service="ssm", after=[self.parameter_name])

    @verb
    def read(self, *, env: str | None = None, container: str | None = None) -> Access:
        """Let a container start with the text in `GREETING` for a parameter named Greeting, or in `env`."""
        key = env or env_prefix(self.name)
        return Access(label=f"{self.name}.read()", secrets={key: self.setting()}, container=container)

    def build(self) -> Iterator[Any]:
        more: dict[str, Any] = {} if self.path is None else {"Name": self.path}
        tier: Literal["Standard", "Advanced"] = "Advanced" if self.advanced else "Standard"
        yield ssm.Parameter(
            self.id("Parameter"),
            Type="String",
            Value=self.value,
            Description=self.description or f"Parameter {self.name}",
            Tier=tier,
            **more,
        )
