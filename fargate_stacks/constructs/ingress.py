"""Load balancers: where requests come in."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from troposphere import ec2
from troposphere import elasticloadbalancingv2 as elb

from fargate_stacks.constructs.named import Named, certificate_key
from fargate_stacks.constructs.network import Network
from fargate_stacks.constructs.route import RouteSource
from fargate_stacks.core.construct import Construct
from fargate_stacks.core.priorities import ALL
from fargate_stacks.core.values import Attr, Text, by_removal, sub

if TYPE_CHECKING:  # few load balancers have them: they are imported where they are given
    from fargate_stacks.constructs.archive import LogArchive
    from fargate_stacks.constructs.dns import HostedZone
    from fargate_stacks.constructs.mutual_tls import MutualTls
    from fargate_stacks.constructs.waf import Waf

TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
NO_EGRESS = ec2.SecurityGroupRule(
    # an empty list would mean "everywhere": a rule that matches no address says "nowhere"
    CidrIp="255.255.255.255/32", IpProtocol="icmp", FromPort=252, ToPort=86, Description="no outbound traffic"
)  # fmt: skip


def cidr(source: Text) -> dict[str, Text]:
    """Give a block of addresses as security-group rules name it."""
    return {"CidrIpv6" if isinstance(source, str) and ":" in source else "CidrIp": source}


_TO_LOGINS = ec2.SecurityGroupRule(
    CidrIp="0.0.0.0/0", IpProtocol="tcp", FromPort=443, ToPort=443, Description="to login providers"
)


class LoadBalancer(Construct, Named, RouteSource):
    """An application load balancer with one listener: HTTPS when it has a certificate or a domain, else HTTP.

    Internal by default. With a `certificate` (the ARN of one in ACM of the same region, or several) or a `domain` in a
    `hosted_zone`, for which a certificate is made and validated, it listens on 443 and, unless `redirect=False`, sends
    port 80 there; each domain gets a record that leads here. What no route matches is answered with 404. `allow_from`
    are CIDR blocks: by default everywhere when public, the VPC when internal. In a VPC with IPv6 a public one speaks
    both. Deletion protection follows
    `Stack(removal=)`. It costs about 16 USD a month and what it processes. Raises SpecError for fewer than two subnets.
    """

    vpc: Network
    public: bool = False
    certificate: Text | Sequence[Text] | None = None
    """One ARN, or several: the first is shown to clients that name no host, the others by the host they name."""
    domain: str | Sequence[str] = ()
    hosted_zone: HostedZone | None = None
    redirect: bool = True
    tls_policy: str = TLS_POLICY
    """The security policy of the HTTPS listener."""
    mutual_tls: MutualTls | None = None
    logins: bool = False
    """Whether it may call the providers of `route(login=)`: HTTPS to anywhere, in place of no way out at all."""
    allow_from: Sequence[Text] | None = None
    test_port: int | None = None
    """A second listener, on which blue/green deployments show the new revision before it takes traffic."""
    test_from: Sequence[Text] | None = None
    """Who reaches the test port: CIDR blocks, by default the VPC."""
    access_logs: LogArchive | None = None
    connection_logs: LogArchive | None = None
    waf: Waf | None = None
    idle_timeout: timedelta = timedelta(seconds=60)
    """How long a connection without data is kept; a WebSocket that is silent for longer is closed."""
    keep_alive: timedelta = timedelta(seconds=3600)
    """How long a client may keep one connection, however busy."""
    desync: Literal["monitor", "defensive", "strictest"] = "defensive"
    preserve_host: bool = False
    """Whether containers see the Host header as it came, rather than without its port."""
    forwarded_for: Literal["append", "preserve", "remove"] = "append"

    refused: ClassVar[Mapping[str, str]] = {
        "internet_facing": "is called public",
        "scheme": "is called public: True is internet-facing, False is internal",
        "subnets": "follow public: public subnets, or the private (else isolated) ones",
        "certificates": "is called certificate; it takes one or several",
        "domains": "is called domain; it takes one or several",
    }
    priorities: ClassVar[range] = ALL

    def check(self) -> None:
        wrong = self.wrong_name()
        if wrong is not None:
            raise self.refuse(wrong)
        if any(certificate_key(one) is None for one in self.certificates[1:]):
            raise self.refuse("a further certificate is an ARN, a Param or a construct's attribute; give one of these")
        for key, high in (("idle_timeout", 4000), ("keep_alive", 604_800)):
            seconds, low = getattr(self, key).total_seconds(), 1 if key == "idle_timeout" else 60
            if not low <= seconds <= high or seconds % 1:
                raise self.refuse(f"{key} must be {low} to {high} whole seconds, got {seconds:g}")
        if self.mutual_tls is not None and not self.secure:
            raise self.refuse("mutual_tls needs an HTTPS listener; give certificate= or domain=")
        if self.test_port is not None and (not 1 <= self.test_port <= 65535 or self.test_port in (80, 443)):
            raise self.refuse(f"test_port must be 1 to 65535 and neither 80 nor 443, got {self.test_port}")
        if self.test_from is not None and self.test_port is None:
            raise self.refuse("test_from is for the test port; give test_port=")
        if self.standing.count == 1:
            raise self.refuse("an application load balancer needs subnets in two zones, its VPC has one; use azs=2")

    @property
    def dual_stack(self) -> bool:
        """Whether it is reached by IPv6 too: a public one in a network that has it."""
        return self.public and self.vpc.ipv6

    @property
    def listener_arn(self) -> Attr:
        return self.attr("Listener")

    @property
    def listener_key(self) -> Hashable:
        return self.listener_arn

    @property
    def test_listener_arn(self) -> Attr | None:
        return None if self.test_port is None else self.attr("TestListener")

    @property
    def url(self) -> Text:
        """The address: the first domain, else the load balancer's own name, which a certificate does not match."""
        scheme = "https" if self.secure else "http"
        return f"{scheme}://{self.domains[0]}" if self.domains else sub(scheme + "://{host}", host=self.dns_name)

    def build(self) -> Iterator[Any]:
        yield self._security_group()
        if self.makes_certificate and self.hosted_zone is not None:
            from fargate_stacks.constructs.dns import certificate

            yield certificate(self.id("Certificate"), self.domains, self.hosted_zone)
        yield self._load_balancer()
        yield from self._listeners()
        if self.hosted_zone is not None:
            from fargate_stacks.constructs.dns import alias_records

            leads = self.dns_name, self.hosted_zone_id
            yield from alias_records(self.name, self.domains, self.hosted_zone, *leads, ipv6=self.dual_stack)
        if self.waf is not None:
            from fargate_stacks.constructs.waf import association

            yield association(self.id("WafAssociation"), self.waf, self.arn)

    def _security_group(self) -> Any:
        ports = ([443, 80] if self.redirect else [443]) if self.secure else [80]
        where = "from anywhere" if self.sources[:1] == ("0.0.0.0/0",) else "from the networks allowed"
        doors = [(port, source, f"port {port} {where}") for port in ports for source in self.sources]
        if self.test_port is not None:
            tests = (self.vpc.cidr_block,) if self.test_from is None else self.test_from
            doors += [(self.test_port, one, f"port {self.test_port} for tests of a new revision") for one in tests]
        return ec2.SecurityGroup(
            self.id("SecurityGroup"),
            GroupDescription=f"Load balancer {self.name}",
            VpcId=self.vpc.vpc_id,
            SecurityGroupIngress=[
                ec2.SecurityGroupRule(
                    IpProtocol="tcp", FromPort=port, ToPort=port, **cidr(source), Description=description
                )
                for port, source, description in doors
            ],
            SecurityGroupEgress=[_TO_LOGINS if self.logins else NO_EGRESS],
        )

    def _load_balancer(self) -> Any:
        archives = [one for one in (self.access_logs, self.connection_logs) if one is not None]
        return elb.LoadBalancer(
            self.id("LoadBalancer"),
            # CloudFormation refuses a public one before the gateway is attached, and logs before the bucket's policy,
            # and nothing else orders these
            DependsOn=[*(self.vpc.internet if self.public else ()), *(one.ready for one in archives)],
            Type="application",
            Scheme="internet-facing" if self.public else "internal",
            **({"IpAddressType": "dualstack"} if self.dual_stack else {}),
            Subnets=self.placed,
            SecurityGroups=[self.security_group],
            LoadBalancerAttributes=[
                elb.LoadBalancerAttributes(Key=key, Value=value) for key, value in self._attributes().items()
            ],
        )

    def _attributes(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "deletion_protection.enabled": by_removal(retain="true", remove="false"),
            "idle_timeout.timeout_seconds": str(int(self.idle_timeout.total_seconds())),
            "routing.http.drop_invalid_header_fields.enabled": "true",
            "routing.http.desync_mitigation_mode": self.desync,
        }
        if self.keep_alive != timedelta(seconds=3600):
            found["client_keep_alive.seconds"] = str(int(self.keep_alive.total_seconds()))
        if self.preserve_host:
            found["routing.http.preserve_host_header.enabled"] = "true"
        if self.forwarded_for != "append":
            found["routing.http.xff_header_processing.mode"] = self.forwarded_for
        for kind, archive in (("access_logs", self.access_logs), ("connection_logs", self.connection_logs)):
            if archive is not None:
                found |= {
                    f"{kind}.s3.enabled": "true",
                    f"{kind}.s3.bucket": archive.bucket_name,
                    f"{kind}.s3.prefix": f"{self.name}/{kind.partition('_')[0]}",
                }
        return found

    def _listeners(self) -> Iterator[Any]:
        no_route = elb.Action(
            Type="fixed-response",
            FixedResponseConfig=elb.FixedResponseConfig(
                StatusCode="404", ContentType="text/plain", MessageBody="no route"
            ),
        )
        yield self._listener("Listener", 443 if self.secure else 80, no_route)
        for one in self.certificates[1:]:
            yield elb.ListenerCertificate(
                self.id(f"Certificate{certificate_key(one)}"),
                ListenerArn=self.listener_arn,
                Certificates=[elb.Certificate(CertificateArn=one)],
            )
        if self.test_port is not None:
            yield self._listener("TestListener", self.test_port, no_route)
        if self.secure and self.redirect:
            redirect = elb.RedirectConfig(Protocol="HTTPS", Port="443", StatusCode="HTTP_301")
            yield elb.Listener(
                self.id("RedirectListener"),
                LoadBalancerArn=self.arn,
                Port=80,
                Protocol="HTTP",
                DefaultActions=[elb.Action(Type="redirect", RedirectConfig=redirect)],
            )

    def _listener(self, part: str, port: int, action: Any) -> Any:
        secure: dict[str, Any] = {}
        if self.secure:
            first = self.certificates[0] if self.certificates else self.attr("Certificate")
            secure = {"Certificates": [elb.Certificate(CertificateArn=first)], "SslPolicy": self.tls_policy}
            if self.mutual_tls is not None:
                secure["MutualAuthentication"] = self.mutual_tls.configuration()
        return elb.Listener(
            self.id(part),
            LoadBalancerArn=self.arn,
            Port=port,
            Protocol="HTTPS" if self.secure else "HTTP",
            **secure,
            DefaultActions=[action],
        )
