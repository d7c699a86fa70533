"""Caches and parameters: small providers, whole."""

# ruff: noqa: E501 - error texts stand whole

from __future__ import annotations

from typing import Any

import pytest

from fargate_stacks.constructs.cluster import Cluster
from fargate_stacks.constructs.container import Container
from fargate_stacks.constructs.key import Key
from fargate_stacks.constructs.network import Vpc
from fargate_stacks.constructs.service import Service
from fargate_stacks.constructs.task import Task
from fargate_stacks.core.render import render
from fargate_stacks.core.stack import App, Stack
from fargate_stacks.core.values import Param
from fargate_stacks.providers.cache import Cache
from fargate_stacks.providers.parameter import Parameter
from tests.constructs.networks import refusal
from tests.constructs.tasks import properties
from tests.providers.providers import allowed, secret_statements, seen, used

NET = Vpc("Net")
SESSIONS = Cache("Sessions", vpc=NET)


def made(*members: Any) -> Any:
    return render(App([Stack("s", [NET, *members])]))["s"]


def test_a_cache_is_serverless_valkey_with_a_name_of_its_own_for_each_stack() -> None:
    digits = {
        "Fn::Select": [0, {"Fn::Split": ["-", {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}]}]
    }
    assert properties(made(SESSIONS), "SessionsServerlessCache") == {
        "ServerlessCacheName": {"Fn::Join": ["-", ["sessions", digits]]},
        "Description": "Cache Sessions",
        "Engine": "valkey",
        "MajorEngineVersion": "8",
        "SecurityGroupIds": [{"Fn::GetAtt": ["SessionsSecurityGroup", "GroupId"]}],
        "SubnetIds": [{"Ref": "NetPrivateSubnet1"}, {"Ref": "NetPrivateSubnet2"}],
    }


def test_each_field_is_a_property() -> None:
    key = Key("Own")
    cache = Cache("Sessions", vpc=NET, engine="memcached", version="1", max_storage=10, max_requests=5, encryption=key)
    found = properties(made(cache, key), "SessionsServerlessCache")
    assert (found["Engine"], found["MajorEngineVersion"]) == ("memcached", "1")
    assert found["CacheUsageLimits"] == {
        "DataStorage": {"Maximum": 10, "Unit": "GB"},
        "ECPUPerSecond": {"Maximum": 5000},
    }
    assert found["KmsKeyId"] == {"Fn::GetAtt": ["OwnKey", "Arn"]}


@pytest.mark.parametrize(("engine", "port"), [("valkey", 6379), ("redis", 6379), ("memcached", 11211)])
def test_connecting_tells_where_and_opens_the_engines_port(engine: Any, port: int) -> None:
    cache = Cache("Sessions", vpc=NET, engine=engine)
    assert seen(cache.connect(), NET, cache) == {
        "SESSIONS_HOST": {"Fn::GetAtt": ["SessionsServerlessCache", "Endpoint.Address"]},
        "SESSIONS_PORT": str(port),
    }
    main = Cluster("Main", vpc=NET)
    service = Service("Api", cluster=main, task=Task(containers=[Container(image="a/b:1")], uses=[cache.connect()]))
    assert properties(made(cache, main, service), f"ApiSessionsIngress{port}")["FromPort"] == port
    assert "WebTaskPolicy" not in used(cache.connect(), NET, cache).resources


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Cache("Sessions", vpc=NET, max_storage=0), 'Cache "Sessions": max_storage must be 1 to 5000 GB, got 0'),
        (lambda: Cache("Sessions", vpc=NET, max_requests=15_001), 'Cache "Sessions": max_requests must be 1 to 15000 thousand ECPUs a second, got 15001'),
        (lambda: Cache("Sessions", vpc=NET, version="8.0"), 'Cache "Sessions": version is a major version like "8", got "8.0"'),
        (lambda: Cache("Sessions", vpc=Vpc("Net", azs=1)), 'Cache "Sessions": a serverless cache needs subnets in two or three zones, its VPC has 1; use azs=2'),
        (lambda: Cache("Sessions", vpc=NET, node_type="x"), 'Cache "Sessions": node_type is chosen by ElastiCache; max_storage= and max_requests= bound it'),
    ],
)  # fmt: skip
def test_what_no_cache_can_be_is_refused(make: Any, message: str) -> None:
    assert refusal(make) == message


# parameters

HELLO = Parameter("Hello", value="hi")


def test_a_parameter_is_a_text() -> None:
    assert properties(made(HELLO), "HelloParameter") == {
        "Type": "String",
        "Value": "hi",
        "Description": "Parameter Hello",
        "Tier": "Standard",
    }
    found = properties(
        made(Parameter("Hello", value=Param("Greeting"), path="/shop/hello", description="x", advanced=True)),
        "HelloParameter",
    )
    assert found == {
        "Type": "String",
        "Value": {"Ref": "Greeting"},
        "Description": "x",
        "Tier": "Advanced",
        "Name": "/shop/hello",
    }


@pytest.mark.parametrize(
    ("parameter", "resource"),
    [
        (HELLO, {"Fn::Sub": "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/${HelloParameter}"}),
        (
            Parameter("Hello", value="hi", path="/shop/hello"),
            {"Fn::Sub": "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/shop/hello"},
        ),
    ],
)
def test_reading_grants_that_parameter_to_the_execution_role(parameter: Parameter, resource: Any) -> None:
    assert secret_statements(parameter.read(), parameter) == [allowed("ssm:GetParameters", on=[resource])]
    assert seen(parameter.read(), parameter) == {"HELLO": resource}
    assert set(seen(parameter.read(env="X"), parameter)) == {"X"}


def test_a_service_waits_for_a_parameter_whose_name_is_known_trap_1() -> None:
    parameter = Parameter("Hello", value="hi", path="/shop/hello")
    main = Cluster("Main", vpc=NET)
    service = Service("Api", cluster=main, task=Task(containers=[Container(image="a/b:1")], uses=[parameter.read()]))
    assert "HelloParameter" in made(parameter, main, service).resources["ApiService"]["DependsOn"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Parameter("Hello", value=""), 'Parameter "Hello": value has 1 to 4096 bytes, got 0; shorten it'),
        (lambda: Parameter("Hello", value="x" * 4097), 'Parameter "Hello": value has 1 to 4096 bytes, got 4097; shorten it, or give advanced=True'),
        (lambda: Parameter("Hello", value="x" * 8193, advanced=True), 'Parameter "Hello": value has 1 to 8192 bytes, got 8193; shorten it'),
        (lambda: Parameter("Hello", value="x", path="shop"), "Parameter \"Hello\": path is like /shop/prod/greeting, got 'shop'"),
        (lambda: Parameter("Hello", value="x", path="/aws/x"), "Parameter \"Hello\": a path must not start with /aws or /ssm, got '/aws/x'"),
        (lambda: Parameter("Hello", value="x", type="SecureString"), 'Parameter "Hello": type is String: CloudFormation makes no SecureString; a secret belongs in Secret'),
    ],
)  # fmt: skip
def test_what_no_parameter_can_be_is_refused(make: Any, message: str) -> None:
    assert refusal(make) == message
