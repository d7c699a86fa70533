"""A VPC and a cluster that something else owns: values that are checked and never looked up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from troposphere import ecs, rds

from fargate_stacks.constructs.cluster import Cluster, ExistingCluster
from fargate_stacks.constructs.network import ExistingVpc, Subnets, Vpc
from fargate_stacks.core.construct import Construct
from fargate_stacks.core.render import render
from fargate_stacks.core.stack import App, Stack
from fargate_stacks.core.template import Template
from fargate_stacks.core.values import Param, Text
from fargate_stacks.errors import SpecError

A, B, C = (f"subnet-0123456789abcdef{n}" for n in range(3))
VPC = ExistingVpc(vpc_id="vpc-0123456789abcdef0", cidr="10.0.0.0/16", public=[A], private=[B, C])
ARN = "arn:aws:ecs:eu-west-1:123456789012:cluster/main"


class Group(Construct):
    """Something in subnets."""

    subnets: Subnets

    def build(self) -> Iterator[Any]:
        ids = self.subnets.ids
        yield rds.DBSubnetGroup(
            self.id("Group"), DBSubnetGroupDescription="x", SubnetIds=list(ids) if isinstance(ids, tuple) else ids
        )


class Tasks(Construct):
    """Something on a cluster."""

    cluster: Cluster | ExistingCluster

    def build(self) -> Iterator[Any]:
        yield ecs.Service(self.id("Service"), Cluster=self.cluster.cluster_name, Role=self.cluster.cluster_arn)


def template(member: Construct) -> Template:
    return render(App([Stack("s", [member])]))["s"]


def refusal(make: Any) -> str:
    with pytest.raises(SpecError) as caught:
        make()
    return str(caught.value)


# a VPC


def test_what_others_ask_is_what_was_given() -> None:
    assert (VPC.vpc_id, VPC.cidr_block) == ("vpc-0123456789abcdef0", "10.0.0.0/16")
    private = VPC.subnets("private", "a test")
    assert (private.ids, private.tier, private.count) == ((B, C), "private", 2)


def test_nothing_of_an_existing_vpc_is_waited_for() -> None:
    assert VPC.internet == VPC.subnets("private", "a test").after == ()


def test_a_tier_is_there_when_it_has_subnets() -> None:
    assert [VPC.has("public"), VPC.has("private"), VPC.has("isolated")] == [True, True, False]


def test_ids_reach_the_template_as_they_are() -> None:
    found = template(Group("Db", subnets=VPC.subnets("private", "a test")))
    assert found.resources["DbGroup"]["Properties"]["SubnetIds"] == [B, C]
    assert found.parameters == {}


def test_single_parameters_may_stand_for_ids() -> None:
    one, other = (Param(f"Subnet{n}", type="AWS::EC2::Subnet::Id") for n in "AB")
    vpc = ExistingVpc(vpc_id=Param("VpcId", type="AWS::EC2::VPC::Id"), cidr="10.0.0.0/16", private=[one, other])
    found = template(Group("Db", subnets=vpc.subnets("private", "a test")))
    assert found.resources["DbGroup"]["Properties"]["SubnetIds"] == [{"Ref": "SubnetA"}, {"Ref": "SubnetB"}]
    assert found.parameters["SubnetA"] == {"Type": "AWS::EC2::Subnet::Id"}


def test_one_list_parameter_may_stand_for_a_tier() -> None:
    ids = Param("Subnets", type="List<AWS::EC2::Subnet::Id>")
    vpc = ExistingVpc(vpc_id="vpc-0123456789abcdef0", cidr="10.0.0.0/16", private=ids)
    subnets = vpc.subnets("private", "a test")
    assert subnets.count is None
    assert template(Group("Db", subnets=subnets)).resources["DbGroup"]["Properties"]["SubnetIds"] == {"Ref": "Subnets"}


def test_a_user_may_name_subnets_alone() -> None:
    subnets = Subnets(ids=[B, C], tier="private")
    assert template(Group("Db", subnets=subnets)).resources["DbGroup"]["Properties"]["SubnetIds"] == [B, C]


@pytest.mark.parametrize("namespace", ["main", "arn:aws:servicediscovery:eu-west-1:123456789012:namespace/ns-1"])
def test_the_namespace_is_taken_by_name_or_arn(namespace: str) -> None:
    assert ExistingVpc(vpc_id="vpc-12345678", cidr="10.0.0.0/16", namespace=namespace).namespace_arn == namespace


def test_a_namespace_is_asked_for_only_when_it_is_needed() -> None:
    assert refusal(lambda: VPC.namespace_arn) == (
        "ExistingVpc 'vpc-0123456789abcdef0': an Endpoint needs a Cloud Map namespace to be found in; "
        "give ExistingVpc(namespace=...)"
    )


def test_the_addresses_are_asked_for_only_when_they_are_needed() -> None:
    vpc = ExistingVpc(vpc_id="vpc-12345678", private=[B])
    assert refusal(lambda: vpc.cidr_block) == (
        "ExistingVpc 'vpc-12345678': what is opened to the whole VPC needs its addresses; give ExistingVpc(cidr=...)"
    )


def test_a_tier_that_is_missing_is_named_with_its_user() -> None:
    assert refusal(lambda: VPC.subnets("isolated", 'Service "Web"')) == (
        "ExistingVpc 'vpc-0123456789abcdef0': it has no isolated subnets, and Service \"Web\" needs them; "
        "give ExistingVpc(isolated=[...])"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"vpc_id": "net"}, "vpc_id looks like vpc-0123456789abcdef0, got 'net'"),
        ({"cidr": "10.0.0.0"}, "cidr must be an IPv4 block like 10.0.0.0/16, got '10.0.0.0'"),
        ({"public": ["sn-1"]}, "public: a subnet id looks like subnet-0123456789abcdef0, got 'sn-1'"),
        ({"private": [B, B]}, f"private: {B} is given twice; give each subnet once"),
        ({"public": [B], "private": [B]}, f"{B} is both public and private; a subnet is in one tier"),
        (
            {"private": Param("Subnet", type="AWS::EC2::Subnet::Id")},
            "private: Param Subnet holds one value, its type is AWS::EC2::Subnet::Id; "
            "give [Param(...)], or a Param of a list type",
        ),
        (
            {"private": [Param("Subnets", type="List<AWS::EC2::Subnet::Id>")]},
            "private: Param Subnets is a list by itself; give it without the list around it",
        ),
        (
            {"private": [Vpc("Net").subnets("private", "a test").ids]},
            "private: NetPrivateSubnets is a list of subnets by itself; give it without the list around it",
        ),
        ({"private_subnets": [B]}, "private_subnets is called private"),
    ],
)
def test_what_is_no_vpc_is_refused(options: Any, message: str) -> None:
    given = {"vpc_id": "vpc-12345678", "cidr": "10.0.0.0/16", **options}
    who = "ExistingVpc" if "private_subnets" in options else f"ExistingVpc {given['vpc_id']!r}"
    assert refusal(lambda: ExistingVpc(**given)) == f"{who}: {message}"


def test_a_bare_text_is_no_tier() -> None:
    message = refusal(lambda: ExistingVpc(vpc_id="vpc-12345678", cidr="10.0.0.0/16", private=B))
    assert message.startswith("ExistingVpc 'vpc-12345678': private must be Param or a sequence of")


# a cluster


@pytest.mark.parametrize(("given", "name"), [("main", "main"), (ARN, "main")])
def test_a_cluster_is_known_by_its_name(given: str, name: str) -> None:
    assert ExistingCluster(given, vpc=VPC).cluster_name == name


def test_an_arn_stays_the_arn_that_was_given() -> None:
    assert ExistingCluster(ARN, vpc=VPC).cluster_arn == ARN


@pytest.mark.parametrize(
    ("given", "name", "resource"),
    [("main", "main", "main"), (Param("ClusterName"), {"Ref": "ClusterName"}, "${ClusterName}")],
)
def test_a_name_becomes_the_arn_of_this_account_and_region(given: Text, name: Any, resource: str) -> None:
    service = template(Tasks("T", cluster=ExistingCluster(given, vpc=VPC))).resources["TService"]["Properties"]
    assert service["Cluster"] == name
    arn = "arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:cluster/" + resource
    assert service["Role"] == {"Fn::Sub": arn}


def test_an_existing_cluster_is_not_taken_to_have_providers() -> None:
    assert ExistingCluster("main", vpc=VPC).capacity == "launch-type"


def test_that_it_has_providers_can_be_said() -> None:
    assert ExistingCluster("main", vpc=VPC, capacity="providers").capacity == "providers"


@pytest.mark.parametrize("name", ["", "my cluster", "cluster/main", "arn:aws:ecs:eu-west-1:123456789012:service/main"])
def test_what_is_no_cluster_is_refused(name: str) -> None:
    assert refusal(lambda: ExistingCluster(name, vpc=VPC)).endswith(
        f"name must be a cluster's name or ARN, got {name!r}; copy it from `aws ecs list-clusters`"
    )
