"""References between stacks: which output feeds which parameter, and which of them cannot work."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import NamedTuple

from fargate_stacks.core.stack import Stack
from fargate_stacks.core.values import Attr, AttrList
from fargate_stacks.errors import RenderError

# The parameter types that CloudFormation checks against the account: "Supplied parameter types" in its user guide.
_REF_TYPES = {
    "AWS::EC2::VPC": "AWS::EC2::VPC::Id",
    "AWS::EC2::Subnet": "AWS::EC2::Subnet::Id",
    "AWS::EC2::SecurityGroup": "AWS::EC2::SecurityGroup::Id",
    "AWS::Route53::HostedZone": "AWS::Route53::HostedZone::Id",
}
_ATT_TYPES = {
    ("AWS::EC2::SecurityGroup", "GroupId"): "AWS::EC2::SecurityGroup::Id",
    ("AWS::EC2::VPC", "VpcId"): "AWS::EC2::VPC::Id",
    ("AWS::EC2::Subnet", "SubnetId"): "AWS::EC2::Subnet::Id",
}
# What exists in one region only, and what another account may use only with its owner's word.
_REGIONAL = ("AWS::EC2::", "AWS::ECS::", "AWS::ElasticLoadBalancingV2::", "AWS::ServiceDiscovery::", "AWS::RDS::")
_GUARDED = ("AWS::SQS::Queue", "AWS::SecretsManager::Secret", "AWS::S3::Bucket", "AWS::KMS::Key", "AWS::SNS::Topic")


class Edge(NamedTuple):
    """One stack's need of another."""

    consumer: str
    producer: str
    why: str


def output_name(value: Attr | AttrList) -> str:
    """The producer's output that carries a value."""
    if isinstance(value, AttrList):
        return value.name
    return re.sub(r"[^A-Za-z0-9]", "", value.logical_id + value.attribute)


def parameter_name(stack: str, output: str) -> str:
    """The consumer's parameter: it starts with the producing stack's name."""
    words = re.findall(r"[A-Za-z0-9]+", stack)
    # an ARN is no secret, but AWS's own engine wants NoEcho for whatever is named like one (W2509), and a NoEcho value
    # cannot be read back at the next deploy
    plain = re.sub("[Ss]ecret|[Pp]assword", lambda word: "Credential" if word[0].istitle() else "credential", output)
    return "".join(word[0].upper() + word[1:] for word in words) + plain


def parameter_type(value: Attr | AttrList, resource_type: str, *, same_place: bool) -> str:
    """The CloudFormation type of a reference: as exact as the account and region allow.

    Typed parameters are checked where the consumer lives, so across accounts and regions only String works.
    """
    exact = "String"
    if same_place:
        attribute = value.attribute if isinstance(value, Attr) else value.items[0].attribute
        exact = (
            _ATT_TYPES.get((resource_type, attribute), "String")
            if attribute
            else _REF_TYPES.get(resource_type, "String")
        )
    if isinstance(value, AttrList):
        return "CommaDelimitedList" if exact == "String" else f"List<{exact}>"
    return exact


def same_place(one: Stack, other: Stack) -> bool:
    return (one.region, one.account) == (other.region, other.account)


def refuse_impossible(
    *, consumer: Stack, producer: Stack, user: str, owner: str, resource_type: str, references: str
) -> None:
    """Raise RenderError for a reference over regions or accounts that cannot work, naming both ends."""
    regions = None not in (consumer.region, producer.region) and consumer.region != producer.region
    accounts = None not in (consumer.account, producer.account) and consumer.account != producer.account
    if not (regions or accounts):
        return
    where = (
        f'{user} in stack "{consumer.name}" ({_place(consumer)}) uses {owner} '
        f'of stack "{producer.name}" ({_place(producer)})'
    )
    if references == "exports":
        raise RenderError(f'{where}: exports do not cross regions or accounts; use App(references="parameters")')
    if resource_type.startswith(_REGIONAL):
        across = "regions" if regions else "accounts"
        raise RenderError(f"{where}: {resource_type} cannot be used across {across}; put both into one")
    if accounts and resource_type in _GUARDED:
        raise RenderError(f"{where}: another account may use {resource_type} only when its owner shares it")


def _place(stack: Stack) -> str:
    return ", ".join(word for word in (stack.region, stack.account) if word) or "default"


def deployable_order(stacks: Sequence[Stack], edges: Iterable[Edge]) -> list[str]:
    """Sort stacks so that each comes after what it needs; the app's own order where nothing decides.

    Raises RenderError that names every edge of a ring.
    """
    needs: dict[str, dict[str, str]] = {stack.name: {} for stack in stacks}
    for edge in edges:
        needs[edge.consumer].setdefault(edge.producer, edge.why)
    sorter = TopologicalSorter({name: needs[name].keys() for name in needs})
    try:
        sorter.prepare()
    except CycleError as error:
        raise RenderError(_ring(error.args[1], needs)) from None
    order: list[str] = []
    place = {stack.name: index for index, stack in enumerate(stacks)}
    waiting: list[str] = []
    while sorter.is_active():
        waiting += sorter.get_ready()
        waiting.sort(key=lambda name: place[name])
        order.append(waiting.pop(0))
        sorter.done(order[-1])
    return order


def _ring(nodes: Sequence[str], needs: Mapping[str, Mapping[str, str]]) -> str:
    # graphlib gives the ring from producer to consumer, its first node repeated at the end
    steps = [f'"{consumer}" needs "{producer}" ({needs[consumer][producer]})' for producer, consumer in pairwise(nodes)]
    return (
        f"App: {len(steps)} stacks need each other in a ring: {'; '.join(steps)}; "
        f"move one of these constructs to the other stack"
    )
