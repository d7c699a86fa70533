"""How operations are cancelled, deleted and told of."""

from __future__ import annotations

import json
import time

import pytest
from botocore.exceptions import ClientError

from tests.deploy.local.facts import cfn, fact, guide, reference, thread
from tests.deploy.local.templates import BAD, parameter, reason, template, wait
from tests.localcloud import Cloud


@fact("CancelUpdateStack rolls a running update back", source=cfn("CancelUpdateStack"))
def test_a_cancelled_update_goes_back_in_the_middle_of_a_resource(cloud: Cloud) -> None:
    cloud.create("s", template(A=parameter()))
    api = cloud.api("cloudformation")
    body = json.dumps(template(A=parameter("2"), **wait(20)))
    api.update_stack(StackName="s", TemplateBody=body)
    end = time.monotonic() + 10
    while ("Wait", "CREATE_IN_PROGRESS") not in cloud.events("s"):
        assert time.monotonic() < end
        time.sleep(0.02)
    began = time.monotonic()
    api.cancel_update_stack(StackName="s", ClientRequestToken="mine")
    assert cloud.settled("s")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert time.monotonic() - began < 3
    assert reason(cloud, "s", "s", "UPDATE_ROLLBACK_IN_PROGRESS") == "User Initiated"
    assert reason(cloud, "s", "Wait", "CREATE_FAILED") == "Resource creation cancelled"
    assert cloud.history("s")[-1]["ClientRequestToken"] == "mine"


@fact("only an update in UPDATE_IN_PROGRESS can be cancelled", source=cfn("CancelUpdateStack"))
def test_nothing_is_cancelled_where_nothing_is_updated(cloud: Cloud) -> None:
    cloud.create("s", template(A=parameter()))
    with pytest.raises(ClientError, match="CancelUpdateStack cannot be called from current stack status"):
        cloud.api("cloudformation").cancel_update_stack(StackName="s")


@fact("a deletion goes in the reverse order of the dependencies", source=guide("aws-attribute-dependson"))
def test_a_deletion_takes_those_first_that_need_others(cloud: Cloud) -> None:
    cloud.create("s", template(A=parameter(), B=parameter({"Ref": "A"}), C=parameter({"Ref": "B"})))
    stack_id = cloud.delete("s")["StackId"]
    gone = [name for name, status in cloud.events(stack_id) if status == "DELETE_COMPLETE"]
    assert gone == ["C", "B", "A", "s"]


@fact(
    "DeletionPolicy Retain leaves the resource when its stack is deleted, DELETE_SKIPPED",
    source=guide("aws-attribute-deletionpolicy"),
)
def test_a_deletion_leaves_what_is_retained(cloud: Cloud) -> None:
    cloud.create("s", template(A=parameter(DeletionPolicy="Retain")))
    stack_id = cloud.delete("s")["StackId"]
    assert ("A", "DELETE_SKIPPED") in cloud.events(stack_id)
    assert len(cloud.api("ssm").describe_parameters()["Parameters"]) == 1


def test_a_deletion_during_a_creation_stops_it(cloud: Cloud) -> None:
    api = cloud.api("cloudformation")
    made = api.create_stack(StackName="s", TemplateBody=json.dumps(template(A=parameter(), **wait(20))))
    api.delete_stack(StackName="s")
    end = time.monotonic() + 5
    while api.describe_stacks(StackName=made["StackId"])["Stacks"][0]["StackStatus"] != "DELETE_COMPLETE":
        assert time.monotonic() < end
        time.sleep(0.02)
    assert cloud.api("ssm").describe_parameters()["Parameters"] == []


@fact("a stack cannot be deleted while it is updated", source=thread("aws/aws-toolkit-azure-devops", 317))
def test_a_deletion_during_an_update_is_refused(cloud: Cloud) -> None:
    cloud.create("s", template(A=parameter()))
    api = cloud.api("cloudformation")
    api.update_stack(StackName="s", TemplateBody=json.dumps(template(A=parameter("2"), **wait(20))))
    with pytest.raises(ClientError, match="cannot be deleted while in status UPDATE_IN_PROGRESS"):
        api.delete_stack(StackName="s")
    api.cancel_update_stack(StackName="s")
    cloud.settled("s")


@fact("a deleted stack is described by its id only, no longer by its name", source=cfn("DescribeStacksInput.StackName"))
def test_a_deleted_stack_is_found_by_its_id_only(cloud: Cloud) -> None:
    cloud.create("s", template(A=parameter()))
    stack_id = cloud.delete("s")["StackId"]
    with pytest.raises(ClientError, match="Stack with id s does not exist"):
        cloud.api("cloudformation").describe_stacks(StackName="s")
    cloud.create("s", template(A=parameter()))
    [old] = cloud.api("cloudformation").describe_stacks(StackName=stack_id)["Stacks"]
    assert old["StackStatus"] == "DELETE_COMPLETE" and old["DeletionTime"]


@fact("to delete a stack that is not there is no failure", source=reference("DeleteStack"))
def test_to_delete_what_is_not_there_is_no_failure(cloud: Cloud) -> None:
    assert cloud.api("cloudformation").delete_stack(StackName="nothing")


