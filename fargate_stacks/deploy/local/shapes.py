"""From a template's properties to an API's request, by the shapes of botocore's models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any


@cache
def model(service: str) -> Any:
    """Give botocore's model of a service; no session of the user's is read."""
    from botocore.loaders import Loader
    from botocore.model import ServiceModel

    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def input_of(service: str, operation: str) -> Callable[[Any], dict[str, Any]]:
    """Give a function that turns properties into the operation's request.

    Names are matched without their case (`EnableECSManagedTags`, `enableECSManagedTags`), numbers and booleans
    become what the API wants (a template may write "2" and "true"), keys of maps stay as they are, and what the
    operation does not take is left out.
    """
    shape = model(service).operation_model(operation).input_shape
    return lambda properties: dict(_converted(properties, shape))


def _converted(value: Any, shape: Any) -> Any:
    match shape.type_name:
        case "structure" if shape.is_document_type:
            return value
        case "structure" if isinstance(value, Mapping):
            members = {name.lower(): (name, member) for name, member in shape.members.items()}
            pairs = ((*members[key.lower()], item) for key, item in value.items() if key.lower() in members)
            return {name: _converted(item, member) for name, member, item in pairs}
        case "list" if isinstance(value, list):
            return [_converted(item, shape.member) for item in value]
        case "map" if isinstance(value, Mapping):
            return {key: _converted(item, shape.value) for key, item in value.items()}
        case "integer" | "long":
            return int(value)
        case "float" | "double":
            return float(value)
        case "boolean":
            return str(value).lower() == "true"
        case "string":
            return str(value).lower() if isinstance(value, bool) else str(value)
    return value
