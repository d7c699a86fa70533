"""FS508 to FS513: the words in which scaling is written."""

from __future__ import annotations

from typing import Any

from tests.checks.truth.forms import Case, Resources, Truth, made, ref, truth
from tests.checks.truth.others import REQUESTS, tracked
from tests.checks.truth.services import scaled

CPU = {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}
MEMORY = {"PredefinedMetricType": "ECSServiceAverageMemoryUtilization"}
EXPRESSIONS = "write cron(0 8 ? * MON-FRI *), rate(5 minutes) or at(2027-01-31T08:00:00)"
NOWHERE = (
    "Target: MinCapacity is 0, and without a task there is neither CPU nor memory nor a request to follow; "
    "give MinCapacity 1, a step policy on a metric that needs no task, or a scheduled action that raises it"
)


def timed(*actions: dict[str, Any]) -> Resources:
    """Give a service with scheduled actions, sound but for what is given."""
    sound = {"ScheduledActionName": "day", "Schedule": "rate(1 day)", "ScalableTargetAction": {"MinCapacity": 1}}
    return scaled(ScheduledActions=[{**sound, **action} for action in actions])


def actions(**action: Any) -> list[Any]:
    """Give the scheduled actions of a service that has one."""
    found: list[Any] = timed(action)["Target"]["Properties"]["ScheduledActions"]
    return found


def policy(metric: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = tracked(metric)["Policy"]
    return found


def from_zero(resources: Resources, **target: Any) -> Resources:
    properties = {**resources["Target"]["Properties"], "MinCapacity": 0, **target}
    return {**resources, "Target": {**resources["Target"], "Properties": properties}}


def calculated(expression: str, *ids: str) -> Resources:
    queries = [{"Id": "result", "Expression": expression}]
    queries += [{"Id": one, "MetricStat": {"Metric": {"MetricName": one}, "Stat": "Sum"}} for one in ids]  # type: ignore[dict-item]
    return tracked({"Metrics": queries}, "CustomizedMetricSpecification")


def alarm(**properties: Any) -> Resources:
    sound = {"ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 3, "Threshold": 1, **properties}
    return {"Alarm": made("CloudWatch::Alarm", **sound)}


TABLE: dict[str, Truth] = {
    "FS508": truth(
        timed({"Schedule": "cron(0 8 * * *)"}),
        "Target: scheduled action day: cron takes six fields (minutes hours day-of-month month day-of-week year), "
        f"got 5; {EXPRESSIONS}",
        good=timed({"Schedule": "cron(0 8 ? * MON-FRI *)", "Timezone": "Europe/Berlin"}),
        also=[
            Case(
                timed({"Schedule": "rate(5 minute)"}),
                [
                    "Target: scheduled action day: rate takes the unit in its grammatical number, got '5 minute'; "
                    + EXPRESSIONS
                ],
            ),
            Case(
                timed({"Schedule": "cron(0 8 * * ? *)", "Timezone": "Europe/Berln"}),
                [
                    "Target: scheduled action day: there is no time zone 'Europe/Berln'; "
                    "write a name of the IANA database"
                ],
            ),
            Case(
                timed({"Timezone": "Europe/Berlin"}),
                ["Target: scheduled action day: a rate has no time zone, got Europe/Berlin; leave Timezone out"],
            ),
        ],
        passes=[timed({"Schedule": ref("When"), "Timezone": ref("Zone")})],
    ),
    "FS509": truth(
        timed({"ScalableTargetAction": {"MinCapacity": 4, "MaxCapacity": 2}}),
        "Target: scheduled action day has MinCapacity 4 above MaxCapacity 2; swap or change them",
        good=timed({"ScalableTargetAction": {"MinCapacity": 2, "MaxCapacity": 4}}),
        also=[Case(timed({}, {}), ["Target: two scheduled actions are named day; rename one"])],
        passes=[timed({}, {"ScheduledActionName": "night"}), timed({"ScalableTargetAction": ref("Bounds")})],
    ),
    "FS510": truth(
        from_zero(tracked(CPU)),
        NOWHERE,
        good=tracked(CPU),
        also=[
            Case(from_zero({**tracked(CPU), "Other": policy(MEMORY)}), [NOWHERE]),
            Case(from_zero(tracked(CPU), ScheduledActions=actions(ScalableTargetAction={"MinCapacity": 0})), [NOWHERE]),
        ],
        passes=[
            from_zero(tracked(CPU), ScheduledActions=actions()),
            from_zero(calculated("m1", "m1")),
            from_zero(scaled()),
            {
                **from_zero(tracked(CPU)),
                "Steps": made(
                    "ApplicationAutoScaling::ScalingPolicy",
                    PolicyName="steps",
                    PolicyType="StepScaling",
                    ScalingTargetId=ref("Target"),
                    StepScalingPolicyConfiguration={"AdjustmentType": "ChangeInCapacity"},
                ),
            },
        ],
    ),
    "FS511": truth(
        calculated("messages / taks", "messages", "tasks"),
        "Policy: the expression of result uses taks, which is not given; give each id that an expression uses",
        good=calculated("FILL(messages, REPEAT) / tasks", "messages", "tasks"),
        also=[
            Case(
                alarm(Metrics=[{"Id": "e1", "Expression": "m1 + 1e3"}]),
                ["Alarm: the expression of e1 uses m1, which is not given; give each id that an expression uses"],
            )
        ],
        passes=[alarm(Metrics=[{"Id": "e1", "Expression": "SUM(SEARCH('{AWS/ECS,ClusterName} cpu', 'Sum', 60))"}])],
    ),
    "FS512": truth(
        alarm(DatapointsToAlarm=4),
        "Alarm: DatapointsToAlarm 4 is above EvaluationPeriods 3; lower the first or raise the second",
        good=alarm(DatapointsToAlarm=2),
        passes=[alarm(), alarm(DatapointsToAlarm=ref("Points"))],
    ),
    "FS513": truth(
        {**tracked(CPU), "Second": policy(CPU)},
        "Second: it follows ECSServiceAverageCPUUtilization, as Policy does; keep the lower target",
        good={**tracked(CPU), "Second": policy(MEMORY)},
        passes=[{**tracked(REQUESTS), "Second": policy({**REQUESTS, "ResourceLabel": "app/a/1/targetgroup/b/3"})}],
    ),
}
