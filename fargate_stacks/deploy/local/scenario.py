"""What goes wrong on order: the file in which it is written, and what may stand in it.

A scenario is a TOML file (`local.toml` in the project's folder, or `--scenario FILE`) or one of those that
come with the package (`--scenario NAME`):

    speed = 60                              # a minute of AWS passes in a second; 0: nothing takes time
    seed = 7                                # another order of what nothing orders

    [[resource]]                            # a resource that fails, or takes longer
    type = "AWS::ECS::Service"              # or name = "WebService", or both; neither: every resource
    fails = "create"                        # create, update or delete
    reason = "no"                           # as the event tells it
    times = 1                               # default: every time
    slow = 5                                # seconds of this machine, in place of fails

    [[api]]                                 # a call that is answered with an error
    service = "cloudformation"
    operation = "DescribeStackEvents"       # default: every operation of the service
    error = "throttling"                    # throttling, lost, lost-answer, or a code of AWS: "AccessDenied"
    times = 3

    [[task]]                                # a container that does not do well
    fails = "crash"
    family = "Web"                          # the start of the task definition's family; default: every task
    exit_code = 3
    after = 20                              # seconds
    logs = ["connecting to the database", "no route to host"]
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from fargate_stacks.errors import DeployError

VERBS = ("create", "update", "delete")
TASK_FAILURES: dict[str, str] = {
    "image-not-found": "the image cannot be pulled: there is none of that name",
    "wrong-architecture": "the image is for another processor: exec format error, exit code 255",
    "secret-denied": "the execution role may not read a secret",
    "crash": "the container ends with exit_code after so many seconds",
    "out-of-memory": "the container is killed: OutOfMemoryError, exit code 137",
    "unhealthy": "the container's health check fails",
    "unhealthy-target": "the load balancer's health check fails",
    "no-capacity": "there is no capacity for the task",
    "slow-start": "the task takes so many seconds more to start",
}


@dataclass(frozen=True)
class ResourceRule:
    """A resource that fails or takes longer. Empty names match every resource."""

    type: str = ""
    name: str = ""
    fails: str = ""
    reason: str = (
        'Resource handler returned message: "told to fail by the scenario" (HandlerErrorCode: GeneralServiceException)'
    )
    times: int = -1
    slow: float = 0


@dataclass(frozen=True)
class ApiRule:
    """A call that is answered with an error, or late."""

    service: str
    operation: str = ""
    error: str = ""
    message: str = ""
    times: int = -1
    slow: float = 0


@dataclass(frozen=True)
class TaskRule:
    """A container that does not do well. Empty names match every task."""

    fails: str
    family: str = ""
    container: str = ""
    exit_code: int = 1
    after: float = 0
    logs: tuple[str, ...] = ()
    times: int = -1


@dataclass(frozen=True)
class Scenario:
    """How a local cloud behaves; None leaves speed and seed as they are."""

    resource: tuple[ResourceRule, ...] = ()
    api: tuple[ApiRule, ...] = ()
    task: tuple[TaskRule, ...] = ()
    speed: float | None = None
    seed: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Give it as plain values."""
        return asdict(self)


_TABLES: dict[str, type[Any]] = {"resource": ResourceRule, "api": ApiRule, "task": TaskRule}


def read(path: Path) -> Scenario:
    """Read a scenario file. Raises DeployError that names what is wrong in it."""
    try:
        return parse(tomllib.loads(path.read_text("utf-8")), path.name)
    except OSError as error:
        raise DeployError(f"local: cannot read the scenario {path}: {error.strerror}", exit_code=2) from error
    except tomllib.TOMLDecodeError as error:
        raise DeployError(f"{path.name}: {error}", exit_code=2) from error


def choose(wanted: str | None, folder: Path) -> Scenario | None:
    """Give the scenario of a name or a file, else that of local.toml, else None."""
    if wanted is None:
        own = folder / "local.toml"
        return read(own) if own.is_file() else None
    if wanted in READY_MADE:
        return READY_MADE[wanted][1]
    path = folder / wanted
    if path.suffix == ".toml" or path.is_file():
        return read(path)
    near = get_close_matches(wanted, READY_MADE, 1)
    hint = f"did you mean {near[0]}" if near else "fargate-stacks local scenarios lists them"
    raise DeployError(f"local: no scenario and no file {wanted!r}; {hint}", exit_code=2)


def parse(raw: Mapping[str, Any], source: str = "scenario") -> Scenario:
    """Make a scenario of plain values. Raises DeployError that names what is wrong."""
    _known(raw, {*_TABLES, "speed", "seed"}, source)
    made: dict[str, Any] = {}
    for table, kind in _TABLES.items():
        entries = raw.get(table, [])
        if not isinstance(entries, list | tuple):
            raise DeployError(f"{source}: write [[{table}]], with two brackets", exit_code=2)
        made[table] = tuple(_rule(kind, one, f"{source}: [[{table}]]") for one in entries)
    for name in ("speed", "seed"):
        value = raw.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or value < 0):
            raise DeployError(f"{source}: {name} is a number, 0 or more, got {value!r}", exit_code=2)
        made[name] = value
    return Scenario(**made)


