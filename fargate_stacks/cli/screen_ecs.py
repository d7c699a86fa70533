"""Rows, failures and evidence of ECS services as lines for people: each a text and its style in rich's words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, tzinfo

from fargate_stacks.deploy.ecs_row import Row, State
from fargate_stacks.deploy.evidence import Evidence, Stopped
from fargate_stacks.deploy.hint import Hint
from fargate_stacks.deploy.messages import Evidenced, Message, Preflighted, Rollout, TaskFailed

_MANUAL = " For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."

Styled = tuple[str, str]


def ecs_lines(message: Message, *, zone: tzinfo | None = None) -> Iterator[Styled]:
    """Give the lines of a message about ECS or of a finding before a deploy; none for any other message."""
    match message:
        case Rollout(ecs=row):
            for number, (text, style) in enumerate(rollout_lines(row, zone)):
                yield (text if number else f"{_time(message.time, zone)}{text}"), style
        case TaskFailed(service=service, failing=one):
            yield f"{_time(message.time, zone)}{service}  task failed: {what_stopped(one)}", "red"
        case Evidenced(evidence=found):
            yield from evidence_lines(found)
        case Preflighted(preflight=one):
            where = (
                f"{one.owner} ({one.stack}.{one.logical_id})" if one.owner else f"{one.stack} {one.logical_id}".strip()
            )
            yield f"{one.severity}: {one.code} {where}: {one.message}", "red" if one.severity == "error" else "yellow"


def rollout_lines(row: Row, zone: tzinfo | None = None, passed: float = 0) -> Iterator[Styled]:
    """Give a row, and below it how a deployment that waits goes on.

    `passed` are the seconds since the row was made: a time of bake runs down meanwhile.
    """
    if row.bake_left is not None:
        row = replace(row, bake_left=max(0, row.bake_left - int(passed)))
    yield row_text(row), _style(row.state)
    if row.hook is not None:
        yield f"  {approval(row, zone=zone)}", "yellow"


def _time(time: datetime | None, zone: tzinfo | None) -> str:
    return f"{time.astimezone(zone):%H:%M:%S}  " if time is not None else "  "


def plain_notice(text: str) -> str:
    """Give what a service says without its own name before it, and with a target group's name for its ARN."""
    text = re.sub(r"^\(service [^)]*\) ", "", text).removesuffix(_MANUAL)
    return re.sub(r"\(target-group arn:[^)]*:targetgroup/([^/)]+)[^)]*\)", r"(target-group \1)", text)


def row_text(row: Row) -> str:
    """Give a row as one line."""
    parts = [row.service]
    if row.revision:
        parts.append(f"rev {row.before} -> {row.revision}" if row.before else f"rev {row.revision}")
    parts += [row.state, _counts(row)]
    if row.weight is not None:
        parts.append(f"traffic {row.weight:g} %")
    if row.stage:
        parts.append(row.stage + (f" {clock(row.bake_left)} left" if row.bake_left is not None else ""))
    if row.targets is not None:
        parts.append(f"targets {row.targets[0]}/{row.targets[1]} healthy")
    if row.alarms:
        parts.append(f"alarm {', '.join(row.alarms)}")
    if row.reason:
        parts.append(row.reason)
    return "  ".join(parts)


def _counts(row: Row) -> str:
    counts = [f"{row.running}/{row.desired} running"]
    if row.pending:
        counts.append(f"{row.pending} pending")
    if row.failed:
        counts.append(f"{row.failed} failed" + (f" (breaker at {row.breaker})" if row.breaker is not None else ""))
    return ", ".join(counts)


def approval(row: Row, *, zone: tzinfo | None = None) -> str:
    """Say how to go on with a deployment that waits for a person."""
    hook = row.hook
    assert hook is not None
    until = ""
    if hook.expires is not None:
        after = {"CONTINUE": "goes on", "ROLLBACK": "rolls back"}.get(hook.at_expiry, "ends")
        until = f" until {hook.expires.astimezone(zone):%H:%M}, then it {after}"
    return f"it waits{until}: fargate-stacks approve {row.service}, or fargate-stacks reject {row.service}"


def clock(seconds: int) -> str:
    """Give seconds as minutes and seconds."""
    return f"{seconds // 60}:{seconds % 60:02}"


def what_stopped(one: Stopped) -> str:
    """Give a kind of failure in one line."""
    ended = ""
    if one.container:
        ended = one.container + (f" exited with {one.exit_code}" if one.exit_code is not None else "")
    reason = plain_notice(" ".join(one.reason.split()))
    told = ", ".join(part for part in (ended, one.code) if part)
    return f"{told}: {reason}" if told and reason else told or reason


def evidence_lines(found: Evidence, title: str = "why it does not come up") -> Iterator[Styled]:
    """Give all evidence of one service."""
    yield f"{found.service}: {title}", "bold red"
    for one in found.stopped:
        times = f"{one.count} tasks" if one.count != 1 else "1 task"
        yield f"  {times}: {what_stopped(one)}", "red"
        if one.log:
            yield f"    the last lines of {one.container or 'task'} ({one.newest}):", "dim"
            yield from ((f"      {line}", "") for line in one.log)
        yield from _hints(one.hints)
    for text in found.events:
        yield f"  ECS: {plain_notice(text)}", ""
    yield from _hints(found.hints)
    for name in found.alarms:
        yield f"  alarm {name} fired", "red"


def _hints(some: Iterable[Hint]) -> Iterator[Styled]:
    for hint in some:
        yield f"    {hint.means} [{hint.code}]", "yellow"
        yield f"    -> {hint.do}", "yellow"


def _style(state: State) -> str:
    if state.bad:
        return "red"
    return "green" if state is State.DONE else "yellow" if state is State.APPROVAL else ""
