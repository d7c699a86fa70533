"""CloudWatch metrics and arithmetic with them, as scaling policies and alarms name them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from fargate_stacks.core.construct import Value, nearest
from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import Text

if TYPE_CHECKING:
    from fargate_stacks.constructs.scaled import Scaled

STATISTICS = ("Average", "Maximum", "Minimum", "SampleCount", "Sum")
_PERCENTILE = re.compile(r"(p|tm|wm|tc|ts)(100|\d{1,2})(\.\d{1,10})?\Z")
_ID = re.compile(r"[a-z][A-Za-z0-9_]{0,254}\Z", re.ASCII)
_WORD = re.compile(r"\"[^\"]*\"|[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_RESULT = "result"


class Metric(Value):
    """A metric of CloudWatch: its name, its namespace, and the dimensions under which it is published.

    `of_service=True` adds the dimensions `ClusterName` and `ServiceName` of the service that scales by it. `statistic`
    is one of CloudWatch's five or a percentile such as "p90". Raises SpecError for what CloudWatch refuses
    (limits of its API reference, `MetricStat`).
    """

    name: str = field(kw_only=False)
    namespace: str
    dimensions: Mapping[str, Text] = {}
    statistic: str = "Average"
    unit: str | None = None
    """CloudWatch's word, such as "Count" or "Seconds"; by default whatever was published."""
    of_service: bool = False

    refused: ClassVar[Mapping[str, str]] = {
        "metric_name": "is called name, and comes first",
        "stat": "is called statistic",
        "period": "belongs to StepScaling; target tracking looks every minute",
    }

    def check(self) -> None:
        for key, value in (("name", self.name), ("namespace", self.namespace)):
            if not 1 <= len(value) <= 255 or not value.isascii() or not value.isprintable():
                raise self.refuse(f"{key} must be 1 to 255 printable ASCII characters, got {shown(value)}")
        if self.namespace.startswith(":"):
            raise self.refuse(f"namespace must not start with a colon, got {shown(self.namespace)}")
        if self.statistic not in STATISTICS and not _PERCENTILE.match(self.statistic):
            raise self.refuse(
                f"statistic must be {', '.join(STATISTICS)} or a percentile like p90, got {shown(self.statistic)}"
                f"{nearest(self.statistic, STATISTICS)}"
            )
        count = len(self.dimensions) + 2 * self.of_service
        if count > 30:
            raise self.refuse(f"CloudWatch knows up to 30 dimensions, got {count}")
        for key in self.dimensions:
            if not 1 <= len(key) <= 255 or not key.isascii() or not key.strip() or key.startswith(":"):
                raise self.refuse(f"a dimension's name is 1 to 255 ASCII characters, no colon first, got {shown(key)}")
            found = self.dimensions[key]
            if isinstance(found, str) and (not 1 <= len(found) <= 1024 or not found.isascii() or not found.strip()):
                raise self.refuse(f"dimension {key} must be 1 to 1024 ASCII characters, got {shown(found)}")
            if self.of_service and key in ("ClusterName", "ServiceName"):
                raise self.refuse(f"of_service=True gives the dimension {key}; leave it out of dimensions")

    def named(self, scaled: Scaled, dimension: Any) -> dict[str, Any]:
        """Give the properties by which every resource type names a metric."""
        given = dict(self.dimensions)
        if self.of_service:
            given |= {"ClusterName": scaled.cluster_name, "ServiceName": scaled.service_name}
        more = {"Dimensions": [dimension(Name=name, Value=value) for name, value in given.items()]} if given else {}
        return {"Namespace": self.namespace, "MetricName": self.name, **more}

    def identity(self) -> tuple[object, ...]:
        """Give what makes two metrics the same one."""
        return (self.namespace, self.name, self.statistic, self.of_service, frozenset(self.dimensions.items()))

    @property
    def units(self) -> dict[str, str]:
        return {} if self.unit is None else {"Unit": self.unit}


