"""How a service scales: each option in the template, and the arithmetic over two target groups."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fargate_stacks import (
    BlueGreen,
    Canary,
    Metric,
    MetricMath,
    ScheduledAction,
    StepScaling,
    TargetTracking,
    Template,
)
from tests.constructs.scalings import AGE, scaled
from tests.constructs.tasks import properties
from tests.metric_math import Series, of_queries


def tracking(template: Template, part: str) -> dict[str, Any]:
    found: dict[str, Any] = properties(template, f"Web{part}ScalingPolicy")["TargetTrackingScalingPolicyConfiguration"]
    return found


# utilization


def test_high_resolution_measures_and_follows_every_20_seconds() -> None:
    template = scaled(cpu=60, memory=70, high_resolution=True)
    (measured,) = properties(template, "WebService")["Monitoring"]["MetricConfigurations"]
    assert measured == {"MetricNames": ["CPUUtilization", "MemoryUtilization"], "ResolutionSeconds": 20}
    assert [
        tracking(template, part)["PredefinedMetricSpecification"]["PredefinedMetricType"] for part in ("Cpu", "Memory")
    ] == ["ECSServiceAverageCPUUtilizationHighResolution", "ECSServiceAverageMemoryUtilizationHighResolution"]


def test_high_resolution_is_bought_for_what_is_followed_only() -> None:
    (measured,) = properties(scaled(memory=70, high_resolution=True), "WebService")["Monitoring"][
        "MetricConfigurations"
    ]
    assert measured["MetricNames"] == ["MemoryUtilization"]


def test_by_default_a_service_is_measured_every_minute_and_says_nothing() -> None:
    assert "Monitoring" not in properties(scaled(cpu=60), "WebService")


def test_scale_in_is_on_and_not_mentioned() -> None:
    assert "DisableScaleIn" not in tracking(scaled(cpu=60), "Cpu")


def test_scale_in_can_be_switched_off_for_all_targets() -> None:
    template = scaled(TargetTracking(metric=AGE, target=5), cpu=60, requests=10, disable_scale_in=True)
    for part in ("Cpu", "Requests", "AgeOfOldest"):
        assert tracking(template, part)["DisableScaleIn"] is True


def test_one_target_may_differ_from_the_others() -> None:
    own = TargetTracking(
        metric=AGE,
        target=5,
        scale_out_cooldown=timedelta(seconds=1),
        scale_in_cooldown=timedelta(seconds=2),
        disable_scale_in=False,
    )
    found = tracking(scaled(own, disable_scale_in=True), "AgeOfOldest")
    assert (found["ScaleOutCooldown"], found["ScaleInCooldown"]) == (1, 2)
    assert "DisableScaleIn" not in found


# traffic


def test_response_time_follows_the_target_group() -> None:
    found = tracking(scaled(response_time=timedelta(milliseconds=250)), "ResponseTime")
    assert found["TargetValue"] == 0.25
    specification = found["CustomizedMetricSpecification"]
    assert {key: specification[key] for key in ("Namespace", "MetricName", "Statistic")} == {
        "Namespace": "AWS/ApplicationELB",
        "MetricName": "TargetResponseTime",
        "Statistic": "Average",
    }
    assert specification["Dimensions"] == [
        {"Name": "LoadBalancer", "Value": {"Fn::GetAtt": ["DoorLoadBalancer", "LoadBalancerFullName"]}},
        {"Name": "TargetGroup", "Value": {"Fn::GetAtt": ["WebTargetGroup", "TargetGroupFullName"]}},
    ]


def over_two_groups(part: str, deployment: Any, strict: bool, data: dict[str, Series], **count: Any) -> Series:
    template = scaled(service_deployment=deployment, **count)
    queries = tracking(template, part)["CustomizedMetricSpecification"]["Metrics"]
    named = [
        one["MetricStat"]["Metric"]["Dimensions"][1]["Value"]["Fn::GetAtt"][0] for one in queries if "MetricStat" in one
    ]
    assert set(named) == {"WebTargetGroup", "WebGreenTargetGroup"}
    return of_queries(queries, data, strict=strict)


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("deployment", [BlueGreen(), Canary()], ids=["blue-green", "canary"])
def test_requests_under_blue_green_are_those_of_whichever_group_is_live(deployment: Any, strict: bool) -> None:
    blue: Series = [300, 270, 0, None, None, None]
    green: Series = [None, 30, 300, 310, 0, None]
    found = over_two_groups("Requests", deployment, strict, {"r1": blue, "r2": green}, requests=1000)
    assert found == [300, 300, 300, 310, 0, None]


@pytest.mark.parametrize("strict", [False, True])
def test_response_time_under_blue_green_is_weighted_by_answers(strict: bool) -> None:
    data: dict[str, Series] = {
        "s1": [10, 9, None, None],
        "n1": [100, 90, None, None],
        "s2": [None, 11, 30, None],
        "n2": [None, 10, 100, None],
    }
    found = over_two_groups("ResponseTime", BlueGreen(), strict, data, response_time=timedelta(seconds=1))
    assert found == [0.1, 0.2, 0.3, None]


def test_a_rolling_service_needs_no_arithmetic() -> None:
    assert "Metrics" not in tracking(scaled(response_time=timedelta(seconds=1)), "ResponseTime")[
        "CustomizedMetricSpecification"
    ]  # fmt: skip


# metrics of one's own


def test_a_metric_is_followed_in_its_short_form() -> None:
    found = tracking(scaled(TargetTracking(metric=AGE, target=60)), "AgeOfOldest")
    assert found == {
        "CustomizedMetricSpecification": {
            "Namespace": "Shop",
            "MetricName": "AgeOfOldest",
            "Dimensions": [{"Name": "Queue", "Value": "mails"}],
            "Statistic": "Maximum",
            "Unit": "Seconds",
        },
        "TargetValue": 60,
        "ScaleOutCooldown": 60,
        "ScaleInCooldown": 300,
    }


def test_a_percentile_needs_the_long_form() -> None:
    slow = Metric("Latency", namespace="Shop", statistic="p95.5", of_service=True)
    (query,) = tracking(scaled(TargetTracking(metric=slow, target=2)), "Latency")["CustomizedMetricSpecification"][
        "Metrics"
    ]
    assert (query["Id"], query["ReturnData"], query["MetricStat"]["Stat"]) == ("m1", True, "p95.5")
    assert [one["Name"] for one in query["MetricStat"]["Metric"]["Dimensions"]] == ["ClusterName", "ServiceName"]


def test_an_expression_brings_its_metrics() -> None:
    math = MetricMath(
        "open / slots", metrics={"open": Metric("Open", namespace="Shop"), "slots": "total + 1", "total": AGE}
    )
    template = scaled(TargetTracking(name="Load", metric=math, target=0.7))
    queries = tracking(template, "Load")["CustomizedMetricSpecification"]["Metrics"]
    assert [(one["Id"], one["ReturnData"]) for one in queries] == [
        ("result", True),
        ("open", False),
        ("slots", False),
        ("total", False),
    ]
    assert of_queries(queries, {"open": [6, 9], "total": [2, 2]}) == [2, 3]


# steps


def steps(policy: StepScaling, side: str = "Above") -> dict[str, Any]:
    template = scaled(policy)
    found: dict[str, Any] = properties(template, f"WebAgeOfOldest{side}ScalingPolicy")["StepScalingPolicyConfiguration"]
    return found


def alarm(policy: StepScaling, side: str = "Above") -> dict[str, Any]:
    return properties(scaled(policy), f"WebAgeOfOldest{side}Alarm")


def change(configuration: dict[str, Any], distance: float) -> int:
    """What a policy does at a distance from its alarm's threshold, as Application Auto Scaling would find it."""
    above = any(one.get("MetricIntervalLowerBound") == 0 for one in configuration["StepAdjustments"])
    found = []
    for one in configuration["StepAdjustments"]:
        low = one.get("MetricIntervalLowerBound", float("-inf"))
        high = one.get("MetricIntervalUpperBound", float("inf"))
        # inclusive on the side of the threshold (API reference, StepAdjustment)
        if (low <= distance < high) if above else (low < distance <= high):
            found.append(one["ScalingAdjustment"])
    (only,) = found
    return int(only)


