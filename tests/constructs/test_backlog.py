"""Scaling by a queue: the arithmetic that templates claim, evaluated as CloudWatch would."""

# ruff: noqa: E501 - error texts stand whole

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fargate_stacks import (
    App,
    Backlog,
    Cluster,
    Container,
    ExistingCluster,
    Param,
    Queue,
    Scaling,
    Service,
    Stack,
    Task,
    Template,
    Vpc,
    queue_worker,
    render,
)
from tests.constructs.networks import refusal
from tests.constructs.tasks import properties
from tests.metric_math import Series, of_queries

NET = Vpc("Net")
MAIN = Cluster("Main", vpc=NET)
TASK = Task(containers=[Container(image="example/worker:1")])
JOBS = Queue("Jobs")


def rendered(count: Scaling, **fields: Any) -> Template:
    service = Service("Mail", **{"cluster": MAIN, "task": TASK, "count": count, **fields})
    return render(App([Stack("s", [NET, MAIN, JOBS, service])]))["s"]


def worker(count: Scaling) -> Template:
    return render(App([Stack("s", [NET, MAIN, *queue_worker("Mail", cluster=MAIN, task=TASK, count=count)])]))["s"]


def tracking(template: Template, part: str = "Backlog") -> dict[str, Any]:
    found: dict[str, Any] = properties(template, f"Mail{part}ScalingPolicy")["TargetTrackingScalingPolicyConfiguration"]
    return found


DEFAULT = worker(Scaling(min=0, max=20))
PER_TASK: list[dict[str, Any]] = tracking(DEFAULT)["CustomizedMetricSpecification"]["Metrics"]
STRANDED: list[dict[str, Any]] = properties(DEFAULT, "MailWakeAlarm")["Metrics"]


def per_task(visible: Series, flying: Series, running: Series, *, strict: bool = False) -> Series:
    return of_queries(PER_TASK, {"visible": visible, "flying": flying, "running": running}, strict=strict)


def stranded(visible: Series, desired: Series) -> Series:
    return of_queries(STRANDED, {"visible": visible, "desired": desired})


# the arithmetic


def test_messages_that_wait_and_in_flight_are_shared_by_the_tasks_that_run() -> None:
    assert per_task([90, 40], [10, 20], [4, 3]) == [25, 20]


def test_a_message_in_flight_alone_keeps_the_backlog_above_zero() -> None:
    assert per_task([0], [1], [1]) == [1]


def test_at_zero_tasks_everything_is_the_backlog_of_one() -> None:
    assert per_task([7], [2], [0]) == [9]


def test_an_empty_queue_and_no_task_are_a_backlog_of_nothing() -> None:
    assert per_task([0], [0], [0]) == [0]


def test_without_any_data_the_backlog_is_nothing() -> None:
    assert per_task([None, None], [None, None], [None, None]) == [0, 0]


def test_tasks_that_are_not_counted_are_taken_for_one() -> None:
    assert per_task([6, 6], [0, 0], [None, None]) == [6, 6]


def test_a_count_that_comes_late_is_the_last_one() -> None:
    """Filled with 0 or 1 the newest minute would read ten times what it is, and scale out tenfold."""
    assert per_task([100, 100], [0, 0], [10, None]) == [10, 10]


def test_messages_that_are_reported_late_are_the_last_ones() -> None:
    """Filled with 0 the newest minute would always be 0, and the alarm on many data points would never fire."""
    assert per_task([100, None], [20, None], [10, 10]) == [12, 12]


def test_one_metric_that_is_missing_hides_no_other() -> None:
    assert per_task([None, 50], [5, 5], [5, 5]) == [1, 11]