@fact(
    "a stack under termination protection is not deleted until the protection is off",
    source=guide("using-cfn-protect-stacks"),
)
def test_termination_protection_holds(cloud: Cloud) -> None:
    cloud.create("s", template(A=parameter()), EnableTerminationProtection=True)
    api = cloud.api("cloudformation")
    with pytest.raises(ClientError, match="cannot be deleted while TerminationProtection is enabled"):
        api.delete_stack(StackName="s")
    api.update_termination_protection(StackName="s", EnableTerminationProtection=False)
    assert cloud.delete("s")["StackStatus"] == "DELETE_COMPLETE"


@fact(
    "every event of an operation carries its OperationId and the ClientRequestToken",
    source=cfn("StackEvent.ClientRequestToken"),
)
def test_every_event_of_an_operation_carries_its_id(cloud: Cloud) -> None:
    made = cloud.api("cloudformation").create_stack(
        StackName="s", TemplateBody=json.dumps(template(A=parameter())), ClientRequestToken="t"
    )
    stack = cloud.settled("s")
    assert stack["LastOperations"] == [{"OperationType": "CREATE_STACK", "OperationId": made["OperationId"]}]
    assert {one["OperationId"] for one in cloud.history("s")} == {made["OperationId"]}
    assert {one["ClientRequestToken"] for one in cloud.history("s")} == {"t"}


@fact(
    "LastOperations names the newest operations of a stack; a rollback is one of its own",
    source=cfn("Stack.LastOperations"),
)
def test_a_rollback_is_an_operation_of_its_own(cloud: Cloud) -> None:
    stack = cloud.create("s", template(B=BAD))
    assert [one["OperationType"] for one in stack["LastOperations"]] == ["ROLLBACK", "CREATE_STACK"]


@fact("DescribeEvents with FailedEvents gives the failures only", source=cfn("EventFilter.FailedEvents"))
def test_describe_events_gives_the_failures(cloud: Cloud) -> None:
    cloud.create("s", template(A=parameter(), B=BAD))
    api = cloud.api("cloudformation")
    failed = api.describe_events(StackName="s", Filters={"FailedEvents": True})["OperationEvents"]
    assert {one["EventType"] for one in failed} == {"PROVISIONING_ERROR"}
    assert "B" in {one["LogicalResourceId"] for one in failed}
    everything = api.describe_events(StackName="s")["OperationEvents"]
    root = [one for one in everything if one["EventType"] == "STACK_EVENT"]
    assert {one["OperationStatus"] for one in root} == {"FAILED", "SUCCEEDED"}


@fact("DescribeEvents gives the events of one operation", source=cfn("DescribeEventsInput.OperationId"))
def test_describe_events_of_one_operation(cloud: Cloud) -> None:
    cloud.create("s", template(A=parameter()))
    cloud.update("s", template(A=parameter("2")))
    api = cloud.api("cloudformation")
    [last] = api.describe_stacks(StackName="s")["Stacks"][0]["LastOperations"]
    told = api.describe_events(OperationId=last["OperationId"])["OperationEvents"]
    assert {one["OperationType"] for one in told} == {"UPDATE_STACK"}


@fact("LastUpdatedTime is there after the first update only", source=cfn("Stack.LastUpdatedTime"))
def test_a_stack_has_no_time_of_an_update_before_its_first(cloud: Cloud) -> None:
    assert "LastUpdatedTime" not in cloud.create("s", template(A=parameter()))
    assert cloud.update("s", template(A=parameter("2")))["LastUpdatedTime"]


@fact("DescribeStackEvents answers in pages, newest first", source=cfn("DescribeStackEvents"))
def test_events_come_in_pages(cloud: Cloud) -> None:
    cloud.create("s", template(**{f"P{n}": parameter() for n in range(40)}))
    first = cloud.api("cloudformation").describe_stack_events(StackName="s")
    assert len(first["StackEvents"]) == 100 and first["NextToken"]
    assert len(cloud.history("s")) == 122


def test_resources_show_while_they_are_made(cloud: Cloud) -> None:
    api = cloud.api("cloudformation")
    api.create_stack(StackName="s", TemplateBody=json.dumps(template(**wait(20))))
    end = time.monotonic() + 5
    while ("Wait", "CREATE_IN_PROGRESS") not in cloud.events("s"):
        assert time.monotonic() < end
        time.sleep(0.02)
    found = api.describe_stack_resources(StackName="s")["StackResources"]
    assert ("Wait", "CREATE_IN_PROGRESS") in {(one["LogicalResourceId"], one["ResourceStatus"]) for one in found}
    cloud.delete("s")


@fact(
    "DescribeStackResources finds a stack by the physical id of one of its resources",
    source=cfn("DescribeStackResourcesInput.PhysicalResourceId"),
)
def test_a_stack_is_found_by_the_physical_id_of_a_resource(cloud: Cloud) -> None:
    cloud.create("s", template(A=parameter()))
    found = cloud.api("cloudformation").describe_stack_resources(PhysicalResourceId=cloud.physical("s")["A"])
    assert found["StackResources"][0]["StackName"] == "s"
