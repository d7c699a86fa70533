"""Secrets: generated and existing ones, each granted by itself."""

# ruff: noqa: E501 - error texts stand whole

from __future__ import annotations

from typing import Any

import pytest

from fargate_stacks.constructs.container import Container
from fargate_stacks.constructs.key import Key
from fargate_stacks.core.render import render
from fargate_stacks.core.stack import App, Stack
from fargate_stacks.core.values import Param
from fargate_stacks.providers.secret import ExistingParameter, ExistingSecret, Generate, Secret
from tests.constructs.networks import refusal
from tests.constructs.tasks import container, properties
from tests.providers.providers import allowed, secret_statements, seen, used

KEY = Secret("ApiKey")
LOGIN = Secret("Login", generate=Generate(username="shop"))
ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/db-login"
CMK = "arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d-0000-0000-0000-000000000000"


def made(secret: Secret, **stack: Any) -> Any:
    return render(App([Stack("s", [secret], **stack)]))["s"]


def test_reading_grants_exactly_that_secret_to_the_execution_role() -> None:
    assert secret_statements(KEY.read(), KEY) == [
        allowed("secretsmanager:GetSecretValue", on=[{"Ref": "ApiKeySecret"}])
    ]
    assert "WebTaskPolicy" not in used(KEY.read(), KEY).resources


def test_a_secret_is_found_under_its_name_and_a_field_under_both() -> None:
    assert seen(KEY.read(), KEY) == {"API_KEY": {"Ref": "ApiKeySecret"}}
    assert seen(LOGIN.read(field="password"), LOGIN) == {"LOGIN_PASSWORD": {"Fn::Sub": "${LoginSecret}:password::"}}
    assert set(seen(KEY.read(env="TOKEN"), KEY)) == {"TOKEN"}


def test_a_secret_is_made_up_without_what_breaks_shells_and_urls() -> None:
    assert properties(made(KEY), "ApiKeySecret") == {
        "Description": "Secret ApiKey",
        "GenerateSecretString": {"PasswordLength": 32, "ExcludeCharacters": " \"'`\\/@$"},
    }


def test_each_field_of_how_it_is_made_up_is_a_property() -> None:
    generate = Generate(length=64, exclude="", punctuation=False, username="shop")
    found = properties(made(Secret("Login", description="x", generate=generate)), "LoginSecret")
    assert found == {
        "Description": "x",
        "GenerateSecretString": {
            "PasswordLength": 64,
            "ExcludePunctuation": True,
            "SecretStringTemplate": '{"username": "shop"}',
            "GenerateStringKey": "password",
        },
    }


@pytest.mark.parametrize(("removal", "policy"), [("retain", "Retain"), ("remove", "Delete")])
def test_a_secret_outlives_the_stack_unless_it_says_otherwise(removal: str, policy: str) -> None:
    body = made(KEY, removal=removal).resources["ApiKeySecret"]
    assert body["DeletionPolicy"] == body["UpdateReplacePolicy"] == policy


def test_a_value_is_taken_by_a_container_itself() -> None:
    found = container(Container(image="nginx:1", secrets={"P": LOGIN.value("password")}), LOGIN)
    assert found["Secrets"] == [{"Name": "P", "ValueFrom": {"Fn::Sub": "${LoginSecret}:password::"}}]


# existing ones

HERE = "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:shop/db-login"


@pytest.mark.parametrize(
    ("secret", "granted", "value_from"),
    [
        (ExistingSecret("shop/db-login"), {"Fn::Sub": f"{HERE}-??????"}, {"Fn::Sub": HERE}),
        (ExistingSecret(arn=f"{ARN}-AbCdEf"), f"{ARN}-AbCdEf", f"{ARN}-AbCdEf"),
        (ExistingSecret(arn=ARN), f"{ARN}-??????", ARN),
        (ExistingSecret(arn=Param("SecretArn")), {"Ref": "SecretArn"}, {"Ref": "SecretArn"}),
    ],
)
def test_an_existing_secret_is_granted_as_exactly_as_it_is_known(
    secret: ExistingSecret, granted: Any, value_from: Any
) -> None:
    access = secret.read(env="X")
    assert seen(access) == {"X": value_from}
    found = secret_statements(access)
    if isinstance(granted, dict) and "Fn::Sub" in granted:
        # sub() of a sub() keeps the inner text whole
        assert found[0]["Action"] == ["secretsmanager:GetSecretValue"]
        assert flat(found[0]["Resource"][0]) == granted["Fn::Sub"]
    else:
        assert found == [allowed("secretsmanager:GetSecretValue", on=[granted])]


