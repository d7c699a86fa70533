"""What the endings of test_over_http.py leave out: the deployer in this process, over HTTP, against the local cloud."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest

from fargate_stacks.core.template import Template
from fargate_stacks.deploy import engine
from fargate_stacks.deploy.destroy import destroy
from fargate_stacks.deploy.messages import Ended, Happened, Message, Outputs, Warn
from fargate_stacks.deploy.run import Options
from fargate_stacks.errors import DeployError
from tests.deploy.stage import referring, resource, template
from tests.localcloud import Cloud

QUEUES = {f"Q{n}": resource() for n in range(5)}
CHANGED = {key: resource(DelaySeconds=1) for key in QUEUES}


class Deployed:
    """What a run said, and the way to run another."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.client = cloud.client()
        self.said: list[Message] = []

    def __call__(self, *templates: Template, do: Callable[..., Any] = engine.deploy, **more: Any) -> None:
        known = {one.name for one in fields(Options)}
        options = Options(**{key: value for key, value in more.items() if key in known})
        rest = {key: value for key, value in more.items() if key not in known}
        named = {one.name: one for one in templates}
        do(named, self.client, out=self.said.append, ask=lambda question: True, options=options, **rest)

    def fails(self, *templates: Template, **more: Any) -> DeployError:
        with pytest.raises(DeployError) as caught:
            self(*templates, **more)
        return caught.value

    def status(self, name: str = "shop") -> str:
        found = self.client.stack(name)
        return "absent" if found is None else found.status

    def events(self) -> list[tuple[str, str]]:
        return [(one.event.logical_id, one.event.status) for one in self.said if isinstance(one, Happened)]

    def ids(self) -> list[str]:
        return [one.event.id for one in self.said if isinstance(one, Happened)]

    def endings(self) -> dict[str, str]:
        return {one.stack: one.how for one in self.said if isinstance(one, Ended)}


@pytest.fixture
def deployed(cloud: Cloud) -> Deployed:
    return Deployed(cloud)


@pytest.fixture
def broken(cloud: Cloud) -> Any:
    """What goes wrong, each order beside those before."""
    rules: list[dict[str, Any]] = []

    def order(verb: str, name: str, reason: str = "told to fail", seconds: float = 0, **more: Any) -> None:
        what = {"slow": seconds} if verb == "slow" else {"fails": verb, "reason": reason}
        rules.append({"name": name, **what, **more})
        cloud.play(resource=rules)

    return order


def test_create_no_op_update_destroy(deployed: Deployed) -> None:
    deployed(template(resources=QUEUES, outputs={"First": {"Value": {"Ref": "Q0"}}}))
    assert deployed.status() == "CREATE_COMPLETE"
    assert any(isinstance(one, Outputs) and "Q0" in one.outputs["First"] for one in deployed.said)
    deployed(template(resources=QUEUES, outputs={"First": {"Value": {"Ref": "Q0"}}}))
    assert deployed.endings() == {"shop": "no changes"}
    deployed(template(resources=CHANGED))
    assert deployed.status() == "UPDATE_COMPLETE"
    deployed(template(resources=CHANGED), do=destroy)
    assert deployed.status() == "absent"


def test_every_event_is_said_once(deployed: Deployed, cloud: Cloud) -> None:
    deployed(template(resources=QUEUES))
    history = [(one["LogicalResourceId"], one["ResourceStatus"]) for one in cloud.history("shop")]
    assert sorted(deployed.events()) == sorted(one for one in history if one[1] != "REVIEW_IN_PROGRESS")
    assert len(deployed.ids()) == len(set(deployed.ids()))


def test_the_template_that_failed_is_rolled_back_and_tried_again(deployed: Deployed, broken: Any) -> None:
    deployed(template(resources=QUEUES))
    broken("update", "Q3", "denied", times=1)
    deployed.fails(template(resources=CHANGED), no_rollback=True)
    deployed(template(resources=CHANGED))
    assert deployed.status() == "UPDATE_COMPLETE"


def test_what_was_only_planned_is_not_there(deployed: Deployed) -> None:
    deployed(template(), do=engine.preview)
    assert deployed.status() == "absent"


def test_a_failure_in_the_graph_stops_only_what_needs_it(deployed: Deployed, broken: Any) -> None:
    broken("create", "Broken", times=1)
    net = template("net", outputs={"Url": {"Value": {"Ref": "Jobs"}}})
    bad = template("bad", {"Broken": resource()}, outputs={"Url": {"Value": {"Ref": "Broken"}}})
    error = deployed.fails(net, bad, referring("shop", "net"), referring("lost", "bad"), concurrency=4)
    assert error.exit_code == 7
    assert (deployed.status("shop"), deployed.status("lost")) == ("CREATE_COMPLETE", "absent")
    assert "not tried: lost" in [one.text for one in deployed.said if isinstance(one, Warn)]


def test_stacks_of_two_regions_and_accounts(deployed: Deployed, cloud: Cloud) -> None:
    here, there = template("here"), replace(template("there"), region="eu-west-1", account="999988887777")
    deployed(here, there)
    assert deployed.status("there") == "absent"
    other = deployed.client.at("eu-west-1", "999988887777")
    found = other.stack("there")
    assert found is not None
    assert ":eu-west-1:999988887777:" in found.id


def test_the_time_is_over_and_the_stack_goes_on(deployed: Deployed, broken: Any) -> None:
    broken("slow", "Q1", seconds=1.0, times=1)
    begun = time.monotonic()
    assert deployed.fails(template(resources=QUEUES), timeout=0.3).exit_code == 9
    assert time.monotonic() - begun < 1.0
    assert deployed.cloud.settled("shop")["StackStatus"] == "CREATE_COMPLETE"
