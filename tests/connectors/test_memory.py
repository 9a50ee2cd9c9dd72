"""The tool in memory behaves as the contract says, and fails where it is told to."""

from __future__ import annotations

import pytest

from connectors.memory import MemoryConnector
from sync.errors import Ambiguous, Rejected, Stale, Unavailable
from sync.model import Kind, Ref
from sync.ports import Archive, Connector, Create, Failed, NativeField, Update, Written

SCHEMA = {
    Kind.CAMPAIGN: (NativeField("name", "Name", "string"), NativeField("sent", "Sent", "number", read_only=True)),
    Kind.STAGE: (NativeField("name", "Name", "string"),),
}


@pytest.fixture
def tool() -> MemoryConnector:
    return MemoryConnector("plan", SCHEMA, batch=3)


def ref(native: str, kind: Kind = Kind.CAMPAIGN) -> Ref:
    return Ref("plan", kind, native)


def test_it_keeps_the_contract(tool: MemoryConnector) -> None:
    connector: Connector = tool
    assert connector.schema() == SCHEMA
    assert connector.capability.kinds == {Kind.CAMPAIGN, Kind.STAGE}


def test_people_edit_and_the_listing_shows_campaigns_before_stages(tool: MemoryConnector) -> None:
    first = tool.put(Kind.CAMPAIGN, {"name": "Spring"})
    stage = tool.put(Kind.STAGE, {"name": "Design"}, parent=first)
    second = tool.put(Kind.CAMPAIGN, {"name": "Autumn", "sent": 3})
    tool.edit(first, name="Spring sale")
    tool.clear(second, "name")
    assert [(r.ref.native, r.fields, r.parent) for r in tool.fetch()] == [
        (first, {"name": "Spring sale"}, None),
        (second, {"sent": 3}, None),
        (stage, {"name": "Design"}, first),
    ]
    assert tool.log == []


def test_a_deleted_campaign_leaves_its_stages_behind(tool: MemoryConnector) -> None:
    campaign = tool.put(Kind.CAMPAIGN, {"name": "Spring"})
    stage = tool.put(Kind.STAGE, {}, parent=campaign)
    tool.delete(campaign)
    assert tool.read([ref(campaign)]) == {ref(campaign): None}
    assert tool.records[stage].parent is None


def test_writes_are_applied_logged_and_acknowledged_in_order(tool: MemoryConnector) -> None:
    native = tool.put(Kind.CAMPAIGN, {"name": "Spring"})
    record = tool.records[native]
    changes = (
        Create("cs-00000001", Kind.CAMPAIGN, {"name": "Autumn"}),
        Update(record, {"name": "Sale"}),
        Archive(record),
    )
    made, changed, gone = tool.write(changes)
    assert isinstance(made, Written)
    assert made.record
    assert (made.record.marker, made.record.fields) == ("cs-00000001", {"name": "Autumn"})
    assert isinstance(changed, Written)
    assert changed.record
    assert changed.record.fields == {"name": "Sale"}
    assert gone == Written(changes[2], None)
    assert tool.log == list(changes)
    assert list(tool.records) == [made.record.ref.native]


def test_it_refuses_what_it_is_told_to_refuse() -> None:
    tool = MemoryConnector("plan", SCHEMA, batch=9, read_only=frozenset({Kind.STAGE}), archives=False)
    record = tool.records[tool.put(Kind.CAMPAIGN, {"name": "Spring"})]
    locked = tool.records[tool.put(Kind.CAMPAIGN, {"name": "Autumn"})]
    tool.lock(locked.ref.native, "already sent")
    outcomes = tool.write([
        Update(record, {"sent": 9}), Update(record, {"what": 1}), Create("cs-00000001", Kind.STAGE, {}),
        Archive(record), Update(locked, {"name": "x"}),
    ])  # fmt: skip
    assert [type(o.error) for o in outcomes if isinstance(o, Failed)] == [Rejected] * 5
    assert tool.log == []


def test_a_write_to_what_is_gone_is_stale_and_an_archive_of_it_is_done(tool: MemoryConnector) -> None:
    record = tool.records[tool.put(Kind.CAMPAIGN, {"name": "Spring"})]
    tool.delete(record.ref.native)
    update, archive = tool.write([Update(record, {"name": "x"}), Archive(record)])
    assert isinstance(update, Failed)
    assert isinstance(update.error, Stale)
    assert isinstance(archive, Written)


