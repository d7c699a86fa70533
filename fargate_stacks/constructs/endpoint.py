"""An address of its own, so that services may call each other without a ring."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from troposphere import ec2

from fargate_stacks.constructs.access import Access, PortAccess, check_env, env_prefix
from fargate_stacks.constructs.ingress import NO_EGRESS
from fargate_stacks.constructs.network import Network
from fargate_stacks.core.construct import Construct, verb
from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import Attr

if TYPE_CHECKING:  # imported where it is given
    from fargate_stacks.constructs.proxy import ConnectTls

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
    idle_timeout: timedelta | None = None
    """How long a connection without traffic is kept, 0 for ever; by default 5 minutes, 1 hour for tcp."""
    request_timeout: timedelta | None = None
    """How long an answer may take, 0 for ever; by default 15 seconds, and tcp knows none."""
    tls: ConnectTls | None = None
    """Encrypts between the proxies of client and server; neither container notices."""
    test_header: Mapping[str, str] = {}
    """A header and its value that lead to the new revision of a blue/green deployment."""

    def check(self) -> None:
        if not 1 <= self.port <= 65535:
            raise self.refuse(f"port must be 1 to 65535, got {self.port}")
        if not _DNS.match(self.host):
            raise self.refuse(f"dns_name must be lower-case letters, digits and hyphens, got {shown(self.host)}")

        for key in ("idle_timeout", "request_timeout"):
            given: timedelta | None = getattr(self, key)
            seconds = 0.0 if given is None else given.total_seconds()
            if not 0 <= seconds <= 2_147_483_647 or seconds % 1:
                raise self.refuse(f"{key} must be whole seconds, 0 or more, got {seconds:g}")
        if self.request_timeout is not None and self.protocol == "tcp":
            raise self.refuse("request_timeout is for http, http2 and grpc; tcp has connections only")
        if len(self.test_header) > 1:
            raise self.refuse(f"test_header is one header, got {', '.join(self.test_header)}")
        if self.test_header and self.protocol == "tcp":
            raise self.refuse("test_header is for http, http2 and grpc; tcp has no headers")

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
