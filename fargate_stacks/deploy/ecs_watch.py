"""The ECS services of a stack's operation, watched beside CloudFormation: what rolls out, and why it does not.

CloudFormation's events say which services change and which task definitions are new; from then on ECS is asked
every few seconds, ten services a call. What cannot be asked is said once and fails nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from fargate_stacks.core.template import Owner
from fargate_stacks.deploy.budget import Budget
from fargate_stacks.deploy.client import CallFailed, Event
from fargate_stacks.deploy.clock import Clock
from fargate_stacks.deploy.ecs import Ecs
from fargate_stacks.deploy.ecs_row import OVER, Row, State, Watched, choose, is_older, look
from fargate_stacks.deploy.ecs_values import Deployment, Service, forgotten
from fargate_stacks.deploy.evidence import Collector, Evidence
from fargate_stacks.deploy.messages import Ended, Evidenced, Note, Out, Rollout, TaskFailed, Warn
from fargate_stacks.errors import DeployError

SERVICE = "AWS::ECS::Service"
DEFINITION = "AWS::ECS::TaskDefinition"
STEADY = 60.0
"""Seconds without a change after which ECS is asked half as often."""
LAGGING = 30.0
"""Seconds after which stopped tasks are looked for even though no counter and no event tells of them."""
CONCLUDED_WITHIN = 60.0
"""Seconds that ECS may need to show what CloudFormation has already seen."""
TARGETS_EVERY = 15.0
"""Seconds between two looks at a service's targets; each tick on a local cloud."""
SKEW = timedelta(seconds=2)
"""How much the clocks of CloudFormation and ECS may differ."""
EXTRA = 4
"""Calls at one time for what is asked service by service without need: targets, and tasks of those that lag."""


