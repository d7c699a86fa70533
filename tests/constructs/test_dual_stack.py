"""IPv6 beside IPv4: blocks, ways in and out, load balancers, records, and the ways out of tasks."""

from __future__ import annotations

from ipaddress import ip_network

from fargate_stacks import (
    App,
    Cluster,
    Container,
    Egress,
    ExistingCluster,
    ExistingVpc,
    HostedZone,
    LoadBalancer,
    Service,
    Stack,
    Task,
    Template,
    Vpc,
    render,
)
from tests.constructs.networks import of_type, template
from tests.localcloud import Cloud

ALL = ("public", "private", "isolated")
TASK = Task(containers=[Container(image="example/web:1", port=8080)])
EXISTING = ExistingVpc(
    vpc_id="vpc-0123456789abcdef0",
    public=["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
    private=["subnet-0123456789abcdef2"],
    ipv6=True,
)


def routes(one: Template) -> dict[str, dict[str, object]]:
    found = of_type(one, "AWS::EC2::Route").items()
    return {key: body for key, body in found if "DestinationIpv6CidrBlock" in body}


def test_without_it_there_is_nothing_of_ipv6() -> None:
    assert "Ipv6" not in template(Vpc("Net", tiers=ALL)).to_json()


def test_each_subnet_has_a_block_at_the_place_of_its_ipv4_one() -> None:
    net = template(Vpc("Net", tiers=ALL, ipv6=True))
    for body in of_type(net, "AWS::EC2::Subnet").values():
        place, blocks = body["Ipv6CidrBlock"]["Fn::Select"]
        assert blocks == {"Fn::Cidr": [{"Fn::Select": [0, {"Fn::GetAtt": ["NetVpc", "Ipv6CidrBlocks"]}]}, 16, 64]}
        own = list(ip_network("10.0.0.0/16").subnets(new_prefix=20)).index(ip_network(body["CidrBlock"]))
        assert place == own


def test_subnets_wait_for_the_vpcs_block() -> None:
    net = template(Vpc("Net", ipv6=True))
    waits = {key: net.resources[key]["DependsOn"] for key in of_type(net, "AWS::EC2::Subnet")}
    assert {tuple(one) for one in waits.values()} == {("NetIpv6CidrBlock",)}


def test_tasks_get_an_address_where_the_subnet_gives_one() -> None:
    net = template(Vpc("Net", tiers=ALL, ipv6=True))
    assert {one["AssignIpv6AddressOnCreation"] for one in of_type(net, "AWS::EC2::Subnet").values()} == {True}


def test_public_subnets_go_both_ways_and_private_ones_out_only() -> None:
    net = template(Vpc("Net", tiers=ALL, ipv6=True))
    public, *private = routes(net).values()
    assert public["GatewayId"] == {"Ref": "NetInternetGateway"}
    assert [one["EgressOnlyInternetGatewayId"] for one in private] == [{"Ref": "NetEgressOnlyInternetGateway"}] * 2
    tables = [one["RouteTableId"] for one in routes(net).values()]
    assert {"Ref": "NetIsolatedRouteTable"} not in tables


def test_the_public_route_waits_for_the_gateways_attachment() -> None:
    net = template(Vpc("Net", ipv6=True))
    assert "NetInternetGatewayAttachment" in net.resources["NetPublicDefaultIpv6Route"]["DependsOn"]


def test_services_wait_for_both_ways_out() -> None:
    vpc = Vpc("Net", ipv6=True)
    cluster = Cluster("Main", vpc=vpc)
    web = Service("Web", cluster=cluster, task=TASK)
    waits = render(App([Stack("s", [vpc, cluster, web])]))["s"].resources["WebService"]["DependsOn"]
    assert {"NetPrivateDefaultRoute1", "NetPrivateDefaultIpv6Route1"} <= set(waits)


def balancer(edge: LoadBalancer) -> Template:
    return render(App([Stack("s", [edge])]))["s"]


def test_a_public_load_balancer_speaks_both_and_admits_both() -> None:
    found = balancer(LoadBalancer("Edge", vpc=EXISTING, public=True))
    assert found.resources["EdgeLoadBalancer"]["Properties"]["IpAddressType"] == "dualstack"
    doors = found.resources["EdgeSecurityGroup"]["Properties"]["SecurityGroupIngress"]
    assert [(one.get("CidrIp"), one.get("CidrIpv6")) for one in doors] == [("0.0.0.0/0", None), (None, "::/0")]


def test_an_internal_load_balancer_stays_with_ipv4() -> None:
    vpc = Vpc("Net", ipv6=True)
    found = render(App([Stack("s", [vpc, LoadBalancer("Edge", vpc=vpc)])]))["s"]
    assert "IpAddressType" not in found.resources["EdgeLoadBalancer"]["Properties"]


def test_who_is_allowed_may_be_an_ipv6_block() -> None:
    found = balancer(LoadBalancer("Edge", vpc=EXISTING, public=True, allow_from=["2001:db8::/32", "192.0.2.0/24"]))
    doors = found.resources["EdgeSecurityGroup"]["Properties"]["SecurityGroupIngress"]
    assert [(one.get("CidrIp"), one.get("CidrIpv6")) for one in doors] == [
        (None, "2001:db8::/32"),
        ("192.0.2.0/24", None),
    ]


def test_its_names_have_a_record_of_each_kind() -> None:
    zone = HostedZone("example.com", id="Z1")
    found = balancer(LoadBalancer("Edge", vpc=EXISTING, public=True, domain="a.example.com", hosted_zone=zone))
    kinds = [one["Type"] for one in of_type(found, "AWS::Route53::RecordSet").values()]
    assert kinds == ["A", "AAAA"]


def egress(web: Service) -> list[tuple[str | None, str | None]]:
    group = render(App([Stack("s", [web])]))["s"].resources["WebSecurityGroup"]["Properties"]
    return [(one.get("CidrIp"), one.get("CidrIpv6")) for one in group["SecurityGroupEgress"]]


def test_tasks_may_go_anywhere_by_both() -> None:
    cluster = ExistingCluster("main", vpc=EXISTING)
    assert egress(Service("Web", cluster=cluster, task=TASK)) == [("0.0.0.0/0", None), (None, "::/0")]


def test_a_narrow_way_out_stays_narrow() -> None:
    cluster = ExistingCluster("main", vpc=EXISTING)
    ways = [Egress(port=443, to="192.0.2.0/24"), Egress(port=443, to="2001:db8::/32")]
    web = Service("Web", cluster=cluster, task=TASK, egress=ways)
    assert egress(web) == [("192.0.2.0/24", None), (None, "2001:db8::/32")]


def test_on_the_local_cloud_each_subnet_has_its_own_64(cloud: Cloud) -> None:
    vpc = Vpc("Net", tiers=ALL, ipv6=True)
    edge = LoadBalancer("Edge", vpc=vpc, public=True)
    built = render(App([Stack("net", [vpc, edge], removal="remove")]))["net"]
    assert cloud.create("net", built.to_json())["StackStatus"] == "CREATE_COMPLETE", cloud.history("net")
    ec2, ids = cloud.api("ec2"), cloud.physical("net")
    [whole] = ec2.describe_vpcs(VpcIds=[ids["NetVpc"]])["Vpcs"][0]["Ipv6CidrBlockAssociationSet"]
    subnets = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [ids["NetVpc"]]}])["Subnets"]
    parts = [ip_network(one["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"]) for one in subnets]
    assert len(set(parts)) == len(parts) == 6
    assert all(one.prefixlen == 64 and one.subnet_of(ip_network(whole["Ipv6CidrBlock"])) for one in parts)
    assert all(one["AssignIpv6AddressOnCreation"] for one in subnets)
    [made] = cloud.api("elbv2").describe_load_balancers()["LoadBalancers"]
    assert made["IpAddressType"] == "dualstack"
    assert cloud.delete("net")["StackStatus"] == "DELETE_COMPLETE"


def test_on_the_local_cloud_a_subnet_before_the_block_is_refused(cloud: Cloud) -> None:
    built = template(Vpc("Net", ipv6=True))
    for body in built.resources.values():
        if body["Type"] == "AWS::EC2::Subnet":
            del body["DependsOn"]
    built.resources["NetIpv6CidrBlock"]["DependsOn"] = ["NetPublicSubnet1"]
    assert cloud.create("net", built.to_json())["StackStatus"] == "ROLLBACK_COMPLETE"
