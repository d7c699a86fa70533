"""Service Connect: what a server says of its endpoint, and what the proxies log."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from fargate_stacks import ConnectTls, Endpoint, Key, Proxy, SpecError
from fargate_stacks.testing import properties
from tests.constructs.doors import NET, rendered, service

AUTHORITY = "arn:aws:acm-pca:eu-west-1:123456789012:certificate-authority/12345678-1234-1234-1234-123456789012"


def endpoint(**fields: Any) -> Endpoint:
    return Endpoint("Orders", vpc=NET, port=8080, **fields)


def served(**fields: Any) -> dict[str, Any]:
    address = endpoint(**fields)
    template = rendered(address, service(endpoint=address))
    found: dict[str, Any] = properties(template, "WebService")["ServiceConnectConfiguration"]["Services"][0]
    return found


def test_an_endpoint_says_nothing_of_what_is_default() -> None:
    assert set(served()) == {"PortName", "DiscoveryName", "ClientAliases"}


def test_timeouts_are_the_servers() -> None:
    found = served(idle_timeout=timedelta(minutes=10), request_timeout=timedelta(seconds=30))
    assert found["Timeout"] == {"IdleTimeoutSeconds": 600, "PerRequestTimeoutSeconds": 30}
    assert served(idle_timeout=timedelta(0))["Timeout"] == {"IdleTimeoutSeconds": 0}


def test_a_header_leads_to_the_new_revision() -> None:
    (alias,) = served(test_header={"X-Test": "1"})["ClientAliases"]
    assert alias["TestTrafficRules"] == {"Header": {"Name": "X-Test", "Value": {"Exact": "1"}}}


def test_proxies_encrypt_with_certificates_that_ecs_renews() -> None:
    key, address = Key("Own"), endpoint(tls=ConnectTls(authority=AUTHORITY, key=Key("Own")))
    address = endpoint(tls=ConnectTls(authority=AUTHORITY, key=key))
    template = rendered(key, address, service(endpoint=address))
    (one,) = properties(template, "WebService")["ServiceConnectConfiguration"]["Services"]
    assert one["Tls"] == {
        "IssuerCertificateAuthority": {"AwsPcaAuthorityArn": AUTHORITY},
        "RoleArn": {"Fn::GetAtt": ["WebConnectTlsRole", "Arn"]},
        "KmsKey": {"Fn::GetAtt": ["OwnKey", "Arn"]},
    }
    assert "ServiceConnectTransportLayerSecurity" in str(properties(template, "WebConnectTlsRole"))


def test_the_protocol_reaches_the_task_definition() -> None:
    address = endpoint(protocol="grpc")
    template = rendered(address, service(endpoint=address))
    (container,) = properties(template, "WebTaskDefinition")["ContainerDefinitions"]
    assert container["PortMappings"][0]["AppProtocol"] == "grpc"


def test_a_proxy_logs_requests_when_it_is_told_to() -> None:
    address = endpoint()
    template = rendered(address, service(endpoint=address, proxy=Proxy(access_logs="json", query=True, level="debug")))
    found = properties(template, "WebService")["ServiceConnectConfiguration"]
    assert found["AccessLogConfiguration"] == {"Format": "JSON", "IncludeQueryParameters": "ENABLED"}
    assert found["ContainerConfigurations"] == [{"LogLevel": "debug"}]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: endpoint(protocol="tcp", request_timeout=timedelta(seconds=1)), "request_timeout is for http"),
        (lambda: endpoint(protocol="tcp", test_header={"a": "1"}), "test_header is for http"),
        (lambda: endpoint(test_header={"a": "1", "b": "2"}), "test_header is one header, got a, b"),
        (lambda: endpoint(idle_timeout=timedelta(seconds=1.5)), "idle_timeout must be whole seconds"),
        (lambda: ConnectTls(authority="x"), "authority must be the ARN of an authority of Private CA, got 'x'"),
        (lambda: Proxy(query=True), "query is for access logs; give access_logs="),
    ],
)
def test_what_service_connect_refuses(make: Any, words: str) -> None:
    with pytest.raises(SpecError, match=re.escape(words)):
        make()
