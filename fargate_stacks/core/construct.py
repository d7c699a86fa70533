"""Frozen values and constructs: what a subclass must write is its fields and `build`."""

from __future__ import annotations

import dataclasses
import functools
import os
import re
import sys
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import FrameType
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, ParamSpec, Protocol, TypeVar, dataclass_transform

from fargate_stacks.core.hints import Hint, hint_of, shown
from fargate_stacks.errors import SpecError

if TYPE_CHECKING:
    from fargate_stacks.core.values import Attr

_C = TypeVar("_C", bound="Construct")
_P = ParamSpec("_P")
_R = TypeVar("_R")
_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_BLUEPRINTS = os.path.join(_PACKAGE, "blueprints") + os.sep
_OURS = __name__.partition(".")[0] + "."
_NAME = re.compile(r"[A-Z][A-Za-z0-9]{0,63}\Z", re.ASCII)


class Resource(Protocol):
    """A troposphere resource, as far as this package looks at one."""

    @property
    def title(self) -> str | None: ...

    @property
    def resource_type(self) -> str | None: ...

    @property
    def properties(self) -> dict[str, Any]: ...

    @property
    def resource(self) -> dict[str, Any]: ...

    def to_dict(self) -> dict[str, Any]: ...


class Source(NamedTuple):
    """A line of a user's file."""

    file: str
    line: int


def nearest(word: str, known: typing.Iterable[str]) -> str:
    """Give `, did you mean X` for the known word that is most like this one, or nothing."""
    import difflib

    found = difflib.get_close_matches(str(word), list(known), n=1, cutoff=0.6)
    return f"; did you mean {found[0]}" if found else ""


def _caller() -> tuple[Source, ...]:
    """The user's frames, innermost first: past this package and what dataclasses generate."""
    frames: list[Source] = []
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and len(frames) < 8:
        file = frame.f_code.co_filename
        ours = file.startswith(_PACKAGE) and not file.startswith(_BLUEPRINTS)
        if not (ours or file[0] == "<" or file == dataclasses.__file__):
            frames.append(Source(file, frame.f_lineno))
        frame = frame.f_back
    return tuple(frames)


def user_folder() -> str:
    """The folder of the user's file that is making something now."""
    frames = _caller()
    return os.path.dirname(os.path.abspath(frames[0].file)) if frames else ""


class _ValueType(type):
    """Answers a wrong call with a `SpecError` that names the field and the nearest right one."""

    if not TYPE_CHECKING:

        def __call__(cls, *args: Any, **kwargs: Any) -> Any:
            fields = cls._fields
            unknown = next((key for key in kwargs if key not in fields), None)
            if unknown is not None:
                raise SpecError(cls._unknown_field(unknown, kwargs.get("name", *args[:1])))
            positional = [one.name for one in fields.values() if not one.kw_only]
            given = {**dict(zip(positional, args, strict=False)), **kwargs}
            who = _who(cls.__name__, given.get("name"))
            if len(args) > len(positional):
                extra = shown(args[len(positional)])
                raise SpecError(
                    f"{who}: {extra} has no field name; "
                    f"every field but {' and '.join(positional) or 'none'} is given by keyword"
                )
            for position, key in enumerate(positional[: len(args)]):
                if key in kwargs:
                    raise SpecError(f"{who}: {key} is given twice, got {shown(args[position])} first")
            for one in fields.values():
                required = one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING
                if required and one.name not in given:
                    raise SpecError(f"{who}: {one.name} is missing; give {one.name}=")
            return super().__call__(*args, **kwargs)


def _states(base: type, key: str) -> bool:
    """Whether a class says what a field admits, and not only another default."""
    return key not in getattr(base, "_redefaulted", ())


def _who(kind: str, name: Any) -> str:
    return f'{kind} "{name}"' if isinstance(name, str) and name else kind


