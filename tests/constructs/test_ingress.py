"""Load balancers, routes, endpoints: what they render and what they refuse."""

# ruff: noqa: E501 - error texts stand whole

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from fargate_stacks.constructs.endpoint import Endpoint
from fargate_stacks.constructs.ingress import LoadBalancer
from fargate_stacks.constructs.ingress_existing import ExistingLoadBalancer
from fargate_stacks.constructs.network import ExistingVpc, Vpc
from fargate_stacks.core.construct import Construct
from fargate_stacks.core.render import render
from fargate_stacks.core.stack import App, Stack
from fargate_stacks.core.template import Template
from fargate_stacks.errors import SpecError

CERTIFICATE = "arn:aws:acm:eu-west-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
LISTENER = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/x/1/2"
NET = Vpc("Net")


def rendered(*members: Construct, **stack: Any) -> Template:
    return render(App([Stack("s", [NET, *members], **stack)]))["s"]


def properties(template: Template, logical_id: str) -> dict[str, Any]:
    found: dict[str, Any] = template.resources[logical_id]["Properties"]
    return found


def attributes(template: Template) -> dict[str, str]:
    found = properties(template, "DoorLoadBalancer")["LoadBalancerAttributes"]
    return {one["Key"]: one["Value"] for one in found}


def test_it_is_internal_unless_it_says_public() -> None:
    inside = rendered(LoadBalancer("Door", vpc=NET))
    assert properties(inside, "DoorLoadBalancer")["Scheme"] == "internal"
    assert properties(inside, "DoorLoadBalancer")["Subnets"] == [
        {"Ref": "NetPrivateSubnet1"},
        {"Ref": "NetPrivateSubnet2"},
    ]
    assert [one["CidrIp"] for one in properties(inside, "DoorSecurityGroup")["SecurityGroupIngress"]] == ["10.0.0.0/16"]


def test_a_public_one_waits_for_the_gateway_and_stands_in_public_subnets() -> None:
    template = rendered(LoadBalancer("Door", vpc=NET, public=True))
    assert template.resources["DoorLoadBalancer"]["DependsOn"] == ["NetInternetGatewayAttachment"]
    assert properties(template, "DoorLoadBalancer")["Scheme"] == "internet-facing"
    assert properties(template, "DoorLoadBalancer")["Subnets"][0] == {"Ref": "NetPublicSubnet1"}


def test_an_internal_one_in_a_network_without_nat_stands_in_isolated_subnets() -> None:
    net = Vpc("Net", nat="none")
    template = render(App([Stack("s", [net, LoadBalancer("Door", vpc=net)])]))["s"]
    assert properties(template, "DoorLoadBalancer")["Subnets"][0] == {"Ref": "NetIsolatedSubnet1"}


def test_without_a_certificate_it_listens_on_80_and_answers_404() -> None:
    template = rendered(LoadBalancer("Door", vpc=NET))
    listener = properties(template, "DoorListener")
    assert (listener["Port"], listener["Protocol"]) == (80, "HTTP")
    assert listener["DefaultActions"][0]["FixedResponseConfig"]["StatusCode"] == "404"
    assert "DoorRedirectListener" not in template.resources


