"""Failures on order: what `local.toml` says shall go wrong, so that a team can rehearse it.

The file is read again whenever it changes, so a running local cloud obeys an edit at its next task. Nothing of the
emulator is imported here: the command line checks a file before it starts anything.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from fargate_stacks.deploy.local import scenario_rules
from fargate_stacks.deploy.local.scenario_table import TABLE, Kind
from fargate_stacks.errors import DeployError

NAME = "local.toml"
"""The scenario file of a project's folder."""

TAG = "fargate-stacks:scenario"
"""The tag on a service or a task definition whose value is a scenario and its options: `crash exit_code=3`."""

KINDS = {kind.name: kind for kind in TABLE}


@dataclass(frozen=True, eq=False)
class TaskRule:
    """What goes wrong with tasks.

    `of` is a glob over the names that a task goes by: its family and its service, whole or without the stack's name
    before them (`Api` means the construct `Api`). `image` is a glob over its images, `times` how many tasks it takes.
    """

    kind: Kind
    of: str = "*"
    image: str = "*"
    times: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def option(self, name: str) -> Any:
        """Give an option, or the default of its kind."""
        return self.options.get(name, self.kind.options[name])

    def means(self, names: Sequence[str], images: Sequence[str]) -> bool:
        """Tell whether a task of these names and images is meant."""
        return any(named(self.of, name) for name in names) and any(fnmatchcase(one, self.image) for one in images)


@dataclass(frozen=True, eq=False)
class HookRule:
    """What a lifecycle hook of a deployment answers."""

    outcome: str
    of: str = "*"
    stage: str = "*"
    after: float = 5

    def means(self, service: str, stage: str) -> bool:
        """Tell whether a hook of this service and stage is meant."""
        return named(self.of, service) and fnmatchcase(stage, self.stage)


@dataclass(frozen=True, eq=False)
class AlarmRule:
    """An alarm that fires while a service is deployed: some seconds into the deployment, or into one of its stages."""

    alarm: str
    of: str = "*"
    after: float = 30
    stage: str = ""

    def means(self, service: str) -> bool:
        """Tell whether the deployments of this service are meant."""
        return named(self.of, service)


def named(pattern: str, name: str) -> bool:
    """Tell whether a glob means a name, with or without the stack's name before it."""
    # CloudFormation and the constructs put the stack's name before their own
    return fnmatchcase(name, pattern) or fnmatchcase(name, f"*-{pattern}") or fnmatchcase(name, f"*-{pattern}Service-*")


def _task(entry: Mapping[str, Any]) -> TaskRule:
    kind = kindnamed(_text(entry, "scenario", required=True))
    own = {name: _as(kind.options[name], value, name) for name, value in entry.items() if name in kind.options}
    known = {"scenario", "of", "image", "times"}
    _only(entry, known | kind.options.keys(), kind.name)
    times = entry.get("times")
    if times is not None and (not isinstance(times, int) or times < 1):
        raise ValueError(f"times={times!r} is not a number above 0")
    return TaskRule(kind, _text(entry, "of", "*"), _text(entry, "image", "*"), times, own)


def _hook(entry: Mapping[str, Any]) -> HookRule:
    _only(entry, {"of", "stage", "outcome", "after"})
    outcome = _text(entry, "outcome", required=True)
    if outcome not in HOOK_OUTCOMES:
        raise ValueError(f"outcome={outcome!r} is none of {', '.join(HOOK_OUTCOMES)}")
    return HookRule(
        outcome, _text(entry, "of", "*"), _text(entry, "stage", "*"), _as(5.0, entry.get("after", 5), "after")
    )


def _alarm(entry: Mapping[str, Any]) -> AlarmRule:
    _only(entry, {"of", "alarm", "after", "stage"})
    after = _as(30.0, entry.get("after", 30), "after")
    return AlarmRule(_text(entry, "alarm", required=True), _text(entry, "of", "*"), after, _text(entry, "stage", ""))


HOOK_OUTCOMES = {
    "SUCCEEDED": "the Lambda function lets the deployment go on",
    "FAILED": "the Lambda function ends the deployment",
    "TIMED_OUT": "the Lambda function does not answer in time",
}

TABLES: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "task": _task,
    "hook": _hook,
    "alarm": _alarm,
    "resource": scenario_rules.resource,
    "api": scenario_rules.api,
}
"""The tables that a scenario file may hold, and how one entry is read; it raises ValueError with what is wrong."""


SETTINGS = ("speed", "seed")
"""Numbers at the top of a file: how many seconds of AWS pass in one (0: nothing takes time), and what decides the
order of resources that nothing orders."""


def kindnamed(name: str) -> Kind:
    """Give a scenario by name; raises ValueError that knows the nearest."""
    if name not in KINDS:
        near = get_close_matches(name, KINDS, 1)
        raise ValueError(
            f"scenario={name!r} is unknown; "
            + (f"did you mean {near[0]}?" if near else f"there are {', '.join(KINDS)}")
        )
    return KINDS[name]


