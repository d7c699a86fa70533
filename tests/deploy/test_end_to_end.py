"""The whole deployer over HTTP, against the local cloud."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest

from fargate_stacks.core.template import Template
from fargate_stacks.deploy import engine
from fargate_stacks.deploy.destroy import destroy
from fargate_stacks.deploy.interrupts import Interrupts
from fargate_stacks.deploy.messages import Diagnosed, Ended, Happened, Message, Outputs, Warn
from fargate_stacks.deploy.resume import resume
from fargate_stacks.deploy.run import Options, Run
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


def test_a_create_that_fails_is_rolled_back_and_made_anew(deployed: Deployed, broken: Any) -> None:
    broken("create", "Q3", "no quota for queues", times=1)
    error = deployed.fails(template(resources=QUEUES))
    assert (error.exit_code, deployed.status()) == (7, "ROLLBACK_COMPLETE")
    (diagnosis,) = [one.diagnosis for one in deployed.said if isinstance(one, Diagnosed)]
    assert (diagnosis.cause.logical_id, "no quota for queues" in diagnosis.cause.reason) == ("Q3", True)
    deployed(template(resources=QUEUES))
    assert deployed.status() == "CREATE_COMPLETE"


def test_an_update_that_fails_is_rolled_back(deployed: Deployed, broken: Any) -> None:
    deployed(template(resources=QUEUES))
    broken("update", "Q3", "denied", times=1)
    assert deployed.fails(template(resources=CHANGED)).exit_code == 7
    assert deployed.status() == "UPDATE_ROLLBACK_COMPLETE"
    deployed(template(resources=CHANGED))
    assert deployed.status() == "UPDATE_COMPLETE"


def test_without_rollback_it_is_fixed_forward(deployed: Deployed, broken: Any) -> None:
    deployed(template(resources=QUEUES))
    broken("update", "Q3", "denied", times=1)
    assert deployed.fails(template(resources=CHANGED), no_rollback=True).exit_code == 8
    assert deployed.status() == "UPDATE_FAILED"
    deployed(template(resources={**CHANGED, "Q3": resource(DelaySeconds=2)}))
    assert deployed.status() == "UPDATE_COMPLETE"


def test_the_template_that_failed_is_rolled_back_and_tried_again(deployed: Deployed, broken: Any) -> None:
    deployed(template(resources=QUEUES))
    broken("update", "Q3", "denied", times=1)
    deployed.fails(template(resources=CHANGED), no_rollback=True)
    deployed(template(resources=CHANGED))
    assert deployed.status() == "UPDATE_COMPLETE"


def test_an_update_that_is_cancelled_is_rolled_back(deployed: Deployed, broken: Any) -> None:
    deployed(template(resources=QUEUES))
    broken("slow", "Q1", seconds=1.0, times=1)
    interrupts = Interrupts(lambda: "cancel")

    def press(message: Message) -> None:
        deployed.said.append(message)
        if isinstance(message, Happened) and message.event.logical_id == "shop" and interrupts.wish is None:
            interrupts.pressed(KeyboardInterrupt())

    with pytest.raises(DeployError) as caught:
        engine.deploy(
            {"shop": template(resources=CHANGED)},
            deployed.client,
            out=press,
            ask=lambda question: True,
            interrupts=interrupts,
        )
    assert (caught.value.exit_code, deployed.status()) == (130, "UPDATE_ROLLBACK_COMPLETE")


def test_a_stack_under_review_is_used_and_other_change_sets_stay(deployed: Deployed, cloud: Cloud) -> None:
    api = cloud.api("cloudformation")
    theirs = api.create_change_set(
        StackName="shop",
        ChangeSetName="theirs",
        ChangeSetType="CREATE",
        TemplateBody='{"Resources": {"A": {"Type": "AWS::SQS::Queue"}}}',
    )
    deployed(template(), do=engine.preview)
    assert [one["ChangeSetId"] for one in api.list_change_sets(StackName="shop")["Summaries"]] == [theirs["Id"]]
    deployed(template())
    assert deployed.status() == "CREATE_COMPLETE"


def test_what_was_only_planned_is_not_there(deployed: Deployed) -> None:
    deployed(template(), do=engine.preview)
    assert deployed.status() == "absent"


def test_termination_protection_is_kept_and_taken_off(deployed: Deployed) -> None:
    deployed(template(termination_protection=True))
    assert "termination protection is on for shop" in str(deployed.fails(template(), do=destroy))
    deployed(template(termination_protection=False))
    deployed(template(), do=destroy)
    assert deployed.status() == "absent"


def test_a_bucket_that_holds_something_is_emptied_and_deleted(deployed: Deployed, cloud: Cloud) -> None:
    files = template(resources={"Files": resource("AWS::S3::Bucket")})
    deployed(files)
    s3 = cloud.api("s3")
    for number in range(3):
        s3.put_object(Bucket=cloud.physical("shop")["Files"], Key=str(number), Body=b"x")
    deployed(files, do=destroy)
    assert deployed.status() == "absent"


def test_a_template_over_the_limit_goes_by_a_bucket(deployed: Deployed) -> None:
    long = {f"Q{n}": resource(Tags=[{"Key": "a", "Value": "b" * 200}]) for n in range(230)}
    deployed(template(resources=long))
    assert deployed.status() == "CREATE_COMPLETE"


def test_twelve_throttled_calls_lose_no_event(deployed: Deployed, cloud: Cloud) -> None:
    from botocore.awsrequest import AWSResponse

    left = 12

    class Raw:
        def __init__(self, body: bytes) -> None:
            self.body = body

        def stream(self, **_: Any) -> Any:
            yield self.body

    def throttle(request: Any, **_: Any) -> AWSResponse | None:
        nonlocal left
        if left == 0:
            return None
        left -= 1
        body = b"<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>"
        return AWSResponse(request.url, 400, {}, Raw(body))

    def say(message: Message) -> None:
        deployed.said.append(message)
        if isinstance(message, Happened) and len(deployed.ids()) == 1:
            for operation in ("DescribeStackEvents", "DescribeStacks"):
                deployed.client.api.meta.events.register(f"before-send.cloudformation.{operation}", throttle)

    stacks = {"shop": template(resources=QUEUES)}
    engine.deploy(stacks, deployed.client, out=say, ask=lambda question: True)
    assert left == 0
    history = [one["EventId"] for one in cloud.history("shop") if one["ResourceStatus"] != "REVIEW_IN_PROGRESS"]
    assert sorted(deployed.ids()) == sorted(history)


def test_thirty_stacks_in_a_graph_run_in_parallel(deployed: Deployed) -> None:
    """Ten layers of three: each stack takes a value from one of the layer before."""
    out = {"outputs": {"Url": {"Value": {"Ref": "Mail"}}}}
    stacks = [template(f"a{n}", {"Mail": resource()}, **out) for n in range(3)]
    for layer in range(1, 10):
        name = chr(ord("a") + layer)
        before = chr(ord("a") + layer - 1)
        stacks += [referring(f"{name}{n}", f"{before}{(n + 1) % 3}", **out) for n in range(3)]
    deployed(*stacks, concurrency=8)
    assert {deployed.status(one.name) for one in stacks} == {"CREATE_COMPLETE"}
    assert len(deployed.endings()) == 30
    deployed(*stacks, do=destroy, concurrency=8)
    assert {deployed.status(one.name) for one in stacks} == {"absent"}


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


DEPLOYER = """
import sys
from fargate_stacks.core.template import Template
from fargate_stacks.deploy.client import connect
from fargate_stacks.deploy.engine import deploy

