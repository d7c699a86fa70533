"""The resource types of VPC Lattice, by its calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fargate_stacks.deploy.local.types import Type, map_of_tags


def _ends(*parts: str) -> dict[str, str]:
    return {part: part[0].lower() + part[1:] for part in parts}


_BASE = _ends("Arn", "Id")
_NETWORK = _ends("ServiceNetworkArn", "ServiceNetworkId", "ServiceNetworkName", "Status")
_ENTRY = {"DnsEntry.DomainName": "dnsEntry.domainName", "DnsEntry.HostedZoneId": "dnsEntry.hostedZoneId"}


def _type(noun: str, *more: Mapping[str, str], named: bool = False, update: bool = True) -> Type:
    name = noun[0].lower() + noun[1:]
    return Type(
        f"AWS::VpcLattice::{noun}",
        "vpc-lattice",
        f"Create{noun}",
        ("arn",),
        f"Delete{noun}",
        _above,
        update=f"Update{noun}" if update else "",
        by=f"{name}Identifier",
        named="Name" if named else "",
        attributes={name: path for one in (_BASE, *more) for name, path in one.items()},
        given=_given,
        read=f"Get{noun}",
    )


def _above(physical_id: str, props: Mapping[str, Any]) -> dict[str, Any]:
    """Give what a listener or a rule belongs to, which a deletion names too."""
    parts = ["service"] * ("/listener/" in physical_id) + ["listener"] * ("/rule/" in physical_id)
    return {f"{part}Identifier": props[f"{part.title()}Identifier"] for part in parts}


def _given(props: Mapping[str, Any]) -> dict[str, Any]:
    # the update of a target group takes its health check alone, which the properties have inside
    health = (props.get("Config") or {}).get("HealthCheck")
    return {**map_of_tags(props), **({"HealthCheck": health} if health else {})}


TYPES = (
    _type("ServiceNetwork", named=True),
    _type("Service", _ENTRY, _ends("Status"), named=True),
    _type(
        "ServiceNetworkServiceAssociation",
        _ENTRY,
        _NETWORK,
        _ends("ServiceArn", "ServiceId", "ServiceName"),
        update=False,
    ),
    _type("ServiceNetworkVpcAssociation", _NETWORK, _ends("VpcId")),
    _type("TargetGroup", _ends("Status"), named=True),
    _type("Listener", _ends("ServiceArn", "ServiceId"), named=True),
    _type("Rule", named=True),
)
