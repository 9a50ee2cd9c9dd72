"""A Klaviyo account in revision 2026-10-15, people at work in it, and our connector beside them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from connectors.calendar import Schedule, Sending
from connectors.calendar_connector import CalendarConnector
from connectors.http import Retry
from connectors.klaviyo import KlaviyoEsp
from connectors.klaviyo_omnichannel import KlaviyoOmnichannelEsp
from connectors.sandbox import exchanges
from connectors.sandbox.exchanges import Exchange
from connectors.sandbox.server import Sandbox
from sync.errors import Rejected
from sync.model import Kind, Record, Ref
from sync.ports import Failed, Outcome, Update

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
AT = "2026-05-01T10:00:00+00:00"
STATIC = {"method": "static", "datetime": AT, "options": {"is_local": False}}
LOCAL = {**STATIC, "options": {"is_local": True}}
SMART = {"method": "smart_send_time", "date": "2026-05-01"}
THROTTLED = {"method": "throttled", "datetime": AT, "throttle_percentage": 25}
LATER = {"kind": "instant", "at": "2026-05-03T10:00:00+00:00"}
SENDER = {"from_email": "news@acme.example", "from_label": "Acme"}


class Desk:
    """Somebody in Klaviyo, our connector beside them, and what went over the wire between the two."""

    def __init__(self, box: Sandbox, heard: list[Exchange]) -> None:
        self.box, self.heard = box, heard
        self.url, self.token = box.urls["klaviyo"], box.company["credentials"]["klaviyo"]["token"]
        self.klaviyo = self.connector(KlaviyoOmnichannelEsp)
        self.list = self.option(0)

    def connector(
        self, form: type[KlaviyoEsp] | type[KlaviyoOmnichannelEsp], schedule: Schedule = Schedule.MOVE
    ) -> CalendarConnector:
        retry = Retry(sleep=self.box.world.advance, rng=lambda: 0.0)
        esp = form("klaviyo", url=self.url, token=self.token, per_second=None, retry=retry, **SENDER)
        return CalendarConnector("klaviyo", esp, Sending(schedule, now=lambda: NOW))

    def option(self, number: int) -> dict[str, str]:
        (field,) = (one for one in self.klaviyo.schema()[Kind.CAMPAIGN] if one.id == "audiences")
        return dict(zip(("id", "name"), field.options[number], strict=True))

    def people(self, verb: str, **order: Any) -> str:
        answer = requests.post(f"{self.box.control}/control/klaviyo/{verb}", json=order, timeout=10)
        assert answer.ok, answer.text
        return str(answer.json().get("id"))

    def campaign(self, name: str = "Spring", **order: Any) -> str:
        """A complete draft that people made."""
        whole = {"subject": "Hello", "audiences": [self.list["name"]], "send_strategy": STATIC} | order
        return self.people("create", name=name, **whole)

    def sends(self) -> dict[str, Record]:
        return {record.ref.native: record for record in self.klaviyo.fetch()}

    def held(self, native: str) -> Record:
        record = self.read(native)
        assert record
        return record

    def read(self, native: str) -> Record | None:
        ref = Ref("klaviyo", Kind.CAMPAIGN, native)
        return self.klaviyo.read([ref])[ref]

    def write(self, native: str, **fields: Any) -> Outcome:
        (outcome,) = self.klaviyo.write([Update(self.held(native), fields)])
        return outcome

    def told_since(self, since: datetime) -> list[str]:
        told = self.klaviyo.changes(since.isoformat())
        return [one.ref.native if isinstance(one, Record) else one.native for one in told]

    def written(self) -> list[tuple[str, str]]:
        """Method and kind of each write, in order."""
        asked = [one for one in self.heard if one.method != "GET"]
        return [(one.method, one.path.split("/")[2]) for one in asked]

    def bodies(self, kind: str) -> list[dict[str, Any]]:
        asked = [one for one in self.heard if one.method != "GET" and one.path.split("/")[2] == kind]
        return [json.loads(one.body)["data"].get("attributes", {}) for one in asked]


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(seed=4, campaigns=6, now=NOW) as made:
        yield made


@pytest.fixture
def desk(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """The account as it was, for every test."""
    heard: list[Exchange] = []
    start = box.world.snapshot()
    monkeypatch.setattr(exchanges, "observers", [*exchanges.observers, heard.append])
    made = Desk(box, heard)
    yield made
    made.klaviyo.close()
    box.world.faults.clear()
    box.world.rewind(start)
    box.world.set_clock(NOW)


def refused(outcome: Outcome) -> str:
    assert isinstance(outcome, Failed)
    assert type(outcome.error) is Rejected
    return str(outcome.error)
