"""Any ESP's campaigns as records: what they show, when they are locked, and how changes and counts are told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connectors.calendar import Schedule, Status
from sync.errors import Ambiguous, Outdated, Rejected, Unavailable
from sync.model import Kind, Ref
from sync.ports import Archive, Create, Failed, Metering, TimeKind, Written
from tests.connectors.calendar_esp import NOW, REF, Desk, TinyEsp, at, draft, scheduled


def test_a_record_has_the_fields_that_every_esp_has() -> None:
    record = Desk(TinyEsp(draft(metrics={"opens": 5, "luck": 3}, url="https://news.example/C1", marker="cs-1"))).record
    assert record.fields == {
        "name": "Spring", "subject": ["Hello"], "tags": ["promo"], "status": "draft", "scheduled": None, "opens": 5,
        "audiences": {"included": [{"id": "L1", "name": "Customers"}], "excluded": []}, "planned": at(48).native(),
    }  # fmt: skip
    assert (record.url, record.marker, record.locked) == ("https://news.example/C1", "cs-1", None)


def test_what_an_esp_does_not_tell_is_not_known_and_a_placeholder_is_nothing() -> None:
    record = Desk(TinyEsp(draft(subjects=None, audiences=None, tags=None))).record
    assert record.fields.keys() == {"name", "status", "scheduled", "planned"}
    assert Desk(TinyEsp(draft(subjects=("TBD",)))).record.fields["subject"] == []
    assert Desk(TinyEsp(draft(subjects=("One", "Two")))).record.fields["subject"] == ["One", "Two"]


def test_where_drafts_hold_no_time_the_planned_one_is_known_only_while_scheduled() -> None:
    bare: dict[str, Any] = {"plans_drafts": False}
    assert "planned" not in Desk(TinyEsp(draft(planned=None), **bare)).record.fields
    sent = scheduled(planned=None)
    assert Desk(TinyEsp(sent, **bare)).record.fields["planned"] == at(48).native()
    gone = replace(sent, status=Status.SENT)
    assert "planned" not in Desk(TinyEsp(gone, **bare)).record.fields
    assert Desk(TinyEsp(gone)).record.fields["planned"] is None


def test_a_moment_is_the_same_text_in_every_offset() -> None:
    east = replace(at(48), at=at(48).at.astimezone().replace(microsecond=5))
    assert Desk(TinyEsp(draft(planned=east))).record.fields["planned"] == at(48).native()
    day = Desk(TinyEsp(draft(planned=at(48, TimeKind.DAY)))).record
    assert day.fields["planned"] == {"kind": "day", "at": "2026-11-12"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"status": Status.DRAFT}, None),
        ({"status": Status.SCHEDULED}, None),
        ({"status": Status.SENDING}, "being sent by News"),
        ({"status": Status.SENT}, "already sent by News"),
        ({"status": Status.CANCELLED, "status_raw": "no credits"}, "cancelled in News (no credits)"),
        ({"status": Status.PAUSED}, "paused in News"),
        ({"status": Status.UNKNOWN, "status_raw": "psychic"}, 'in the state "psychic" in News'),
        ({"archived": True}, "archived in News"),
        ({"read_only": "an RSS campaign"}, "an RSS campaign"),
    ],
)
def test_what_takes_no_edit_is_locked_with_a_reason(changes: dict[str, Any], words: str | None) -> None:
    desk = Desk(TinyEsp(draft(**changes)))
    assert (desk.record.locked or "").startswith(words or "")
    assert (desk.record.locked is None) is (words is None)
    if words:
        assert words in desk.refused(name="Summer")


def test_a_deleted_list_keeps_its_id_for_a_name() -> None:
    record = Desk(TinyEsp(draft(audiences=(("GONE", "L2"), ("L1",))))).record
    included = [{"id": "GONE", "name": "GONE"}, {"id": "L2", "name": "Newcomers"}]
    assert record.fields["audiences"] == {"included": included, "excluded": [{"id": "L1", "name": "Customers"}]}


def test_the_schema_says_what_may_be_written() -> None:
    def closed(schedule: Schedule, **offers: Any) -> set[str]:
        fields = Desk(TinyEsp(draft(), metering=Metering.NONE, **offers), schedule).tool.schema()[Kind.CAMPAIGN]
        return {field.id for field in fields if field.read_only}

    assert closed(Schedule.MOVE) == closed(Schedule.NEVER) == {"scheduled", "status"}
    assert closed(Schedule.FULL) == {"scheduled"}
    assert closed(Schedule.NEVER, plans_drafts=False) == {"planned", "scheduled", "status"}
    everything = {"name", "subject", "audiences", "tags", "planned", "scheduled", "status"}
    assert closed(Schedule.FULL, plans_drafts=False, schedules=False) == everything


def test_the_schema_counts_what_the_esp_counts() -> None:
    counted = [f.id for f in Desk(TinyEsp(draft())).tool.schema()[Kind.CAMPAIGN] if f.type == "number"]
    assert counted == ["delivered", "opens", "clicks", "unsubscribes", "bounces"]
    esp = TinyEsp(draft(), tells_conversions=True, tells_machine_opens=True)
    assert {"conversions", "machine_opens"} <= {f.id for f in Desk(esp).tool.schema()[Kind.CAMPAIGN]}
    none = TinyEsp(draft(), metering=Metering.NONE)
    assert not [f for f in Desk(none).tool.schema()[Kind.CAMPAIGN] if f.type == "number"]


def test_a_source_that_is_only_read_creates_and_archives_nothing() -> None:
    esp = TinyEsp(draft(), plans_drafts=False, schedules=False)
    esp.deletes_drafts = False
    tool = Desk(esp).tool
    assert (tool.capability.creates, tool.capability.archives, tool.capability.changes) == (False, False, False)
    assert tool.capability.calendar == replace(esp.calendar, margin=timedelta(minutes=30))
    (outcome,) = tool.write([Archive(tool.read([REF])[REF])])  # type: ignore[arg-type]
    assert isinstance(outcome, Failed)
    assert "C1" in esp.held


def test_a_position_is_the_esps_own_time_less_an_overlap() -> None:
    tool = Desk(TinyEsp(draft(), lists_changed=True)).tool
    assert tool.position() is None
    listing = tool.fetch()
    next(listing)
    assert tool.position() is None
    assert list(listing) == []
    assert tool.position() == (NOW - timedelta(minutes=5)).isoformat()
    assert [one.ref for one in tool.changes(tool.position() or "")] == [REF]  # type: ignore[union-attr]


def test_an_esp_that_tells_no_changes_has_no_position() -> None:
    tool = Desk(TinyEsp(draft())).tool
    assert len(list(tool.fetch())) == 1
    assert tool.position() is None
    with pytest.raises(Outdated):
        list(tool.changes(NOW.isoformat()))


def test_a_position_serves_archived_campaigns_from_where_they_were_last_read_and_they_are_once_an_hour() -> None:
    esp = TinyEsp(draft(), draft(id="C2", archived=True), lists_changed=True)
    esp.archives_apart = True
    tool = Desk(esp).tool
    list(tool.fetch())
    begun = tool.position() or ""
    positions, told = [begun], []
    for minutes in (20, 40, 61, 80):
        esp.now = NOW + timedelta(minutes=minutes)
        told.append([one.ref.native for one in tool.changes(positions[-1])])  # type: ignore[union-attr]
        positions.append(tool.position() or "")
    assert told == [["C1"], ["C1"], ["C1", "C2"], ["C1"]]
    since = [at for at, archived in esp.asked if archived]
    assert since == [NOW - timedelta(minutes=5)], "since they were read last, and not since the last question"
    assert [len(position.split()) for position in positions] == [1, 2, 2, 1, 2]


def test_a_clock_that_was_set_back_or_is_not_told_has_the_archived_campaigns_read() -> None:
    esp = TinyEsp(draft(), lists_changed=True)
    esp.archives_apart = True
    tool = Desk(esp).tool
    for now in (NOW - timedelta(days=1), None):
        esp.now = now
        list(tool.changes(NOW.isoformat()))
    assert [archived for _, archived in esp.asked] == [False, True] * 2


@pytest.mark.parametrize("text", ["", " ", "x", f"{NOW.isoformat()} x", f"{NOW.isoformat()} " * 3, "2026-11-10"])
def test_a_position_of_another_form_is_outdated(text: str) -> None:
    with pytest.raises(Outdated):
        list(Desk(TinyEsp(draft(), lists_changed=True)).tool.changes(text))


def test_counts_are_finite_and_of_known_names() -> None:
    tool = Desk(TinyEsp(draft())).tool
    other = Ref("news", Kind.CAMPAIGN, "C9")
    assert tool.measure([REF, other]) == {REF: {"opens": 5}}


def test_a_creation_is_a_draft_and_its_time_is_given_only_where_drafts_hold_one() -> None:
    fields = {"name": "Autumn", "audiences": {"included": [{"id": "L1"}]}, "planned": at(72).native()}
    for plans in (True, False):
        tool = Desk(TinyEsp(draft(), plans_drafts=plans)).tool
        (outcome,) = tool.write([Create("cs-7k2m9x4q", Kind.CAMPAIGN, fields)])
        assert isinstance(outcome, Written)
        assert outcome.record
        assert outcome.record.fields.get("planned") == (at(72).native() if plans else None)
        assert (outcome.record.marker, outcome.record.fields["status"]) == ("cs-7k2m9x4q", "draft")


def test_a_creation_that_cannot_be_read_back_is_ambiguous() -> None:
    desk = Desk(TinyEsp(draft()))
    desk.esp.failing["entry"] = Unavailable("down")
    (outcome,) = desk.tool.write([Create("cs-7k2m9x4q", Kind.CAMPAIGN, {"name": "Autumn"})])
    assert isinstance(outcome, Failed)
    assert type(outcome.error) is Ambiguous


@pytest.mark.parametrize("entry", [scheduled(), draft(archived=True), draft(status=Status.SENT), draft(read_only="x")])
def test_only_a_draft_is_removed(entry: Any) -> None:
    desk = Desk(TinyEsp(entry))
    (outcome,) = desk.tool.write([Archive(desk.record)])
    assert isinstance(outcome, Failed)
    assert type(outcome.error) is Rejected
    assert "a person has to remove it there" in str(outcome.error)
    desk.esp.held["C1"] = draft()
    for _ in range(2):
        assert isinstance(desk.tool.write([Archive(desk.record)])[0], Written)
    assert desk.esp.calls == ["delete"]


@pytest.mark.parametrize(
    ("entry", "fields", "error"),
    [
        (draft(subjects=None), {"subject": ["x"]}, "Unavailable"),
        (draft(audiences=None), {"audiences": {"included": [{"id": "L1"}]}}, "Unavailable"),
        (draft(tags=None), {"tags": ["spring"]}, "Unavailable"),
        (draft(subjects=("a", "b")), {"subject": ["x"]}, "Rejected"),
        (draft(odd={"audiences": 5}), {"audiences": {"included": [{"id": "L1"}]}}, "Rejected"),
        (draft(odd={"planned": 5}), {"planned": at(72)}, "Rejected"),
        (draft(), {"audiences": {"included": [{"id": "L9", "name": "No such list"}]}}, "Rejected"),
        (draft(), {"tags": ["promo", "no such tag"]}, "Rejected"),
        (draft(), {"name": " "}, "Rejected"),
        (draft(), {"opens": 5}, "Rejected"),
    ],
)
def test_what_cannot_be_said_of_a_campaign_is_refused_before_any_call(
    entry: Any, fields: dict[str, Any], error: str
) -> None:
    assert Desk(TinyEsp(entry)).refused(**fields).startswith(error)
