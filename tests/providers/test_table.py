"""Tables: keys and indexes, exact grants, and what outlives the stack."""

# ruff: noqa: E501 - error texts stand whole

from __future__ import annotations

from typing import Any

import pytest

from fargate_stacks.constructs.key import Key
from fargate_stacks.core.render import render
from fargate_stacks.core.stack import App, Stack
from fargate_stacks.providers.table import Index, Table
from tests.constructs.networks import refusal
from tests.constructs.tasks import properties
from tests.providers.providers import allowed, seen, task_statements

ITEMS = Table("Items", key="id")
ARN = {"Fn::GetAtt": ["ItemsTable", "Arn"]}
READ = [f"dynamodb:{one}" for one in ("GetItem", "BatchGetItem", "Query", "Scan", "ConditionCheckItem")]
WRITE = [f"dynamodb:{one}" for one in ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem")]
DAYS = Table("Items", key="id", sort="at", types={"at": "N"}, indexes=[Index("by-day", key="day", sort="at")])


def made(table: Table = ITEMS, *others: Any, **stack: Any) -> Any:
    return render(App([Stack("s", [table, *others], **stack)]))["s"]


def test_reading_is_five_actions_on_one_table() -> None:
    assert task_statements(ITEMS.read(), ITEMS) == [allowed(*READ, on=[ARN])]


def test_writing_reads_nothing() -> None:
    assert task_statements(ITEMS.write(), ITEMS) == [allowed(*WRITE, on=[ARN])]


def test_reading_and_writing_is_both() -> None:
    assert task_statements(ITEMS.read_write(), ITEMS) == [allowed(*READ, *WRITE, on=[ARN])]


def test_indexes_are_read_and_not_written() -> None:
    index = {"Fn::Sub": "${ItemsTable.Arn}/index/*"}
    assert task_statements(DAYS.read(), DAYS) == [allowed(*READ, on=[ARN, index])]
    assert task_statements(DAYS.write(), DAYS) == [allowed(*WRITE, on=[ARN])]


def test_a_task_finds_the_tables_name() -> None:
    assert seen(ITEMS.read(), ITEMS) == {"ITEMS_TABLE": {"Ref": "ItemsTable"}}
    assert set(seen(ITEMS.read_write(env="T"), ITEMS)) == {"T"}


def test_a_table_is_paid_by_request_recoverable_and_protected() -> None:
    assert properties(made(), "ItemsTable") == {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "DeletionProtectionEnabled": True,
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
    }


def test_each_field_is_a_property() -> None:
    key = Key("Own")
    table = Table(
        "Items",
        key="id",
        sort="at",
        types={"at": "N"},
        indexes=[Index("by-day", key="day", sort="at")],
        ttl="gone",
        recovery=False,
        encryption=key,
    )
    found = properties(made(table, key), "ItemsTable")
    assert found["AttributeDefinitions"] == [
        {"AttributeName": "id", "AttributeType": "S"},
        {"AttributeName": "at", "AttributeType": "N"},
        {"AttributeName": "day", "AttributeType": "S"},
    ]
    assert found["KeySchema"][1] == {"AttributeName": "at", "KeyType": "RANGE"}
    assert found["GlobalSecondaryIndexes"] == [
        {
            "IndexName": "by-day",
            "KeySchema": [
                {"AttributeName": "day", "KeyType": "HASH"},
                {"AttributeName": "at", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        }
    ]
    assert found["TimeToLiveSpecification"] == {"AttributeName": "gone", "Enabled": True}
    assert found["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": False}
    assert found["SSESpecification"] == {
        "SSEEnabled": True,
        "SSEType": "KMS",
        "KMSMasterKeyId": {"Fn::GetAtt": ["OwnKey", "Arn"]},
    }


def test_a_key_of_ones_own_is_for_its_users_too() -> None:
    key = Key("Own")
    table = Table("Items", key="id", encryption=key)
    of_key = allowed("kms:Decrypt", "kms:GenerateDataKey", on=[{"Fn::GetAtt": ["OwnKey", "Arn"]}])
    assert task_statements(table.read(), table, key)[1] == of_key


@pytest.mark.parametrize(
    ("removal", "policies", "protected"),
    [("retain", ("RetainExceptOnCreate", "Retain"), True), ("remove", ("Delete", "Delete"), False)],
)
def test_items_outlive_the_stack_unless_it_says_otherwise(
    removal: str, policies: tuple[str, str], protected: bool
) -> None:
    body = made(removal=removal).resources["ItemsTable"]
    assert (body["DeletionPolicy"], body["UpdateReplacePolicy"]) == policies
    assert body["Properties"]["DeletionProtectionEnabled"] is protected


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Table("Items"), 'Table "Items": key is missing; give key='),
        (lambda: Table("Items", key="id", sort="id"), "Table \"Items\": key and sort are both 'id'; leave sort out"),
        (lambda: Table("Items", key=""), "Table \"Items\": an attribute has up to 255 characters, got ''"),
        (lambda: Table("Items", key="id", types={"at": "N"}), "Table \"Items\": types speaks of 'at', which is no key of the table or an index; leave it out"),
        (lambda: Table("Items", key="id", indexes=[Index("abc", key="a")] * 2), 'Table "Items": two indexes are named "abc"; give each its own name'),
        (lambda: Table("Items", key="id", indexes=[Index(f"i-{n}", key="a") for n in range(21)]), 'Table "Items": DynamoDB makes up to 20 indexes, got 21; drop some'),
        (lambda: Index("a", key="a"), "Index \"a\": name is 3 to 255 letters, digits and _.-, got 'a'"),
        (lambda: Index("abc", key="a", sort="a"), "Index \"abc\": key and sort are both 'a'; leave sort out"),
        (lambda: Table("Items", partition_key="id"), 'Table "Items": partition_key is called key'),
    ],
)  # fmt: skip
def test_what_no_table_can_be_is_refused(make: Any, message: str) -> None:
    assert refusal(make) == message
