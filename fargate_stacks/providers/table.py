"""DynamoDB tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from troposphere import dynamodb

from fargate_stacks.constructs.access import Access, allow, env_prefix
from fargate_stacks.core.construct import Construct, Value, verb
from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import Attr, by_removal, sub

if TYPE_CHECKING:
    from fargate_stacks.constructs.key import Key

_READ = (
    "dynamodb:GetItem",
    "dynamodb:BatchGetItem",
    "dynamodb:Query",
    "dynamodb:Scan",
    "dynamodb:ConditionCheckItem",
)
_WRITE = ("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem")
_NAME = re.compile(r"[^\x00-\x1f]{1,255}\Z")


class Index(Value):
    """Another way to find a table's items: by a `key` and perhaps a `sort` key of its own, with all attributes."""

    name: str = field(kw_only=False)
    key: str
    sort: str | None = None

    def check(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_.-]{3,255}", self.name):
            raise self.refuse(f"name is 3 to 255 letters, digits and _.-, got {shown(self.name)}")
        if self.sort == self.key:
            raise self.refuse(f"key and sort are both {shown(self.key)}; leave sort out")


class Table(Construct):
    """A DynamoDB table, paid by the request, found by `key` and, where several items share one, by `sort`.

    `types` says which of the keys are numbers ("N") or bytes ("B"); the others are text. It can be restored to any
    second of the last 35 days (about 0.20 USD a GB and month) unless `recovery=False`. It is protected against deletion
    and outlives its stack unless `Stack(removal="remove")`. Changing its keys replaces it. Raises SpecError for what
    DynamoDB refuses.
    """

    key: str
    sort: str | None = None
    types: Mapping[str, Literal["S", "N", "B"]] = {}
    indexes: Sequence[Index] = ()
    ttl: str | None = None
    """The attribute with the second after which an item is deleted."""
    recovery: bool = True
    encryption: Key | None = None
    """A key of your own; DynamoDB encrypts in any case."""

    refused: ClassVar[Mapping[str, str]] = {
        "partition_key": "is called key",
        "hash_key": "is called key",
        "sort_key": "is called sort",
        "range_key": "is called sort",
        "billing_mode": "is by the request; customize= changes it",
        "table_name": "is generated, so that a replacement can be made; table.table_name gives it",
        "deletion_protection": "follows Stack(removal=)",
        "point_in_time_recovery": "is called recovery",
    }

    def check(self) -> None:
        names = [one.name for one in self.indexes]
        for name in names:
            if names.count(name) > 1:
                raise self.refuse(f'two indexes are named "{name}"; give each its own name')
        if len(names) > 20:
            raise self.refuse(f"DynamoDB makes up to 20 indexes, got {len(names)}; drop some")
        if self.sort == self.key:
            raise self.refuse(f"key and sort are both {shown(self.key)}; leave sort out")
        for one in self._attributes:
            if not _NAME.match(one):
                raise self.refuse(f"an attribute has up to 255 characters, got {shown(one)}")
        for one in self.types:
            if one not in self._attributes:
                raise self.refuse(
                    f"types speaks of {shown(one)}, which is no key of the table or an index; leave it out"
                )

    @property
    def _attributes(self) -> list[str]:
        """The attributes that are keys, each once."""
        keys = [self.key, self.sort, *(one for index in self.indexes for one in (index.key, index.sort))]
        return list(dict.fromkeys(one for one in keys if one is not None))

    # what others ask

    @property
    def table_name(self) -> Attr:
        return self.attr("Table")

    @property
    def table_arn(self) -> Attr:
        return self.attr("Table", "Arn")

    @verb
    def read(self, *, env: str | None = None, container: str | None = None) -> Access:
        """Let a task get, query and scan items, and tell it the table's name: `ORDERS_TABLE` or `env`."""
        return self._access("read()", env, container, _READ)

    @verb
    def write(self, *, env: str | None = None, container: str | None = None) -> Access:
        """Let a task put, update and delete items, but not read them; the rest is as in `read`."""
        return self._access("write()", env, container, _WRITE)

    @verb
    def read_write(self, *, env: str | None = None, container: str | None = None) -> Access:
        """Let a task do both; the rest is as in `read`."""
        return self._access("read_write()", env, container, _READ + _WRITE)

    def _access(self, verb: str, env: str | None, container: str | None, actions: tuple[str, ...]) -> Access:
        on: list[Any] = [self.table_arn]
        if self.indexes and "dynamodb:Query" in actions:
            on.append(sub("{table}/index/*", table=self.table_arn))
        statements = [allow(*actions, on=on)]
        if self.encryption is not None:
            statements.append(allow("kms:Decrypt", "kms:GenerateDataKey", on=[self.encryption.arn]))
        return Access(
            label=f"{self.name}.{verb}",
            statements=statements,
            environment={env or f"{env_prefix(self.name)}_TABLE": self.table_name},
            container=container,
        )

    # what is built

    def build(self) -> Iterator[Any]:
        more: dict[str, Any] = {}
        if self.ttl is not None:
            more["TimeToLiveSpecification"] = dynamodb.TimeToLiveSpecification(AttributeName=self.ttl, Enabled=True)
        if self.indexes:
            more["GlobalSecondaryIndexes"] = [
                dynamodb.GlobalSecondaryIndex(
                    IndexName=one.name,
                    KeySchema=_schema(one.key, one.sort),
                    Projection=dynamodb.Projection(ProjectionType="ALL"),
                )
                for one in self.indexes
            ]
        if self.encryption is not None:
            more["SSESpecification"] = dynamodb.SSESpecification(
                SSEEnabled=True, SSEType="KMS", KMSMasterKeyId=self.encryption.arn
            )
        yield dynamodb.Table(
            self.id("Table"),
            DeletionPolicy=by_removal(retain="RetainExceptOnCreate", remove="Delete"),
            UpdateReplacePolicy=by_removal(retain="Retain", remove="Delete"),
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                dynamodb.AttributeDefinition(AttributeName=one, AttributeType=self.types.get(one, "S"))
                for one in self._attributes
            ],
            KeySchema=_schema(self.key, self.sort),
            DeletionProtectionEnabled=by_removal(retain=True, remove=False),
            PointInTimeRecoverySpecification=dynamodb.PointInTimeRecoverySpecification(
                PointInTimeRecoveryEnabled=self.recovery
            ),
            **more,
        )


def _schema(key: str, sort: str | None) -> list[Any]:
    schema = [dynamodb.KeySchema(AttributeName=key, KeyType="HASH")]
    if sort is not None:
        schema.append(dynamodb.KeySchema(AttributeName=sort, KeyType="RANGE"))
    return schema
