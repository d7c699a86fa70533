"""Certificates that clients must show to a load balancer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from troposphere import elasticloadbalancingv2 as elb

from fargate_stacks.core.construct import Construct, Value
from fargate_stacks.core.values import Attr, Text


class TrustStore(Construct):
    """The certificate authorities whose client certificates a load balancer accepts: a PEM bundle in a bucket."""

    bucket: Text
    key: str
    version: str | None = None

    @property
    def arn(self) -> Attr:
        return self.attr("TrustStore")

    def build(self) -> Iterator[Any]:
        more = {} if self.version is None else {"CaCertificatesBundleS3ObjectVersion": self.version}
        yield elb.TrustStore(
            self.id("TrustStore"), CaCertificatesBundleS3Bucket=self.bucket, CaCertificatesBundleS3Key=self.key, **more
        )


class MutualTls(Value):
    """Clients must show a certificate: `MutualTls(trust=store)` verifies it, `MutualTls()` hands it to the containers.

    `expired=True` lets certificates pass whose time is over. Raises SpecError for that without a trust store.
    """

    trust: TrustStore | None = None
    expired: bool = False
    advertise: bool = False
    """Whether the names of the authorities are told to clients."""

    def check(self) -> None:
        if self.trust is None and (self.expired or self.advertise):
            raise self.refuse("without a trust store nothing is verified; give trust=TrustStore(...)")

    def configuration(self) -> Any:
        if self.trust is None:
            return elb.MutualAuthentication(Mode="passthrough")
        return elb.MutualAuthentication(
            Mode="verify",
            TrustStoreArn=self.trust.arn,
            IgnoreClientCertificateExpiry=self.expired,
            AdvertiseTrustStoreCaNames="on" if self.advertise else "off",
        )
