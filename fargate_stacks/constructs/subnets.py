"""The subnets of one tier, as those that place something in them see them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from fargate_stacks.core.construct import Value
from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import Attr, AttrList, Param, Text

Tier = Literal["public", "private", "isolated"]
"""public: a route to the internet both ways; private: a route out, through NAT; isolated: neither."""

_SUBNET_ID = re.compile(r"subnet-[0-9a-f]{8,17}\Z", re.ASCII)


class Subnets(Value):
    """Subnets of one tier: a VPC's, or those that you name by their ids.

    `ids` are texts, or one parameter of a list type (`List<AWS::EC2::Subnet::Id>`), whose length nothing knows
    before the deployment. `after` is what must exist before a task in them can reach anything.
    Raises SpecError for what is no subnet id.
    """

    ids: AttrList | Param | Sequence[Text]
    tier: Tier
    after: Sequence[Attr] = ()

    def check(self) -> None:
        problem = problem_of_ids(self.ids)
        if problem is not None:
            raise self.refuse(problem)
        if self.count == 0:
            raise self.refuse("there is none; give at least one subnet id")

    @property
    def count(self) -> int | None:
        """How many there are; None for a list parameter."""
        return None if isinstance(self.ids, Param) else len(self.ids)


def problem_of_ids(ids: AttrList | Param | Sequence[Text]) -> str | None:
    """Say what is wrong with subnet ids, or nothing."""
    if isinstance(ids, Param):
        kind = ids.fields.type
        if kind == "CommaDelimitedList" or kind.startswith("List<"):
            return None
        return f"Param {ids.name} holds one value, its type is {kind}; give [Param(...)], or a Param of a list type"
    for one in ids:
        if isinstance(one, str) and not _SUBNET_ID.match(one):
            return f"a subnet id looks like subnet-0123456789abcdef0, got {shown(one)}"
        if isinstance(one, AttrList):
            return f"{one.name} is a list of subnets by itself; give it without the list around it"
        if isinstance(one, Param) and one.fields.type in ("CommaDelimitedList", "List<AWS::EC2::Subnet::Id>"):
            return f"Param {one.name} is a list by itself; give it without the list around it"
    texts = [one for one in ids if isinstance(one, str)]
    twin = next((one for one in texts if texts.count(one) > 1), None)
    return f"{twin} is given twice; give each subnet once" if twin else None


def problem_of_groups(ids: Sequence[Text], *, made: int) -> str | None:
    """Say what is wrong with security groups that tasks are in beside the `made` ones, or nothing."""
    if len(ids) + made > 5:  # API reference, AwsVpcConfiguration
        return f"ECS admits 5 security groups, of which it makes {made}, got {len(ids)} more; leave some out"
    for one in ids:
        if isinstance(one, str) and not re.fullmatch(r"sg-[0-9a-f]{8,17}", one):
            return f"a security group's id looks like sg-0123456789abcdef0, got {shown(one)}"
    texts = [one for one in ids if isinstance(one, str)]
    twin = next((one for one in texts if texts.count(one) > 1), None)
    return f"{twin} is given twice; give each security group once" if twin else None
