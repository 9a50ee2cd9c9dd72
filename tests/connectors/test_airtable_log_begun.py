"""The change log of a base: a webhook that notifies nobody, found or made, and what happened before there was one."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from connectors.airtable import AirtableConnector
from connectors.airtable_log import SPECIFICATION
from sync.errors import Outdated, Unavailable
from sync.model import Kind, Record, Ref
from tests.connectors.airtable_base import (
    CAMPAIGNS,
    HOOKS,
    META,
    PAYLOADS,
    SCHEMA,
    STAGES,
    begun,
    body,
    failure,
    hook,
    listed,
    noted,
    payload,
    query,
    row,
    rows,
    sent,
)

pytestmark = pytest.mark.usefixtures("base")

SPRING = Ref("airtable", Kind.CAMPAIGN, "rec1")


def test_a_webhook_that_notifies_nobody_is_made_once_the_position_is_asked_for(
    wire: Any, airtable: AirtableConnector
) -> None:
    listed(wire)
    wire.post(HOOKS, json={"id": "achNEW", "macSecretBase64": "c2VjcmV0", "expirationTime": "2026-10-15T00:00:00.000Z"})
    assert begun(wire, airtable) == ["achNEW", 1]
    (made,) = sent(wire, "POST")
    assert body(made) == {"specification": SPECIFICATION}
    urls = [str(call.request.url).split("?")[0] for call in wire.calls]
    assert urls[-4:] == [HOOKS, CAMPAIGNS, STAGES, HOOKS]
    position = json.loads(str(airtable.position()))
    assert (position["late"], position["at"][:16]) == (True, "2026-10-08T07:00")
    assert "c2VjcmV0" not in str(position)


def test_none_is_made_for_a_listing_that_broke_off(wire: Any, airtable: AirtableConnector) -> None:
    listed(wire)
    rows(wire, [row("rec1")])
    next(airtable.fetch())
    assert airtable.position() is None
    assert sent(wire, "POST") == []


def test_none_is_made_where_nobody_can_ask_what_happened_before_it(wire: Any, airtable: AirtableConnector) -> None:
    wire.replace("GET", META, json=SCHEMA)
    listed(wire)
    rows(wire)
    assert list(airtable.fetch()) == []
    assert airtable.position() is None
    assert sent(wire, "POST") == []


def test_one_like_ours_is_used_again_from_its_end(wire: Any, airtable: AirtableConnector) -> None:
    spelled = {"options": {"filters": {"dataTypes": ["tableMetadata", "tableFields", "tableData"]}, "includes": {}}}
    listed(wire, hook(id="achTHEIRS", notificationUrl="https://x.example"), hook(specification=spelled))
    assert begun(wire, airtable) == ["achOURS", 5]
    assert "late" not in json.loads(str(airtable.position()))
    assert sent(wire, "POST") == []


@pytest.mark.parametrize(
    "changes",
    [
        {"isHookEnabled": False},
        {"expirationTime": "2026-10-08T06:00:00.000Z"},
        {"specification": {"options": {"filters": {"dataTypes": ["tableData"], "recordChangeScope": "tblC"}}}},
        {"specification": None},
        {"notificationUrl": "https://x.example"},
    ],
)
def test_one_that_is_off_over_or_of_somebody_else_is_not_used(
    wire: Any, airtable: AirtableConnector, changes: Any
) -> None:
    listed(wire, hook(**changes))
    wire.post(HOOKS, json={"id": "achNEW"})
    assert begun(wire, airtable) == ["achNEW", 1]


def test_one_that_ends_soon_is_prolonged(wire: Any, airtable: AirtableConnector) -> None:
    listed(wire, hook(expirationTime="2026-10-09T00:00:00.000Z"))
    wire.post(f"{HOOKS}/achOURS/refresh", json={"expirationTime": "2026-10-15T07:00:00.000Z"})
    assert begun(wire, airtable) == ["achOURS", 5]
    assert "late" not in json.loads(str(airtable.position()))
    assert len(sent(wire, "POST")) == 1


def test_one_that_went_away_before_it_was_prolonged_is_made_anew(wire: Any, airtable: AirtableConnector) -> None:
    listed(wire, hook(expirationTime="2026-10-09T00:00:00.000Z"))
    wire.post(f"{HOOKS}/achOURS/refresh", status=404, json={"error": "NOT_FOUND"})
    wire.post(HOOKS, json={"id": "achNEW"})
    assert begun(wire, airtable) == ["achNEW", 1]
    assert json.loads(str(airtable.position()))["late"] is True


@pytest.mark.parametrize(
    "refusal",
    [
        failure(403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND"), failure(403, "INVALID_PERMISSIONS"),
        failure(422, "TOO_MANY_WEBHOOKS"), {"status": 404, "json": {"error": "NOT_FOUND"}}, {"status": 502},
        {"json": {"id": 7}}, {"body": requests.ReadTimeout()},
    ],
)  # fmt: skip
def test_without_a_log_there_is_polling_and_nobody_is_asked_twice(
    wire: Any, airtable: AirtableConnector, slept: list[float], refusal: dict[str, Any]
) -> None:
    listed(wire)
    wire.post(HOOKS, **refusal)
    assert begun(wire, airtable) is None
    list(airtable.fetch())
    assert airtable.position() is not None
    assert len(sent(wire, "POST")) == 1
    assert slept == []


def test_the_log_takes_over_from_a_listing_that_broke_off_and_went_on(wire: Any, airtable: AirtableConnector) -> None:
    listed(wire, hook())
    wire.get(CAMPAIGNS, json={"records": [row("rec1")]})
    wire.get(STAGES, status=503)
    with pytest.raises(Unavailable):
        list(airtable.fetch())
    begun, after = airtable.position(), airtable.reached()
    assert begun is not None
    assert json.loads(begun)["log"] is None, "it may have run out until the listing goes on"
    wire.replace("GET", STAGES, json={"records": [row("rec9")]})
    noted(wire)
    assert [record.ref.native for record in airtable.fetch(after)] == ["rec9"]
    assert json.loads(str(airtable.position()))["log"] == ["achOURS", 5]
    wire.calls.reset()
    assert len(list(airtable.changes(begun))) == 2, "what was edited since the first part began"
    assert [str(call.request.url).split("?")[0] for call in wire.calls] == [CAMPAIGNS, STAGES, PAYLOADS]
    assert json.loads(str(airtable.position()))["log"] == ["achOURS", 5]
    assert sent(wire, "POST") == []


LATE = {"at": "2026-10-08T07:00:00.000Z", "late": True}
AFTER = "DATETIME_PARSE('2026-10-08T06:58:00.000Z')"


def test_what_happened_before_the_log_was_made_is_asked_for_once(
    wire: Any, airtable: AirtableConnector, since: str
) -> None:
    late = json.dumps(json.loads(since) | LATE)
    noted(wire, payload(destroyedRecordIds=["rec1"]))
    noted(wire, cursor=6)
    rows(wire, [row("rec1")], [row("rec9")])
    before = len(wire.calls)
    found = [one.ref.native if isinstance(one, Record) else one for one in airtable.changes(late)]
    assert found == ["rec1", "rec9", SPRING], "the log is younger and has the last word"
    urls = [str(call.request.url).split("?")[0] for call in wire.calls][before:]
    assert urls == [META, CAMPAIGNS, STAGES, PAYLOADS]
    assert all(AFTER in query(call.request)["filterByFormula"][0] for call in [*wire.calls][before + 1 : -1])
    before = len(wire.calls)
    assert list(airtable.changes(str(airtable.position()))) == []
    assert [str(call.request.url).split("?")[0] for call in wire.calls][before:] == [PAYLOADS]


def test_a_question_by_times_that_breaks_off_is_asked_again(wire: Any, airtable: AirtableConnector, since: str) -> None:
    late = json.dumps(json.loads(since) | LATE)
    wire.get(CAMPAIGNS, json={"records": [row("rec1")]})
    wire.get(STAGES, status=503)
    with pytest.raises(Unavailable):
        list(airtable.changes(late))
    position = json.loads(str(airtable.position()))
    assert (position["late"], position["at"][:16]) == (True, "2026-10-08T07:00")


def test_a_log_that_breaks_off_after_it_is_all_that_is_left(wire: Any, airtable: AirtableConnector, since: str) -> None:
    late = json.dumps(json.loads(since) | LATE)
    rows(wire)
    wire.get(PAYLOADS, status=503)
    with pytest.raises(Unavailable):
        list(airtable.changes(late))
    position = json.loads(str(airtable.position()))
    assert ("late" in position, position["log"], position["at"][:16]) == (False, ["achOURS", 5], "2026-10-08T07:00")


def test_a_position_that_needs_a_time_and_has_none_is_outdated(airtable: AirtableConnector, since: str) -> None:
    with pytest.raises(Outdated, match="no time"):
        list(airtable.changes(json.dumps(json.loads(since) | LATE | {"at": None})))
