"""What a template knows only when it is rendered or deployed: attributes, parameters, text made of both.

Each of these is opaque to troposphere: its `to_dict` gives a `Leaf`, which `render` resolves when it knows
where everything lives. So they may stand anywhere troposphere or awacs takes a value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Protocol

from fargate_stacks.core.construct import Construct, Value, verb
from fargate_stacks.core.hints import shown
from fargate_stacks.errors import SpecError

if TYPE_CHECKING:
    # troposphere has no py.typed: as a base it would make every attribute Any and hide mistakes
    _HelperFn = object
else:
    from troposphere import AWSHelperFn as _HelperFn

Removal = Literal["retain", "remove"]


class Scope(Protocol):
    """What a lazy value may ask of the stack that it is rendered into."""

    @property
    def removal(self) -> Removal: ...

    def reference(self, attr: Attr) -> Any: ...

    def reference_list(self, attrs: AttrList) -> Any: ...

    def parameter(self, param: Param) -> Any: ...

    def priority(self, of: object) -> int: ...


class Leaf:
    """The opaque thing that troposphere sees in place of a lazy value."""

    __slots__ = ("value",)

    def __init__(self, value: Intrinsic) -> None:
        self.value = value


class Intrinsic(_HelperFn):
    """A value that only `render` can write down."""

    def to_dict(self) -> Leaf:
        return Leaf(self)

    def resolve(self, scope: Scope) -> Any:
        """Give the plain data that stands for this value in the stack's template."""
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return f"<{self._label()}>"

    def __str__(self) -> str:
        self._not_text()

    def __format__(self, spec: str) -> str:
        self._not_text()

    def __add__(self, other: object) -> NoReturn:
        self._not_text()

    __radd__ = __add__

    def _label(self) -> str:
        return type(self).__name__

    def _not_text(self) -> NoReturn:
        raise SpecError(
            f"{self._label()}: its text is known only after deployment, so it cannot be part of a string; "
            f'write sub("...{{value}}...", value=...)'
        )


Text = str | Intrinsic
"""A string that may be known only after deployment."""


class Attr(Intrinsic):
    """What CloudFormation knows of one resource after deployment: its Ref, or a named attribute."""

    def __init__(self, owner: Construct, logical_id: str, attribute: str = "") -> None:
        self.owner = owner
        self.logical_id = logical_id
        self.attribute = attribute

    def resolve(self, scope: Scope) -> Any:
        return scope.reference(self)

    def _key(self) -> tuple[int, str, str]:
        return (id(self.owner), self.logical_id, self.attribute)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Attr) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _label(self) -> str:
        return f"{self.logical_id}.{self.attribute}" if self.attribute else self.logical_id


class AttrList(Intrinsic, Sequence[Attr]):
    """Several attributes of one construct that travel between stacks as one list parameter."""

    def __init__(self, name: str, items: Sequence[Attr]) -> None:
        self.name = name
        """The output's name when another stack needs the list."""
        self.items = tuple(items)

    def resolve(self, scope: Scope) -> Any:
        return scope.reference_list(self)

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Attr]:
        return iter(self.items)

    def __getitem__(self, index: Any) -> Any:
        return self.items[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AttrList) and (self.name, self.items) == (other.name, other.items)

    def __hash__(self) -> int:
        return hash((self.name, self.items))

    def _label(self) -> str:
        return self.name


class ByRemoval(Intrinsic):
    """One of two values, by what the stack's `removal` says."""

    def __init__(self, retain: Any, remove: Any) -> None:
        self.choices = {"retain": retain, "remove": remove}

    def resolve(self, scope: Scope) -> Any:
        return self.choices[scope.removal]


def by_removal(*, retain: Any, remove: Any) -> Any:
    """Give a value that depends on `Stack(removal=)`: a retention, a deletion policy, a protection."""
    return ByRemoval(retain, remove)


class _ParamFields(Value):
    name: str = field(kw_only=False)
    type: str = "String"
    default: str | int | float | Sequence[str] | None = None
    description: str = ""
    allowed_values: Sequence[str | int | float] = ()
    allowed_pattern: str | None = None
    min_value: int | float | None = None
    max_value: int | float | None = None
    min_length: int | None = None
    max_length: int | None = None
    no_echo: bool = False


_ParamFields.__name__ = "Param"  # what its error messages call it
_LOGICAL_ID = re.compile(r"[A-Za-z][A-Za-z0-9]{0,254}\Z", re.ASCII)
_PARAM_TYPE = re.compile(
    r"(String|Number|List<Number>|CommaDelimitedList|List<AWS::[\w:]+>|AWS::[\w:]+(<[\w:<>]+>)?)\Z"
)


