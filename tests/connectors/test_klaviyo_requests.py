"""What Klaviyo is asked for, request by request: as little as its pages, its answers and its tags allow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from connectors import clock
from connectors.calendar_connector import CalendarConnector
from connectors.calendar_steps import Looks
from connectors.klaviyo import KlaviyoEsp
from connectors.klaviyo_omnichannel import KlaviyoOmnichannelEsp
from sync.model import Kind, Record, Ref
from sync.ports import Create, Failed, Update, Written
from tests.connectors.klaviyo_desk import AT, NOW, Desk, box, desk

__all__ = ["box", "desk"]

Form = type[KlaviyoEsp] | type[KlaviyoOmnichannelEsp]
FORMS: tuple[Form, ...] = (KlaviyoEsp, KlaviyoOmnichannelEsp)
QUIET = {KlaviyoEsp: ["campaigns"], KlaviyoOmnichannelEsp: ["campaigns", "campaign-messages"]}


@pytest.fixture
def klaviyo(desk: Desk) -> Iterator[CalendarConnector]:
    """A connector of the classic revision that has told its fields."""
    tool = desk.connector(KlaviyoEsp)
    tool.schema()
    yield tool
    tool.close()


def asked(desk: Desk, before: int) -> list[str]:
    """Method and kind of each request since; a thing that is named is a star."""
    return [f"{one.method} {re.sub(r'(?<=/)[0-9A-Za-z-]{16,}(?=/|$)', '*', one.path)}" for one in desk.heard[before:]]


def order(desk: Desk, number: int, *tags: str) -> Create:
    fields = {
        "name": f"Autumn {number}", "subject": ["Leaves"], "audiences": {"included": [desk.list]}, "tags": list(tags),
        "planned": {"kind": "instant", "at": AT},
    }  # fmt: skip
    return Create(f"cs-0000000{number}", Kind.CAMPAIGN, fields)


def test_drafts_made_together_cost_one_request_each_one_for_each_tag_and_one_look(
    desk: Desk, klaviyo: CalendarConnector
) -> None:
    (field,) = (one for one in klaviyo.schema()[Kind.CAMPAIGN] if one.id == "tags")
    first, second = (name for _, name in field.options[:2])
    orders = [order(desk, 1, first), order(desk, 2, first, second), order(desk, 3)]
    before = len(desk.heard)
    outcomes = klaviyo.write(orders)
    paths = [one.split("?")[0] for one in asked(desk, before)]
    assert paths[:3] == ["POST /api/campaigns"] * 3
    assert [path.rsplit("/", 1)[1] for path in paths[3:]] == ["campaigns", "campaigns", "campaigns"]
    assert [path.split()[0] for path in paths[3:]] == ["POST", "POST", "GET"]
    for made, outcome in zip(orders, outcomes, strict=True):
        assert isinstance(outcome, Written), outcome.error
        assert outcome.record
        assert outcome.record.fields["tags"] == sorted(made.fields["tags"])
        assert outcome.record == klaviyo.read([outcome.record.ref])[outcome.record.ref]


def test_a_draft_is_looked_at_and_written_and_the_answers_tell_the_rest(desk: Desk, klaviyo: CalendarConnector) -> None:
    ref = Ref("klaviyo", Kind.CAMPAIGN, desk.campaign())
    record = klaviyo.read([ref])[ref]
    assert record
    before = len(desk.heard)
    (outcome,) = klaviyo.write([Update(record, {"name": "Summer", "subject": ["Sun"]})])
    assert [one.split()[0] for one in asked(desk, before)] == ["GET", "PATCH", "PATCH"]
    assert isinstance(outcome, Written), outcome.error
    assert outcome.record
    assert (outcome.record.fields["name"], outcome.record.fields["subject"]) == ("Summer", ["Sun"])
    assert outcome.record == klaviyo.read([ref])[ref]


def several(desk: Desk, klaviyo: CalendarConnector, count: int) -> list[Record]:
    """Drafts of people's, as they are glanced at."""
    refs = [Ref("klaviyo", Kind.CAMPAIGN, desk.campaign(f"Spring {number}")) for number in range(count)]
    before = len(desk.heard)
    glanced = klaviyo.glance(refs)
    assert asked(desk, before) == ["GET /api/campaigns"]
    assert glanced == klaviyo.read(refs)
    return [glanced[ref] for ref in refs]


