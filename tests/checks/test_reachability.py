"""Whether tasks reach what they need: judged over whole apps, stack by stack."""

from __future__ import annotations

from typing import Any

import pytest

from fargate_stacks import (
    App,
    Bucket,
    Cluster,
    Container,
    Endpoints,
    ExistingCluster,
    ExistingParameter,
    ExistingSecret,
    ExistingVpc,
    NatInstance,
    Param,
    Queue,
    Service,
    Stack,
    Task,
    Vpc,
    render,
)
from fargate_stacks.checks.rules import apply_rules
from tests.checks.templates import found

ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1"
JOBS = Queue("Jobs")


def says(
    vpc: Vpc,
    *,
    image: str = ECR,
    code: str = "FS130",
    apart: Any = None,
    uses: Any = (),
    secrets: Any = None,
    **fields: Any,
) -> list[str]:
    task = Task(containers=[Container(image=image, secrets=secrets or {})], uses=uses)
    cluster = Cluster("Main", vpc=vpc)
    service = Service("Web", cluster=cluster, task=task, **{"subnets": "isolated", **fields})
    if apart is None:
        app = App([Stack("s", [vpc, cluster, JOBS, service])])
    else:
        app = App([Stack("net", [vpc, cluster, JOBS]), Stack("s", [service])], references=apart)
    return [line.removeprefix("s.WebService: ") for line in found(code, *render(app).values())]


CLOSED = Vpc("Net", nat="none")
BUNDLE = Vpc("Net", nat="none", endpoints="private-tasks")
NEITHER = "and its subnets have neither a way out nor an endpoint of"
CURE = 'give Vpc(endpoints="private-tasks"), or Vpc(nat="single")'


@pytest.mark.parametrize("apart", [None, "parameters", "exports"])
def test_without_endpoints_an_isolated_task_can_neither_pull_nor_log(apart: Any) -> None:
    assert says(CLOSED, apart=apart) == [
        f"container app is pulled from ECR, {NEITHER} ecr.api; {CURE}",
        f"container app is pulled from ECR, {NEITHER} ecr.dkr; {CURE}",
        f"container app logs to CloudWatch, {NEITHER} logs; {CURE}",
    ]


@pytest.mark.parametrize("apart", [None, "parameters", "exports"])
def test_with_the_bundle_it_starts(apart: Any) -> None:
    secrets = {"A": ExistingSecret("a").value(), "B": ExistingParameter("b").value()}
    assert says(BUNDLE, apart=apart, exec=True, secrets=secrets) == []


def test_no_endpoint_leads_to_another_registry() -> None:
    for image, registry in (("nginx:1", "docker.io"), ("public.ecr.aws/nginx/nginx:1", "public.ecr.aws")):
        assert says(BUNDLE, image=image) == [
            f"container app is pulled from {registry}, and its subnets lead nowhere; "
            'copy the image to ECR, or give Vpc(nat="single")'
        ]


def test_secrets_parameters_and_exec_have_endpoints_of_their_own() -> None:
    bare = Vpc("Net", nat="none", endpoints=Endpoints(services=["ecr.api", "ecr.dkr", "logs"]))
    secrets = {"A": ExistingSecret("a").value(), "B": ExistingParameter("b").value()}
    assert says(bare, secrets=secrets, exec=True) == [
        f"container app reads the secret A, {NEITHER} secretsmanager; {CURE}",
        f"container app reads the secret B, {NEITHER} ssm; {CURE}",
        f"it admits ECS Exec, {NEITHER} ssmmessages; {CURE}",
    ]


def test_layers_of_ecr_come_from_s3() -> None:
    without = Vpc("Net", nat="none", endpoints="private-tasks", s3_endpoint=False)
    assert says(without) == [
        f'container app is pulled from ECR, {NEITHER} s3; give Vpc(s3_endpoint=True), or Vpc(nat="single")'
    ]


def test_behind_nat_or_with_a_public_address_everything_is_reached() -> None:
    assert says(Vpc("Net"), subnets="private", image="nginx:1") == []
    assert says(Vpc("Net"), subnets="public", image="nginx:1") == []


