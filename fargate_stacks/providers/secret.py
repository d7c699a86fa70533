"""Secrets: generated ones, and those of Secrets Manager and SSM that exist already.

ECS reads a secret once, when a task starts: a value that changes reaches a service with its next deployment, or
with `aws ecs update-service --force-new-deployment`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, ClassVar

from troposphere import secretsmanager

from fargate_stacks.constructs.access import Access, SecretValue, env_prefix
from fargate_stacks.core.construct import Construct, Frozen, Value, verb
from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import Attr, Text, by_removal, sub
from fargate_stacks.errors import SpecError

if TYPE_CHECKING:
    from fargate_stacks.constructs.key import Key

_FIELD = re.compile(r"[^:{}$\s]+\Z")
_SECRET_NAME = re.compile(r"[A-Za-z0-9/_+=.@-]{1,512}\Z")
_SECRET_ARN = re.compile(r"arn:aws[\w-]*:secretsmanager:[\w-]+:\d{12}:secret:([A-Za-z0-9/_+=.@-]+)\Z")
_RANDOM = re.compile(r"-[A-Za-z0-9]{6}\Z")
_PARAMETER_NAME = re.compile(r"/?[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*\Z")

_PUT_IN_LATER = "would stand in the template; deploy, then put it in with `aws secretsmanager put-secret-value`"


class Generate(Value):
    """How Secrets Manager makes up a secret: `length` characters without those of `exclude`.

    With `username` the secret is JSON with the fields `username` and `password`; without it, the plain characters.
    """

    length: int = 32
    exclude: str = " \"'`\\/@$"
    """By default what breaks shells, URLs and connection strings."""
    punctuation: bool = True
    username: str | None = None

    def check(self) -> None:
        if not 8 <= self.length <= 4096:
            raise self.refuse(f"length must be 8 to 4096 characters, got {self.length}; the default is 32")
        if self.username == "":
            raise self.refuse("username is empty; give a name, or None for a secret without fields")

    def string(self) -> Any:
        """Give the property of a secret that says so."""
        more: dict[str, Any] = {"ExcludeCharacters": self.exclude} if self.exclude else {}
        if not self.punctuation:
            more["ExcludePunctuation"] = True
        if self.username is not None:
            more["SecretStringTemplate"] = json.dumps({"username": self.username})
            more["GenerateStringKey"] = "password"
        return secretsmanager.GenerateSecretString(PasswordLength=self.length, **more)


class Secret(Construct):
    """A secret that Secrets Manager makes up, so that its value is in no file and no template.

    To keep a text of your own in it, put that in after the first deployment (`aws secretsmanager put-secret-value`);
    deployments leave it as it is until `generate` changes. It is encrypted with the account's own key for Secrets
    Manager, and retained by the removal of the stack unless `Stack(removal="remove")`.
    """

    description: str = ""
    generate: Generate = Generate()
    encryption: Key | None = None
    """A key of your own; the account's key for Secrets Manager when None."""

    refused: ClassVar[Mapping[str, str]] = {
        "value": _PUT_IN_LATER,
        "secret_string": _PUT_IN_LATER,
        "rotation": "is not offered: tasks read a secret once, when they start",
    }

    def check(self) -> None:
        if len(self.description) > 2048:
            raise self.refuse(f"description has up to 2048 characters, got {len(self.description)}; shorten it")

    @property
    def secret_arn(self) -> Attr:
        return self.attr("Secret")

    @verb
    def value(self, field: str | None = None) -> SecretValue:
        """Give the secret, or one field of it, for `Container(secrets=)`. Raises SpecError for a field it lacks."""
        known = [] if self.generate.username is None else ["username", "password"]
        if field is not None and known and field not in known:
            raise self.refuse(f"it has the fields {' and '.join(known)}, got field={shown(field)}; give one of them")
        _check_field(self, field)
        key = None if self.encryption is None else self.encryption.arn
        return SecretValue(arn=self.secret_arn, field=field, encryption_key=key)

    @verb
    def read(self, *, field: str | None = None, env: str | None = None, container: str | None = None) -> Access:
        """Let a container start with the secret in `API_KEY` for a secret named ApiKey, or in `env`.

        A field's name is appended: `API_KEY_PASSWORD`. Raises SpecError for a field that it lacks.
        """
        return _read(self, self.name, self.value(field), env, container)

    def build(self) -> Iterator[Any]:
        yield generated_secret(
            self.id("Secret"), self.description or f"Secret {self.name}", self.generate, self.encryption
        )


