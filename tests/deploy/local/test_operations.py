"""How a stack is created, updated, rolled back and deleted, event by event."""

from __future__ import annotations

import json
import time
from typing import Any

from tests.deploy.local.facts import cfn, fact, guide, reference, thread
from tests.deploy.local.templates import BAD, parameter, queue, reason, template, wait
from tests.localcloud import Cloud


@fact(
    "CREATE_IN_PROGRESS, CREATE_COMPLETE of each resource, then of the stack", source=cfn("StackEvent.ResourceStatus")
)
def test_a_creation_tells_each_step(cloud: Cloud) -> None:
    assert cloud.create("s", template(A=parameter()))["StackStatus"] == "CREATE_COMPLETE"
    assert cloud.events("s") == [
        ("s", "CREATE_IN_PROGRESS"),
        ("A", "CREATE_IN_PROGRESS"),
        ("A", "CREATE_IN_PROGRESS"),
        ("A", "CREATE_COMPLETE"),
        ("s", "CREATE_COMPLETE"),
    ]


@fact(
    "a resource is told twice while it is created: when it begins, and with its physical id",
    source=thread("aws-samples/aws-scalable-big-blue-button-example", 36),
)
def test_the_second_event_of_a_creation_has_the_physical_id(cloud: Cloud) -> None:
    cloud.create("s", template(A=parameter()))
    first, second, _ = [one for one in cloud.history("s") if one["LogicalResourceId"] == "A"]
    assert "PhysicalResourceId" not in first or first["PhysicalResourceId"] == ""
    assert second["ResourceStatusReason"] == "Resource creation Initiated"
    assert second["PhysicalResourceId"] == cloud.physical("s")["A"]


@fact(
    "an event holds the properties with which the resource is created, as JSON",
    source=cfn("StackEvent.ResourceProperties"),
)
def test_events_carry_the_properties(cloud: Cloud) -> None:
    cloud.create("s", template(A=parameter("x")))
    [said] = {one["ResourceProperties"] for one in cloud.history("s") if one["LogicalResourceId"] == "A"}
    assert said == '{"Type": "String", "Value": "x"}'


@fact("CreateStack starts the creation and returns; the stack is CREATE_IN_PROGRESS", source=reference("CreateStack"))
def test_the_call_comes_back_before_the_stack_is_there(cloud: Cloud) -> None:
    api = cloud.api("cloudformation")
    cloud.api("cloudformation").create_stack(StackName="s", TemplateBody=json.dumps(template(**wait(1))))
    assert api.describe_stacks(StackName="s")["Stacks"][0]["StackStatus"] == "CREATE_IN_PROGRESS"
    cloud.settled("s")


@fact("a resource is made after those that it refers to", source=guide("aws-attribute-dependson"))
def test_what_waits_comes_after_what_it_waits_for(cloud: Cloud) -> None:
    chain = {f"P{n}": parameter({"Ref": f"P{n + 1}"} if n < 9 else "end") for n in range(10)}
    cloud.create("s", template(**chain))
    done = [name for name, status in cloud.events("s") if status == "CREATE_COMPLETE"]
    assert done == [f"P{n}" for n in reversed(range(10))] + ["s"]


@fact("resources that nothing orders are made in no order of their own", source=guide("aws-attribute-dependson"))
def test_what_nothing_orders_starts_in_no_order_of_its_own(cloud: Cloud) -> None:
    names = [f"P{n:02}" for n in range(20)]
    cloud.create("s", template(**{name: parameter() for name in names}))
    begun = [name for name, status in cloud.events("s") if status == "CREATE_IN_PROGRESS" and name != "s"]
    assert sorted(set(begun)) == names
    assert list(dict.fromkeys(begun)) != names


def test_the_same_seed_gives_the_same_order(cloud: Cloud, local_endpoint: str) -> None:
    body = template(**{f"P{n:02}": parameter() for n in range(20)})
    other = Cloud(local_endpoint, str(int(cloud.account) + 500000))
    cloud.create("s", body)
    other.create("s", body)
    assert cloud.events("s") == other.events("s")


