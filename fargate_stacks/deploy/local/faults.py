"""How the rules of a scenario about resources and calls are met."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from ministack.core.responses import get_account_id
from ministack.services import iam

from fargate_stacks.deploy.local.scenario_rules import ApiRule, ResourceRule
from fargate_stacks.deploy.local.scenarios import script


class Failed(Exception):
    """A resource that was told to fail."""


class Faults:
    """The rules that hold: those of the scenario file, and before them those of one account."""

    def __init__(self) -> None:
        self.own: dict[str, Mapping[str, tuple[Any, ...]]] = {}
        """By account: rules for it alone."""
        self._used: Counter[tuple[Any, str]] = Counter()

    def forget(self) -> None:
        """Drop the rules of single accounts, and what was counted."""
        self.own.clear()
        self._used.clear()

    def meet(self, verb: str, resource_type: str, name: str) -> None:
        """Raise Failed when a rule says that this fails."""
        for rule in self._rules("resource"):
            if rule.without_role and rule.without_role in iam._roles:
                continue
            if rule.fails == verb and rule.means(resource_type, name) and self._use(rule):
                raise Failed(rule.reason)

    async def slow(self, resource_type: str, name: str) -> None:
        """Wait where a rule says that this is slow, in seconds of this machine."""
        for rule in self._rules("resource"):
            if rule.slow and rule.means(resource_type, name) and self._use(rule):
                await asyncio.sleep(rule.slow)

    def of_call(self, service: str, operation: str) -> ApiRule | None:
        """Give the rule that a call meets."""
        for rule in self._rules("api"):
            if rule.service == service and rule.operation in ("", operation) and self._use(rule):
                found: ApiRule = rule
                return found
        return None

    @property
    def watches_calls(self) -> bool:
        """Some rule may be about calls."""
        return bool(script("api")) or any("api" in tables for tables in self.own.values())

    def _rules(self, table: str) -> Iterator[Any]:
        yield from self.own.get(get_account_id(), {}).get(table, ())
        yield from script(table)

    def _use(self, rule: ResourceRule | ApiRule) -> bool:
        used = (rule, get_account_id())
        if rule.times >= 0 and self._used[used] >= rule.times:
            return False
        self._used[used] += 1
        return True


FAULTS = Faults()
