"""Apps over several stacks in which AWS CDK reports a cycle, or puts a resource into the wrong stack.

Here they render in an order that can be deployed, and are deployed.

The numbers are issues of aws/aws-cdk. The text of #28062 was not at hand; what is known of it is that a load balancer,
its service and what they share live in stacks of their own, so that case has every part in another one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import pytest
from troposphere import ec2

from fargate_stacks import (
    App,
    BlueGreen,
    Cluster,
    Construct,
    Container,
    Endpoint,
    Key,
    LoadBalancer,
    LogArchive,
    NetworkLoadBalancer,
    Postgres,
    Queue,
    Scaling,
    Secret,
    Service,
    Split,
    Stack,
    Task,
    Vpc,
    render,
)
from fargate_stacks.deploy.engine import deploy
from tests.localcloud import Cloud
from tests.readback import Deployed

VPC = Vpc("Net")
MAIN = Cluster("Main", vpc=VPC)


class Case(NamedTuple):
    stacks: Sequence[Stack]
    order: Sequence[str]
    owners: dict[str, str]
    """By the type of a resource, the one stack that has it."""
    not_local: str = ""
    """A stack whose types the local cloud does not imitate."""


def stack(name: str, *members: Construct | ec2.VPCEndpointService) -> Stack:
    return Stack(name, list(members), removal="remove")


def service(name: str, **fields: object) -> Service:
    given = {"cluster": MAIN, "task": Task(containers=[Container(image="example/api:7", port=8080)]), **fields}
    return Service(name, **given)


RULE, GROUP = "AWS::ElasticLoadBalancingV2::ListenerRule", "AWS::ElasticLoadBalancingV2::TargetGroup"
LISTENER, INGRESS = "AWS::ElasticLoadBalancingV2::Listener", "AWS::EC2::SecurityGroupIngress"


def shared_balancer() -> Case:
    """#3689: a load balancer with a listener in one stack, services with rules on it in two others."""
    edge = LoadBalancer("Edge", vpc=VPC, public=True)
    shop, admin = (service(name, route=edge.route(f"/{name.lower()}/*")) for name in ("Shop", "Admin"))
    return Case(
        [stack("shop", shop), stack("admin", admin), stack("base", VPC, MAIN, edge)], ["base", "shop", "admin"], {}
    )


def listener_of_another_stack() -> Case:
    """#3835: the rules between load balancer and tasks belong to the stack of the tasks."""
    edge = LoadBalancer("Edge", vpc=VPC)
    return Case(
        [stack("service", service("Web", route=edge.route("/*"))), stack("base", VPC, MAIN, edge)],
        ["base", "service"],
        {RULE: "service", GROUP: "service", INGRESS: "service", "AWS::EC2::SecurityGroupEgress": "service"},
    )


def endpoint_service() -> Case:
    """#12006: a network load balancer and its service in one stack, what publishes it to other accounts in another."""
    lines = NetworkLoadBalancer("Lines", vpc=VPC)
    web = service("Web", route=lines.listen(443))
    published = ec2.VPCEndpointService("Published", NetworkLoadBalancerArns=[lines.arn], AcceptanceRequired=True)
    return Case(
        [stack("ingress", published), stack("service", lines, web), stack("base", VPC, MAIN)],
        ["base", "service", "ingress"],
        {LISTENER: "service", "AWS::EC2::VPCEndpointService": "ingress"},
        not_local="ingress",
    )


def balancer_given_to_a_pattern() -> Case:
    """#14766: the listener of a load balancer that came from another stack is made where it is asked for."""
    lines = NetworkLoadBalancer("Lines", vpc=VPC)
    return Case(
        [stack("b", service("Web", route=lines.listen(5432))), stack("a", VPC, MAIN, lines)],
        ["a", "b"],
        {LISTENER: "b", GROUP: "b"},
    )


