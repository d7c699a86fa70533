"""One container of a task."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from troposphere import ecs

from fargate_stacks.constructs.access import SecretValue, check_env
from fargate_stacks.core.construct import Value, nearest
from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import Text, sub

if TYPE_CHECKING:  # few containers have them: they are imported where they are given
    from fargate_stacks.constructs.image import ImageSource
    from fargate_stacks.constructs.log_drivers import FireLens

_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}\Z", re.ASCII)
_HOST = r"(?:localhost|[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)+|[a-zA-Z0-9-]+(?=:))(?::\d{1,5})?"
_PART = r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*"
# the grammar of distribution/reference; each alternative starts differently, so that no text takes long to refuse
_IMAGE = re.compile(
    rf"(?:{_HOST}/)?{_PART}(?:/{_PART})*(?::\w[\w.-]{{0,127}})?(?:@sha256:[0-9a-f]{{64}})?\Z",
    re.ASCII,
)
_SECRET_ARN = re.compile(
    r"arn:aws[a-z-]*:(secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+(:[^:{}$\s]*:[\w/+=.@-]*:[\w-]*)?"
    r"|ssm:[a-z0-9-]+:\d{12}:parameter/[\w./-]+)\Z",
    re.ASCII,
)
# API reference, Ulimit and SystemControl
_ULIMITS = (
    "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio",
    "rttime", "sigpending", "stack",
)  # fmt: skip
_KERNEL = ("kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall", "kernel.shmmax",
           "kernel.shmmni", "kernel.shm_rmid_forced")  # fmt: skip
_NOWHERE = "is refused on Fargate, where tasks share no host; leave it out"


class HealthCheck(Value):
    """A command that ECS runs in the container; exit code 0 is healthy.

    `HealthCheck(["CMD", "/bin/health"])` runs a program, `HealthCheck("curl -f localhost")` a shell line. Three
    failures in a row (`retries`) after `start_period` make the container unhealthy. Bounds: API reference, HealthCheck.
    """

    command: str | Sequence[str] = field(kw_only=False)
    interval: timedelta = timedelta(seconds=30)
    timeout: timedelta = timedelta(seconds=5)
    retries: int = 3
    start_period: timedelta | None = None

    def check(self) -> None:
        command = self.words
        if command[0] not in ("CMD", "CMD-SHELL") or len(command) < 2 or not all(command):
            raise self.refuse(
                f'command starts with "CMD" or "CMD-SHELL" and a program follows, got {shown(self.command)}'
            )
        for key, low, high in (("interval", 5, 300), ("timeout", 2, 60)):
            seconds = getattr(self, key).total_seconds()
            if not low <= seconds <= high or seconds % 1:
                raise self.refuse(f"{key} must be {low} to {high} whole seconds, got {seconds:g}")
        if not 1 <= self.retries <= 10:
            raise self.refuse(f"retries must be 1 to 10, got {self.retries}")
        if self.start_period is not None:
            seconds = self.start_period.total_seconds()
            if not 0 <= seconds <= 300 or seconds % 1:
                raise self.refuse(f"start_period must be 0 to 300 whole seconds, got {seconds:g}")

    @property
    def words(self) -> list[str]:
        return ["CMD-SHELL", self.command] if isinstance(self.command, str) else [*self.command] or [""]

    def definition(self) -> Any:
        more = {} if self.start_period is None else {"StartPeriod": int(self.start_period.total_seconds())}
        return ecs.HealthCheck(
            Command=self.words,
            Interval=int(self.interval.total_seconds()),
            Timeout=int(self.timeout.total_seconds()),
            Retries=self.retries,
            **more,
        )


class Restart(Value):
    """Starts a container again when it ends, without ending the task.

    One that ran for less than `period`, 60 to 1800 seconds, is not started again; nor is one that ended with an
    exit code of `ignored_exit_codes`. Facts: API reference, ContainerRestartPolicy. Raises SpecError.
    """

    period: timedelta = timedelta(seconds=300)
    ignored_exit_codes: Sequence[int] = ()

    def check(self) -> None:
        seconds = self.period.total_seconds()
        if not 60 <= seconds <= 1800 or seconds % 1:
            raise self.refuse(f"period must be 60 to 1800 whole seconds, got {seconds:g}")
        if len(self.ignored_exit_codes) > 50:
            raise self.refuse(f"ignored_exit_codes has up to 50, got {len(self.ignored_exit_codes)}")
        for code in self.ignored_exit_codes:
            if not 0 <= code <= 255:
                raise self.refuse(f"an exit code is 0 to 255, got {code}")

    def definition(self) -> Any:
        more = {"IgnoredExitCodes": list(self.ignored_exit_codes)} if self.ignored_exit_codes else {}
        return ecs.RestartPolicy(Enabled=True, RestartAttemptPeriod=int(self.period.total_seconds()), **more)


class EnvFile(Value):
    """A file of `NAME=value` lines in a bucket, read when a task starts: `uploads.env_file("prod.env")`.

    `bucket` is the bucket's ARN. What stands in the container's own `env` wins. Raises SpecError for a key that does
    not end in .env, which ECS refuses.
    """

    bucket: Text
    key: str

    def check(self) -> None:
        if isinstance(self.bucket, str) and not re.fullmatch(r"arn:aws[\w-]*:s3:::[a-z0-9.-]{3,63}", self.bucket):
            raise self.refuse(f"bucket must be the ARN of a bucket, arn:aws:s3:::name, got {shown(self.bucket)}")
        if not re.fullmatch(r"[^\s*?${}/][^*?${}]*\.env", self.key) or len(self.key) > 1024:
            raise self.refuse(f"key must be that of one object that ends in .env, got {shown(self.key)}")

    @property
    def arn(self) -> Text:
        return sub("{bucket}/{key}", bucket=self.bucket, key=self.key)


class Container(Value):
    """One container of a task: an image, and how it runs.

    `cpu` is in CPU units, `memory` (a hard limit) and `memory_reservation` in MiB. `env` is text by name; `secrets` are
    values of `Secret`, `ExistingSecret` and parameters, or full ARNs, which ECS reads when the task starts.
    `port` is the container's port. `depends_on` says which containers must be how far before this one starts.
    `tmpfs` are writable directories in memory, path to MiB, which count against the task's memory. A read-only root,
    dropped capabilities and a non-root `user` are options, since many official images cannot start with them.
    Raises SpecError for what Fargate refuses.
    """

    image: Text | ImageSource
    name: str = ""
    """By default "app" for the first container of a task; others are named."""
    port: int | None = None
    udp: bool = False
    """Whether the port speaks UDP, for a listener of a network load balancer."""
    command: Sequence[str] = ()
    entrypoint: Sequence[str] = ()
    working_directory: str | None = None
    env: Mapping[str, Text] = {}
    secrets: Mapping[str, str | SecretValue] = {}
    cpu: int | None = None
    memory: int | None = None
    memory_reservation: int | None = None
    essential: bool = True
    health: HealthCheck | None = None
    depends_on: Mapping[str, Literal["START", "HEALTHY", "COMPLETE", "SUCCESS"]] = {}
    user: str | None = None
    readonly_root: bool = False
    drop: Sequence[str] = ()
    """Linux capabilities to take away, `["ALL"]` or names like `NET_RAW`."""
    add: Sequence[Literal["SYS_PTRACE"]] = ()
    tmpfs: Mapping[str, int] = {}
    mounts: Mapping[str, str] = {}
    """Path to the name of a `Volume` of the task; `"name:ro"` mounts it read-only."""
    stop_timeout: timedelta | None = None
    """How long the container may take to end after SIGTERM: 2 to 120 seconds; 30 by default."""
    start_timeout: timedelta | None = None
    """How long others wait for this one to be as far as they need it: 2 to 120 seconds."""
    init: bool = True
    """A first process that passes signals on and reaps children."""
    restart: Restart | None = None
    credentials: SecretValue | str | None = None
    """A secret with `username` and `password` of a private registry: `secret.value()`, or its ARN."""
    env_files: Sequence[EnvFile] = ()
    """Up to ten, in the order in which the first to set a name wins."""
    ulimits: Mapping[str, int | Sequence[int]] = {}
    """Resource limits by name, one number or a soft and a hard one: `{"nofile": (65536, 65536)}`; -1 is none."""
    system_controls: Mapping[str, str] = {}
    """Kernel parameters of the task's namespaces: `{"net.core.somaxconn": "1024"}`."""
    labels: Mapping[str, str] = {}
    """Docker labels."""
    version_consistency: Literal["enabled", "disabled"] | None = None
    """Whether ECS pins a tag to the digest that it had when a deployment began; it does by default."""
    interactive: bool = False
    pseudo_terminal: bool = False
    firelens: FireLens | None = None
    """Makes this container the one that routes log lines; `Task(logs=FireLens(...))` makes one by itself."""

    refused: ClassVar[Mapping[str, str]] = {
        "privileged": _NOWHERE,
        "links": "is refused with awsvpc networks; containers of a task reach each other at localhost",
        "extra_hosts": _NOWHERE,
        "dns_servers": _NOWHERE,
        "dns_search_domains": _NOWHERE,
        "disable_networking": _NOWHERE,
        "docker_security_options": _NOWHERE,
        "devices": _NOWHERE,
        "gpu": "is refused on Fargate, which has none",
        "hostname": "is refused with awsvpc networks; the task has the name of its network interface",
        "shared_memory_size": 'is refused on Fargate; give tmpfs={"/dev/shm": 64}',
        "swappiness": _NOWHERE,
        "max_swap": _NOWHERE,
        "host_port": "is the container's port with awsvpc networks; give port=",
        "environment": "is called env",
        "environment_files": "are called env_files",
        "docker_labels": "are called labels",
        "repository_credentials": "are called credentials",
        "restart_policy": "is called restart",
        "system_control": "is called system_controls",
        "health_check": "is called health",
        "cap_add": "is called add, and SYS_PTRACE is all that Fargate admits",
        "capabilities": "are called drop and add",
        "read_only": "is called readonly_root",
        "readonly_root_filesystem": "is called readonly_root",
        "log_configuration": "is the task's: Task(logs=) takes FireLens or Splunk; else each logs to the runner's",
    }

    def check(self) -> None:
        if isinstance(self.image, str) and not (_IMAGE.match(self.image) and len(self.image) <= 255):
            raise self.refuse(f"image must be a reference like registry/name:tag, got {shown(self.image)}")
        if self.name and not _NAME.match(self.name):
            raise self.refuse(f"name is up to 255 letters, digits, hyphens and underscores, got {shown(self.name)}")
        if self.port is not None and not 1 <= self.port <= 65535:
            raise self.refuse(f"port must be 1 to 65535, got {self.port}")
        if self.udp and self.port is None:
            raise self.refuse("udp says what the port speaks, and there is no port; give port=")
        self._check_environment()
        self._check_sizes()
        self._check_paths()
        for one in self.drop:
            if not re.fullmatch(r"[A-Z_]+", one) or one.startswith("CAP_"):
                raise self.refuse(f'drop takes "ALL" or names like NET_RAW, got {shown(one)}')
        if self.stop_timeout is not None:
            seconds = self.stop_timeout.total_seconds()
            if not 2 <= seconds <= 120 or seconds % 1:
                raise self.refuse(f"stop_timeout must be 2 to 120 whole seconds on Fargate, got {seconds:g}")
        if self.user is not None and not re.fullmatch(r"[\w.-]+(:[\w.-]+)?", self.user):
            raise self.refuse(f"user must be a name or an id, with a group after a colon, got {shown(self.user)}")

        if self.start_timeout is not None:
            seconds = self.start_timeout.total_seconds()
            if not 2 <= seconds <= 120 or seconds % 1:
                raise self.refuse(f"start_timeout must be 2 to 120 whole seconds on Fargate, got {seconds:g}")
        if isinstance(self.credentials, str) and not _SECRET_ARN.match(self.credentials):
            raise self.refuse("credentials must be the ARN of a secret, got text that is none; a secret has .value()")
        self._check_limits()

    def _check_limits(self) -> None:
        for name, limit in self.ulimits.items():
            if name not in _ULIMITS:
                raise self.refuse(f"ulimits has no {shown(name)}{nearest(name, _ULIMITS) or _listed(_ULIMITS)}")
            soft, *hard = [limit] if isinstance(limit, int) else [*limit] or [-2]
            if len(hard) > 1 or soft < -1 or any(one < -1 or -1 < one < soft for one in hard):
                raise self.refuse(
                    f"ulimits[{name}] is one number or a soft and a hard one, the soft not above, got {shown(limit)}"
                )
        for name in self.system_controls:
            if name not in _KERNEL and not re.fullmatch(r"(net|fs\.mqueue)\.[\w./-]+", name):
                raise self.refuse(
                    f"system_controls takes net.*, fs.mqueue.* and {', '.join(_KERNEL)}, got {shown(name)}; "
                    f"leave it out"
                )

    def _check_environment(self) -> None:
        if len(self.env_files) > 10:
            raise self.refuse(f"env_files has up to 10 files, got {len(self.env_files)}; put some together")
        for key in (*self.env, *self.secrets):
            check_env(self.who, key)
        for key in self.secrets:
            if key in self.env:
                raise self.refuse(f"{key} is both in env and in secrets; leave one out")
        for key, value in self.secrets.items():
            if isinstance(value, str) and not _SECRET_ARN.match(value):
                raise self.refuse(
                    f"secrets[{key}] must be the ARN of a secret or of an SSM parameter, got text that is none; "
                    f"by name it is ExistingSecret(...) or ExistingParameter(...)"
                )

    def _check_sizes(self) -> None:
        if self.cpu is not None and self.cpu < 1:
            raise self.refuse(f"cpu must be 1 CPU unit or more, got {self.cpu}; leave it out to share the task's")
        for key in ("memory", "memory_reservation"):
            amount = getattr(self, key)
            if amount is not None and amount < 6:
                raise self.refuse(f"{key} must be 6 MiB or more, got {amount}")
        if self.memory is not None and self.memory_reservation is not None and self.memory_reservation > self.memory:
            raise self.refuse(f"memory_reservation={self.memory_reservation} is above memory={self.memory}; lower it")

    def _check_paths(self) -> None:
        for path in (*self.tmpfs, *self.mounts):
            if not path.startswith("/") or path == "/":
                raise self.refuse(f"a path to mount at must start with / and not be the root, got {shown(path)}")
        for path, size in self.tmpfs.items():
            if size < 1:
                raise self.refuse(f"tmpfs[{path}] must be 1 MiB or more, got {size}")
            if path in self.mounts:
                raise self.refuse(f"{path} is both in tmpfs and in mounts; leave one out")


def _listed(known: Sequence[str]) -> str:
    return f"; it has {', '.join(known)}"
