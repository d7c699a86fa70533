"""Change sets: what they say, what they refuse, and what becomes of them."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.deploy.local.facts import cfn, fact, guide, thread
from tests.deploy.local.services import definition, platform
from tests.deploy.local.templates import parameter, queue, template, wait
from tests.localcloud import CAPABILITIES, Cloud


def change_set(cloud: Cloud, body: Any, kind: str = "UPDATE", name: str = "c", stack: str = "s", **more: Any) -> Any:
    api = cloud.api("cloudformation")
    request = {"TemplateBody": json.dumps(body)} if body is not None else {"UsePreviousTemplate": True}
    made = api.create_change_set(
        StackName=stack, ChangeSetName=name, ChangeSetType=kind, Capabilities=CAPABILITIES, **request, **more
    )
    return described(cloud, made["Id"])


def described(cloud: Cloud, name: str, values: bool = True) -> Any:
    api = cloud.api("cloudformation")
    end = time.monotonic() + 5
    while True:
        found = api.describe_change_set(ChangeSetName=name, IncludePropertyValues=values)
        if not found["Status"].endswith(("PENDING", "IN_PROGRESS")):
            return found
        assert time.monotonic() < end
        time.sleep(0.01)


def changes(found: Any) -> dict[str, Any]:
    return {one["ResourceChange"]["LogicalResourceId"]: one["ResourceChange"] for one in found["Changes"]}


def details(change: Any) -> list[tuple[str, ...]]:
    return [
        (
            one["Target"].get("Path", one["Target"]["Attribute"]),
            one["Target"]["RequiresRecreation"],
            one["Evaluation"],
            one.get("ChangeSource", ""),
            one.get("CausingEntity", ""),
        )
        for one in change["Details"]
    ]


@fact(
    "a change set of type CREATE makes a stack in REVIEW_IN_PROGRESS without resources",
    source=cfn("CreateChangeSetInput.ChangeSetType"),
)
def test_a_new_stack_is_under_review(cloud: Cloud) -> None:
    found = change_set(cloud, template(A=parameter()), "CREATE")
    assert (found["Status"], found["ExecutionStatus"]) == ("CREATE_COMPLETE", "AVAILABLE")
    [stack] = cloud.api("cloudformation").describe_stacks()["Stacks"]
    assert stack["StackStatus"] == "REVIEW_IN_PROGRESS"


@fact("a change set is made in the background; its status says when it is ready", source=cfn("CreateChangeSet"))
def test_it_is_not_made_at_once(cloud: Cloud) -> None:
    api = cloud.api("cloudformation")
    api.create_change_set(
        StackName="s", ChangeSetName="c", ChangeSetType="CREATE", TemplateBody=json.dumps(template(A=parameter()))
    )
    with pytest.raises(ClientError) as caught:
        api.create_change_set(StackName="s", ChangeSetName="c", TemplateBody="{}", ChangeSetType="CREATE")
    assert caught.value.response["Error"]["Code"] == "AlreadyExistsException"
    assert described(cloud, api.list_change_sets(StackName="s")["Summaries"][0]["ChangeSetId"])


def test_an_added_resource_tells_its_properties(cloud: Cloud) -> None:
    found = changes(change_set(cloud, template(A=parameter("x")), "CREATE"))["A"]
    assert found["Action"] == "Add"
    assert json.loads(found["AfterContext"]) == {"Properties": {"Type": "String", "Value": "x"}}


@fact("ExecuteChangeSet makes the changes; the stack names the change set", source=cfn("Stack.ChangeSetId"))
def test_an_executed_change_set_makes_the_stack(cloud: Cloud) -> None:
    found = change_set(cloud, template(A=parameter()), "CREATE")
    cloud.api("cloudformation").execute_change_set(ChangeSetName=found["ChangeSetId"], ClientRequestToken="t")
    stack = cloud.settled("s")
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert stack["ChangeSetId"] == found["ChangeSetId"]
    assert {one["ClientRequestToken"] for one in cloud.history("s")[1:]} == {"t"}
    assert described(cloud, found["ChangeSetId"])["ExecutionStatus"] == "EXECUTE_COMPLETE"


@fact(
    "a request with the same ClientRequestToken is carried out once",
    source=cfn("ExecuteChangeSetInput.ClientRequestToken"),
)
def test_the_same_token_executes_once(cloud: Cloud) -> None:
    found = change_set(cloud, template(A=parameter()), "CREATE")
    for _ in range(2):
        cloud.api("cloudformation").execute_change_set(ChangeSetName=found["ChangeSetId"], ClientRequestToken="t")
    cloud.settled("s")
    assert cloud.events("s").count(("s", "CREATE_COMPLETE")) == 1


@fact("a change set is executed once: InvalidChangeSetStatus", source=cfn("InvalidChangeSetStatusException"))
def test_another_token_does_not(cloud: Cloud) -> None:
    found = change_set(cloud, template(A=parameter()), "CREATE")
    api = cloud.api("cloudformation")
    api.execute_change_set(ChangeSetName=found["ChangeSetId"], ClientRequestToken="t")
    cloud.settled("s")
    with pytest.raises(ClientError) as caught:
        api.execute_change_set(ChangeSetName=found["ChangeSetId"], ClientRequestToken="u")
    assert caught.value.response["Error"]["Code"] == "InvalidChangeSetStatus"


def test_a_second_change_set_of_a_stack_under_review_keeps_the_stack(cloud: Cloud) -> None:
    first = change_set(cloud, template(A=parameter()), "CREATE", "one")
    second = change_set(cloud, template(A=parameter()), "CREATE", "two")
    assert first["StackId"] == second["StackId"]
    names = [one["ChangeSetName"] for one in cloud.api("cloudformation").list_change_sets(StackName="s")["Summaries"]]
    assert names == ["one", "two"]


@fact("a change set of type CREATE is for a new stack", source=cfn("CreateChangeSetInput.ChangeSetType"))
def test_a_stack_that_is_there_is_not_created_again(cloud: Cloud) -> None:
    cloud.create("s", template(A=parameter()))
    with pytest.raises(ClientError, match=r"Stack \[s\] already exists and cannot be created again with the changeSet"):
        change_set(cloud, template(A=parameter()), "CREATE")


@fact('a change set without changes is FAILED: "didn\'t contain changes"', source=thread("aws-cloudformation/rain", 94))
def test_no_changes(cloud: Cloud) -> None:
    cloud.create("s", template(A=parameter()))
    found = change_set(cloud, template(A=parameter()))
    assert (found["Status"], found["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert found["StatusReason"].startswith("The submitted information didn't contain changes.")


def test_outputs_alone_are_a_change(cloud: Cloud) -> None:
    cloud.create("s", template(A=parameter()))
    found = change_set(cloud, {**template(A=parameter()), "Outputs": {"O": {"Value": "x"}}})
    assert (found["Status"], found["Changes"]) == ("CREATE_COMPLETE", [])


@fact(
    "with IncludePropertyValues a change tells the values before and after",
    source=cfn("DescribeChangeSetInput.IncludePropertyValues"),
)
def test_a_changed_value_is_told_before_and_after(cloud: Cloud) -> None:
    cloud.create("s", template(A=parameter("old")))
    found = changes(change_set(cloud, template(A=parameter("new"))))["A"]
    assert (found["Action"], found["Replacement"], found["Scope"]) == ("Modify", "False", ["Properties"])
    [detail] = found["Details"]
    assert detail["Target"] == {
        "Attribute": "Properties",
        "Name": "Value",
        "RequiresRecreation": "Never",
        "Path": "/Properties/Value",
        "BeforeValue": "old",
        "AfterValue": "new",
        "AttributeChangeType": "Modify",
    }
    assert json.loads(found["BeforeContext"])["Properties"]["Value"] == "old"


@fact(
    "without IncludePropertyValues a change tells attribute and name only",
    source=cfn("ResourceTargetDefinition.BeforeValue"),
)
def test_without_values_it_says_where_only(cloud: Cloud) -> None:
    cloud.create("s", template(A=parameter("old")))
    made = change_set(cloud, template(A=parameter("new")))
    found = changes(described(cloud, made["ChangeSetId"], values=False))["A"]
    assert "BeforeContext" not in found
    assert found["Details"][0]["Target"] == {
        "Attribute": "Properties",
        "Name": "Value",
        "RequiresRecreation": "Never",
    }


@fact(
    "a change of a create-only property is a Replacement, with what becomes of the old resource in PolicyAction",
    source=cfn("ResourceChange.PolicyAction"),
)
def test_a_name_replaces(cloud: Cloud) -> None:
    cloud.create("s", template(Q=queue(QueueName="one")))
    found = changes(change_set(cloud, template(Q=queue(QueueName="two"))))["Q"]
    assert (found["Replacement"], found["PolicyAction"]) == ("True", "ReplaceAndDelete")


@fact(
    "a new image replaces the task definition and updates the service in place",
    source="schema AWS::ECS::TaskDefinition",
)
def test_another_image_replaces_the_definition_and_not_the_service(cloud: Cloud) -> None:
    cloud.create("s", platform())
    found = changes(change_set(cloud, platform(definition({"Image": "example/app:2"}))))
    assert {name: one["Replacement"] for name, one in found.items()} == {"Task": "True", "Web": "False"}
    assert details(found["Task"]) == [
        ("/Properties/ContainerDefinitions/0/Image", "Always", "Static", "DirectModification", "")
    ]
    assert details(found["Web"]) == [("/Properties/TaskDefinition", "Never", "Static", "ResourceReference", "Task")]
    target = found["Web"]["Details"][0]["Target"]
    assert target["AfterValue"] == "{{changeSet:KNOWN_AFTER_APPLY}}"


@fact("ParameterReference names the parameter that causes a change", source=cfn("ResourceChangeDetail.CausingEntity"))
def test_a_parameter_is_named_as_the_cause(cloud: Cloud) -> None:
    body = {"Parameters": {"P": {"Type": "String"}}, **template(A=parameter({"Ref": "P"}))}
    cloud.create("s", body, {"P": "1"})
    found = change_set(cloud, None, Parameters=[{"ParameterKey": "P", "ParameterValue": "2"}])
    assert details(changes(found)["A"]) == [("/Properties/Value", "Never", "Static", "ParameterReference", "P")]


@fact(
    "an attribute of a resource that changes is Dynamic: known while the change set is executed",
    source=cfn("ResourceChangeDetail.Evaluation"),
)
def test_an_attribute_of_what_changes_may_change(cloud: Cloud) -> None:
    cloud.create("s", template(Q=queue(), A=parameter({"Fn::GetAtt": ["Q", "QueueName"]})))
    body = template(Q=queue(DelaySeconds=1), A=parameter({"Fn::GetAtt": ["Q", "QueueName"]}))
    found = changes(change_set(cloud, body))
    assert details(found["A"]) == [("Properties", "Never", "Dynamic", "ResourceAttribute", "Q.QueueName")]


@fact(
    "Remove tells by PolicyAction whether the resource is deleted or retained",
    source=cfn("ResourceChange.PolicyAction"),
)
def test_a_removed_resource_says_what_becomes_of_it(cloud: Cloud) -> None:
    cloud.create("s", template(A=parameter(), B=parameter(DeletionPolicy="Retain"), C=parameter()))
    found = changes(change_set(cloud, template(A=parameter())))
    assert {name: (one["Action"], one["PolicyAction"]) for name, one in found.items()} == {
        "B": ("Remove", "Retain"),
        "C": ("Remove", "Delete"),
    }


@fact("a change of DeletionPolicy is in the Scope of a change", source=cfn("ResourceChange.Scope"))
def test_policies_of_a_resource_are_in_its_scope(cloud: Cloud) -> None:
    cloud.create("s", template(A=parameter()))
    found = changes(change_set(cloud, template(A=parameter(DeletionPolicy="Retain"))))["A"]
    assert (found["Replacement"], found["Scope"]) == ("False", ["DeletionPolicy"])


def test_tags_of_the_stack_reach_what_takes_tags(cloud: Cloud) -> None:
    body = template(Q=queue(), H={"Type": "AWS::CloudFormation::WaitConditionHandle"})
    cloud.create("s", body)
    found = changes(change_set(cloud, None, Tags=[{"Key": "a", "Value": "b"}]))
    assert {name: one["Scope"] for name, one in found.items()} == {"Q": ["Tags"]}


@fact("a NoEcho parameter is told as asterisks", source=guide("parameters-section-structure"))
def test_secret_parameters_are_hidden(cloud: Cloud) -> None:
    body = {"Parameters": {"P": {"Type": "String", "NoEcho": True}}, **template(A=parameter({"Ref": "P"}))}
    cloud.create("s", body, {"P": "hidden1"})
    found = change_set(cloud, None, Parameters=[{"ParameterKey": "P", "ParameterValue": "hidden2"}])
    assert "hidden2" not in json.dumps(found, default=str)
    assert found["Parameters"] == [{"ParameterKey": "P", "ParameterValue": "****"}]


@fact(
    "early validation fails a change set with wrong properties; DescribeEvents tells which",
    source=cfn("OperationEvent.ValidationStatusReason"),
)
def test_a_wrong_property_is_found_early(cloud: Cloud) -> None:
    found = change_set(cloud, template(A=queue(Colour="red")), "CREATE")
    assert found["Status"] == "FAILED"
    assert "AWS::EarlyValidation::PropertyValidation" in found["StatusReason"]
    told = cloud.api("cloudformation").describe_events(
        ChangeSetName=found["ChangeSetId"], Filters={"FailedEvents": True}
    )
    [problem] = told["OperationEvents"]
    assert problem["EventType"] == "VALIDATION_ERROR"
    assert problem["ValidationStatusReason"] == "#: extraneous key [Colour] is not permitted"


@fact("DisableValidation leaves early validation out", source=cfn("CreateChangeSetInput.DisableValidation"))
def test_validation_can_be_left_out(cloud: Cloud) -> None:
    found = change_set(cloud, template(A=queue(Colour="red")), "CREATE", DisableValidation=True)
    assert found["Status"] == "CREATE_COMPLETE"


@fact("executing a change set deletes the other change sets of the stack", source=cfn("ExecuteChangeSet"))
def test_the_others_are_gone_when_one_is_executed(cloud: Cloud) -> None:
    cloud.create("s", template(A=parameter()))
    change_set(cloud, template(A=parameter("2")), name="one")
    found = change_set(cloud, template(A=parameter("3")), name="two")
    cloud.api("cloudformation").execute_change_set(ChangeSetName=found["ChangeSetId"])
    cloud.settled("s")
    with pytest.raises(ClientError) as caught:
        cloud.api("cloudformation").describe_change_set(ChangeSetName="one", StackName="s")
    assert caught.value.response["Error"]["Code"] == "ChangeSetNotFound"


@fact(
    "a change set is not executed while another operation works on the stack",
    source=guide("using-cfn-describing-stacks"),
)
def test_nothing_is_executed_on_a_busy_stack(cloud: Cloud) -> None:
    cloud.create("s", template(A=parameter()))
    found = change_set(cloud, template(A=parameter("2")))
    api = cloud.api("cloudformation")
    api.update_stack(StackName="s", TemplateBody=json.dumps(template(A=parameter("3"), **wait())))
    with pytest.raises(ClientError, match="is in UPDATE_IN_PROGRESS state and can not be updated"):
        api.execute_change_set(ChangeSetName=found["ChangeSetId"])
    api.cancel_update_stack(StackName="s")
    cloud.settled("s")


def test_a_stack_may_be_named_by_its_id(cloud: Cloud) -> None:
    stack_id = cloud.create("s", template(A=parameter()))["StackId"]
    change_set(cloud, template(A=parameter("2")), stack=stack_id)
    api = cloud.api("cloudformation")
    assert api.describe_change_set(StackName=stack_id, ChangeSetName="c")["StackName"] == "s"
    assert len(api.list_change_sets(StackName=stack_id)["Summaries"]) == 1
    api.delete_change_set(StackName=stack_id, ChangeSetName="c")
    assert api.list_change_sets(StackName=stack_id)["Summaries"] == []


@fact("DescribeChangeSet answers in pages", source=cfn("DescribeChangeSetOutput.NextToken"))
def test_changes_come_in_pages(cloud: Cloud) -> None:
    change_set(cloud, template(**{f"P{n}": parameter() for n in range(150)}), "CREATE")
    api = cloud.api("cloudformation")
    pages = list(api.get_paginator("describe_change_set").paginate(StackName="s", ChangeSetName="c"))
    assert [len(page["Changes"]) for page in pages] == [100, 50]


@fact(
    "AttributeChangeType says Add, Remove or Modify of a property",
    source=cfn("ResourceTargetDefinition.AttributeChangeType"),
)
def test_what_was_absent_has_no_value_before(cloud: Cloud) -> None:
    bucket = {"Type": "AWS::S3::Bucket"}
    cloud.create("s", template(B={**bucket, "Properties": {"VersioningConfiguration": {"Status": "Enabled"}}}))
    rules = {"LifecycleConfiguration": {"Rules": [{"Id": "a", "Status": "Enabled", "ExpirationInDays": 1}]}}
    body = template(B={**bucket, "Properties": {"VersioningConfiguration": {"Status": "Enabled"}, **rules}})
    [detail] = changes(change_set(cloud, body))["B"]["Details"]
    assert detail["Target"]["AttributeChangeType"] == "Add"
    assert "BeforeValue" not in detail["Target"]
    inner = template(B={**bucket, "Properties": {"LifecycleConfiguration": {"Rules": []}}})
    removed = changes(change_set(cloud, inner, name="d"))["B"]["Details"]
    assert [(one["Target"]["Path"], one["Target"]["AttributeChangeType"]) for one in removed] == [
        ("/Properties/LifecycleConfiguration", "Add"),
        ("/Properties/VersioningConfiguration", "Remove"),
    ]


def test_a_member_that_was_absent_has_no_value_before(cloud: Cloud) -> None:
    def task(**more: Any) -> dict[str, Any]:
        return platform(DeploymentConfiguration={"MaximumPercent": 200, "MinimumHealthyPercent": 100, **more})

    cloud.create("s", task())
    breaker = {"DeploymentCircuitBreaker": {"Enable": True, "Rollback": True}}
    [detail] = changes(change_set(cloud, task(**breaker)))["Web"]["Details"]
    assert detail["Target"]["Path"] == "/Properties/DeploymentConfiguration/DeploymentCircuitBreaker"
    assert detail["Target"]["AttributeChangeType"] == "Add"
    assert "BeforeValue" not in detail["Target"]


def test_the_name_of_an_executed_change_set_is_free(cloud: Cloud) -> None:
    # as `aws cloudformation deploy`, whose names are seconds; elias5000/clouds-aws issue 9 shows it on AWS
    first = change_set(cloud, template(A=parameter()), "CREATE")
    cloud.api("cloudformation").execute_change_set(ChangeSetName=first["ChangeSetId"])
    cloud.settled("s")
    second = change_set(cloud, template(A=parameter("2")))
    assert (second["Status"], second["ExecutionStatus"]) == ("CREATE_COMPLETE", "AVAILABLE")
    by_name = cloud.api("cloudformation").describe_change_set(StackName="s", ChangeSetName="c")
    assert by_name["ChangeSetId"] == second["ChangeSetId"]
    assert described(cloud, first["ChangeSetId"])["ExecutionStatus"] == "EXECUTE_COMPLETE"


def test_the_name_of_a_change_set_that_waits_is_taken(cloud: Cloud) -> None:
    change_set(cloud, template(A=parameter()), "CREATE")
    with pytest.raises(ClientError, match=r"ChangeSet \[c\] already exists"):
        change_set(cloud, template(A=parameter()), "CREATE")
