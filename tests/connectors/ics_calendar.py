"""A calendar feed in short: its events as text, and the connector that reads it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from connectors.http import Retry
from connectors.ics import IcsConnector
from sync.model import Record

ADDRESS = "https://calendar.example/private-5ecret/basic.ics?token=t0psecret"
NOW = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
RETRY = Retry(sleep=lambda _: None, rng=lambda: 0.0)


def event(*lines: str, uid: str = "a", start: str = "DTSTART:20261127T130000Z") -> str:
    given = [line for line in (f"UID:{uid}" if uid else "", "SUMMARY:Spring", start, *lines) if line]
    return "\r\n".join(["BEGIN:VEVENT", *given, "END:VEVENT"])


def calendar(*parts: str) -> str:
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Acme//EN", *parts, "END:VCALENDAR", ""])


def connector(address: str = ADDRESS, **options: Any) -> IcsConnector:
    return IcsConnector("sends", address=address, retry=RETRY, now=lambda: NOW, **options)


def reader(wire: Any) -> Callable[..., dict[str, Record]]:
    """Gives the records of a calendar that holds these parts."""

    def read(*parts: str, **options: Any) -> dict[str, Record]:
        wire.add("GET", ADDRESS, body=calendar(*parts).encode())
        return {record.ref.native: record for record in connector(**options).fetch()}

    return read