def test_in_public_subnets_without_a_public_address_nothing_is() -> None:
    vpc = Vpc("Net")
    cluster = Cluster("Main", vpc=vpc)
    service = Service("Web", cluster=cluster, subnets="public", task=Task(containers=[Container(image="nginx:1")]))
    template = render(App([Stack("s", [vpc, cluster, service])]))["s"]
    template.resources["WebService"]["Properties"]["NetworkConfiguration"]["AwsvpcConfiguration"]["AssignPublicIp"] = (
        "DISABLED"
    )
    assert len(found("FS130", template)) == 2


def test_a_vpc_that_is_not_of_the_app_is_not_judged() -> None:
    vpc = ExistingVpc(vpc_id="vpc-0123456789abcdef0", isolated=["subnet-0123456789abcdef0"])
    cluster = Cluster("Main", vpc=vpc)
    service = Service("Web", cluster=cluster, subnets="isolated", task=Task(containers=[Container(image=ECR)]))
    assert found("FS130", *render(App([Stack("s", [cluster, service])])).values()) == []


def test_what_a_task_may_call_needs_a_way_too() -> None:
    assert says(BUNDLE, code="FS131", uses=[JOBS.send()]) == [
        "its task may call sqs, and its subnets have neither a way out nor an endpoint of it; "
        'give Vpc(endpoints=Endpoints(also=["sqs"])), or Vpc(nat="single")'
    ]
    assert says(Vpc("Net", nat="none", endpoints=Endpoints(also=["sqs"])), code="FS131", uses=[JOBS.send()]) == []


def test_buckets_are_reached_by_the_gateway() -> None:
    files = Bucket("Files")
    vpc = Vpc("Net", nat="none", endpoints="private-tasks")
    cluster = Cluster("Main", vpc=vpc)
    task = Task(containers=[Container(image=ECR)], uses=[files.read()])
    service = Service("Web", cluster=cluster, subnets="isolated", task=task)
    assert found("FS131", *render(App([Stack("s", [vpc, cluster, files, service])])).values()) == []


def leads_nowhere(vpc: Vpc, **fields: Any) -> list[str]:
    cluster = Cluster("Main", vpc=vpc)
    web = Service(
        "Web", cluster=cluster, task=Task(containers=[Container(image="docker.io/library/nginx:1")]), **fields
    )
    found = apply_rules(render(App([Stack("s", [vpc, cluster, web])])))
    return [one.code for one in found if one.code in ("FS130", "FS131")]


@pytest.mark.parametrize("per_zone", [False, True])
def test_a_nat_instance_leads_out(per_zone: bool) -> None:
    assert leads_nowhere(Vpc("Net", nat=NatInstance(per_zone=per_zone))) == []


def test_both_protocols_behind_nat_lead_out() -> None:
    assert leads_nowhere(Vpc("Net", ipv6=True)) == []


def test_ipv6_alone_leads_to_no_registry() -> None:
    vpc = Vpc("Net", ipv6=True)
    cluster = Cluster("Main", vpc=vpc)
    web = Service("Web", cluster=cluster, task=Task(containers=[Container(image="docker.io/library/nginx:1")]))
    template = render(App([Stack("s", [vpc, cluster, web])]))["s"]
    for key in ("NetPrivateDefaultRoute1", "NetPrivateDefaultRoute2"):
        del template.resources[key]
    assert "FS130" in [one.code for one in apply_rules({"s": template})]


def test_in_a_vpc_of_parameters_nothing_is_known_and_nothing_is_said() -> None:
    vpc = ExistingVpc(vpc_id=Param("Vpc"), private=Param("Private", type="List<AWS::EC2::Subnet::Id>"))
    cluster = ExistingCluster("main", vpc=vpc)
    web = Service("Web", cluster=cluster, task=Task(containers=[Container(image="docker.io/library/nginx:1")]))
    found = apply_rules(render(App([Stack("s", [web])])))
    assert [one.code for one in found if one.code in ("FS130", "FS131")] == []
