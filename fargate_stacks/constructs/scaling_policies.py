"""Scaling policies by metrics of one's own: what is tracked, and what is done in steps."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from fargate_stacks.constructs.metric import Metric, MetricMath
from fargate_stacks.core.construct import Value

if TYPE_CHECKING:
    from fargate_stacks.constructs.scaled import Scaled

_PART = re.compile(r"[A-Z][A-Za-z0-9]{0,63}\Z", re.ASCII)
_LONGEST = 2_147_483_647
_OURS = ("Cpu", "Memory", "Requests", "ResponseTime", "Backlog", "Wake", "Predictive")
_MOST = 50


class Policy(Value):
    """What `Scaling(policies=)` takes: a `TargetTracking` or a `StepScaling`."""

    metric: Metric | MetricMath
    name: str = ""
    """The start of the logical ids behind the service's name; by default the metric's name."""

    refused: ClassVar[Mapping[str, str]] = {"policy_name": "is called name"}

    def check(self) -> None:
        if self.name and not _PART.match(self.name):
            raise self.refuse(
                f"name is a capital, then letters and digits, got {self.name!r}; it is part of logical ids"
            )
        if not self.name and isinstance(self.metric, MetricMath):
            raise self.refuse("an expression has no name of its own; give name=")
        if not self.part:
            raise self.refuse("the metric's name has no letter that a logical id may begin with; give name=")

    @property
    def part(self) -> str:
        if self.name or isinstance(self.metric, MetricMath):
            return self.name
        words = re.findall(r"[A-Za-z0-9]+", self.metric.name)
        part = "".join(word[0].upper() + word[1:] for word in words)[:64]
        return part if _PART.match(part) else ""

    def seconds(self, key: str, default: int) -> int:
        value: timedelta | None = getattr(self, key)
        return default if value is None else int(value.total_seconds())

    def check_pause(self, key: str) -> None:
        value: timedelta | None = getattr(self, key)
        if value is not None:
            check_seconds(self, key, value)

    def resources(self, scaled: Scaled) -> Iterator[Any]:
        raise NotImplementedError


def check_seconds(value: Value, key: str, pause: timedelta) -> None:
    """Refuse what is no whole number of seconds that AWS takes."""
    seconds = pause.total_seconds()
    if not 0 <= seconds <= _LONGEST or seconds % 1:
        raise value.refuse(f"{key} must be whole seconds, 0 or more, got {seconds:g}")


class TargetTracking(Policy):
    """Keeps a metric near `target`: it must fall when tasks are added, as a load for each task does.

    Cooldowns and `disable_scale_in` are those of `Scaling` unless given. Raises SpecError.
    """

    target: float
    scale_out_cooldown: timedelta | None = None
    scale_in_cooldown: timedelta | None = None
    disable_scale_in: bool | None = None

    refused: ClassVar[Mapping[str, str]] = {**Policy.refused, "target_value": "is called target"}

    def check(self) -> None:
        super().check()
        if not 0 < self.target <= 2.0**360:
            raise self.refuse(f"target must be a number above 0 and up to 2^360, got {self.target:g}")
        for key in ("scale_out_cooldown", "scale_in_cooldown"):
            self.check_pause(key)

    def resources(self, scaled: Scaled) -> Iterator[Any]:
        yield scaled.customized(
            self.part,
            self.target,
            self.metric,
            ScaleOutCooldown=self.seconds("scale_out_cooldown", scaled.out),
            ScaleInCooldown=self.seconds("scale_in_cooldown", scaled.back),
            DisableScaleIn=scaled.keeps if self.disable_scale_in is None else self.disable_scale_in,
        )


class StepScaling(Policy):
    """Changes the number of tasks by how far a metric is above or below: `above={100: 1, 500: 5}, below={10: -1}`.

    At 100 or more one task is added, at 500 or more five; at 10 or less one is taken away. What is changed is
    what `adjustment` says: so many tasks, so many percent, or the number itself. Each side makes an alarm and a
    policy. `period`, `periods` and `datapoints` say how long the alarm looks: so many of so many periods.
    Raises SpecError for steps that overlap, and for more than Application Auto Scaling takes.
    """

    above: Mapping[float, int] = {}
    below: Mapping[float, int] = {}
    adjustment: Literal["ChangeInCapacity", "PercentChangeInCapacity", "ExactCapacity"] = "ChangeInCapacity"
    min_adjustment: int | None = None
    """With percent: so many tasks at least."""
    aggregation: Literal["Average", "Minimum", "Maximum"] = "Average"
    cooldown: timedelta | None = None
    """By default Scaling's: the one for scaling out above, the one for scaling in below."""
    period: timedelta = timedelta(seconds=60)
    periods: int = 1
    datapoints: int | None = None
    """How many of the `periods` must be beyond; all by default."""
    missing_data: Literal["breaching", "ignore", "missing", "notBreaching"] = "notBreaching"
    """How the alarm takes a period without data (TreatMissingData)."""

    refused: ClassVar[Mapping[str, str]] = {
        **Policy.refused,
        "steps": "are called above and below: {100: 1, 500: 5}",
        "scaling_steps": "are called above and below: {100: 1, 500: 5}",
        "adjustment_type": "is called adjustment",
        "threshold": "is the step nearest to normal: the lowest of above, the highest of below",
        "evaluation_periods": "is called periods",
        "datapoints_to_alarm": "is called datapoints",
        "treat_missing_data": "is called missing_data",
    }

    def check(self) -> None:
        super().check()
        if not self.above and not self.below:
            raise self.refuse("it has no step; give above={100: 1} or below={10: -1}")
        if self.above and self.below and max(self.below) >= min(self.above):
            raise self.refuse(
                f"below={max(self.below):g} reaches above={min(self.above):g}, so that both would act; "
                "leave a gap between them"
            )
        for key, steps in (("above", self.above), ("below", self.below)):
            self._check_steps(key, steps)
        if self.min_adjustment is not None:
            if self.adjustment != "PercentChangeInCapacity":
                raise self.refuse(f"min_adjustment is for PercentChangeInCapacity, got {self.adjustment}")
            if self.min_adjustment < 1:
                raise self.refuse(f"min_adjustment must be 1 task or more, got {self.min_adjustment}")
        self._check_alarm()

    def _check_steps(self, key: str, steps: Mapping[float, int]) -> None:
        if len(steps) > 20:
            raise self.refuse(f"a policy takes 20 steps, got {len(steps)} in {key}")
        for bound, change in steps.items():
            if self.adjustment == "ExactCapacity" and change < 0:
                raise self.refuse(f"ExactCapacity is a number of tasks, 0 or more, got {change} at {bound:g}")
            if self.adjustment != "ExactCapacity" and change == 0:
                raise self.refuse(f"a change of 0 at {bound:g} does nothing; leave the step out")

    def _check_alarm(self) -> None:
        seconds = self.period.total_seconds()
        if seconds not in (10, 20, 30) and (seconds < 60 or seconds % 60):
            raise self.refuse(f"period must be 10, 20 or 30 seconds or whole minutes, got {seconds:g}")
        if self.periods < 1:
            raise self.refuse(f"periods must be 1 or more, got {self.periods}")
        span = 604_800 if seconds >= 3600 else 86_400
        if self.periods * seconds > span:
            raise self.refuse(
                f"{self.periods} periods of {seconds:g} s are {self.periods * seconds:g} s; "
                f"an alarm looks back {span} s at most"
            )
        if self.datapoints is not None and not 1 <= self.datapoints <= self.periods:
            raise self.refuse(f"datapoints must be 1 to periods={self.periods}, got {self.datapoints}")
        if self.cooldown is not None:
            self.check_pause("cooldown")

    def resources(self, scaled: Scaled) -> Iterator[Any]:
        if self.above:
            threshold = min(self.above)
            yield self._policy("Above", scaled, self._ladder(self.above, threshold))
            yield self._alarm("Above", scaled, threshold, "GreaterThanOrEqualToThreshold")
        if self.below:
            threshold = max(self.below)
            # mirrored, so that the ladder is climbed in one way: the bounds change sign and side
            mirrored = self._ladder({-bound: change for bound, change in self.below.items()}, -threshold)
            steps = [(None if high is None else 0 - high, 0 - low, change) for low, high, change in mirrored]
            yield self._policy("Below", scaled, steps)
            yield self._alarm("Below", scaled, threshold, "LessThanOrEqualToThreshold")

    def _ladder(self, steps: Mapping[float, int], threshold: float) -> list[tuple[float, float | None, int]]:
        """Give each step with its bounds as distances from the threshold; the last has no end."""
        bounds = sorted(steps)
        ends: list[float | None] = [bound - threshold for bound in bounds[1:]]
        return [
            (low - threshold, high, steps[low]) for low, high in zip(bounds, [*ends, None], strict=True)
        ]  # fmt: skip

    def _policy(self, side: str, scaled: Scaled, steps: list[Any]) -> Any:
        from troposphere import applicationautoscaling as autoscaling

        least = {} if self.min_adjustment is None else {"MinAdjustmentMagnitude": self.min_adjustment}
        return scaled.policy(
            f"{self.part}{side}",
            "StepScaling",
            StepScalingPolicyConfiguration=autoscaling.StepScalingPolicyConfiguration(
                AdjustmentType=self.adjustment,
                Cooldown=self.seconds("cooldown", scaled.out if side == "Above" else scaled.back),
                MetricAggregationType=self.aggregation,
                **least,
                StepAdjustments=[
                    autoscaling.StepAdjustment(
                        ScalingAdjustment=change,
                        **({} if low is None else {"MetricIntervalLowerBound": low}),
                        **({} if high is None else {"MetricIntervalUpperBound": high}),
                    )
                    for low, high, change in steps
                ],
            ),
        )

    def _alarm(self, side: str, scaled: Scaled, threshold: float, comparison: str) -> Any:
        return scaled.alarm(
            f"{self.part}{side}",
            self.metric,
            AlarmDescription=f"Scales {scaled.service}: {self.part} at {threshold:g} or {side.lower()}",
            ComparisonOperator=comparison,
            Threshold=threshold,
            Period=int(self.period.total_seconds()),
            EvaluationPeriods=self.periods,
            **({} if self.datapoints is None else {"DatapointsToAlarm": self.datapoints}),
            TreatMissingData=self.missing_data,
        )


def check_policies(scaling: Value, policies: Sequence[Policy]) -> None:
    """Refuse policies of which two would have one logical id, or follow one metric to two targets. Raises SpecError."""
    taken = {one.lower(): "a policy of Scaling's own" for one in _OURS}
    followed: dict[object, str] = {}
    for one in policies:
        kind, key = type(one).__name__, one.part.lower()
        if key in taken:
            raise scaling.refuse(f"the name {one.part} of a {kind} is taken by {taken[key]}; give name=")
        taken[key] = f"another {kind}"
        if isinstance(one, TargetTracking) and isinstance(one.metric, Metric):
            twin = followed.setdefault(one.metric.identity(), one.part)
            if twin != one.part:
                raise scaling.refuse(
                    f"{twin} and {one.part} follow one metric, and Application Auto Scaling takes a metric once; "
                    "keep the lower target"
                )
    count = sum(bool(one.above) + bool(one.below) if isinstance(one, StepScaling) else 1 for one in policies)
    if count > _MOST:
        raise scaling.refuse(f"a service takes {_MOST} policies, each side of steps is one, got {count}")
