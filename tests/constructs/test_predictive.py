"""Scaling by a forecast."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fargate_stacks import Metric, MetricMath, Predictive
from tests.constructs.scalings import AGE, scaled
from tests.constructs.tasks import properties


def forecast(**fields: Any) -> dict[str, Any]:
    template = scaled(cpu=60, predictive=Predictive(**fields))
    found: dict[str, Any] = properties(template, "WebPredictiveScalingPolicy")
    assert found["PolicyType"] == "PredictiveScaling"
    configuration: dict[str, Any] = found["PredictiveScalingPolicyConfiguration"]
    return configuration


def test_a_forecast_is_made_and_only_looked_at_by_default() -> None:
    assert forecast(cpu=50) == {
        "Mode": "ForecastOnly",
        "SchedulingBufferTime": 300,
        "MaxCapacityBreachBehavior": "HonorMaxCapacity",
        "MetricSpecifications": [
            {
                "TargetValue": 50,
                "PredefinedMetricPairSpecification": {"PredefinedMetricType": "ECSServiceCPUUtilization"},
            }
        ],
    }


def test_a_forecast_that_scales_may_go_beyond_the_maximum() -> None:
    found = forecast(memory=70, mode="ForecastAndScale", ahead=timedelta(minutes=10), buffer=20)
    assert (found["Mode"], found["SchedulingBufferTime"]) == ("ForecastAndScale", 600)
    assert (found["MaxCapacityBreachBehavior"], found["MaxCapacityBuffer"]) == ("IncreaseMaxCapacity", 20)


def test_a_forecast_of_requests_names_the_target_group() -> None:
    (found,) = forecast(requests=500)["MetricSpecifications"]
    pair = found["PredefinedMetricPairSpecification"]
    assert pair["PredefinedMetricType"] == "ALBRequestCount"
    assert {"Fn::GetAtt": ["WebTargetGroup", "TargetGroupFullName"]} in pair["ResourceLabel"]["Fn::Join"][1]


def test_a_forecast_by_metrics_of_ones_own_knows_load_and_utilization() -> None:
    load = Metric("Orders", namespace="Shop", statistic="Sum")
    (found,) = forecast(load=load, utilization=MetricMath("a / 2", metrics={"a": AGE}), target=0.7)[
        "MetricSpecifications"
    ]
    (total,) = found["CustomizedLoadMetricSpecification"]["MetricDataQueries"]
    assert (total["ReturnData"], total["MetricStat"]["Stat"]) == (True, "Sum")
    queries = found["CustomizedScalingMetricSpecification"]["MetricDataQueries"]
    assert [one["Id"] for one in queries] == ["result", "a"]
    assert found["TargetValue"] == 0.7
