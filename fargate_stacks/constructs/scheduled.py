"""Scaling by the clock: bounds that change at given times."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from datetime import UTC, datetime
from typing import Any, ClassVar

from fargate_stacks.constructs.cron import kind_of, problem_of, zone_problem
from fargate_stacks.core.construct import Value
from fargate_stacks.core.hints import shown

_NAME = re.compile(r"(?! )[^\x00-\x1f\x7f-\x9f:/|]{1,256}(?<! )\Z")


class ScheduledAction(Value):
    """New bounds for the number of tasks, from a time on: `min`, `max` or both.

    `schedule` is `cron(minutes hours day-of-month month day-of-week year)`, `rate(5 minutes)` or
    `at(2027-01-31T08:00:00)`, in UTC unless `timezone` names another zone, whose daylight saving is then kept. `start`
    and `end` bound a cron or a rate. What an action sets stays until the next one sets something else.
    Raises SpecError for expressions that Application Auto Scaling refuses.
    """

    name: str = field(kw_only=False)
    schedule: str
    min: int | None = None
    max: int | None = None
    timezone: str | None = None
    start: datetime | None = None
    end: datetime | None = None

    refused: ClassVar[Mapping[str, str]] = {
        "min_capacity": "is called min",
        "max_capacity": "is called max",
        "cron": 'is written into schedule="cron(...)"',
        "start_time": "is called start",
        "end_time": "is called end",
    }

    def check(self) -> None:
        if not _NAME.match(self.name):
            raise self.refuse("name is 1 to 256 characters without : / | and no space at its ends")
        problem = problem_of(self.schedule)
        if problem is not None:
            raise self.refuse(problem)
        kind = kind_of(self.schedule)
        if self.min is None and self.max is None:
            raise self.refuse("it changes nothing; give min=, max= or both")
        for key, value in (("min", self.min), ("max", self.max)):
            if value is not None and value < 0:
                raise self.refuse(f"{key} must be 0 or more tasks, got {value}")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise self.refuse(f"min={self.min} is above max={self.max}; swap or change them")
        if self.timezone is not None:
            if kind == "rate":
                raise self.refuse("a rate has no time zone; leave timezone out or write a cron")
            problem = zone_problem(self.timezone)
            if problem is not None:
                raise self.refuse(problem)
        self._check_bounds(kind)

    def _check_bounds(self, kind: str) -> None:
        for key, value in (("start", self.start), ("end", self.end)):
            if value is None:
                continue
            if kind == "at":
                raise self.refuse(f"at(...) happens once, and {key} is for cron and rate; leave it out")
            if value.utcoffset() is None:
                raise self.refuse(
                    f"{key} has no time zone, got {shown(value.isoformat())}; give datetime(..., tzinfo=timezone.utc)"
                )
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise self.refuse(f"start={self.start.isoformat()} is not before end={self.end.isoformat()}")

    def action(self) -> Any:
        from troposphere import applicationautoscaling as autoscaling

        bounds = {"MinCapacity": self.min, "MaxCapacity": self.max}
        more = {"Timezone": self.timezone, "StartTime": _utc(self.start), "EndTime": _utc(self.end)}
        return autoscaling.ScheduledAction(
            ScheduledActionName=self.name,
            Schedule=self.schedule,
            ScalableTargetAction=autoscaling.ScalableTargetAction(
                **{key: value for key, value in bounds.items() if value is not None}
            ),
            **{key: value for key, value in more.items() if value is not None},
        )


def _utc(time: datetime | None) -> str | None:
    return None if time is None else time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
