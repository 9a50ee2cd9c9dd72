"""Full listings: compared by fingerprints, gone on with where they broke off, and by a set-up that is remembered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from sync.codec import encode
from sync.errors import ConfigError, Unavailable
from sync.findings import FindingKind
from sync.model import Kind, Record, Ref
from sync.ports import NativeField
from tests.sync.plain import Box, World

HOUR = timedelta(hours=1)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Two tools whose listings can go on, and that remember their set-up for an hour."""
    boxes = (Box(name, changes=True, resumes=True, remembers=True) for name in "ab")
    return World(tmp_path, *boxes, count_every=HOUR)


def asked(world: World, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """What is asked of both tools from now on."""
    counts: Counter[str] = Counter()
    for tool in world.tools.values():
        for call in ("fetch", "changes", "read", "census"):
            monkeypatch.setattr(tool, call, _counted(getattr(tool, call), call, counts))
    return counts


def _counted(real: object, call: str, counts: Counter[str]) -> object:
    def noted(*given: object) -> object:
        counts[call] += 1
        return real(*given)  # type: ignore[operator]

    return noted


def test_a_quiet_run_asks_each_tool_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.campaign("a", name="Spring", subject="One")
    for _ in range(3):
        world.run()
    counts = asked(world, monkeypatch)
    before = [tool.requests for tool in world.tools.values()]
    world.run()
    assert counts == {"changes": 2}
    assert [tool.requests for tool in world.tools.values()] == [number + 1 for number in before]


def test_a_full_listing_looks_closer_at_what_changed_only(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(20):
        world.campaign("a", name=f"Campaign {number}", subject="One")
    for _ in range(3):
        world.run()
    world.edit("a", "a-7", subject="Two")
    looked: list[str] = []
    mapping = type(world.boxes[0].mapping())
    real = mapping.get

    def get(self: object, record: Record) -> object:
        looked.append(record.ref.native)
        return real(self, record)  # type: ignore[arg-type]

    monkeypatch.setattr(mapping, "get", get)
    counts = asked(world, monkeypatch)
    world.run(full=True)
    assert world.shows("b").count("Two") == 1
    assert len(set(looked)) <= 2  # its two records, however often
    assert counts["fetch"] == 2
    assert counts["read"] <= 2  # before what is written, never for what the listing told


def test_a_first_listing_that_breaks_off_is_gone_on_with_in_the_next_run(world: World) -> None:
    for number in range(9):
        world.campaign("a", name=f"Campaign {number}", subject="One")
    given: list[str] = []
    tool = world.tools["a"]
    real = tool.fetch

    def fetch(after: str | None = None, known: Collection[Ref] = ()) -> Iterator[Record]:
        for record in real(after, known):
            given.append(record.ref.native)
            yield record

    tool.fetch = fetch  # type: ignore[method-assign]
    tool.break_after = 5
    (account, _) = world.run().tools
    assert account.error
    assert (len(given), world.shows("b")) == (5, [])
    # when somebody edits what was read already, and it goes on in the month after
    world.edit("a", "a-1", subject="Two")
    world.now += timedelta(days=31)
    world.run()
    assert len(given) == 9
    assert world.shows("b") == ["Two", *["One"] * 8]
    assert (world.open(), world.state().listings) == ({}, {})


def test_what_was_read_is_kept_while_the_tool_does_not_answer_at_all(world: World) -> None:
    for number in range(9):
        world.campaign("a", name=f"Campaign {number}", subject="One")
    world.tools["a"].break_after = 5
    world.run()
    world.tools["a"].down = Unavailable("a: its quota is used up")
    world.run()
    with world.store() as store:
        assert len(store.begin(world.now).shelf.listed("a")) == 5
    world.tools["a"].down = None
    world.run()
    assert len(world.shows("b")) == 9


def test_a_set_up_is_asked_anew_before_anything_is_written(world: World) -> None:
    native = world.campaign("a", name="Spring", subject="One")
    for _ in range(2):
        world.run()
    # given a field that was added to the tool that is about to be written
    schema = {**world.tools["b"].schema()}
    schema[Kind.CAMPAIGN] = (*schema[Kind.CAMPAIGN], NativeField("more", "more", "any"))
    world.tools["b"]._schema = schema
    world.edit("a", native, subject="Two")
    report = world.run()
    assert world.shows("b") == ["One"]
    assert [change.reason for change in report.changes] != [None]
    world.run()
    assert world.shows("b") == ["Two"]


def test_a_tool_that_fails_by_its_remembered_set_up_is_asked_once_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.campaign("a", name="Spring", subject="One")
    for _ in range(3):
        world.run()
    tool = world.tools["a"]
    real, recalled = tool.changes, tool.recall

    def recall(setup: str | None) -> None:
        recalled(setup)
        stale.append(setup is not None)

    def changes(since: str) -> Iterator[object]:
        if stale[-1]:
            raise ConfigError("a: there is no such field")
        return real(since)

    stale: list[bool] = []
    monkeypatch.setattr(tool, "recall", recall)
    monkeypatch.setattr(tool, "changes", changes)
    report = world.run()
    assert stale == [True, False]
    assert [account.error for account in report.tools] == [None, None]


def test_two_that_cannot_be_told_apart_are_looked_at_in_every_run_and_nothing_else_is(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.campaign("a", name="Spring", subject="One")
    for _ in range(3):
        world.run()
    marker = next(iter(world.tools["b"].records.values())).marker
    world.tools["b"].put(Kind.CAMPAIGN, {"name": encode("Spring")}, marker=marker)
    world.run()
    assert [finding.kind for finding in world.open()[FindingKind.DUPLICATE]] == [FindingKind.DUPLICATE]
    counts = asked(world, monkeypatch)
    world.run()
    assert FindingKind.DUPLICATE in world.open()
    assert counts["fetch"] == 0
    # when somebody deletes the copy
    world.tools["b"].delete("b-2")
    world.run()
    assert world.open() == {}


def given_by(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The native ids that the first tool's listings give from now on."""
    given: list[str] = []
    real = world.tools["a"].fetch

    def fetch(after: str | None = None, known: Collection[Ref] = ()) -> Iterator[Record]:
        for record in real(after, known):
            given.append(record.ref.native)
            yield record

    monkeypatch.setattr(world.tools["a"], "fetch", fetch)
    return given


def test_a_listing_that_breaks_off_twice_brings_all_and_what_changed_since_it_began(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(9):
        world.campaign("a", name=f"Campaign {number}", subject="One")
    given = given_by(world, monkeypatch)
    for turn in range(2):
        world.tools["a"].break_after = 3
        world.run()
        world.edit("a", given[turn], subject="Two")
    world.run()
    assert len(given) == 9
    assert (sorted(world.shows("b"), key=str), world.open()) == (["One"] * 7 + ["Two"] * 2, {})


def test_what_a_listing_read_before_it_broke_off_is_not_missing_when_it_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(9):
        world.campaign("a", name=f"Campaign {number}", subject="One")
    for _ in range(3):
        world.run()
    given = given_by(world, monkeypatch)
    world.now += timedelta(days=1)
    for _ in range(2):
        world.tools["a"].break_after = 3
        world.run()
    counts = asked(world, monkeypatch)
    world.run()
    assert (len(given), counts["read"], world.open()) == (9, 0, {})


def test_a_listing_that_broke_off_begins_anew_when_its_records_mean_something_else(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(9):
        world.campaign("a", name=f"Campaign {number}", subject="One")
    given = given_by(world, monkeypatch)
    world.tools["a"].break_after = 6
    world.run()
    world.boxes = world.boxes[:1]  # among other tools
    world.run()
    assert len(given) == 6 + 9


def test_a_listing_that_cannot_be_gone_on_with_begins_anew(world: World) -> None:
    for number in range(9):
        world.campaign("a", name=f"Campaign {number}", subject="One")
    world.tools["a"].break_after = 5
    world.run()
    world.tools["a"].forgets = True
    world.run()
    world.run()
    assert len(world.shows("b")) == 9


def test_a_deletion_that_was_accepted_is_not_asked_about_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = World(tmp_path, Box("a"), Box("b"), count_every=HOUR)
    native = plain.campaign("a", name="Spring", status="planned")
    plain.campaign("a", name="Summer")
    plain.run()
    plain.tools["b"].delete("b-1")
    for _ in range(2):
        plain.run()
    plain.decide(FindingKind.DELETION, "keep")
    plain.edit("a", native, status="sent")
    for _ in range(2):
        plain.run()
    counts = asked(plain, monkeypatch)
    plain.run()
    assert (counts["read"], plain.open()) == (0, {})


def test_a_full_run_asks_for_the_set_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.campaign("a", name="Spring", subject="One")
    for _ in range(2):
        world.run()
    recalled: list[bool] = []
    tool = world.tools["a"]
    real = tool.recall

    def recall(setup: str | None) -> None:
        recalled.append(setup is not None)
        real(setup)

    monkeypatch.setattr(tool, "recall", recall)
    world.run()
    world.run(full=True)
    assert recalled == [True, False]


def test_a_set_up_is_asked_anew_after_a_record_could_not_be_read_by_it(
    world: World,
) -> None:
    world.campaign("a", name="Spring", subject="One")
    for _ in range(3):
        world.run()
    world.edit("b", "b-1", subject="Two")
    world.tools["a"].fail_next(ConfigError("a: there is no such field"), call="read")
    world.run()
    assert world.shows("a") == ["One"]
    assert set(world.state().setups) == {"b"}
    world.run()
    assert world.shows("a") == ["Two"]