class Param(Intrinsic):
    """A parameter of the template of every stack in which it is used.

    Its value is given at deployment (`--parameter NAME=VALUE`), else the default holds. `no_echo` hides it from
    the console and from this package's output; a secret still belongs in Secrets Manager, not here.
    Facts: CloudFormation user guide, "Parameters". Raises SpecError for a name, type or default that is none.
    """

    @verb
    def __init__(
        self,
        name: str,
        *,
        type: str = "String",
        default: str | int | float | Sequence[str] | None = None,
        description: str = "",
        allowed_values: Sequence[str | int | float] = (),
        allowed_pattern: str | None = None,
        min_value: int | float | None = None,
        max_value: int | float | None = None,
        min_length: int | None = None,
        max_length: int | None = None,
        no_echo: bool = False,
    ) -> None:
        given = {key: value for key, value in locals().items() if key not in ("self", "__class__")}
        self.fields = _ParamFields(**given)
        self.name = name
        self._check()

    def _check(self) -> None:
        spec = self.fields
        who = f"Param {shown(spec.name)}"
        if not _LOGICAL_ID.match(spec.name):
            raise SpecError(f"{who}: a parameter's name is ASCII letters and digits, a letter first")
        if not _PARAM_TYPE.match(spec.type):
            raise SpecError(
                f"{who}: type must be String, Number, CommaDelimitedList, a List<...> or an AWS type, "
                f"got {shown(spec.type)}"
            )
        if spec.allowed_values and spec.default is not None and spec.default not in spec.allowed_values:
            raise SpecError(
                f"{who}: default={shown(spec.default)} is not among allowed_values "
                f"{shown(spec.allowed_values)}; add it or choose one of them"
            )
        if spec.type == "Number" and isinstance(spec.default, str):
            raise SpecError(f"{who}: the default of a Number is a number, got {shown(spec.default)}")

    def declaration(self) -> dict[str, Any]:
        """Give the entry of the template's Parameters section."""
        spec = self.fields
        default = ",".join(spec.default) if isinstance(spec.default, tuple) else spec.default
        entry = {
            "Type": spec.type,
            "Description": spec.description or None,
            "Default": default,
            "AllowedValues": list(spec.allowed_values) or None,
            "AllowedPattern": spec.allowed_pattern,
            "MinValue": spec.min_value,
            "MaxValue": spec.max_value,
            "MinLength": spec.min_length,
            "MaxLength": spec.max_length,
            "NoEcho": spec.no_echo or None,
        }
        return {key: value for key, value in entry.items() if value is not None}

    def resolve(self, scope: Scope) -> Any:
        return scope.parameter(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Param) and self.name == other.name and self.declaration() == other.declaration()

    def __hash__(self) -> int:
        return hash(self.name)

    def _label(self) -> str:
        return f"Param {self.name}"


class NotedParam(Param):
    """A parameter whose value the deployer finds out; the template's metadata says how, under `section`.

    `local` is what only this machine knows and no template holds, such as a folder's place.
    """

    def __init__(
        self,
        name: str,
        *,
        section: Literal["LiveImages", "Builds"],
        content: dict[str, Any],
        local: dict[str, str] | None = None,
        default: str | None = None,
        description: str = "",
    ) -> None:
        super().__init__(name, default=default, description=description)
        self.section = section
        self.content = content
        self.local = local or {}


class LiveWeight(Param):
    """The weight of a target group in a listener rule that ECS rewrites while it deploys.

    A parameter, so that whoever deploys can fill it with the live weight; the template's metadata says which rule and
    target group that is. The default holds at the first deployment.
    """

    def __init__(self, name: str, *, rule: str, group: str, default: int) -> None:
        super().__init__(
            name,
            type="Number",
            default=default,
            description=f"live weight of {group} in {rule}",
            min_value=0,
            max_value=999,
        )
        self.live = {"Listener" if rule.endswith("Listener") else "ListenerRule": rule, "TargetGroup": group}


class Sub(Intrinsic):
    """Text with values in it, rendered as Fn::Sub."""

    def __init__(self, template: str, values: dict[str, Any]) -> None:
        self.template = template
        self.values = values

    def resolve(self, scope: Scope) -> Any:
        extra: dict[str, Any] = {}

        def fill(match: re.Match[str]) -> str:
            key = match.group(1)
            value = self.values[key]
            plain = value.resolve(scope) if isinstance(value, Intrinsic) else value
            if isinstance(plain, (str, int, float)):
                return str(plain).replace("${", "${!")
            if set(plain) == {"Ref"}:
                return f"${{{plain['Ref']}}}"
            if set(plain) == {"Fn::GetAtt"} and all(isinstance(one, str) for one in plain["Fn::GetAtt"]):
                return "${" + ".".join(plain["Fn::GetAtt"]) + "}"
            extra[key] = plain
            return "${" + key + "}"

        text = _PLACEHOLDER.sub(fill, self.template)
        if "${" not in text:
            return text
        return {"Fn::Sub": [text, extra] if extra else text}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sub) and (self.template, self.values) == (other.template, other.values)

    def __hash__(self) -> int:
        return hash((self.template, *sorted(self.values), *(self.values[key] for key in sorted(self.values))))

    def _label(self) -> str:
        return f"sub({self.template!r})"


_PLACEHOLDER = re.compile(r"(?<!\$)\{([A-Za-z_]\w*)\}")


def sub(template: str, /, **values: Text | int) -> Text:
    """Give text with values that are known only after deployment.

    `{name}` is filled from the keyword of that name; CloudFormation's own `${AWS::Region}` stays as it is.
    Raises SpecError for a placeholder without a value and for a value without a placeholder.
    """
    if not isinstance(template, str):
        raise SpecError(f"sub: the text must be a str, got {shown(template)}; give the values as keywords")
    asked = set(_PLACEHOLDER.findall(template))
    for key in sorted(asked - set(values)):
        raise SpecError(f"sub: {{{key}}} in {shown(template)} has no value; give {key}=")
    for key in sorted(set(values) - asked):
        raise SpecError(f"sub: {key}= is not in {shown(template)}; write {{{key}}} where it belongs")
    for key, value in values.items():
        if isinstance(value, AttrList) or not isinstance(value, (str, int, Intrinsic)):
            raise SpecError(f"sub: {key}= must be text or an attribute, got {shown(value)}")
    if not values and "${" not in template:
        return template
    return Sub(template, dict(values))
