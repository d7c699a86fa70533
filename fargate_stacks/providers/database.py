"""PostgreSQL databases."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from troposphere import ec2, rds, secretsmanager
from troposphere.validators import double

from fargate_stacks.constructs.access import Access, PortAccess, SecretValue, env_prefix
from fargate_stacks.constructs.ingress import NO_EGRESS
from fargate_stacks.constructs.network import Network, Subnets
from fargate_stacks.core.construct import Construct, verb
from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import Attr, Text, by_removal, sub
from fargate_stacks.providers.duration import whole
from fargate_stacks.providers.secret import Generate, generated_secret

if TYPE_CHECKING:
    from fargate_stacks.constructs.key import Key

_ENGINE = "aurora-postgresql"
_PORT = 5432
_VERSION = re.compile(r"(1[3-9])(?:\.(\d{1,2}))?\Z")
_PAUSES_FROM = {13: 15, 14: 12, 15: 7, 16: 3}  # minor versions; every later major pauses
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}\Z")
_TAKEN = ("rdsadmin", "template0", "template1")
# a change here would make up a new password for databases that exist, and the cluster would not learn it
_LOGIN = Generate(username="postgres", punctuation=False, exclude="")


class _Capacity(rds.ServerlessV2ScalingConfiguration):  # type: ignore[misc]
    # troposphere knows neither 0 (auto-pause) nor more than 128 ACU
    props: ClassVar[dict[str, Any]] = {"MinCapacity": (double, True), "MaxCapacity": (double, True)}


class Postgres(Construct):
    """An Aurora Serverless v2 database for PostgreSQL, reached from tasks that take `connect()` and nothing else.

    Storage is encrypted; the password is made up by Secrets Manager and stands in no template. The stack's removal
    leaves a final snapshot and needs deletion protection switched off first, unless `Stack(removal="remove")`.
    The login is the cluster's first user and is not rotated, since running tasks would keep the old password.
    Facts: Aurora user guide, "Aurora Serverless v2". Raises SpecError for what Aurora refuses.
    """

    vpc: Network
    version: str = "17.7"
    """Aurora's version. A new major version is an outage: read Aurora's upgrade guide before."""
    database: str = "app"
    """The database that is made at first, and the one that `connect()` names."""
    min_capacity: float = 0.5
    """Aurora capacity units (2 GiB of memory each) that are always there and billed; 0 pauses an idle database."""
    max_capacity: float = 4
    """Aurora capacity units at most, in halves; 1 to 256."""
    instances: int = 1
    """The first writes, the others take its place when it fails; 1 to 16, each billed."""
    backup_retention: timedelta = timedelta(days=7)
    """How far back the database can be restored, in whole days; 1 to 35."""
    encryption: Key | None = None
    """A key of your own for storage and login; the account's own keys when None. Changing it replaces the database."""
    tier: Literal["isolated", "private"] | None = None
    """Where it stands; the isolated subnets if the VPC has such, else the private ones, when None."""

    refused: ClassVar[Mapping[str, str]] = {
        "password": "is made up by Secrets Manager; connect() hands it to containers",
        "master_password": "is made up by Secrets Manager; connect() hands it to containers",
        "engine_version": "is called version",
        "subnets": "follow tier: isolated or private",
        "public": "is not offered: reach it from a task, or through a tunnel",
        "instance_class": "is db.serverless; min_capacity= and max_capacity= say how large",
        "deletion_protection": "follows Stack(removal=)",
    }

    def check(self) -> None:
        self._check_version()
        self._check_capacity()
        if not _NAME.match(self.database) or self.database in _TAKEN:
            raise self.refuse(
                f"database is up to 63 letters, digits and _, a letter or _ first, and none of {', '.join(_TAKEN)}, "
                f"got {shown(self.database)}"
            )
        if not 1 <= self.instances <= 16:
            raise self.refuse(f"instances must be 1 to 16, got {self.instances}; a cluster has up to 15 readers")
        whole(self, "backup_retention", "days", 1, 35)
        if self._subnets.count == 1:
            raise self.refuse("a database needs subnets in two zones, its VPC has one; use azs=2")

    def _check_version(self) -> None:
        if not _VERSION.match(self.version):
            raise self.refuse(f'version must be one of Aurora PostgreSQL like "17.7", got {shown(self.version)}')

    def _check_capacity(self) -> None:
        for key, value, low in (("min_capacity", self.min_capacity, 0), ("max_capacity", self.max_capacity, 1)):
            if not low <= value <= 256 or value % 0.5:
                raise self.refuse(f"{key} must be {low} to 256 in steps of 0.5, got {value:g}")
        if self.min_capacity > self.max_capacity:
            raise self.refuse(
                f"min_capacity={self.min_capacity:g} is more than max_capacity={self.max_capacity:g}; "
                f"swap or change them"
            )
        major, minor = self._version
        if self.min_capacity == 0 and minor is not None and minor < _PAUSES_FROM.get(major, 0):
            raise self.refuse(
                f"min_capacity=0 needs a version that can pause, {major}.{_PAUSES_FROM[major]} or later, "
                f"got {self.version}; give a later version or min_capacity=0.5"
            )

    @property
    def _version(self) -> tuple[int, int | None]:
        major, _, minor = self.version.partition(".")
        return int(major), int(minor) if minor else None

    @property
    def _subnets(self) -> Subnets:
        return self.vpc.subnets(self.tier or ("isolated" if self.vpc.has("isolated") else "private"), self.who)

    # what others ask

    @property
    def host(self) -> Attr:
        """The name that always leads to the instance that writes."""
        return self.attr("DBCluster", "Endpoint.Address")

    @property
    def reader_host(self) -> Attr:
        """The name that leads to the readers in turn; to the writer when there is none."""
        return self.attr("DBCluster", "ReadEndpoint.Address")

    @property
    def secret_arn(self) -> Attr:
        return self.attr("Secret")

    @property
    def security_group(self) -> Attr:
        return self.attr("SecurityGroup", "GroupId")

    @verb
    def connect(self, *, env: str | None = None, container: str | None = None) -> Access:
        """Let a task open connections, and tell it where and as whom.

        For a database named Orders these are `ORDERS_HOST`, `ORDERS_PORT`, `ORDERS_DATABASE`, and as secrets
        `ORDERS_USERNAME` and `ORDERS_PASSWORD`; `env` is another start of the five names.
        """
        start = env or env_prefix(self.name)
        return Access(
            label=f"{self.name}.connect()",
            ports=[PortAccess(provider=self, security_group=self.security_group, port=_PORT, network=self.vpc)],
            environment={
                f"{start}_HOST": self.host,
                f"{start}_PORT": str(_PORT),
                f"{start}_DATABASE": self.database,
            },
            secrets={
                f"{start}_USERNAME": self._secret("username"),
                f"{start}_PASSWORD": self._secret("password"),
            },
            after=[*(self.attr(part) for part in self._instances), self.attr("SecretAttachment")],
            container=container,
        )

    def _secret(self, field: str) -> SecretValue:
        key = None if self.encryption is None else self.encryption.arn
        return SecretValue(arn=self.secret_arn, field=field, encryption_key=key)

    # what is built

    def build(self) -> Iterator[Any]:
        yield self._security_group()
        yield self._subnet_group()
        yield generated_secret(self.id("Secret"), f"Login of database {self.name}", _LOGIN, self.encryption)
        yield self._cluster()
        yield self._secret_attachment()
        for part in self._instances:
            yield self._instance(part)

    @property
    def _instances(self) -> list[str]:
        return [f"DBInstance{number}" for number in range(1, self.instances + 1)]

    def _security_group(self) -> Any:
        return ec2.SecurityGroup(
            self.id("SecurityGroup"),
            GroupDescription=f"Database {self.name}",
            VpcId=self.vpc.vpc_id,
            SecurityGroupEgress=[NO_EGRESS],
        )

    def _subnet_group(self) -> Any:
        ids = self._subnets.ids
        return rds.DBSubnetGroup(
            self.id("DBSubnetGroup"),
            DBSubnetGroupDescription=f"Subnets of database {self.name}",
            SubnetIds=list(ids) if isinstance(ids, tuple) else ids,
        )

    def _cluster(self) -> Any:
        return rds.DBCluster(
            self.id("DBCluster"),
            DeletionPolicy=by_removal(retain="Snapshot", remove="Delete"),
            UpdateReplacePolicy=by_removal(retain="Snapshot", remove="Delete"),
            Engine=_ENGINE,
            EngineVersion=self.version,
            DatabaseName=self.database,
            MasterUsername=self._login("username"),
            MasterUserPassword=self._login("password"),
            Port=_PORT,
            ServerlessV2ScalingConfiguration=_Capacity(MinCapacity=self.min_capacity, MaxCapacity=self.max_capacity),
            DBSubnetGroupName=self.attr("DBSubnetGroup"),
            VpcSecurityGroupIds=[self.security_group],
            StorageEncrypted=True,
            **({} if self.encryption is None else {"KmsKeyId": self.encryption.arn}),
            EnableIAMDatabaseAuthentication=True,  # a login by token beside the password; free, and grants nothing
            BackupRetentionPeriod=self.backup_retention.days,
            CopyTagsToSnapshot=True,
            DeletionProtection=by_removal(retain=True, remove=False),
        )

    def _login(self, field: str) -> Text:
        """One field of the generated login, which CloudFormation looks up and never shows."""
        return sub("{{resolve:secretsmanager:{secret}:SecretString:" + field + "}}", secret=self.secret_arn)

    def _secret_attachment(self) -> Any:
        return secretsmanager.SecretTargetAttachment(
            self.id("SecretAttachment"),
            SecretId=self.secret_arn,
            TargetId=self.attr("DBCluster"),
            TargetType="AWS::RDS::DBCluster",
        )

    def _instance(self, part: str) -> Any:
        return rds.DBInstance(
            self.id(part),
            DeletionPolicy="Delete",  # the data is the cluster's
            UpdateReplacePolicy="Delete",
            DBClusterIdentifier=self.attr("DBCluster"),
            DBInstanceClass="db.serverless",
            Engine=_ENGINE,
            PubliclyAccessible=False,
        )
