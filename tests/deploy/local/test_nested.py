"""Stacks in stacks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.deploy.local.facts import cfn, fact, guide, thread
from tests.deploy.local.templates import BAD, parameter, queue, reason, template
from tests.deploy.local.test_change_sets import change_set, changes, described
from tests.localcloud import Cloud


class Shelf:
    """A bucket with templates."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.name = f"templates-{cloud.account}"
        cloud.api("s3").create_bucket(Bucket=self.name)

    def put(self, body: Any, key: str = "child.json") -> str:
        self.cloud.api("s3").put_object(Bucket=self.name, Key=key, Body=json.dumps(body).encode())
        return f"{self.cloud.endpoint_url}/{self.name}/{key}"


@pytest.fixture
def shelf(cloud: Cloud) -> Shelf:
    return Shelf(cloud)


CHILD: dict[str, Any] = {
    "Parameters": {"Colour": {"Type": "String", "Default": "red"}},
    **template(A=parameter({"Ref": "Colour"})),
    "Outputs": {"Name": {"Value": {"Ref": "A"}}},
}


def nested(url: str, **more: Any) -> dict[str, Any]:
    return {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url, **more}}


def child(cloud: Cloud, name: str = "Inner") -> Any:
    return cloud.api("cloudformation").describe_stacks(StackName=cloud.physical("s")[name])["Stacks"][0]


@fact("a nested stack is a stack with ParentId and RootId", source=cfn("Stack.ParentId"))
def test_a_stack_in_a_stack_is_a_stack(cloud: Cloud, shelf: Shelf) -> None:
    stack = cloud.create("s", template(Inner=nested(shelf.put(CHILD))))
    inner = child(cloud)
    assert (stack["StackStatus"], inner["StackStatus"]) == ("CREATE_COMPLETE",) * 2
    assert (inner["ParentId"], inner["RootId"]) == (stack["StackId"], stack["StackId"])


def test_it_has_a_history_of_its_own(cloud: Cloud, shelf: Shelf) -> None:
    cloud.create("s", template(Inner=nested(shelf.put(CHILD))))
    inner = child(cloud)
    assert [status for name, status in cloud.events(inner["StackId"]) if name == "A"] == [
        "CREATE_IN_PROGRESS",
        "CREATE_IN_PROGRESS",
        "CREATE_COMPLETE",
    ]


@fact("the outputs of a nested stack are its attributes Outputs.NAME", source=guide("using-cfn-nested-stacks"))
def test_its_outputs_are_attributes(cloud: Cloud, shelf: Shelf) -> None:
    body = template(Inner=nested(shelf.put(CHILD)), B=parameter({"Fn::GetAtt": ["Inner", "Outputs.Name"]}))
    cloud.create("s", body)
    value = cloud.api("ssm").get_parameter(Name=cloud.physical("s")["B"])["Parameter"]["Value"]
    assert value == child(cloud)["Outputs"][0]["OutputValue"]


def test_its_id_is_told_when_it_begins(cloud: Cloud, shelf: Shelf) -> None:
    cloud.create("s", template(Inner=nested(shelf.put(CHILD))))
    told = [one for one in cloud.history("s") if one["LogicalResourceId"] == "Inner"]
    assert [one.get("ResourceStatusReason") for one in told] == [None, "Resource creation Initiated", None]
    inner = cloud.history(child(cloud)["StackId"])
    assert told[1]["Timestamp"] <= inner[1]["Timestamp"] <= told[2]["Timestamp"]
    assert told[1]["PhysicalResourceId"] == inner[0]["StackId"]


def test_its_parameters_come_from_outside(cloud: Cloud, shelf: Shelf) -> None:
    cloud.create("s", template(Inner=nested(shelf.put(CHILD), Parameters={"Colour": "blue"})))
    assert child(cloud)["Parameters"] == [{"ParameterKey": "Colour", "ParameterValue": "blue"}]


def test_it_follows_its_template(cloud: Cloud, shelf: Shelf) -> None:
    body = template(Inner=nested(shelf.put(CHILD)))
    cloud.create("s", body)
    cloud.update("s", template(Inner=nested(shelf.put({**CHILD, **template(B=queue(), A=parameter())}, "two.json"))))
    assert child(cloud)["StackStatus"] == "UPDATE_COMPLETE"
    found = cloud.api("cloudformation").list_stack_resources(StackName=child(cloud)["StackId"])
    assert {one["LogicalResourceId"] for one in found["StackResourceSummaries"]} == {"A", "B"}