def everything_apart() -> Case:
    """#28062: network, logs, key, load balancer, cluster, data and services, each in a stack of its own."""
    key, audit = Key("Own"), LogArchive("Audit")
    edge = LoadBalancer("Edge", vpc=VPC, public=True, access_logs=audit)
    orders, jobs, signing = Postgres("Orders", vpc=VPC), Queue("Jobs", encryption=key), Secret("Signing")
    task = Task(
        cpu=512,
        memory=1024,
        containers=[Container(image="example/api:7", port=8080)],
        uses=[orders.connect(), jobs.send(), signing.read()],
        log_encryption=key,
    )
    web = service(
        "Web",
        task=task,
        route=edge.route("/*"),
        deployment=BlueGreen(errors=5),
        count=Scaling(min=1, max=4, requests=100),
    )
    return Case(
        [
            stack("service", web),
            stack("data", orders, jobs, signing),
            stack("edge", edge),
            stack("cluster", MAIN),
            stack("security", key, audit),
            stack("network", VPC),
        ],
        ["security", "network", "data", "edge", "cluster", "service"],
        {RULE: "service", "AWS::CloudWatch::Alarm": "service"},
    )


def services_that_call_each_other() -> Case:
    """#1654 and its like: two services, each in a stack of its own, and each calls the other."""
    first, second = (Endpoint(name, vpc=VPC, port=8080) for name in ("First", "Second"))

    def caller(name: str, own: Endpoint, other: Endpoint) -> Service:
        containers = [Container(image="example/api:7", port=8080)]
        return service(name, task=Task(containers=containers, uses=[other.connect()]), endpoint=own)

    return Case(
        [
            stack("two", caller("Two", second, first)),
            stack("one", caller("One", first, second)),
            stack("base", VPC, MAIN, first, second),
        ],
        ["base", "two", "one"],
        {},
    )


def split_over_stacks() -> Case:
    """One rule, two services that are deployed by different people."""
    edge = LoadBalancer("Edge", vpc=VPC)
    front = Split("Front", route=edge.route("/*"), weights={"stable": 90, "next": 10}, port=8080)
    stable, following = (service(key.title(), route=front.share(key)) for key in ("stable", "next"))
    return Case(
        [stack("next", following), stack("stable", stable), stack("base", VPC, MAIN, edge, front)],
        ["base", "next", "stable"],
        {RULE: "base", GROUP: "base"},
    )


CASES = [
    shared_balancer,
    listener_of_another_stack,
    endpoint_service,
    balancer_given_to_a_pattern,
    everything_apart,
    services_that_call_each_other,
    split_over_stacks,
]
NAMED = [make.__name__ for make in CASES]


@pytest.mark.parametrize("make", CASES, ids=NAMED)
def test_it_renders_in_an_order_that_can_be_deployed(make: Callable[[], Case]) -> None:
    case = make()
    templates = render(App(case.stacks))
    assert sorted(templates) == sorted(case.order)
    placed = {name: place for place, name in enumerate(templates)}
    for template in templates.values():
        assert all(placed[other] < placed[template.name] for other in template.after)
    for kind, owner in case.owners.items():
        having = {name for name, one in templates.items() for body in one.resources.values() if body["Type"] == kind}
        assert having == {owner}, kind


@pytest.mark.parametrize("make", CASES, ids=NAMED)
def test_it_is_deployed(make: Callable[[], Case], cloud: Cloud) -> None:
    case = make()
    templates = {name: one for name, one in render(App(case.stacks)).items() if name != case.not_local}
    deploy(templates, cloud.client(), out=lambda message: None, ask=lambda question: True)
    assert Deployed(cloud, templates).differences() == []


@pytest.mark.parametrize("references", ["parameters", "exports"])
def test_producers_come_first_by_either_kind_of_reference(references: Literal["parameters", "exports"]) -> None:
    for make in CASES:
        case = make()
        names = list(render(App(case.stacks, references=references)))
        assert names.index(case.order[0]) < names.index(case.order[-1])
