"""Routes: what a load balancer sends to a service, and which requests those are."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from troposphere import Ref
from troposphere import elasticloadbalancingv2 as elb

from fargate_stacks.constructs.network import Network
from fargate_stacks.core.construct import Value, verb
from fargate_stacks.core.hints import shown
from fargate_stacks.core.priorities import Conditions, Priority
from fargate_stacks.core.values import Text
from fargate_stacks.errors import SpecError

_METHOD = re.compile(r"[A-Z_-]{1,40}\Z")
_PATH = re.compile(r"/[A-Za-z0-9_\-.$/~\"'@:+&*?()!,;=%]{0,127}\Z")
_HOST = re.compile(r"[A-Za-z0-9.*?-]{1,128}\Z")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,40}\Z")
_CODES = re.compile(r"\d{3}(-\d{3}|(,\d{3})*)\Z")


class Route(Value):
    """What a load balancer sends to a service: made by `edge.route(...)`, taken by `Service(route=)`.

    Conditions of different kinds must all hold; values of one kind are alternatives. Raises SpecError for a value
    that a listener refuses and for more than five values in one rule (quota of Elastic Load Balancing).
    """

    load_balancer: RouteSource
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
            raise self.refuse(f'expect must be status codes from 200 to 499 like "200-399", got {shown(self.expect)}')
        interval, timeout = self.interval.total_seconds(), self.timeout.total_seconds()
        if not 5 <= interval <= 300 or interval % 1:
            raise self.refuse(f"interval must be 5 to 300 whole seconds, got {interval:g}")
        if not 2 <= timeout <= 120 or timeout % 1 or timeout >= interval:
            raise self.refuse(
                f"timeout must be 2 to 120 whole seconds and below interval={interval:g}, got {timeout:g}"
            )
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
            yield elb.Condition(Field="path-pattern", PathPatternConfig=elb.PathPatternConfig(Values=list(self.path)))
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


class RouteSource:
    """What routes lead from: a load balancer of ours, or an existing one."""

    if TYPE_CHECKING:

        @property
        def name(self) -> str: ...

        @property
        def who(self) -> str: ...

        @property
        def vpc(self) -> Network: ...

        @property
        def listener_arn(self) -> Text: ...

        @property
        def listener_key(self) -> Hashable: ...

        @property
        def security_group(self) -> Text: ...

        @property
        def full_name(self) -> Text | None: ...

        @property
        def priorities(self) -> range: ...

    @verb
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
            load_balancer=self,
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