def flat(value: Any) -> str:
    """The text of an Fn::Sub with the Fn::Subs in it filled in."""
    inner = value["Fn::Sub"]
    if isinstance(inner, str):
        return inner
    text: str = inner[0]
    for key, one in inner[1].items():
        text = text.replace("${" + key + "}", flat(one))
    return text


def test_a_secret_under_a_key_of_the_customers_needs_that_key_for_decryption() -> None:
    access = ExistingSecret(arn=f"{ARN}-AbCdEf", encryption_key=CMK).read()
    assert secret_statements(access) == [
        allowed("secretsmanager:GetSecretValue", on=[f"{ARN}-AbCdEf"]),
        allowed("kms:Decrypt", on=[CMK]),
    ]


@pytest.mark.parametrize(
    ("access", "name"),
    [
        (ExistingSecret("shop/db-login").read(), "DB_LOGIN"),
        (ExistingSecret("shop/db-login").read(field="apiKey"), "DB_LOGIN_API_KEY"),
        (ExistingSecret(arn=f"{ARN}-AbCdEf").read(), "DB_LOGIN"),
        (ExistingParameter("/shop/stripe.key").read(), "STRIPE_KEY"),
    ],
)
def test_an_environment_name_derives_from_the_last_part(access: Any, name: str) -> None:
    assert set(seen(access)) == {name}


def test_a_parameter_is_granted_by_its_arn() -> None:
    access = ExistingParameter("/shop/key", encryption_key=CMK).read()
    arn = {"Fn::Sub": "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/shop/key"}
    assert seen(access) == {"KEY": arn}
    assert secret_statements(access) == [allowed("ssm:GetParameters", on=[arn]), allowed("kms:Decrypt", on=[CMK])]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Secret("ApiKey", value="x"), 'Secret "ApiKey": value would stand in the template; deploy, then put it in with `aws secretsmanager put-secret-value`'),
        (lambda: Secret("ApiKey", rotation=1), 'Secret "ApiKey": rotation is not offered: tasks read a secret once, when they start'),
        (lambda: Secret("ApiKey", description="x" * 2049), 'Secret "ApiKey": description has up to 2048 characters, got 2049; shorten it'),
        (lambda: Generate(length=7), "Generate: length must be 8 to 4096 characters, got 7; the default is 32"),
        (lambda: Generate(username=""), "Generate: username is empty; give a name, or None for a secret without fields"),
        (lambda: LOGIN.read(field="token"), "Secret \"Login\": it has the fields username and password, got field='token'; give one of them"),
        (lambda: KEY.read(field="a:b"), "Secret \"ApiKey\": a field is a key of the secret's JSON without : { } $ or space, got 'a:b'"),
        (lambda: ExistingSecret(), "ExistingSecret: it is known by its name or by arn=, got neither; give one of them"),
        (lambda: ExistingSecret("a", arn=ARN), 'ExistingSecret "a": it is known by its name or by arn=, got both; give one of them'),
        (lambda: ExistingSecret(ARN), f'ExistingSecret "{ARN}": a secret\'s name is letters, digits and /_+=.@-, got \'{ARN}\'; an ARN is given by arn='),
        (lambda: ExistingSecret(arn="shop/db"), "ExistingSecret: arn must be that of a Secrets Manager secret, got 'shop/db'; a name is given first"),
        (lambda: ExistingSecret(arn=Param("A")).read(), "ExistingSecret.read(): its name is known only after deployment; give env="),
        (lambda: ExistingParameter("a b"), 'ExistingParameter "a b": a parameter\'s name is letters, digits and _.- in parts between /, at most 1011 characters'),
        (lambda: ExistingParameter("x" * 1012), f'ExistingParameter "{"x" * 1012}": a parameter\'s name is letters, digits and _.- in parts between /, at most 1011 characters'),
    ],
)  # fmt: skip
def test_what_no_secret_can_be_is_refused(make: Any, message: str) -> None:
    assert refusal(make) == message


def test_a_key_of_ones_own_is_granted_to_the_execution_role_too() -> None:
    key = Key("Own")
    secret = Secret("ApiKey", encryption=key)
    arn = {"Fn::GetAtt": ["OwnKey", "Arn"]}
    assert properties(render(App([Stack("s", [secret, key])]))["s"], "ApiKeySecret")["KmsKeyId"] == arn
    assert secret_statements(secret.read(), secret, key)[1] == allowed("kms:Decrypt", on=[arn])