@fact(
    'a failure inside is "Embedded stack ... was not successfully created" outside', source=thread("aws/aws-cdk", 4489)
)
def test_a_failure_inside_is_told_outside(cloud: Cloud, shelf: Shelf) -> None:
    assert cloud.create("s", template(Inner=nested(shelf.put(template(A=BAD)))))["StackStatus"] == "ROLLBACK_COMPLETE"
    said = reason(cloud, "s", "Inner", "CREATE_FAILED")
    assert said.startswith("Embedded stack arn:aws:cloudformation:") and "was not successfully created" in said
    assert "The following resource(s) failed to create: [A]" in said


def test_what_was_made_inside_goes_with_the_rollback(cloud: Cloud, shelf: Shelf) -> None:
    inner = template(A=parameter(), B={**BAD, "DependsOn": "A"})
    cloud.create("s", template(Inner=nested(shelf.put(inner))))
    assert cloud.api("ssm").describe_parameters()["Parameters"] == []


def test_a_failed_update_inside_goes_back(cloud: Cloud, shelf: Shelf) -> None:
    cloud.create("s", template(Inner=nested(shelf.put(CHILD))))
    bad = {**CHILD, **template(A=parameter("2"), B={**BAD, "DependsOn": "A"})}
    stack = cloud.update("s", template(Inner=nested(shelf.put(bad, "two.json"))))
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert child(cloud)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "was not successfully updated" in reason(cloud, "s", "Inner", "UPDATE_FAILED")


def test_a_failure_outside_takes_the_inside_back(cloud: Cloud, shelf: Shelf) -> None:
    cloud.create("s", template(Inner=nested(shelf.put(CHILD), Parameters={"Colour": "red"})))
    body = template(Inner=nested(shelf.put(CHILD), Parameters={"Colour": "blue"}), B={**BAD, "DependsOn": "Inner"})
    cloud.update("s", body)
    assert child(cloud)["Parameters"] == [{"ParameterKey": "Colour", "ParameterValue": "red"}]
    name = cloud.physical(child(cloud)["StackId"])["A"]
    assert cloud.api("ssm").get_parameter(Name=name)["Parameter"]["Value"] == "red"


@fact("a nested stack is deleted with its parent", source=guide("using-cfn-nested-stacks"))
def test_it_goes_with_its_parent(cloud: Cloud, shelf: Shelf) -> None:
    cloud.create("s", template(Inner=nested(shelf.put(CHILD))))
    inner = child(cloud)["StackId"]
    cloud.delete("s")
    assert cloud.settled(inner)["StackStatus"] == "DELETE_COMPLETE"
    assert cloud.api("ssm").describe_parameters()["Parameters"] == []


@fact(
    "IncludeNestedStacks makes a change set for each nested stack",
    source=cfn("CreateChangeSetInput.IncludeNestedStacks"),
)
def test_a_change_set_looks_inside_when_asked(cloud: Cloud, shelf: Shelf) -> None:
    cloud.create("s", template(Inner=nested(shelf.put(CHILD))))
    changed = {**CHILD, **template(A=parameter("2"))}
    found = change_set(cloud, template(Inner=nested(shelf.put(changed, "two.json"))), IncludeNestedStacks=True)
    inner = described(cloud, changes(found)["Inner"]["ChangeSetId"])
    assert inner["ParentChangeSetId"] == inner["RootChangeSetId"] == found["ChangeSetId"]
    assert changes(inner)["A"]["Action"] == "Modify"


def test_a_template_may_be_named_by_a_virtual_host(cloud: Cloud, shelf: Shelf) -> None:
    shelf.put(CHILD)
    for host in (f"{shelf.name}.s3.us-east-1.amazonaws.com", f"{shelf.name}.s3.amazonaws.com"):
        name = "s" + str(len(host))
        cloud.api("cloudformation").create_stack(StackName=name, TemplateURL=f"https://{host}/child.json")
        assert cloud.settled(name)["StackStatus"] == "CREATE_COMPLETE"