@fact("resources without dependencies are made in parallel", source=guide("aws-attribute-dependson"))
def test_resources_are_made_beside_each_other(cloud: Cloud) -> None:
    began = time.monotonic()
    both = {f"Wait{n}": {**wait(1)["Wait"]} for n in range(3)}
    cloud.create("s", template(**both, Handle=wait()["Handle"]))
    assert time.monotonic() - began < 2.5


@fact(
    "a creation that fails is rolled back by default: what was made is deleted, the stack ends ROLLBACK_COMPLETE",
    source=cfn("CreateStackInput.OnFailure"),
)
def test_a_failed_creation_is_rolled_back(cloud: Cloud) -> None:
    stack = cloud.create("s", template(A=parameter(), B={**BAD, "DependsOn": "A"}))
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    told = cloud.events("s")
    back = told[told.index(("s", "ROLLBACK_IN_PROGRESS")) :]
    assert back == [
        ("s", "ROLLBACK_IN_PROGRESS"),
        ("B", "DELETE_COMPLETE"),
        ("A", "DELETE_IN_PROGRESS"),
        ("A", "DELETE_COMPLETE"),
        ("s", "ROLLBACK_COMPLETE"),
    ]
    assert cloud.api("ssm").describe_parameters()["Parameters"] == []


@fact(
    "the reason of a rollback names the resources that failed",
    source=thread("aws-samples/aws-serverless-workshops", 210),
)
def test_the_rollback_names_what_failed(cloud: Cloud) -> None:
    cloud.create("s", template(A=parameter(), B={**BAD, "DependsOn": "A"}))
    assert reason(cloud, "s", "s", "ROLLBACK_IN_PROGRESS") == (
        "The following resource(s) failed to create: [B]. Rollback requested by user."
    )


def after_a_while() -> dict[str, Any]:
    """Give a queue that fails when everything else is under way."""
    first = {f"P{n}": parameter(**({"DependsOn": f"P{n - 1}"} if n else {})) for n in range(5)}
    return {**first, "B": {**BAD, "DependsOn": "P4"}}


@fact(
    'what is still being created when another resource fails ends CREATE_FAILED, "Resource creation cancelled"',
    source=guide("troubleshooting"),
)
def test_what_runs_beside_a_failure_is_cancelled(cloud: Cloud) -> None:
    cloud.create("s", template(**wait(20), **after_a_while()))
    assert reason(cloud, "s", "Wait", "CREATE_FAILED") == "Resource creation cancelled"
    assert "[B, Wait]" in reason(cloud, "s", "s", "ROLLBACK_IN_PROGRESS")


def test_a_failure_is_seen_at_once_not_after_its_neighbours(cloud: Cloud) -> None:
    began = time.monotonic()
    cloud.create("s", template(**wait(20), **after_a_while()))
    assert time.monotonic() - began < 5


@fact(
    "with DisableRollback what was made stays and the stack is CREATE_FAILED",
    source=cfn("CreateStackInput.DisableRollback"),
)
def test_without_rollback_what_was_made_stays(cloud: Cloud) -> None:
    stack = cloud.create("s", template(A=parameter(), B={**BAD, "DependsOn": "A"}), DisableRollback=True)
    assert stack["StackStatus"] == "CREATE_FAILED"
    assert stack["StackStatusReason"] == "The following resource(s) failed to create: [B]. "
    assert len(cloud.api("ssm").describe_parameters()["Parameters"]) == 1


@fact("RollbackStack of a creation that failed deletes what it made", source=cfn("RollbackStack"))
def test_rollback_stack_takes_away_what_stayed(cloud: Cloud) -> None:
    cloud.create("s", template(A=parameter(), B={**BAD, "DependsOn": "A"}), DisableRollback=True)
    said = cloud.api("cloudformation").rollback_stack(StackName="s")
    assert cloud.settled("s")["StackStatus"] == "ROLLBACK_COMPLETE"
    assert said["OperationId"] in {one.get("OperationId") for one in cloud.history("s")}
    assert cloud.api("ssm").describe_parameters()["Parameters"] == []


