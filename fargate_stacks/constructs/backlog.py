"""Scaling by a queue: how much waits for each task, and the first task of all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from fargate_stacks.constructs.metric import Metric, MetricMath
from fargate_stacks.core.construct import Value
from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import Intrinsic, Text

if TYPE_CHECKING:
    from fargate_stacks.constructs.scaled import Scaled
    from fargate_stacks.providers.queue import Queue

_QUEUE = re.compile(r"[A-Za-z0-9_-]{1,75}(\.fifo)?\Z|[A-Za-z0-9_-]{76,80}\Z", re.ASCII)
_WAKE_COOLDOWN = 300


class Backlog(Value):
    """Keeps the messages for each task of a queue near `acceptable_latency / processing_time`.

    Messages that wait and messages in flight count both, so a task that still works on one is not taken for idle.
    `processing_time` is what passes between two messages that one task finishes: what a message takes, divided by
    how many a task handles at once. `queue` is a `Queue` or the name of an existing one; `queue_worker` gives its own.
    The cluster must have Container Insights: only they count running tasks. From zero tasks the first one is
    started by an alarm on messages that wait; a queue that nobody touched for hours reports late, so that this
    takes minutes. Raises SpecError for times that no number of tasks can keep.
    """

    queue: Queue | Text | None = None
    acceptable_latency: timedelta = timedelta(minutes=5)
    """How long a message may wait."""
    processing_time: timedelta = timedelta(seconds=3)

    refused: ClassVar[Mapping[str, str]] = {
        "latency": "is called acceptable_latency",
        "msg_processing_time": "is called processing_time",
        "queue_name": "is called queue; it takes a name too",
        "target": "follows from acceptable_latency / processing_time",
    }

    def check(self) -> None:
        if isinstance(self.queue, str) and not _QUEUE.match(self.queue):
            raise self.refuse(f"queue must be a Queue or a queue's name, not its URL or ARN, got {shown(self.queue)}")
        for key in ("acceptable_latency", "processing_time"):
            pause: timedelta = getattr(self, key)
            if pause <= timedelta(0):
                raise self.refuse(f"{key} must be longer than nothing, got {pause.total_seconds():g} s")
        if self.acceptable_latency < self.processing_time:
            raise self.refuse(
                f"acceptable_latency={self.acceptable_latency.total_seconds():g} s is shorter than "
                f"processing_time={self.processing_time.total_seconds():g} s, so no number of tasks is fast enough; "
                "allow at least as long"
            )

    @property
    def target(self) -> float:
        """Messages for each task that are processed within the acceptable latency."""
        goal = round(self.acceptable_latency / self.processing_time, 3)
        return int(goal) if goal.is_integer() else goal

    @property
    def per_task(self) -> MetricMath:
        """Messages, waiting and in flight, for each running task; for one task where none is known to run."""
        return MetricMath(
            "messages / IF(tasks > 0, tasks, 1)",
            metrics={
                "messages": f"{_known('visible')} + {_known('flying')}",
                "tasks": _known("running"),
                "visible": self._of_queue("ApproximateNumberOfMessagesVisible"),
                "flying": self._of_queue("ApproximateNumberOfMessagesNotVisible"),
                "running": _of_service("RunningTaskCount"),
            },
        )

    @property
    def stranded(self) -> MetricMath:
        """Messages that wait while no task is wanted; 0 as soon as one is."""
        return MetricMath(
            "IF(tasks > 0, 0, waiting)",
            metrics={
                "waiting": _known("visible"),
                "tasks": _known("desired"),
                "visible": self._of_queue("ApproximateNumberOfMessagesVisible"),
                "desired": _of_service("DesiredTaskCount"),
            },
        )

    def resources(self, scaled: Scaled, *, from_zero: bool) -> Iterator[Any]:
        yield scaled.customized("Backlog", self.target, self.per_task)
        if not from_zero:
            return
        from troposphere import applicationautoscaling as autoscaling

        # target tracking multiplies what runs, and nothing times anything is nothing
        yield scaled.policy(
            "Wake",
            "StepScaling",
            StepScalingPolicyConfiguration=autoscaling.StepScalingPolicyConfiguration(
                AdjustmentType="ChangeInCapacity",
                Cooldown=_WAKE_COOLDOWN,
                MetricAggregationType="Maximum",
                StepAdjustments=[autoscaling.StepAdjustment(MetricIntervalLowerBound=0, ScalingAdjustment=1)],
            ),
        )
        yield scaled.alarm(
            "Wake",
            self.stranded,
            AlarmDescription=f"Messages wait for {scaled.service}, which has no task",
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            Threshold=1,
            Period=60,
            EvaluationPeriods=1,
            TreatMissingData="notBreaching",
        )

    def _of_queue(self, name: str) -> Metric:
        queue = self.queue
        found = queue if isinstance(queue, (str, Intrinsic)) or queue is None else queue.queue_name
        return Metric(name, namespace="AWS/SQS", dimensions={} if found is None else {"QueueName": found})


def _of_service(name: str) -> Metric:
    return Metric(name, namespace="ECS/ContainerInsights", of_service=True)


def _known(metric: str) -> str:
    """The last value that is known, and 0 where none is.

    Filled with a constant alone, a metric that comes a minute late would always end in that constant, and the alarms
    that follow it would hang (CloudWatch user guide, "Using metric math", FILL).
    """
    return f"FILL(FILL({metric}, REPEAT), 0)"