series = st.lists(st.none() | st.integers(0, 100_000), min_size=6, max_size=6)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(series, series, series, st.booleans())
def test_the_expression_is_the_arithmetic_that_it_claims(
    visible: list[int | None], flying: list[int | None], running: list[int | None], strict: bool
) -> None:
    def known(values: list[int | None], at: int) -> int:
        return next((one for one in reversed(values[: at + 1]) if one is not None), 0)

    claimed = [
        (known(visible, at) + known(flying, at)) / (known(running, at) or 1) for at in range(len(visible))
    ]  # fmt: skip
    assert per_task([*visible], [*flying], [*running], strict=strict) == pytest.approx(claimed)


def test_messages_that_wait_without_a_wanted_task_are_stranded() -> None:
    assert stranded([3, 3, None], [0, None, 0]) == [3, 3, 3]
    assert stranded([3, 3], [1, 2]) == [0, 0]
    assert stranded([0, None], [0, None]) == [0, 0]
    assert stranded([None, None], [None, None]) == [0, 0]


# what is rendered


def test_a_worker_follows_its_queue_when_it_names_nothing_else() -> None:
    found = tracking(DEFAULT)
    assert (found["TargetValue"], found["ScaleOutCooldown"], found["ScaleInCooldown"]) == (100, 60, 300)
    metrics = {one["Id"]: one["MetricStat"]["Metric"] for one in PER_TASK if "MetricStat" in one}
    queue = [{"Name": "QueueName", "Value": {"Fn::GetAtt": ["MailJobsQueue", "QueueName"]}}]
    assert metrics["visible"] == {
        "Namespace": "AWS/SQS",
        "MetricName": "ApproximateNumberOfMessagesVisible",
        "Dimensions": queue,
    }
    assert metrics["flying"]["MetricName"] == "ApproximateNumberOfMessagesNotVisible"
    assert metrics["running"] == {
        "Namespace": "ECS/ContainerInsights",
        "MetricName": "RunningTaskCount",
        "Dimensions": [
            {"Name": "ClusterName", "Value": {"Ref": "MainCluster"}},
            {"Name": "ServiceName", "Value": {"Fn::GetAtt": ["MailService", "Name"]}},
        ],
    }
    assert {one["MetricStat"]["Stat"] for one in PER_TASK if "MetricStat" in one} == {"Average"}


def test_one_query_alone_returns_data() -> None:
    for queries in (PER_TASK, STRANDED):
        assert [one["Id"] for one in queries if one["ReturnData"]] == ["result"]


def test_the_target_is_the_latency_over_the_time_of_a_message() -> None:
    count = Scaling(
        min=1,
        max=9,
        backlog=Backlog(acceptable_latency=timedelta(minutes=10), processing_time=timedelta(milliseconds=250)),
    )
    assert tracking(worker(count))["TargetValue"] == 2400
    assert Backlog(acceptable_latency=timedelta(seconds=10), processing_time=timedelta(seconds=3)).target == 3.333


def test_from_zero_an_alarm_adds_the_first_task() -> None:
    alarm = properties(DEFAULT, "MailWakeAlarm")
    assert alarm["AlarmActions"] == [{"Ref": "MailWakeScalingPolicy"}]
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanOrEqualToThreshold", 1)
    assert (alarm["EvaluationPeriods"], alarm["TreatMissingData"]) == (1, "notBreaching")
    policy = properties(DEFAULT, "MailWakeScalingPolicy")
    assert policy["PolicyType"] == "StepScaling"
    assert policy["StepScalingPolicyConfiguration"] == {
        "AdjustmentType": "ChangeInCapacity",
        "Cooldown": 300,
        "MetricAggregationType": "Maximum",
        "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
    }


def test_where_a_task_always_runs_nothing_needs_to_wake() -> None:
    assert not [key for key in worker(Scaling(min=1, max=20)).resources if "Wake" in key]


def test_a_worker_that_names_a_metric_follows_that_alone() -> None:
    found = worker(Scaling(min=1, max=5, cpu=60)).resources
    assert [key for key in found if key.endswith("ScalingPolicy")] == ["MailCpuScalingPolicy"]