@fact("OnFailure DELETE deletes the stack whose creation failed", source=cfn("CreateStackInput.OnFailure"))
def test_on_failure_delete_leaves_nothing(cloud: Cloud) -> None:
    api = cloud.api("cloudformation")
    made = api.create_stack(StackName="s", TemplateBody=json.dumps(template(B=BAD)), OnFailure="DELETE")
    end = time.monotonic() + 10
    while api.describe_stacks(StackName=made["StackId"])["Stacks"][0]["StackStatus"] != "DELETE_COMPLETE":
        assert time.monotonic() < end
        time.sleep(0.02)


@fact("DeletionPolicy Retain holds when a creation is rolled back", source=guide("aws-attribute-deletionpolicy"))
def test_a_retained_resource_outlives_a_failed_creation(cloud: Cloud) -> None:
    cloud.create("s", template(A=parameter(DeletionPolicy="Retain"), B={**BAD, "DependsOn": "A"}))
    assert ("A", "DELETE_SKIPPED") in cloud.events("s")
    assert len(cloud.api("ssm").describe_parameters()["Parameters"]) == 1


@fact(
    "RetainExceptOnCreate deletes what a failed creation made in spite of DeletionPolicy Retain",
    source=cfn("CreateStackInput.RetainExceptOnCreate"),
)
def test_retain_except_on_create_takes_it_away(cloud: Cloud) -> None:
    body = template(A=parameter(DeletionPolicy="Retain"), B={**BAD, "DependsOn": "A"})
    cloud.create("s", body, RetainExceptOnCreate=True)
    assert cloud.api("ssm").describe_parameters()["Parameters"] == []


