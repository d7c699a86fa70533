"""Alarms over metric math, which the emulator refuses in templates; their state changes by SetAlarmState alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ministack.services.cloudformation import provisioners

_record = provisioners._cw_metric_alarm_record
_ONE_METRIC = ("MetricName", "Namespace", "Dimensions", "Period", "Statistic", "ExtendedStatistic", "Unit")


def register() -> None:
    """Let AWS::CloudWatch::Alarm have Metrics."""
    provisioners._cw_metric_alarm_record = record


def record(name: str, props: Mapping[str, Any]) -> dict[str, Any]:
    """Give an alarm as CloudWatch keeps it: with one metric, or with queries of which one returns data."""
    queries = props.get("Metrics")
    if not queries:
        found: dict[str, Any] = _record(name, props)
        return found
    named = [one for one in _ONE_METRIC if one in props]
    if named:
        raise ValueError(f"Metrics list cannot be specified with {named[0]}")
    returned = [one["Id"] for one in queries if _true(one.get("ReturnData", True))]
    if len(returned) != 1:
        raise ValueError(f"Exactly one element of the metrics list should return data, got {len(returned)}")
    # the emulator's own record wants one metric, and its evaluation passes over alarms that have none
    found = _record(name, {**props, "Metrics": None, "MetricName": "none", "Namespace": "none"})
    for one in _ONE_METRIC:
        found.pop(one, None)
    found["Metrics"] = [_query(one) for one in queries]
    return found


def _query(query: Mapping[str, Any]) -> dict[str, Any]:
    found = {**query, "ReturnData": _true(query.get("ReturnData", True))}
    if "MetricStat" in query:
        found["MetricStat"] = {**query["MetricStat"], "Period": int(query["MetricStat"]["Period"])}
    return found


def _true(value: Any) -> bool:
    return str(value).lower() == "true"
