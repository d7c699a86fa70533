"""What goes wrong on order."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field


class Failed(Exception):
    """A resource that was told to fail."""


@dataclass
class Rule:
    """One thing that goes wrong; empty names match every resource."""

    verb: str
    type: str = ""
    name: str = ""
    reason: str = "told to fail by the scenario"
    times: int = -1
    seconds: float = 0

    def meets(self, verb: str, resource_type: str, name: str) -> bool:
        return self.verb == verb and self.type in ("", resource_type) and self.name in ("", name) and self.times != 0


@dataclass
class Faults:
    """The rules of the running scenario."""

    rules: list[Rule] = field(default_factory=list)

    def meet(self, verb: str, resource_type: str, name: str) -> None:
        """Raise Failed when a rule says that this fails."""
        for rule in self.rules:
            if rule.meets(verb, resource_type, name):
                rule.times -= 1
                raise Failed(rule.reason)

    async def slow(self, resource_type: str, name: str) -> None:
        """Wait where a rule says that this is slow, in seconds of this machine."""
        for rule in self.rules:
            if rule.meets("slow", resource_type, name):
                rule.times -= 1
                await asyncio.sleep(rule.seconds)


FAULTS = Faults()
