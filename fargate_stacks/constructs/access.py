"""Edges: what a provider's verb returns and a task takes with `uses=`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field as dataclass_field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from awacs.aws import Action, Allow, Condition, Statement
from troposphere import encode_to_dict

from fargate_stacks.core.construct import Construct, Value
from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import Attr, Leaf, Text, sub
from fargate_stacks.errors import SpecError

if TYPE_CHECKING:
    from fargate_stacks.constructs.container import Container
    from fargate_stacks.constructs.network import Vpc
    from fargate_stacks.constructs.network_existing import ExistingVpc
    from fargate_stacks.constructs.security_group_existing import ExistingSecurityGroup
    from fargate_stacks.constructs.volume import Volume

_ROLE = re.compile(r"arn:aws[\w-]*:iam::\d{12}:role/([\w+=,.@-]+/)*[\w+=,.@-]{1,64}\Z", re.ASCII)
_ENV = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}\Z", re.ASCII)


def allow(*actions: str, on: Sequence[Any], when: Condition | None = None) -> Statement:
    """Give an IAM statement: `allow("sqs:SendMessage", on=[queue.arn])`."""
    return Statement(
        Effect=Allow,
        Action=[Action(*action.split(":", 1)) for action in actions],
        Resource=list(on),
        **({"Condition": when} if when is not None else {}),
    )


class SecretValue(Value):
    """One secret text as a container sees it: ECS reads it when the task starts, and never again.

    `arn` is that of a Secrets Manager secret or an SSM parameter. `field` picks a key of a JSON secret, `stage`
    (AWSCURRENT by default) or `version` one of its versions. `encryption_key` is the ARN of the customer-managed key,
    when there is one.
    """

    made_by: ClassVar[str] = "a secret's value (password.value())"

    arn: Text
    service: Literal["secretsmanager", "ssm"] = "secretsmanager"
    field: str | None = None
    stage: str | None = None
    version: str | None = None
    exact: bool = True
    """False when the ARN lacks the six characters that Secrets Manager appends."""
    encryption_key: Text | None = None
    after: Sequence[Attr] = ()

    @property
    def value_from(self) -> Text:
        """What the task definition's `ValueFrom` says."""
        if self.field is None and self.stage is None and self.version is None:
            return self.arn
        return sub(f"{{arn}}:{self.field or ''}:{self.stage or ''}:{self.version or ''}", arn=self.arn)

    def statements(self) -> list[Statement]:
        """What the execution role needs to read this secret and nothing else."""
        if self.service == "ssm":
            found = [allow("ssm:GetParameters", on=[self.arn])]
        else:
            arn = self.arn if self.exact else sub("{arn}-??????", arn=self.arn)
            found = [allow("secretsmanager:GetSecretValue", on=[arn])]
        if self.encryption_key is not None:
            found.append(allow("kms:Decrypt", on=[self.encryption_key]))
        return found


class ExistingRole(Value):
    """A role that something else owns, for tasks to take: `Task(task_role=ExistingRole("arn:aws:iam::...:role/api"))`.

    With `policies="attach"` what the task needs becomes managed policies that name the role, which must live in the
    stack's account; the service waits for them. `"trust"` attaches nothing: the role has all that it takes. Raises
    SpecError for what is no role's ARN.
    """

    arn: Text = dataclass_field(kw_only=False)
    policies: Literal["attach", "trust"] = "attach"

    def check(self) -> None:
        if isinstance(self.arn, str) and not _ROLE.match(self.arn):
            raise self.refuse(f"arn must be that of a role, arn:aws:iam::123456789012:role/name, got {shown(self.arn)}")
        if not isinstance(self.arn, str) and self.policies == "attach":
            raise self.refuse(
                'policies are attached by the role\'s name, which an ARN from elsewhere does not show; give "trust"'
            )

    @property
    def role_name(self) -> str:
        assert isinstance(self.arn, str)
        return self.arn.rpartition("/")[2]


class PortAccess(Value):
    """A way through the provider's security group, opened in the consumer's stack."""

    provider: Construct | ExistingSecurityGroup
    security_group: Text
    port: int
    network: Vpc | ExistingVpc
    """The provider's network: an edge across two of them cannot work."""

    def check(self) -> None:
        if not 1 <= self.port <= 65535:
            raise self.refuse(f"port must be 1 to 65535, got {self.port}")


class Access(Value):
    """Everything that follows from a task's use of something.

    Two equal accesses merge; two that want one environment name for different values are an error.
    """

    label: str
    """What error messages call it: `Orders.connect()`."""
    statements: Sequence[Any] = ()
    """awacs statements for the task role."""
    environment: Mapping[str, Text] = {}
    secrets: Mapping[str, SecretValue] = {}
    ports: Sequence[PortAccess] = ()
    after: Sequence[Attr] = ()
    """What must exist before a task that uses this starts."""
    container: str | None = None
    """The container that gets environment, secrets and mounts; the first when None."""
    volumes: Sequence[Volume] = ()
    mounts: Mapping[str, str] = {}
    """Path to the name of a volume; `"name:ro"` mounts it read-only."""
    sidecars: Sequence[Container] = ()
    """Containers that run beside those of the task; each has a name."""
    namespace: Text | None = None
    """The Service Connect namespace that the consumer must join to find the provider."""

    @property
    def who(self) -> str:
        label: object = self.label
        return label if isinstance(label, str) and label.strip() and label.isprintable() else "Access"

    def check(self) -> None:
        if self.who != self.label:
            raise self.refuse(f"label is what error messages call it, got {shown(self.label)}; give one with letters")
        for key in (*self.environment, *self.secrets):
            check_env(self.who, key)
        for one in self.statements:
            if not isinstance(one, (Statement, Mapping)):
                raise self.refuse(f"a statement is made by awacs or as a mapping, got {shown(one)}")


def check_env(who: str, key: str) -> None:
    """Refuse an environment name that no shell can hold."""
    if not _ENV.match(key):
        raise SpecError(f"{who}: an environment name is letters, digits and _, not a digit first, got {shown(key)}")


def env_prefix(name: str) -> str:
    """`OrdersDb` → `ORDERS_DB`: the start of the environment names that derive from a construct."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).upper()


def plain(value: Any) -> str:
    """A key that is equal for equal statements, lazy values included."""
    return json.dumps(encode_to_dict(value), sort_keys=True, default=_leaf_key)


def _leaf_key(leaf: Any) -> str:
    if isinstance(leaf, Leaf):
        value = leaf.value
        return f"{type(value).__name__}:{hash(value)}"
    raise TypeError(f"{type(leaf).__name__} in a policy statement")


def merge_statements(statements: Iterable[Any]) -> list[dict[str, Any]]:
    """Put statements of one action set and one condition together, their resources in order, each once."""
    merged: dict[str, dict[str, Any]] = {}
    for statement in statements:
        body: dict[str, Any] = encode_to_dict(statement)
        resources = body.get("Resource", [])
        resources = resources if isinstance(resources, list) else [resources]
        rest = {key: value for key, value in body.items() if key != "Resource"}
        known = merged.setdefault(plain(rest), {**rest, "Resource": {}})
        for one in resources:
            known["Resource"].setdefault(plain(one), one)
    return [{**one, "Resource": list(one["Resource"].values())} for one in merged.values()]
