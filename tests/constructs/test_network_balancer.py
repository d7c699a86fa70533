"""Network load balancers: the listener lives with the service, the ports are told apart over the whole app."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from fargate_stacks import (
    App,
    BlueGreen,
    Container,
    HostedZone,
    LogArchive,
    NetworkLoadBalancer,
    RenderError,
    Service,
    SpecError,
    Stack,
    Task,
    Template,
    render,
)
from fargate_stacks.testing import properties
from tests.constructs.doors import CERTIFICATE, MAIN, NET, PLAIN, TASK, attributes, rendered, service

DOOR = NetworkLoadBalancer("Door", vpc=NET)
PUBLIC = NetworkLoadBalancer("Door", vpc=NET, public=True, certificate=CERTIFICATE)


def listening(balancer: NetworkLoadBalancer = DOOR, port: int = 5432, **fields: Any) -> Template:
    return rendered(balancer, service(route=balancer.listen(port, **fields)))


def test_it_has_a_security_group_from_the_start() -> None:
    body = properties(rendered(DOOR), "DoorLoadBalancer")
    assert body["Type"] == "network"
    assert body["SecurityGroups"] == [{"Fn::GetAtt": ["DoorSecurityGroup", "GroupId"]}]
    assert "SecurityGroupIngress" not in properties(rendered(DOOR), "DoorSecurityGroup")


def test_a_public_one_waits_for_the_gateway() -> None:
    assert rendered(PUBLIC).resources["DoorLoadBalancer"]["DependsOn"] == ["NetInternetGatewayAttachment"]
    assert properties(rendered(PUBLIC), "DoorLoadBalancer")["Scheme"] == "internet-facing"


def test_a_listener_forwards_to_the_tasks_of_its_service() -> None:
    template = listening()
    assert properties(template, "WebListener") == {
        "LoadBalancerArn": {"Ref": "DoorLoadBalancer"},
        "Port": 5432,
        "Protocol": "TCP",
        "DefaultActions": [{"Type": "forward", "TargetGroupArn": {"Ref": "WebTargetGroup"}}],
    }
    group = properties(template, "WebTargetGroup")
    assert (group["Protocol"], group["Port"], group["HealthCheckProtocol"]) == ("TCP", 8080, "TCP")
    assert "WebListener" in template.resources["WebService"]["DependsOn"]


def test_who_listens_opens_the_port_and_the_way_to_its_tasks() -> None:
    template = listening()
    opened = properties(template, "WebDoorTcp5432Open")
    assert (opened["GroupId"], opened["CidrIp"]) == (
        {"Fn::GetAtt": ["DoorSecurityGroup", "GroupId"]},
        {"Fn::GetAtt": ["NetVpc", "CidrBlock"]} if isinstance(opened["CidrIp"], dict) else "10.0.0.0/16",
    )
    way = properties(template, "WebDoorIngress8080")
    assert way["SourceSecurityGroupId"] == {"Fn::GetAtt": ["DoorSecurityGroup", "GroupId"]}
    assert properties(template, "WebDoorEgress8080")["GroupId"] == {"Fn::GetAtt": ["DoorSecurityGroup", "GroupId"]}


def test_several_sources_open_the_port_for_each() -> None:
    door = NetworkLoadBalancer("Door", vpc=NET, allow_from=["10.1.0.0/16", "10.2.0.0/16"])
    template = listening(door)
    assert properties(template, "WebDoorTcp5432Open1")["CidrIp"] == "10.1.0.0/16"
    assert properties(template, "WebDoorTcp5432Open2")["CidrIp"] == "10.2.0.0/16"


def test_tls_ends_at_the_load_balancer() -> None:
    template = listening(PUBLIC, 443, protocol="TLS")
    listener = properties(template, "WebListener")
    assert listener["Certificates"] == [{"CertificateArn": CERTIFICATE}]
    assert listener["SslPolicy"].startswith("ELBSecurityPolicy-TLS13-1-2")
    assert properties(template, "WebTargetGroup")["Protocol"] == "TCP"
    again = listening(PUBLIC, 443, protocol="TLS", encrypted=True)
    assert properties(again, "WebTargetGroup")["Protocol"] == "TLS"


def test_a_domain_brings_certificate_and_record() -> None:
    zone = HostedZone("example.com", id="Z1")
    door = NetworkLoadBalancer("Door", vpc=NET, domain="db.example.com", hosted_zone=zone)
    template = listening(door, 443, protocol="TLS")
    assert properties(template, "WebListener")["Certificates"] == [{"CertificateArn": {"Ref": "DoorCertificate"}}]
    assert "DoorDbExampleComRecord" in template.resources
    assert door.address == "db.example.com"


def test_health_is_a_connection_or_a_path_at_another_port() -> None:
    group = properties(listening(health="/health", health_port=9000), "WebTargetGroup")
    assert (group["HealthCheckProtocol"], group["HealthCheckPath"], group["HealthCheckPort"]) == (
        "HTTP",
        "/health",
        "9000",
    )
    assert group["Matcher"] == {"HttpCode": "200-399"}


def test_what_a_target_group_is_told_is_an_attribute() -> None:
    found = attributes(listening(client_ip=False, proxy_protocol=True, sticky=True), "WebTargetGroup")
    assert found == {
        "deregistration_delay.timeout_seconds": "30",
        "preserve_client_ip.enabled": "false",
        "proxy_protocol_v2.enabled": "true",
        "stickiness.enabled": "true",
        "stickiness.type": "source_ip",
    }


def test_logs_and_cross_zone_are_attributes_of_the_load_balancer() -> None:
    audit = LogArchive("Audit")
    template = rendered(
        audit, NetworkLoadBalancer("Door", vpc=NET, cross_zone=True, certificate=CERTIFICATE, access_logs=audit)
    )
    found = attributes(template, "DoorLoadBalancer")
    assert found["load_balancing.cross_zone.enabled"] == "true"
    assert found["access_logs.s3.bucket"] == {"Ref": "AuditBucket"}
    assert "AuditBucketPolicy" in template.resources["DoorLoadBalancer"]["DependsOn"]


def test_logs_are_kept_of_tls_alone_and_it_is_said_trap_29() -> None:
    with pytest.raises(SpecError, match="access logs are kept of TLS listeners alone; give certificate= or domain="):
        NetworkLoadBalancer("Door", vpc=NET, access_logs=LogArchive("Audit"))


def test_blue_green_swaps_the_listeners_group() -> None:
    template = rendered(DOOR, service(route=DOOR.listen(5432, test=5433), deployment=BlueGreen()))
    (forward,) = properties(template, "WebListener")["DefaultActions"]
    assert [one["TargetGroupArn"]["Ref"] for one in forward["ForwardConfig"]["TargetGroups"]] == [
        "WebTargetGroup",
        "WebGreenTargetGroup",
    ]
    (balancer,) = properties(template, "WebService")["LoadBalancers"]
    assert balancer["AdvancedConfiguration"]["ProductionListenerRule"] == {"Ref": "WebListener"}
    assert balancer["AdvancedConfiguration"]["TestListenerRule"] == {"Ref": "WebTestListener"}
    assert template.metadata["FargateStacks"]["Weights"]["WebTestGreenWeight"] == {
        "Listener": "WebTestListener",
        "TargetGroup": "WebGreenTargetGroup",
    }
    assert "WebDoorTcp5433Open" in template.resources


def test_udp_is_between_udp_and_udp() -> None:
    syslog = Task(containers=[Container(image="example/syslog:1", port=514, udp=True)])
    template = rendered(DOOR, service(task=syslog, route=DOOR.listen(514, protocol="UDP", health_port=8080)))
    assert properties(template, "WebListener")["Protocol"] == "UDP"
    assert properties(template, "WebTargetGroup")["Protocol"] == "UDP"
    assert properties(template, "WebDoorUdp514Open")["IpProtocol"] == "udp"
    assert properties(template, "WebDoorIngress514")["IpProtocol"] == "udp"


def test_a_port_that_speaks_the_other_protocol_is_refused() -> None:
    with pytest.raises(SpecError, match=r"port 8080 of container app speaks TCP; give Container.udp=True."):
        service(route=DOOR.listen(514, protocol="UDP"))
    syslog = Task(containers=[Container(image="example/syslog:1", port=514, udp=True)])
    with pytest.raises(SpecError, match="port 514 of container app speaks UDP; leave udp out"):
        service(task=syslog, route=DOOR.listen(514))
    with pytest.raises(SpecError, match="port 514 of container app speaks UDP, a route carries HTTP"):
        service(task=syslog, route=PLAIN.route())


def test_both_protocols_open_both() -> None:
    template = listening(DOOR, 53, protocol="TCP_UDP")
    assert {"WebDoorTcp53Open", "WebDoorUdp53Open"} <= set(template.resources)
    assert properties(template, "WebTargetGroup")["Protocol"] == "TCP_UDP"


def test_two_services_cannot_listen_on_one_port_even_in_two_stacks() -> None:
    one = Service("One", cluster=MAIN, task=TASK, route=DOOR.listen(80))
    two = Service("Two", cluster=MAIN, task=TASK, route=DOOR.listen(80))
    with pytest.raises(RenderError, match="port 80") as caught:
        render(App([Stack("net", [NET, MAIN, DOOR]), Stack("a", [one]), Stack("b", [two])]))
    assert 'listener TCP 80 of Service "One" and listener TCP 80 of Service "Two"' in str(caught.value)


def test_one_service_listens_on_several_ports() -> None:
    template = rendered(DOOR, service(route=[DOOR.listen(80), DOOR.listen(81, name="second")]))
    assert properties(template, "WebSecondListener")["Port"] == 81
    assert len(properties(template, "WebService")["LoadBalancers"]) == 2


@pytest.mark.parametrize(
    ("port", "fields", "words"),
    [
        (0, {}, "a port must be 1 to 65535, got 0"),
        (80, {"test": 80}, "test must be another port than 80"),
        (443, {"protocol": "TLS"}, 'TLS needs a certificate; give NetworkLoadBalancer "Door" certificate= or domain='),
        (80, {"encrypted": True}, "encrypted is for protocol TLS"),
        (80, {"health": "health"}, "health must be a path that starts with /, got 'health'"),
        (53, {"protocol": "UDP", "client_ip": False}, "UDP always shows the client's address"),
        (80, {"interval": timedelta(seconds=1)}, "interval must be 5 to 300 whole seconds, got 1"),
        (80, {"healthy": 1}, "healthy must be 2 to 10 checks in a row, got 1"),
        (80, {"protocol": "HTTP"}, "protocol must be"),
        (80, {"name": "a-b"}, "name is letters and digits"),
    ],
)
def test_what_no_network_load_balancer_does(port: int, fields: dict[str, Any], words: str) -> None:
    with pytest.raises(SpecError, match=re.escape(words)):
        DOOR.listen(port, **fields)


def test_a_firewall_is_for_application_load_balancers() -> None:
    with pytest.raises(SpecError, match="waf is for application load balancers"):
        NetworkLoadBalancer("Door", vpc=NET, waf=None)