def renamed(records: list[Record]) -> list[Update]:
    return [Update(record, {"name": f"{record.fields['name']} anew"}) for record in records]


def test_several_drafts_are_looked_at_by_one_page_and_written_one_by_one(
    desk: Desk, klaviyo: CalendarConnector
) -> None:
    records = several(desk, klaviyo, 3)
    before = len(desk.heard)
    outcomes = klaviyo.write(renamed(records))
    assert asked(desk, before) == ["GET /api/campaigns", *["PATCH /api/campaigns/*"] * 3]
    assert [one.record and one.record.fields["name"] for one in outcomes] == [f"Spring {n} anew" for n in range(3)]


def test_whoever_edits_one_of_them_before_that_page_is_not_overruled(desk: Desk, klaviyo: CalendarConnector) -> None:
    records = several(desk, klaviyo, 3)
    desk.people("edit", campaign=records[1].ref.native, name="Mine")
    outcomes = klaviyo.write(renamed(records))
    assert [type(one) for one in outcomes] == [Written, Failed, Written]
    assert "somebody just changed name" in str(outcomes[1].error)  # type: ignore[union-attr]
    assert desk.held(records[1].ref.native).fields["name"] == "Mine"


def test_a_page_that_has_grown_old_is_asked_for_again(
    desk: Desk, klaviyo: CalendarConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = several(desk, klaviyo, 4)
    times = iter((0.0, 4.0, 8.0, 9.0))
    monkeypatch.setattr(clock, "monotonic", lambda: next(times))
    looks, before = Looks(klaviyo._esp, [one.ref.native for one in records]), len(desk.heard)
    shown = [looks.at(one.ref.native) for one in records]
    assert [one and one.id for one in shown] == [one.ref.native for one in records]
    assert asked(desk, before) == ["GET /api/campaigns"] * 2


def test_what_may_touch_a_schedule_is_looked_at_by_itself(desk: Desk, klaviyo: CalendarConnector) -> None:
    records = several(desk, klaviyo, 2)
    before, later = len(desk.heard), {"planned": {"kind": "instant", "at": "2026-05-03T10:00:00+00:00"}}
    klaviyo.write([Update(record, later) for record in records])
    assert asked(desk, before) == ["GET /api/campaigns/*", "PATCH /api/campaigns/*"] * 2


def test_what_a_page_lacks_is_looked_at_by_itself(desk: Desk, klaviyo: CalendarConnector) -> None:
    records = several(desk, klaviyo, 2)
    desk.people("archive", campaign=records[0].ref.native)
    before = len(desk.heard)
    outcomes = klaviyo.write(renamed(records))
    assert [type(one) for one in outcomes] == [Failed, Written]
    assert asked(desk, before) == ["GET /api/campaigns", "GET /api/campaigns/*", "PATCH /api/campaigns/*"]


@pytest.mark.parametrize("form", FORMS)
def test_a_run_that_recalls_the_set_up_asks_for_what_changed_and_nothing_else(desk: Desk, form: Form) -> None:
    first, later = desk.connector(form), desk.connector(form)
    schema = first.schema()
    list(first.fetch())
    desk.box.world.advance(1200)
    before = len(desk.heard)
    later.recall(first.setup())
    assert later.schema() == schema
    assert list(later.changes(first.position() or "")) == []
    assert [one.path.split("/")[2] for one in desk.heard[before:]] == QUIET[form]
    first.close()
    later.close()


def test_an_archived_campaign_is_told_within_the_hour_and_counted_all_the_while(
    desk: Desk, klaviyo: CalendarConnector
) -> None:
    tool, native = klaviyo, desk.campaign()
    list(tool.fetch())
    since = tool.position() or ""
    desk.people("archive", campaign=native)
    told = {one.ref.native for one in tool.changes(since) if isinstance(one, Record)}
    since = tool.position() or ""
    assert native not in told
    assert native in {ref.native for ref in tool.census()}, "it is no deletion"
    desk.box.world.set_clock(NOW + timedelta(hours=1, minutes=1))
    found = {one.ref.native: one for one in tool.changes(since) if isinstance(one, Record)}
    assert found[native].locked == "archived in Klaviyo"
