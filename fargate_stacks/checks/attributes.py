"""Rules about the attributes of load balancers, which CloudFormation takes as any text: their keys and values.

Source: Elastic Load Balancing API reference, LoadBalancerAttribute, TargetGroupAttribute and ListenerAttribute;
judged in the tests by the keys that botocore's model describes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeAlias

from fargate_stacks.checks.part import Part
from fargate_stacks.checks.reading import Hit, Reading, Resource, rule
from fargate_stacks.core.construct import nearest


class Between(NamedTuple):
    """A whole number, or one of some words."""

    low: int
    high: int
    words: tuple[str, ...] = ()

    def admits(self, value: str) -> bool:
        return value in self.words or (value.isdigit() and self.low <= int(value) <= self.high)

    def __str__(self) -> str:
        return " or ".join([*self.words, f"{self.low} to {self.high}"])


Values: TypeAlias = tuple[str, ...] | Between | None
_SWITCH = ("true", "false")
_ALB, _NLB, _GLB = "application", "network", "gateway"
_ANY = (_ALB, _NLB, _GLB)
_DAY_OR_WEEK = Between(1, 604_800)
_HEALTHY = 1_000_000


class Attribute(NamedTuple):
    """What a key takes (None is any text), and which kinds of load balancers know it."""

    values: Values
    kinds: tuple[str, ...] = _ANY


LOAD_BALANCER: Mapping[str, Attribute] = {
    "deletion_protection.enabled": Attribute(_SWITCH),
    "load_balancing.cross_zone.enabled": Attribute(_SWITCH),
    "access_logs.s3.enabled": Attribute(_SWITCH, (_ALB, _NLB)),
    "access_logs.s3.bucket": Attribute(None, (_ALB, _NLB)),
    "access_logs.s3.prefix": Attribute(None, (_ALB, _NLB)),
    "ipv6.deny_all_igw_traffic": Attribute(_SWITCH, (_ALB, _NLB)),
    "zonal_shift.config.enabled": Attribute(_SWITCH, (_ALB, _NLB)),
    "idle_timeout.timeout_seconds": Attribute(Between(1, 4000), (_ALB,)),
    "client_keep_alive.seconds": Attribute(Between(60, 604_800), (_ALB,)),
    "connection_logs.s3.enabled": Attribute(_SWITCH, (_ALB,)),
    "connection_logs.s3.bucket": Attribute(None, (_ALB,)),
    "connection_logs.s3.prefix": Attribute(None, (_ALB,)),
    "health_check_logs.s3.enabled": Attribute(_SWITCH, (_ALB,)),
    "health_check_logs.s3.bucket": Attribute(None, (_ALB,)),
    "health_check_logs.s3.prefix": Attribute(None, (_ALB,)),
    "routing.http.desync_mitigation_mode": Attribute(("monitor", "defensive", "strictest"), (_ALB,)),
    "routing.http.drop_invalid_header_fields.enabled": Attribute(_SWITCH, (_ALB,)),
    "routing.http.preserve_host_header.enabled": Attribute(_SWITCH, (_ALB,)),
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": Attribute(_SWITCH, (_ALB,)),
    "routing.http.xff_client_port.enabled": Attribute(_SWITCH, (_ALB,)),
    "routing.http.xff_header_processing.mode": Attribute(("append", "preserve", "remove"), (_ALB,)),
    "routing.http2.enabled": Attribute(_SWITCH, (_ALB,)),
    "waf.fail_open.enabled": Attribute(_SWITCH, (_ALB,)),
    "dns_record.client_routing_policy": Attribute(
        ("availability_zone_affinity", "partial_availability_zone_affinity", "any_availability_zone"), (_NLB,)
    ),
    "secondary_ips.auto_assigned.per_subnet": Attribute(Between(0, 7), (_NLB,)),
}
TARGET_GROUP: Mapping[str, Attribute] = {
    "deregistration_delay.timeout_seconds": Attribute(Between(0, 3600)),
    "stickiness.enabled": Attribute(_SWITCH),
    "stickiness.type": Attribute(
        ("lb_cookie", "app_cookie", "source_ip", "source_ip_dest_ip", "source_ip_dest_ip_proto")
    ),
    "load_balancing.cross_zone.enabled": Attribute((*_SWITCH, "use_load_balancer_configuration"), (_ALB, _NLB)),
    "target_group_health.dns_failover.minimum_healthy_targets.count": Attribute(
        Between(1, _HEALTHY, ("off",)), (_ALB, _NLB)
    ),
    "target_group_health.dns_failover.minimum_healthy_targets.percentage": Attribute(
        Between(1, 100, ("off",)), (_ALB, _NLB)
    ),
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": Attribute(
        Between(1, _HEALTHY), (_ALB, _NLB)
    ),
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": Attribute(
        Between(1, 100, ("off",)), (_ALB, _NLB)
    ),
    "load_balancing.algorithm.type": Attribute(
        ("round_robin", "least_outstanding_requests", "weighted_random"), (_ALB,)
    ),
    "load_balancing.algorithm.anomaly_mitigation": Attribute(("on", "off"), (_ALB,)),
    "slow_start.duration_seconds": Attribute(Between(30, 900, ("0",)), (_ALB,)),
    "stickiness.app_cookie.cookie_name": Attribute(None, (_ALB,)),
    "stickiness.app_cookie.duration_seconds": Attribute(_DAY_OR_WEEK, (_ALB,)),
    "stickiness.lb_cookie.duration_seconds": Attribute(_DAY_OR_WEEK, (_ALB,)),
    "lambda.multi_value_headers.enabled": Attribute(_SWITCH, (_ALB,)),
    "deregistration_delay.connection_termination.enabled": Attribute(_SWITCH, (_NLB,)),
    "preserve_client_ip.enabled": Attribute(_SWITCH, (_NLB,)),
    "proxy_protocol_v2.enabled": Attribute(_SWITCH, (_NLB,)),
    "target_health_state.unhealthy.connection_termination.enabled": Attribute(_SWITCH, (_NLB,)),
    "target_health_state.unhealthy.draining_interval_seconds": Attribute(Between(0, 360_000), (_NLB,)),
    "target_failover.on_deregistration": Attribute(("rebalance", "no_rebalance"), (_GLB,)),
    "target_failover.on_unhealthy": Attribute(("rebalance", "no_rebalance"), (_GLB,)),
    "send_tcp_reset.on_unhealthy.enabled": Attribute(_SWITCH, (_GLB,)),
    "send_tcp_reset.on_deregistration.enabled": Attribute(_SWITCH, (_GLB,)),
}
_RESPONSE = "routing.http.response"
_REQUEST = "routing.http.request"
LISTENER: Mapping[str, Attribute] = {
    "tcp.idle_timeout.seconds": Attribute(Between(60, 6000), (_NLB, _GLB)),
    "send_tcp_reset.on_idle_timeout.enabled": Attribute(_SWITCH, (_GLB,)),
    f"{_RESPONSE}.server.enabled": Attribute(_SWITCH, (_ALB,)),
    **{
        f"{_REQUEST}.x_amzn_{one}.header_name": Attribute(None, (_ALB,))
        for one in (
            "mtls_clientcert_serial_number", "mtls_clientcert_issuer", "mtls_clientcert_subject",
            "mtls_clientcert_validity", "mtls_clientcert_leaf", "mtls_clientcert", "tls_version", "tls_cipher_suite",
        )
    },
    **{
        f"{_RESPONSE}.{one}.header_value": Attribute(None, (_ALB,))
        for one in (
            "strict_transport_security", "access_control_allow_origin", "access_control_allow_methods",
            "access_control_allow_headers", "access_control_allow_credentials", "access_control_expose_headers",
            "access_control_max_age", "content_security_policy", "x_content_type_options", "x_frame_options",
        )
    },
}  # fmt: skip
_PLACES = (
    ("LoadBalancer", "LoadBalancerAttributes", LOAD_BALANCER),
    ("TargetGroup", "TargetGroupAttributes", TARGET_GROUP),
    ("Listener", "ListenerAttributes", LISTENER),
)


@rule("FS420", "error", cure="", source="Elastic Load Balancing API reference, LoadBalancerAttribute")
def unknown_key(reading: Reading) -> Iterator[Hit]:
    """A load balancer, target group or listener has an attribute that does not exist, or not for its kind."""
    for one, known, attribute in _attributes(reading):
        key = attribute["Key"].text
        if key is None:
            continue
        if key not in known:
            yield one.hit(f"there is no attribute {key}", nearest(key, known).removeprefix("; ") or "leave it out")
            continue
        kind, kinds = _kind(one), known[key].kinds
        if kind is not None and kind not in kinds:
            yield one.hit(
                f"the attribute {key} is for {' and '.join(kinds)} load balancers, not {kind}", "leave it out"
            )


@rule("FS421", "error", cure="give one of those", source="Elastic Load Balancing API reference, TargetGroupAttribute")
def wrong_value(reading: Reading) -> Iterator[Hit]:
    """An attribute of a load balancer, target group or listener has a value that it does not take."""
    for one, known, attribute in _attributes(reading):
        key, value = attribute["Key"].text, attribute["Value"].text
        if key not in known or value is None or key is None:
            continue
        takes = known[key].values
        if isinstance(takes, Between) and not takes.admits(value):
            yield one.hit(f"{key} is {value}, and it takes {takes}")
        elif isinstance(takes, tuple) and not isinstance(takes, Between) and value not in takes:
            yield one.hit(f"{key} is {value}, and it takes {', '.join(takes)}")


def _attributes(reading: Reading) -> Iterator[tuple[Resource, Mapping[str, Attribute], Part]]:
    for kind, key, known in _PLACES:
        for one in reading.of(f"ElasticLoadBalancingV2::{kind}"):
            for attribute in one[key]:
                yield one, known, attribute


def _kind(one: Resource) -> str | None:
    """Which kind of load balancer a resource is or belongs to; None where it does not say."""
    if one.type.endswith("LoadBalancer"):
        return _ALB if one["Type"].absent else one["Type"].text
    match one["Protocol"].text:
        case "HTTP" | "HTTPS":
            return _ALB
        case "TCP" | "UDP" | "TCP_UDP" | "TLS" | "QUIC" | "TCP_QUIC":
            return _NLB
        case "GENEVE":
            return _GLB
    return None