def test_with_a_certificate_it_listens_on_443_and_redirects_80() -> None:
    template = rendered(LoadBalancer("Door", vpc=NET, public=True, certificate=CERTIFICATE))
    listener = properties(template, "DoorListener")
    assert (listener["Port"], listener["Protocol"]) == (443, "HTTPS")
    assert listener["Certificates"] == [{"CertificateArn": CERTIFICATE}]
    assert listener["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    redirect = properties(template, "DoorRedirectListener")["DefaultActions"][0]["RedirectConfig"]
    assert redirect == {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}


def test_without_redirect_port_80_is_closed() -> None:
    template = rendered(
        LoadBalancer(
            "Door", vpc=NET, certificate=CERTIFICATE, redirect=False, tls_policy="ELBSecurityPolicy-TLS13-1-3-2021-06"
        )
    )
    assert "DoorRedirectListener" not in template.resources
    assert [one["FromPort"] for one in properties(template, "DoorSecurityGroup")["SecurityGroupIngress"]] == [443]
    assert properties(template, "DoorListener")["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-3-2021-06"


def test_allow_from_narrows_who_may_come_in() -> None:
    template = rendered(LoadBalancer("Door", vpc=NET, public=True, allow_from=["192.0.2.0/24"]))
    assert [one["CidrIp"] for one in properties(template, "DoorSecurityGroup")["SecurityGroupIngress"]] == [
        "192.0.2.0/24"
    ]


def test_its_group_lets_nothing_out_but_what_services_add() -> None:
    (rule,) = properties(rendered(LoadBalancer("Door", vpc=NET)), "DoorSecurityGroup")["SecurityGroupEgress"]
    assert rule["CidrIp"] == "255.255.255.255/32"


def test_deletion_protection_is_always_written_and_follows_removal() -> None:
    assert attributes(rendered(LoadBalancer("Door", vpc=NET)))["deletion_protection.enabled"] == "true"
    gone = rendered(LoadBalancer("Door", vpc=NET), removal="remove")
    assert attributes(gone)["deletion_protection.enabled"] == "false"


def test_invalid_headers_are_dropped_and_idle_connections_closed() -> None:
    template = rendered(LoadBalancer("Door", vpc=NET, idle_timeout=timedelta(minutes=5)))
    assert attributes(template)["routing.http.drop_invalid_header_fields.enabled"] == "true"
    assert attributes(template)["idle_timeout.timeout_seconds"] == "300"


def test_its_url_follows_the_listener() -> None:
    plain = LoadBalancer("Door", vpc=NET)
    secure = LoadBalancer("Door", vpc=NET, certificate=CERTIFICATE)
    assert rendered(plain, outputs={"Url": plain.url}).outputs["Url"]["Value"] == {
        "Fn::Sub": "http://${DoorLoadBalancer.DNSName}"
    }
    assert rendered(secure, outputs={"Url": secure.url}).outputs["Url"]["Value"] == {
        "Fn::Sub": "https://${DoorLoadBalancer.DNSName}"
    }


DOOR = LoadBalancer("Door", vpc=NET)
BORROWED = ExistingLoadBalancer(
    vpc=NET, listener_arn=LISTENER, security_group="sg-0123456789abcdef0", priorities=range(100, 200)
)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: LoadBalancer("Door", vpc=Vpc("One", azs=1)), "needs subnets in two zones, its VPC has one; use azs=2"),
        (lambda: LoadBalancer("Door", vpc=NET, certificate="example.com"), "certificate must be the ARN of an ACM certificate, got 'example.com'"),
        (lambda: LoadBalancer("Door", vpc=NET, idle_timeout=timedelta(seconds=0)), "idle_timeout must be 1 to 4000 whole seconds, got 0"),
        (lambda: LoadBalancer("Door", vpc=NET, scheme="internal"), "scheme is called public"),
        (lambda: LoadBalancer("Door", vpc="vpc-1"), "vpc must be Vpc or ExistingVpc, got 'vpc-1'"),
        (lambda: DOOR.route("api"), "path must start with / and have up to 128 URL characters, got 'api'"),
        (lambda: DOOR.route("/a b"), "path must start with /"),
        (lambda: DOOR.route(host="localhost"), "host must be a host name, * and ? admitted, got 'localhost'"),
        (lambda: DOOR.route(method="get"), "method must be upper-case letters like GET, got 'get'"),
        (lambda: DOOR.route(header={"Host": "x"}), "header must be a field name other than Host"),
        (lambda: DOOR.route(header={"X-A": []}), "header 'X-A' has no value"),
        (lambda: DOOR.route(header="X"), "header must be a mapping of str to"),
        (lambda: DOOR.route(["/a", "/b", "/c"], host=["a.b", "c.d", "e.f"]), "a rule holds 5 condition values, got 6; make two routes"),
        (lambda: DOOR.route([]), 'it has no condition; give path="/*" for every request'),
        (lambda: DOOR.route(name="a-b"), "name is letters and digits, a part of logical ids, got 'a-b'"),
        (lambda: DOOR.route(priority=0), "priority must be 1 to 50000 on this listener, got 0"),
        (lambda: BORROWED.route(priority=7), "priority must be 100 to 199 on this listener, got 7"),
        (lambda: DOOR.route(port=0), "port must be 1 to 65535, got 0"),
        (lambda: DOOR.route(health="healthz"), "health must be a path that starts with /, got 'healthz'"),
        (lambda: DOOR.route(expect="ok"), 'expect must be status codes from 200 to 499 like "200-399", got \'ok\''),
        (lambda: DOOR.route(expect="200-599"), "expect must be status codes"),
        (lambda: DOOR.route(interval=timedelta(seconds=1)), "interval must be 5 to 300 whole seconds, got 1"),
        (lambda: DOOR.route(timeout=timedelta(seconds=10)), "timeout must be 2 to 120 whole seconds and below interval=10, got 10"),
        (lambda: DOOR.route(healthy=1), "healthy must be 2 to 10 checks in a row, got 1"),
        (lambda: DOOR.route(deregistration_delay=timedelta(hours=1)), "deregistration_delay must be 0 to 1500 whole seconds, got 3600"),
        (lambda: DOOR.route(pth="/x"), "route(): there is no argument pth; did you mean path"),
        (lambda: DOOR.route("/x", "/y"), "route(): '/y' has no argument name; it takes path, host"),
        (lambda: ExistingLoadBalancer(vpc=NET, listener_arn="x", security_group="sg-1"), "listener_arn must be the ARN of an ALB's listener, got 'x'"),
        (lambda: ExistingLoadBalancer(vpc=NET, listener_arn=LISTENER, security_group="group"), "security_group must look like sg-0123456789abcdef0, got 'group'"),
        (lambda: ExistingLoadBalancer(vpc=NET, listener_arn=LISTENER, security_group="sg-1", priorities=range(5)), "priorities must be a range within range(1, 50001)"),
        (lambda: Endpoint("Orders", vpc=NET, port=0), "port must be 1 to 65535, got 0"),
        (lambda: Endpoint("Orders", vpc=NET, port=80, dns_name="Orders_1"), "dns_name must be lower-case letters, digits and hyphens, got 'Orders_1'"),
        (lambda: Endpoint("Orders", vpc=ExistingVpc(vpc_id="vpc-0123456789abcdef0", cidr="10.0.0.0/16"), port=80).connect(), "needs a Cloud Map namespace"),
        (lambda: Endpoint("Orders", vpc=NET, port=80).connect(env="1X"), "an environment name is letters, digits and _"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(make: Any, words: str) -> None:
    with pytest.raises(SpecError, match=re.escape(words)):
        make()


def test_an_endpoint_has_a_lower_case_name_and_a_url() -> None:
    endpoint = Endpoint("OrdersApi", vpc=NET, port=8080)
    assert endpoint.url == "http://orders-api:8080"
    access = endpoint.connect()
    assert dict(access.environment) == {"ORDERS_API_URL": "http://orders-api:8080"}
    assert [one.port for one in access.ports] == [8080]


def test_an_endpoints_group_calls_nobody() -> None:
    template = rendered(Endpoint("Orders", vpc=NET, port=8080))
    assert properties(template, "OrdersSecurityGroup")["SecurityGroupEgress"][0]["CidrIp"] == "255.255.255.255/32"