class MetricMath(Value):
    """An expression of CloudWatch's metric math over metrics, each under the id that the expression knows it by.

    An id starts with a lower-case letter; a text in place of a metric is an expression that others build on.
    Raises SpecError for an id that is used and not given, or given and not used, and for `SEARCH` and `METRICS`,
    which no alarm admits.
    """

    expression: str = field(kw_only=False)
    metrics: Mapping[str, Metric | str]

    def check(self) -> None:
        if not self.metrics:
            raise self.refuse("it names no metric; give metrics={'m1': Metric(...)}")
        if len(self.metrics) > 9:
            raise self.refuse(f"ten queries are the most in one alarm, got {len(self.metrics)} beside the result")
        used: set[str] = set()
        for text in (self.expression, *(one for one in self.metrics.values() if isinstance(one, str))):
            if not 1 <= len(text) <= 2048:
                raise self.refuse(f"an expression is 1 to 2048 characters, got {len(text)}")
            words = {word for word in _WORD.findall(text) if word[0] != '"'}
            for word in sorted(words & {"SEARCH", "METRICS"}):
                raise self.refuse(f"{word}() gives several time series, and a policy follows one; name the metrics")
            used |= {word for word in words if word[0].islower()}
        for key in self.metrics:
            if not _ID.match(key) or key == _RESULT:
                raise self.refuse(f"an id is a lower-case letter, then letters, digits and _, got {shown(key)}")
        for word in sorted(used - set(self.metrics)):
            raise self.refuse(f"the expression uses {word}, which is not given{nearest(word, self.metrics)}")
        for word in sorted(set(self.metrics) - used):
            raise self.refuse(f"{word} is given and the expression does not use it; leave it out")


class Dialect(NamedTuple):
    """The classes in which one resource type writes metric data queries."""

    query: Any
    stat: Any
    metric: Any
    dimension: Any
    more: Mapping[str, Any]
    """What the stat of this type says beside the metric."""

    def queries(self, asked: Metric | MetricMath, scaled: Scaled) -> list[Any]:
        """Give the queries of a metric or an expression; one of them returns data."""
        if isinstance(asked, Metric):
            return [self._query("m1", asked, scaled, returned=True)]
        return [
            self.query(Id=_RESULT, Expression=asked.expression, Label=_RESULT, ReturnData=True),
            *(self._query(key, one, scaled, returned=False) for key, one in asked.metrics.items()),
        ]

    def _query(self, key: str, asked: Metric | str, scaled: Scaled, *, returned: bool) -> Any:
        if isinstance(asked, str):
            return self.query(Id=key, Expression=asked, ReturnData=returned)
        return self.query(
            Id=key,
            ReturnData=returned,
            MetricStat=self.stat(
                Metric=self.metric(**asked.named(scaled, self.dimension)),
                Stat=asked.statistic,
                **asked.units,
                **self.more,
            ),
        )


def customized(metric: Metric | MetricMath, scaled: Scaled) -> Any:
    """Give what a target-tracking policy follows: a metric in its short form where that can say it."""
    from troposphere import applicationautoscaling as autoscaling

    if isinstance(metric, Metric) and metric.statistic in STATISTICS:
        return autoscaling.CustomizedMetricSpecification(
            **metric.named(scaled, autoscaling.MetricDimension), Statistic=metric.statistic, **metric.units
        )
    dialect = Dialect(
        autoscaling.TargetTrackingMetricDataQuery,
        autoscaling.TargetTrackingMetricStat,
        autoscaling.TargetTrackingMetric,
        autoscaling.TargetTrackingMetricDimension,
        {},
    )
    return autoscaling.CustomizedMetricSpecification(Metrics=dialect.queries(metric, scaled))


def watched(metric: Metric | MetricMath, scaled: Scaled, period: int) -> dict[str, Any]:
    """Give what an alarm looks at, every `period` seconds."""
    from troposphere import cloudwatch

    if isinstance(metric, MetricMath):
        dialect = Dialect(
            cloudwatch.MetricDataQuery,
            cloudwatch.MetricStat,
            cloudwatch.Metric,
            cloudwatch.MetricDimension,
            {"Period": period},
        )
        return {"Metrics": dialect.queries(metric, scaled)}
    statistic = "Statistic" if metric.statistic in STATISTICS else "ExtendedStatistic"
    named = metric.named(scaled, cloudwatch.MetricDimension)
    return {**named, statistic: metric.statistic, "Period": period, **metric.units}


def forecast_queries(metric: Metric | MetricMath, scaled: Scaled) -> list[Any]:
    """Give the queries by which a forecast knows a metric."""
    from troposphere import applicationautoscaling as autoscaling

    dialect = Dialect(
        autoscaling.PredictiveScalingMetricDataQuery,
        autoscaling.PredictiveScalingMetricStat,
        autoscaling.PredictiveScalingMetric,
        autoscaling.PredictiveScalingMetricDimension,
        {},
    )
    return dialect.queries(metric, scaled)
