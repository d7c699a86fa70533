"""What a scenario file says of resources and of calls, and the settings at its top; read without the emulator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any

VERBS = ("create", "update", "delete")
_TOLD = (
    'Resource handler returned message: "Failed on order of the scenario (Service: Local, Status Code: 500, Request '
    'ID: local)" (HandlerErrorCode: GeneralServiceException)'
)


@dataclass(frozen=True, eq=False)
class ResourceRule:
    """A resource that fails or takes longer. Empty names match every resource."""

    type: str = ""
    name: str = ""
    """The logical id."""
    fails: str = ""
    """create, update or delete."""
    reason: str = _TOLD
    times: int = -1
    slow: float = 0.0
    """Seconds of this machine, in place of `fails`."""
    without_role: str = ""
    """It holds only while the account lacks this role."""

    def means(self, resource_type: str, name: str) -> bool:
        """Tell whether a resource is meant."""
        return self.type in ("", resource_type) and self.name in ("", name)


@dataclass(frozen=True, eq=False)
class ApiRule:
    """A call that is answered with an error, or late."""

    service: str
    operation: str = ""
    """Empty: every operation."""
    error: str = ""
    """throttling, lost (nothing is done), lost-answer (all is done), or a code of AWS."""
    message: str = ""
    times: int = -1
    slow: float = 0.0


def resource(entry: Mapping[str, Any]) -> ResourceRule:
    """Read an entry of [[resource]]; raises ValueError with what is wrong."""
    rule: ResourceRule = _read(ResourceRule, entry)
    if bool(rule.fails) == bool(rule.slow):
        raise ValueError("give either fails or slow")
    if rule.fails and rule.fails not in VERBS:
        raise ValueError(f"fails={rule.fails!r} is none of {', '.join(VERBS)}")
    return rule


def api(entry: Mapping[str, Any]) -> ApiRule:
    """Read an entry of [[api]]; raises ValueError with what is wrong."""
    rule: ApiRule = _read(ApiRule, entry)
    if not rule.error and not rule.slow:
        raise ValueError("give error or slow")
    return rule


def number(name: str, value: Any) -> float:
    """Read `speed` or `seed`; raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ValueError(f"{name}={value!r} is not a number from 0 up")
    return value


def _read(kind: type[Any], entry: Mapping[str, Any]) -> Any:
    known = {one.name: one for one in fields(kind)}
    for name in entry:
        if name not in known:
            raise ValueError(f"{name} is no option; there are {', '.join(sorted(known))}")
    for name, one in known.items():
        if one.default is MISSING and name not in entry:
            raise ValueError(f"{name} is missing")
    words: dict[str, tuple[Any, str]] = {
        "str": (str, "a text"),
        "int": (int, "a whole number"),
        "float": ((int, float), "a number"),
    }
    for name, value in entry.items():
        wanted, word = words[str(known[name].type)]
        if isinstance(value, bool) or not isinstance(value, wanted):
            raise ValueError(f"{name}={value!r} is not {word}")
    return kind(**entry)