@dataclass
class ServiceWatch:
    """Watches the services of one operation on a stack; `tick` as often as you like."""

    ecs: Ecs
    out: Out
    clock: Clock
    stack: str = ""
    resources: Mapping[str, Any] = field(default_factory=dict)
    """The template's, to know which task definition a service is to run."""
    owners: Mapping[str, Owner] = field(default_factory=dict)
    fail_fast: int | None = None
    """Task failures of one kind after which the deployment is stopped."""
    stop: Callable[[], object] | None = None
    """What ends the stack's operation where the deployment itself cannot be stopped."""
    budget: Budget | None = None
    """Of the calls to ECS, shared by all stacks of an account and region: the pause grows with what was spent."""

    def __post_init__(self) -> None:
        self.watched: dict[str, Watched] = {}
        self._definitions: dict[str, str] = {}
        self._begun: dict[str, datetime] = {}
        self._turned = False
        self._next = self._changed = self.clock.monotonic()
        self._penalty = self._spent = 0.0
        self._off = False
        self._extra = EXTRA
        self._said_without = False

    # what CloudFormation tells

    def saw(self, event: Event) -> None:
        """Take in an event of the stack: which service changes, and which task definition is new."""
        if event.root:
            self._turned = self._turned or "ROLLBACK" in event.status or event.status.startswith("DELETE")
            return
        # a local cloud has one clock
        self._begun.setdefault(event.logical_id, event.time - (timedelta(0) if self.ecs.client.local else SKEW))
        if event.logical_id in self.watched and event.settled:
            self.watched[event.logical_id].concluded = True
            self._next = self.clock.monotonic()
        if event.status.startswith("DELETE") or not event.physical_id.startswith("arn:"):
            return
        if event.type == DEFINITION and not self._turned:
            self._definitions[event.logical_id] = event.physical_id
        elif event.type == SERVICE and (not self._turned or event.logical_id in self.watched):
            self.add(event.logical_id, event.physical_id)

    def add(self, logical_id: str, arn: str, *, wanted: str = "", since: datetime | None = None) -> None:
        """Watch a service; `wanted` is the task definition that is to run, by default what the template says."""
        known = self.watched.get(logical_id)
        if known is not None and known.arn == arn:
            return
        begun = self._begun.get(logical_id)
        owner = self.owners.get(logical_id)
        name = owner.name if owner is not None and owner.name else logical_id
        self.watched[logical_id] = Watched(
            logical_id,
            name,
            arn,
            Collector(self.ecs, name),
            wanted=wanted or self._wanted(logical_id),
            since=since,
            begun=begun,
        )
        self._next = self.clock.monotonic()

    def _wanted(self, logical_id: str) -> str:
        named = self.resources.get(logical_id, {}).get("Properties", {}).get("TaskDefinition")
        reference = named.get("Ref", "") if isinstance(named, Mapping) else ""
        return self._definitions.get(reference, "")

    # what ECS tells

    def tick(self) -> None:
        """Ask ECS if it is time to. Never raises CallFailed."""
        now = self.clock.monotonic()
        open_ones = [one for one in self.watched.values() if not one.settled]
        if self._off or now < self._next or not open_ones:
            return
        before = self.ecs.calls
        self._extra = EXTRA
        try:
            self._ask(open_ones)
            self._penalty /= 2
        except CallFailed as trouble:
            self._suffer(trouble)
        if self.budget is not None:
            self._spent = self.budget.spend(self.ecs.calls - before)
        self._next = self.clock.monotonic() + self.pause()

    def pause(self) -> float:
        """Give the seconds until ECS is asked again."""
        if self.ecs.client.local:
            return max(0.1, self._penalty)
        steady = self.clock.monotonic() - self._changed > STEADY
        return max(10.0 if steady else 5.0, self._penalty, self._spent)

    def settle(self, limit: float) -> None:
        """Go on until every service has settled, `limit` seconds at most."""
        until = self.clock.monotonic() + limit
        while not self._off and any(not one.settled for one in self.watched.values()):
            self.tick()
            if self.clock.monotonic() >= until or all(one.settled for one in self.watched.values()):
                return
            self.clock.sleep(min(self.pause(), 1.0))

    def conclude(self, limit: float = CONCLUDED_WITHIN) -> None:
        """Look once more after CloudFormation is content.

        Raises DeployError with exit code 10 when a service does not run what it was to run.
        """
        self.settle(limit)
        failed = self.failed()
        if failed:
            self.report()
            self.out(Ended(stack=self.stack, how="the stack is complete, its services are not"))
            raise DeployError(f"{self.stack}: {'; '.join(failed)}", exit_code=10)

    def evidence(self) -> dict[str, Evidence]:
        """Give what was collected, by logical id."""
        return {one.logical_id: one.collector.evidence() for one in self.watched.values()}

    def report(self) -> None:
        """Say all evidence of services that did not come up."""
        for one in self.watched.values():
            found = one.collector.evidence()
            if (one.row is None or one.row.state is not State.DONE) and (found.stopped or found.events or found.alarms):
                self.out(Evidenced(stack=self.stack, evidence=found))

    def failed(self) -> list[str]:
        """Give a sentence for each service that does not run what it was to run; nothing for one never seen."""
        return [
            _sentence(one)
            for one in self.watched.values()
            if one.row is not None and one.row.state is not State.DONE and not self._off
        ]

    def _ask(self, some: Iterable[Watched]) -> None:
        some = list(some)
        services = self.ecs.services(one.arn for one in some)
        current = [self._named(one, services.get(one.arn)) for one in some]
        deployments = self.ecs.service_deployments(arn for arn in current if arn)
        if self.ecs.without and not self._said_without:
            self._said_without = True
            text = f"service deployments cannot be read ({self.ecs.without}); stages and traffic are not shown"
            self.out(Note(stack=self.stack, text=text))
        # those that were not asked about for longest come first, so that each has its turn
        turns = sorted(zip(some, current, strict=True), key=lambda two: max(two[0].looked, two[0].asked_targets))
        for one, arn in turns:
            self._take(one, services.get(one.arn), _ours(one, deployments.get(arn)))
            self._targets(one)
            self._judge(one)

    def _named(self, one: Watched, service: Service | None) -> str:
        """Give the service deployment to ask about: the one that is known, the one that runs, or the newest."""
        known = one.deployment
        if known is not None and known.native and not is_older(known, one.begun):
            return known.id
        if service is None or service.current or one.since is None:
            return service.current if service is not None else ""
        # one that was over before it was ever seen is told by the history alone
        return next(iter(self.ecs.history(service, most=1)), "")

    def _take(self, one: Watched, service: Service | None, native: Deployment | None) -> None:
        """Make the row of one service, and look for what stopped where there is reason to."""
        one.wanted = one.wanted or self._wanted(one.logical_id)
        if service is not None:
            one.service = service
        elif one.service is None:
            if not self._turned:
                return  # it will be there in a moment
            one.service = forgotten(one.arn, one.wanted)
        gone = service is None or service.status != "ACTIVE"
        first = one.row is None
        one.wanted = one.wanted or one.service.task_definition
        one.before = one.before or next(
            (other.task_definition for other in reversed(one.service.rollouts) if other.task_definition != one.wanted),
            "",
        )
        ours = choose(one.service, native, one.wanted, since=one.since)
        one.deployment = ours or one.deployment
        row = look(one, gone=gone, now=self.clock.utc())
        before, one.row = one.row, row
        if before is None or (before.stage, before.weight) != (row.stage, row.weight):
            one.stage_since = one.deployment.updated if first and one.deployment else self.clock.utc()
            one.row = row = look(one, gone=gone, now=self.clock.utc())
        if row.settled and row.targets is not None and row.targets[0] < row.targets[1]:
            one.row = row = replace(row, targets=None)  # as they were before it was over
        self._collect(one, before, row)
        if before is None or before.shown != row.shown:
            self._changed = self.clock.monotonic()
            self.out(Rollout(stack=self.stack, ecs=row, time=self.clock.utc()))

    def _collect(self, one: Watched, before: Row | None, row: Row) -> None:
        assert one.service is not None
        # while ECS names no deployment of ours, what was said before the stack's turn for it is not ours either
        since = one.since or (one.deployment.created if one.deployment else one.begun)
        telling = one.collector.hear(one.service.events, since=since)
        one.collector.alarm(row.alarms)
        now = self.clock.monotonic()
        rose = row.failed > (before.failed if before else 0)
        turned = row.state.bad and (before is None or before.state is not row.state)
        lags = row.running < row.desired and now - one.looked >= LAGGING and row.state is not State.WAITING
        if not (telling or rose or turned):
            if before is None:
                one.looked = now  # it has only just begun
            if not lags or before is None or not self._extra:
                return
            self._extra -= 1
        one.looked = now
        for found in one.collector.look(one.service, one.wanted, since=since):
            self.out(TaskFailed(stack=self.stack, service=one.name, failing=found, time=self.clock.utc()))

    def _targets(self, one: Watched) -> None:
        """Ask for the health of a service's targets while it rolls out."""
        row, service, now = one.row, one.service, self.clock.monotonic()
        if row is None or service is None or row.settled or row.state is State.WAITING:
            return
        if not row.running or not service.target_groups:
            return
        every = 0.0 if self.ecs.client.local else TARGETS_EVERY
        if self._extra < len(service.target_groups) or (one.asked_targets and now - one.asked_targets < every):
            return
        one.asked_targets = now
        self._extra -= len(service.target_groups)
        try:
            targets = [two for group in service.target_groups for two in self.ecs.target_health(group)]
        except CallFailed:
            return
        states = [state for _, state, _ in targets if state not in ("draining", "unused")]
        found = states.count("healthy"), len(states)
        if row.targets != found:
            one.row = replace(row, targets=found)
            self._changed = now
            self.out(Rollout(stack=self.stack, ecs=one.row, time=self.clock.utc()))

    def _judge(self, one: Watched) -> None:
        """Stop a deployment whose tasks fail again and again in one way, where that was asked for."""
        if self.fail_fast is None or one.stopping or one.row is None or one.row.settled or one.row.state.bad:
            return
        failures = one.collector.most()
        if failures < self.fail_fast:
            return
        one.stopping = True
        many = "a task failed" if failures == 1 else f"{failures} tasks failed in the same way"
        text = f"{one.name}: {many}; stopping the deployment"
        self.out(Note(stack=self.stack, text=text))
        try:
            if not _native(one) or one.deployment is None:
                raise CallFailed("StopServiceDeployment", "NoServiceDeployment", "ECS names none for this service")
            self.ecs.call("StopServiceDeployment", serviceDeploymentArn=one.deployment.id, stopType="ROLLBACK")
        except CallFailed as trouble:
            self._stop(one, trouble)

    def _stop(self, one: Watched, trouble: CallFailed) -> None:
        """End the stack's whole operation, where the deployment alone cannot be stopped."""
        try:
            if self.stop is None:
                raise trouble
            self.stop()
        except CallFailed as trouble:
            self.out(Warn(stack=self.stack, text=f"{one.name}: it could not be stopped: {trouble.message}"))

    def _suffer(self, trouble: CallFailed) -> None:
        """Live with a failed call: what cannot be seen does not fail the deploy."""
        if trouble.transient:
            self._penalty = min(max(self._penalty, self.pause()) * 2, 30.0)
        elif not self._off:
            self._off = True
            text = f"ECS cannot be watched ({trouble.operation}: {trouble.message or trouble.code})"
            self.out(Warn(stack=self.stack, text=f"{text}; only CloudFormation is"))


def _native(one: Watched) -> bool:
    return one.deployment is not None and one.deployment.native


def _ours(one: Watched, found: Deployment | None) -> Deployment | None:
    """Give a service deployment unless it was over before the one that is waited for began."""
    old = found is not None and found.status in OVER and is_older(found, one.since)
    return None if old else found


def _sentence(one: Watched) -> str:
    row = one.row
    assert row is not None
    known = one.collector.evidence()
    means = next((hint.means for hint in [*(h for kind in known.stopped for h in kind.hints), *known.hints]), "")
    why = f": {means or row.reason}" if means or row.reason else ""
    if row.state is State.WAITING:
        running = one.service.task_definition.rpartition("/")[2] if one.service else "another task definition"
        return f"{one.name} runs {running}, not {one.wanted.rpartition('/')[2]}"
    return f"{one.name} is {row.state}{why}"
