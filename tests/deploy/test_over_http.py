"""Every ending of a deploy over HTTP: the command line as a process, against a local cloud in another."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from tests.deploy.commands import LocalFolder
from tests.deploy.stage import resource

QUEUES = {f"Q{n}": resource() for n in range(5)}
CHANGED = {key: resource(DelaySeconds=1) for key in QUEUES}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalFolder]:
    folder = LocalFolder(tmp_path_factory.mktemp("project"))
    folder.start()
    yield folder
    folder.stop()


@pytest.fixture
def shop(place: LocalFolder) -> Iterator[LocalFolder]:
    yield place
    place.reset()


def deployed(shop: LocalFolder, resources: dict[str, Any], **more: Any) -> None:
    """Let there be a stack."""
    done = shop("deploy", "--local", *shop.template(resources, **more))
    assert done.code == 0, done.err


def fails(verb: str, name: str, reason: str) -> dict[str, Any]:
    return {"name": name, "fails": verb, "reason": reason, "times": 1}


def slow(name: str, seconds: float) -> dict[str, Any]:
    return {"name": name, "slow": seconds, "times": 1}


def test_create(shop: LocalFolder) -> None:
    done = shop("deploy", "--local", *shop.template(QUEUES, Outputs={"First": {"Value": {"Ref": "Q0"}}}))
    assert (done.code, shop.status()) == (0, "CREATE_COMPLETE")
    assert done.out.startswith("shop.First=http")


def test_no_op(shop: LocalFolder) -> None:
    deployed(shop, QUEUES)
    before = shop.history(), shop.client.change_sets("shop")
    done = shop("deploy", "--local", *shop.template(QUEUES))
    assert (shop.history(), shop.client.change_sets("shop")) == before
    assert (done.code, "no changes" in done.err) == (0, True)


def test_update(shop: LocalFolder) -> None:
    deployed(shop, QUEUES)
    done = shop("deploy", "--local", "--output", "jsonl", *shop.template(CHANGED))
    assert (done.code, shop.status()) == (0, "UPDATE_COMPLETE")
    assert done.events()[0] == ("shop", "UPDATE_IN_PROGRESS")
    assert done.events()[-1] == ("shop", "UPDATE_COMPLETE")


def test_failing_create(shop: LocalFolder) -> None:
    shop.play(resource=[fails("create", "Q3", "no quota for queues")])
    done = shop("deploy", "--local", "--output", "jsonl", *shop.template(QUEUES))
    assert (done.code, shop.status()) == (7, "ROLLBACK_COMPLETE")
    (diagnosis,) = done.records("diagnosis")
    assert (diagnosis["cause"]["logical_id"], diagnosis["cause"]["reason"]) == ("Q3", "no quota for queues")
    assert done.records()[-1]["type"] == "result"
    assert done.records()[-1]["exit_code"] == 7


def test_failing_update_with_rollback(shop: LocalFolder) -> None:
    deployed(shop, QUEUES)
    shop.play(resource=[fails("update", "Q3", "denied")])
    done = shop("deploy", "--local", *shop.template(CHANGED))
    assert (done.code, shop.status()) == (7, "UPDATE_ROLLBACK_COMPLETE")
    assert "Q3: denied" in done.err.splitlines()[-1]


def test_disabled_rollback_then_fix_forward(shop: LocalFolder) -> None:
    deployed(shop, QUEUES)
    shop.play(resource=[fails("update", "Q3", "denied")])
    done = shop("deploy", "--local", "--no-rollback", *shop.template(CHANGED))
    assert (done.code, shop.status()) == (8, "UPDATE_FAILED")
    done = shop("deploy", "--local", *shop.template({**CHANGED, "Q3": resource(DelaySeconds=2)}))
    assert (done.code, shop.status()) == (0, "UPDATE_COMPLETE")
    assert not any("ROLLBACK" in one["ResourceStatus"] for one in shop.history())


def test_disabled_rollback_of_a_create_then_fix_forward(shop: LocalFolder) -> None:
    shop.play(resource=[fails("create", "Q3", "denied")])
    done = shop("deploy", "--local", "--no-rollback", *shop.template(QUEUES))
    assert (done.code, shop.status()) == (8, "CREATE_FAILED")
    done = shop("deploy", "--local", *shop.template(CHANGED))
    assert (done.code, shop.status()) == (0, "UPDATE_COMPLETE")


def test_cancel_by_a_signal(shop: LocalFolder) -> None:
    deployed(shop, QUEUES)
    shop.play(resource=[slow("Q1", 2.0)])
    arguments = ["deploy", "--local", "--output", "jsonl", "--on-interrupt", "cancel"]
    process = shop.begin(*arguments, *shop.template(CHANGED))
    assert process.stdout is not None
    assert any('"UPDATE_IN_PROGRESS"' in line for line in process.stdout)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=60)
    assert (process.returncode, shop.status()) == (130, "UPDATE_ROLLBACK_COMPLETE")
    assert '"UPDATE_ROLLBACK_COMPLETE"' in out


def test_cancel_after_a_time(shop: LocalFolder) -> None:
    deployed(shop, QUEUES)
    shop.play(resource=[slow("Q1", 2.0)])
    done = shop("deploy", "--local", "--cancel-after", "1", *shop.template(CHANGED))
    assert (done.code, shop.status()) == (7, "UPDATE_ROLLBACK_COMPLETE")
    assert "cancelling: the time for it is over" in done.err


def test_rollback_complete_recovery(shop: LocalFolder) -> None:
    shop.play(resource=[fails("create", "Q3", "denied")])
    assert shop("deploy", "--local", *shop.template(QUEUES)).code == 7
    before = shop.client.stack("shop")
    done = shop("deploy", "--local", *shop.template(QUEUES))
    after = shop.client.stack("shop")
    assert before is not None
    assert after is not None
    assert (done.code, before.status, after.status) == (0, "ROLLBACK_COMPLETE", "CREATE_COMPLETE")
    assert before.id != after.id


def test_review_in_progress_leftovers(shop: LocalFolder) -> None:
    theirs = shop.api().create_change_set(
        StackName="shop", ChangeSetName="theirs", ChangeSetType="CREATE", TemplateBody=json.dumps({"Resources": QUEUES})
    )
    shop.api().get_waiter("change_set_create_complete").wait(ChangeSetName=theirs["Id"], WaiterConfig={"Delay": 1})
    assert shop("diff", "--local", *shop.template(QUEUES)).code == 0
    assert (shop.status(), shop.client.change_sets("shop")) == ("REVIEW_IN_PROGRESS", [theirs["Id"]])
    done = shop("deploy", "--local", *shop.template(QUEUES))
    assert (done.code, shop.status()) == (0, "CREATE_COMPLETE")


def test_termination_protection(shop: LocalFolder) -> None:
    shop.path.joinpath("infra.py").write_text(PROTECTED, "utf-8")
    assert shop("deploy", "--local").code == 0
    done = shop("destroy", "--local", "--stack", "shop")
    assert (done.code, shop.status()) == (5, "CREATE_COMPLETE")
    assert "termination protection is on for shop" in done.err
    assert shop("deploy", "--local", "--set", "protected=no").code == 0
    assert shop("destroy", "--local", "--stack", "shop", "--set", "protected=no").code == 0
    assert shop.status() == "absent"


EXPORTING = {"Outputs": {"Url": {"Value": {"Ref": "Q0"}, "Export": {"Name": "net-url"}}}}


def test_an_export_that_is_in_use_is_neither_deleted_nor_removed(shop: LocalFolder) -> None:
    net = shop.template(QUEUES, "net", **EXPORTING)
    assert shop("deploy", "--local", *net).code == 0
    user = {"Mail": resource(Tags=[{"Key": "of", "Value": {"Fn::ImportValue": "net-url"}}])}
    deployed(shop, user)
    done = shop("destroy", "--local", *net)
    assert (done.code, shop.status("net")) == (7, "CREATE_COMPLETE")
    assert "as it is in use by shop" in done.err.splitlines()[-1]
    done = shop("deploy", "--local", *shop.template(CHANGED, "net"))
    assert (done.code, shop.status("net")) == (7, "UPDATE_ROLLBACK_COMPLETE")
    assert "as it is in use by shop" in done.err.splitlines()[-1]


PROTECTED = """
from fargate_stacks import App, Queue, Stack


