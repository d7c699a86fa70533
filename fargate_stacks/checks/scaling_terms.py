"""Rules about the words in which scaling is written: times, names of metrics, counts of periods."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fargate_stacks.checks.part import Part
from fargate_stacks.checks.reading import Hit, Reading, Resource, rule
from fargate_stacks.constructs.cron import kind_of, problem_of, zone_problem

_TARGET = "ApplicationAutoScaling::ScalableTarget"
_POLICY = "ApplicationAutoScaling::ScalingPolicy"
_TRACKING = "TargetTrackingScalingPolicyConfiguration"
_PREDEFINED = f"{_TRACKING}.PredefinedMetricSpecification"
_SCHEDULE = "write cron(0 8 ? * MON-FRI *), rate(5 minutes) or at(2027-01-31T08:00:00)"


@rule("FS508", "error", cure=_SCHEDULE, source="Application Auto Scaling API, PutScheduledAction")
def schedule(reading: Reading) -> Iterator[Hit]:
    """A scheduled action has an expression or a time zone that does not exist."""
    for target, action in _actions(reading):
        name = f"scheduled action {action['ScheduledActionName'].text}"
        expression, zone = action["Schedule"].text, action["Timezone"].text
        if expression is not None:
            problem = problem_of(expression)
            if problem is not None:
                yield target.hit(f"{name}: {problem.partition('; ')[0]}")
            elif zone is not None and kind_of(expression) == "rate":
                yield target.hit(f"{name}: a rate has no time zone, got {zone}", "leave Timezone out")
        if zone is not None and (problem := zone_problem(zone)) is not None:
            yield target.hit(f"{name}: {problem.partition('; ')[0]}", "write a name of the IANA database")


@rule("FS509", "error", cure="swap or change them", source="Application Auto Scaling API, ScalableTargetAction")
def action_bounds(reading: Reading) -> Iterator[Hit]:
    """A scheduled action has a least capacity above its most, or the name of another."""
    for target in reading.of(_TARGET):
        names: set[str] = set()
        for action in target["ScheduledActions"]:
            name = action["ScheduledActionName"].text
            bounds = action["ScalableTargetAction"]
            least, most = bounds["MinCapacity"].number, bounds["MaxCapacity"].number
            if least is not None and most is not None and least > most:
                yield target.hit(f"scheduled action {name} has MinCapacity {least:g} above MaxCapacity {most:g}")
            if name in names:
                yield target.hit(f"two scheduled actions are named {name}", "rename one")
            names |= {name} if name is not None else set()


@rule(
    "FS510",
    "warning",
    cure="give MinCapacity 1, a step policy on a metric that needs no task, or a scheduled action that raises it",
    option="give min=1, backlog=, a StepScaling with above=, or a schedule that sets min=",
    source="ECS developer guide, target tracking: no scaling on insufficient data",
)
def no_way_back(reading: Reading) -> Iterator[Hit]:
    """A service may scale to zero tasks and has only policies that need a task to measure."""
    for target in reading.of(_TARGET):
        if target["MinCapacity"].number != 0 or target["ScalableDimension"].text != "ecs:service:DesiredCount":
            continue
        policies = [one for one in reading.of(_POLICY) if _scales(reading, one, target)]
        blind = policies and all(one.part.at(_PREDEFINED)["PredefinedMetricType"].text for one in policies)
        raises = [one.at("ScalableTargetAction.MinCapacity") for one in target["ScheduledActions"]]
        woken = not target["ScheduledActions"].whole or any(one.number != 0 and not one.absent for one in raises)
        if blind and not woken:
            yield target.hit(
                "MinCapacity is 0, and without a task there is neither CPU nor memory nor a request to follow"
            )


@rule("FS511", "error", cure="give each id that an expression uses", source="CloudWatch user guide, using metric math")
def unknown_id(reading: Reading) -> Iterator[Hit]:
    """An expression of metric math uses an id that is not given."""
    for one, queries in _queries(reading):
        ids = queries.names("Id")
        if ids is None:
            continue
        for query in queries:
            text = re.sub(r'"[^"]*"|\'[^\']*\'', "", query["Expression"].text or "")
            for word in sorted(set(re.findall(r"(?<![\w.])[a-z]\w*", text, re.ASCII)) - set(ids)):
                yield one.hit(f"the expression of {query['Id'].text} uses {word}, which is not given")


@rule("FS512", "error", cure="lower the first or raise the second", source="CloudWatch API, PutMetricAlarm")
def datapoints(reading: Reading) -> Iterator[Hit]:
    """An alarm wants more data points than it looks at."""
    for alarm in reading.of("CloudWatch::Alarm"):
        wanted, periods = alarm["DatapointsToAlarm"].number, alarm["EvaluationPeriods"].number
        if wanted is not None and periods is not None and wanted > periods:
            yield alarm.hit(f"DatapointsToAlarm {wanted:g} is above EvaluationPeriods {periods:g}")


@rule("FS513", "error", cure="keep the lower target", source="ECS developer guide, target tracking")
def one_metric_twice(reading: Reading) -> Iterator[Hit]:
    """Two target-tracking policies of one service follow the same predefined metric."""
    for target in reading.of(_TARGET):
        followed: dict[tuple[str, str], str] = {}
        for policy in reading.of(_POLICY):
            metric = policy.part.at(_PREDEFINED)
            kind = metric["PredefinedMetricType"].text
            if kind is None or not _scales(reading, policy, target):
                continue
            first = followed.setdefault((kind, str(metric["ResourceLabel"].value)), policy.logical_id)
            if first != policy.logical_id:
                yield policy.hit(f"it follows {kind}, as {first} does")


def _actions(reading: Reading) -> Iterator[tuple[Resource, Part]]:
    for target in reading.of(_TARGET):
        yield from ((target, one) for one in target["ScheduledActions"])


def _scales(reading: Reading, policy: Resource, target: Resource) -> bool:
    return target in reading.follow(policy.stack, policy["ScalingTargetId"])


def _queries(reading: Reading) -> Iterator[tuple[Resource, Part]]:
    """Give each list of metric data queries with the resource that it is in."""
    for alarm in reading.of("CloudWatch::Alarm"):
        yield alarm, alarm["Metrics"]
    for policy in reading.of(_POLICY):
        yield policy, policy.part.at(f"{_TRACKING}.CustomizedMetricSpecification.Metrics")
