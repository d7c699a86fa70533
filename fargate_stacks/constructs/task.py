"""What runs: containers that share a size, a network interface and a pair of roles."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, ClassVar, Literal

from fargate_stacks.constructs.access import Access, ExistingRole, SecretValue, plain
from fargate_stacks.constructs.container import Container
from fargate_stacks.constructs.sizes import cheapest, size_problem, units
from fargate_stacks.constructs.volume import Volume
from fargate_stacks.core.construct import Value, nearest, verb
from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import Attr, Text
from fargate_stacks.errors import SpecError

if TYPE_CHECKING:
    from fargate_stacks.constructs.key import Key
    from fargate_stacks.constructs.log_drivers import LogDriver

Os = Literal[
    "LINUX",
    "WINDOWS_SERVER_2019_CORE",
    "WINDOWS_SERVER_2019_FULL",
    "WINDOWS_SERVER_2022_CORE",
    "WINDOWS_SERVER_2022_FULL",
    "WINDOWS_SERVER_2025_CORE",
    "WINDOWS_SERVER_2025_FULL",
]

RETENTION = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
"""The days that CloudWatch Logs can keep (API reference, PutRetentionPolicy)."""

_LINUX_ONLY = ("user", "readonly_root", "drop", "add", "tmpfs", "ulimits", "system_controls", "env_files")


class Task(Value):
    """Containers that are placed together; it has no identity, each runner makes its own definition and roles.

    `cpu` in CPU units (1024 are one vCPU) and `memory` in MiB, or both as text like `"0.5 vCPU"` and `"2 GB"`, must be
    one of the 77 pairs that Fargate has; `Task.fitting(containers)` chooses the cheapest. `ephemeral_storage` in GiB is
    20 when left out, else 21 to 200. `uses` is what the containers may do: each verb of a provider brings its
    permissions, network ways, environment, secrets, volumes and sidecars. Log lines are kept for `log_retention` days.
    `pid_mode="task"` lets containers see each other's processes, `fault_injection` lets AWS FIS act on the task. Raises
    SpecError for what Fargate would refuse, the nearest legal size included.
    """

    containers: Sequence[Container]
    cpu: int | str = 256
    memory: int | str = 512
    architecture: Literal["X86_64", "ARM64"] = "X86_64"
    os: Os = "LINUX"
    ephemeral_storage: int | None = None
    volumes: Sequence[Volume] = ()
    uses: Sequence[Access] = ()
    log_retention: int = 30
    log_encryption: Key | None = None
    """A key of your own for the log group."""
    log_group: Text | None = None
    """The name of a log group that is there already, in place of one that each runner makes."""
    logs: LogDriver | None = None
    """Where log lines go instead of CloudWatch Logs: a `FireLens` or `Splunk`."""
    pid_mode: Literal["task"] | None = None
    fault_injection: bool = False
    execution_role: ExistingRole | None = None
    task_role: ExistingRole | None = None
    """Roles of your own; by default each runner makes its two, with exactly what they need."""

    refused: ClassVar[Mapping[str, str]] = {
        "network_mode": "is always awsvpc on Fargate; leave it out",
        "ipc_mode": "is refused on Fargate; leave it out",
        "placement_constraints": "is refused on Fargate, which has no instances to choose from; leave it out",
        "inference_accelerators": "is refused on Fargate; leave it out",
        "requires_compatibilities": "is always FARGATE; leave it out",
        "family": "derives from the stack's and the runner's name; leave it out",
        "execution_role_arn": "is called execution_role; it takes an ExistingRole",
        "task_role_arn": "is called task_role; it takes an ExistingRole",
        "permissions_boundary": "belongs to all roles of a stack or an app: Stack(permissions_boundary=...)",
        "enable_fault_injection": "is called fault_injection",
        "image": "belongs to a container: containers=[Container(image=...)]",
        "memory_limit_mib": "is called memory",
        "runtime_platform": "is called architecture and os",
    }

    def check(self) -> None:
        if units(self.cpu, "vCPU") is None:
            raise self.refuse(f'cpu as text is like "0.5 vCPU", got {shown(self.cpu)}; or give CPU units')
        if units(self.memory, "GB") is None:
            raise self.refuse(f'memory as text is like "2 GB", got {shown(self.memory)}; or give MiB')
        problem = size_problem(self.cpu_units, self.memory_mib, windows=self.windows)
        if problem:
            raise self.refuse(problem)
        if self.windows and self.architecture != "X86_64":
            raise self.refuse(f"Windows on Fargate runs on X86_64, got {self.architecture}")
        if self.ephemeral_storage is not None and not 21 <= self.ephemeral_storage <= 200:
            raise self.refuse(
                f"ephemeral_storage must be 21 to 200 GiB, got {self.ephemeral_storage}; 20 GiB come without asking"
            )
        if self.windows and self.pid_mode is not None:
            raise self.refuse("pid_mode is for Linux; leave it out")
        if self.windows and self.ephemeral_storage is not None:
            raise self.refuse("ephemeral_storage cannot be chosen for Windows on Fargate; leave it out")
        if self.log_retention not in RETENTION:
            near = min(RETENTION, key=lambda days: abs(days - self.log_retention))
            raise self.refuse(f"CloudWatch Logs cannot keep {self.log_retention} days; log_retention={near} is nearest")
        if self.log_group is not None:
            self._check_log_group()
        self._check_containers()
        self._check_sums()
        self._check_order()
        self._check_mounts()
        self._check_uses()

    def _check_log_group(self) -> None:
        if isinstance(self.log_group, str) and not re.fullmatch(r"[\w./#-]{1,512}", self.log_group, re.ASCII):
            raise self.refuse(f"log_group is the name of a log group, like /ecs/web, got {shown(self.log_group)}")
        for key, default in (("log_retention", 30), ("log_encryption", None)):
            if getattr(self, key) != default:
                raise self.refuse(f"{key} is for a log group that is made, and log_group= is there; leave one out")

    def _check_containers(self) -> None:
        if not self.containers or len(self.all) > 10:
            raise self.refuse(f"a task has 1 to 10 containers, got {len(self.all)}")
        names = self.names
        for one, name in zip(self.all, names, strict=True):
            if not name:
                raise self.refuse(f"container {shown(one.image)} needs a name; only the first is called app by itself")
            if names.count(name) > 1:
                raise self.refuse(f'two containers are named "{name}"; give each its own name')
        ports: dict[int, str] = {}
        for one, name in zip(self.all, names, strict=True):
            if one.port is not None and ports.setdefault(one.port, name) != name:
                raise self.refuse(
                    f'containers "{ports[one.port]}" and "{name}" both listen on port {one.port}; '
                    f"they share one network interface, so change one"
                )
        if not any(one.essential for one in self.all):
            raise self.refuse("no container is essential, so the task would never end; leave essential=True on one")
        if self.windows:
            for one, name in zip(self.all, names, strict=True):
                for key in _LINUX_ONLY:
                    if getattr(one, key):
                        raise self.refuse(f'container "{name}": {key} is for Linux, and os={self.os}; leave it out')

    def _check_sums(self) -> None:
        cpu = sum(one.cpu or 0 for one in self.all)
        if cpu > self.cpu_units:
            raise self.refuse(
                f"its containers ask for cpu {cpu} together and it has cpu={self.cpu_units}; lower them or raise it"
            )
        for one, name in zip(self.all, self.names, strict=True):
            if one.memory is not None and one.memory > self.memory_mib:
                raise self.refuse(
                    f'container "{name}" has memory={one.memory}, more than the task\'s '
                    f"memory={self.memory_mib}; lower it"
                )
            if one.memory is not None and sum(one.tmpfs.values()) >= one.memory:
                raise self.refuse(
                    f'container "{name}" has {sum(one.tmpfs.values())} MiB of tmpfs, which its memory={one.memory} '
                    f"must hold; lower one or raise the other"
                )
        reserved = sum(one.memory_reservation or 0 for one in self.all)
        if reserved > self.memory_mib:
            raise self.refuse(
                f"its containers reserve {reserved} MiB together and it has memory={self.memory_mib}; "
                f"lower them or raise it"
            )
        scratch = sum(sum(one.tmpfs.values()) for one in self.all)
        if scratch >= self.memory_mib:
            raise self.refuse(
                f"{scratch} MiB of tmpfs leave nothing of memory={self.memory_mib}; lower tmpfs or raise memory"
            )

    def _check_order(self) -> None:
        known = dict(zip(self.names, self.all, strict=True))
        for name, one in known.items():
            for other, state in one.depends_on.items():
                if other not in known:
                    raise self.refuse(
                        f'container "{name}" depends on "{other}", which the task lacks{_near(other, known)}'
                    )
                if state == "HEALTHY" and known[other].health is None:
                    raise self.refuse(
                        f'container "{name}" waits for "{other}" to be HEALTHY, which has no health check; '
                        f"give it health=HealthCheck(...)"
                    )
                if state in ("COMPLETE", "SUCCESS") and known[other].essential:
                    raise self.refuse(
                        f'container "{name}" waits for the end of "{other}", and the end of an essential container '
                        f"ends the task; give it essential=False"
                    )
        try:
            TopologicalSorter({name: list(one.depends_on) for name, one in known.items()}).prepare()
        except CycleError as error:
            ring = " → ".join(f'"{one}"' for one in error.args[1])
            raise self.refuse(f"its containers depend on each other in a ring: {ring}; take one step out") from None

    def _check_mounts(self) -> None:
        volumes = [one.name for one in self.volumes]
        twin = next((one for one in volumes if volumes.count(one) > 1), None)
        if twin:
            raise self.refuse(f'two volumes are named "{twin}"; give each its own name')
        by_name: dict[str, tuple[str, str]] = {}
        for volume, user in self._named_volumes():
            identity = plain(volume.definition())
            before, other = by_name.setdefault(volume.name, (identity, user))
            if before != identity:
                raise self.refuse(
                    f'{other} and {user} both bring a volume named "{volume.name}"; give one another name'
                )
        for volume in self.all_volumes:
            problem = volume.problem(self.os)
            if problem is not None:
                raise self.refuse(f"volume {volume.name} {problem}")
        if len(self.launched_volumes) > 1:
            raise self.refuse("a Fargate task has one EBS volume at most; leave the others out")
        for one, name in zip(self.all, self.names, strict=True):
            for path, target in one.mounts.items():
                wanted = target.removesuffix(":ro")
                if wanted not in by_name:
                    raise self.refuse(
                        f'container "{name}" mounts "{wanted}" at {path}, and the task has no such volume'
                        f"{nearest(wanted, by_name) or f'; give volumes=[Volume({wanted!r})]'}"
                    )
            taken = dict.fromkeys((*one.mounts, *one.tmpfs), f'container "{name}"')
            for access in self._uses_of(name):
                for path in access.mounts:
                    other = taken.setdefault(path, access.label)
                    if other != access.label:
                        raise self.refuse(f"{other} and {access.label} both mount at {path}; change one path")

    def _named_volumes(self) -> Iterator[tuple[Volume, str]]:
        yield from ((one, "the task") for one in self.volumes)
        yield from ((one, access.label) for access in self.uses for one in access.volumes)

    def _check_uses(self) -> None:
        for access in self.uses:
            if access.container is not None and access.container not in self.names:
                raise self.refuse(
                    f'{access.label} goes to container "{access.container}", which the task lacks'
                    f"{_near(access.container, self.names)}"
                )
        for one, name in zip(self.all, self.names, strict=True):
            taken: dict[str, tuple[str, str]] = {
                key: (f'container "{name}"', f"its own {key}") for key in (*one.env, *one.secrets)
            }
            for access in self._uses_of(name):
                for key, value in (*access.environment.items(), *access.secrets.items()):
                    identity = plain([value.value_from, value.service] if isinstance(value, SecretValue) else value)
                    other, before = taken.setdefault(key, (access.label, identity))
                    if before != identity:
                        raise self.refuse(
                            f"{other} and {access.label} both set the environment name {key}; "
                            f"give one another name, for example env={key + '_2'!r}"
                        )

    @classmethod
    @verb
    def fitting(
        cls,
        containers: Sequence[Container],
        *,
        architecture: Literal["X86_64", "ARM64"] = "X86_64",
        os: Os = "LINUX",
        volumes: Sequence[Volume] = (),
        uses: Sequence[Access] = (),
    ) -> Task:
        """Give a task of the cheapest legal size that holds its containers' `cpu`, `memory` and `tmpfs` together.

        What else it is told goes by `replace(Task.fitting([...]), ephemeral_storage=40)`. A container without a
        memory of its own counts with its reservation and its tmpfs. Raises SpecError when no size is large enough.
        """
        every = [*containers, *(one for access in uses for one in access.sidecars)]
        cpu = sum(one.cpu or 0 for one in every)
        scratch = sum(sum(one.tmpfs.values()) for one in every)
        memory = sum(one.memory or (one.memory_reservation or 0) + sum(one.tmpfs.values()) for one in every)
        size = cheapest(cpu, max(memory, scratch + 1), windows=os != "LINUX")
        if size is None:
            raise SpecError(
                f"Task.fitting: no size of Fargate has cpu {cpu} and {memory} MiB together; split the task in two"
            )
        return cls(
            containers=containers,
            cpu=size[0],
            memory=size[1],
            architecture=architecture,
            os=os,
            volumes=volumes,
            uses=uses,
        )

    # what runners ask

    @property
    def cpu_units(self) -> int:
        return units(self.cpu, "vCPU") or 0

    @property
    def memory_mib(self) -> int:
        return units(self.memory, "GB") or 0

    @cached_property
    def all(self) -> tuple[Container, ...]:
        """The containers, and after them the sidecars of uses and logs."""
        sidecars = [one for access in self.uses for one in access.sidecars]
        if self.logs is not None and self.logs.router is not None:
            sidecars.append(self.logs.router)
        return (*self.containers, *sidecars)

    @property
    def all_volumes(self) -> list[Volume]:
        """The volumes, with those of uses, each once."""
        return list({one.name: one for one, _ in self._named_volumes()}.values())

    @property
    def launched_volumes(self) -> list[Volume]:
        """Those that whoever starts a task must say: one at most."""
        return [one for one in self.all_volumes if one.at_launch]

    @property
    def windows(self) -> bool:
        return self.os != "LINUX"

    @property
    def names(self) -> list[str]:
        """The containers' names in their order."""
        return [one.name or ("app" if place == 0 else "") for place, one in enumerate(self.all)]

    def name_of(self, container: Container) -> str:
        return self.names[[id(one) for one in self.all].index(id(container))]

    def port_name(self, port: int) -> str:
        """What Service Connect calls a port: the name of the container that has it, as ECS admits one."""
        return next(port_name(self.name_of(one)) for one in self.containers if one.port == port)

    def environment_of(self, container: Container) -> dict[str, Text]:
        """A container's own environment and what its uses bring, by name."""
        found = dict(container.env)
        for access in self._uses_of(self.name_of(container)):
            found.update(access.environment)
        return found

    def secrets_of(self, container: Container) -> dict[str, SecretValue]:
        found = {key: secret_value(value) for key, value in container.secrets.items()}
        for access in self._uses_of(self.name_of(container)):
            found.update(access.secrets)
        return found

    def mounts_of(self, container: Container) -> dict[str, str]:
        """Path to volume: a container's own and those of its uses."""
        found = dict(container.mounts)
        for access in self._uses_of(self.name_of(container)):
            found.update(access.mounts)
        return found

    @property
    def after(self) -> list[Attr]:
        """What must exist before a container starts, each once."""
        secrets = [value for one in self.all for value in self.secrets_of(one).values()]
        after = [*(one.after for one in self.uses), *(one.after for one in secrets)]
        return list(dict.fromkeys(attr for attrs in after for attr in attrs))

    def _uses_of(self, name: str) -> Iterator[Access]:
        first = self.names[0]
        return (one for one in self.uses if (one.container or first) == name)


def _near(word: str, known: Iterable[str]) -> str:
    return nearest(word, known) or f"; it has {', '.join(known)}"


def port_name(container: str) -> str:
    """The name of a container's port mapping: lower case, no hyphen first, at most 64 (API reference, PortMapping)."""
    return container.lower().lstrip("-_")[:64] or "port"


def secret_value(value: str | SecretValue) -> SecretValue:
    """Take an ARN apart: `arn:...:secret:name-AbCdEf:field:stage:version` reads one field of one version."""
    if isinstance(value, SecretValue):
        return value
    if ":ssm:" in value:
        return SecretValue(arn=value, service="ssm")
    *arn, field, stage, version = value.split(":") if value.count(":") == 9 else (*value.split(":"), "", "", "")
    secret = ":".join(arn)
    exact = re.search(r"-[A-Za-z0-9]{6}\Z", secret) is not None
    return SecretValue(arn=secret, exact=exact, field=field or None, stage=stage or None, version=version or None)
