"""Values of a template as they are in the live stack: references, parameters and the functions around them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any


class Unresolved(Exception):
    """A value that only CloudFormation knows. Never leaves this package."""


class Resolver:
    """Resolves the intrinsics of one template; raises Unresolved for what is not known."""

    def __init__(
        self,
        *,
        physical: Callable[[str], str],
        parameters: Mapping[str, str],
        pseudo: Mapping[str, str],
        arn: Callable[[str, str], str] = lambda logical_id, physical_id: "",
    ) -> None:
        self._physical = physical
        self._arn = arn
        """Gives the ARN of a resource whose physical id is none; empty where it cannot."""
        self._parameters = parameters
        self._pseudo = pseudo

    def __call__(self, value: Any) -> Any:
        """Give a value with all intrinsics resolved; lists of lists are flattened where a list is joined."""
        if isinstance(value, Mapping):
            if len(value) == 1:
                ((name, argument),) = value.items()
                if name == "Ref" or name.startswith("Fn::"):
                    return self._intrinsic(name, argument)
            return {key: self(one) for key, one in value.items()}
        if isinstance(value, Sequence) and not isinstance(value, str):
            return [self(one) for one in value]
        return value

    def text(self, value: Any) -> str:
        """Give a value that must be one text."""
        found = self(value)
        if isinstance(found, (Mapping, list)):
            raise Unresolved(str(value))
        return str(found)

    def texts(self, value: Any) -> list[str]:
        """Give a list of texts; one text with commas is a list too, as in a parameter."""
        found = self(value)
        if isinstance(found, str):
            return [one.strip() for one in found.split(",") if one.strip()]
        return [text for one in found for text in (self.texts(one) if isinstance(one, list) else [str(one)])]

    def _intrinsic(self, name: str, argument: Any) -> Any:
        match name:
            case "Ref":
                return self._reference(str(argument))
            case "Fn::GetAtt":
                logical_id, _, attribute = (
                    argument.partition(".") if isinstance(argument, str) else (argument[0], ".", argument[1])
                )
                return self._attribute(str(logical_id), str(attribute))
            case "Fn::Sub":
                text, more = (argument, {}) if isinstance(argument, str) else (argument[0], self(argument[1]))
                told = re.sub(r"\$\{([^!}]+)\}", lambda match: self._substitute(match.group(1), more), text)
                return told.replace("${!", "${")
            case "Fn::Join":
                return str(argument[0]).join(self.texts(argument[1]))
            case "Fn::Split":
                return self.text(argument[1]).split(str(argument[0]))
            case "Fn::Select":
                found = self.texts(argument[1])
                index = int(self.text(argument[0]))
                if index < len(found):
                    return found[index]
        raise Unresolved(f"{name}: {argument}")

    def _substitute(self, name: str, more: Mapping[str, Any]) -> str:
        if name in more:
            return str(more[name])
        logical_id, dot, attribute = name.partition(".")
        return self._attribute(logical_id, attribute) if dot else self._reference(name)

    def _reference(self, name: str) -> str:
        if name in self._pseudo:
            return self._pseudo[name]
        if name in self._parameters:
            return self._parameters[name]
        found = self._physical(name)
        if not found:
            raise Unresolved(name)
        return found

    def _attribute(self, logical_id: str, attribute: str) -> str:
        """Give an attribute that the physical id tells: a group's id, or an ARN where that is the physical id."""
        found = self._physical(logical_id)
        if found and attribute == "Arn" and found[:4] != "arn:":
            found = self._arn(logical_id, found)
        if not found or attribute not in ("GroupId", "SubnetId", "VpcId", "Name", "Id", "Arn"):
            raise Unresolved(f"{logical_id}.{attribute}")
        return found