def test_a_failure_strikes_before_or_after_the_change_is_applied(tool: MemoryConnector) -> None:
    tool.fail_next(Unavailable("before"))
    tool.fail_next(Ambiguous("after"), after=True)
    before, after, fine = tool.write([Create(f"cs-0000000{n}", Kind.CAMPAIGN, {}) for n in range(3)])
    assert (type(before), type(after), type(fine)) == (Failed, Failed, Written)
    assert [r.marker for r in tool.records.values()] == ["cs-00000001", "cs-00000002"]
    assert len(tool.log) == 2


def test_a_crash_is_raised(tool: MemoryConnector) -> None:
    tool.fail_next(KeyError("power cut"), after=True)
    with pytest.raises(KeyError):
        tool.write([Create("cs-00000001", Kind.CAMPAIGN, {})])
    assert len(tool.records) == 1


def test_a_listing_can_break_before_it_begins_or_before_it_ends(tool: MemoryConnector) -> None:
    tool.put(Kind.CAMPAIGN, {})
    tool.fail_next(Unavailable("x"), call="fetch")
    tool.fail_next(Unavailable("x"), call="fetch", after=True)
    with pytest.raises(Unavailable):
        next(tool.fetch())
    listing = tool.fetch()
    next(listing)
    with pytest.raises(Unavailable):
        next(listing)


def test_a_tool_that_is_down_fails_every_call(tool: MemoryConnector) -> None:
    tool.down = Unavailable("down")
    with pytest.raises(Unavailable):
        tool.schema()
    with pytest.raises(Unavailable):
        tool.read([])
    with pytest.raises(Unavailable):
        list(tool.fetch())
    (outcome,) = tool.write([Create("cs-00000001", Kind.CAMPAIGN, {})])
    assert isinstance(outcome, Failed)


def test_a_lagging_listing_hides_what_a_direct_read_shows(tool: MemoryConnector) -> None:
    native = tool.put(Kind.CAMPAIGN, {})
    tool.unlisted.add(native)
    assert list(tool.fetch()) == []
    assert tool.read([ref(native)])[ref(native)]


def test_more_than_a_batch_is_a_mistake_of_the_caller(tool: MemoryConnector) -> None:
    with pytest.raises(ValueError, match="takes 3"):
        tool.write([Create("cs-00000001", Kind.CAMPAIGN, {})] * 4)


def test_the_same_calls_make_the_same_records() -> None:
    def play() -> dict[str, object]:
        tool = MemoryConnector("plan", SCHEMA)
        tool.edit(tool.put(Kind.CAMPAIGN, {"name": "a"}), name="b")
        return dict(tool.records)

    assert play() == play()


def test_a_listing_breaks_off_once_and_goes_on_where_it_was() -> None:
    tool = MemoryConnector("plan", SCHEMA, resumes=True, changes=True)
    natives = [tool.put(Kind.CAMPAIGN, {}) for _ in range(11)]
    stage = tool.put(Kind.STAGE, {})
    tool.break_after = 9
    first: list[str] = []
    with pytest.raises(Unavailable, match="broke off"):
        first.extend(record.ref.native for record in tool.fetch())
    begun, after = tool.position(), tool.reached()
    tool.edit(natives[0], name="changed meanwhile")
    tool.delete(natives[8])
    assert [record.ref.native for record in tool.fetch(after)] == [*natives[9:], stage]
    assert tool.reached() is None
    assert begun is not None
    assert [one.ref.native for one in tool.changes(begun) if not isinstance(one, Ref)] == [natives[0]]


def test_a_recalled_schema_is_the_one_of_then_and_asks_nobody() -> None:
    other = MemoryConnector("plan", {**SCHEMA, Kind.STAGE: ()}, remembers=True)
    tool = MemoryConnector("plan", SCHEMA, remembers=True)
    tool.recall(other.setup())
    tool.down = Unavailable("down")
    assert tool.schema() == other.schema()
    tool.recall(None)
    with pytest.raises(Unavailable):
        tool.schema()
    tool.down = None
    assert tool.schema() == SCHEMA
    assert tool.requests == 1
