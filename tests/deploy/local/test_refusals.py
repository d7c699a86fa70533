"""What CloudFormation refuses before it starts, in its own words."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.deploy.local.facts import cfn, fact, guide, thread
from tests.deploy.local.templates import parameter, queue, reason, template, wait
from tests.localcloud import Cloud

ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        "AssumeRolePolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                }
            ],
        }
    },
}


def refused(cloud: Cloud, body: Any, code: str = "ValidationError", **more: Any) -> str:
    text = body if isinstance(body, str) else json.dumps(body)
    with pytest.raises(ClientError) as caught:
        cloud.api("cloudformation").create_stack(StackName="s", TemplateBody=text, **more)
    assert caught.value.response["Error"]["Code"] == code
    return str(caught.value.response["Error"]["Message"])


@fact("a template has at least one resource", source=thread("JulieElkinsAWS/CFtemplates", 1))
def test_a_template_needs_resources(cloud: Cloud) -> None:
    assert refused(cloud, {"Resources": {}}) == (
        "Template format error: At least one Resources member must be defined."
    )


@fact("every resource has a type", source=guide("resources-section-structure"))
def test_a_resource_needs_a_type(cloud: Cloud) -> None:
    assert refused(cloud, template(A={"Properties": {}})) == (
        "Template format error: [/Resources/A] Every Resources object must contain a Type member."
    )


@fact(
    'a resource with an unknown attribute is refused: "Invalid template resource property"',
    source=thread("cloudtools/troposphere", 140, "pull"),
)
def test_a_resource_has_no_other_attributes(cloud: Cloud) -> None:
    assert refused(cloud, template(A=parameter(Propertys={}))) == "Invalid template resource property 'Propertys'"


@fact(
    'a reference to nothing is refused: "Unresolved resource dependencies"',
    source=thread("serverless/serverless", 4745),
)
@pytest.mark.parametrize(
    "value",
    [{"Ref": "Nobody"}, {"Fn::GetAtt": ["Nobody", "Arn"]}, {"Fn::Sub": "x-${Nobody}"}, {"Fn::Sub": "x-${Nobody.Arn}"}],
)
def test_a_reference_to_nothing(cloud: Cloud, value: Any) -> None:
    assert refused(cloud, template(A=parameter(value))) == (
        "Template format error: Unresolved resource dependencies [Nobody] in the Resources block of the template"
    )


def test_a_dependency_on_nothing(cloud: Cloud) -> None:
    assert "Unresolved resource dependencies [Nobody]" in refused(cloud, template(A=parameter(DependsOn="Nobody")))


def test_an_output_of_nothing(cloud: Cloud) -> None:
    body = {**template(A=parameter()), "Outputs": {"O": {"Value": {"Ref": "Nobody"}}}}
    assert refused(cloud, body) == (
        "Template format error: Unresolved resource dependencies [Nobody] in the Outputs block of the template"
    )


def test_a_condition_that_is_not_there(cloud: Cloud) -> None:
    assert "Unresolved condition dependency IsProd" in refused(cloud, template(A=parameter(Condition="IsProd")))


@fact("AWS::StackName and AWS::Region are known in every template", source=guide("pseudo-parameter-reference"))
def test_pseudo_parameters_are_known(cloud: Cloud) -> None:
    body = template(A=parameter({"Fn::Sub": "${AWS::StackName}-${AWS::Region}"}))
    assert cloud.create("s", body)["StackStatus"] == "CREATE_COMPLETE"


@fact(
    'resources that depend on each other in a ring are refused: "Circular dependency between resources"',
    source=thread("aws/serverless-application-model", 1044),
)
def test_a_ring(cloud: Cloud) -> None:
    body = template(A=parameter({"Ref": "B"}), B=parameter({"Ref": "A"}), C=parameter({"Ref": "A"}))
    assert refused(cloud, body) == "Circular dependency between resources: [A, B]"


@fact(
    'a parameter that the template does not have is refused: "do not exist in the template"',
    source=thread("aws-samples/amazon-ec2-image-builder-samples", 18),
)
def test_a_parameter_that_the_template_does_not_have(cloud: Cloud) -> None:
    given = [{"ParameterKey": "Nope", "ParameterValue": "1"}]
    assert refused(cloud, template(A=parameter()), Parameters=given) == (
        "Parameters: [Nope] do not exist in the template"
    )


@fact('a parameter without a default needs a value: "must have values"', source=thread("boto/botocore", 2598))
def test_a_parameter_without_a_value(cloud: Cloud) -> None:
    body = {"Parameters": {"P": {"Type": "String"}}, **template(A=parameter({"Ref": "P"}))}
    assert refused(cloud, body) == "Parameters: [P] must have values"


@fact("a template with IAM resources needs CAPABILITY_IAM", source=cfn("CreateStackInput.Capabilities"))
def test_roles_need_to_be_acknowledged(cloud: Cloud) -> None:
    code = "InsufficientCapabilitiesException"
    assert refused(cloud, template(R=ROLE), code) == "Requires capabilities : [CAPABILITY_IAM]"


@fact(
    'IAM resources with names need CAPABILITY_NAMED_IAM: "Requires capabilities : [CAPABILITY_NAMED_IAM]"',
    source=thread("envato/stack_master", 138),
)
def test_named_roles_need_more(cloud: Cloud) -> None:
    named = {**ROLE, "Properties": {**ROLE["Properties"], "RoleName": "mine"}}  # type: ignore[dict-item]
    said = refused(cloud, template(R=named), "InsufficientCapabilitiesException", Capabilities=["CAPABILITY_IAM"])
    assert said == "Requires capabilities : [CAPABILITY_NAMED_IAM]"


def test_a_type_that_nobody_knows(cloud: Cloud) -> None:
    assert refused(cloud, template(A={"Type": "AWS::Nothing::Thing"})) == (
        "Template format error: Unrecognized resource types: [AWS::Nothing::Thing]"
    )


@fact("a stack name is taken once in a region: AlreadyExistsException", source=cfn("AlreadyExistsException"))
def test_a_name_is_taken(cloud: Cloud) -> None:
    cloud.create("s", template(A=parameter()))
    assert refused(cloud, template(A=parameter()), "AlreadyExistsException") == "Stack [s] already exists"


def test_a_name_is_taken_after_a_rollback_too(cloud: Cloud) -> None:
    cloud.create("s", template(A=queue(DelaySeconds=99999)))
    assert refused(cloud, template(A=parameter()), "AlreadyExistsException") == "Stack [s] already exists"


@fact(
    'a property that the type does not have fails: "extraneous key [...] is not permitted"',
    source=thread("aws-cloudformation/cloudformation-coverage-roadmap", 1005),
)
def test_an_unknown_property(cloud: Cloud) -> None:
    stack = cloud.create("s", template(A=queue(Colour="red")))
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    api = cloud.api("cloudformation")
    [problem] = [
        one
        for one in api.describe_events(StackName="s", Filters={"FailedEvents": True})["OperationEvents"]
        if one["EventType"] == "VALIDATION_ERROR"
    ]
    assert problem["ValidationStatusReason"] == "#: extraneous key [Colour] is not permitted"
    assert problem["ValidationPath"] == "/Resources/A/Properties"
    assert "Validation failed with 1 error(s)" in reason(cloud, "s", "s", "CREATE_FAILED")


@fact(
    'a required property that is missing fails: "required key [...] not found"',
    source=thread("aws-cloudformation/cloudformation-coverage-roadmap", 1514),
)
def test_a_missing_property(cloud: Cloud) -> None:
    cloud.create("s", template(A={"Type": "AWS::EC2::Subnet", "Properties": {"CidrBlock": "10.0.0.0/24"}}))
    failed = cloud.api("cloudformation").describe_events(StackName="s", Filters={"FailedEvents": True})
    reasons = [one.get("ValidationStatusReason") for one in failed["OperationEvents"]]
    assert "#: required key [VpcId] not found" in reasons


def test_a_property_that_turns_out_wrong_fails_its_resource(cloud: Cloud) -> None:
    body = {
        "Parameters": {"P": {"Type": "String"}},
        **template(A={"Type": "AWS::SSM::Parameter", "Properties": {"Type": {"Ref": "P"}, "Value": "x"}}),
    }
    cloud.create("s", body, {"P": "Number"})
    assert reason(cloud, "s", "A", "CREATE_FAILED") == (
        "Properties validation failed for resource A with message:\n[#/Type: Number is not a valid enum value]"
    )


@fact('an update without changes is refused: "No updates are to be performed"', source=guide("troubleshooting"))
def test_nothing_to_update(cloud: Cloud) -> None:
    cloud.create("s", template(A=parameter()))
    with pytest.raises(ClientError, match="No updates are to be performed"):
        cloud.update("s", template(A=parameter()))


@fact("a stack in ROLLBACK_COMPLETE cannot be updated, it can only be deleted", source=thread("bitovi/bitops", 128))
@pytest.mark.parametrize("call", ["update_stack", "create_change_set"])
def test_a_stack_that_rolled_back_its_creation_is_not_updated(cloud: Cloud, call: str) -> None:
    stack = cloud.create("s", template(A=queue(DelaySeconds=99999)))
    more = {"ChangeSetName": "c"} if call == "create_change_set" else {}
    with pytest.raises(ClientError) as caught:
        getattr(cloud.api("cloudformation"), call)(
            StackName="s", TemplateBody=json.dumps(template(A=parameter())), **more
        )
    assert caught.value.response["Error"]["Message"] == (
        f"Stack:{stack['StackId']} is in ROLLBACK_COMPLETE state and can not be updated."
    )


@fact("a stack that an operation works on cannot be updated", source=guide("using-cfn-describing-stacks"))
@pytest.mark.parametrize("call", ["update_stack", "create_change_set"])
def test_a_busy_stack_is_not_updated(cloud: Cloud, call: str) -> None:
    api = cloud.api("cloudformation")
    api.create_stack(StackName="s", TemplateBody=json.dumps(template(**wait())))
    more = {"ChangeSetName": "c"} if call == "create_change_set" else {}
    with pytest.raises(ClientError, match="is in CREATE_IN_PROGRESS state and can not be updated"):
        getattr(api, call)(StackName="s", TemplateBody=json.dumps(template(A=parameter())), **more)
    cloud.delete("s")


def test_a_type_does_not_change(cloud: Cloud) -> None:
    cloud.create("s", template(A=parameter()))
    with pytest.raises(ClientError, match=r"Update of resource type is not permitted.*resources: \[A\]"):
        cloud.update("s", template(A=queue()))


def exporting(value: str = "v", name: str = "Shared") -> dict[str, Any]:
    output = {"O": {"Value": value, "Export": {"Name": name}}}
    return {**template(A=parameter()), "Outputs": output}


IMPORTING = template(A=parameter({"Fn::ImportValue": "Shared"}))


@fact("the name of an export is unique in an account and region", source=guide("using-cfn-stack-exports"))
def test_an_export_has_one_owner(cloud: Cloud) -> None:
    cloud.create("one", exporting())
    assert cloud.create("two", exporting())["StackStatus"] == "ROLLBACK_COMPLETE"
    assert reason(cloud, "two", "two", "CREATE_FAILED") == ("Export with name Shared is already exported by stack one")


@fact("the value of an export that another stack imports cannot be changed", source=thread("linz/geostore", 630))
def test_an_export_in_use_keeps_its_value(cloud: Cloud) -> None:
    cloud.create("one", exporting())
    cloud.create("two", IMPORTING)
    stack = cloud.update("one", exporting("other"))
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    said = "Export Shared cannot be updated as it is in use by two"
    assert reason(cloud, "one", "one", "UPDATE_ROLLBACK_IN_PROGRESS") == said
    assert "UPDATE_FAILED" not in {status for _, status in cloud.events("one")}


@fact("an export that another stack imports cannot be removed", source=thread("anomalyco/sst", 1256))
def test_an_export_in_use_is_not_taken_away(cloud: Cloud) -> None:
    cloud.create("one", exporting())
    cloud.create("two", IMPORTING)
    assert cloud.update("one", template(A=parameter("2")))["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    said = "Export Shared cannot be deleted as it is in use by two"
    assert reason(cloud, "one", "one", "UPDATE_ROLLBACK_IN_PROGRESS") == said


@fact(
    'a stack whose export is imported is not deleted: "Delete canceled. Cannot delete export"',
    source=thread("aws/aws-cdk", 33395),
)
def test_a_stack_whose_export_is_in_use_stays_as_it_is(cloud: Cloud) -> None:
    cloud.create("one", exporting())
    cloud.create("two", IMPORTING)
    stack = cloud.delete("one")
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert stack["StackStatusReason"] == "Delete canceled. Cannot delete export Shared as it is in use by two."


def test_an_export_is_free_once_its_users_are_gone(cloud: Cloud) -> None:
    cloud.create("one", exporting())
    cloud.create("two", IMPORTING)
    cloud.delete("two")
    assert cloud.update("one", exporting("other"))["StackStatus"] == "UPDATE_COMPLETE"
    assert cloud.delete("one")["StackStatus"] == "DELETE_COMPLETE"


def test_an_export_that_left_its_stack_is_gone(cloud: Cloud) -> None:
    cloud.create("one", exporting())
    cloud.update("one", template(A=parameter("2")))
    assert cloud.api("cloudformation").list_exports()["Exports"] == []


@fact("an import names an export that is there", source=guide("using-cfn-stack-exports"))
def test_an_export_that_nobody_has(cloud: Cloud) -> None:
    cloud.create("two", IMPORTING)
    assert reason(cloud, "two", "A", "CREATE_FAILED") == "No export named Shared found."


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Statement": list(statements)})


ALL = {"Effect": "Allow", "Principal": "*", "Action": "Update:*", "Resource": "*"}


@fact(
    "once there is a stack policy, what no statement allows is denied, and a Deny beats an Allow",
    source=guide("protect-stack-resources"),
)
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (policy(ALL), "UPDATE_COMPLETE"),
        (policy({**ALL, "Action": "Update:Replace"}), "UPDATE_ROLLBACK_COMPLETE"),
        (policy(ALL, {**ALL, "Effect": "Deny", "Resource": "LogicalResourceId/A"}), "UPDATE_ROLLBACK_COMPLETE"),
        (policy(ALL, {**ALL, "Effect": "Deny", "Resource": "LogicalResourceId/B*"}), "UPDATE_COMPLETE"),
        (policy(ALL, {**ALL, "Effect": "Deny", "Action": ["Update:Replace", "Update:Delete"]}), "UPDATE_COMPLETE"),
        (
            policy(
                ALL,
                {**ALL, "Effect": "Deny", "Condition": {"StringEquals": {"ResourceType": ["AWS::SSM::Parameter"]}}},
            ),
            "UPDATE_ROLLBACK_COMPLETE",
        ),
    ],
)
def test_a_stack_policy_is_kept(cloud: Cloud, body: str, status: str) -> None:
    cloud.create("s", template(A=parameter()), StackPolicyBody=body)
    assert cloud.update("s", template(A=parameter("2")))["StackStatus"] == status


def test_a_stack_policy_says_which_statement_denies(cloud: Cloud) -> None:
    deny = {**ALL, "Effect": "Deny", "Resource": "LogicalResourceId/A"}
    cloud.create("s", template(A=parameter()), StackPolicyBody=policy(ALL, deny))
    cloud.update("s", template(A=parameter("2")))
    assert reason(cloud, "s", "A", "UPDATE_FAILED") == (
        "Action denied by stack policy: Statement [#2] does not allow [Update:*] for resource A;"
    )


@fact("a stack policy may deny Update:Delete", source=guide("protect-stack-resources"))
def test_a_stack_policy_keeps_a_resource_from_deletion(cloud: Cloud) -> None:
    deny = {**ALL, "Effect": "Deny", "Action": "Update:Delete"}
    cloud.create("s", template(A=parameter(), B=parameter()), StackPolicyBody=policy(ALL, deny))
    assert cloud.update("s", template(A=parameter()))["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert cloud.physical("s").keys() == {"A", "B"}
    assert "does not allow [Update:*] for resource B" in reason(cloud, "s", "B", "UPDATE_FAILED")


SERVERLESS = {
    "Transform": "AWS::Serverless-2016-10-31",
    "Resources": {
        "Hello": {
            "Type": "AWS::Serverless::Function",
            "Properties": {"Handler": "index.main", "Runtime": "python3.13", "InlineCode": "def main(e, c): pass"},
        }
    },
}


def test_sams_transform_is_performed(cloud: Cloud) -> None:
    assert cloud.create("s", SERVERLESS)["StackStatus"] == "CREATE_COMPLETE"
    assert cloud.physical("s").keys() == {"Hello", "HelloRole"}


def test_what_sam_refuses_is_told_as_a_transform_that_failed(cloud: Cloud) -> None:
    wrong = {**SERVERLESS, "Resources": {"Hello": {"Type": "AWS::Serverless::Function", "Properties": {"Tag": 1}}}}
    said = refused(cloud, wrong, Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"])
    assert said.startswith("Transform AWS::Serverless-2016-10-31 failed with: Invalid Serverless Application")


def test_without_sams_translator_its_transform_is_refused(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "samtranslator", None)
    said = refused(cloud, SERVERLESS, Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"])
    assert said.startswith("Transform AWS::Serverless-2016-10-31 failed with: the local cloud needs aws-sam-translator")
