"""The common part of load balancers: where they stand, what others ask of them, their names and certificates."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import Attr, Intrinsic, Param, Text

if TYPE_CHECKING:
    from fargate_stacks.constructs.dns import HostedZone
    from fargate_stacks.constructs.network import Network, Subnets, Tier


class Named:
    """What stands in a VPC, has names in a hosted zone and certificates for them; the base of load balancers."""

    if TYPE_CHECKING:

        @property
        def who(self) -> str: ...

        @property
        def vpc(self) -> Network: ...

        @property
        def public(self) -> bool: ...

        def attr(self, part: str, name: str = "") -> Attr: ...

        @property
        def allow_from(self) -> Sequence[Text] | None: ...

        @property
        def certificate(self) -> Text | Sequence[Text] | None: ...

        @property
        def domain(self) -> str | Sequence[str]: ...

        @property
        def hosted_zone(self) -> HostedZone | None: ...

    @property
    def standing(self) -> Subnets:
        """Public subnets, or the private (else isolated) ones."""
        if self.public:
            return self.vpc.subnets("public", self.who)
        tier: Tier = "private" if self.vpc.has("private") or not self.vpc.has("isolated") else "isolated"
        return self.vpc.subnets(tier, self.who)

    @property
    def placed(self) -> Any:
        """The subnets that it stands in, as a template wants them."""
        ids = self.standing.ids
        return list(ids) if isinstance(ids, tuple) else ids

    @property
    def sources(self) -> Sequence[Text]:
        """Who may connect: everywhere when public, the VPC when internal, unless it says otherwise."""
        if self.allow_from is not None:
            return self.allow_from
        if not self.public:
            return (self.vpc.cidr_block,)
        return ("0.0.0.0/0", "::/0") if self.dual_stack else ("0.0.0.0/0",)

    @property
    def dual_stack(self) -> bool:
        """Whether it is reached by IPv6 too."""
        return False

    @property
    def arn(self) -> Attr:
        return self.attr("LoadBalancer")

    @property
    def dns_name(self) -> Attr:
        return self.attr("LoadBalancer", "DNSName")

    @property
    def hosted_zone_id(self) -> Attr:
        return self.attr("LoadBalancer", "CanonicalHostedZoneID")

    @property
    def full_name(self) -> Attr:
        """The last part of the ARN, as CloudWatch and scaling policies name it."""
        return self.attr("LoadBalancer", "LoadBalancerFullName")

    @property
    def security_group(self) -> Attr:
        return self.attr("SecurityGroup", "GroupId")

    @property
    def certificates(self) -> tuple[Text, ...]:
        """The certificates that are there already."""
        given = self.certificate
        if given is None:
            return ()
        return (given,) if isinstance(given, (str, Intrinsic)) else tuple(given)

    @property
    def domains(self) -> tuple[str, ...]:
        return (self.domain,) if isinstance(self.domain, str) else tuple(self.domain)

    @property
    def makes_certificate(self) -> bool:
        """Whether a certificate is made: for names in a public zone, where none is given."""
        return self.hosted_zone is not None and not self.hosted_zone.private and not self.certificates

    @property
    def secure(self) -> bool:
        """Whether it has a certificate."""
        return bool(self.certificates) or self.makes_certificate

    def wrong_name(self) -> str | None:
        """Say what is wrong with its names and certificates, or None."""
        for one in self.certificates:
            if isinstance(one, str) and not re.match(r"arn:aws[\w-]*:(acm|iam):", one):
                return f"certificate must be the ARN of an ACM certificate, got {shown(one)}"
        if not self.domains and self.hosted_zone is None:
            return None
        from fargate_stacks.constructs.dns import problem

        return problem(self.domains, self.hosted_zone)


def certificate_key(arn: Text) -> str | None:
    """What stands for a certificate in logical ids: the end of its ARN, or the name of what holds it."""
    if isinstance(arn, str):
        return re.sub(r"[^0-9A-Za-z]", "", arn.rpartition("/")[2])[:12]
    if isinstance(arn, Param):
        return arn.name
    return arn.logical_id if isinstance(arn, Attr) else None
