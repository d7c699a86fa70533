"""A VPC that something else owns."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import ClassVar

from fargate_stacks.constructs.addresses import parse_block
from fargate_stacks.constructs.subnets import Subnets, Tier, problem_of_ids
from fargate_stacks.core.construct import Value
from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import Attr, Param, Text

_VPC_ID = re.compile(r"vpc-[0-9a-f]{8,17}\Z", re.ASCII)


class ExistingVpc(Value):
    """A VPC that is already there, by its ids: nothing is looked up, and nothing of it is changed.

    A tier is a sequence of subnet ids (or parameters), or one parameter of type `List<AWS::EC2::Subnet::Id>`. That
    the private ones lead out, by NAT or by endpoints, is up to you. `namespace` is the name or ARN of a Cloud Map
    namespace, and needed only for an `Endpoint`. Raises SpecError for what is no id and for a subnet in two tiers.
    """

    vpc_id: Text
    cidr: Text | None = None
    """Its addresses; needed only for what is opened to all of them, such as an internal load balancer."""
    public: Param | Sequence[Text] = ()
    private: Param | Sequence[Text] = ()
    isolated: Param | Sequence[Text] = ()
    namespace: Text | None = None
    ipv6: bool = False
    """Whether its subnets have IPv6 blocks, so that public load balancers and tasks' ways out speak both."""

    refused: ClassVar[Mapping[str, str]] = {
        "public_subnets": "is called public",
        "private_subnets": "is called private",
        "isolated_subnets": "is called isolated",
        "cidr_block": "is called cidr",
        "name": "is not needed: nothing is made, so there is nothing to name",
        "tags": "are never looked up; give the ids, which a template needs anyway",
    }

    def check(self) -> None:
        if isinstance(self.vpc_id, str) and not _VPC_ID.match(self.vpc_id):
            raise self.refuse(f"vpc_id looks like vpc-0123456789abcdef0, got {shown(self.vpc_id)}")
        if isinstance(self.cidr, str) and parse_block(self.cidr) is None:
            raise self.refuse(f"cidr must be an IPv4 block like 10.0.0.0/16, got {shown(self.cidr)}")
        seen: dict[str, str] = {}
        tiers: dict[str, Param | Sequence[Text]] = {
            "public": self.public,
            "private": self.private,
            "isolated": self.isolated,
        }
        for tier, ids in tiers.items():
            problem = problem_of_ids(ids)
            if problem is not None:
                raise self.refuse(f"{tier}: {problem}")
            for one in () if isinstance(ids, Param) else ids:
                if isinstance(one, str) and seen.setdefault(one, tier) != tier:
                    raise self.refuse(f"{one} is both {seen[one]} and {tier}; a subnet is in one tier")

    @property
    def who(self) -> str:
        return f"ExistingVpc {shown(self.vpc_id)}" if isinstance(self.vpc_id, str) else "ExistingVpc"

    # what others ask

    @property
    def cidr_block(self) -> Text:
        """The addresses of the VPC. Raises SpecError when they were not given."""
        if self.cidr is None:
            raise self.refuse("what is opened to the whole VPC needs its addresses; give ExistingVpc(cidr=...)")
        return self.cidr

    @property
    def internet(self) -> Sequence[Attr]:
        """What a public load balancer waits for: nothing, since the gateway is there."""
        return ()

    @property
    def namespace_arn(self) -> Text:
        """The Cloud Map namespace, by ARN or name; ECS takes either. Raises SpecError when there is none."""
        if self.namespace is None:
            raise self.refuse("an Endpoint needs a Cloud Map namespace to be found in; give ExistingVpc(namespace=...)")
        return self.namespace

    def has(self, tier: Tier) -> bool:
        return isinstance(self._ids(tier), Param) or bool(self._ids(tier))

    def subnets(self, tier: Tier, user: str) -> Subnets:
        """Give the subnets of a tier. Raises SpecError that names `user` when there are none."""
        if not self.has(tier):
            raise self.refuse(f"it has no {tier} subnets, and {user} needs them; give ExistingVpc({tier}=[...])")
        return Subnets(ids=self._ids(tier), tier=tier)

    def _ids(self, tier: Tier) -> Param | Sequence[Text]:
        ids: dict[Tier, Param | Sequence[Text]] = {
            "public": self.public,
            "private": self.private,
            "isolated": self.isolated,
        }
        return ids[tier]
