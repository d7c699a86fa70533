"""The ordering table of `tests/ordering.py`, held against everything that is rendered here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest
from troposphere import ecs

from fargate_stacks import testing
from fargate_stacks.constructs.cluster import Cluster
from fargate_stacks.constructs.container import Container
from fargate_stacks.constructs.egress import Egress
from fargate_stacks.constructs.endpoint import Endpoint
from fargate_stacks.constructs.ingress import LoadBalancer
from fargate_stacks.constructs.nat_instance import NatInstance
from fargate_stacks.constructs.network import Subnets, Tier, Vpc
from fargate_stacks.constructs.service import Service
from fargate_stacks.constructs.task import Task
from fargate_stacks.core.construct import Construct
from fargate_stacks.core.render import render
from fargate_stacks.core.stack import App, Stack
from fargate_stacks.core.template import Template
from fargate_stacks.core.yaml import load
from fargate_stacks.providers.database import Postgres
from tests import ordering
from tests.ordering import TABLE, Graph, Row, pairs, races
from tests.ordering_cases import CASES, Case

BLUEPRINTS = sorted((Path(__file__).parent.parent / "blueprints").glob("*.py"))
STAGES = ("dev", "prod")


def blueprint(path: Path, stage: str) -> dict[str, Template]:
    return render(testing.load_app(str(path), {"stage": stage}))


# every blueprint


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("path", BLUEPRINTS, ids=lambda path: path.stem)
def test_nothing_in_a_blueprint_races(path: Path, stage: str) -> None:
    assert races(blueprint(path, stage)) == []


@pytest.mark.parametrize("path", BLUEPRINTS, ids=lambda path: path.stem)
def test_nothing_in_a_blueprint_races_when_stacks_refer_by_exports(path: Path) -> None:
    app = testing.load_app(str(path), {"stage": "dev"})
    assert races(render(App(app.stacks, tags=app.tags, references="exports"))) == []


def test_the_blueprints_show_the_rows_that_their_constructs_can_break() -> None:
    graphs = [Graph(blueprint(path, "dev")) for path in BLUEPRINTS]
    shown = {row.prerequisite.__name__ for row in TABLE if any(True for graph in graphs for _ in pairs(graph, row))}
    assert shown >= {
        "gateway_of_balancer",
        "gateway_of_address",
        "gateway_of_nat",
        "nat_way_out",
        "gateway_of_route",
        "way_out",
        "endpoints",
        "listener_rules",
        "security_group_rules",
        "database_instances",
    }


# every network


class Worker(Construct):
    """A service that waits for what its subnets say, and for nothing else."""

    subnets: Subnets

    def build(self) -> Iterator[Any]:
        network = ecs.AwsvpcConfiguration(Subnets=self.subnets.ids)
        yield ecs.Service(
            self.id("Service"),
            DependsOn=list(self.subnets.after),
            TaskDefinition="task:1",
            NetworkConfiguration=ecs.NetworkConfiguration(AwsvpcConfiguration=network),
        )


ALL: tuple[Tier, ...] = ("public", "private", "isolated")
WAYS: list[tuple[Any, Sequence[Tier]]] = [("none", ("public", "isolated")), ("single", ALL), ("per-zone", ALL)]
VPCS = {
    f"{azs} zones, nat {nat}, s3 {s3}": Vpc("Net", azs=azs, nat=nat, tiers=tiers, s3_endpoint=s3)
    for azs in (1, 2, 4)
    for nat, tiers in WAYS
    for s3 in (True, False)
} | {
    "an instance, both protocols": Vpc("Net", nat=NatInstance(), ipv6=True, tiers=ALL),
    "an instance a zone": Vpc("Net", nat=NatInstance(per_zone=True), s3_endpoint=False),
    "both protocols, no nat": Vpc("Net", nat="none", ipv6=True),
}


def waiting(vpc: Vpc, references: Literal["parameters", "exports"] | None) -> dict[str, Template]:
    """A worker in each tier, in the stack of its VPC or, when `references` says how, in one of its own."""
    workers = [Worker(tier.title(), subnets=vpc.subnets(tier, "a test")) for tier in ALL if vpc.has(tier)]
    if references is None:
        return render(App([Stack("all", [vpc, *workers])]))
    return render(App([Stack("net", [vpc]), Stack("app", workers)], references=references))


@pytest.mark.parametrize("references", [None, "parameters", "exports"])
@pytest.mark.parametrize("vpc", VPCS.values(), ids=VPCS)
def test_nothing_in_a_network_races(vpc: Vpc, references: Any) -> None:
    templates = waiting(vpc, references)
    assert [node for node in Graph(templates).of_type("AWS::ECS::Service") if not seen_by_a_row(templates, node)] == []
    assert races(templates) == []


def seen_by_a_row(templates: dict[str, Template], node: ordering.Node) -> bool:
    graph = Graph(templates)
    return any(node == consumer for row in TABLE for consumer, _ in pairs(graph, row))


def test_without_what_they_wait_for_everything_in_a_network_races() -> None:
    templates = waiting(Vpc("Net", azs=1, tiers=ALL), None)
    for body in templates["all"].resources.values():
        body.pop("DependsOn", None)
    assert {line.split(":")[0] for line in races(templates)} == {
        "all.NetElasticIp1 does not wait for all.NetInternetGatewayAttachment",
        "all.NetNatGateway1 does not wait for all.NetInternetGatewayAttachment",
        "all.NetNatGateway1 does not wait for all.NetPublicDefaultRoute",
        "all.NetNatGateway1 does not wait for all.NetPublicSubnet1RouteTableAssociation",
        "all.NetPublicDefaultRoute does not wait for all.NetInternetGatewayAttachment",
        *(f"all.{tier}Service does not wait for all.NetS3Endpoint" for tier in ("Public", "Private", "Isolated")),
        "all.PublicService does not wait for all.NetPublicDefaultRoute",
        "all.PublicService does not wait for all.NetPublicSubnet1RouteTableAssociation",
        "all.PrivateService does not wait for all.NetPrivateDefaultRoute1",
        "all.PrivateService does not wait for all.NetPrivateSubnet1RouteTableAssociation",
        "all.IsolatedService does not wait for all.NetIsolatedSubnet1RouteTableAssociation",
    }


# all constructs in one stack, where no order of stacks hides a race


def test_nothing_in_a_stack_of_everything_races() -> None:
    vpc = Vpc("Net", tiers=ALL)
    cluster = Cluster("Main", vpc=vpc)
    edge = LoadBalancer("Edge", vpc=vpc, public=True)
    orders = Postgres("Orders", vpc=vpc)
    address = Endpoint("Address", vpc=vpc, port=80)
    container = Container(image="nginx", port=80)
    api = Service(
        "Api",
        cluster=cluster,
        task=Task(containers=[container], uses=[orders.connect()]),
        route=edge.route("/*"),
        endpoint=address,
        egress=[Egress(port=443)],
    )
    caller = Service("Caller", cluster=cluster, task=Task(containers=[container], uses=[address.connect()]))
    templates = render(App([Stack("all", [vpc, cluster, edge, orders, address, api, caller])]))
    assert races(templates) == []
    waited = {needed.logical_id for row in TABLE for _, needed in pairs(Graph(templates), row)}
    assert waited >= {"OrdersDBInstance1", "ApiListenerRule", "ApiOrdersIngress5432", "CallerAddressIngress80"}


# every row, with a template that breaks it


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.prerequisite.__name__}-{case.consumer}")
def test_a_row_finds_the_race_and_a_dependency_ends_it(case: Case) -> None:
    resources = load(case.text)
    templates = {"s": Template("s", resources)}
    (row,) = (row for row in TABLE if row.prerequisite is case.prerequisite)
    assert found(templates, row) == [(case.consumer, needed) for needed in case.needed]
    resources[case.consumer]["DependsOn"] = case.needed
    assert found(templates, row) == []


def found(templates: dict[str, Template], row: Row) -> list[tuple[str, str]]:
    """The races of one row."""
    graph = Graph(templates)
    open_pairs = [(node, needed) for node, needed in pairs(graph, row) if needed not in graph.before(node)]
    return [(node.logical_id, needed.logical_id) for node, needed in open_pairs]


def test_every_row_has_a_template_that_breaks_it() -> None:
    assert {row.prerequisite for row in TABLE} == {case.prerequisite for case in CASES}
