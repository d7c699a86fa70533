"""The format of a template, its parameters' values, and what typed parameters must name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.deploy.local.facts import fact, guide, thread
from tests.deploy.local.templates import parameter, queue, reason, template
from tests.deploy.local.test_change_sets import change_set
from tests.deploy.local.test_refusals import refused
from tests.localcloud import Cloud


def with_parameter(**declared: Any) -> dict[str, Any]:
    return {"Parameters": {"P": declared}, **template(A=parameter())}


@fact("the logical id of a resource is alphanumeric", source=guide("resources-section-structure"))
def test_a_logical_id_has_letters_and_digits(cloud: Cloud) -> None:
    said = refused(cloud, {"Resources": {"A-b": parameter()}})
    assert said == "Template format error: Resource name A-b is non alphanumeric."


def test_a_version_is_known(cloud: Cloud) -> None:
    said = refused(cloud, {"AWSTemplateFormatVersion": "2011-01-01", **template(A=parameter())})
    assert said == "Template format error: unsupported value for AWSTemplateFormatVersion."
    assert cloud.create("s", {"AWSTemplateFormatVersion": "2010-09-09", **template(A=parameter())})


@fact("a template has no other sections than CloudFormation's", source=guide("template-anatomy"))
def test_a_section_is_known(cloud: Cloud) -> None:
    said = refused(cloud, {"Nope": 1, **template(A=parameter())})
    assert said == "Invalid template property or properties [Nope]"


@fact("an output has a value", source=thread("aws-samples/aws-iot-chat-example", 1))
def test_an_output_has_a_value(cloud: Cloud) -> None:
    said = refused(cloud, {**template(A=parameter()), "Outputs": {"O": {"Description": "x"}}})
    assert said == "Template format error: Every Outputs member must contain a Value object"


@fact("a parameter has a type", source=thread("bridgecrewio/checkov", 2965))
def test_a_parameter_has_a_type(cloud: Cloud) -> None:
    said = refused(cloud, with_parameter(Default="x"))
    assert said == "Template format error: Every Parameters object must contain a Type member."


def test_the_type_of_a_parameter_is_known(cloud: Cloud) -> None:
    said = refused(cloud, with_parameter(Type="Strange", Default="x"))
    assert said == "Template format error: Unrecognized parameter type: Strange"


@pytest.mark.parametrize("one", [parameter(DependsOn="A"), parameter({"Ref": "A"}), parameter({"Fn::Sub": "${A}"})])
def test_a_resource_does_not_wait_for_itself(cloud: Cloud, one: Any) -> None:
    assert refused(cloud, template(A=one)) == "Circular dependency between resources: [A]"


def test_an_attribute_is_one_of_its_type(cloud: Cloud) -> None:
    said = refused(cloud, template(Q=queue(), A=parameter({"Fn::GetAtt": ["Q", "Nope"]})))
    assert said == "Template error: resource Q does not support attribute type Nope in Fn::GetAtt"


@fact("AllowedPattern bounds the value of a parameter", source=guide("parameters-section-structure"))
@pytest.mark.parametrize(
    ("declared", "value", "said"),
    [
        ({"AllowedValues": ["a", "b"]}, "c", "Parameter 'P' must be one of AllowedValues"),
        ({"AllowedPattern": "[a-z]+"}, "1", "Parameter 'P' must match pattern [a-z]+"),
        (
            {"AllowedPattern": "[a-z]+", "ConstraintDescription": "must be small"},
            "1",
            "Parameter 'P' must be small",
        ),
        ({"MinLength": 3}, "ab", "Parameter 'P' must contain at least 3 characters"),
    ],
)
def test_a_value_is_one_that_is_allowed(cloud: Cloud, declared: Any, value: str, said: str) -> None:
    given = [{"ParameterKey": "P", "ParameterValue": value}]
    assert refused(cloud, with_parameter(Type="String", **declared), Parameters=given) == said


def test_a_parameter_of_the_store_is_there(cloud: Cloud) -> None:
    given = [{"ParameterKey": "P", "ParameterValue": "/nope"}]
    said = refused(cloud, with_parameter(Type="AWS::SSM::Parameter::Value<String>"), Parameters=given)
    assert said == "Unable to fetch parameters [/nope] from parameter store for this account."


TYPED = [
    ("AWS::EC2::VPC::Id", "vpc-0nope"),
    ("AWS::EC2::Subnet::Id", "subnet-0nope"),
    ("List<AWS::EC2::SecurityGroup::Id>", "sg-0nope"),
]


@fact(
    "a typed parameter names something that is there: else the creation is rolled back, 'Parameter validation failed'",
    source=thread("rgfindl/headless-wordpress", 4),
)
@pytest.mark.parametrize(("kind", "value"), TYPED)
def test_a_typed_parameter_names_what_is_there(cloud: Cloud, kind: str, value: str) -> None:
    stack = cloud.create("s", with_parameter(Type=kind), {"P": value})
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert reason(cloud, "s", "s", "ROLLBACK_IN_PROGRESS") == (
        f"Parameter validation failed: parameter value {value} for parameter name P does not exist. "
        "Rollback requested by user."
    )
    assert "A" not in {name for name, _ in cloud.events("s")}


def test_a_change_set_says_so_too(cloud: Cloud) -> None:
    given = [{"ParameterKey": "P", "ParameterValue": "vpc-0nope"}]
    found = change_set(cloud, with_parameter(Type="AWS::EC2::VPC::Id"), "CREATE", Parameters=given)
    assert found["Status"] == "FAILED"
    assert found["StatusReason"] == (
        "Parameter validation failed: parameter value vpc-0nope for parameter name P does not exist"
    )


def test_an_update_goes_back_for_it(cloud: Cloud) -> None:
    vpc = cloud.api("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    body = with_parameter(Type="AWS::EC2::VPC::Id")
    assert cloud.create("s", body, {"P": vpc})["StackStatus"] == "CREATE_COMPLETE"
    body["Resources"]["A"] = parameter({"Ref": "P"})
    assert cloud.update("s", body, {"P": "vpc-0nope"})["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert cloud.update("s", body, {"P": vpc})["StackStatus"] == "UPDATE_COMPLETE"


def test_a_template_is_validated_without_a_stack(cloud: Cloud) -> None:
    api = cloud.api("cloudformation")
    body = {"Description": "d", **with_parameter(Type="String", Default="1", NoEcho=True, Description="x")}
    told = api.validate_template(TemplateBody=json.dumps(body))
    assert told["Description"] == "d"
    assert told["Parameters"] == [{"ParameterKey": "P", "DefaultValue": "1", "NoEcho": True, "Description": "x"}]
    with pytest.raises(ClientError, match="At least one Resources member must be defined"):
        api.validate_template(TemplateBody='{"Resources": {}}')
