"""Stacks and apps: which constructs are deployed together, and under which names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any, Literal, TypeAlias, Union

from fargate_stacks.core.construct import Construct, Frozen, Resource, nearest
from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import Intrinsic, Removal, Text
from fargate_stacks.errors import RenderError, SpecError

Member: TypeAlias = Union[Construct, Resource, Sequence["Member"]]  # noqa: UP007 - a forward reference takes no |

_STACK_NAME = re.compile(r"[A-Za-z][-A-Za-z0-9]{0,127}\Z", re.ASCII)
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d\Z")
_OUTPUT = re.compile(r"[A-Za-z0-9]{1,255}\Z", re.ASCII)
_TAGS_LEFT = 45  # of CloudFormation's 50: five are kept for what the deployer and AWS add


class Resources(dict[str, Any]):
    """A stack's finished troposphere objects by logical id; a missing id answers with the nearest one."""

    def __init__(self, stack: str, objects: Mapping[str, Any]) -> None:
        super().__init__(objects)
        self._stack = stack

    def __missing__(self, key: str) -> Any:
        raise RenderError(
            f'Stack "{self._stack}": customize asks for {shown(key)}, which is not among its '
            f"{len(self)} resources{nearest(key, self)}"
        )


class Stack(Frozen):
    """Constructs that are created, updated and deleted together.

    `removal="retain"` (the default) protects what holds data: deletion protection, retained log groups and final
    snapshots; `"remove"` lets a development stack be destroyed whole. `customize` sees the finished troposphere
    objects by logical id and may change, add or remove any. `outputs` are text or attributes by name.
    `permissions_boundary` and `role_path` are those of every role in the stack, by default the app's.
    Raises SpecError for a name that CloudFormation refuses, a member that is none, and reserved tags.
    """

    name: str = field(kw_only=False)
    members: Sequence[Member] = field(kw_only=False)
    description: str = ""
    region: str | None = None
    account: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, Text] = field(default_factory=dict)
    removal: Removal = "retain"
    permissions_boundary: Text | None = None
    """The ARN of the managed policy that bounds what its roles may do, whatever their own policies allow."""
    role_path: str | None = None
    """The path of its roles' names, such as "/apps/"; another one replaces them."""
    termination_protection: bool | None = None
    customize: Callable[[Resources], object] | None = None

    def check(self) -> None:
        if not _STACK_NAME.match(self.name):
            raise SpecError(
                f"Stack {shown(self.name)}: a stack's name is up to 128 ASCII letters, digits and hyphens, "
                f"a letter first"
            )
        for one in self.flat():
            if not isinstance(one, Construct) and not _is_resource(one):
                raise self.refuse(
                    f"a member must be a construct or a troposphere resource, got {shown(one)}{_member_cure(one)}"
                )
        if len(self.description.encode()) > 1024:
            raise self.refuse("a description has up to 1,024 bytes; shorten it")
        if self.region is not None and not _REGION.match(self.region):
            raise self.refuse(f"region must look like eu-west-1, got {shown(self.region)}")
        if self.account is not None and not re.fullmatch(r"\d{12}", self.account):
            raise self.refuse(f"account must be 12 digits, got {shown(self.account)}")
        for key in self.outputs:
            if not _OUTPUT.match(key):
                raise self.refuse(f"an output's name is letters and digits, got {shown(key)}")
        check_tags(self.who, self.tags)
        check_roles(self.who, self.permissions_boundary, self.role_path)

    def flat(self) -> Iterator[Any]:
        """Give the members one by one, out of the lists and tuples that hold them."""
        yield from _flat(self.members)


class App(Frozen):
    """All stacks that are rendered and deployed together.

    `references="parameters"` passes values between stacks as parameters that the deployer fills from live outputs;
    `"exports"` writes Export and Fn::ImportValue for those who deploy with other tools. Tags reach every
    taggable resource; a stack's own win. `permissions_boundary` and `role_path` reach every role of the stacks that
    give none. Raises SpecError for what is no stack and RenderError for twin names.
    """

    stacks: Sequence[Stack] = field(kw_only=False)
    tags: Mapping[str, str] = field(default_factory=dict)
    references: Literal["parameters", "exports"] = "parameters"
    permissions_boundary: Text | None = None
    """The ARN of the managed policy that bounds what the roles may do, whatever their own policies allow."""
    role_path: str | None = None
    """The path of the roles' names, such as "/apps/"; another one replaces them."""

    def check(self) -> None:
        if not self.stacks:
            raise SpecError("App: it has no stack; give App([Stack(...)])")
        names = [stack.name for stack in self.stacks]
        for name in names:
            if names.count(name) > 1:
                raise SpecError(
                    f'App: two stacks are named "{name}"; names are unique in an app, a region may be part of them'
                )
        check_tags("App", self.tags)
        check_roles("App", self.permissions_boundary, self.role_path)


def check_roles(who: str, boundary: Text | None, path: str | None) -> None:
    """Refuse what IAM refuses of a permissions boundary and of a path (API reference, CreateRole)."""
    if isinstance(boundary, str) and not re.fullmatch(r"arn:aws[\w-]*:iam::(\d{12}|aws):policy/[\w+=,.@/-]+", boundary):
        raise SpecError(
            f"{who}: permissions_boundary must be the ARN of a managed policy, "
            f"arn:aws:iam::123456789012:policy/name, got {shown(boundary)}"
        )
    if path is not None and not (len(path) <= 512 and re.fullmatch(r"/([\x21-\x2e\x30-\x7e]+/)*", path)):
        raise SpecError(f"{who}: role_path starts and ends with a slash, like /apps/, got {shown(path)}")


def check_tags(who: str, tags: Mapping[str, str]) -> None:
    """Refuse tags that AWS refuses: limits of the Tag API and the reserved prefix `aws:`."""
    if len(tags) > _TAGS_LEFT:
        raise SpecError(f"{who}: at most {_TAGS_LEFT} tags, got {len(tags)}; five of AWS's 50 are kept for deployments")
    for key, value in tags.items():
        if key.lower().startswith("aws:"):
            raise SpecError(f"{who}: the tag {shown(key)} starts with aws:, which AWS keeps for itself; rename it")
        if not 1 <= len(key) <= 128 or len(value) > 256:
            raise SpecError(
                f"{who}: the tag {shown(key)} must have a key of 1-128 and a value of up to 256 characters; shorten it"
            )


def _flat(members: Sequence[Any]) -> Iterator[Any]:
    for one in members:
        if isinstance(one, (list, tuple)):
            yield from _flat(one)
        else:
            yield one


def _is_resource(value: object) -> bool:
    # a property object or a Parameter has no resource type; an Intrinsic answers to nothing of this
    return not isinstance(value, Intrinsic) and isinstance(getattr(value, "resource_type", None), str)


def _member_cure(value: object) -> str:
    if isinstance(value, str):
        return "; give the construct itself, not its name"
    if isinstance(value, Stack):
        return "; give its members, or a stack of its own in App([...])"
    if isinstance(value, Intrinsic):
        return "; give the construct that owns it"
    return "; existing things and parts of constructs are values, not members: leave it out"
