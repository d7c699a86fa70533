"""The permissions boundary and the path of every role."""

from __future__ import annotations

from typing import Any

from fargate_stacks.core.stack import App, Stack
from fargate_stacks.core.values import Intrinsic, Leaf


def apply_bounds(kind: str | None, body: dict[str, Any], stack: Stack, app: App) -> None:
    """Give an encoded role the boundary and the path of its stack, else of its app; its own win."""
    if kind != "AWS::IAM::Role":
        return
    boundary = app.permissions_boundary if stack.permissions_boundary is None else stack.permissions_boundary
    path = app.role_path if stack.role_path is None else stack.role_path
    properties = body.setdefault("Properties", {})
    if boundary is not None:
        lazy = Leaf(boundary) if isinstance(boundary, Intrinsic) else boundary
        properties.setdefault("PermissionsBoundary", lazy)
    if path is not None:
        properties.setdefault("Path", path)
