"""Patterns: functions that return constructs which belong together, and decide nothing that these do not show."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from fargate_stacks.constructs.cluster import Cluster, ExistingCluster
from fargate_stacks.constructs.scaling import Scaling
from fargate_stacks.constructs.service import Service
from fargate_stacks.constructs.task import Task
from fargate_stacks.core.construct import verb
from fargate_stacks.providers.queue import Queue


class QueueWorker(NamedTuple):
    """A queue and the service that empties it; `*worker` puts both into a stack, or each goes into its own."""

    queue: Queue
    service: Service


@verb
def queue_worker(
    name: str,
    *,
    cluster: Cluster | ExistingCluster,
    task: Task,
    count: int | Scaling = 1,
    queue: Queue | None = None,
) -> QueueWorker:
    """Give a service that consumes a queue, whose URL its first container finds in `QUEUE_URL`.

    The queue is named `<name>Jobs` unless one is given; others put messages in by `worker.queue.send()`. A message that
    is not deleted within the queue's `visibility_timeout` comes back, so that must be longer than its work takes.
    `count=Scaling(min=0, max=20)` without a metric follows the queue as `Backlog()` does by default; a `Backlog` of
    your own needs no queue.
    What else a service can be told is told to it: `replace(worker.service, capacity=Spot())`. Raises SpecError.
    """
    jobs = Queue(f"{name}Jobs") if queue is None else queue
    consuming = replace(task, uses=[*task.uses, jobs.consume(env="QUEUE_URL")])
    if isinstance(count, Scaling):
        count = _following(jobs, count)
    return QueueWorker(jobs, Service(name, cluster=cluster, task=consuming, count=count))


def _following(jobs: Queue, count: Scaling) -> Scaling:
    """Give the scaling with the queue in its backlog, if it has one or names nothing else to follow."""
    from fargate_stacks.constructs.backlog import Backlog

    if count.backlog is not None and count.backlog.queue is None:
        return replace(count, backlog=replace(count.backlog, queue=jobs))
    return count if count.has_metric else replace(count, backlog=Backlog(queue=jobs))