def _known(raw: Mapping[str, Any], names: set[str], where: str) -> None:
    for name in raw.keys() - names:
        near = get_close_matches(name, names, 1)
        hint = f"did you mean {near[0]}" if near else f"known are {', '.join(sorted(names))}"
        raise DeployError(f"{where}: {name} means nothing; {hint}", exit_code=2)


def _rule(kind: type[Any], raw: Any, where: str) -> Any:
    if not isinstance(raw, Mapping):
        raise DeployError(f"{where}: a table is wanted, got {raw!r}", exit_code=2)
    known = {field.name: field for field in fields(kind)}
    _known(raw, set(known), where)
    for name, field in known.items():
        if field.default is MISSING and name not in raw:
            raise DeployError(f"{where}: {name} is missing", exit_code=2)
    values = {name: _value(where, name, known[name].type, value) for name, value in raw.items()}
    rule = kind(**values)
    _sensible(rule, where)
    return rule


def _value(where: str, name: str, kind: Any, value: Any) -> Any:
    if kind == "tuple[str, ...]":
        if isinstance(value, list | tuple) and all(isinstance(one, str) for one in value):
            return tuple(value)
        raise DeployError(f"{where}: {name} is a list of texts, got {value!r}", exit_code=2)
    wanted: Any = {"str": str, "int": int, "float": (int, float)}[kind]
    if isinstance(value, bool) or not isinstance(value, wanted):
        word = {"str": "a text", "int": "a whole number", "float": "a number"}[kind]
        raise DeployError(f"{where}: {name} is {word}, got {value!r}", exit_code=2)
    return value


def _sensible(rule: Any, where: str) -> None:
    match rule:
        case ResourceRule(fails=fails, slow=slow):
            if bool(fails) == bool(slow):
                raise DeployError(f"{where}: give either fails or slow", exit_code=2)
            if fails and fails not in VERBS:
                raise DeployError(f"{where}: fails is create, update or delete, got {fails!r}", exit_code=2)
        case ApiRule(error=error, slow=slow):
            if not error and not slow:
                raise DeployError(f"{where}: give error or slow", exit_code=2)
        case TaskRule(fails=fails):
            if fails not in TASK_FAILURES:
                near = get_close_matches(fails, TASK_FAILURES, 1)
                hint = f"did you mean {near[0]}" if near else f"known are {', '.join(TASK_FAILURES)}"
                raise DeployError(f"{where}: fails = {fails!r} means nothing; {hint}", exit_code=2)


READY_MADE: dict[str, tuple[str, Scenario]] = {
    "none": ("nothing goes wrong and nothing takes time", Scenario(speed=0, seed=0)),
    "aws-pace": ("everything takes the sixtieth part of the time that it takes on AWS", Scenario(speed=60)),
    **{
        name: (f"{told}, of every task", Scenario(task=(TaskRule(fails=name),)))
        for name, told in TASK_FAILURES.items()
        if name not in ("crash", "slow-start")
    },
    "crash": (
        "every container ends with exit code 1 after 2 seconds, with two lines in its log",
        Scenario(task=(TaskRule(fails="crash", after=2, logs=("starting", "panic: no configuration")),)),
    ),
    "slow-start": (
        "every task takes 30 seconds more to start",
        Scenario(task=(TaskRule(fails="slow-start", after=30),)),
    ),
    "throttled": (
        "CloudFormation answers every call with Rate exceeded three times, then works",
        Scenario(api=(ApiRule(service="cloudformation", error="throttling", times=3),)),
    ),
    "lost-connection": (
        "the answers to two calls of ExecuteChangeSet are lost; the change set is executed all the same",
        Scenario(api=(ApiRule(service="cloudformation", operation="ExecuteChangeSet", error="lost-answer", times=2),)),
    ),
    "service-fails-once": (
        "the first service that is created or updated fails, the second try succeeds",
        Scenario(
            resource=(
                ResourceRule(type="AWS::ECS::Service", fails="create", times=1),
                ResourceRule(type="AWS::ECS::Service", fails="update", times=1),
            )
        ),
    ),
    "delete-fails-once": (
        "the first load balancer that is deleted stays: the stack is DELETE_FAILED until the next try",
        Scenario(resource=(ResourceRule(type="AWS::ElasticLoadBalancingV2::LoadBalancer", fails="delete", times=1),)),
    ),
    "rollback-fails-once": (
        "an update of a service fails, and so does its way back: UPDATE_ROLLBACK_FAILED",
        Scenario(resource=(ResourceRule(type="AWS::ECS::Service", fails="update", times=2),)),
    ),
}
"""By name: what it is, and the scenario."""
