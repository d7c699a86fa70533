"""Dynamic references: no change while they are written as before, and a secret wherever something is told."""

from __future__ import annotations

import json
from typing import Any

from tests.deploy.local.facts import fact, guide
from tests.deploy.local.templates import parameter, template
from tests.deploy.local.test_change_sets import change_set, changes
from tests.localcloud import Cloud

REFERRING = "{{resolve:secretsmanager:word:SecretString:password}}"


@fact(
    "a dynamic reference that is written as before is no change, though the secret has another value",
    source=guide("dynamic-references"),
)
def test_a_dynamic_reference_that_is_written_as_before_is_no_change(cloud: Cloud) -> None:
    cloud.api("secretsmanager").create_secret(Name="word", SecretString='{"password": "hidden1"}')
    cloud.create("s", template(A=parameter(REFERRING)))
    cloud.api("secretsmanager").put_secret_value(SecretId="word", SecretString='{"password": "hidden2"}')
    found = change_set(cloud, template(A=parameter(REFERRING), B=parameter()))
    assert changes(found).keys() == {"B"}


@fact("the value of a dynamic reference is in no event and no change set", source=guide("dynamic-references"))
def test_the_value_of_a_dynamic_reference_is_told_nowhere(cloud: Cloud) -> None:
    cloud.api("secretsmanager").create_secret(Name="word", SecretString='{"password": "hidden1"}')
    cloud.create("s", template(A=parameter(REFERRING)))
    found = change_set(cloud, template(A=parameter("else")))
    told = json.dumps([cloud.history("s"), found], default=str)
    assert "hidden1" not in told and "{{resolve:secretsmanager:word" in told
    assert cloud.api("ssm").get_parameter(Name=cloud.physical("s")["A"])["Parameter"]["Value"] == "hidden1"


def with_database(**more: Any) -> dict[str, Any]:
    secret = {"GenerateSecretString": {"SecretStringTemplate": '{"username": "u"}', "GenerateStringKey": "password"}}
    return template(
        Word={"Type": "AWS::SecretsManager::Secret", "Properties": secret},
        Database={
            "Type": "AWS::RDS::DBCluster",
            "DeletionPolicy": "Delete",
            "Properties": {
                "Engine": "aurora-postgresql",
                "MasterUsername": {"Fn::Sub": "{{resolve:secretsmanager:${Word}:SecretString:username}}"},
                "MasterUserPassword": {"Fn::Sub": "{{resolve:secretsmanager:${Word}:SecretString:password}}"},
            },
        },
        **more,
    )


def test_a_database_whose_password_is_a_reference_does_not_change(cloud: Cloud) -> None:
    cloud.create("s", with_database())
    assert change_set(cloud, with_database())["StatusReason"].startswith("The submitted information didn't contain")
    found = change_set(cloud, with_database(B=parameter()), name="more")
    assert changes(found).keys() == {"B"}
    before = len(cloud.events("s"))
    cloud.update("s", with_database(B=parameter()))
    assert {name for name, _ in cloud.events("s")[before:]} == {"s", "B"}
