"""What all stacks of one run share: where they are, who listens, who answers, and what was wished."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from fargate_stacks.core.template import Template
from fargate_stacks.deploy.answers import as_data
from fargate_stacks.deploy.artifacts import Artifacts
from fargate_stacks.deploy.budget import Budget
from fargate_stacks.deploy.client import Client, StackState
from fargate_stacks.deploy.clock import Clock, WallClock
from fargate_stacks.deploy.interrupts import Interrupts
from fargate_stacks.deploy.messages import Note, Out, Warn
from fargate_stacks.errors import DeployError

ECS_RATE = 1.5
"""Calls a second to ECS and beside it, for the services of all stacks; services by the hundred are asked less often."""

Ask = Callable[[str], bool]
"""Asks a yes-or-no question. Raises DeployError with exit code 4 where nobody can answer."""


@dataclass(frozen=True)
class Options:
    """What a deploy or a destroy may be told."""

    timeout: float | None = None
    """Seconds to watch before the operations are left to themselves."""
    cancel_after: float | None = None
    """Seconds after which an operation is cancelled."""
    wait_cleanup: bool = True
    """Wait until an update has deleted what it replaced; without, a stack counts as done when all is new."""
    wait_if_busy: bool = False
    """Wait for somebody else's operation instead of refusing."""
    cancel_if_busy: bool = False
    """Have somebody else's update rolled back, and wait for that."""
    fail_fast: int | None = None
    """Task failures of one kind after which a service's deployment is stopped."""
    express: bool = False
    """Let CloudFormation end when the configuration is applied, and wait for the services here."""
    concurrency: int = 0
    """Stacks that are worked on at one time, each in a thread; 0 does one after the other without threads."""
    approved: frozenset[str] = frozenset()
    """The kinds of risk that are approved: broadening, data-loss."""
    approve_plan: str | None = None
    """The hash of the plan that was reviewed: nothing else is executed."""
    no_rollback: bool = False
    """Leave what failed as it is, to look at it and to fix it forward."""
    on_failure: Literal["rollback", "delete", "do-nothing"] = "rollback"
    """What becomes of a stack whose create failed."""
    skip: tuple[str, ...] = ()
    """Logical ids to leave out when a failed rollback is continued."""
    retain: tuple[str, ...] = ()
    """Logical ids to leave behind when a failed delete is tried again."""
    force: bool = False
    """Delete a stack even though some of its resources cannot be deleted."""
    artifact_bucket: str | None = None
    role_arn: str | None = None
    """The role with which CloudFormation works; by default the caller's own permissions."""
    role_arns: Mapping[str, str] = field(default_factory=dict)
    """By stack, the role in the place of that one."""
    notification_arns: tuple[str, ...] = ()
    stack_policy: str | None = None
    """A stack policy as JSON text."""
    import_existing: bool = False
    """Take in resources of the template that exist already."""
    builder: str | None = None
    """The program that builds images; docker or podman, the first that is found, when None."""


@dataclass(frozen=True)
class Run:
    """One run over some stacks."""

    client: Client
    out: Out
    ask: Ask
    options: Options = field(default_factory=Options)
    clock: Clock = field(default_factory=WallClock)
    confirm: Ask = lambda question: False
    """Asks about what a plain yes does not cover."""
    interrupts: Interrupts = field(default_factory=Interrupts)
    clients: Mapping[str, Client] = field(default_factory=dict)
    """By stack, the client where it is not the run's: another profile."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "_places", {})
        object.__setattr__(self, "_budgets", {})
        object.__setattr__(self, "_lock", threading.RLock())
        object.__setattr__(self, "begun", self.clock.monotonic())

    _places: dict[tuple[int, str | None, str | None], Client] = field(init=False, repr=False, default_factory=dict)
    _budgets: dict[tuple[str | int | None, str], Budget] = field(init=False, repr=False, default_factory=dict)
    _lock: Any = field(init=False, repr=False, default=None)
    begun: float = field(init=False, repr=False, default=0.0)

    @property
    def artifacts(self) -> Artifacts:
        return Artifacts(self.options.artifact_bucket, self.ask)

    def at(self, template: Template) -> Client:
        """Give the client of a stack's account and region; all that work there share one budget of reads."""
        first = self.clients.get(template.name, self.client)
        key = (id(first), template.region, template.account)
        with self._lock:
            if key not in self._places:
                client = first.at(template.region, template.account)
                if not client.local and client.pace is None:
                    place = (template.account or key[0], client.region)
                    budget = self._budgets.setdefault(place, Budget(self.clock))
                    client = replace(client, pace=budget.take)
                self._places[key] = client
            return self._places[key]

    def ecs_budget(self, template: Template) -> Budget:
        """Give the budget of what is asked of ECS in a stack's account and region, for all stacks there."""
        with self._lock:
            account = template.account or id(self.clients.get(template.name, self.client))
            place = (account, f"ecs of {template.region or self.client.region}")
            return self._budgets.setdefault(place, Budget(self.clock, rate=ECS_RATE))

    def role(self, stack: str) -> dict[str, str]:
        """Give the argument that names the role of a stack; empty where it has none."""
        found = self.options.role_arns.get(stack, self.options.role_arn)
        return {"RoleARN": found} if found else {}

    def left(self) -> float | None:
        """Give the seconds that are left to watch; None without a timeout."""
        if self.options.timeout is None:
            return None
        return max(0.0, self.begun + self.options.timeout - self.clock.monotonic())

    def asked(self, question: str) -> bool:
        """Ask, one question at a time."""
        with self._lock:
            return self.ask(question)

    def confirmed(self, question: str) -> bool:
        """Ask what a plain yes does not cover, one question at a time."""
        with self._lock:
            return self.confirm(question)

    def note(self, stack: str, text: str) -> None:
        self.out(Note(stack=stack, text=text))

    def warn(self, stack: str, text: str) -> None:
        self.out(Warn(stack=stack, text=text))


def opened(
    client: Client,
    *,
    out: Out,
    ask: Ask,
    confirm: Ask | None = None,
    options: Options | None = None,
    clock: Clock | None = None,
    interrupts: Interrupts | None = None,
    clients: Mapping[str, Client] | None = None,
) -> Run:
    """Begin a run; `confirm` asks about what a plain yes does not cover, by default as `ask` does."""
    interrupts = interrupts or Interrupts()
    clock = clock or WallClock(interrupts)
    return Run(client, out, ask, options or Options(), clock, confirm or ask, interrupts, clients or {})


def select(templates: Mapping[str, Template], only: Collection[str]) -> dict[str, Template]:
    """Give the templates named, all without a name, in their order. Raises DeployError for an unknown name."""
    unknown = [name for name in only if name not in templates]
    if unknown:
        raise DeployError(
            f"deploy: the app has no stack {', '.join(unknown)}; it has {', '.join(templates)}", exit_code=2
        )
    return {name: template for name, template in templates.items() if not only or name in only}


def live_template(client: Client, state: StackState) -> dict[str, Any]:
    """Give the template that a stack was last deployed with, as data."""
    return as_data(client.template(state.id))
