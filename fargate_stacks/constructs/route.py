"""Routes: what an application load balancer sends to a service, and which requests those are."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from troposphere import Ref, ecs
from troposphere import elasticloadbalancingv2 as elb

from fargate_stacks.constructs.conditions import Match
from fargate_stacks.constructs.entry import Door, Entry, Target
from fargate_stacks.constructs.network import Network
from fargate_stacks.constructs.targets import problem, target_group
from fargate_stacks.core.construct import Construct, verb
from fargate_stacks.core.priorities import Conditions, Priority
from fargate_stacks.core.values import Text

if TYPE_CHECKING:
    from fargate_stacks.constructs.login import Cognito, Oidc
    from fargate_stacks.core.values import Attr


class Route(Entry):
    """What a load balancer sends to a service: made by `edge.route(...)`, taken by `Service(route=)`.

    Conditions of different kinds must all hold; values of one kind are alternatives. Raises SpecError for a value
    that a listener refuses and for more than five values in one rule (quota of Elastic Load Balancing).
    """

    load_balancer: RouteSource
    path: Sequence[str]
    host: Sequence[str]
    header: Mapping[str, Sequence[str]]
    method: Sequence[str]
    query: Mapping[str, Sequence[str]]
    source: Sequence[str]
    priority: int | None
    health: str
    expect: str | None
    interval: timedelta
    timeout: timedelta
    healthy: int
    unhealthy: int
    deregistration_delay: timedelta
    protocol: Literal["http", "http2", "grpc"]
    encrypted: bool
    sticky: timedelta | None
    cookie: str | None
    slow_start: timedelta | None
    algorithm: Literal["round_robin", "least_outstanding_requests", "weighted_random"]
    rewrite: Mapping[str, str]
    login: Oidc | Cognito | None

    def check(self) -> None:
        super().check()
        wrong = self.match.problem() or problem(self)
        if wrong is not None:
            raise self.refuse(wrong)
        within = self.load_balancer.priorities
        if self.priority is not None and self.priority not in within:
            raise self.refuse(
                f"priority must be {within.start} to {within.stop - 1} on this listener, got {self.priority}"
            )
        secure = self.load_balancer.secure
        if secure is False and self.protocol != "http":
            raise self.refuse(
                f"protocol {self.protocol!r} needs an HTTPS listener; give the load balancer a certificate or a domain"
            )
        if secure is False and self.login is not None:
            raise self.refuse("login needs an HTTPS listener; give the load balancer a certificate or a domain")
        if self.login is not None and self.load_balancer.logins is False:
            raise self.refuse(f"login needs a way from {self.front} to the provider; give it logins=True")
        if len(self.rewrite) > 1:
            raise self.refuse(f"a rule rewrites paths once, got {len(self.rewrite)} patterns; give one")

    @property
    def who(self) -> str:
        words = [*self.method, *self.host, *self.path]
        return f"route {' '.join(words)}" + (f" ({self.name})" if self.name else "")

    @property
    def match(self) -> Match:
        return Match(self.path, self.host, self.header, self.method, self.query, self.source)

    @property
    def conditions(self) -> Conditions:
        """The canonical form: two routes with equal conditions match the same requests."""
        return self.match.canonical

    @property
    def front(self) -> str:
        return self.load_balancer.who

    @property
    def network(self) -> Network:
        return self.load_balancer.vpc

    @property
    def door(self) -> Door:
        balancer = self.load_balancer
        return Door(balancer.name, balancer.security_group, f"load balancer {balancer.name}")

    def check_target(self, to: Target) -> None:
        if to.udp:
            raise self.refuse(f"port {to.port} of container {to.container} speaks UDP, a route carries HTTP")

    # what the service's stack gets

    def resources(self, to: Target) -> Iterator[Any]:
        service, part = to.service, self.part
        yield target_group(self, service.id(f"{part}TargetGroup"), to.port, to.network)
        if to.deployment.shifts:
            yield target_group(self, service.id(f"{part}GreenTargetGroup"), to.port, to.network)
        yield self._rule(to, f"{part}ListenerRule", self.load_balancer.listener_arn, self.load_balancer.listener_key)
        test = self.load_balancer.test_listener_arn
        if to.deployment.shifts and test is not None:
            yield self._rule(to, f"{part}TestListenerRule", test, test)

    def waits(self, to: Target) -> list[str]:
        test = to.deployment.shifts and self.load_balancer.test_listener_arn is not None
        return [f"{self.part}ListenerRule", *([f"{self.part}TestListenerRule"] if test else [])]

    def attach(self, to: Target) -> tuple[str, Any]:
        service, part = to.service, self.part
        test = self.load_balancer.test_listener_arn
        more = to.deployment.alternate(
            service,
            group=service.attr(f"{part}GreenTargetGroup"),
            production=service.attr(f"{part}ListenerRule"),
            test=None if test is None else service.attr(f"{part}TestListenerRule"),
        )
        return "LoadBalancers", ecs.LoadBalancer(
            ContainerName=to.container,
            ContainerPort=to.port,
            TargetGroupArn=Ref(service.id(f"{part}TargetGroup")),
            **more,
        )

    def _rule(self, to: Target, part: str, listener: Text, key: Hashable) -> Any:
        logical_id = to.service.id(part)
        forward = to.deployment.forward(to.service, self.part, logical_id)
        return self.rule(to.service, logical_id, forward, listener, key)

    def rule(
        self, owner: Construct, logical_id: str, forward: Any, listener: Text | None = None, key: Hashable = None
    ) -> Any:
        """Give the listener rule that does `forward` with what this route matches."""
        balancer = self.load_balancer
        more = {}
        for pattern, replacement in self.rewrite.items():
            rewrite = elb.RewriteConfigObject(Rewrites=[elb.RewriteConfig(Regex=pattern, Replace=replacement)])
            more["Transforms"] = [elb.Transform(Type="url-rewrite", UrlRewriteConfig=rewrite)]
        return elb.ListenerRule(
            logical_id,
            ListenerArn=balancer.listener_arn if listener is None else listener,
            Priority=Priority(
                listener=balancer.listener_key if listener is None else key,
                listener_name=balancer.who,
                rule=logical_id,
                label=f"{self.who} of {owner.who}",
                conditions=self.conditions,
                explicit=self.priority,
                within=balancer.priorities,
            ),
            Conditions=list(self.match.rule_conditions()),
            **more,
            Actions=[forward] if self.login is None else self._after_login(self.login, forward),
        )

    def _after_login(self, login: Oidc | Cognito, forward: Any) -> list[Any]:
        forward.Order = 2
        return [login.action(), forward]


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

        @property
        def test_listener_arn(self) -> Text | Attr | None: ...

        @property
        def secure(self) -> bool | None:
            """Whether its listener speaks HTTPS; None where nobody knows."""

        @property
        def logins(self) -> bool | None:
            """Whether it reaches login providers; None where nobody knows."""

    @verb
    def route(
        self,
        path: str | Sequence[str] = "/*",
        *,
        host: str | Sequence[str] = (),
        header: Mapping[str, str | Sequence[str]] | None = None,
        method: str | Sequence[str] = (),
        query: Mapping[str, str | Sequence[str]] | None = None,
        source: str | Sequence[str] = (),
        name: str = "",
        priority: int | None = None,
        port: int | None = None,
        container: str | None = None,
        health: str = "/",
        expect: str | None = None,
        interval: timedelta = timedelta(seconds=10),
        timeout: timedelta = timedelta(seconds=5),
        healthy: int = 2,
        unhealthy: int = 3,
        deregistration_delay: timedelta = timedelta(seconds=30),
        protocol: Literal["http", "http2", "grpc"] = "http",
        encrypted: bool = False,
        sticky: timedelta | None = None,
        cookie: str | None = None,
        slow_start: timedelta | None = None,
        algorithm: Literal["round_robin", "least_outstanding_requests", "weighted_random"] = "round_robin",
        rewrite: Mapping[str, str] | None = None,
        login: Oidc | Cognito | None = None,
    ) -> Route:
        """Give a route to a service's container: the one named, else the one with `port`, else the first with a port.

        `path`, `host`, `method` and `source` (CIDR blocks) take one value or several; `header` values by field name,
        `query` values by key. `health` is the path of the load balancer's check, `expect` the codes that count as
        healthy: "200-399" by default, "12" for gRPC. A service with several routes names all but one of them: `name`
        becomes part of the logical ids. Priorities are chosen so that the more specific route wins and none moves when
        another is added; `priority` fixes one.

        `protocol` is what the container speaks; "http2" and "grpc" need an HTTPS listener. `encrypted` speaks TLS to
        the container, whose certificate is not checked. `sticky` keeps a client on one task for that long, by the load
        balancer's cookie or by the application's `cookie`. `slow_start` lets a new task warm up. `rewrite` is a regular
        expression for the path and what replaces it. `login` asks for a login first: `Oidc(...)` or `Cognito(...)`.
        """
        return Route(
            load_balancer=self,
            path=_several(path),
            host=_several(host),
            header={key: _several(values) for key, values in (header or {}).items()},
            method=_several(method),
            query={key: _several(values) for key, values in (query or {}).items()},
            source=_several(source),
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
            protocol=protocol,
            encrypted=encrypted,
            sticky=sticky,
            cookie=cookie,
            slow_start=slow_start,
            algorithm=algorithm,
            rewrite={} if rewrite is None else rewrite,
            login=login,
        )


def _several(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value
