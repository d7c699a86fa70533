"""What else stands in front of services: names by DNS, split routes, API Gateway, CloudFront, VPC Lattice."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from fargate_stacks import (
    App,
    BlueGreen,
    Distribution,
    DnsNames,
    HostedZone,
    HttpApi,
    Lattice,
    LoadBalancer,
    RenderError,
    Service,
    SpecError,
    Split,
    Stack,
    Template,
    render,
)
from fargate_stacks.testing import properties, resources_of_type
from tests.constructs.doors import CERTIFICATE, MAIN, NET, PLAIN, SECURE, TASK, rendered, service

NAMES = DnsNames("Names", vpc=NET, domain="internal.example")
PREFIXES = "pl-0123456789abcdef0"
LATTICE = Lattice("Mesh", vpc=NET, prefix_list=PREFIXES)
GLOBAL = "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"


# DNS


def test_tasks_are_found_by_a_name_in_a_private_domain() -> None:
    template = rendered(NAMES, service(route=NAMES.register("orders", ttl=timedelta(seconds=5))))
    assert properties(template, "NamesDnsNamespace")["Name"] == "internal.example"
    found = properties(template, "WebDiscoveryService")
    assert found["Name"] == "orders"
    assert found["DnsConfig"]["DnsRecords"] == [{"Type": "A", "TTL": 5}]
    assert found["HealthCheckCustomConfig"] == {"FailureThreshold": 1}
    assert properties(template, "WebService")["ServiceRegistries"] == [
        {"RegistryArn": {"Fn::GetAtt": ["WebDiscoveryService", "Arn"]}}
    ]
    assert "HealthCheckGracePeriodSeconds" not in properties(template, "WebService")


def test_an_srv_record_says_the_port_too() -> None:
    template = rendered(NAMES, service(route=NAMES.register("orders", record="SRV")))
    (registry,) = properties(template, "WebService")["ServiceRegistries"]
    assert (registry["ContainerName"], registry["ContainerPort"]) == ("app", 8080)


def test_who_finds_a_task_may_connect_to_it() -> None:
    template = rendered(NAMES, service(route=NAMES.register("orders")))
    assert properties(template, "WebPort8080Open")["CidrIp"] == "10.0.0.0/16"
    two = rendered(NAMES, service(route=NAMES.register("orders", allow_from=["10.1.0.0/16", "10.2.0.0/16"])))
    assert properties(two, "WebPort8080Open2")["CidrIp"] == "10.2.0.0/16"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: DnsNames("Names", vpc=NET, domain="Internal"), "domain must be lower case like internal.example"),
        (lambda: NAMES.register("Orders"), "a name is lower-case letters, digits, - and _, got 'Orders'"),
        (lambda: NAMES.register("a", ttl=timedelta(days=2)), "ttl must be 0 to 86400 whole seconds, got 172800"),
        (lambda: service(route=[NAMES.register("a"), NAMES.register("b")]), "ECS takes one of its kind"),
    ],
)
def test_what_no_name_can_be(make: Any, words: str) -> None:
    with pytest.raises(SpecError, match=re.escape(words)):
        make()


# split routes


def split(**fields: Any) -> Split:
    given = {"route": PLAIN.route("/shop/*"), "weights": {"stable": 95, "next": 5}, "port": 8080, **fields}
    return Split("Front", **given)


def shared(front: Split) -> Template:
    return rendered(PLAIN, front, *(Service(key.capitalize(), cluster=MAIN, task=TASK, route=front.share(key))
                                    for key in front.weights))  # fmt: skip


def test_a_split_forwards_by_weight_to_a_group_for_each_service() -> None:
    template = shared(split(sticky=timedelta(hours=1)))
    (action,) = properties(template, "FrontListenerRule")["Actions"]
    assert action["ForwardConfig"] == {
        "TargetGroups": [
            {"TargetGroupArn": {"Ref": "FrontStableTargetGroup"}, "Weight": 95},
            {"TargetGroupArn": {"Ref": "FrontNextTargetGroup"}, "Weight": 5},
        ],
        "TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 3600},
    }
    (balancer,) = properties(template, "NextService")["LoadBalancers"]
    assert balancer["TargetGroupArn"] == {"Ref": "FrontNextTargetGroup"}


def test_each_service_waits_for_the_rule_and_opens_its_own_door() -> None:
    template = shared(split())
    waits = template.resources["NextService"]["DependsOn"]
    assert {"FrontListenerRule", "NextPlainIngress8080", "NextPlainEgress8080"} <= set(waits)


def test_a_split_and_its_services_live_in_stacks_of_their_own() -> None:
    front = split()
    stable = Service("Stable", cluster=MAIN, task=TASK, route=front.share("stable"))
    following = Service("Next", cluster=MAIN, task=TASK, route=front.share("next"))
    app = App([Stack("b", [following]), Stack("a", [stable]), Stack("edge", [NET, MAIN, PLAIN, front])])
    assert list(render(app)) == ["edge", "b", "a"]


def test_a_split_has_a_priority_among_all_routes() -> None:
    front = split(route=PLAIN.route("/*"))
    twin = Service("Twin", cluster=MAIN, task=TASK, route=PLAIN.route("/*"))
    with pytest.raises(RenderError, match="match the same requests"):
        rendered(PLAIN, front, twin)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: split(weights={"one": 1}), "forwards to 2 to 5 target groups here, got 1"),
        (lambda: split(weights={"a": 0, "b": 0}), "every weight is 0"),
        (lambda: split(weights={"a": 1000, "b": 0}), "a weight is 0 to 999, got a=1000"),
        (lambda: split(weights={"a-b": 1, "b": 0}), "a share's name is letters and digits, got 'a-b'"),
        (lambda: split(weights={"next": 1, "Next": 0}), "two shares differ in the case of a letter only"),
        (lambda: split(sticky=timedelta(days=8)), "sticky must be 1 to 604800 seconds, got 691200"),
        (lambda: split().share("nxt"), "there is no share nxt; did you mean next"),
        (
            lambda: service(route=split(port=80).share("next")),
            "needs a container with port 80",
        ),
        (lambda: service(route=split().share("next"), deployment=BlueGreen()), "a share has one target group"),
    ],
)
def test_what_no_split_can_be(make: Any, words: str) -> None:
    with pytest.raises(SpecError, match=re.escape(words)):
        make()


# API Gateway


def test_an_api_hands_everything_to_the_load_balancer() -> None:
    template = rendered(PLAIN, HttpApi("Front", edge=PLAIN, cors=["https://example.com"], rate=10, burst=20))
    assert properties(template, "FrontIntegration") == {
        "ApiId": {"Ref": "FrontApi"},
        "IntegrationType": "HTTP_PROXY",
        "IntegrationMethod": "ANY",
        "IntegrationUri": {"Ref": "PlainListener"},
        "ConnectionType": "VPC_LINK",
        "ConnectionId": {"Ref": "FrontVpcLink"},
        "PayloadFormatVersion": "1.0",
    }
    assert properties(template, "FrontApi")["CorsConfiguration"]["AllowOrigins"] == ["https://example.com"]
    stage = properties(template, "FrontStage")
    assert stage["DefaultRouteSettings"] == {"ThrottlingRateLimit": 10, "ThrottlingBurstLimit": 20}
    assert stage["AccessLogSettings"]["DestinationArn"] == {"Fn::GetAtt": ["FrontLogGroup", "Arn"]}


def test_the_link_reaches_the_load_balancer_and_nothing_else() -> None:
    template = rendered(PLAIN, HttpApi("Front", edge=PLAIN))
    way = properties(template, "FrontPlainIngress80")
    assert way["GroupId"] == {"Fn::GetAtt": ["PlainSecurityGroup", "GroupId"]}
    assert way["SourceSecurityGroupId"] == {"Fn::GetAtt": ["FrontSecurityGroup", "GroupId"]}
    (nowhere,) = properties(template, "FrontSecurityGroup")["SecurityGroupEgress"]
    assert nowhere["CidrIp"] == "255.255.255.255/32"


def test_https_behind_an_api_is_verified_by_name() -> None:
    template = rendered(SECURE, HttpApi("Front", edge=SECURE, tls_name="in.example.com"))
    assert properties(template, "FrontIntegration")["TlsConfig"] == {"ServerNameToVerify": "in.example.com"}
    with pytest.raises(SpecError, match="speaks HTTPS; give the name in its certificate, tls_name="):
        HttpApi("Front", edge=SECURE)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"edge": LoadBalancer("Open", vpc=NET, public=True)}, "is public, and callers could pass the API by"),
        ({"rate": 0}, "rate and burst must be above 0, got 0 and 200"),
        ({"log_retention": timedelta(days=2)}, "log_retention must be a period that CloudWatch Logs knows, got 2 days"),
    ],
)
def test_what_no_api_can_be(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(SpecError, match=re.escape(words)):
        HttpApi("Front", **{"edge": PLAIN, **fields})


# CloudFront


def test_a_distribution_reaches_the_load_balancer_inside_its_vpc() -> None:
    cdn = Distribution("Cdn", edge=PLAIN)
    template = rendered(PLAIN, cdn)
    origin = properties(template, "CdnVpcOrigin")["VpcOriginEndpointConfig"]
    assert (origin["Arn"], origin["OriginProtocolPolicy"]) == ({"Ref": "PlainLoadBalancer"}, "http-only")
    configuration = properties(template, "CdnDistribution")["DistributionConfig"]
    assert configuration["Origins"][0]["VpcOriginConfig"]["VpcOriginId"] == {"Fn::GetAtt": ["CdnVpcOrigin", "Id"]}
    behavior = configuration["DefaultCacheBehavior"]
    assert behavior["ViewerProtocolPolicy"] == "redirect-to-https"
    assert behavior["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    assert "ResponseHeadersPolicyId" in behavior


def test_a_distribution_has_names_a_firewall_and_borders() -> None:
    zone = HostedZone("example.com", id="Z1")
    acl = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/a/1"
    cdn = Distribution(
        "Cdn",
        edge=PLAIN,
        domain="www.example.com",
        hosted_zone=zone,
        certificate=GLOBAL,
        waf=acl,
        countries=["DE", "FR"],
        methods="read",
        security_headers=False,
        cache="optimized",
    )
    template = rendered(PLAIN, cdn)
    configuration = properties(template, "CdnDistribution")["DistributionConfig"]
    assert configuration["Aliases"] == ["www.example.com"]
    assert configuration["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"
    assert configuration["WebACLId"] == acl
    assert configuration["Restrictions"]["GeoRestriction"]["Locations"] == ["DE", "FR"]
    assert "PUT" not in configuration["DefaultCacheBehavior"]["AllowedMethods"]
    record = properties(template, "CdnWwwExampleComRecord")
    assert record["AliasTarget"]["HostedZoneId"] == "Z2FDTNDATAQYW2"
    assert cdn.url == "https://www.example.com"


def test_https_to_the_origin_uses_a_name_of_its_certificate() -> None:
    inner = LoadBalancer("Inner", vpc=NET, domain="in.example.com", hosted_zone=HostedZone("example.com", id="Z1"))
    configuration = properties(rendered(inner, Distribution("Cdn", edge=inner)), "CdnDistribution")
    assert configuration["DistributionConfig"]["Origins"][0]["DomainName"] == "in.example.com"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"edge": LoadBalancer("Open", vpc=NET, public=True)}, "is public, and callers could pass CloudFront by"),
        ({"domain": "www.example.com"}, "domain needs a certificate of us-east-1"),
        ({"certificate": GLOBAL}, "a certificate is for a domain; give domain="),
        ({"domain": "a.example.com", "certificate": CERTIFICATE}, "certificate must be an ARN of us-east-1"),
        ({"waf": "arn:aws:wafv2:eu-west-1:1:x"}, "waf must be an ARN of us-east-1"),
        ({"timeout": timedelta(seconds=61)}, "timeout must be 1 to 60 whole seconds, got 61"),
        ({"countries": ["Germany"]}, "countries are two-letter codes like DE, got 'Germany'"),
    ],
)
def test_what_no_distribution_can_be(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(SpecError, match=re.escape(words)):
        Distribution("Cdn", **{"edge": PLAIN, **fields})


# VPC Lattice


def test_lattice_sends_to_tasks_by_path_and_priority() -> None:
    web = service(route=LATTICE.route("/orders/*", priority=10, method="GET", health="/health"))
    template = rendered(LATTICE, web)
    rule = properties(template, "WebLatticeRule")
    assert rule["Priority"] == 10
    assert rule["Match"]["HttpMatch"] == {"PathMatch": {"Match": {"Prefix": "/orders/"}}, "Method": "GET"}
    config = properties(template, "WebLatticeTargetGroup")["Config"]
    assert (config["Port"], config["HealthCheck"]["Path"]) == (8080, "/health")
    assert properties(template, "WebService")["VpcLatticeConfigurations"] == [
        {
            "PortName": "app",
            "RoleArn": {"Fn::GetAtt": ["WebLatticeRole", "Arn"]},
            "TargetGroupArn": {"Fn::GetAtt": ["WebLatticeTargetGroup", "Arn"]},
        }
    ]
    assert {"WebLatticeRule", "WebLatticeIngress8080"} <= set(template.resources["WebService"]["DependsOn"])


def test_an_exact_path_is_matched_exactly() -> None:
    rule = properties(rendered(LATTICE, service(route=LATTICE.route("/a", priority=1))), "WebLatticeRule")
    assert rule["Match"]["HttpMatch"]["PathMatch"] == {"Match": {"Exact": "/a"}}


def test_tasks_admit_lattice_alone() -> None:
    template = rendered(LATTICE, service(route=LATTICE.route(priority=1)))
    assert properties(template, "WebLatticeIngress8080")["SourcePrefixListId"] == PREFIXES


def test_a_network_that_exists_is_joined() -> None:
    template = rendered(Lattice("Mesh", vpc=NET, prefix_list=PREFIXES, network="sn-1"))
    assert resources_of_type(template, "AWS::VpcLattice::ServiceNetwork") == {}
    assert properties(template, "MeshVpcAssociation")["ServiceNetworkIdentifier"] == "sn-1"


def test_two_routes_of_one_priority_are_named() -> None:
    one = Service("One", cluster=MAIN, task=TASK, route=LATTICE.route("/a", priority=1))
    two = Service("Two", cluster=MAIN, task=TASK, route=LATTICE.route("/b", priority=1))
    with pytest.raises(RenderError, match="have the same priority 1"):
        rendered(LATTICE, one, two)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Lattice("Mesh", vpc=NET, prefix_list="sg-1"), "prefix_list must look like pl-0123456789abcdef0"),
        (lambda: LATTICE.route("/a*", priority=1), "path is exact, or a prefix that ends in /*, got '/a*'"),
        (lambda: LATTICE.route(priority=101), "priority must be 1 to 100, got 101"),
        (lambda: service(route=LATTICE.route(priority=1), deployment=BlueGreen()), "use Rolling()"),
    ],
)
def test_what_lattice_refuses(make: Any, words: str) -> None:
    with pytest.raises(SpecError, match=re.escape(words)):
        make()