def app(protected: bool = True) -> App:
    return App([Stack("shop", [Queue("Jobs")], removal="remove", termination_protection=protected)])
"""


def killed(shop: LocalFolder) -> None:
    """Kill a deployer in the middle of a create."""
    shop.play(resource=[slow("Q1", 2.0)])
    process = shop.begin("deploy", "--local", "--output", "jsonl", *shop.template(QUEUES))
    assert process.stdout is not None
    assert any('"CREATE_IN_PROGRESS"' in line for line in process.stdout)
    process.kill()
    process.communicate()
    assert (process.returncode, shop.status()) == (-signal.SIGKILL, "CREATE_IN_PROGRESS")


def test_after_a_kill_watch_tells_it_all(shop: LocalFolder) -> None:
    killed(shop)
    done = shop("watch", "shop", "--local", "--output", "jsonl")
    assert (done.code, shop.status()) == (0, "CREATE_COMPLETE")
    assert (done.events()[0], done.events()[-1]) == (("shop", "CREATE_IN_PROGRESS"), ("shop", "CREATE_COMPLETE"))
    ids = [one["id"] for one in done.records("event")]
    assert sorted(ids) == sorted(
        one["EventId"] for one in shop.history() if one["ResourceStatus"] != "REVIEW_IN_PROGRESS"
    )


def test_after_a_kill_deploy_says_that_it_runs_and_waits_when_asked(shop: LocalFolder) -> None:
    killed(shop)
    done = shop("deploy", "--local", *shop.template(QUEUES))
    assert done.code == 5
    assert "fargate-stacks watch shop shows it, --if-busy wait waits for it" in done.err
    done = shop("deploy", "--local", "--if-busy", "wait", *shop.template(CHANGED))
    assert (done.code, shop.status()) == (0, "UPDATE_COMPLETE")


def test_twelve_throttled_calls(shop: LocalFolder) -> None:
    """Four of the events: more than botocore tries again by itself, so that a read of the watch is lost."""
    times = {
        "DescribeStackEvents": 4,
        "DescribeStacks": 2,
        "CreateChangeSet": 2,
        "DescribeChangeSet": 2,
        "ExecuteChangeSet": 2,
    }
    throttled = {"service": "cloudformation", "error": "throttling"}
    shop.play(api=[{**throttled, "operation": name, "times": number} for name, number in times.items()])
    done = shop("deploy", "--local", "--output", "jsonl", *shop.template(QUEUES))
    assert done.code == 0, done.out
    ids = [one["id"] for one in done.records("event")]
    assert sorted(ids) == sorted(
        one["EventId"] for one in shop.history() if one["ResourceStatus"] != "REVIEW_IN_PROGRESS"
    )


def test_a_template_over_51_200_bytes(shop: LocalFolder) -> None:
    long = {f"Q{n}": resource(Tags=[{"Key": "a", "Value": "b" * 200}]) for n in range(230)}
    done = shop("deploy", "--local", *shop.template(long))
    assert (done.code, shop.status()) == (0, "CREATE_COMPLETE")
    buckets = [one["Name"] for one in shop.api("s3").list_buckets()["Buckets"]]
    assert buckets == ["fargate-stacks-000000000000-us-east-1"]
    (sent,) = shop.api("s3").list_objects_v2(Bucket=buckets[0])["Contents"]
    assert sent["Size"] > 51_200


GRAPH = """
from fargate_stacks import App, Attr, Construct, Stack
from troposphere import Tags
from troposphere.sqs import Queue


