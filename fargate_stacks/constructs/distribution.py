"""CloudFront in front of a load balancer that stays in its VPC."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar, Literal

from troposphere import GetAtt, cloudfront

from fargate_stacks.constructs.dns import HostedZone, alias_records, problem
from fargate_stacks.constructs.ingress import LoadBalancer
from fargate_stacks.core.construct import Construct
from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import Attr, Text, sub

# "Using the managed cache policies" and "... origin request policies", CloudFront developer guide
_CACHE = {
    "none": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
    "optimized": "658327ea-f89d-4fab-a63d-7e88639e58f6",
    "by-origin": "83da9c7e-98b4-4e11-a168-04f0df8e2c65",
}
_ALL_VIEWER = "216adef6-5c7f-47e4-b989-5492eafa07d3"
_SECURITY_HEADERS = "67f7725c-6f97-4210-82d7-5512b31e9d03"
_ZONE = "Z2FDTNDATAQYW2"  # of every distribution (Route 53 API reference, AliasTarget)


class Distribution(Construct):
    """A CloudFront distribution whose origin is an internal load balancer: nothing of the VPC is public.

    The load balancer is reached through a VPC origin, so it needs no public subnet. `certificate` is the ARN of a
    certificate in us-east-1 for the `domain`, `waf` that of a web ACL with the scope CLOUDFRONT, also there:
    CloudFront takes them from no other region, so they are made in a stack of their own. `cache` is what CloudFront
    keeps: "none", "by-origin" (what the answers' headers say) or "optimized". Raises SpecError for a public load
    balancer and for what is elsewhere.
    """

    edge: LoadBalancer
    certificate: Text | None = None
    domain: str | Sequence[str] = ()
    hosted_zone: HostedZone | None = None
    waf: Text | None = None
    cache: Literal["none", "by-origin", "optimized"] = "none"
    methods: Literal["all", "read"] = "all"
    countries: Sequence[str] = ()
    """Two-letter codes; others are answered with 403. By default everybody."""
    price: Literal["PriceClass_100", "PriceClass_200", "PriceClass_All"] = "PriceClass_100"
    timeout: timedelta = timedelta(seconds=30)
    """How long an answer of the load balancer may take, up to a minute."""
    security_headers: bool = True
    """Whether answers get HSTS and the other headers of CloudFront's managed policy."""

    refused: ClassVar[Mapping[str, str]] = {
        "vpc": "is the load balancer's",
        "access_logs": "are not offered yet; use customize",
    }

    def check(self) -> None:
        if self.edge.public:
            raise self.refuse(f"{self.edge.who} is public, and callers could pass CloudFront by; leave that out")
        if self.domains and self.certificate is None:
            raise self.refuse("domain needs a certificate of us-east-1; give certificate=")
        if self.certificate is not None and not self.domains:
            raise self.refuse("a certificate is for a domain; give domain=")
        if self.domains and self.hosted_zone is not None:
            wrong = problem(self.domains, self.hosted_zone)
            if wrong is not None:
                raise self.refuse(wrong)
        for key, kind in (("certificate", "acm"), ("waf", "wafv2")):
            given = getattr(self, key)
            if isinstance(given, str) and not re.match(rf"arn:aws[\w-]*:{kind}:us-east-1:", given):
                raise self.refuse(f"{key} must be an ARN of us-east-1, where CloudFront looks, got {shown(given)}")
        if not 1 <= self.timeout.total_seconds() <= 60 or self.timeout.total_seconds() % 1:
            raise self.refuse(f"timeout must be 1 to 60 whole seconds, got {self.timeout.total_seconds():g}")
        for code in self.countries:
            if not re.fullmatch(r"[A-Z]{2}", code):
                raise self.refuse(f"countries are two-letter codes like DE, got {shown(code)}")

    @property
    def domains(self) -> tuple[str, ...]:
        return (self.domain,) if isinstance(self.domain, str) else tuple(self.domain)

    @property
    def domain_name(self) -> Attr:
        return self.attr("Distribution", "DomainName")

    @property
    def url(self) -> Text:
        return f"https://{self.domains[0]}" if self.domains else sub("https://{host}", host=self.domain_name)

    def build(self) -> Iterator[Any]:
        yield cloudfront.VpcOrigin(
            self.id("VpcOrigin"),
            VpcOriginEndpointConfig=cloudfront.VpcOriginEndpointConfig(
                Name=sub(f"${{AWS::StackName}}-{self.name}"),
                Arn=self.edge.arn,
                HTTPPort=80,
                HTTPSPort=443,
                OriginProtocolPolicy="https-only" if self.edge.secure else "http-only",
                OriginSSLProtocols=["TLSv1.2"],
            ),
        )
        yield self._distribution()
        if self.hosted_zone is not None:
            yield from alias_records(self.name, self.domains, self.hosted_zone, self.domain_name, _ZONE)

    def _distribution(self) -> Any:
        more: dict[str, Any] = {}
        if self.domains:
            more["Aliases"] = list(self.domains)
            more["ViewerCertificate"] = cloudfront.ViewerCertificate(
                AcmCertificateArn=self.certificate, MinimumProtocolVersion="TLSv1.2_2021", SslSupportMethod="sni-only"
            )
        if self.waf is not None:
            more["WebACLId"] = self.waf
        if self.countries:
            more["Restrictions"] = cloudfront.Restrictions(
                GeoRestriction=cloudfront.GeoRestriction(RestrictionType="whitelist", Locations=list(self.countries))
            )
        return cloudfront.Distribution(
            self.id("Distribution"),
            DistributionConfig=cloudfront.DistributionConfig(
                Enabled=True,
                Comment=f"Distribution {self.name}",
                HttpVersion="http2and3",
                IPV6Enabled=True,
                PriceClass=self.price,
                Origins=[self._origin()],
                DefaultCacheBehavior=self._behavior(),
                **more,
            ),
        )

    def _origin(self) -> Any:
        # with HTTPS the name must be in the load balancer's certificate
        host = self.edge.domains[0] if self.edge.secure and self.edge.domains else self.edge.dns_name
        return cloudfront.Origin(
            Id="edge",
            DomainName=host,
            VpcOriginConfig=cloudfront.VpcOriginConfig(
                VpcOriginId=GetAtt(self.id("VpcOrigin"), "Id"),
                OriginReadTimeout=int(self.timeout.total_seconds()),
            ),
        )

    def _behavior(self) -> Any:
        methods = ["GET", "HEAD", "OPTIONS"] + (["PUT", "POST", "PATCH", "DELETE"] if self.methods == "all" else [])
        headers = {"ResponseHeadersPolicyId": _SECURITY_HEADERS} if self.security_headers else {}
        return cloudfront.DefaultCacheBehavior(
            TargetOriginId="edge",
            ViewerProtocolPolicy="redirect-to-https",
            AllowedMethods=methods,
            CachedMethods=["GET", "HEAD"],
            CachePolicyId=_CACHE[self.cache],
            OriginRequestPolicyId=_ALL_VIEWER,
            Compress=True,
            **headers,
        )
