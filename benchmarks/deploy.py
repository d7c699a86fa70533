"""How close a deploy comes to what cannot be faster: `python benchmarks/deploy.py [STACKS [SECONDS [TEMPO]]]`.

By default 30 stacks beside each other and 30 in a chain, each of four resources that take 0.6 SECONDS of the local
cloud's time together. The table has

    wall/path   wall time against the critical path: the longest chain of the stacks' own operations by the timestamps
                of their events, or all of them spread over the stacks that are worked on at one time, if that is longer
    over        the rest of the wall time, in seconds for each step of that path
    calls       API calls a stack: planning, executing and watching; and by operation
    lag         from an event's timestamp to its line on the screen, as the median and the 95th percentile, in seconds

TEMPO `local`, the default, reads as often as with --local, all stacks at one time; `aws` reads as often as on AWS, with
its budget of two reads a second, eight stacks at one time, and resources that take ten times as long. Run it with
nothing else on the machine.
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fargate_stacks.cli.screen import Plain
from fargate_stacks.core.template import Reference, Template
from fargate_stacks.deploy import local
from fargate_stacks.deploy.client import Client, connect
from fargate_stacks.deploy.engine import deploy
from fargate_stacks.deploy.local.process import PLAY, answer
from fargate_stacks.deploy.messages import Happened, Message
from fargate_stacks.deploy.run import Options

RESOURCES = 4
OUT = {"Last": {"Value": {"Ref": f"P{RESOURCES - 1}"}}}


def stack(name: str, before: str | None) -> Template:
    """Give a stack of parameters, each of which names the one before; the first that of the stack before."""
    made: dict[str, Any] = {}
    for number in range(RESOURCES):
        value: Any = {"Ref": f"P{number - 1}"} if number else ({"Ref": "Before"} if before else "first")
        made[f"P{number}"] = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": value}}
    if before is None:
        return Template(name, made, outputs=OUT)
    return Template(
        name,
        made,
        outputs=OUT,
        parameters={"Before": {"Type": "String"}},
        references={"Before": Reference(before, "Last")},
        metadata={"FargateStacks": {"References": {"Before": {"Stack": before, "Output": "Last"}}}},
        after=(before,),
    )


def shape(stacks: int, *, chained: bool) -> dict[str, Template]:
    names = [f"bench-{number}" for number in range(stacks)]
    return {name: stack(name, names[number - 1] if chained and number else None) for number, name in enumerate(names)}


class Measured:
    """Hears a deploy as its screen does, and takes the times."""

    def __init__(self) -> None:
        self.screen = Plain(io.StringIO(), io.StringIO())
        self.lags: list[float] = []
        self.first: dict[str, datetime] = {}
        self.last: dict[str, datetime] = {}

    def __call__(self, message: Message) -> None:
        self.screen(message)
        if isinstance(message, Happened):
            event = message.event
            self.lags.append((datetime.now(UTC) - event.time).total_seconds())
            self.first[event.stack] = min(self.first.get(event.stack, event.time), event.time)
            self.last[event.stack] = max(self.last.get(event.stack, event.time), event.time)

    def path(self, *, chained: bool, concurrency: int) -> float:
        """Give the seconds of the critical path."""
        own = [(self.last[name] - self.first[name]).total_seconds() for name in self.first]
        return sum(own) if chained else max(max(own), sum(own) / concurrency)

    def lag(self, share: float) -> float:
        ordered = sorted(self.lags)
        return ordered[min(len(ordered) - 1, round(share * len(ordered)))]


def counted(client: Client, calls: Counter[str]) -> Client:
    def count(model: Any, **_: Any) -> None:
        calls[model.name] += 1

    client.api.meta.events.register("before-call.cloudformation", count)
    return client


def measure(client: Client, stacks: int, *, chained: bool, concurrency: int) -> tuple[float, Measured]:
    measured = Measured()
    began = time.monotonic()
    deploy(
        shape(stacks, chained=chained),
        client,
        out=measured,
        ask=lambda question: True,
        options=Options(concurrency=concurrency),
    )
    return time.monotonic() - began, measured


def rows(url: str, stacks: int, seconds: float, tempo: str) -> Iterator[str]:
    concurrency, slower = (stacks, 1) if tempo == "local" else (8, 10)
    rules = [{"name": f"P{number}", "slow": seconds * slower / RESOURCES} for number in range(RESOURCES)]
    for account, chained in (("100000000001", False), ("100000000002", True)):
        play = json.dumps({"account": account, "scenario": {"resource": rules}}).encode()
        assert answer(int(url.rpartition(":")[2]), PLAY, method="POST", body=play) == {}
        calls: Counter[str] = Counter()
        client = counted(connect(endpoint_url=url).at("us-east-1", account), calls)
        client = client if tempo == "local" else replace(client, local=False)
        wall, found = measure(client, stacks, chained=chained, concurrency=concurrency)
        path = found.path(chained=chained, concurrency=concurrency)
        steps = stacks if chained else -(-stacks // concurrency)
        yield (
            f"{stacks} {'chained' if chained else 'independent':<12}  {wall:6.1f} s  {wall / path:9.2f}  "
            f"{(wall - path) / steps:4.2f} s  {calls.total() / stacks:5.1f}  "
            f"{found.lag(0.5):5.2f} s  {found.lag(0.95):5.2f} s"
        )
        told = ", ".join(f"{name} {count / stacks:.1f}" for name, count in calls.most_common())
        yield f"  {told}"


def main(stacks: int = 30, seconds: float = 0.6, tempo: str = "local") -> int:
    folder = Path(tempfile.mkdtemp())
    found = local.start(folder)
    print("stacks              wall  wall/path    over  calls   lag 50   lag 95")
    try:
        for row in rows(found.endpoint_url, stacks, seconds, tempo):
            print(row, flush=True)
    finally:
        local.stop(folder)
    return 0


if __name__ == "__main__":
    given: list[Callable[[str], Any]] = [int, float, str]
    raise SystemExit(main(*(kind(text) for kind, text in zip(given, sys.argv[1:], strict=False))))
