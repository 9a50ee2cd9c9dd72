"""A feed over the wire: asked only whether it changed, refused with words, its address told to nobody."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from connectors.ics_feed import LARGEST
from sync.errors import ConfigError, Rejected, Unavailable
from sync.model import Kind, Record, Ref
from sync.ports import Archive, Change, Create, Failed, Update
from tests.connectors.ics_calendar import ADDRESS, calendar, connector, event


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<!DOCTYPE html><html><title>Sign in</title></html>", "a web page instead of a calendar"),
        (b"", "something else instead of a calendar"),
        (calendar(event())[:-20].encode(), "a part of the calendar only"),
        (calendar("nonsense").encode(), "cannot be read"),
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\nEND:VCALENDAR", "cannot be read"),
    ],
)
def test_what_is_no_whole_calendar_is_not_taken_for_one(wire: Any, body: bytes, said: str) -> None:
    wire.add("GET", ADDRESS, body=body)
    with pytest.raises(Unavailable, match=said):
        list(connector().fetch())


def test_a_feed_that_is_too_large_is_not_read_to_its_end(wire: Any) -> None:
    wire.add("GET", ADDRESS, body=b"BEGIN:VCALENDAR\r\n" + b"X" * LARGEST)
    with pytest.raises(ConfigError, match="larger than 10 MB"):
        connector().schema()


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        (401, ConfigError, "wants a login"),
        (403, ConfigError, "lets nobody in"),
        (404, ConfigError, "has no calendar at this address any more"),
        (410, ConfigError, "has taken this calendar away"),
        (429, Unavailable, "failed at reading the calendar"),
        (503, Unavailable, "failed at reading the calendar"),
        (304, Unavailable, "before it was ever read"),
    ],
)
def test_a_refusal_says_what_to_do_and_never_the_address(
    wire: Any, status: int, error: type[Exception], said: str
) -> None:
    wire.add("GET", ADDRESS, status=status, body=f"Not found: {ADDRESS}")
    with pytest.raises(error, match=said) as refused:
        connector().schema()
    discreet(refused.value)


@pytest.mark.parametrize("address", ["", "ftp://x.example/t0psecret", "http://[t0psecret", "https:///t0psecret"])
def test_an_address_that_is_none_is_a_matter_of_configuration(address: str) -> None:
    with pytest.raises(ConfigError, match=r"\[tools.sends\]") as refused:
        connector(address).schema()
    discreet(refused.value)


def discreet(error: BaseException | None) -> None:
    while error is not None:
        assert "5ecret" not in f"{error} {error!r}"
        assert "t0psecret" not in f"{error} {error!r}"
        error = error.__cause__ or error.__context__


def test_nothing_is_ever_written(wire: Any) -> None:
    tool = connector()
    assert not tool.capability.creates
    assert not tool.capability.archives
    assert tool.capability.calendar
    assert tool.capability.calendar.writes == frozenset()
    record = Record(Ref("sends", Kind.CAMPAIGN, "a"), {})
    changes: list[Change] = [Create("cs-1", Kind.CAMPAIGN, {}), Update(record, {"name": "X"}), Archive(record)]
    assert all(isinstance(one, Failed) and isinstance(one.error, Rejected) for one in tool.write(changes))
    assert not wire.calls


@contextmanager
def serving(body: bytes) -> Iterator[tuple[str, list[tuple[str | None, str | None]]]]:
    """A feed on loopback with an ETag, behind a redirect; and what it was asked with: If-None-Match, Authorization."""
    asked: list[tuple[str | None, str | None]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/private"):
                self.send_response(302)
                self.send_header("Location", "/5ecret-too/basic.ics")
                self.end_headers()
                return
            asked.append((self.headers["If-None-Match"], self.headers["Authorization"]))
            fresh = asked[-1][0] != '"v1"'
            self.send_response(200 if fresh else 304)
            self.send_header("ETag", '"v1"')
            self.send_header("Content-Length", str(len(body) if fresh else 0))
            self.end_headers()
            self.wfile.write(body if fresh else b"")

        def log_message(self, *_: Any) -> None:
            """The test looks at our log alone."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_an_unchanged_feed_is_not_sent_again_and_no_log_names_its_address(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(calendar(event()).encode()) as (host, asked):
        tool = connector(f"http://ann:s3cret@{host}/private-5ecret/basic.ics")
        first = list(tool.fetch())
        ref = first[0].ref
        assert tool.read([ref, Ref("sends", Kind.CAMPAIGN, "gone")]) == {
            ref: first[0], Ref("sends", Kind.CAMPAIGN, "gone"): None,
        }  # fmt: skip
        assert list(tool.census()) == [ref]
        assert tool.time()
        tool.close()
    assert [tag for tag, _ in asked] == [None, '"v1"', '"v1"']
    assert {login for _, login in asked} == {"Basic YW5uOnMzY3JldA=="}
    assert "5ecret" not in caplog.text
    with pytest.raises(Unavailable) as gone:
        connector(f"http://ann:s3cret@{host}/private-5ecret/basic.ics").schema()
    assert "could not be reached" in str(gone.value)
    discreet(gone.value)
    assert "5ecret" not in caplog.text


def test_an_address_that_is_recalled_to_be_right_is_read_once_a_run(wire: Any) -> None:
    wire.get(ADDRESS, body=calendar(event()))
    first, later = connector(), connector()
    assert first.setup() is None
    schema = first.schema()
    later.recall(first.setup())
    assert later.schema() == schema
    assert len(list(later.fetch())) == 1
    assert len(wire.calls) == 2
    for nonsense in (None, "", "{}", "[]"):
        later.recall(nonsense)
        assert later.setup() is None
    later.schema()
    assert len(wire.calls) == 3
