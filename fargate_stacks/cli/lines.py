"""The deployer's messages as lines for people: each a text and its style in rich's words."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import tzinfo
from typing import NamedTuple

from fargate_stacks.cli.screen_ecs import ecs_lines
from fargate_stacks.deploy.diagnosis import Failure
from fargate_stacks.deploy.messages import (
    Deleting,
    Diagnosed,
    Ended,
    Happened,
    Message,
    Note,
    Planned,
    Summary,
    Waiting,
    Warn,
)
from fargate_stacks.deploy.plan import Change, Plan


class Line(NamedTuple):
    """One line and its style, in rich's words."""

    text: str
    style: str = ""


def output_lines(stack: str, outputs: Mapping[str, str]) -> Iterator[str]:
    """Give one line for each output of a stack."""
    for key, value in outputs.items():
        yield f"{stack}.{key}={value}"


def lines(message: Message, *, width: int = 0, stacks: int = 0, zone: tzinfo | None = None) -> Iterator[Line]:
    """Give the lines of one message; `width` is that of the logical ids, `zone` None the machine's.

    `stacks` is the width of the stacks' names on the lines of events; with 0 they have none.
    """
    whose = f"{message.stack:<{stacks}}  " if stacks else ""
    match message:
        case Planned(plan=plan):
            yield from plan_lines(plan, width)
        case Summary(fingerprint=found, changes=count):
            if count:
                yield Line(f"plan {found}: {count} change{'s' if count != 1 else ''}", "bold")
        case Deleting():
            yield from _deleting_lines(message)
        case Happened(event=event, owner=owner):
            time = event.time.astimezone(zone)
            name = message.path or event.logical_id
            parts = [f"{time:%H:%M:%S}  {whose}{event.status:<18}  {name:<{width}}  {event.type}"]
            parts += [str(owner)] if owner else []
            parts += [one_line(event.reason)] if event.reason else []
            yield Line("  ".join(parts), style_of(event.status))
        case Waiting(seconds=seconds, resources=resources):
            waits = ", ".join(resources) or message.stack
            yield Line(f"{whose}still waiting: {waits} ({seconds // 60}m{seconds % 60:02}s)", "dim")
        case Diagnosed(diagnosis=found):
            yield from failure_lines("cause", found.cause)
            for one in found.also:
                yield from failure_lines("also failed", one)
            for one in found.left_behind:
                yield from failure_lines("left behind", one)
            if found.followed:
                yield Line(f"{found.followed} more failed only because of that", "dim")
        case Warn(text=text):
            yield Line(f"warning: {_stack(message)}{text}", "yellow")
        case Note(text=text):
            yield Line(f"{_stack(message)}{text}")
        case Ended(how=how, status=status):
            yield Line(f"{_stack(message)}{how}" + (f" ({status})" if status else ""), "bold")
        case _:
            yield from (Line(text, style) for text, style in ecs_lines(message, zone=zone))


def plan_lines(plan: Plan, width: int) -> Iterator[Line]:
    """Give what a plan would do."""
    if plan.empty:
        return
    known = ", as far as the templates tell" if plan.predicted else ""
    yield Line(f"{plan.stack}: {'create' if plan.creates else 'update'}: {counted(plan)}{known}", "bold")
    for change in plan.changes:
        word = word_of(change)
        parts = [f"  {word:<11}  {change.logical_id:<{width}}  {change.type}"]
        parts += [str(change.owner)] if change.owner else []
        parts += [f"[{change.policy}]"] if change.policy else []
        yield Line("  ".join(parts), _WORD_STYLES.get(word, ""))
        for one in change.properties:
            told = one.before is not None or one.after is not None
            values = f": {short(one.before)} -> {short(one.after)}" if told else ""
            yield Line(f"                 {one.path}{values}{' (replaces)' if one.recreates else ''}")
    for risk in plan.risks:
        yield Line(f"  {risk.kind}: {risk.logical_id}: {risk.text}", "red" if risk.kind == "data-loss" else "yellow")
    if plan.protects_later:
        names = ", ".join(plan.protects_later)
        yield Line(f"  deletion protection of {names} is switched on by a second update, after this one succeeded")


def counted(plan: Plan) -> str:
    """Give the numbers of a plan: `2 to add, 1 to replace`."""
    counts: dict[str, int] = {}
    for change in plan.changes:
        word = word_of(change)
        counts[word] = counts.get(word, 0) + 1
    return ", ".join(f"{count} to {word}" for word, count in counts.items()) or "only outputs or tags change"


_WORD_STYLES = {"add": "green", "import": "green", "replace": "red", "may replace": "yellow", "remove": "red"}


def word_of(change: Change) -> str:
    """Give what happens to a resource, in a word or two."""
    if change.action == "Modify":
        return {"yes": "replace", "maybe": "may replace"}.get(change.replacement, "change")
    return change.action.lower()


def failure_lines(title: str, failure: Failure) -> Iterator[Line]:
    """Give a failure: what, whose, where in infra.py, and why."""
    code = f", {failure.code}" if failure.code else ""
    yield Line(f"{title}: {failure.logical_id} ({failure.type}{code})", "bold red")
    if failure.owner is not None:
        source = failure.owner.source
        where = f", {os.path.relpath(source.file)}:{source.line}" if source is not None else ""
        yield Line(f"  {failure.owner}{where}")
    yield Line(f"  {failure.reason}", "red")
    for hint in failure.hints:
        yield Line(f"  {hint.means} [{hint.code}]", "yellow")
        yield Line(f"  -> {hint.do}", "yellow")


def _deleting_lines(message: Deleting) -> Iterator[Line]:
    told = (
        ("deletion protection will be switched off", message.protected, "yellow"),
        ("these will stay", message.retained, ""),
        ("these are not empty and will be emptied", message.full, "red"),
        ("these go with the data in them", message.lost, "red"),
    )
    for text, names, style in told:
        if names:
            yield Line(f"{_stack(message)}{text}: {', '.join(names)}", style)


def style_of(status: str) -> str:
    """Give the colour of a status."""
    if status.endswith("_FAILED") or "ROLLBACK" in status:
        return "red"
    return "green" if status.endswith("_COMPLETE") else ""


def _stack(message: Message) -> str:
    return f"{message.stack}: " if message.stack else ""


def short(value: str | None) -> str:
    """Give a value in at most 60 columns."""
    text = "?" if value is None else one_line(value) or "(none)"
    return text if len(text) <= 60 else text[:57] + "..."


def one_line(text: str) -> str:
    """Give a text without its line ends."""
    return " ".join(text.split())
