"""Patterns: functions that give constructs, which spread into stacks and are varied as values."""

# ruff: noqa: E501 - error texts stand whole

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fargate_stacks import (
    App,
    Cluster,
    Container,
    ExistingCluster,
    Queue,
    QueueWorker,
    Scaling,
    Service,
    Spot,
    Stack,
    Task,
    Vpc,
    queue_worker,
    render,
)
from tests.constructs.networks import refusal
from tests.constructs.tasks import properties, statements

NET = Vpc("Net")
MAIN = Cluster("Main", vpc=NET)
TASK = Task(containers=[Container(image="example/worker:1")])


def worker(**fields: Any) -> QueueWorker:
    return queue_worker("Email", **{"cluster": MAIN, "task": TASK, **fields})


def test_a_worker_is_a_queue_and_the_service_that_consumes_it() -> None:
    found = worker()
    assert (type(found.queue), found.queue.name) == (Queue, "EmailJobs")
    assert (type(found.service), found.service.name) == (Service, "Email")


def test_it_spreads_into_a_stack() -> None:
    template = render(App([Stack("s", [NET, MAIN, *worker()])]))["s"]
    assert {"EmailJobsQueue", "EmailJobsDeadLetterQueue", "EmailService"} <= template.resources.keys()
    (statement,) = statements(template, "EmailTaskPolicy")
    assert statement["Resource"] == [{"Fn::GetAtt": ["EmailJobsQueue", "Arn"]}]
    assert "sqs:ReceiveMessage" in statement["Action"] and "sqs:SendMessage" not in statement["Action"]


def test_the_first_container_finds_the_queue_as_queue_url() -> None:
    template = render(App([Stack("s", [NET, MAIN, *worker()])]))["s"]
    (one,) = properties(template, "EmailTaskDefinition")["ContainerDefinitions"]
    assert one["Environment"] == [{"Name": "QUEUE_URL", "Value": {"Ref": "EmailJobsQueue"}}]


def test_its_parts_may_live_in_stacks_of_their_own() -> None:
    found = worker()
    templates = render(App([Stack("net", [NET, MAIN]), Stack("data", [found.queue]), Stack("run", [found.service])]))
    assert list(templates) == ["net", "data", "run"]


def test_a_queue_of_ones_own_is_taken() -> None:
    jobs = Queue("Jobs", fifo=True)
    assert worker(queue=jobs).queue is jobs


def test_it_runs_as_often_as_told() -> None:
    template = render(App([Stack("s", [NET, MAIN, *worker(count=3)])]))["s"]
    assert properties(template, "EmailService")["DesiredCount"] == 3
    scaled = render(App([Stack("s", [NET, MAIN, *worker(count=Scaling(min=1, max=5, cpu=50))])]))["s"]
    assert "DesiredCount" not in properties(scaled, "EmailService")
    assert properties(scaled, "EmailScalableTarget")["MinCapacity"] == 1


def test_a_variant_is_a_replaced_value() -> None:
    queue, service = worker()
    on_spot = replace(service, capacity=Spot())
    template = render(App([Stack("s", [NET, MAIN, queue, on_spot])]))["s"]
    providers = [one["CapacityProvider"] for one in properties(template, "EmailService")["CapacityProviderStrategy"]]
    assert providers == ["FARGATE", "FARGATE_SPOT"]
    assert "FARGATE_SPOT" not in str(
        properties(render(App([Stack("s", [NET, MAIN, queue, service])]))["s"], "EmailService")
    )


def test_the_task_that_was_given_is_left_as_it_was() -> None:
    worker()
    assert TASK.uses == ()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"task": "x"}, "queue_worker \"Email\": task must be Task, got 'x'; pass Task"),
        ({"cluster": None}, "queue_worker \"Email\": cluster must be Cluster or ExistingCluster, got None; pass Cluster or ExistingCluster"),
        ({"cout": 3}, "queue_worker \"Email\": there is no argument cout; did you mean count"),
        ({"count": -1}, 'Service "Email": count must be 0 or more, got -1'),
        ({"cluster": ExistingCluster("old", vpc=NET), "queue": 5}, "queue_worker \"Email\": queue must be Queue or None, got 5; pass Queue or None"),
    ],
)  # fmt: skip
def test_what_no_worker_can_be_is_refused(fields: dict[str, Any], message: str) -> None:
    assert refusal(lambda: worker(**fields)) == message


def test_a_worker_without_its_parts_is_refused() -> None:
    assert refusal(lambda: queue_worker("Email", cluster=MAIN)) == 'queue_worker "Email": task is missing; give task='
    assert refusal(lambda: queue_worker(cluster=MAIN, task=TASK)) == "queue_worker: name is missing; give name="
