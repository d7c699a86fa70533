"""Blue/green, linear and canary: the new revision beside the old one, and traffic that moves between them.

The stages are those of DeploymentLifecycleHook in the API reference; what passes between them, and when a hook is
asked, is that of the developer guide's "Amazon ECS blue/green service deployments workflow".
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from ministack.core.responses import new_uuid

from fargate_stacks.deploy.local import ecs_history, ecs_rollout, ecs_weights
from fargate_stacks.deploy.local.ecs_services import Deployment, Service
from fargate_stacks.deploy.local.scenarios import script
from fargate_stacks.deploy.local.tempo import clock

Data = dict[str, Any]

STAGES = (
    "RECONCILE_SERVICE",
    "PRE_SCALE_UP",
    "SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
    "BAKE_TIME",
    "CLEAN_UP",
)

MOVE = 5.0
"""How long a load balancer takes to move traffic."""

HOOKED = "hook execution failure(s) detected."


def begin(service: Service, deployment: Deployment) -> None:
    """Begin to put a deployment beside the one that runs."""
    ecs_rollout.open_history(service, deployment)
    before = next((one for one in service.deployments[1:] if one.completed), None)
    if before is not None:
        deployment.group = 1 - before.group
    ecs_weights.resolve(deployment)
    service.shift = Shift(service, deployment, before)
    service.shift.go()


def step(service: Service) -> None:
    """Keep what runs, and go on where a stage has got what it waits for."""
    if service.shift is None:
        ecs_rollout.step(service)
    else:
        service.shift.step()


class Shift:
    """One deployment on its way through the stages."""

    def __init__(self, service: Service, green: Deployment, blue: Deployment | None) -> None:
        assert service.current is not None
        self.service = service
        self.green = green
        self.blue = blue
        self.current = service.current
        self.stage = ""
        self._course = self._stages()
        self._wakes = 0
        self._back = False

    @property
    def configuration(self) -> Data:
        found: Data = self.current["deploymentConfiguration"]
        return found

    # --- forward

    def _stages(self) -> Iterator[Callable[[], None]]:
        """Give one act after the other; each calls `go` when it is done."""
        sources = len([one for one in self.service.deployments[1:] if self.service.live(one)])
        for stage in STAGES:
            if stage == "RECONCILE_SERVICE" and sources < 2:
                continue
            if stage == "PRODUCTION_TRAFFIC_SHIFT":
                yield from self._production()
                continue
            self._enter(stage)
            yield from self._hooks(stage)
            match stage:
                case "SCALE_UP":
                    yield self.step
                case "TEST_TRAFFIC_SHIFT":
                    self._test(100)
                    yield self._wait(MOVE)
                case "BAKE_TIME":
                    yield self._wait(self.configuration.get("bakeTimeInMinutes", 0) * 60)
                case "CLEAN_UP":
                    self.service.stop(self._others())
                    yield self.step
        self._complete()

    def _production(self) -> Iterator[Callable[[], None]]:
        before = "PRE_PRODUCTION_TRAFFIC_SHIFT"
        for percent, bake in self._steps():
            if any(before in hook["lifecycleStages"] for hook in self.configuration.get("lifecycleHooks", ())):
                self._enter(before)
                yield from self._hooks(before)
            self._enter("PRODUCTION_TRAFFIC_SHIFT")
            yield from self._hooks("PRODUCTION_TRAFFIC_SHIFT")
            self._produce(percent)
            yield self._wait(MOVE + bake)

    def _steps(self) -> Iterator[tuple[float, float]]:
        """Give the shares of traffic and how long each is held; API reference, Linear- and CanaryConfiguration."""
        if self.blue is None:
            yield 100.0, 0.0
            return
        match self.configuration.get("strategy"):
            case "LINEAR":
                given = self.configuration.get("linearConfiguration", {})
                size, bake = given.get("stepPercent", 10.0), given.get("stepBakeTimeInMinutes", 6) * 60
                percent = size
                while percent < 100:
                    yield percent, bake
                    percent += size
            case "CANARY":
                given = self.configuration.get("canaryConfiguration", {})
                yield given.get("canaryPercent", 5.0), given.get("canaryBakeTimeInMinutes", 10) * 60
        yield 100.0, 0.0

    def go(self) -> None:
        """Go on to the next act."""
        act = next(self._course, None)
        if act is not None:
            act()

    def _enter(self, stage: str) -> None:
        if stage == self.stage:
            return
        self.stage = stage
        self.current |= {"lifecycleStage": stage, "lifecycleHookDetails": [], "updatedAt": time.time()}
        for rule in script("alarm"):
            if rule.means(self.service.name) and rule.stage == stage:
                clock.after(rule.after, lambda rule=rule: ecs_rollout.fire(rule.alarm))  # type: ignore[misc]

    def _wait(self, seconds: float) -> Callable[[], None]:
        def waiting() -> None:
            self._wakes += 1
            mine = self._wakes

            def woken() -> None:
                if self._alive() and mine == self._wakes:
                    self.go()
                    self.service.step()

            clock.after(seconds, woken)

        return waiting

    def _alive(self) -> bool:
        return self.service.shift is self and not self._back

    def step(self) -> None:
        """Start and stop tasks; go on when the stage has what it waits for."""
        service = self.service
        if self._back:
            self._step_back()
            return
        service.stop([one for one in service.live() if one.deployment not in (self.green, self.blue)])
        for one in (self.green, *([self.blue] if self.blue and self.stage != "CLEAN_UP" else [])):
            scaled_up = one is self.blue or self.stage not in ("", "RECONCILE_SERVICE", "PRE_SCALE_UP")
            missing = service.desired - len(service.live(one))
            if missing > 0 and scaled_up:
                service.start(one, missing)
            elif missing < 0:
                service.stop(service.live(one)[missing:])
        if ecs_rollout.breaks(service, self.green):
            self.give_up("tasks failed to start.", ecs_rollout.BREAKER)
        elif (self.stage == "SCALE_UP" and self._up()) or (self.stage == "CLEAN_UP" and not self._others(gone=True)):
            self.go()

    def _up(self) -> bool:
        mine = self.service.live(self.green)
        return len(mine) == self.service.desired and all(self.service.healthy(one) for one in mine)

    def _others(self, *, gone: bool = False) -> list[Any]:
        placed = self.service.placed if gone else self.service.live()
        return [one for one in placed if one.deployment is not self.green]

    def _complete(self) -> None:
        green = self.green
        green.completed = True
        green.record |= {
            "rolloutState": "COMPLETED",
            "rolloutStateReason": f"ECS deployment {green.id} completed.",
            "updatedAt": time.time(),
        }
        self.service.says(f"(deployment {green.id}) deployment completed.")
        ecs_history.end(self.current, "SUCCESSFUL")
        self.service.shift = None
        self.service.say_steady()

    # --- traffic

    def _produce(self, percent: float) -> None:
        self._move("production", percent)

    def _test(self, percent: float) -> None:
        self._move("test", percent)

    def _move(self, traffic: str, percent: float) -> None:
        ecs_weights.move(self.green, traffic, percent)
        name = f"requested{traffic.title()}TrafficWeight"
        self.current["targetServiceRevision"][name] = float(percent)
        for one in self.current["sourceServiceRevisions"]:
            blue = self.blue is not None and one["arn"] == self.blue.revision["serviceRevisionArn"]
            one[name] = float(100 - percent) if blue else 0.0

    # --- hooks

    def _hooks(self, stage: str) -> Iterator[Callable[[], None]]:
        for hook in self.configuration.get("lifecycleHooks", ()):
            if stage in hook["lifecycleStages"]:
                yield lambda hook=hook: self._ask(hook, stage)  # type: ignore[misc]

    def _ask(self, hook: Data, stage: str) -> None:
        kind = hook.get("targetType", "AWS_LAMBDA")
        limit = hook.get("timeoutConfiguration", {})
        seconds, then = limit.get("timeoutInMinutes", 1440) * 60.0, limit.get("action", "ROLLBACK")
        detail: Data = {
            "hookId": new_uuid(),
            "targetType": kind,
            "status": "AWAITING_ACTION" if kind == "PAUSE" else "IN_PROGRESS",
            "expiresAt": time.time() + clock.real(seconds),
            "timeoutAction": then,
        }
        if kind != "PAUSE":
            detail["targetArn"] = hook.get("hookTargetArn", "")
        self.current["lifecycleHookDetails"] = [*self.current["lifecycleHookDetails"], detail]

        def timed_out() -> None:
            self.answer(detail, "TIMED_OUT", ok=then == "CONTINUE", why=f"a lifecycle hook at {stage} timed out")

        if kind == "PAUSE":
            # nobody is hurried: an instant clock waits for the person
            clock.after(seconds, timed_out, patient=True)
            return
        rule = next((one for one in script("hook") if one.means(self.service.name, stage)), None)
        outcome, after = (rule.outcome, rule.after) if rule else ("SUCCEEDED", 5.0)
        if outcome == "TIMED_OUT":
            # what is ordered need not be waited for: the time-out itself is a day by default
            clock.after(min(seconds, after), timed_out)
            return
        why = f"a lifecycle hook at {stage} failed"
        clock.after(after, lambda: self.answer(detail, outcome, ok=outcome == "SUCCEEDED", why=why))

    def answer(self, detail: Data, status: str, *, ok: bool, why: str) -> None:
        """Take a hook's answer."""
        if not self._alive() or detail["status"] not in ("AWAITING_ACTION", "IN_PROGRESS"):
            return
        detail["status"] = status
        if ok:
            self.go()
        else:
            self.give_up(HOOKED, _rolled_back(why), f"Service deployment rolled back because {why}.")
        self.service.step()

    # --- back

    def give_up(self, said: str, failure: tuple[str, str], why: str = "") -> None:
        """Let the deployment fail, and bring all traffic back to the old revision."""
        if self._back:
            return
        green = self.green
        self._back = True
        green.failed = True
        green.record |= {"rolloutState": "FAILED", "rolloutStateReason": f"ECS deployment failed: {said}"}
        self.service.says(f"(deployment {green.id}) deployment failed: {said}")
        self.service.failure = failure
        breaker = self.current["deploymentCircuitBreaker"]
        if failure == ecs_rollout.BREAKER and breaker["status"] == "MONITORING":
            breaker |= {"status": "TRIGGERED", "failureCount": green.failures}
        if self.blue is None:
            ecs_history.end(self.current, "STOPPED", why or said)
            self.service.shift = None
            return
        ecs_rollout.turn_back(self.service, green, self.blue, why or said)
        for traffic in ("test", "production"):
            self._move(traffic, 0)

        def drained() -> None:
            self.service.stop(self.service.live(green))
            self.service.step()

        clock.after(MOVE, drained)

    def _step_back(self) -> None:
        service, blue = self.service, self.blue
        assert blue is not None
        missing = service.desired - len(service.live(blue))
        if missing > 0:
            service.start(blue, missing)
        left = [one for one in service.placed if one.deployment is self.green]
        healthy = sum(service.healthy(one) for one in service.live(blue))
        if left or healthy < service.desired:
            return
        blue.completed = True
        blue.record |= {"rolloutState": "COMPLETED", "rolloutStateReason": f"ECS deployment {blue.id} completed."}
        ecs_history.end(self.current, "ROLLBACK_SUCCESSFUL")
        service.shift = None
        service.say_steady()


def _rolled_back(why: str) -> tuple[str, str]:
    return f"Error occurred during operation 'ECS Deployment was rolled back because {why}'.", "GeneralServiceException"
