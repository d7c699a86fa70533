"""What has names and certificates: the common part of load balancers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import Attr, Intrinsic, Param, Text

if TYPE_CHECKING:
    from fargate_stacks.constructs.dns import HostedZone


class Named:
    """What has names in a hosted zone and certificates for them; the base of load balancers."""

    if TYPE_CHECKING:

        @property
        def certificate(self) -> Text | Sequence[Text] | None: ...

        @property
        def domain(self) -> str | Sequence[str]: ...

        @property
        def hosted_zone(self) -> HostedZone | None: ...

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
