"""Secrets of Secrets Manager: their reference in a template is the ARN, for the emulator the name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ministack.services import secretsmanager
from ministack.services.cloudformation import provisioners

Props = Mapping[str, Any]


def register() -> None:
    """Put the ARN where the emulator's handlers put the name."""
    handlers = provisioners._RESOURCE_HANDLERS
    by_name = handlers["AWS::SecretsManager::Secret"]

    def create(logical_id: str, props: Props, stack: str) -> tuple[str, Mapping[str, str]]:
        _, attributes = by_name["create"](logical_id, props, stack)
        return attributes["Arn"], attributes

    def update(
        arn: str, old: Props, new: Props, stack: str, logical_id: str | None = None
    ) -> tuple[str, Mapping[str, str]]:
        _, attributes = by_name["update"](_name(arn), old, new, stack, logical_id)
        return attributes["Arn"], attributes

    def delete(arn: str, props: Props) -> None:
        by_name["delete"](_name(arn), props)

    handlers["AWS::SecretsManager::Secret"] = {**by_name, "create": create, "update": update, "delete": delete}


def _name(arn: str) -> str:
    found: str | None = secretsmanager._resolve(arn)[0]
    return found or arn
