"""Every way in with every kind of deployment, and scaling in turn: no engine and no rule objects, and each is deployed
to the local cloud and read back: rules, weights, target groups, certificates, and what else stands in front.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from fargate_stacks import App, Stack, render
from fargate_stacks.checks.engines import cfn_lint, cloudformation_validate
from fargate_stacks.checks.rules import apply_rules
from fargate_stacks.deploy.engine import deploy
from fargate_stacks.deploy.messages import Message, Rollout
from tests.localcloud import Cloud
from tests.matrix import ALL, PLATFORM, WAYS, Combination
from tests.readback import READERS, Deployed
from tests.readback_fronts import EVERY

ACCOUNT = "100000000000"
every_combination = pytest.mark.parametrize("one", ALL, ids=lambda one: one.id)


def test_there_are_enough_combinations() -> None:
    assert len(ALL) >= 80
    assert len({one.id for one in ALL}) == len(ALL)
    assert {one.way for one in ALL} == set(WAYS)


@every_combination
def test_no_engine_and_no_rule_of_ours_objects(one: Combination) -> None:
    templates = render(one.app())
    alone = {one.stack: templates[one.stack]}
    found = [*cfn_lint(alone), *cloudformation_validate(alone), *apply_rules(templates)]
    assert [f"{f.code} {f.where}: {f.message}" for f in found if f.severity != "info"] == []


class Ground(NamedTuple):
    """An account with the platform's stack, and values for the parameters of what is put on it."""

    cloud: Cloud
    given: dict[str, str]

    def deploy(self, one: Combination) -> Deployed:
        templates = render(one.app())
        wanted = {key for template in templates.values() for key in template.parameters}
        given = {key: value for key, value in self.given.items() if key in wanted}
        deploy(templates, self.cloud.client(), out=self.approve, ask=_yes, given=given)
        return Deployed(self.cloud, templates, EVERY)

    def approve(self, message: Message) -> None:
        """Be the person whom a pause waits for."""
        if not isinstance(message, Rollout) or message.ecs.hook is None:
            return
        ecs = self.cloud.api("ecs")
        (cluster,) = ecs.list_clusters()["clusterArns"]
        for service in ecs.list_services(cluster=cluster)["serviceArns"]:
            running = ecs.list_service_deployments(cluster=cluster, service=service, status=["IN_PROGRESS"])
            for deployment in running["serviceDeployments"]:
                ecs.continue_service_deployment(
                    serviceDeploymentArn=deployment["serviceDeploymentArn"], hookId=message.ecs.hook.id
                )


def _yes(question: str) -> bool:
    return True


def _certificate(number: int) -> str:
    return f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/{number:08}-1234-1234-1234-123456789012"


@pytest.fixture(scope="module")
def ground(local_endpoint: str) -> Ground:
    cloud = Cloud(local_endpoint, ACCOUNT)
    zone = cloud.api("route53").create_hosted_zone(Name="example.com", CallerReference="matrix")["HostedZone"]["Id"]
    cloud.api("secretsmanager").create_secret(Name="login", SecretString='{"secret": "hush"}')
    given = {
        "Certificate": _certificate(1),
        "Second": _certificate(2),
        "Third": _certificate(3),
        "Zone": zone.rpartition("/")[2],
        "Hook": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:hook",
        "Prefixes": "pl-0123456789abcdef0",
        "GatewayRole": f"arn:aws:iam::{ACCOUNT}:role/gateways",
    }
    platform = render(App([Stack("platform", PLATFORM, removal="remove")]))
    needed = {key: value for key, value in given.items() if key in platform["platform"].parameters}
    deploy(platform, cloud.client(), out=lambda message: None, ask=_yes, given=needed)
    assert Deployed(cloud, platform, EVERY).differences() == []
    physical = cloud.physical("platform")
    # what somebody else made: the combinations know nothing of it but these two
    given |= {"ListenerArn": physical["HttpListener"], "DoorSecurityGroup": physical["HttpSecurityGroup"]}
    return Ground(cloud, given)


@pytest.fixture
def deployed(ground: Ground, one: Combination) -> Iterator[Deployed]:
    yield ground.deploy(one)
    ground.cloud.delete(one.stack)


@every_combination
def test_it_is_deployed_and_read_back(one: Combination, deployed: Deployed) -> None:
    assert deployed.differences() == []
    body: dict[str, Any] = deployed.templates[one.stack].resources
    assert {made["Type"] for made in body.values()} & EVERY.keys() <= deployed.compared


def test_every_reader_has_something_to_read() -> None:
    types = {
        body["Type"] for one in ALL for template in render(one.app()).values() for body in template.resources.values()
    }
    assert EVERY.keys() - READERS.keys() <= types
