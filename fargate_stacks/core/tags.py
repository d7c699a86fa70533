"""Tags of app and stack on every resource that takes tags."""

from __future__ import annotations

from typing import Any

from fargate_stacks.errors import RenderError

_NAMES = ("Tags", "FileSystemTags", "AccessPointTags")
_CREATE_ONLY = ("AWS::ECS::ExpressGatewayService",)
"""Types that another tag would replace (their resource schema)."""


def apply_tags(resource: Any, body: dict[str, Any], tags: dict[str, str], who: str) -> None:
    """Add `tags` to an encoded resource; its own win. What the type does with tags is troposphere's knowledge.

    Raises RenderError when more than AWS's 50 come together.
    """
    name = next((one for one in _NAMES if one in resource.props), None)
    if not tags or name is None or resource.resource_type in _CREATE_ONLY:
        return
    properties = body.setdefault("Properties", {})
    own = properties.get(name)
    if resource.props[name][0] is dict or isinstance(own, dict):
        properties[name] = {**tags, **(own or {})}
    else:
        own = own or []
        named = {one["Key"] for one in own if isinstance(one, dict) and "Key" in one}
        extra: list[dict[str, Any]] = [{"Key": key, "Value": value} for key, value in tags.items() if key not in named]
        if _propagates(resource):
            extra = [{**one, "PropagateAtLaunch": True} for one in extra]
        properties[name] = [*own, *extra]
    if len(properties[name]) > 50:
        raise RenderError(f"{who} has {len(properties[name])} tags with those of its stack and app; AWS takes 50")


def _propagates(resource: Any) -> bool:
    return bool(resource.resource_type == "AWS::AutoScaling::AutoScalingGroup")