class Link(Construct):
    before: Attr | None = None

    def build(self):
        more = {} if self.before is None else {"Tags": Tags(before=self.before)}
        yield Queue(self.id("Queue"), **more)


links, stacks = {}, []
for layer in range(10):
    for number in range(3):
        before = links.get((layer - 1, (number + 1) % 3))
        links[layer, number] = Link(f"L{layer}N{number}", before=before and before.attr("Queue", "QueueName"))
        stacks.append(Stack(f"l{layer}n{number}", [links[layer, number]]))
app = App(stacks)
"""


def test_thirty_stacks_in_a_graph_in_parallel(shop: LocalFolder) -> None:
    shop.path.joinpath("infra.py").write_text(GRAPH, "utf-8")
    shop.play(resource=[{"slow": 0.2, "type": "AWS::SQS::Queue"}])
    done = shop("deploy", "--local", "--output", "jsonl")
    assert done.code == 0, done.err
    names = {f"l{layer}n{number}" for layer in range(10) for number in range(3)}
    assert {one["stack"] for one in done.records("ended")} == names
    assert {shop.status(name) for name in names} == {"CREATE_COMPLETE"}
    running: set[str] = set()
    most = 0
    for one in sorted(done.records("event"), key=lambda one: str(one["time"])):
        if one["logical_id"] == one["stack"]:
            (running.add if one["status"] == "CREATE_IN_PROGRESS" else running.discard)(one["stack"])
            most = max(most, len(running))
            layer, _, number = one["stack"][1:].partition("n")
            assert f"l{int(layer) - 1}n{(int(number) + 1) % 3}" not in running, "what it needs is not done"
    assert most >= 3
