"""What the stand-in calendar feed says: times, folding, escapes, zones, recurrence (RFC 5545)."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import requests

from connectors.sandbox.server import Sandbox
from tests.sandbox.calendar_feed import Feed
from tests.sandbox.sites import NOW


@pytest.mark.parametrize(
    ("when", "line", "end"),
    [
        ({"at": "2026-11-27T14:00:00+01:00"}, "DTSTART:20261127T130000Z", "DTEND:20261127T133000Z"),
        (
            {"at": "2026-11-27T14:00:00+01:00", "zone": "Europe/Berlin"},
            "DTSTART;TZID=Europe/Berlin:20261127T140000",
            "DTEND;TZID=Europe/Berlin:20261127T143000",
        ),
        ({"local": "2026-11-27T14:00:00"}, "DTSTART:20261127T140000", "DTEND:20261127T143000"),
        ({"day": "2026-11-27"}, "DTSTART;VALUE=DATE:20261127", "DTEND;VALUE=DATE:20261128"),
    ],
)
def test_a_time_has_one_of_four_forms(when: dict[str, str], line: str, end: str) -> None:
    lines = Feed().made(**when)
    assert line in lines
    assert end in lines


def test_an_event_says_who_it_is_and_when_it_was_touched() -> None:
    lines = Feed().made(at="2026-11-27T13:00:00Z", tags=["brand", "a, b"], url="https://acme.example/1")
    assert {
        "SUMMARY:Sale", "STATUS:TENTATIVE", "SEQUENCE:0", "CATEGORIES:brand,a\\, b", "URL:https://acme.example/1",
        "CREATED:20261005T090000Z", "LAST-MODIFIED:20261005T090000Z", "DTSTAMP:20261005T090000Z",
    } <= set(lines)  # fmt: skip
    assert [line for line in lines if re.fullmatch(r"UID:[0-9a-f]{26}@calendar\.acme\.example", line)]


def test_the_calendar_names_itself_and_its_zones() -> None:
    feed = Feed()
    feed.human("create", name="A", at="2026-11-27T13:00:00Z", zone="America/New_York")
    lines = feed.lines
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-2:] == ["END:VCALENDAR", ""]
    assert {
        "VERSION:2.0",
        "METHOD:PUBLISH",
        "X-WR-TIMEZONE:Europe/Berlin",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
    } < set(lines)
    zone = lines[lines.index("BEGIN:VTIMEZONE") : lines.index("END:VTIMEZONE")]
    assert "TZID:America/New_York" in zone
    assert {"TZOFFSETTO:-0500", "TZOFFSETTO:-0400"} < set(zone)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
def test_the_zones_are_what_they_are_in_the_world(zone: str) -> None:
    feed = Feed(zone_names="windows")
    for month in range(1, 13):
        feed.human("create", name=f"M{month}", at=f"2027-{month:02}-15T12:00:00Z", zone=zone)
    (read,) = feed.read("VTIMEZONE")
    described = read.to_tz(lookup_tzid=False)
    for month in range(1, 13):
        at = datetime(2027, month, 15, 12)
        assert described.utcoffset(at) == ZoneInfo(zone).utcoffset(at)
    for onset in (datetime(2027, 3, 28, 1, 59), datetime(2027, 3, 28, 3, 1), datetime(2027, 3, 14, 1, 59)):
        assert described.utcoffset(onset) == ZoneInfo(zone).utcoffset(onset)


def test_zones_may_have_other_names() -> None:
    feed = Feed(zone_names="windows")
    lines = feed.made(at="2026-11-27T13:00:00Z", zone="Europe/Berlin")
    assert "DTSTART;TZID=W. Europe Standard Time:20261127T140000" in lines
    assert "TZID:W. Europe Standard Time" in feed.lines


def test_long_lines_are_folded_and_signs_escaped() -> None:
    feed = Feed()
    told = "Köln, Zürich; a \\ and\nthe 🚚 " * 12
    feed.human("create", name="Sale", at="2026-11-27T13:00:00Z", description=told)
    assert max(len(line.encode()) for line in feed.text.split("\r\n")) == 75
    (line,) = [line for line in feed.event("Sale") if line.startswith("DESCRIPTION:")]
    assert line.removeprefix("DESCRIPTION:") == "Köln\\, Zürich\\; a \\\\ and\\nthe 🚚 " * 12
    (read,) = feed.read("VEVENT")
    assert str(read["description"]) == told


def test_a_fold_may_split_a_sign_and_lines_may_end_otherwise() -> None:
    feed = Feed(folds_split_signs=True)
    feed.human("create", name="🚚" * 40, at="2026-11-27T13:00:00Z")
    with Sandbox(campaigns=0, now=NOW, esps=("ics",)) as box:
        post = f"{box.control}/control/ics"
        requests.post(f"{post}/switch", json={"name": "folds_split_signs", "value": True}, timeout=5)
        requests.post(f"{post}/create", json={"name": "🚚" * 40, "at": "2026-11-27T13:00:00Z"}, timeout=5)
        address = box.urls["ics"] + box.company["credentials"]["ics"]["path"]
        raw = requests.get(address, timeout=5).content
        requests.post(f"{post}/switch", json={"name": "line_ends", "value": "lf"}, timeout=5)
        other = requests.get(address, timeout=5).content
    with pytest.raises(UnicodeDecodeError):
        [line.decode() for line in raw.split(b"\r\n")]
    assert "🚚" * 40 in raw.replace(b"\r\n ", b"").decode()
    assert other == raw.replace(b"\r\n", b"\n")


def test_an_event_recurs_but_for_one_time_and_moves_at_another() -> None:
    feed = Feed(campaigns=6)
    master, instance = (one for one in feed.read("VEVENT") if one["summary"] == "Weekly digest")
    assert master["uid"] == instance["uid"]
    first = master["dtstart"].dt
    starts = [first + timedelta(weeks=week) for week in range(12)]  # by the clock
    assert first.weekday() == 1
    assert "RRULE:FREQ=WEEKLY;BYDAY=TU" in feed.event("Weekly digest")
    assert first < NOW < starts[-1]
    assert [one.dt for one in master["exdate"].dts] == [starts[6]]
    assert instance["recurrence-id"].dt == starts[7]
    assert instance["dtstart"].dt == starts[7] + timedelta(days=2, hours=5)
    assert {at.utcoffset() for at in starts} == {timedelta(hours=1), timedelta(hours=2)}
    assert "rrule" not in instance


def test_one_time_of_many_is_moved_renamed_cancelled_or_left_out() -> None:
    feed = Feed()
    feed.human("create", name="Digest", at="2026-10-06T07:00:00Z", zone="Europe/Berlin", rule="FREQ=WEEKLY")
    instance = {"campaign": "Digest", "occurrence": "2026-10-13T09:00:00"}
    feed.human("rename", **instance, name="Digest, special")
    feed.human("move", **instance, at="2026-10-14T07:00:00Z", zone="Europe/Berlin")
    lines = feed.event("Digest\\, special")
    assert {"RECURRENCE-ID;TZID=Europe/Berlin:20261013T090000", "DTSTART;TZID=Europe/Berlin:20261014T090000"} < set(
        lines
    )
    feed.human("cancel", **instance)
    assert "STATUS:CANCELLED" in feed.event("Digest\\, special")
    feed.human("delete", **instance)
    assert "EXDATE;TZID=Europe/Berlin:20261013T090000" in feed.event("Digest")
    with pytest.raises(LookupError):
        feed.event("Digest\\, special")


def test_days_that_recur_leave_out_days() -> None:
    feed = Feed()
    feed.human("create", name="Digest", day="2026-10-06", rule="FREQ=WEEKLY")
    feed.human("delete", campaign="Digest", occurrence="2026-10-13")
    assert "EXDATE;VALUE=DATE:20261013" in feed.event("Digest")


def test_an_occurrence_is_named_in_the_form_of_its_event() -> None:
    feed = Feed()
    feed.human("create", name="Digest", at="2026-10-06T07:00:00Z", rule="FREQ=WEEKLY")
    with pytest.raises(ValueError, match="an occurrence is a start in the form of its event's"):
        feed.human("cancel", campaign="Digest", occurrence="2026-10-13T07:00:00")
    feed.human("delete", campaign="Digest", occurrence="2026-10-13T09:00:00+02:00")
    assert "EXDATE:20261013T070000Z" in feed.event("Digest")


def test_only_what_recurs_has_instances() -> None:
    feed = Feed()
    feed.human("create", name="Sale", at="2026-11-27T13:00:00Z")
    with pytest.raises(ValueError, match="Sale does not recur"):
        feed.human("cancel", campaign="Sale", occurrence="2026-11-27T13:00:00Z")


def test_the_seed_is_the_company() -> None:
    feed = Feed(campaigns=24)
    events = {str(one["uid"]): one for one in feed.read("VEVENT") if "rrule" not in one}
    forms = set()
    for seed in feed.company.campaigns:
        uid = feed.server.find(seed.code)
        shown = seed.copy("ics")
        assert (uid is None) is (shown is None)
        if uid is None or shown is None:
            continue
        event = events[uid]
        assert str(event["summary"]) == shown["name"]
        assert list(event["categories"].cats) == list(shown["tags"])
        assert str(event["status"]) == ("CONFIRMED" if shown["scheduled"] else "TENTATIVE")
        start, planned = event["dtstart"].dt, shown["planned"]
        forms.add((planned["type"], event["dtstart"].params.get("TZID")))
        if planned["type"] == "Exact time":
            assert start == datetime.fromisoformat(planned["value"])
        else:
            assert start == {"Day": date, "Recipient local": datetime}[planned["type"]].fromisoformat(planned["value"])
    assert forms == {("Exact time", None), ("Exact time", "Europe/Berlin"), ("Recipient local", None), ("Day", None)}
