"""StackSets: one template in accounts and regions of the local cloud."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.deploy.local.facts import cfn, fact, guide
from tests.deploy.local.templates import parameter, template, wait
from tests.localcloud import Cloud

REGIONS = ["us-east-1", "eu-west-1"]
BODY = {
    "Parameters": {"Word": {"Type": "String", "Default": "one"}},
    **template(A={"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": {"Ref": "Word"}}}),
}


def other(cloud: Cloud, number: int = 1) -> str:
    """Give another account that only this test uses."""
    return str(int(cloud.account) + number * 100000000000)


def made(cloud: Cloud, body: Any = BODY, **more: Any) -> Any:
    api = cloud.api("cloudformation")
    api.create_stack_set(StackSetName="base", TemplateBody=json.dumps(body), **more)
    return api


def ended(cloud: Cloud, operation: str) -> Any:
    """Wait for an operation, and describe it."""
    api = cloud.api("cloudformation")
    end = time.monotonic() + 10
    while True:
        told = api.describe_stack_set_operation(StackSetName="base", OperationId=operation)["StackSetOperation"]
        if told["Status"] not in ("RUNNING", "STOPPING", "QUEUED"):
            return told
        assert time.monotonic() < end
        time.sleep(0.01)


def spread(cloud: Cloud, accounts: list[str], regions: list[str] = REGIONS, **more: Any) -> Any:
    api = cloud.api("cloudformation")
    begun = api.create_stack_instances(StackSetName="base", Accounts=accounts, Regions=regions, **more)
    return ended(cloud, begun["OperationId"])


def results(cloud: Cloud, operation: Any) -> dict[tuple[str, str], str]:
    found = cloud.api("cloudformation").list_stack_set_operation_results(
        StackSetName="base", OperationId=operation["OperationId"]
    )
    return {(one["Account"], one["Region"]): one["Status"] for one in found["Summaries"]}


def instances(cloud: Cloud) -> dict[tuple[str, str], Any]:
    found = cloud.api("cloudformation").list_stack_instances(StackSetName="base")["Summaries"]
    return {(one["Account"], one["Region"]): one for one in found}


def values(cloud: Cloud, account: str, region: str) -> list[str]:
    """Give the values of the parameters in one place."""
    api = replace(cloud, account=account, region=region).api("ssm")
    return [one["Value"] for one in api.get_parameters_by_path(Path="/", Recursive=True)["Parameters"]]


def refused(call: Any, **request: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**request)
    return str(caught.value.response["Error"]["Code"])


def test_a_set_is_described(cloud: Cloud) -> None:
    api = made(cloud, Description="of all", Tags=[{"Key": "team", "Value": "shop"}])
    found = api.describe_stack_set(StackSetName="base")["StackSet"]
    assert (found["Status"], found["PermissionModel"], found["Description"]) == ("ACTIVE", "SELF_MANAGED", "of all")
    assert json.loads(found["TemplateBody"]) == BODY
    assert found["Tags"] == [{"Key": "team", "Value": "shop"}]
    assert [one["StackSetName"] for one in api.list_stack_sets(Status="ACTIVE")["Summaries"]] == ["base"]


@fact("a stack instance is a stack in one account and region", source=guide("stacksets-concepts"))
def test_instances_are_stacks_in_their_accounts_and_regions(cloud: Cloud) -> None:
    made(cloud)
    accounts = [cloud.account, other(cloud)]
    assert spread(cloud, accounts)["Status"] == "SUCCEEDED"
    places = [(account, region) for account in accounts for region in REGIONS]
    found = instances(cloud)
    assert sorted(found) == sorted(places)
    for account, region in places:
        one = found[account, region]
        assert (one["Status"], one["StackInstanceStatus"]) == ("CURRENT", {"DetailedStatus": "SUCCEEDED"})
        assert values(cloud, account, region) == ["one"]
        api = replace(cloud, account=account, region=region).api("cloudformation")
        [stack] = api.describe_stacks(StackName=one["StackId"])["Stacks"]
        assert stack["StackName"].startswith("StackSet-base-")
        assert stack["StackId"].split(":")[3:5] == [region, account]


def test_nothing_is_made_elsewhere(cloud: Cloud) -> None:
    made(cloud)
    spread(cloud, [other(cloud)], ["eu-west-1"])
    assert values(cloud, cloud.account, "us-east-1") == []
    assert values(cloud, other(cloud), "us-east-1") == []


@fact(
    "UpdateStackSet updates every instance unless accounts and regions are named",
    source=cfn("UpdateStackSetInput.Accounts"),
)
def test_an_update_reaches_every_instance(cloud: Cloud) -> None:
    api = made(cloud)
    spread(cloud, [cloud.account])
    given = [{"ParameterKey": "Word", "ParameterValue": "two"}]
    begun = api.update_stack_set(StackSetName="base", UsePreviousTemplate=True, Parameters=given)
    assert ended(cloud, begun["OperationId"])["Action"] == "UPDATE"
    assert [values(cloud, cloud.account, region) for region in REGIONS] == [["two"], ["two"]]
    assert {one["Status"] for one in instances(cloud).values()} == {"CURRENT"}


@fact("instances that an update does not reach are OUTDATED", source=cfn("UpdateStackSetInput.Regions"))
def test_an_update_of_some_leaves_the_others_outdated(cloud: Cloud) -> None:
    api = made(cloud)
    spread(cloud, [cloud.account])
    given = [{"ParameterKey": "Word", "ParameterValue": "two"}]
    begun = api.update_stack_set(
        StackSetName="base",
        UsePreviousTemplate=True,
        Parameters=given,
        Accounts=[cloud.account],
        Regions=["us-east-1"],
    )
    ended(cloud, begun["OperationId"])
    assert {region: one["Status"] for (_, region), one in instances(cloud).items()} == {
        "us-east-1": "CURRENT",
        "eu-west-1": "OUTDATED",
    }
    assert values(cloud, cloud.account, "eu-west-1") == ["one"]


@fact("an overridden parameter keeps its value when the set is updated", source=cfn("UpdateStackInstances"))
def test_an_instance_may_override_a_parameter(cloud: Cloud) -> None:
    api = made(cloud)
    override = [{"ParameterKey": "Word", "ParameterValue": "mine"}]
    spread(cloud, [cloud.account], ["eu-west-1"], ParameterOverrides=override)
    spread(cloud, [cloud.account], ["us-east-1"])
    given = [{"ParameterKey": "Word", "ParameterValue": "two"}]
    ended(
        cloud,
        api.update_stack_set(StackSetName="base", UsePreviousTemplate=True, Parameters=given)["OperationId"],
    )
    assert values(cloud, cloud.account, "eu-west-1") == ["mine"]
    assert values(cloud, cloud.account, "us-east-1") == ["two"]
    found = api.describe_stack_instance(
        StackSetName="base", StackInstanceAccount=cloud.account, StackInstanceRegion="eu-west-1"
    )
    assert found["StackInstance"]["ParameterOverrides"] == override


def test_an_override_may_change(cloud: Cloud) -> None:
    api = made(cloud)
    spread(cloud, [cloud.account], ["us-east-1"])
    begun = api.update_stack_instances(
        StackSetName="base",
        Accounts=[cloud.account],
        Regions=["us-east-1"],
        ParameterOverrides=[{"ParameterKey": "Word", "ParameterValue": "mine"}],
    )
    assert ended(cloud, begun["OperationId"])["Status"] == "SUCCEEDED"
    assert values(cloud, cloud.account, "us-east-1") == ["mine"]


def test_instances_go_with_their_stacks(cloud: Cloud) -> None:
    api = made(cloud)
    spread(cloud, [cloud.account])
    begun = api.delete_stack_instances(
        StackSetName="base", Accounts=[cloud.account], Regions=REGIONS, RetainStacks=False
    )
    assert ended(cloud, begun["OperationId"])["Status"] == "SUCCEEDED"
    assert instances(cloud) == {}
    assert [values(cloud, cloud.account, region) for region in REGIONS] == [[], []]


@fact(
    "RetainStacks takes the instances out of the set and leaves the stacks",
    source=cfn("DeleteStackInstancesInput.RetainStacks"),
)
def test_stacks_may_be_retained(cloud: Cloud) -> None:
    api = made(cloud)
    spread(cloud, [cloud.account], ["us-east-1"])
    begun = api.delete_stack_instances(
        StackSetName="base", Accounts=[cloud.account], Regions=["us-east-1"], RetainStacks=True
    )
    ended(cloud, begun["OperationId"])
    assert instances(cloud) == {}
    assert values(cloud, cloud.account, "us-east-1") == ["one"]


@fact("a StackSet with instances is not deleted: StackSetNotEmptyException", source=cfn("DeleteStackSet"))
def test_a_set_with_instances_is_not_deleted(cloud: Cloud) -> None:
    api = made(cloud)
    spread(cloud, [cloud.account], ["us-east-1"])
    assert refused(api.delete_stack_set, StackSetName="base") == "StackSetNotEmptyException"


def test_a_set_without_instances_is_deleted(cloud: Cloud) -> None:
    api = made(cloud)
    api.delete_stack_set(StackSetName="base")
    assert refused(api.describe_stack_set, StackSetName="base") == "StackSetNotFoundException"
    assert [one["Status"] for one in api.list_stack_sets()["Summaries"]] == ["DELETED"]
    made(cloud)  # the name is free again


@fact(
    "an operation stops in a region when more accounts fail than are tolerated, and tries no region after it",
    source=cfn("StackSetOperationPreferences.FailureToleranceCount"),
)
def test_a_failure_stops_the_regions_after_it(cloud: Cloud) -> None:
    made(cloud)
    cloud.play(resource=[{"name": "A", "fails": "create"}])
    operation = spread(cloud, [cloud.account], OperationPreferences={"RegionOrder": ["eu-west-1", "us-east-1"]})
    assert operation["Status"] == "FAILED"
    assert operation["StatusDetails"]["FailedStackInstancesCount"] == 1
    assert results(cloud, operation) == {
        (cloud.account, "eu-west-1"): "FAILED",
        (cloud.account, "us-east-1"): "CANCELLED",
    }
    found = instances(cloud)
    assert {one["Status"] for one in found.values()} == {"OUTDATED"}
    assert found[cloud.account, "eu-west-1"]["StatusReason"].startswith("ResourceLogicalId:A, ResourceType:AWS::SSM")


@fact("failures within the tolerance let an operation succeed", source=cfn("StackSetOperation.Status"))
def test_failures_may_be_tolerated(cloud: Cloud) -> None:
    made(cloud)
    cloud.play(resource=[{"name": "A", "fails": "create", "times": 1}])
    accounts = [cloud.account, other(cloud)]
    wishes = {"FailureToleranceCount": 1, "MaxConcurrentCount": 2}
    operation = spread(cloud, accounts, ["us-east-1"], OperationPreferences=wishes)
    assert operation["Status"] == "SUCCEEDED"
    assert sorted(results(cloud, operation).values()) == ["FAILED", "SUCCEEDED"]


@fact("a new operation tries OUTDATED instances again", source=cfn("CreateStackInstancesInput.OperationId"))
def test_an_outdated_instance_is_tried_again(cloud: Cloud) -> None:
    made(cloud)
    cloud.play(resource=[{"name": "A", "fails": "create", "times": 1}])
    assert spread(cloud, [cloud.account], ["us-east-1"])["Status"] == "FAILED"
    assert spread(cloud, [cloud.account], ["us-east-1"])["Status"] == "SUCCEEDED"
    assert instances(cloud)[cloud.account, "us-east-1"]["Status"] == "CURRENT"


@fact(
    "an instance whose deletion failed is INOPERABLE until it is deleted with RetainStacks",
    source=cfn("StackInstance.Status"),
)
def test_a_deletion_that_fails_leaves_an_inoperable_instance(cloud: Cloud) -> None:
    api = made(cloud)
    spread(cloud, [cloud.account], ["us-east-1"])
    cloud.play(resource=[{"name": "A", "fails": "delete"}])
    where = {"StackSetName": "base", "Accounts": [cloud.account], "Regions": ["us-east-1"]}
    begun = api.delete_stack_instances(**where, RetainStacks=False)
    assert ended(cloud, begun["OperationId"])["Status"] == "FAILED"
    [one] = instances(cloud).values()
    assert (one["Status"], one["StackInstanceStatus"]["DetailedStatus"]) == ("INOPERABLE", "INOPERABLE")
    ended(cloud, api.delete_stack_instances(**where, RetainStacks=True)["OperationId"])
    assert instances(cloud) == {}


def slow(cloud: Cloud, **more: Any) -> tuple[Any, str]:
    """Begin an operation that waits for two seconds in each region."""
    api = made(cloud, template(**wait(1)), **more)
    begun = api.create_stack_instances(StackSetName="base", Accounts=[cloud.account], Regions=REGIONS)
    return api, begun["OperationId"]


@fact(
    "a StackSet takes one operation at a time: OperationInProgressException", source=cfn("OperationInProgressException")
)
def test_one_operation_at_a_time(cloud: Cloud) -> None:
    api, operation = slow(cloud)
    call = api.create_stack_instances
    where = {"StackSetName": "base", "Accounts": [cloud.account], "Regions": REGIONS}
    assert refused(call, **where) == "OperationInProgressException"
    assert refused(api.delete_stack_set, StackSetName="base") == "OperationInProgressException"
    ended(cloud, operation)


@fact("with managed execution operations wait in a queue", source=cfn("ManagedExecution.Active"))
def test_managed_execution_queues_operations(cloud: Cloud) -> None:
    api, first = slow(cloud, ManagedExecution={"Active": True})
    second = api.detect_stack_set_drift(StackSetName="base")["OperationId"]
    told = api.describe_stack_set_operation(StackSetName="base", OperationId=second)["StackSetOperation"]
    assert told["Status"] == "QUEUED"
    ended(cloud, first)
    ended(cloud, second)
    listed = api.list_stack_set_operations(StackSetName="base")["Summaries"]
    assert [one["OperationId"] for one in listed] == [second, first]


@fact("StopStackSetOperation cancels what has not begun and waits for the rest", source=cfn("StopStackSetOperation"))
def test_an_operation_may_be_stopped(cloud: Cloud) -> None:
    api, operation = slow(cloud)
    api.stop_stack_set_operation(StackSetName="base", OperationId=operation)
    told = api.describe_stack_set_operation(StackSetName="base", OperationId=operation)["StackSetOperation"]
    assert told["Status"] == "STOPPING"
    assert ended(cloud, operation)["Status"] == "STOPPED"
    assert results(cloud, told)[cloud.account, REGIONS[1]] == "CANCELLED"
    assert refused(api.stop_stack_set_operation, StackSetName="base", OperationId=operation) == (
        "InvalidOperationException"
    )


def test_an_operation_has_an_id_of_its_own(cloud: Cloud) -> None:
    api = made(cloud)
    spread(cloud, [cloud.account], ["us-east-1"], OperationId="first")
    where = {"StackSetName": "base", "Accounts": [cloud.account], "Regions": ["us-east-1"], "OperationId": "first"}
    assert refused(api.create_stack_instances, **where) == "OperationIdAlreadyExistsException"


@fact("DetectStackSetDrift looks at the stack of every instance", source=cfn("DetectStackSetDrift"))
def test_drift_of_a_set_is_that_of_its_stacks(cloud: Cloud) -> None:
    api = made(cloud)
    spread(cloud, [cloud.account])
    regional = replace(cloud, region="eu-west-1").api("ssm")
    [one] = regional.describe_parameters()["Parameters"]
    regional.put_parameter(Name=one["Name"], Value="else", Overwrite=True)
    told = ended(cloud, api.detect_stack_set_drift(StackSetName="base")["OperationId"])
    details = told["StackSetDriftDetectionDetails"]
    assert (details["DriftStatus"], details["DriftDetectionStatus"]) == ("DRIFTED", "COMPLETED")
    assert (details["DriftedStackInstancesCount"], details["InSyncStackInstancesCount"]) == (1, 1)
    assert {region: one["DriftStatus"] for (_, region), one in instances(cloud).items()} == {
        "us-east-1": "IN_SYNC",
        "eu-west-1": "DRIFTED",
    }
    found = api.describe_stack_set(StackSetName="base")["StackSet"]
    assert found["StackSetDriftDetectionDetails"]["DriftStatus"] == "DRIFTED"


@pytest.mark.parametrize(
    ("call", "request_", "code"),
    [
        ("describe_stack_set", {}, "StackSetNotFoundException"),
        ("create_stack_instances", {"Accounts": ["100000000001"], "Regions": REGIONS}, "StackSetNotFoundException"),
        ("list_stack_instances", {}, "StackSetNotFoundException"),
        ("describe_stack_set_operation", {"OperationId": "none"}, "StackSetNotFoundException"),
    ],
)
def test_a_set_that_is_not_there(cloud: Cloud, call: str, request_: dict[str, Any], code: str) -> None:
    assert refused(getattr(cloud.api("cloudformation"), call), StackSetName="base", **request_) == code


def test_what_a_set_refuses(cloud: Cloud) -> None:
    api = made(cloud)
    name = {"StackSetName": "base"}
    body = json.dumps(BODY)
    assert refused(api.create_stack_set, **name, TemplateBody=body) == "NameAlreadyExistsException"
    bad = json.dumps(template(A=parameter({"Ref": "Nobody"})))
    assert refused(api.create_stack_set, StackSetName="other", TemplateBody=bad) == "ValidationError"
    place = {"StackInstanceAccount": cloud.account, "StackInstanceRegion": "us-east-1"}
    assert refused(api.describe_stack_instance, **name, **place) == "StackInstanceNotFoundException"
    assert refused(api.describe_stack_set_operation, **name, OperationId="none") == "OperationNotFoundException"
    where = {"Accounts": [cloud.account], "Regions": ["us-east-1"]}
    assert refused(api.update_stack_instances, **name, **where) == "StackInstanceNotFoundException"


def test_roles_are_acknowledged_for_a_set_too(cloud: Cloud) -> None:
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs.amazonaws.com"}, "Action": "*"}]}
    body = template(R={"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}})
    call = cloud.api("cloudformation").create_stack_set
    text = json.dumps(body)
    assert refused(call, StackSetName="base", TemplateBody=text) == "InsufficientCapabilitiesException"
    call(StackSetName="base", TemplateBody=text, Capabilities=["CAPABILITY_IAM"])
    assert spread(cloud, [cloud.account], ["us-east-1"])["Status"] == "SUCCEEDED"
