"""What the rules about load balancers object to, and what they let pass, over several stacks."""

from __future__ import annotations

from typing import Any

import pytest

from fargate_stacks.core.template import Reference
from tests.checks.templates import found, template


def rule(listener: object, priority: int = 5) -> tuple[str, dict[str, Any]]:
    return "ElasticLoadBalancingV2::ListenerRule", {"ListenerArn": listener, "Priority": priority}


def listener(**properties: Any) -> tuple[str, dict[str, Any]]:
    return "ElasticLoadBalancingV2::Listener", {"LoadBalancerArn": {"Ref": "Door"}, **properties}


def balancer(**properties: Any) -> tuple[str, dict[str, Any]]:
    return "ElasticLoadBalancingV2::LoadBalancer", properties


def test_a_priority_that_is_taken_is_found() -> None:
    twice = template(A=rule({"Ref": "Http"}), B=rule({"Ref": "Http"}))
    assert found("FS106", twice) == ["s.B: priority 5 is taken by s.A on the same listener; give another"]


@pytest.mark.parametrize("other", [rule({"Ref": "Https"}), rule({"Ref": "Http"}, 6)])
def test_other_listeners_and_other_priorities_pass(other: tuple[str, dict[str, Any]]) -> None:
    assert found("FS106", template(A=rule({"Ref": "Http"}), B=other)) == []


def test_a_parameter_is_followed_to_the_listener_of_another_stack() -> None:
    net = template("net", outputs={"DoorHttp": {"Value": {"Ref": "Http"}}}, Http=listener(), A=rule({"Ref": "Http"}))
    wiring = {"NetDoorHttp": Reference("net", "DoorHttp")}
    one = template("one", references=wiring, B=rule({"Ref": "NetDoorHttp"}))
    two = template("two", references=wiring, C=rule({"Ref": "NetDoorHttp"}, 6), D=rule({"Ref": "NetDoorHttp"}, 6))
    assert found("FS106", net, one, two) == [
        "one.B: priority 5 is taken by net.A on the same listener; give another",
        "two.D: priority 6 is taken by two.C on the same listener; give another",
    ]


def test_an_import_is_followed_to_the_listener_of_another_stack() -> None:
    exported = {"DoorHttp": {"Value": {"Ref": "Http"}, "Export": {"Name": "net-DoorHttp"}}}
    net = template("net", outputs=exported, Http=listener(), A=rule({"Ref": "Http"}))
    one = template("one", B=rule({"Fn::ImportValue": "net-DoorHttp"}))
    assert found("FS106", net, one) == ["one.B: priority 5 is taken by net.A on the same listener; give another"]


def test_a_literal_arn_is_one_listener_in_every_stack() -> None:
    arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/door/1/2"
    assert len(found("FS106", template("one", A=rule(arn)), template("two", B=rule(arn)))) == 1


def test_the_same_logical_id_in_two_stacks_is_two_listeners() -> None:
    assert found("FS106", template("one", A=rule({"Ref": "Http"})), template("two", A=rule({"Ref": "Http"}))) == []


def test_a_public_load_balancer_on_plain_http_is_found() -> None:
    assert found("FS116", template(Door=balancer(Scheme="internet-facing"), Http=listener(Protocol="HTTP"))) == [
        "s.Http: a public load balancer serves plain HTTP, readable on its way; give a certificate"
    ]


@pytest.mark.parametrize(
    ("door", "http"),
    [
        (balancer(Scheme="internal"), listener(Protocol="HTTP")),
        (balancer(), listener(Protocol="HTTPS")),
        (balancer(), listener(Protocol="HTTP", DefaultActions=[{"Type": "redirect"}])),
    ],
)
def test_internal_encrypted_and_redirecting_listeners_pass(
    door: tuple[str, dict[str, Any]], http: tuple[str, dict[str, Any]]
) -> None:
    assert found("FS116", template(Door=door, Http=http)) == []
