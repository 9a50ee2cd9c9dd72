"""A feed that shows a window of time, over HTTP and through whole runs: what is over leaves it without a word."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from connectors.ics import IcsConnector
from mappings.bind import bind
from mappings.load import load
from sync.findings import FindingKind
from sync.model import Instant, Kind
from sync.ports import BoundMapping, NativeSchema
from sync.workspace import Tool, Workspace
from tests.connectors.ics_calendar import RETRY, calendar, event
from tests.sync.plain import BERLIN, START, Box, World

EARLIER, LATER = START + timedelta(days=2), START + timedelta(days=40)
MONTH = timedelta(days=30)


class Fed(World):
    """A plan in memory, and a feed of which people publish the events."""

    def __init__(self, folder: Path, address: str) -> None:
        super().__init__(folder, Box("plan", kinds=frozenset({Kind.CAMPAIGN})))
        self.address = address
        self.events: dict[str, datetime] = {}

    def workspace(self) -> Workspace:
        workspace = super().workspace()

        def bound(native: NativeSchema) -> BoundMapping:
            return bind(load(None, "ics"), "feed", native, workspace.schema, workspace.people, BERLIN)

        feed = IcsConnector("feed", address=self.address, retry=RETRY, now=lambda: self.now)
        return replace(workspace, tools={**workspace.tools, "feed": Tool(feed, bound)})

    def publish(self, since: int, until: int, at: datetime) -> None:
        """Events of these numbers, at one time."""
        self.events.update({f"e{number}": at for number in range(since, until)})

    def drop(self, since: int, until: int) -> None:
        """They are in the feed no more."""
        for number in range(since, until):
            del self.events[f"e{number}"]

    def text(self) -> bytes:
        parts = (
            event(f"SUMMARY:Send {uid}", uid=uid, start=f"DTSTART:{at:%Y%m%dT%H%M%SZ}")
            for uid, at in self.events.items()
        )
        return calendar(*(part.replace("SUMMARY:Spring\r\n", "") for part in parts)).encode()

    def linked(self) -> int:
        """How many living campaigns the feed is to hold."""
        return sum("feed" in entity.shown_in for entity in self.state().entities.values() if not entity.dead)


@pytest.fixture
def fed(tmp_path: Path) -> Iterator[Fed]:
    """A feed of 40 sends, 30 of them in two days and 10 in some weeks, all of them in the plan."""
    told: list[Callable[[], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = told[0]()
            self.send_response_only(200)  # without a date: the clock is the world's
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        world = Fed(tmp_path, f"http://127.0.0.1:{server.server_port}/private-5ecret.ics")
        told.append(world.text)
        world.publish(0, 30, EARLIER)
        world.publish(30, 40, LATER)
        for _ in range(2):
            world.run()
        assert (world.linked(), len(world.tools["plan"].records), world.open()) == (40, 40, {})
        yield world
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_many_sends_that_are_over_leave_a_feed_at_once_without_a_word(fed: Fed) -> None:
    fed.now += MONTH  # and nobody has looked since
    fed.drop(0, 30)
    for _ in range(3):
        report = fed.run()
        assert (report.findings, report.troubled) == ((), False)
    assert fed.linked() == 10
    assert len(fed.tools["plan"].records) == 40, "nothing is deleted by it"
    fed.publish(30, 31, LATER + timedelta(days=1))
    fed.run()
    assert Instant(LATER + timedelta(days=1)) in fed.shows("plan", "planned_send"), "the others go on being mirrored"
    assert fed.open() == {}


def test_many_sends_to_come_that_leave_a_feed_at_once_are_not_believed(fed: Fed) -> None:
    fed.drop(0, 30)
    for _ in range(2):
        fed.run()
        (flag,) = fed.open()[FindingKind.UNSAFE_PLAN]
        assert "30 of 40 records are not there any more" in flag.title
    assert fed.linked() == 40
    fed.publish(0, 30, EARLIER)
    fed.run()
    assert fed.open() == {}


def test_what_is_over_neither_hides_nor_makes_up_for_what_is_missing(fed: Fed) -> None:
    fed.now += MONTH
    fed.drop(0, 34)  # 4 of the 10 that are still to come, with 30 that are over
    fed.run()
    (flag,) = fed.open()[FindingKind.UNSAFE_PLAN]
    assert "4 of 10 records are not there any more" in flag.title
    fed.publish(31, 34, LATER)
    for _ in range(2):
        fed.run()
    (deleted,) = fed.open()[FindingKind.DELETION]
    assert deleted.campaign_name == "Send e30"
    assert fed.linked() == 10, "the one that was deleted is held until somebody decides"
