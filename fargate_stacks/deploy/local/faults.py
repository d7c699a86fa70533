"""The scenario that is played, and how its rules are met."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from ministack.core.responses import get_account_id

from fargate_stacks.deploy.local.scenario import ApiRule, ResourceRule, Scenario, TaskRule


class Failed(Exception):
    """A resource that was told to fail."""


@dataclass
class _Counted:
    rule: ResourceRule | ApiRule | TaskRule
    account: str
    left: int

    def use(self) -> bool:
        """Count one use; False when there is none left, or the request is of another account."""
        if self.left == 0 or self.account not in ("", get_account_id()):
            return False
        self.left -= 1
        return True


@dataclass
class Faults:
    """The rules that hold, of all accounts or of one."""

    rules: list[_Counted] = field(default_factory=list)

    def play(self, scenario: Scenario, account: str = "") -> None:
        """Put a scenario in place of the one that was played for the same account."""
        rules: list[ResourceRule | ApiRule | TaskRule] = [*scenario.resource, *scenario.api, *scenario.task]
        self.rules = [one for one in self.rules if one.account != account]
        self.rules += [_Counted(rule, account, rule.times) for rule in rules]

    def meet(self, verb: str, resource_type: str, name: str) -> None:
        """Raise Failed when a rule says that this fails."""
        for one in self.rules:
            rule = one.rule
            if (
                isinstance(rule, ResourceRule)
                and rule.fails == verb
                and _names(rule, resource_type, name)
                and one.use()
            ):
                raise Failed(rule.reason)

    async def slow(self, resource_type: str, name: str) -> None:
        """Wait where a rule says that this is slow, in seconds of this machine."""
        for one in self.rules:
            rule = one.rule
            if isinstance(rule, ResourceRule) and rule.slow and _names(rule, resource_type, name) and one.use():
                await asyncio.sleep(rule.slow)

    def of_call(self, service: str, operation: str) -> ApiRule | None:
        """Give the rule that a call meets."""
        for one in self.rules:
            rule = one.rule
            if (
                isinstance(rule, ApiRule)
                and rule.service == service
                and rule.operation in ("", operation)
                and one.use()
            ):
                return rule
        return None

    def of_task(self, family: str, *containers: str) -> TaskRule | None:
        """Give the rule that a task of a family with these containers meets; each call counts."""
        for one in self.rules:
            rule = one.rule
            if (
                isinstance(rule, TaskRule)
                and family.startswith(rule.family)
                and (not rule.container or rule.container in containers)
                and one.use()
            ):
                return rule
        return None

    @property
    def watches_calls(self) -> bool:
        """Some rule is about calls."""
        return any(isinstance(one.rule, ApiRule) and one.left for one in self.rules)


def _names(rule: ResourceRule, resource_type: str, name: str) -> bool:
    return rule.type in ("", resource_type) and rule.name in ("", name)


FAULTS = Faults()
