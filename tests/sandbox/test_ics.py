"""The stand-in calendar feed: its address, its validators, and the people who edit it (RFC 9110 §13)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.sandbox.ics import IcsServer
from connectors.sandbox.recorder import Recorder
from tests.sandbox.calendar_feed import Feed
from tests.sandbox.desk import exchange


def test_an_unchanged_feed_is_not_sent_again() -> None:
    feed = Feed(campaigns=2)
    _, headers, _ = feed.get()
    status, again, body = feed.get(if_none_match=headers["etag"])
    assert (status, body, again["etag"]) == (304, None, headers["etag"])
    assert feed.get(if_modified_since=headers["last-modified"])[0] == 304
    feed.world.advance(5)
    feed.human("create", name="New", day="2026-11-27")
    assert feed.get(if_none_match=headers["etag"])[0] == 200
    assert feed.get(if_modified_since=headers["last-modified"])[0] == 200
    # Where both are given, the date is not looked at.
    later = feed.get()[1]["last-modified"]
    assert feed.get(if_none_match=headers["etag"], if_modified_since=later)[0] == 200
    assert feed.get(if_modified_since="yesterday")[0] == 200


def test_a_deletion_moves_the_time_of_change() -> None:
    feed = Feed(campaigns=2)
    before = feed.get()[1]["last-modified"]
    feed.world.advance(5)
    feed.human("delete", campaign=str(feed.server.find("c001")))
    assert feed.server.find("c001") is None
    assert feed.get()[1]["last-modified"] > before


def test_validators_may_be_weak_or_missing_and_stamps_may_move() -> None:
    feed = Feed(campaigns=2, validator="weak")
    etag = feed.get()[1]["etag"]
    assert etag.startswith('W/"')
    assert feed.get(if_none_match=etag)[0] == 304
    feed.human("switch", name="validator", value="none")
    feed.human("switch", name="last_modified", value=False)
    assert not {"etag", "last-modified"} & set(feed.get()[1])
    assert feed.get(if_none_match=etag)[0] == 200
    feed = Feed(campaigns=2, stamps_move=True)
    etag = feed.get()[1]["etag"]
    feed.world.advance(1)
    assert feed.get(if_none_match=etag)[0] == 200


def test_only_the_secret_address_has_the_feed() -> None:
    feed = Feed(campaigns=2)
    path = feed.server.credentials()["path"]
    assert feed.get(path.replace("private-", "private-0"))[0] == 404
    assert feed.get("/calendars/sends")[0] == 404
    feed.human("reset")
    assert feed.get(path)[0] == 404
    assert feed.get()[0] == 200
    assert exchange(feed.server.app, "PUT", feed.server.credentials()["path"])[0] == 405


def test_the_log_does_not_tell_the_secret() -> None:
    feed = Feed(campaigns=2)
    path = feed.server.credentials()["path"]
    app = Recorder("ics", feed.server.app, feed.world, lambda error: None)
    status, _, _ = exchange(app, "GET", path)
    (entry,) = feed.world.entries
    assert (status, entry["path"], entry["write"]) == (200, "/calendars/sends/private-.../basic.ics", False)
    assert feed.server.state.secret not in json.dumps(feed.world.entries)


def test_people_move_rename_cancel_and_delete() -> None:
    feed = Feed()
    uid = feed.human("create", name="Sale", at="2026-11-27T13:00:00Z")["id"]
    feed.world.advance(60)
    feed.human("move", campaign="Sale", day="2026-11-28")
    lines = feed.event("Sale")
    assert {"DTSTART;VALUE=DATE:20261128", "SEQUENCE:1", "LAST-MODIFIED:20261005T090100Z"} < set(lines)
    assert "CREATED:20261005T090000Z" in lines
    assert feed.human("rename", campaign=uid, name="Sale [CAM-7]")["name"] == "Sale [CAM-7]"
    feed.human("edit", campaign=uid, tags=["brand"], status="CONFIRMED")
    assert {"CATEGORIES:brand", "STATUS:CONFIRMED"} < set(feed.event("Sale [CAM-7]"))
    assert feed.human("cancel", campaign=uid)["status"] == "CANCELLED"
    assert "STATUS:CANCELLED" in feed.event("Sale [CAM-7]")
    feed.human("switch", name="cancelled_shown", value=False)
    assert "BEGIN:VEVENT" not in feed.lines
    feed.human("delete", campaign=uid)
    assert feed.server.state.events == {}


def test_a_feed_may_tell_less() -> None:
    feed = Feed(tells_changes=False, sequence_rises=False, past_days=30)
    feed.human("create", name="Sale", at="2026-11-27T13:00:00Z")
    feed.human("rename", campaign="Sale", name="Sales")
    lines = feed.event("Sales")
    assert "SEQUENCE:0" in lines
    assert not [line for line in lines if line.startswith(("LAST-MODIFIED", "CREATED"))]
    feed.world.set_clock(datetime(2027, 1, 15, tzinfo=UTC))
    assert "BEGIN:VEVENT" not in feed.lines


@pytest.mark.parametrize(
    ("verb", "payload", "message"),
    [
        ("dance", {}, "people cannot dance in ics"),
        ("rename", {"campaign": "x"}, "ics rename needs name"),
        ("edit", {"campaign": "none", "name": "x"}, "no events have the id or name none"),
        ("create", {"name": "x"}, "an event needs one of at, local, day"),
        ("create", {"name": "x", "at": "2026-11-27T13:00:00"}, "at is a moment with its zone"),
        ("create", {"name": "x", "at": "2026-11-27T13:00:00Z", "zone": "Mars"}, "the calendar knows the zones"),
        ("create", {"name": "x", "day": "2026-11-27", "status": "MAYBE"}, "an event is TENTATIVE"),
        ("switch", {"name": "gravity", "value": 1}, "ics has no switch gravity"),
        ("switch", {"name": "validator", "value": "odd"}, "takes strong, weak, none"),
        ("switch", {"name": "last_modified", "value": 1}, "takes true or false"),
        ("switch", {"name": "past_days", "value": "all"}, "takes a number"),
    ],
)
def test_a_mistake_is_explained_and_changes_nothing(verb: str, payload: dict[str, Any], message: str) -> None:
    feed = Feed()
    with pytest.raises(ValueError, match=message):
        feed.human(verb, **payload)
    assert feed.server.dump()["events"] == {}


def test_the_state_survives_a_restart() -> None:
    feed = Feed(campaigns=12)
    feed.human("reset")
    state = json.loads(json.dumps(feed.server.dump()))
    other = IcsServer(feed.world)
    other.restore(state)
    assert other.dump() == state
    text = feed.text
    feed.server = other
    assert feed.text == text
