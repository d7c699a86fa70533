"""Routes: which requests they match, what their target groups say, and what is refused."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from fargate_stacks import Cognito, ExistingSecret, LoadBalancer, Oidc, SpecError
from fargate_stacks.testing import properties
from tests.constructs.doors import NET, PLAIN, SECURE, attributes, served

MINUTE = timedelta(minutes=1)
OIDC = Oidc(
    issuer="https://id.example.com",
    authorization_endpoint="https://id.example.com/authorize",
    token_endpoint="https://id.example.com/token",
    user_info_endpoint="https://id.example.com/user",
    client_id="web",
    client_secret=ExistingSecret("login").value("client_secret"),
)


def conditions(**route: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = properties(served(PLAIN, **route), "WebListenerRule")["Conditions"]
    return found


def group(balancer: LoadBalancer = SECURE, **route: Any) -> dict[str, Any]:
    return properties(served(balancer, **route), "WebTargetGroup")


# conditions


def test_query_values_are_alternatives_with_and_without_a_key() -> None:
    assert conditions(path=(), query={"version": ["1", "2"], "": "beta"}) == [
        {
            "Field": "query-string",
            "QueryStringConfig": {
                "Values": [{"Key": "version", "Value": "1"}, {"Key": "version", "Value": "2"}, {"Value": "beta"}]
            },
        }
    ]


def test_a_source_is_one_block_or_several() -> None:
    assert conditions(path=(), source="10.0.0.0/8") == [
        {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}}
    ]
    assert conditions(path=(), source=["10.0.0.0/8", "2001:db8::/32"])[0]["SourceIpConfig"] == {
        "Values": ["10.0.0.0/8", "2001:db8::/32"]
    }


def test_all_kinds_of_conditions_stand_in_one_rule() -> None:
    found = conditions(path="/a", host="a.example.com", header={"X-A": "1"}, method="GET", query={"q": "1"})
    assert [one["Field"] for one in found] == [
        "path-pattern",
        "host-header",
        "http-header",
        "http-request-method",
        "query-string",
    ]


def test_a_query_makes_a_route_more_specific() -> None:
    with_query = properties(served(PLAIN, query={"v": "1"}), "WebListenerRule")["Priority"]
    assert with_query < properties(served(PLAIN), "WebListenerRule")["Priority"]


def test_routes_that_differ_in_query_or_source_alone_are_different() -> None:
    one, other = PLAIN.route(query={"v": "1"}), PLAIN.route(query={"v": "2"})
    assert one.conditions != other.conditions
    assert PLAIN.route(source="10.0.0.0/8").conditions != PLAIN.route(source="11.0.0.0/8").conditions


@pytest.mark.parametrize(
    ("route", "words"),
    [
        ({"source": "10.0.0.1"}, "source must be a CIDR block like 10.0.0.0/8, got '10.0.0.1'"),
        ({"source": ["10.0.0.0/33"]}, "source must be a CIDR block"),
        ({"query": {"v": []}}, "query 'v' has no value; give at least one"),
        ({"query": {"v v": "1"}}, "query must be up to 128 visible ASCII characters, got 'v v'"),
        ({"query": "v=1"}, "query must be a mapping of str to str"),
        ({"path": ["/a", "/b"], "query": {"v": ["1", "2", "3", "4"]}}, "a rule holds 5 condition values, got 6"),
        ({"path": "/*/*/*/*/*/*/*"}, "a rule holds 6 wildcards, got 7; make two routes"),
        ({"path": ()}, "it has no condition"),
        ({"rewrite": {"^/a": "/", "^/b": "/"}}, "a rule rewrites paths once, got 2 patterns"),
        ({"protocol": "grpc"}, "protocol 'grpc' needs an HTTPS listener; give the load balancer a certificate"),
        ({"protocol": "http2"}, "protocol 'http2' needs an HTTPS listener"),
        ({"login": OIDC}, "login needs an HTTPS listener"),
        ({"sticky": timedelta(days=8)}, "sticky must be 1 to 604800 whole seconds, got 691200"),
        ({"cookie": "sid"}, "cookie is the application's own for sticky sessions; give sticky="),
        ({"cookie": "AWSALB", "sticky": MINUTE}, "cookie must be a cookie name other than AWSALB's own"),
        ({"slow_start": timedelta(seconds=5)}, "slow_start must be 30 to 900 whole seconds, got 5"),
        (
            {"slow_start": MINUTE, "algorithm": "weighted_random"},
            "slow_start works with round_robin only, got algorithm='weighted_random'",
        ),
        ({"algorithm": "fastest"}, "algorithm must be"),
        ({"deregistration_delay": timedelta(hours=1)}, "CloudFormation gives up the deletion of a service"),
    ],
)
def test_what_a_listener_or_target_group_would_refuse(route: dict[str, Any], words: str) -> None:
    with pytest.raises(SpecError, match=re.escape(words)):
        PLAIN.route(**{"path": "/x", **route})


# target groups


def test_a_target_group_says_nothing_of_what_is_default() -> None:
    body = group()
    assert body["Protocol"] == "HTTP"
    assert "ProtocolVersion" not in body
    assert body["Matcher"] == {"HttpCode": "200-399"}
    assert body["TargetGroupAttributes"] == [{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}]


def test_grpc_is_checked_by_grpc() -> None:
    body = group(protocol="grpc")
    assert body["ProtocolVersion"] == "GRPC"
    assert body["HealthCheckPath"] == "/AWS.ALB/healthcheck"
    assert body["Matcher"] == {"GrpcCode": "12"}
    own = group(protocol="grpc", health="/grpc.health.v1.Health/Check", expect="0")
    assert (own["HealthCheckPath"], own["Matcher"]) == ("/grpc.health.v1.Health/Check", {"GrpcCode": "0"})


def test_a_grpc_code_is_no_status_code() -> None:
    with pytest.raises(SpecError, match="expect must be gRPC codes from 0 to 99"):
        SECURE.route(protocol="grpc", expect="200-399")


def test_http2_is_a_protocol_version() -> None:
    assert group(protocol="http2")["ProtocolVersion"] == "HTTP2"


def test_encrypted_speaks_tls_to_the_tasks_and_checks_them_by_it() -> None:
    body = group(encrypted=True)
    assert (body["Protocol"], body["HealthCheckProtocol"]) == ("HTTPS", "HTTPS")


def test_sticky_is_by_the_load_balancers_cookie_or_the_applications() -> None:
    own = attributes(served(PLAIN, sticky=MINUTE), "WebTargetGroup")
    assert own == {
        "deregistration_delay.timeout_seconds": "30",
        "stickiness.enabled": "true",
        "stickiness.type": "lb_cookie",
        "stickiness.lb_cookie.duration_seconds": "60",
    }
    theirs = attributes(served(PLAIN, sticky=MINUTE, cookie="sid"), "WebTargetGroup")
    assert theirs["stickiness.type"] == "app_cookie"
    assert theirs["stickiness.app_cookie.cookie_name"] == "sid"
    assert theirs["stickiness.app_cookie.duration_seconds"] == "60"


def test_slow_start_and_the_algorithm_are_attributes() -> None:
    assert attributes(served(PLAIN, slow_start=MINUTE), "WebTargetGroup")["slow_start.duration_seconds"] == "60"
    chosen = attributes(served(PLAIN, algorithm="weighted_random"), "WebTargetGroup")
    assert chosen["load_balancing.algorithm.type"] == "weighted_random"
    assert chosen["load_balancing.algorithm.anomaly_mitigation"] == "on"


# what the rule does


def test_a_rewrite_is_a_transform() -> None:
    rule = properties(served(PLAIN, rewrite={"^/api/(.*)$": "/$1"}), "WebListenerRule")
    assert rule["Transforms"] == [
        {"Type": "url-rewrite", "UrlRewriteConfig": {"Rewrites": [{"Regex": "^/api/(.*)$", "Replace": "/$1"}]}}
    ]


def test_a_login_comes_before_the_service() -> None:
    first, second = properties(served(SECURE, login=OIDC), "WebListenerRule")["Actions"]
    assert (first["Type"], first["Order"]) == ("authenticate-oidc", 1)
    assert (second["Type"], second["Order"]) == ("forward", 2)
    assert first["AuthenticateOidcConfig"]["OnUnauthenticatedRequest"] == "authenticate"


def test_a_client_secret_is_looked_up_by_cloudformation() -> None:
    (first, _) = properties(served(SECURE, login=OIDC), "WebListenerRule")["Actions"]
    text, values = first["AuthenticateOidcConfig"]["ClientSecret"]["Fn::Sub"]
    assert text == "{{resolve:secretsmanager:${arn}:SecretString:client_secret}}"
    assert list(values) == ["arn"]


def test_cognito_names_pool_client_and_domain() -> None:
    pool = "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_abc"
    login = Cognito(user_pool_arn=pool, client_id="abc", domain="shop", session=MINUTE, unauthenticated="deny")
    (first, _) = properties(served(SECURE, login=login), "WebListenerRule")["Actions"]
    assert first == {
        "Type": "authenticate-cognito",
        "Order": 1,
        "AuthenticateCognitoConfig": {
            "UserPoolArn": pool,
            "UserPoolClientId": "abc",
            "UserPoolDomain": "shop",
            "Scope": "openid",
            "SessionTimeout": 60,
            "OnUnauthenticatedRequest": "deny",
        },
    }


def test_a_login_needs_a_way_to_the_provider() -> None:
    shut = LoadBalancer("Shut", vpc=NET, certificate=SECURE.certificate)
    with pytest.raises(SpecError, match='login needs a way from LoadBalancer "Shut" to the provider; give it logins'):
        shut.route(login=OIDC)
    (way,) = properties(served(SECURE), "SecureSecurityGroup")["SecurityGroupEgress"]
    assert (way["CidrIp"], way["FromPort"]) == ("0.0.0.0/0", 443)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"issuer": "http://id.example.com"}, "issuer must start with https://"),
        ({"scope": "email"}, "scope must hold openid, got 'email'"),
        ({"session": timedelta(days=8)}, "session must be 1 second to 7 days"),
    ],
)
def test_a_login_that_no_load_balancer_takes(fields: dict[str, Any], words: str) -> None:
    right = {
        key: getattr(OIDC, key)
        for key in (
            "issuer",
            "authorization_endpoint",
            "token_endpoint",
            "user_info_endpoint",
            "client_id",
            "client_secret",
        )
    }
    with pytest.raises(SpecError, match=re.escape(words)):
        Oidc(**{**right, **fields})


def test_a_user_pool_is_given_by_its_arn() -> None:
    with pytest.raises(SpecError, match="user_pool_arn must be the ARN of a user pool, got 'pool'"):
        Cognito(user_pool_arn="pool", client_id="abc", domain="shop")