def test_a_worker_may_follow_its_queue_beside_another_metric() -> None:
    found = worker(Scaling(min=0, max=5, memory=60, backlog=Backlog())).resources
    assert {"MailMemoryScalingPolicy", "MailBacklogScalingPolicy", "MailWakeScalingPolicy"} <= found.keys()


def test_a_backlog_of_another_queue_is_left_as_it_is() -> None:
    found = queue_worker("Mail", cluster=MAIN, task=TASK, count=Scaling(min=0, max=5, backlog=Backlog(queue=JOBS)))
    template = render(App([Stack("s", [NET, MAIN, JOBS, *found])]))["s"]
    assert "JobsQueue" in str(tracking(template)) and "MailJobsQueue" not in str(tracking(template))


@pytest.mark.parametrize("queue", ["orders", "orders.fifo", "x" * 80])
def test_an_existing_queue_is_named(queue: str) -> None:
    assert queue in str(tracking(rendered(Scaling(min=1, max=2, backlog=Backlog(queue=queue)))))


def test_a_queue_may_be_named_by_a_parameter() -> None:
    found = tracking(rendered(Scaling(min=1, max=2, backlog=Backlog(queue=Param("QueueName")))))
    assert "{'Ref': 'QueueName'}" in str(found)


def test_a_queue_in_another_stack_comes_by_a_parameter() -> None:
    service = Service("Mail", cluster=MAIN, task=TASK, count=Scaling(min=0, max=2, backlog=Backlog(queue=JOBS)))
    template = render(App([Stack("net", [NET, MAIN]), Stack("data", [JOBS]), Stack("s", [service])]))["s"]
    assert "DataJobsQueueQueueName" in str(tracking(template))


# what is refused


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Backlog(acceptable_latency=timedelta(seconds=1)), "Backlog: acceptable_latency=1 s is shorter than processing_time=3 s, so no number of tasks is fast enough; allow at least as long"),
        (lambda: Backlog(processing_time=timedelta(0)), "Backlog: processing_time must be longer than nothing, got 0 s"),
        (lambda: Backlog(acceptable_latency=timedelta(seconds=-1)), "Backlog: acceptable_latency must be longer than nothing, got -1 s"),
        (lambda: Backlog(queue="https://sqs.eu-west-1.amazonaws.com/1/jobs"), "Backlog: queue must be a Queue or a queue's name, not its URL or ARN, got 'https://sqs.eu-west-1.amazonaws.com/1/jobs'"),
        (lambda: Backlog(msg_processing_time=timedelta(1)), "Backlog: msg_processing_time is called processing_time"),
        (lambda: rendered(Scaling(min=0, max=2, backlog=Backlog())), 'Service "Mail": Backlog has no queue; give Backlog(queue=jobs), or make the service by queue_worker'),
        (lambda: queue_worker("Mail", cluster=Cluster("Main", vpc=NET, insights="disabled"), task=TASK, count=Scaling(min=0, max=2)), 'Service "Mail": Scaling(backlog=) counts running tasks by Container Insights, and Cluster "Main" has insights="disabled"; give it insights="enabled", or scale by cpu'),
        (lambda: queue_worker("Mail", cluster=ExistingCluster("old", vpc=NET), task=TASK, count=Scaling(min=0, max=2)), 'Service "Mail": Scaling(backlog=) counts running tasks by Container Insights, and nothing says that ExistingCluster "old" has them; give ExistingCluster(insights="enabled") when it has, or scale by cpu'),
    ],
)  # fmt: skip
def test_what_cannot_be_followed_is_refused(make: Any, message: str) -> None:
    assert refusal(make) == message


def test_an_existing_cluster_with_insights_will_do() -> None:
    old = ExistingCluster("old", vpc=NET, insights="enhanced")
    assert tracking(rendered(Scaling(min=1, max=2, backlog=Backlog(queue=JOBS)), cluster=old))["TargetValue"] == 100
