"""Airtable's two limits, its longest address, and the budget that all processes share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import requests
import responses

from connectors.airtable import AirtableConnector
from connectors.airtable_errors import lockout
from connectors.budgets import SHARED_BELOW
from connectors.http import Retry
from sync.errors import Exhausted, Rejected
from sync.model import Kind
from sync.ports import Archive, Change, Failed, Update, Written
from tests.connectors.airtable_base import (
    CAMPAIGNS,
    META,
    SCHEMA,
    STAGES,
    body,
    campaign,
    failure,
    query,
    row,
    schema_answers,
    sent,
    table,
)

pytestmark = pytest.mark.usefixtures("base")

QUOTA = failure(429, "PUBLIC_API_BILLING_LIMIT_EXCEEDED")


@pytest.mark.parametrize(
    ("date", "until", "told"),
    [
        ("Thu, 08 Oct 2026 07:00:00 GMT", datetime(2026, 11, 1, tzinfo=UTC), "1 November 2026"),
        ("Thu, 31 Dec 2026 23:59:59 GMT", datetime(2027, 1, 1, tzinfo=UTC), "1 January 2027"),
        ("Sat, 31 Jan 2026 10:00:00 GMT", datetime(2026, 2, 1, tzinfo=UTC), "1 February 2026"),
    ],
)
def test_a_used_up_month_says_when_it_ends_and_is_not_asked_about_again(
    wire: Any, airtable: AirtableConnector, slept: list[float], date: str, until: datetime, told: str
) -> None:
    wire.get(CAMPAIGNS, **QUOTA, headers={"Date": date})
    for _ in range(2):
        with pytest.raises(Exhausted, match=f"used up its API calls of this month.*{told}") as caught:
            list(airtable.fetch())
        assert caught.value.until == until
    with pytest.raises(Exhausted):
        airtable.read([campaign("rec1").ref])
    assert slept == []
    assert len([r for r in sent(wire, "GET") if str(r.url).startswith(CAMPAIGNS)]) == 1
    assert Kind.CAMPAIGN in airtable.schema(), "the schema is told in spite of it"


def test_a_used_up_month_without_a_date_ends_nobody_knows_when(wire: Any, airtable: AirtableConnector) -> None:
    wire.get(CAMPAIGNS, **QUOTA)
    with pytest.raises(Exhausted, match="when the month turns") as caught:
        list(airtable.fetch())
    assert caught.value.until is None


def test_calls_are_made_again_once_the_month_has_turned(wire: Any, airtable: AirtableConnector) -> None:
    wire.get(CAMPAIGNS, **QUOTA, headers={"Date": "Sat, 31 Oct 2026 23:59:59 GMT"})
    wire.get(CAMPAIGNS, json={"records": []})
    wire.get(STAGES, json={"records": []})
    with pytest.raises(Exhausted):
        list(airtable.fetch())
    wire.replace("GET", META, json=SCHEMA, headers={"Date": "Sun, 01 Nov 2026 00:00:01 GMT"})
    airtable.schema()
    assert list(airtable.fetch()) == []


@pytest.mark.parametrize(("headers", "wait"), [({}, 30.0), ({"Retry-After": "45"}, 45.0)])
def test_too_many_requests_lock_the_whole_base(headers: dict[str, str], wait: float) -> None:
    with responses.RequestsMock() as mock:
        mock.get(CAMPAIGNS, **failure(429, "RATE_LIMIT_REACHED"), headers=headers)
        mock.get(STAGES, **QUOTA)
        session = requests.Session()
        assert lockout(session.get(CAMPAIGNS)) == wait
        assert lockout(session.get(STAGES)) is None


def test_a_question_that_is_too_long_for_an_address_is_posted(wire: Any, airtable: AirtableConnector) -> None:
    name = "Zuletzt geändert 😀" * 500
    full = {"isValid": True, "referencedFieldIds": [], "result": {"type": "dateTime"}}
    schema_answers(wire, table("tblC", fldAt={"name": name, "options": full}))
    wire.get(CAMPAIGNS, json={"records": []})
    wire.get(STAGES, json={"records": []})
    list(airtable.fetch())
    wire.post(f"{CAMPAIGNS}/listRecords", json={"records": [row("rec1")], "offset": "itr/rec1"})
    wire.post(f"{CAMPAIGNS}/listRecords", json={"records": [row("rec2")]})
    assert [one.ref.native for one in airtable.changes(str(airtable.position()))] == ["rec1", "rec2"]  # type: ignore[union-attr]
    first, second = sent(wire, "POST")[-2:]
    assert f"{{{name}}}" in body(first)["filterByFormula"]
    assert {k: v for k, v in body(first).items() if k != "filterByFormula"} == {
        "pageSize": 100, "returnFieldsByFieldId": True,
    }  # fmt: skip
    assert body(second) == body(first) | {"offset": "itr/rec1"}
    assert all(len(str(call.request.url)) < 16_000 for call in wire.calls)


NO_IDS = ["", ".", "..", "a/b", "rec", "tblS", "rec1/comments", "rec1', 1=1, '", "rec1\n", "rec😀", "recא", "rec²"]


@pytest.mark.parametrize("native", NO_IDS)
def test_an_id_that_cannot_be_one_is_never_asked_for(wire: Any, airtable: AirtableConnector, native: str) -> None:
    bad, good = campaign(native).ref, campaign("rec1").ref
    assert airtable.read([bad]) == {bad: None}
    assert len(wire.calls) == 0
    wire.get(CAMPAIGNS, json={"records": [row("rec1")]})
    assert {ref: record is not None for ref, record in airtable.read([bad, good]).items()} == {bad: False, good: True}
    assert query(sent(wire, "GET")[-1])["filterByFormula"] == ["OR(RECORD_ID()='rec1')"]


@pytest.mark.parametrize("native", NO_IDS)
def test_a_write_to_an_id_that_cannot_be_one_is_refused_unasked(
    wire: Any, airtable: AirtableConnector, native: str
) -> None:
    wire.patch(CAMPAIGNS, json={"records": [row("rec1", fldName="x")]})
    record = campaign(native)
    changes: list[Change] = [
        Archive(record),
        Update(campaign("rec1"), {"fldName": "x"}),
        Update(record, {"fldName": "x"}),
    ]
    archive, sound, update = airtable.write(changes)
    for refused in (archive, update):
        assert isinstance(refused, Failed)
        assert isinstance(refused.error, Rejected)
        assert "no id of a record" in str(refused.error)
    assert isinstance(sound, Written)
    assert [body(request)["records"] for request in sent(wire)] == [[{"id": "rec1", "fields": {"fldName": "x"}}]]
    assert sent(wire, "DELETE") == []


def test_a_base_has_one_budget_for_all_processes_and_a_stand_in_its_own() -> None:
    def budget(url: str, per_second: float | None) -> Any:
        made = AirtableConnector("airtable", token="t", base="appB", url=url, per_second=per_second, retry=Retry())
        adapter = made._wire._api.session.get_adapter(url)
        return getattr(adapter, "budget", None)

    assert budget("https://api.airtable.com", 5).share == "airtable:api.airtable.com:appB"
    assert budget("http://127.0.0.1:8000", 5).share is None
    assert budget("https://api.airtable.com", SHARED_BELOW).share is None
    assert budget("https://api.airtable.com", None) is None
