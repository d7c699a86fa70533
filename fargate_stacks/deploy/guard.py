"""Who holds what: values that live consumers took from a stack are not pulled from under them.

With exports AWS refuses to remove what is in use. With parameters nothing refuses, so the wiring in the metadata of
the live templates is read: a consumer that drops a value goes before the producer that removes it; one that still
holds it stops the plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from fargate_stacks.core.template import Template
from fargate_stacks.deploy.planning import Draft, resources_of
from fargate_stacks.deploy.rules import refuse_reuse
from fargate_stacks.deploy.run import Run, live_template
from fargate_stacks.deploy.status import Do, row
from fargate_stacks.errors import DeployError


class Held(NamedTuple):
    """A value that a live stack has taken from another."""

    consumer: str
    producer: str
    output: str


class Order(NamedTuple):
    """What follows for the order of a run."""

    after: dict[str, set[str]]
    """By producer, the consumers that must drop something first."""
    keep: dict[str, list[str]]
    """By producer, the replaced resources whose old one must stay until the consumers have moved."""


def held_by(consumer: str, live: Mapping[str, Any]) -> Iterator[Held]:
    """Give what a live template says that it holds."""
    wiring = (live.get("Metadata") or {}).get("FargateStacks", {}).get("References", {})
    for one in wiring.values():
        yield Held(consumer, one["Stack"], one["Output"])


def read(app: Mapping[str, Template], drafts: Mapping[str, Draft], run: Run) -> list[Held]:
    """Read the wiring of all live stacks of an app."""
    found: list[Held] = []
    for name, template in app.items():
        if name in drafts:
            found += held_by(name, drafts[name].live)
        elif any(one.plan.changes and not one.plan.creates for one in drafts.values()):
            client = run.at(template)
            state = client.stack(name)
            if state is not None and row(state.status).deploy is not Do.CREATE:
                found += held_by(name, live_template(client, state))
    return found


def judge(held: list[Held], drafts: Mapping[str, Draft]) -> Order:
    """Give the order that keeps every held value alive. Raises DeployError where there is none, and for a listener
    rule that would take another's priority.
    """
    after: dict[str, set[str]] = {}
    keep: dict[str, list[str]] = {}
    for name, made in drafts.items():
        refuse_reuse(name, made.live.get("Resources", {}), made.template.resources)
    for one in held:
        draft = drafts.get(one.producer)
        if draft is None:
            continue
        value = draft.live.get("Outputs", {}).get(one.output)
        behind = set(resources_of(value))
        for change in draft.plan.changes:
            if change.logical_id not in behind:
                continue
            if change.action == "Remove":
                after.setdefault(one.producer, set()).add(_dropping(one, change.logical_id, drafts))
            elif change.replacement == "yes":
                _moving(one, change.logical_id, drafts)
                kept = keep.setdefault(one.producer, [])
                if change.logical_id not in kept:
                    kept.append(change.logical_id)
    return Order(after, keep)


def _needs(draft: Draft, held: Held) -> bool:
    return any(one.stack == held.producer and one.output == held.output for one in draft.template.references.values())


def _dropping(held: Held, logical_id: str, drafts: Mapping[str, Draft]) -> str:
    consumer = drafts.get(held.consumer)
    if consumer is None or _needs(consumer, held):
        raise DeployError(
            f"{held.producer}: {logical_id} would be removed, and {held.consumer} still uses it by "
            f"{held.output}; deploy {held.consumer} without it in the same run or before",
            exit_code=5,
        )
    return held.consumer


def _moving(held: Held, logical_id: str, drafts: Mapping[str, Draft]) -> None:
    if held.consumer not in drafts:
        raise DeployError(
            f"{held.producer}: {logical_id} would be replaced, and {held.consumer} still uses the old one by "
            f"{held.output}; deploy {held.consumer} in the same run",
            exit_code=5,
        )