url, account = sys.argv[1:]
resources = {f"Q{n}": {"Type": "AWS::SQS::Queue"} for n in range(5)}
client = connect(endpoint_url=url).at("us-east-1", account)
say = lambda message: print(message.kind, flush=True)
deploy({"shop": Template("shop", resources)}, client, out=say, ask=lambda question: True)
"""


def test_after_a_kill_watch_and_deploy_go_on(deployed: Deployed, cloud: Cloud, broken: Any) -> None:
    broken("slow", "Q1", seconds=1.5, times=1)
    arguments = [sys.executable, "-c", DEPLOYER, cloud.endpoint_url, cloud.account]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert any(line == "event\n" for line in process.stdout)
        process.kill()
    assert deployed.status() == "CREATE_IN_PROGRESS"
    assert deployed.fails(template(resources=QUEUES)).exit_code == 5
    run = Run(deployed.client, deployed.said.append, lambda question: True)
    resume("shop", deployed.client, run)
    assert deployed.events()[0] == ("shop", "CREATE_IN_PROGRESS")
    assert deployed.events()[-1] == ("shop", "CREATE_COMPLETE")
    assert len(deployed.ids()) == len(set(deployed.ids()))
    deployed(template(resources=QUEUES))
    assert deployed.endings() == {"shop": "no changes"}


def test_after_a_kill_deploy_waits_when_asked(deployed: Deployed, cloud: Cloud, broken: Any) -> None:
    broken("slow", "Q1", seconds=0.8, times=1)
    cloud.api("cloudformation").create_stack(StackName="shop", TemplateBody=json.dumps({"Resources": QUEUES}))
    deployed(template(resources=CHANGED), wait_if_busy=True)
    assert deployed.status() == "UPDATE_COMPLETE"
