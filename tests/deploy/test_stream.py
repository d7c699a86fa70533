"""The event stream loses nothing, repeats nothing and shows nothing of others."""

from __future__ import annotations

from collections import Counter

import pytest

from fargate_stacks.deploy.client import CallFailed, Event
from fargate_stacks.deploy.events import Stream
from tests.deploy.worlds import CANCEL, EARLIER, LATER, OURS, ROOT, START, World

WORLDS = 10_000
SHARES = 10


def watch(world: World) -> list[Event]:
    """Read a world as the watch does: anchor, polls, and reads of the whole until one succeeds at the end."""
    stream = Stream(world, ROOT, token=OURS)
    world.faults = False
    stream.anchor()
    world.faults = True
    world.happen()
    found: list[Event] = []
    while not world.over:
        found += stream.read().events
        world.wait()
    for attempt in range(6):
        # some worlds fail so often that no long read ever succeeds: throttling ends at last
        world.faults = attempt < 5
        events, troubles = stream.read(whole=True)
        found += events
        if not troubles:
            break
    return found


@pytest.mark.parametrize("share", range(SHARES))
def test_in_ten_thousand_random_worlds_nothing_is_missed_repeated_or_foreign(share: int) -> None:
    wrong = []
    for seed in range(share, WORLDS, SHARES):
        world = World(seed)
        found = Counter(event.id for event in watch(world))
        wanted = Counter(event.id for event in world.ours)
        if found != wanted:
            wrong.append((seed, dict(wanted - found), dict(found - wanted)))
    assert wrong[:3] == []


def test_the_worlds_hold_what_they_are_to_test() -> None:
    worlds = [World(seed) for seed in range(400)]
    for world in worlds:
        world.happen()
    tokens = Counter(seen.event.token for one in worlds for history in one.histories.values() for seen in history)
    assert all(tokens[token] > 100 for token in (OURS, CANCEL, EARLIER, LATER, ""))
    same = [sum(a.time == b.time for a, b in zip(one.ours, one.ours[1:], strict=False)) for one in worlds]
    assert sum(same) > 1000
    assert any(name.endswith("-1") and "Nested" in name for one in worlds for name in one.histories)
    assert max(len(name.split("-Nested")) for one in worlds for name in one.histories) == 3
    assert {one.page for one in worlds} == {1, 2, 3, 7, 50}


class Pages:
    """A history that a test writes by hand, newest first, in pages of two."""

    def __init__(self, *events: Event) -> None:
        self.history = list(events)
        self.broken: set[str | None] = set()
        self.asked: list[str | None] = []

    def events(self, stack_id: str, page: str | None) -> tuple[list[Event], str | None]:
        self.asked.append(page)
        if page in self.broken:
            raise CallFailed("DescribeStackEvents", "Throttling", "Rate exceeded")
        own = [event for event in self.history if event.stack_id == stack_id]
        begin = int(page or 0)
        return own[begin : begin + 2], str(begin + 2) if begin + 2 < len(own) else None


def event(name: str, status: str = "UPDATE_COMPLETE", *, second: int = 1, token: str = OURS) -> Event:
    physical = ROOT if name == "root" else name.lower()
    time = START.replace(second=second)
    return Event(f"{name}-{status}-{second}", ROOT, "root", name, physical, "AWS::SQS::Queue", status, "", time, token)


def test_a_page_that_fails_loses_nothing_of_the_pages_before_it() -> None:
    pages = Pages(event("C", second=3), event("B", second=2), event("A", second=2))
    pages.broken = {"2"}
    stream = Stream(pages, ROOT, token=OURS)
    reading = stream.read()
    assert (reading.events, [one.code for one in reading.troubles]) == ([], ["Throttling"])
    pages.broken = set()
    assert [one.logical_id for one in stream.read().events] == ["A", "B", "C"]


def test_the_anchor_takes_the_whole_newest_millisecond_over_a_page_border() -> None:
    pages = Pages(*[event(name, second=5, token="") for name in "CBA"])
    stream = Stream(pages, ROOT, token=OURS)
    stream.anchor()
    pages.history.insert(0, event("D", second=5))
    assert [one.logical_id for one in stream.read().events] == ["D"]


def test_reading_stops_at_what_is_known_and_older_than_the_overlap() -> None:
    old = [event(f"Old{n}", second=1) for n in range(20)]
    pages = Pages(event("New", second=50), *old)
    stream = Stream(pages, ROOT)
    stream.read()
    pages.asked.clear()
    stream.read()
    assert pages.asked == [None]


def test_the_rollback_of_a_cancel_is_part_of_the_operation_whoever_cancelled() -> None:
    pages = Pages(
        event("root", "UPDATE_ROLLBACK_COMPLETE", second=4, token="console"),
        event("root", "UPDATE_ROLLBACK_IN_PROGRESS", second=3, token="console"),
        event("root", "UPDATE_IN_PROGRESS", second=2),
    )
    stream = Stream(pages, ROOT, token=OURS)
    assert len(stream.read().events) == 3
    assert stream.terminal is not None
    assert stream.terminal.status == "UPDATE_ROLLBACK_COMPLETE"


def test_the_operation_that_follows_is_not_ours() -> None:
    pages = Pages(
        event("root", "UPDATE_IN_PROGRESS", second=4, token="next"),
        event("root", "UPDATE_COMPLETE", second=3),
        event("root", "UPDATE_IN_PROGRESS", second=2),
    )
    stream = Stream(pages, ROOT, token=OURS)
    assert [one.token for one in stream.read().events] == [OURS, OURS]


def test_an_event_whose_token_nobody_has_explained_waits_for_the_explanation() -> None:
    pages = Pages(event("A", second=3, token="other"), event("root", "UPDATE_IN_PROGRESS", second=1))
    stream = Stream(pages, ROOT, token=OURS)
    assert [one.logical_id for one in stream.read().events] == ["root"]
    pages.history.insert(1, event("root", "UPDATE_ROLLBACK_IN_PROGRESS", second=2, token="other"))
    assert [one.logical_id for one in stream.read().events] == ["root", "A"]


def test_without_a_token_everything_after_the_anchor_is_shown() -> None:
    pages = Pages(event("A", token="x"), event("B", token="y"))
    assert len(Stream(pages, ROOT).read().events) == 2


def test_our_own_cancel_is_ours() -> None:
    pages = Pages(event("A", second=3, token="stop"), event("root", "UPDATE_IN_PROGRESS", second=1))
    stream = Stream(pages, ROOT, token=OURS)
    stream.also("stop")
    assert [one.logical_id for one in stream.read().events] == ["root", "A"]
