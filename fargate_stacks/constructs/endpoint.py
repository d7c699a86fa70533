"""An address of its own, so that services may call each other without a ring."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

from troposphere import ec2

from fargate_stacks.constructs.access import Access, PortAccess, check_env, env_prefix
from fargate_stacks.constructs.ingress import NO_EGRESS
from fargate_stacks.constructs.network import Network
from fargate_stacks.core.construct import Construct, verb
from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import Attr

_DNS = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?\Z")


class Endpoint(Construct):
    """Where a service is reached inside the VPC: its discovery name and the security group that guards it.

    `Service(endpoint=...)` serves it, `uses=[endpoint.connect()]` calls it: through Service Connect, in the VPC's
    namespace, at `http://<dns_name>:<port>`. A client finds the endpoints that existed when its tasks started.
    Raises SpecError for a port or a name that no host can have.
    """

    vpc: Network
    port: int
    """The port of the container that serves, and of the address."""
    dns_name: str = ""
    """By default the construct's name in lower case, words parted by hyphens."""
    protocol: Literal["http", "http2", "grpc", "tcp"] = "http"

    def check(self) -> None:
        if not 1 <= self.port <= 65535:
            raise self.refuse(f"port must be 1 to 65535, got {self.port}")
        if not _DNS.match(self.host):
            raise self.refuse(f"dns_name must be lower-case letters, digits and hyphens, got {shown(self.host)}")

    @property
    def host(self) -> str:
        """The name that clients resolve."""
        return self.dns_name or env_prefix(self.name).lower().replace("_", "-")

    @property
    def url(self) -> str:
        scheme = "tcp" if self.protocol == "tcp" else "http"
        return f"{scheme}://{self.host}:{self.port}"

    @property
    def security_group(self) -> Attr:
        return self.attr("SecurityGroup", "GroupId")

    @verb
    def connect(self, *, env: str | None = None, container: str | None = None) -> Access:
        """Give the right to call this endpoint, and its URL as `<NAME>_URL` (or `env`)."""
        key = env or f"{env_prefix(self.name)}_URL"
        check_env(f"{self.name}.connect()", key)
        return Access(
            label=f"{self.name}.connect()",
            environment={key: self.url},
            ports=[PortAccess(provider=self, security_group=self.security_group, port=self.port, network=self.vpc)],
            container=container,
            namespace=self.vpc.namespace_arn,
        )

    def build(self) -> Iterator[Any]:
        yield ec2.SecurityGroup(
            self.id("SecurityGroup"),
            GroupDescription=f"Who may call {self.name}",
            VpcId=self.vpc.vpc_id,
            SecurityGroupEgress=[NO_EGRESS],
        )