@dataclass_transform(kw_only_default=True, frozen_default=True, eq_default=False, field_specifiers=(field,))
class Frozen(metaclass=_ValueType):
    """The base of values and constructs: a subclass is a frozen dataclass with keyword-only fields.

    Sequences and mappings are copied and every field is held against its annotation.
    """

    if TYPE_CHECKING:
        __dataclass_fields__: ClassVar[dict[str, Any]]
    refused: ClassVar[Mapping[str, str]] = {}
    """Field names that users of other tools try here, with the reason why there is none."""

    _hints: ClassVar[dict[str, Hint]]
    _fields: ClassVar[Mapping[str, dataclasses.Field[Any]]] = {}
    _redefaulted: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._redefaulted = cls._restate_defaults()
        # no generated methods: writing and compiling them for each class was a third of what importing us cost
        dataclass(init=False, kw_only=True, eq=False, repr=False)(cls)
        cls._fields = {one.name: one for one in dataclasses.fields(cls) if one.init}

    @classmethod
    def _restate_defaults(cls) -> frozenset[str]:
        """Make `cidr = "10.1.0.0/16"` in a subclass change the field's default, annotated or not."""
        annotations = dict(cls.__dict__.get("__annotations__", {}))
        for key, value in list(cls.__dict__.items()):
            field_like = key in annotations and "ClassVar" not in str(annotations[key])
            if field_like and isinstance(value, (dict, list)):  # copied, so `= {}` is no trap here
                setattr(cls, key, field(default_factory=value.copy))
        changed = set()
        for key, inherited in getattr(cls, "__dataclass_fields__", {}).items():
            if key not in cls.__dict__:
                continue
            if key not in annotations:
                annotations[key] = Any
                changed.add(key)
            if not inherited.kw_only and not isinstance(cls.__dict__[key], dataclasses.Field):
                setattr(cls, key, field(default=cls.__dict__[key], kw_only=False))
        cls.__annotations__ = annotations
        return frozenset(changed)

    if not TYPE_CHECKING:  # a type checker reads the fields, and knows that they are frozen

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            positional = [key for key, one in self._fields.items() if not one.kw_only]
            given = {**dict(zip(positional, args, strict=False)), **kwargs}
            for key, one in self._fields.items():
                if key in given:
                    value = given[key]
                else:
                    value = one.default if one.default_factory is dataclasses.MISSING else one.default_factory()
                object.__setattr__(self, key, value)
            self.__post_init__()

        def __setattr__(self, name: str, value: Any) -> None:
            raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")

        def __delattr__(self, name: str) -> None:
            raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")

    def __post_init__(self) -> None:
        cls = type(self)
        for key, one in cls._fields.items():
            value = getattr(self, key)
            if value is one.default and cls.__module__.startswith(_OURS):
                continue  # our own defaults are right, and need not be looked at each time
            hint = cls._hint(key)
            if not hint.admits(value):
                raise SpecError(f"{self.who}: {key} {hint.refuse(value)}")
            frozen = hint.freeze(value)
            if frozen is not value:
                object.__setattr__(self, key, frozen)
        self.check()

    def check(self) -> None:
        """Refuse what the annotations admit and the thing itself cannot be. Raises SpecError."""

    @property
    def who(self) -> str:
        """What an error message calls this value."""
        return _who(type(self).__name__, getattr(self, "name", None))

    def __repr__(self) -> str:
        return f"<{self.who}>"

    def refuse(self, problem: str) -> SpecError:
        """Make the error that names this value; the caller raises it."""
        return SpecError(f"{self.who}: {problem}")

    @classmethod
    def _hint(cls, key: str) -> Hint:
        """The check of one field, made when it is first needed."""
        if "_hints" not in cls.__dict__:
            cls._hints = {}
        if key not in cls._hints:
            home = next(base for base in cls.__mro__ if key in base.__dict__["__annotations__"] and _states(base, key))
            cls._hints[key] = hint_of(home.__dict__["__annotations__"][key], home.__module__)
        return cls._hints[key]

    @classmethod
    def _unknown_field(cls, key: str, name: Any = None) -> str:
        who = _who(cls.__name__, name)
        if key in cls.refused:
            return f"{who}: {key} {cls.refused[key]}"
        known = list(cls._fields)
        hint = nearest(key, known) or f"; the fields are {', '.join(known)}"
        return f"{who}: there is no field {key}{hint}"


