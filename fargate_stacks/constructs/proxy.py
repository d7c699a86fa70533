"""What Service Connect's proxy is told: encryption between proxies, what it logs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

from troposphere import ecs, iam

from fargate_stacks.constructs.key import Key
from fargate_stacks.constructs.shifting import trust_of_ecs
from fargate_stacks.core.construct import Construct, Value
from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import Text, sub


class ConnectTls(Value):
    """TLS between the proxies of Service Connect, with certificates that a private authority issues and ECS renews.

    `authority` is the ARN of an authority of AWS Private CA, which costs by the month; short-lived ones cost less.
    `key` encrypts the private keys. Raises SpecError for what is no such ARN.
    """

    authority: Text
    key: Key | None = None

    def check(self) -> None:
        if isinstance(self.authority, str) and not re.match(r"arn:aws[\w-]*:acm-pca:", self.authority):
            raise self.refuse(f"authority must be the ARN of an authority of Private CA, got {shown(self.authority)}")

    def configuration(self, service: Construct) -> Any:
        more = {} if self.key is None else {"KmsKey": self.key.arn}
        return ecs.ServiceConnectTlsConfiguration(
            IssuerCertificateAuthority=ecs.ServiceConnectTlsCertificateAuthority(AwsPcaAuthorityArn=self.authority),
            RoleArn=service.attr("ConnectTlsRole", "Arn"),
            **more,
        )

    def resources(self, service: Construct) -> Iterator[Any]:
        """Give the role by which ECS issues the certificates: AWS's own policy, trusted as AWS's own text says."""
        policy = "AmazonECSInfrastructureRolePolicyForServiceConnectTransportLayerSecurity"
        yield iam.Role(
            service.id("ConnectTlsRole"),
            AssumeRolePolicyDocument=trust_of_ecs(),
            ManagedPolicyArns=[sub("arn:${AWS::Partition}:iam::aws:policy/service-role/" + policy)],
        )


class Proxy(Value):
    """What the proxy of Service Connect beside each task writes into the service's log group.

    `access_logs` is a line for each request, as text or JSON; `query` keeps query strings in them, which may hold
    what no log should. `level` is how much the proxy says of itself.
    """

    access_logs: Literal["text", "json"] | None = None
    query: bool = False
    level: Literal["info", "debug"] | None = None

    def check(self) -> None:
        if self.query and self.access_logs is None:
            raise self.refuse("query is for access logs; give access_logs=")

    def configuration(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self.access_logs is not None:
            found["AccessLogConfiguration"] = ecs.ServiceConnectAccessLogConfiguration(
                Format=self.access_logs.upper(), IncludeQueryParameters="ENABLED" if self.query else "DISABLED"
            )
        if self.level is not None:
            found["ContainerConfigurations"] = [{"LogLevel": self.level}]
        return found