@fact(
    "an update touches the resources that change, and no others",
    source=guide("using-cfn-updating-stacks-update-behaviors"),
)
def test_an_update_tells_of_what_changes_only(cloud: Cloud) -> None:
    cloud.create("s", template(A=parameter(), B=parameter()))
    before = len(cloud.events("s"))
    cloud.update("s", template(A=parameter("2"), B=parameter()))
    assert cloud.events("s")[before:] == [
        ("s", "UPDATE_IN_PROGRESS"),
        ("A", "UPDATE_IN_PROGRESS"),
        ("A", "UPDATE_COMPLETE"),
        ("s", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
        ("s", "UPDATE_COMPLETE"),
    ]


@fact(
    "what left the template is deleted after everything else, in UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
    source=guide("using-cfn-updating-stacks-update-behaviors"),
)
def test_an_update_creates_and_deletes_in_their_own_words(cloud: Cloud) -> None:
    cloud.create("s", template(A=parameter()))
    before = len(cloud.events("s"))
    cloud.update("s", template(B=parameter()))
    assert cloud.events("s")[before:] == [
        ("s", "UPDATE_IN_PROGRESS"),
        ("B", "CREATE_IN_PROGRESS"),
        ("B", "CREATE_IN_PROGRESS"),
        ("B", "CREATE_COMPLETE"),
        ("s", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
        ("A", "DELETE_IN_PROGRESS"),
        ("A", "DELETE_COMPLETE"),
        ("s", "UPDATE_COMPLETE"),
    ]


@fact(
    "a replacement makes the new resource with another physical id, then deletes the old one",
    source=guide("using-cfn-updating-stacks-update-behaviors"),
)
def test_a_replacement_says_so_and_deletes_the_old_one_last(cloud: Cloud) -> None:
    cloud.create("s", template(Q=queue(QueueName="one")))
    before = len(cloud.events("s"))
    cloud.update("s", template(Q=queue(QueueName="two")))
    assert cloud.events("s")[before:] == [
        ("s", "UPDATE_IN_PROGRESS"),
        ("Q", "UPDATE_IN_PROGRESS"),
        ("Q", "UPDATE_IN_PROGRESS"),
        ("Q", "UPDATE_COMPLETE"),
        ("s", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
        ("Q", "DELETE_IN_PROGRESS"),
        ("Q", "DELETE_COMPLETE"),
        ("s", "UPDATE_COMPLETE"),
    ]
    first, second = [one for one in cloud.history("s")[before:] if one["ResourceStatus"] == "UPDATE_IN_PROGRESS"][1:]
    assert first["ResourceStatusReason"].startswith("Requested update requires the creation of a new physical resource")
    assert (first["PhysicalResourceId"], second["PhysicalResourceId"]) != (second["PhysicalResourceId"],) * 2
    assert [url.rpartition("/")[2] for url in cloud.api("sqs").list_queues()["QueueUrls"]] == ["two"]


@fact(
    "references from other resources are pointed at the new resource before the old one is deleted",
    source=guide("using-cfn-updating-stacks-update-behaviors"),
)
def test_what_refers_to_a_replaced_resource_follows(cloud: Cloud) -> None:
    cloud.create("s", template(Q=queue(QueueName="one"), A=parameter({"Fn::GetAtt": ["Q", "QueueName"]})))
    cloud.update("s", template(Q=queue(QueueName="two"), A=parameter({"Fn::GetAtt": ["Q", "QueueName"]})))
    name = cloud.physical("s")["A"]
    assert cloud.api("ssm").get_parameter(Name=name)["Parameter"]["Value"] == "two"


@fact(
    "UpdateReplacePolicy Retain keeps the physical resource that was replaced",
    source=guide("aws-attribute-updatereplacepolicy"),
)
def test_update_replace_policy_keeps_the_old_one(cloud: Cloud) -> None:
    keep = {"UpdateReplacePolicy": "Retain"}
    cloud.create("s", template(Q={**queue(QueueName="one"), **keep}))
    cloud.update("s", template(Q={**queue(QueueName="two"), **keep}))
    assert ("Q", "DELETE_SKIPPED") in cloud.events("s")
    assert len(cloud.api("sqs").list_queues()["QueueUrls"]) == 2


@fact(
    "an update that fails goes back: UPDATE_ROLLBACK_IN_PROGRESS, a clean-up, UPDATE_ROLLBACK_COMPLETE",
    source=guide("stack-failure-options"),
)
def test_a_failed_update_goes_back(cloud: Cloud) -> None:
    cloud.create("s", template(A=parameter("old"), Q=queue(DelaySeconds=1)))
    body = template(A=parameter("new"), C=parameter(), Q={**BAD, "DependsOn": ["A", "C"]})
    before = len(cloud.events("s"))
    assert cloud.update("s", body)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    told = [pair for pair in cloud.events("s")[before:] if pair[0] == "s"]
    assert [status for _, status in told] == [
        "UPDATE_IN_PROGRESS",
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE",
    ]
    assert reason(cloud, "s", "s", "UPDATE_ROLLBACK_IN_PROGRESS") == "The following resource(s) failed to update: [Q]. "
    ids = cloud.physical("s")
    assert "C" not in ids
    assert cloud.api("ssm").get_parameter(Name=ids["A"])["Parameter"]["Value"] == "old"


def test_a_rollback_brings_a_replaced_resource_back(cloud: Cloud) -> None:
    cloud.create("s", template(Q=queue(QueueName="one")))
    before = cloud.physical("s")["Q"]
    cloud.update("s", template(Q=queue(QueueName="two"), B={**BAD, "DependsOn": "Q"}))
    assert cloud.physical("s")["Q"] == before
    assert [url.rpartition("/")[2] for url in cloud.api("sqs").list_queues()["QueueUrls"]] == ["one"]


@fact("a stack in UPDATE_ROLLBACK_COMPLETE can be updated", source=guide("using-cfn-describing-stacks"))
def test_a_stack_can_be_updated_after_its_rollback(cloud: Cloud) -> None:
    cloud.create("s", template(A=parameter()))
    cloud.update("s", template(A=parameter(), B=BAD))
    assert cloud.update("s", template(A=parameter("2")))["StackStatus"] == "UPDATE_COMPLETE"


@fact("RollbackStack of an update that failed goes back to the last stable state", source=cfn("RollbackStack"))
def test_an_update_without_rollback_stays_where_it_failed(cloud: Cloud) -> None:
    cloud.create("s", template(A=parameter()))
    stack = cloud.update("s", template(A=parameter("2"), B={**BAD, "DependsOn": "A"}), DisableRollback=True)
    assert stack["StackStatus"] == "UPDATE_FAILED"
    cloud.api("cloudformation").rollback_stack(StackName="s")
    assert cloud.settled("s")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert cloud.api("ssm").get_parameter(Name=cloud.physical("s")["A"])["Parameter"]["Value"] == "1"