def test_steps_above_begin_at_the_lowest() -> None:
    policy = StepScaling(metric=AGE, above={100: 1, 500: 5, 900: 9})
    assert alarm(policy)["Threshold"] == 100
    assert alarm(policy)["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
    found = steps(policy)
    assert [change(found, at - 100) for at in (100, 499, 500, 899, 900, 10_000)] == [1, 1, 5, 5, 9, 9]


def test_steps_below_begin_at_the_highest() -> None:
    policy = StepScaling(metric=AGE, below={10: -1, 2.5: -3})
    assert alarm(policy, "Below")["Threshold"] == 10
    assert alarm(policy, "Below")["ComparisonOperator"] == "LessThanOrEqualToThreshold"
    found = steps(policy, "Below")
    assert [change(found, at - 10) for at in (10, 3, 2.5, 0)] == [-1, -1, -3, -3]


bounds = st.lists(st.integers(-1000, 1000), min_size=1, max_size=20, unique=True)
amounts = st.integers(1, 50)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(bounds, st.data())
def test_each_value_meets_the_step_whose_bound_it_has_reached(edges: list[int], data: st.DataObject) -> None:
    ladder = {float(edge): data.draw(amounts) for edge in edges}
    value = data.draw(st.one_of(st.sampled_from(edges), st.integers(-1200, 1200)))
    if value >= min(ladder):
        found = change(steps(StepScaling(metric=AGE, above=ladder)), value - min(ladder))
        assert found == ladder[max(edge for edge in ladder if edge <= value)]
    if value <= max(ladder):
        found = change(steps(StepScaling(metric=AGE, below=ladder), "Below"), value - max(ladder))
        assert found == ladder[min(edge for edge in ladder if edge >= value)]


def test_the_order_in_which_steps_are_written_is_none() -> None:
    assert steps(StepScaling(metric=AGE, above={5: 2, 1: 1})) == steps(StepScaling(metric=AGE, above={1: 1, 5: 2}))


def test_each_side_pauses_as_scaling_does_or_as_it_says() -> None:
    both = StepScaling(metric=AGE, above={9: 1}, below={1: -1})
    assert (steps(both)["Cooldown"], steps(both, "Below")["Cooldown"]) == (60, 300)
    assert steps(StepScaling(metric=AGE, above={9: 1}, cooldown=timedelta(0)))["Cooldown"] == 0


def test_percent_and_exact_changes() -> None:
    percent = steps(StepScaling(metric=AGE, above={1: 25}, adjustment="PercentChangeInCapacity", min_adjustment=2))
    assert (percent["AdjustmentType"], percent["MinAdjustmentMagnitude"]) == ("PercentChangeInCapacity", 2)
    exact = steps(StepScaling(metric=AGE, above={1: 4}, adjustment="ExactCapacity", aggregation="Maximum"))
    assert (exact["AdjustmentType"], exact["MetricAggregationType"]) == ("ExactCapacity", "Maximum")
    assert "MinAdjustmentMagnitude" not in exact


def test_an_alarm_looks_as_long_as_it_is_told() -> None:
    found = alarm(
        StepScaling(
            metric=AGE,
            above={1: 1},
            period=timedelta(seconds=30),
            periods=5,
            datapoints=3,
            missing_data="breaching",
        )
    )
    assert {
        key: found[key]
        for key in ("Period", "EvaluationPeriods", "DatapointsToAlarm", "TreatMissingData", "Statistic", "Unit")
    } == {
        "Period": 30,
        "EvaluationPeriods": 5,
        "DatapointsToAlarm": 3,
        "TreatMissingData": "breaching",
        "Statistic": "Maximum",
        "Unit": "Seconds",
    }
    assert found["AlarmActions"] == [{"Ref": "WebAgeOfOldestAboveScalingPolicy"}]


def test_missing_data_changes_nothing_unless_it_is_told() -> None:
    assert alarm(StepScaling(metric=AGE, above={1: 1}))["TreatMissingData"] == "notBreaching"
    assert "DatapointsToAlarm" not in alarm(StepScaling(metric=AGE, above={1: 1}))


def test_an_alarm_on_a_percentile_or_an_expression() -> None:
    slow = Metric("AgeOfOldest", namespace="Shop", statistic="p99")
    found = alarm(StepScaling(metric=slow, above={1: 1}))
    assert found["ExtendedStatistic"] == "p99" and "Statistic" not in found
    math = StepScaling(name="AgeOfOldest", metric=MetricMath("m / 2", metrics={"m": AGE}), above={1: 1})
    queries = alarm(math)["Metrics"]
    assert [one.get("MetricStat", {}).get("Period") for one in queries] == [None, 60]
    assert "MetricName" not in alarm(math)


def test_steps_start_a_service_that_may_have_no_task() -> None:
    assert properties(scaled(StepScaling(metric=AGE, above={1: 1}), min=0), "WebScalableTarget")["MinCapacity"] == 0


# the clock


def test_scheduled_actions_are_the_targets() -> None:
    night = ScheduledAction("night", schedule="cron(0 22 ? * MON-FRI *)", timezone="Asia/Seoul", min=0, max=2)
    fair = ScheduledAction("fair", schedule="at(2027-03-01T08:00:00)", min=6)
    beat = ScheduledAction(
        "beat",
        schedule="rate(1 hour)",
        max=4,
        start=datetime(2027, 1, 1, tzinfo=UTC),
        end=datetime(2027, 2, 1, 9, tzinfo=timezone(timedelta(hours=9))),
    )
    found = properties(scaled(cpu=60, schedule=[night, fair, beat]), "WebScalableTarget")["ScheduledActions"]
    assert found == [
        {
            "ScheduledActionName": "night",
            "Schedule": "cron(0 22 ? * MON-FRI *)",
            "Timezone": "Asia/Seoul",
            "ScalableTargetAction": {"MinCapacity": 0, "MaxCapacity": 2},
        },
        {
            "ScheduledActionName": "fair",
            "Schedule": "at(2027-03-01T08:00:00)",
            "ScalableTargetAction": {"MinCapacity": 6},
        },
        {
            "ScheduledActionName": "beat",
            "Schedule": "rate(1 hour)",
            "ScalableTargetAction": {"MaxCapacity": 4},
            "StartTime": "2027-01-01T00:00:00Z",
            "EndTime": "2027-02-01T00:00:00Z",
        },
    ]


def test_the_clock_alone_may_scale() -> None:
    morning = ScheduledAction("morning", schedule="cron(0 8 * * ? *)", min=2)
    assert not [key for key in scaled(min=0, schedule=[morning]).resources if key.endswith("ScalingPolicy")]
