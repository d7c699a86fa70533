"""ElastiCache: a serverless cache that tasks share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from troposphere import Join, Ref, Select, Split, ec2, elasticache

from fargate_stacks.constructs.access import Access, PortAccess, env_prefix
from fargate_stacks.constructs.ingress import NO_EGRESS
from fargate_stacks.constructs.network import Network, Subnets
from fargate_stacks.core.construct import Construct, verb
from fargate_stacks.core.values import Attr

if TYPE_CHECKING:
    from fargate_stacks.constructs.key import Key

_PORTS = {"valkey": 6379, "redis": 6379, "memcached": 11211}


class Cache(Construct):
    """A serverless cache (Valkey by default), reached over TLS from tasks that take `connect()` and nothing else.

    It is billed by what it holds (at least 100 MB for Valkey, 1 GB for the others) and by the request. `max_storage` in
    GB and `max_requests` in thousands of ECPUs a second bound the bill; None is ElastiCache's own bound. There is no
    password: who is let in by the security group may use it. Nothing of it outlives the stack. Raises SpecError for
    bounds that ElastiCache refuses.
    """

    vpc: Network
    engine: Literal["valkey", "redis", "memcached"] = "valkey"
    version: str | None = None
    """The major version, "8" for Valkey by default."""
    max_storage: int | None = None
    max_requests: int | None = None
    tier: Literal["isolated", "private"] | None = None
    encryption: Key | None = None

    refused: ClassVar[Mapping[str, str]] = {
        "node_type": "is chosen by ElastiCache; max_storage= and max_requests= bound it",
        "num_nodes": "is chosen by ElastiCache; max_storage= and max_requests= bound it",
        "security_groups": "are made by the cache; who takes connect() is let in",
        "engine_version": "is called version",
    }

    def check(self) -> None:
        if self.max_storage is not None and not 1 <= self.max_storage <= 5000:
            raise self.refuse(f"max_storage must be 1 to 5000 GB, got {self.max_storage}")
        if self.max_requests is not None and not 1 <= self.max_requests <= 15_000:
            raise self.refuse(f"max_requests must be 1 to 15000 thousand ECPUs a second, got {self.max_requests}")
        if self.version is not None and not self.version.isdecimal():
            raise self.refuse(f'version is a major version like "8", got "{self.version}"')
        count = self._subnets.count
        if count is not None and not 2 <= count <= 3:
            raise self.refuse(f"a serverless cache needs subnets in two or three zones, its VPC has {count}; use azs=2")

    @property
    def _subnets(self) -> Subnets:
        return self.vpc.subnets(self.tier or ("isolated" if self.vpc.has("isolated") else "private"), self.who)

    # what others ask

    @property
    def host(self) -> Attr:
        return self.attr("ServerlessCache", "Endpoint.Address")

    @property
    def security_group(self) -> Attr:
        return self.attr("SecurityGroup", "GroupId")

    @verb
    def connect(self, *, env: str | None = None, container: str | None = None) -> Access:
        """Let a task open TLS connections, and tell it where: `SESSIONS_HOST` and `SESSIONS_PORT` for Sessions."""
        start = env or env_prefix(self.name)
        port = _PORTS[self.engine]
        return Access(
            label=f"{self.name}.connect()",
            ports=[PortAccess(provider=self, security_group=self.security_group, port=port, network=self.vpc)],
            environment={f"{start}_HOST": self.host, f"{start}_PORT": str(port)},
            container=container,
        )

    # what is built

    def build(self) -> Iterator[Any]:
        yield ec2.SecurityGroup(
            self.id("SecurityGroup"),
            GroupDescription=f"Cache {self.name}",
            VpcId=self.vpc.vpc_id,
            SecurityGroupEgress=[NO_EGRESS],
        )
        more: dict[str, Any] = {}
        limits: dict[str, Any] = {}
        if self.max_storage is not None:
            limits["DataStorage"] = elasticache.DataStorage(Maximum=self.max_storage, Unit="GB")
        if self.max_requests is not None:
            limits["ECPUPerSecond"] = elasticache.ECPUPerSecond(Maximum=self.max_requests * 1000)
        if limits:
            more["CacheUsageLimits"] = elasticache.CacheUsageLimits(**limits)
        if self.encryption is not None:
            more["KmsKeyId"] = self.encryption.arn
        ids = self._subnets.ids
        yield elasticache.ServerlessCache(
            self.id("ServerlessCache"),
            # a name is demanded: up to 40 characters, its own for each stack that was ever made
            ServerlessCacheName=Join("-", [self.name.lower()[:30], _stack_number()]),
            Description=f"Cache {self.name}",
            Engine=self.engine,
            MajorEngineVersion=self.version or {"valkey": "8", "redis": "7", "memcached": "1"}[self.engine],
            SecurityGroupIds=[self.security_group],
            SubnetIds=list(ids) if isinstance(ids, tuple) else ids,
            **more,
        )


def _stack_number() -> Any:
    """Eight hexadecimal digits of the stack's id."""
    return Select(0, Split("-", Select(2, Split("/", Ref("AWS::StackId")))))
