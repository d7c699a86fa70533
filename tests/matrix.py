"""Ways in by deployments by scaling, every pair of the first two at least once: data for `test_matrix.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import cycle
from typing import Any, NamedTuple

from fargate_stacks import (
    App,
    BlueGreen,
    Canary,
    CircuitBreaker,
    Cluster,
    Cognito,
    Construct,
    Container,
    Distribution,
    DnsNames,
    EarlySuccess,
    Endpoint,
    ExistingLoadBalancer,
    ExistingSecret,
    Gateway,
    HostedZone,
    HttpApi,
    LambdaHook,
    Lattice,
    Linear,
    LoadBalancer,
    LogArchive,
    MutualTls,
    NetworkLoadBalancer,
    Oidc,
    Param,
    Pause,
    Proxy,
    Rolling,
    Scaling,
    Service,
    Split,
    Stack,
    Task,
    TrustStore,
    Vpc,
    Waf,
)

MINUTE = timedelta(minutes=1)
NET = Vpc("Net")
MAIN = Cluster("Main", vpc=NET)
CERTIFICATE = Param("Certificate", description="the ARN of a certificate")
ZONE = HostedZone("example.com", id=Param("Zone", type="AWS::Route53::HostedZone::Id"))
HTTP = LoadBalancer("Http", vpc=NET, public=True)
INSIDE = LoadBalancer("Inside", vpc=NET)
HTTPS = LoadBalancer("Https", vpc=NET, certificate=CERTIFICATE, test_port=9443, logins=True)
LINES = NetworkLoadBalancer("Lines", vpc=NET, certificate=CERTIFICATE)
OPEN = NetworkLoadBalancer("Open", vpc=NET, public=True)
PLATFORM = [NET, MAIN, HTTP, INSIDE, HTTPS, LINES, OPEN]
EXISTING = ExistingLoadBalancer(
    vpc=NET,
    listener_arn=Param("ListenerArn", description="the listener of a load balancer that somebody else made"),
    security_group=Param("DoorSecurityGroup", type="AWS::EC2::SecurityGroup::Id"),
    priorities=range(2000, 3000),
    full_name="app/door/0123456789abcdef",
)
OIDC = Oidc(
    issuer="https://id.example.com",
    authorization_endpoint="https://id.example.com/a",
    token_endpoint="https://id.example.com/t",
    user_info_endpoint="https://id.example.com/u",
    client_id="web",
    client_secret=ExistingSecret("login").value("secret"),
)
COGNITO = Cognito(
    user_pool_arn="arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_abc",
    client_id="web",
    domain="members",
)


class Way(NamedTuple):
    """What a service is given, and what must stand beside it."""

    fields: dict[str, Any]
    beside: tuple[Construct, ...] = ()
    alb: bool = True
    """Whether requests are counted there."""
    shifts: bool = True
    udp: bool = False


def _domain() -> Way:
    audit = LogArchive("Audit")
    named = LoadBalancer("Named", vpc=NET, domain="a.example.com", hosted_zone=ZONE, access_logs=audit)
    return Way({"route": named.route("/*")}, (audit, named))


def _split() -> Way:
    front = Split("Front", route=HTTP.route("/split/*"), weights={"one": 90, "two": 10}, port=8080)
    return Way({"route": front.share("one")}, (front,), alb=False, shifts=False)


def _gateway() -> Way:
    door = Gateway("Door", vpc=NET, clusters=[MAIN], role=Param("GatewayRole"))
    return Way({"route": door.connect()}, (door,), alb=False)


def _names() -> Way:
    names = DnsNames("Names", vpc=NET, domain="in.example")
    return Way({"route": names.register("web")}, (names,), alb=False)


def _endpoint() -> Way:
    address = Endpoint("Address", vpc=NET, port=8080, protocol="http2", request_timeout=MINUTE)
    return Way({"endpoint": address, "proxy": Proxy(access_logs="json")}, (address,), alb=False)


def _mutual() -> Way:
    store = TrustStore("Trust", bucket="authorities", key="ca.pem")
    strict = LoadBalancer("Strict", vpc=NET, certificate=CERTIFICATE, mutual_tls=MutualTls(trust=store, advertise=True))
    return Way({"route": strict.route("/*")}, (store, strict))


def _guarded() -> Way:
    guard = Waf("Guard")
    more = [Param("Second", description="a certificate"), Param("Third", description="a certificate")]
    shown = LoadBalancer("Shown", vpc=NET, public=True, certificate=[CERTIFICATE, *more], waf=guard)
    return Way({"route": shown.route(host="b.example.com")}, (guard, shown))


def _api() -> Way:
    return Way({"route": INSIDE.route("/api/*")}, (HttpApi("Front", edge=INSIDE, cors=["https://example.com"]),))


def _cloudfront() -> Way:
    return Way({"route": INSIDE.route("/site/*")}, (Distribution("World", edge=INSIDE, cache="by-origin"),))


def _lattice() -> Way:
    mesh = Lattice("Mesh", vpc=NET, prefix_list=Param("Prefixes", description="the prefix list of VPC Lattice"))
    return Way({"route": mesh.route("/orders/*", priority=10)}, (mesh,), alb=False, shifts=False)


WAYS: dict[str, Callable[[], Way]] = {
    "none": lambda: Way({}, alb=False),
    "path": lambda: Way({"route": HTTP.route("/path/*")}),
    "host": lambda: Way({"route": HTTP.route(host=["a.example.com", "b.example.com"])}),
    "conditions": lambda: Way(
        {"route": INSIDE.route("/all", header={"X-A": "1"}, method="GET", query={"q": "1"}, source="10.0.0.0/8")}
    ),
    "two": lambda: Way({"route": [INSIDE.route("/one"), HTTP.route("/two", name="second")]}, alb=False),
    "sticky": lambda: Way({"route": INSIDE.route("/s/*", sticky=MINUTE, cookie="sid", slow_start=MINUTE)}),
    "rewrite": lambda: Way({"route": INSIDE.route("/r/*", rewrite={"^/r/(.*)$": "/$1"}, algorithm="weighted_random")}),
    "grpc": lambda: Way({"route": HTTPS.route("/grpc.Api/*", protocol="grpc")}),
    "http2": lambda: Way({"route": HTTPS.route("/h2/*", protocol="http2", encrypted=True)}),
    "login": lambda: Way({"route": HTTPS.route("/members/*", login=OIDC)}),
    "domain": _domain,
    "tcp": lambda: Way({"route": LINES.listen(5432, test=5433)}, alb=False),
    "tls": lambda: Way({"route": LINES.listen(443, protocol="TLS", health="/")}, alb=False),
    "udp": lambda: Way({"route": LINES.listen(514, protocol="UDP", health_port=9000)}, alb=False, udp=True),
    "public tcp": lambda: Way({"route": OPEN.listen(7000)}, alb=False),
    "cognito": lambda: Way({"route": HTTPS.route("/staff/*", login=COGNITO)}),
    "mutual tls": _mutual,
    "guarded": _guarded,
    "existing": lambda: Way({"route": EXISTING.route("/old/*")}),
    "api gateway": _api,
    "cloudfront": _cloudfront,
    "lattice": _lattice,
    "split": _split,
    "gateway": _gateway,
    "names": _names,
    "endpoint": _endpoint,
}
FUNCTION = Param("Hook", description="the ARN of a function")
DEPLOYMENTS = {
    "rolling": Rolling(),
    "single": Rolling(min=0, max=100),
    "quick": Rolling(
        min=50, max=150, circuit_breaker=CircuitBreaker(failures=4, reset=True), early_success=EarlySuccess(healthy=75)
    ),
    "blue-green": BlueGreen(bake=MINUTE),
    "hooked": BlueGreen(
        hooks=[
            LambdaHook(function=FUNCTION, stages=["POST_SCALE_UP"], details={"a": "b"}, timeout=MINUTE),
            Pause(stages=["POST_TEST_TRAFFIC_SHIFT"], timeout=timedelta(hours=1)),
        ]
    ),
    "linear": Linear(step=25, step_bake=MINUTE),
    "canary": Canary(percent=10, canary_bake=MINUTE, alarms=["watchdog"]),
}
COUNTS: list[int | Scaling] = [
    2,
    Scaling(min=1, max=4, cpu=60),
    Scaling(min=2, max=6, cpu=50, memory=70),
    Scaling(min=1, max=8, requests=100),
]


class Combination(NamedTuple):
    way: str
    deployment: str
    tasks: int | Scaling

    @property
    def id(self) -> str:
        scaled = "count" if isinstance(self.tasks, int) else "scaled"
        return f"{self.way}-{self.deployment}-{scaled}".replace(" ", "-")

    @property
    def stack(self) -> str:
        return f"web-{self.way}-{self.deployment}".replace(" ", "-")

    def app(self) -> App:
        way = WAYS[self.way]()
        deployment = DEPLOYMENTS[self.deployment]
        task = Task(containers=[Container(image="public.ecr.aws/x/api:7", port=514 if way.udp else 8080, udp=way.udp)])
        web = Service("Web", cluster=MAIN, task=task, deployment=deployment, count=self.tasks, **way.fields)
        return App(
            [Stack("platform", PLATFORM, removal="remove"), Stack(self.stack, [*way.beside, web], removal="remove")]
        )


TURNS = {
    # by kind, those that take turns over the ways in
    "rolling": ("rolling", "single", "quick"),
    "blue/green": ("blue-green", "hooked"),
    "linear": ("linear",),
    "canary": ("canary",),
}


def combinations() -> Iterator[Combination]:
    """Each way in with each kind of deployment, and with the deployments of a kind, and the counts, in turn."""
    turns = {kind: cycle(names) for kind, names in TURNS.items()}
    counts = cycle(COUNTS)
    for name, make in WAYS.items():
        way = make()
        for kind, names in turns.items():
            if kind != "rolling" and not way.shifts:
                continue
            count = next(counts)
            while isinstance(count, Scaling) and count.requests is not None and not way.alb:
                count = next(counts)
            yield Combination(name, next(names), count)


ALL = list(combinations())
