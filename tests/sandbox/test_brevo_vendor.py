"""The Brevo stand-in's answers against the vendor's own descriptions."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.sandbox import exchanges
from tests.sandbox.brevo_account import AT, HTML, Brevo
from tests.sandbox.vendor import Witness, needs_descriptions, told

pytestmark = needs_descriptions

witness = Witness()


@pytest.fixture(autouse=True)
def heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """The witness hears what the stand-in is asked and answers."""
    witness.heard.clear()
    monkeypatch.setattr(exchanges, "observers", [*exchanges.observers, witness.hear])


def check(brevo: Brevo, method: str, path: str, query: Any = (), body: Any = None) -> Any:
    """The answer, once the vendor has nothing against it."""
    status, answer = brevo.ask(method, path, query, body)
    assert (found := witness.judgement()) == [], told(found)
    assert status < 300, answer
    return answer


def test_campaigns_of_every_kind() -> None:
    brevo = Brevo(campaigns=24)
    brevo.human("create", name="Test", subjects=["A", "B"])
    brevo.human("create", name="Welcome", type="trigger")
    brevo.scheduled(sendAtBestTime=True, tag="EM-142")
    for query in ({}, {"statistics": "globalStats"}, {"statistics": "linksStats"}, {"statistics": "statsByDomain"}):
        page = check(brevo, "GET", "/emailCampaigns", {"excludeHtmlContent": "true", "limit": 100, **query})
    assert {row["status"] for row in page["campaigns"]} == {"draft", "queued", "sent"}
    for row in page["campaigns"][:6]:
        for kind in ("globalStats", "linksStats", "statsByDomain", "statsByDevice", "statsByBrowser"):
            check(brevo, "GET", f"/emailCampaigns/{row['id']}", {"statistics": kind})


@pytest.mark.parametrize(
    ("word", "answered"),
    [("inProcess", "in_process"), ("inReview", "in_review"), ("cancelling", "cancelling"), ("cancelled", "cancelled")],
)
def test_the_words_of_the_filter(word: str, answered: str) -> None:
    brevo = Brevo()
    id = brevo.human("create", name="A")["id"]
    brevo.human("mark", campaign=id, status=answered)
    (row,) = check(brevo, "GET", "/emailCampaigns", {"status": word})["campaigns"]
    assert row["status"] == answered


@pytest.mark.parametrize("path", ["/account", "/organization/invited/users", "/senders", "/organization/activities"])
def test_the_account(path: str) -> None:
    brevo = Brevo(enterprise=True)
    brevo.human("create", name="A")
    check(brevo, "GET", path)


def test_lists_segments_and_orders() -> None:
    brevo = Brevo(commerce="works")
    for path in ("/contacts/lists", "/contacts/segments"):
        check(brevo, "GET", path, {"limit": 50, "sort": "asc"})
    check(brevo, "GET", f"/contacts/lists/{brevo.list}")
    id = brevo.scheduled()
    brevo.world.advance(10 * 86400)
    period = {"periodFrom": "2026-10-01T00:00:00Z", "periodTo": "2026-11-01T00:00:00Z"}
    check(brevo, "GET", "/ecommerce/attribution/metrics", {**period, "emailCampaignId[]": str(id)})


def test_writing() -> None:
    brevo = Brevo()
    body = {"name": "A", "subject": "B", "sender": {"id": 1}, "htmlContent": HTML, "tag": "T"}
    body["recipients"] = {"listIds": [brevo.list], "exclusionListIds": [brevo.other_list]}
    id = check(brevo, "POST", "/emailCampaigns", body=body)["id"]
    check(brevo, "PUT", f"/emailCampaigns/{id}", body={"name": "C", "scheduledAt": AT})
    check(brevo, "PUT", f"/emailCampaigns/{id}/status", body={"status": "draft"})
    other = check(brevo, "POST", "/emailCampaigns", body=body)["id"]
    check(brevo, "DELETE", f"/emailCampaigns/{other}")
    third = brevo.created(recipients={"listIds": [brevo.list]})
    check(brevo, "POST", f"/emailCampaigns/{third}/sendNow")
    check(brevo, "PUT", f"/emailCampaigns/{third}/status", body={"status": "cancel"})


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/emailCampaigns/99", None, 404),
        ("PUT", "/emailCampaigns/99", {"name": "A"}, 404),
        ("PUT", "/emailCampaigns/1", {"name": ""}, 400),
        ("PUT", "/emailCampaigns/1/status", {"status": "sent"}, 400),
        ("DELETE", "/emailCampaigns/1", None, 403),
        ("POST", "/emailCampaigns/1/sendNow", None, 402),
        ("POST", "/emailCampaigns", {"name": "A", "sender": {"id": 99}}, 400),
    ],
)
def test_refusals_of_campaigns_are_described(method: str, path: str, body: Any, status: int) -> None:
    brevo = Brevo()
    id = brevo.scheduled()
    brevo.turn("out_of_credits", True)
    path = path.replace("/1", f"/{id}")
    assert brevo.ask(method, path, (), body)[0] == status
    assert (found := witness.judgement()) == [], told(found)
