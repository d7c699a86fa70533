"""Load balancers and the routes that lead from them to services."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from troposphere import Ref, ec2
from troposphere import elasticloadbalancingv2 as elb

from fargate_stacks.constructs.network import Network, Subnets
from fargate_stacks.core.construct import Construct, Value
from fargate_stacks.core.hints import shown
from fargate_stacks.core.priorities import ALL, Conditions, Priority
from fargate_stacks.core.values import Attr, Text, by_removal, sub
from fargate_stacks.errors import SpecError

TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
_METHOD = re.compile(r"[A-Z_-]{1,40}\Z")
_PATH = re.compile(r"/[A-Za-z0-9_\-.$/~\"'@:+&*?()!,;=%]{0,127}\Z")
_HOST = re.compile(r"[A-Za-z0-9.*?-]{1,128}\Z")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,40}\Z")
_CODES = re.compile(r"\d{3}(-\d{3}|(,\d{3})*)\Z")
NO_EGRESS = ec2.SecurityGroupRule(
    # an empty list would mean "everywhere": a rule that matches no address says "nowhere"
    CidrIp="255.255.255.255/32", IpProtocol="icmp", FromPort=252, ToPort=86, Description="no outbound traffic"
)  # fmt: skip


class Route(Value):
    """What a load balancer sends to a service: made by `edge.route(...)`, taken by `Service(route=)`.

    Conditions of different kinds must all hold; values of one kind are alternatives. Raises SpecError for a value
    that a listener refuses and for more than five values in one rule (quota of Elastic Load Balancing).
    """

    load_balancer: LoadBalancer | ExistingLoadBalancer
    path: Sequence[str]
    host: Sequence[str]
    header: Mapping[str, Sequence[str]]
    method: Sequence[str]
    name: str
    priority: int | None
    port: int | None
    container: str | None
    health: str
    expect: str
    interval: timedelta
    timeout: timedelta
    healthy: int
    unhealthy: int
    deregistration_delay: timedelta

    def check(self) -> None:
        for path in self.path:
            if not _PATH.match(path):
                raise self.refuse(f"path must start with / and have up to 128 URL characters, got {shown(path)}")
        for host in self.host:
            if not _HOST.match(host) or "." not in host:
                raise self.refuse(f"host must be a host name, * and ? admitted, got {shown(host)}")
        for method in self.method:
            if not _METHOD.match(method):
                raise self.refuse(f"method must be upper-case letters like GET, got {shown(method)}")
        for key, values in self.header.items():
            if not _HEADER.match(key) or key.lower() == "host":
                raise self.refuse(f"header must be a field name other than Host, got {shown(key)}; host= is for Host")
            if not values:
                raise self.refuse(f"header {shown(key)} has no value; give at least one")
        given = len(self.path) + len(self.host) + len(self.method) + sum(len(v) for v in self.header.values())
        if given == 0:
            raise self.refuse('it has no condition; give path="/*" for every request')
        if given > 5:
            raise self.refuse(f"a rule holds 5 condition values, got {given}; make two routes, each with a name=")
        if self.name and not re.fullmatch(r"[A-Za-z0-9]+", self.name):
            raise self.refuse(f"name is letters and digits, a part of logical ids, got {shown(self.name)}")
        within = self.load_balancer.priorities
        if self.priority is not None and self.priority not in within:
            raise self.refuse(
                f"priority must be {within.start} to {within.stop - 1} on this listener, got {self.priority}"
            )
        if self.port is not None and not 1 <= self.port <= 65535:
            raise self.refuse(f"port must be 1 to 65535, got {self.port}")
        self._check_health()

    def _check_health(self) -> None:
        if not self.health.startswith("/") or len(self.health) > 1024:
            raise self.refuse(f"health must be a path that starts with /, got {shown(self.health)}")
        codes = [int(code) for code in re.findall(r"\d+", self.expect)]
        if not _CODES.match(self.expect) or not all(200 <= code <= 499 for code in codes):
            raise self.refuse(f'expect must be status codes from 200 to 499 like "200" or "200-399", got {shown(self.expect)}')
        interval, timeout = self.interval.total_seconds(), self.timeout.total_seconds()
        if not 5 <= interval <= 300 or interval % 1:
            raise self.refuse(f"interval must be 5 to 300 whole seconds, got {interval:g}")
        if not 2 <= timeout <= 120 or timeout % 1 or timeout >= interval:
            raise self.refuse(f"timeout must be 2 to 120 whole seconds and less than interval={interval:g} s, got {timeout:g}")
        for key, value in (("healthy", self.healthy), ("unhealthy", self.unhealthy)):
            if not 2 <= value <= 10:
                raise self.refuse(f"{key} must be 2 to 10 checks in a row, got {value}")
        delay = self.deregistration_delay.total_seconds()
        if not 0 <= delay <= 1500 or delay % 1:
            raise self.refuse(
                f"deregistration_delay must be 0 to 1500 whole seconds, got {delay:g}; "
                f"CloudFormation gives up the deletion of a service after 30 minutes"
            )

    @property
    def who(self) -> str:
        words = [*self.method, *self.host, *self.path]
        return f"route {' '.join(words)}" + (f" ({self.name})" if self.name else "")

    @property
    def part(self) -> str:
        """What stands between the service's name and the resource's noun in logical ids."""
        return self.name[:1].upper() + self.name[1:]

    @property
    def conditions(self) -> Conditions:
        """The canonical form: two routes with equal conditions match the same requests."""
        header = sorted((key.lower(), tuple(sorted(values))) for key, values in self.header.items())
        path = () if "/*" in self.path and len(self.path) == 1 else tuple(sorted(self.path))
        hosts = tuple(sorted(host.lower() for host in self.host))
        if not (path or hosts or header or self.method):
            path = ("/*",)
        return Conditions(path, hosts, tuple(header), tuple(sorted(self.method)))

    def target_group(self, logical_id: str, port: int, network: Network) -> Any:
        return elb.TargetGroup(
            logical_id,
            TargetType="ip",
            Protocol="HTTP",
            Port=port,
            VpcId=network.vpc_id,
            HealthCheckPath=self.health,
            HealthCheckProtocol="HTTP",
            HealthCheckIntervalSeconds=int(self.interval.total_seconds()),
            HealthCheckTimeoutSeconds=int(self.timeout.total_seconds()),
            HealthyThresholdCount=self.healthy,
            UnhealthyThresholdCount=self.unhealthy,
            Matcher=elb.Matcher(HttpCode=self.expect),
            TargetGroupAttributes=[
                elb.TargetGroupAttribute(
                    Key="deregistration_delay.timeout_seconds",
                    Value=str(int(self.deregistration_delay.total_seconds())),
                )
            ],
        )

    def listener_rule(self, logical_id: str, target_group: str, service: str) -> Any:
        balancer = self.load_balancer
        return elb.ListenerRule(
            logical_id,
            ListenerArn=balancer.listener_arn,
            Priority=Priority(
                listener=balancer.listener_key,
                listener_name=balancer.who,
                rule=logical_id,
                label=f"{self.who} of {service}",
                conditions=self.conditions,
                explicit=self.priority,
                within=balancer.priorities,
            ),
            Conditions=list(self._rule_conditions()),
            Actions=[elb.ListenerRuleAction(Type="forward", TargetGroupArn=Ref(target_group))],
        )

    def _rule_conditions(self) -> Iterator[Any]:
        if self.path:
            yield elb.Condition(
                Field="path-pattern", PathPatternConfig=elb.PathPatternConfig(Values=list(self.path))
            )
        if self.host:
            yield elb.Condition(Field="host-header", HostHeaderConfig=elb.HostHeaderConfig(Values=list(self.host)))
        for key, values in self.header.items():
            yield elb.Condition(
                Field="http-header", HttpHeaderConfig=elb.HttpHeaderConfig(HttpHeaderName=key, Values=list(values))
            )
        if self.method:
            yield elb.Condition(
                Field="http-request-method",
                HttpRequestMethodConfig=elb.HttpRequestMethodConfig(Values=list(self.method)),
            )


class _Routes:
    """What can be routed from: `route` for both kinds of load balancer."""

    def route(
        self,
        path: str | Sequence[str] = "/*",
        *,
        host: str | Sequence[str] = (),
        header: Mapping[str, str | Sequence[str]] | None = None,
        method: str | Sequence[str] = (),
        name: str = "",
        priority: int | None = None,
        port: int | None = None,
        container: str | None = None,
        health: str = "/",
        expect: str = "200-399",
        interval: timedelta = timedelta(seconds=10),
        timeout: timedelta = timedelta(seconds=5),
        healthy: int = 2,
        unhealthy: int = 3,
        deregistration_delay: timedelta = timedelta(seconds=30),
    ) -> Route:
        """Give a route to a service's container: the one named, else the one with `port`, else the first with a port.

        `path`, `host` and `method` take one value or several; `header` values by field name. `health` is the path of
        the load balancer's check, `expect` the status codes that count as healthy. A service with several routes
        names all but one of them: `name` becomes part of the logical ids. Priorities are chosen so that the more
        specific route wins and none moves when another is added; `priority` fixes one.
        """
        return Route(
            load_balancer=self,  # type: ignore[arg-type]
            path=_several(path),
            host=_several(host),
            header={key: _several(values) for key, values in _pairs(header)},
            method=_several(method),
            name=name,
            priority=priority,
            port=port,
            container=container,
            health=health,
            expect=expect,
            interval=interval,
            timeout=timeout,
            healthy=healthy,
            unhealthy=unhealthy,
            deregistration_delay=deregistration_delay,
        )


def _several(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _pairs(header: Any) -> Any:
    if header is None:
        return ()
    if not isinstance(header, Mapping):
        raise SpecError(f"route: header must be a mapping of names to values, got {shown(header)}")
    return header.items()


class LoadBalancer(Construct, _Routes):
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
        tier = "private" if self.vpc.has("private") or not self.vpc.has("isolated") else "isolated"
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


class ExistingLoadBalancer(Value, _Routes):
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
            raise self.refuse(f"security_group must be an id like sg-0123456789abcdef0, got {shown(self.security_group)}")
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