def from_tag(value: str) -> TaskRule:
    """Read a tag's value, `crash exit_code=3 after=5`; raises ValueError."""
    name, *options = value.split()
    pairs = [option.partition("=")[::2] for option in options]
    return _task({"scenario": name, **dict(pairs)})


def load(path: Path) -> dict[str, tuple[Any, ...]]:
    """Read a scenario file; raises DeployError that names file, table and entry."""
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise DeployError(f"{path}: {error.strerror or error}", exit_code=2) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DeployError(f"{path}: is not TOML: {error}", exit_code=2) from None
    return parse(raw, str(path))


def parse(raw: Mapping[str, Any], where: str) -> dict[str, tuple[Any, ...]]:
    """Read what a scenario file holds; raises DeployError that names the file, the table and the entry."""
    read: dict[str, tuple[Any, ...]] = {}
    for table, entries in raw.items():
        if table in SETTINGS:
            try:
                read[table] = (scenario_rules.number(table, entries),)
            except ValueError as error:
                raise DeployError(f"{where}: {error}", exit_code=2) from None
            continue
        if table not in TABLES:
            raise DeployError(
                f"{where}: [[{table}]] is unknown; there are {', '.join(f'[[{name}]]' for name in sorted(TABLES))}, "
                f"{' and '.join(SETTINGS)}",
                exit_code=2,
            )
        if not isinstance(entries, list) or not all(isinstance(one, Mapping) for one in entries):
            raise DeployError(f"{where}: {table} is not a list of tables; write [[{table}]] before each", exit_code=2)
        rules = []
        for number, entry in enumerate(entries, 1):
            try:
                rules.append(TABLES[table](entry))
            except ValueError as error:
                raise DeployError(f"{where}: [[{table}]] {number}: {error}", exit_code=2) from None
        read[table] = tuple(rules)
    return read


class Script:
    """The scenario file that is in force: read at first use and whenever it changed; the last good one stays."""

    def __init__(self, path: Path | None = None) -> None:
        self.follow(path)

    def follow(self, path: Path | None) -> None:
        """Put a file in force, from its beginning."""
        self.path = path
        self.problem = ""
        self._stamp: tuple[int, int] | None = None
        self._read: Mapping[str, tuple[Any, ...]] = {}
        self._taken: Counter[tuple[TaskRule, str]] = Counter()

    def __call__(self, table: str) -> tuple[Any, ...]:
        """Give the entries of a table."""
        self._look()
        return self._read.get(table, ())

    def use(self, **tables: Sequence[Any]) -> None:
        """Put entries in force without a file."""
        self.path, self._read = None, {name: tuple(entries) for name, entries in tables.items()}

    def pick(
        self, account: str, names: Sequence[str], images: Sequence[str], tags: Iterable[Mapping[str, str]] = ()
    ) -> TaskRule | None:
        """Give the rule under which the next task of these names fails, if any; it counts as one of its `times`.

        A tag goes before the file, the first entry of the file before the others.
        """
        tagged: list[TaskRule] = [from_tag(tag["value"]) for tag in tags if tag["key"] == TAG]
        rules: tuple[TaskRule, ...] = (*tagged, *self("task"))
        for rule in rules:
            if not rule.means(names, images):
                continue
            if rule.times is not None and self._taken[rule, account] >= rule.times:
                continue
            self._taken[rule, account] += 1
            return rule
        return None

    def _look(self) -> None:
        if self.path is None:
            return
        try:
            found = self.path.stat()
            stamp = (found.st_mtime_ns, found.st_size)
        except OSError:
            self._stamp, self._read = None, {}
            return
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._read, self.problem = load(self.path), ""
            except DeployError as error:
                self.problem = str(error)


script = Script()
"""The scenario file of this process's local cloud."""


def _only(entry: Mapping[str, Any], known: Any, whose: str = "") -> None:
    for name in entry:
        if name not in known:
            of = f" of {whose}" if whose else ""
            raise ValueError(f"{name} is no option{of}; there are {', '.join(sorted(known))}")


def _text(entry: Mapping[str, Any], name: str, default: str = "", *, required: bool = False) -> str:
    value = entry.get(name, default)
    if not isinstance(value, str) or (required and not value):
        raise ValueError(f"{name} is missing" if name not in entry else f"{name}={value!r} is not a text")
    return value


def _as(default: Any, value: Any, name: str) -> Any:
    """Give an option's value as its default is; a tag says numbers as text."""
    if isinstance(default, tuple):
        if isinstance(value, str):
            return (value,)
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return tuple(value)
        raise ValueError(f"{name}={value!r} is not a list of texts")
    if isinstance(default, str):
        return str(value)
    try:
        return type(default)(value)
    except (TypeError, ValueError):
        raise ValueError(f"{name}={value!r} is not a number") from None
