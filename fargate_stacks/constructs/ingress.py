"""Load balancers: where requests come in."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from troposphere import ec2
from troposphere import elasticloadbalancingv2 as elb

from fargate_stacks.constructs.network import Network, Subnets, Tier
from fargate_stacks.constructs.route import RouteSource
from fargate_stacks.core.construct import Construct, Value
from fargate_stacks.core.hints import shown
from fargate_stacks.core.priorities import ALL
from fargate_stacks.core.values import Attr, Text, by_removal, sub

TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
NO_EGRESS = ec2.SecurityGroupRule(
    # an empty list would mean "everywhere": a rule that matches no address says "nowhere"
    CidrIp="255.255.255.255/32", IpProtocol="icmp", FromPort=252, ToPort=86, Description="no outbound traffic"
)  # fmt: skip


class LoadBalancer(Construct, RouteSource):
    """An application load balancer with one listener: HTTPS when it has a certificate, else HTTP.

    Internal by default. With a `certificate` (an ACM ARN of the same region) it listens on 443 and, unless
    `redirect=False`, sends port 80 there. What no route matches is answered with 404. `allow_from` are CIDR blocks:
    by default everywhere when public, the VPC when internal. Deletion protection follows `Stack(removal=)`.
    It costs about 16 USD a month and what it processes. Raises SpecError for fewer than two subnets.
    """

    vpc: Network
    public: bool = False
    certificate: Text | None = None
    redirect: bool = True
    tls_policy: str = TLS_POLICY
    """The security policy of the HTTPS listener."""
    allow_from: Sequence[Text] | None = None
    idle_timeout: timedelta = timedelta(seconds=60)

    refused: ClassVar[Mapping[str, str]] = {
        "internet_facing": "is called public",
        "scheme": "is called public: True is internet-facing, False is internal",
        "subnets": "follow public: public subnets, or the private (else isolated) ones",
    }
    priorities: ClassVar[range] = ALL

    def check(self) -> None:
        if isinstance(self.certificate, str) and not re.match(r"arn:aws[\w-]*:(acm|iam):", self.certificate):
            raise self.refuse(f"certificate must be the ARN of an ACM certificate, got {shown(self.certificate)}")
        seconds = self.idle_timeout.total_seconds()
        if not 1 <= seconds <= 4000 or seconds % 1:
            raise self.refuse(f"idle_timeout must be 1 to 4000 whole seconds, got {seconds:g}")
        if self._subnets.count == 1:
            raise self.refuse("an application load balancer needs subnets in two zones, its VPC has one; use azs=2")

    @property
    def _subnets(self) -> Subnets:
        if self.public:
            return self.vpc.subnets("public", self.who)
        tier: Tier = "private" if self.vpc.has("private") or not self.vpc.has("isolated") else "isolated"
        return self.vpc.subnets(tier, self.who)

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
    def listener_arn(self) -> Attr:
        return self.attr("Listener")

    @property
    def listener_key(self) -> Hashable:
        return self.listener_arn

    @property
    def security_group(self) -> Attr:
        return self.attr("SecurityGroup", "GroupId")

    @property
    def url(self) -> Text:
        """The address of the load balancer itself; a certificate for another name does not match it."""
        return sub(("https" if self.certificate else "http") + "://{host}", host=self.dns_name)

    def build(self) -> Iterator[Any]:
        yield self._security_group()
        yield self._load_balancer()
        yield self._listener()
        if self.certificate and self.redirect:
            yield self._redirect_listener()

    def _security_group(self) -> Any:
        ports = ([443, 80] if self.redirect else [443]) if self.certificate else [80]
        if self.allow_from is not None:
            sources = self.allow_from
        else:
            sources = ("0.0.0.0/0",) if self.public else (self.vpc.cidr_block,)
        where = "from anywhere" if sources == ("0.0.0.0/0",) else "from the networks allowed"
        return ec2.SecurityGroup(
            self.id("SecurityGroup"),
            GroupDescription=f"Load balancer {self.name}",
            VpcId=self.vpc.vpc_id,
            SecurityGroupIngress=[
                ec2.SecurityGroupRule(
                    IpProtocol="tcp", FromPort=port, ToPort=port, CidrIp=source, Description=f"port {port} {where}"
                )
                for port in ports
                for source in sources
            ],
            SecurityGroupEgress=[NO_EGRESS],
        )

    def _load_balancer(self) -> Any:
        attributes = {
            "deletion_protection.enabled": by_removal(retain="true", remove="false"),
            "idle_timeout.timeout_seconds": str(int(self.idle_timeout.total_seconds())),
            "routing.http.drop_invalid_header_fields.enabled": "true",
            "routing.http.desync_mitigation_mode": "defensive",
        }
        subnets = self._subnets
        return elb.LoadBalancer(
            self.id("LoadBalancer"),
            # CloudFormation refuses a public one before the gateway is attached, and nothing else orders the two
            DependsOn=list(self.vpc.internet) if self.public else [],
            Type="application",
            Scheme="internet-facing" if self.public else "internal",
            Subnets=subnets.ids if not isinstance(subnets.ids, tuple) else list(subnets.ids),
            SecurityGroups=[self.security_group],
            LoadBalancerAttributes=[
                elb.LoadBalancerAttributes(Key=key, Value=value) for key, value in attributes.items()
            ],
        )

    def _listener(self) -> Any:
        secure = (
            {"Certificates": [elb.Certificate(CertificateArn=self.certificate)], "SslPolicy": self.tls_policy}
            if self.certificate
            else {}
        )
        return elb.Listener(
            self.id("Listener"),
            LoadBalancerArn=self.arn,
            Port=443 if self.certificate else 80,
            Protocol="HTTPS" if self.certificate else "HTTP",
            **secure,
            DefaultActions=[
                elb.Action(
                    Type="fixed-response",
                    FixedResponseConfig=elb.FixedResponseConfig(
                        StatusCode="404", ContentType="text/plain", MessageBody="no route"
                    ),
                )
            ],
        )

    def _redirect_listener(self) -> Any:
        return elb.Listener(
            self.id("RedirectListener"),
            LoadBalancerArn=self.arn,
            Port=80,
            Protocol="HTTP",
            DefaultActions=[
                elb.Action(
                    Type="redirect",
                    RedirectConfig=elb.RedirectConfig(Protocol="HTTPS", Port="443", StatusCode="HTTP_301"),
                )
            ],
        )


class ExistingLoadBalancer(Value, RouteSource):
    """A load balancer that something else owns: its listener, and its security group.

    `priorities` is the part of the listener's priorities that this app may use, so that two apps can share it:
    `priorities=range(1000, 2000)`. `full_name` (`app/name/0123456789abcdef`) is needed for `Scaling(requests=)`.
    """

    vpc: Network
    listener_arn: Text
    security_group: Text
    priorities: range = ALL
    full_name: Text | None = None

    def check(self) -> None:
        if isinstance(self.listener_arn, str) and ":listener/app/" not in self.listener_arn:
            raise self.refuse(f"listener_arn must be the ARN of an ALB's listener, got {shown(self.listener_arn)}")
        if isinstance(self.security_group, str) and not re.fullmatch(r"sg-[0-9a-f]+", self.security_group):
            raise self.refuse(f"security_group must look like sg-0123456789abcdef0, got {shown(self.security_group)}")
        within = self.priorities
        if within.step != 1 or not within or within.start < 1 or within.stop > ALL.stop:
            raise self.refuse(f"priorities must be a range within range(1, {ALL.stop}), got {within}")

    @property
    def name(self) -> str:
        """What stands for it in the logical ids of those who use it."""
        return "LoadBalancer"

    @property
    def who(self) -> str:
        return f"ExistingLoadBalancer {shown(self.listener_arn)}"

    @property
    def listener_key(self) -> Hashable:
        return self.listener_arn