class Value(Frozen):
    """A frozen part of constructs that has no resources of its own."""


class Construct(Frozen):
    """A named thing that renders CloudFormation resources; frozen, and equal only to itself."""

    name: str = field(kw_only=False)
    """Letters and digits, a capital first; the start of every logical id."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "_sources", _caller())
        name: object = self.name
        given = name if isinstance(name, str) else ""
        if not _NAME.match(given):
            pascal = "".join(word[:1].upper() + word[1:] for word in re.findall(r"[A-Za-z0-9]+", given))
            cure = f"; call it {pascal[:64]}" if _NAME.match(pascal[:64]) else ""
            raise SpecError(
                f"{type(self).__name__}: a name is up to 64 ASCII letters and digits, a capital first, "
                f"got {shown(self.name)}{cure}"
            )
        super().__post_init__()

    def build(self) -> Iterator[Resource]:
        """Give fresh troposphere objects at every call, in reading order."""
        raise NotImplementedError(f"{type(self).__name__} has no build()")

    def id(self, part: str) -> str:
        """The logical id of one part."""
        return self.name + part

    def attr(self, part: str, name: str = "") -> Attr:
        """What CloudFormation knows of a part after deployment: its Ref, or the attribute named."""
        from fargate_stacks.core.values import Attr

        return Attr(self, self.id(part), name)


def verb(call: Callable[_P, _R]) -> Callable[_P, _R]:
    """Answer a wrong call of a method or function as constructs answer theirs: each argument held to its annotation."""
    code, defaults = call.__code__, call.__kwdefaults__ or {}
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    first = 1 if names[:1] in (("self",), ("cls",)) else 0
    known, positional = names[first:], code.co_varnames[first : code.co_argcount]
    optional = {*defaults, *positional[len(positional) - len(call.__defaults__ or ()) :]}
    kind = call.__qualname__.partition(".")[0] if call.__name__ == "__init__" else call.__name__
    hints: dict[str, Hint] = {}

    @functools.wraps(call)
    def checked(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        owner: Any = args[0] if first else None
        if isinstance(owner, (Frozen, type)):
            who = f"{owner.who if isinstance(owner, Frozen) else owner.__name__}.{call.__name__}()"
        else:
            who = _who(kind, (*args, None)[first])
        for key in kwargs:
            if key not in known:
                hint = nearest(key, known) or f"; it takes {', '.join(known) or 'nothing'}"
                raise SpecError(f"{who}: there is no argument {key}{hint}")
        if len(args) > code.co_argcount:
            raise SpecError(
                f"{who}: {shown(args[code.co_argcount])} has no argument name; it takes {', '.join(known) or 'nothing'}"
            )
        given = dict(zip(positional, args[first:], strict=False))
        for key in known:
            if key in given and key in kwargs:
                raise SpecError(f"{who}: {key} is given twice, got {shown(given[key])} first")
            if key not in given and key not in kwargs and key not in optional:
                raise SpecError(f"{who}: {key} is missing; give {key}=")
        if not hints:
            found = call.__annotations__
            hints.update({key: hint_of(found[key], call.__module__) for key in known if key in found})
        for key, value in (*given.items(), *kwargs.items()):
            if key in hints and not hints[key].admits(value):
                raise SpecError(f"{who}: {key} {hints[key].refuse(value)}")
        return call(*args, **kwargs)

    return checked


def sources_of(thing: Construct) -> tuple[Source, ...]:
    """Every line of user code that led to a construct, innermost first."""
    found: tuple[Source, ...] = getattr(thing, "_sources", ())
    return found


def source_of(thing: Construct) -> Source | None:
    """The line of user code that made a construct: in an `infra.py` where there is one."""
    frames = sources_of(thing)
    return next((one for one in frames if os.path.basename(one.file) == "infra.py"), None) or next(iter(frames), None)


def construct(cls: type[_C]) -> type[_C]:
    """Mark a class as a construct. Subclassing `Construct` already makes it one; this only says so."""
    return cls
