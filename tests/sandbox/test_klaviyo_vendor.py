"""The Klaviyo stand-in's answers against the vendor's own description, and its headers over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from connectors.sandbox import exchanges
from connectors.sandbox.server import Sandbox
from tests.sandbox.sites import NOW, Klaviyo, static
from tests.sandbox.vendor import Witness, needs_descriptions, told

pytestmark = needs_descriptions

EMAIL = {"filter": "equals(messages.channel,'email')"}
witness = Witness()


@pytest.fixture(autouse=True)
def heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """The witness hears what the stand-in is asked and answers."""
    witness.heard.clear()
    monkeypatch.setattr(exchanges, "observers", [*exchanges.observers, witness.hear])


def check(klaviyo: Klaviyo, method: str, path: str, query: Any = (), body: Any = None) -> Any:
    """The answer, once the vendor has nothing against it."""
    status, answer = klaviyo.ask(method, path, query, body)
    assert status < 300, answer
    assert (found := witness.judgement()) == [], told(found)
    return answer


def test_campaigns_and_what_hangs_on_them() -> None:
    klaviyo = Klaviyo(campaigns=12)
    page = check(klaviyo, "GET", "/campaigns", EMAIL | {"include": "campaign-messages,tags"})
    for row in page["data"]:
        check(klaviyo, "GET", f"/campaigns/{row['id']}", {"include": "tags"})
        messages = check(klaviyo, "GET", f"/campaigns/{row['id']}/campaign-messages")
        check(klaviyo, "GET", f"/campaign-messages/{messages['data'][0]['id']}")
        check(klaviyo, "GET", f"/campaigns/{row['id']}/tags")
        check(klaviyo, "GET", f"/campaigns/{row['id']}/relationships/tags")
        check(klaviyo, "GET", f"/campaigns/{row['id']}/relationships/campaign-messages")


@pytest.mark.parametrize("path", ["/accounts", "/lists", "/segments", "/tags"])
def test_the_account(path: str) -> None:
    klaviyo = Klaviyo()
    page = check(klaviyo, "GET", path)
    if path != "/accounts":
        check(klaviyo, "GET", f"{path}/{page['data'][0]['id']}")
    if path == "/tags":
        check(klaviyo, "GET", f"/tags/{page['data'][0]['id']}/relationships/campaigns")


def test_writing() -> None:
    klaviyo = Klaviyo()
    definition = {"channel": "email", "label": "Main", "content": {"subject": "A", "from_email": "a@acme.example"}}
    messages = {"data": [{"type": "campaign-message", "attributes": {"definition": definition}}]}
    attributes = {"name": "A", "audiences": {"included": [klaviyo.list]}, "campaign-messages": messages}
    attributes["send_strategy"] = static("2026-11-27T13:00:00Z")
    made = check(klaviyo, "POST", "/campaigns", body={"data": {"type": "campaign", "attributes": attributes}})["data"]
    id, message = made["id"], made["relationships"]["campaign-messages"]["data"][0]["id"]
    body: dict[str, Any] = {"data": {"type": "campaign", "id": id, "attributes": {"name": "B"}}}
    check(klaviyo, "PATCH", f"/campaigns/{id}", body=body)
    body = {"data": {"type": "campaign-message", "id": message, "attributes": {"definition": definition}}}
    check(klaviyo, "PATCH", f"/campaign-messages/{message}", body=body)
    tag = check(klaviyo, "POST", "/tags", body={"data": {"type": "tag", "attributes": {"name": "synced"}}})["data"][
        "id"
    ]
    relation = f"/tags/{tag}/relationships/campaigns"
    check(klaviyo, "POST", relation, body={"data": [{"type": "campaign", "id": id}]})
    check(klaviyo, "DELETE", relation, body={"data": [{"type": "campaign", "id": id}]})
    body = {"data": {"type": "campaign-send-job", "id": id}}
    check(klaviyo, "POST", "/campaign-send-jobs", body=body)
    check(klaviyo, "GET", f"/campaign-send-jobs/{id}")
    body["data"]["attributes"] = {"action": "revert"}
    check(klaviyo, "PATCH", f"/campaign-send-jobs/{id}", body=body)
    check(klaviyo, "DELETE", f"/campaigns/{id}")


def test_normal_answers_carry_the_quota_and_refusals_the_wait() -> None:
    with Sandbox(campaigns=2, now=NOW, rate_limits=True) as box:
        key = box.company["credentials"]["klaviyo"]["token"]
        headers = {"Authorization": f"Klaviyo-API-Key {key}", "revision": "2026-07-15"}
        first, second = (
            requests.get(f"{box.urls['klaviyo']}/api/accounts/", headers=headers, timeout=5) for _ in range(2)
        )
    assert first.headers["content-type"] == "application/vnd.api+json"
    quota = {name: first.headers[name] for name in ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")}
    assert quota == {"RateLimit-Limit": "1", "RateLimit-Remaining": "0", "RateLimit-Reset": "1"}
    assert (second.status_code, second.headers["Retry-After"]) == (429, "1")
    assert not [name for name in second.headers if name.lower().startswith("ratelimit")]
