"""Deletion protection, switched off where it would turn a failed create into a stack that cannot go.

While a stack is made, a failure makes CloudFormation delete what it has just made. A load balancer or a
database that refuses leaves the stack in ROLLBACK_FAILED. So new resources are made without protection,
and a second update switches it on.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Mapping
from typing import Any

_FLAG: dict[str, tuple[str, str | bool]] = {
    "AWS::Cognito::UserPool": ("DeletionProtection", "INACTIVE"),
    "AWS::DSQL::Cluster": ("DeletionProtectionEnabled", False),
    "AWS::DocDB::DBCluster": ("DeletionProtection", False),
    "AWS::DynamoDB::Table": ("DeletionProtectionEnabled", False),
    "AWS::ECS::Gateway": ("DeletionProtection", False),
    "AWS::EKS::Cluster": ("DeletionProtection", False),
    "AWS::Logs::LogGroup": ("DeletionProtectionEnabled", False),
    "AWS::Neptune::DBCluster": ("DeletionProtection", False),
    "AWS::RDS::DBCluster": ("DeletionProtection", False),
    "AWS::RDS::DBInstance": ("DeletionProtection", False),
    "AWS::RDS::GlobalCluster": ("DeletionProtection", False),
}
"""By type, the property that protects and its value for off."""

_ATTRIBUTE = "deletion_protection.enabled"


def unprotected(template: Mapping[str, Any], *, keep: Collection[str] = ()) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Give a copy of a template with protection off, and the logical ids where it was on.

    Resources named in `keep` stay as they are: those that exist already.
    """
    changed: list[str] = []
    copied = copy.deepcopy(dict(template))
    for logical_id, resource in copied.get("Resources", {}).items():
        if logical_id in keep or not isinstance(resource, dict):
            continue
        switch = _SWITCHES.get(resource.get("Type", ""))
        if switch is not None and switch(resource.get("Properties") or {}):
            changed.append(logical_id)
    return copied, tuple(changed)


def _flag(name: str, off: str | bool) -> Callable[[dict[str, Any]], bool]:
    return lambda properties: _set(properties, name, off)


def _attribute(properties: dict[str, Any]) -> bool:
    attributes = properties.get("LoadBalancerAttributes")
    if not isinstance(attributes, list):
        return False
    # written out as false: without the attribute a load balancer keeps the last value
    found = [one for one in attributes if isinstance(one, dict) and one.get("Key") == _ATTRIBUTE]
    return sum(_set(one, "Value", "false") for one in found) > 0


def _replicas(properties: dict[str, Any]) -> bool:
    replicas = properties.get("Replicas")
    if not isinstance(replicas, list):
        return False
    return sum(_set(one, "DeletionProtectionEnabled", False) for one in replicas if isinstance(one, dict)) > 0


def _set(holder: dict[str, Any], name: str, off: str | bool) -> bool:
    value = holder.get(name)
    if value is None or str(value).lower() == str(off).lower():
        return False
    holder[name] = off
    return True


_SWITCHES: dict[str, Callable[[dict[str, Any]], bool]] = {
    **{kind: _flag(name, off) for kind, (name, off) in _FLAG.items()},
    "AWS::ElasticLoadBalancingV2::LoadBalancer": _attribute,
    "AWS::DynamoDB::GlobalTable": _replicas,
}


def retained(template: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the logical ids that stay behind when the stack is deleted."""
    resources = template.get("Resources", {})
    return tuple(
        logical_id
        for logical_id, resource in resources.items()
        if isinstance(resource, dict) and resource.get("DeletionPolicy") in ("Retain", "RetainExceptOnCreate")
    )


def removal(resource: Mapping[str, Any]) -> str:
    """Give what becomes of a resource that is taken out: Delete, Retain or Snapshot."""
    kind = resource.get("Type", "")
    by_itself = kind == "AWS::RDS::DBCluster" or (
        kind == "AWS::RDS::DBInstance" and "DBClusterIdentifier" not in (resource.get("Properties") or {})
    )
    policy = str(resource.get("DeletionPolicy", "Snapshot" if by_itself else "Delete"))
    return "Retain" if policy == "RetainExceptOnCreate" else policy