class ExistingSecret(Value):
    """A secret of Secrets Manager that is there already, by `name` in the stack's account and region, or by `arn`.

    By name, and by an ARN without the six characters that Secrets Manager appends, the grant ends in `-??????`.
    `encryption_key` is the ARN of its customer-managed KMS key, when it has one. Raises SpecError unless one of
    `name` and `arn` is given.
    """

    name: str | None = field(default=None, kw_only=False)
    arn: Text | None = None
    encryption_key: Text | None = None

    def check(self) -> None:
        if (self.name is None) == (self.arn is None):
            got = "neither" if self.name is None else "both"
            raise self.refuse(f"it is known by its name or by arn=, got {got}; give one of them")
        if self.name is not None and not _SECRET_NAME.match(self.name):
            raise self.refuse(
                f"a secret's name is letters, digits and /_+=.@-, got {shown(self.name)}; an ARN is given by arn="
            )
        if isinstance(self.arn, str) and not _SECRET_ARN.match(self.arn):
            raise self.refuse(
                f"arn must be that of a Secrets Manager secret, got {shown(self.arn)}; a name is given first"
            )

    @verb
    def value(self, field: str | None = None) -> SecretValue:
        """Give the secret, or one field of a JSON secret, for `Container(secrets=)`."""
        _check_field(self, field)
        if self.arn is not None:
            exact = not isinstance(self.arn, str) or _RANDOM.search(self.arn) is not None
            return SecretValue(arn=self.arn, field=field, exact=exact, encryption_key=self.encryption_key)
        arn = _here("secretsmanager", f"secret:{self.name}")
        return SecretValue(arn=arn, field=field, exact=False, encryption_key=self.encryption_key)

    @verb
    def read(self, *, field: str | None = None, env: str | None = None, container: str | None = None) -> Access:
        """Let a container start with the secret in a name from the last part of its own, or in `env`.

        `shop/db-login` gives `DB_LOGIN`, with a field `DB_LOGIN_PASSWORD`. Raises SpecError without `env` when the
        ARN is known only after deployment.
        """
        name = self.name
        if name is None and isinstance(self.arn, str):
            name = _RANDOM.sub("", self.arn.rpartition(":")[2])
        return _read(self, name, self.value(field), env, container)


class ExistingParameter(Value):
    """An SSM parameter (a SecureString, or any other) of the stack's account and region, by name: `/shop/key`.

    `encryption_key` is the ARN of its customer-managed KMS key, when it has one. Raises SpecError for a name that
    SSM refuses.
    """

    name: str = field(kw_only=False)
    encryption_key: Text | None = None

    def check(self) -> None:
        if not _PARAMETER_NAME.match(self.name) or len(self.name) > 1011:
            raise self.refuse(
                "a parameter's name is letters, digits and _.- in parts between /, at most 1011 characters"
            )

    @verb
    def value(self) -> SecretValue:
        """Give the parameter for `Container(secrets=)`."""
        return SecretValue(
            arn=_here("ssm", f"parameter/{self.name.removeprefix('/')}"),
            service="ssm",
            encryption_key=self.encryption_key,
        )

    @verb
    def read(self, *, env: str | None = None, container: str | None = None) -> Access:
        """Let a container start with the parameter in a name from the last part of its own, or in `env`."""
        return _read(self, self.name, self.value(), env, container)


def generated_secret(logical_id: str, description: str, generate: Generate, encryption: Key | None = None) -> Any:
    """Give a secret that follows the stack's removal."""
    more = {} if encryption is None else {"KmsKeyId": encryption.arn}
    return secretsmanager.Secret(
        logical_id,
        DeletionPolicy=by_removal(retain="Retain", remove="Delete"),
        UpdateReplacePolicy=by_removal(retain="Retain", remove="Delete"),
        Description=description,
        GenerateSecretString=generate.string(),
        **more,
    )


def _here(service: str, resource: str) -> Text:
    return sub(f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{resource}")


def _check_field(thing: Frozen, field: str | None) -> None:
    if field is not None and not _FIELD.match(field):
        raise thing.refuse(f"a field is a key of the secret's JSON without : {{ }} $ or space, got {shown(field)}")


def _read(thing: Frozen, name: str | None, value: SecretValue, env: str | None, container: str | None) -> Access:
    label = f"{name or thing.who}.read()"
    if env is None:
        if name is None:
            raise SpecError(f"{label}: its name is known only after deployment; give env=")
        last = re.sub(r"\W+", "_", env_prefix(name.rpartition("/")[2]))
        env = last if value.field is None else f"{last}_{re.sub(r'[^A-Za-z0-9]+', '_', env_prefix(value.field))}"
    return Access(label=label, secrets={env: value}, container=container)
