"""The control API and the layer that records: what a test can see of the sandbox, and do to it. Over real sockets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from connectors.sandbox.server import Sandbox

NOW = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(seed=1, campaigns=12, now=NOW) as box:
        yield box


@pytest.fixture
def box(running: Sandbox) -> Iterator[Sandbox]:
    """The running sandbox, with its clock and its faults as at the start."""
    yield running
    control(running, "DELETE", "fault")
    control(running, "POST", "clock", {"now": NOW.isoformat()})


def control(box: Sandbox, method: str, path: str, body: Any = None) -> Any:
    answer = requests.request(method, f"{box.control}/control/{path}", json=body, timeout=10)
    return answer.json() if answer.status_code == 200 else (answer.status_code, answer.json()["error"])


def airtable(box: Sandbox, method: str, path: str, body: Any = None) -> requests.Response:
    login = box.company["credentials"]["airtable"]
    url = f"{box.urls['airtable']}/v0/{login['base']}/{path}"
    return requests.request(method, url, json=body, headers={"Authorization": f"Bearer {login['token']}"}, timeout=10)


def since(box: Sandbox) -> int:
    return int(control(box, "GET", "log")["last"])


def test_it_tells_where_the_tools_are_and_what_they_hold(box: Sandbox) -> None:
    company = control(box, "GET", "company")

    assert set(company["urls"]) == {"jira", "airtable", "klaviyo", "control"} == set(box.urls)
    assert len(company["people"]) == 12
    assert company["people"][0] == {
        "id": "ann", "name": "Ann Lee", "email": "ann@acme.example", "role": "campaign manager", "active": True,
        "accounts": company["people"][0]["accounts"],
    }  # fmt: skip
    assert len(company["campaigns"]) == 12
    everywhere = [c for c in company["campaigns"] if c["jira"] and c["airtable"] and c["klaviyo"]]
    assert len(everywhere) == 9
    stage = next(iter(everywhere[0]["stages"].values()))
    assert stage["jira_key"].startswith("CAM-")
    assert airtable(box, "GET", f"Stages/{stage['airtable']}").json()["id"] == stage["airtable"]
    assert control(box, "GET", "health")["ok"] is True


def test_every_request_is_logged_without_its_credentials(box: Sandbox) -> None:
    start = since(box)
    record = airtable(box, "POST", "Campaigns", {"fields": {"Name": "Logged"}}).json()["id"]
    airtable(box, "POST", "Campaigns/listRecords", {"pageSize": 1})
    airtable(box, "GET", "Campaigns?pageSize=1&fields%5B%5D=Name")
    airtable(box, "POST", "Campaigns", {"fields": {"Nothing": 1}})

    entries = control(box, "GET", f"log?since={start}")["entries"]
    assert [(e["method"], e["status"], e["write"], e["actor"]) for e in entries] == [
        ("POST", 200, True, "api"), ("POST", 200, False, "api"),
        ("GET", 200, False, "api"), ("POST", 422, False, "api"),
    ]  # fmt: skip
    assert entries[0]["touched"] == [record]
    assert entries[0]["body"] == {"fields": {"Name": "Logged"}}
    assert entries[0]["who"] == "sync@acme.example"
    assert entries[2]["query"] == "pageSize=1&fields[]=Name"
    assert box.company["credentials"]["airtable"]["token"] not in str(control(box, "GET", "log"))


def test_the_log_can_be_asked_for_writes_of_one_tool(box: Sandbox) -> None:
    start = since(box)
    airtable(box, "GET", "Campaigns?pageSize=1")
    airtable(box, "POST", "Campaigns", {"fields": {"Name": "Counted"}})

    assert len(control(box, "GET", f"log?since={start}&writes=true&tool=airtable")["entries"]) == 1
    assert control(box, "GET", f"log?since={start}&tool=jira")["entries"] == []


def test_a_person_at_work_is_logged_as_a_human(box: Sandbox) -> None:
    campaign = next(c for c in box.company["campaigns"] if c["airtable"])
    start = since(box)
    edit = {
        "as": "marta@acme.example",
        "table": "Campaigns",
        "record": campaign["airtable"],
        "fields": {"Subject line": "Ein neuer Betreff 🚚"},
    }

    shown = control(box, "POST", "airtable/edit", edit)

    assert shown["fields"]["Last modified by"]["email"] == "marta@acme.example"
    (entry,) = control(box, "GET", f"log?since={start}")["entries"]
    assert (entry["actor"], entry["who"], entry["touched"]) == ("human", "marta@acme.example", [campaign["airtable"]])


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        ("airtable/edit", {}, "needs as"),
        ("airtable/fly", {"as": "ann@acme.example"}, "cannot fly"),
        ("trello/edit", {}, "no tool trello"),
        ("clock", {"now": "2026-10-05T09:00:00"}, "zone"),
        ("clock", {"now": "noon"}, "noon"),
        ("clock", {"advance": "x"}, "x"),
        ("fault", {"tool": "trello", "status": 500}, "no tool trello"),
        ("fault", {"tool": "jira"}, "status"),
        ("fault", {"tool": "jira", "status": 500, "colour": "red"}, "colour"),
        ("clock", [], "object"),
    ],
)
def test_a_wrong_order_is_refused_with_its_reason(box: Sandbox, path: str, body: Any, reason: str) -> None:
    status, error = control(box, "POST", path, body)

    assert status == 400
    assert reason in error


def test_a_body_that_is_no_json_is_refused(box: Sandbox) -> None:
    answer = requests.post(f"{box.control}/control/clock", data=b"\xff{", timeout=10)

    assert answer.status_code == 400


def test_the_clock_moves_the_tools(box: Sandbox) -> None:
    assert control(box, "POST", "clock", {"advance": 90})["now"] == "2026-10-05T09:01:30+00:00"
    made = airtable(box, "POST", "Campaigns", {"fields": {"Name": "Later"}}).json()

    assert made["createdTime"] == "2026-10-05T09:01:30.000Z"


def test_a_fault_answers_in_place_of_the_tool_as_often_as_asked(box: Sandbox) -> None:
    fault = {"tool": "airtable", "status": 503, "headers": {"Retry-After": "7"}, "body": {"error": "DOWN"}, "times": 2}
    control(box, "POST", "fault", {**fault, "method": "POST", "path": "/Campaigns"})
    start = since(box)

    assert airtable(box, "GET", "Campaigns").status_code == 200
    answers = [airtable(box, "POST", "Campaigns", {"fields": {"Name": "Faulty"}}) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [503, 503, 200]
    assert answers[0].headers["Retry-After"] == "7"
    assert answers[0].json() == {"error": "DOWN"}
    entries = control(box, "GET", f"log?since={start}&writes=true")["entries"]
    assert len(entries) == 1


@pytest.mark.parametrize(("after", "records"), [(False, 0), (True, 1)])
def test_a_connection_can_be_dropped_before_or_after_the_write(box: Sandbox, after: bool, records: int) -> None:
    name = f"Dropped {after}"
    control(box, "POST", "fault", {"tool": "airtable", "status": 0, "method": "POST", "after": after})

    with pytest.raises(requests.ConnectionError):
        airtable(box, "POST", "Campaigns", {"fields": {"Name": name}})

    found = airtable(box, "POST", "Campaigns/listRecords", {"filterByFormula": f"{{Name}}='{name}'"}).json()
    assert len(found["records"]) == records
    entry = [e for e in control(box, "GET", "log")["entries"] if (e["body"] or {}).get("fields") == {"Name": name}][-1]
    assert (entry["write"], entry["status"]) == (after, 0)


def test_faults_can_be_cleared(box: Sandbox) -> None:
    control(box, "POST", "fault", {"tool": "airtable", "status": 500, "times": 100})
    assert airtable(box, "GET", "Campaigns").status_code == 500
    control(box, "DELETE", "fault")

    assert airtable(box, "GET", "Campaigns").status_code == 200
