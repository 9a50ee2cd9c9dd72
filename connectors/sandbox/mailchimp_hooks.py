"""Mailchimp's webhooks: they tell that a campaign was sent or cancelled, and of nothing before (reference esp §2.6)."""

from __future__ import annotations

import hmac
import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from urllib.parse import urlencode, urlsplit

from starlette.responses import Response

from connectors.sandbox import mailchimp_documents as documents
from connectors.sandbox.mailchimp_account import known_list
from connectors.sandbox.mailchimp_call import Call, invalid, missing
from connectors.sandbox.mailchimp_state import JSON, MailchimpState, moment

EVENTS = ("subscribe", "unsubscribe", "profile", "cleaned", "upemail", "campaign")
SOURCES = ("user", "admin", "api")
PATIENCE = 10.0  # seconds until an answer must be there
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Notice:
    """What is posted to a webhook."""

    url: str
    body: bytes
    headers: Mapping[str, str]


def webhooks(call: Call) -> Response:
    """`GET /lists/{id}/webhooks`."""
    audience = known_list(call)
    rows = [_shown(call, one) for one in call.state.webhooks if one["list_id"] == audience.id]
    return call.answer({"webhooks": rows, "list_id": audience.id, "total_items": len(rows), "_links": []})


def create(call: Call) -> Response:
    """`POST /lists/{id}/webhooks`."""
    audience, body = known_list(call), call.body()
    url = body.get("url")
    if not isinstance(url, str) or not urlsplit(url).hostname:
        raise invalid("url", "We could not reach the webhook's URL.")
    if any(one["url"] == url and one["list_id"] == audience.id for one in call.state.webhooks):
        raise invalid("url", "There is a webhook with this URL already.")
    made: JSON = {"id": call.state.new_id("webhook"), "url": url, "list_id": audience.id}
    for name, words in (("events", EVENTS), ("sources", SOURCES)):
        given = body.get(name) or {}
        made[name] = {word: bool(given.get(word, False)) for word in words}
    call.state.webhooks.append(made)
    call.touch(made["id"])
    return call.answer(_shown(call, made))


def delete(call: Call) -> Response:
    """`DELETE /lists/{id}/webhooks/{webhook}`."""
    audience, id = known_list(call), call.place("webhook")
    if not any(one["id"] == id and one["list_id"] == audience.id for one in call.state.webhooks):
        raise missing()
    call.state.webhooks = [one for one in call.state.webhooks if one["id"] != id]
    call.touch(id)
    return Response(status_code=204)


def _shown(call: Call, hook: JSON) -> JSON:
    return hook | {"_links": documents.link(call.base, f"/lists/{hook['list_id']}/webhooks/{hook['id']}")}


def secret(hook: JSON, seed: int) -> str:
    """By which a webhook's notices are signed; shown once, to whoever made it in Mailchimp's own interface."""
    return sha256(f"mailchimp/webhook/{seed}/{hook['id']}".encode()).hexdigest()


def notices(state: MailchimpState, now: datetime) -> list[Notice]:
    """What has not been told yet, in the vendor's form encoding; it is taken as told."""
    found: list[Notice] = []
    events, state.events = state.events, []
    for event in events:
        campaign = state.campaigns.get(event["campaign"])
        if campaign is None:
            continue
        for hook in state.webhooks:
            if hook["list_id"] != campaign.list_id or not hook["events"]["campaign"]:
                continue
            data = {"id": campaign.id, "subject": campaign.settings.get("subject_line", "")}
            data |= {"status": event["status"], "reason": "", "list_id": campaign.list_id}
            fired = moment(event["at"]).strftime("%Y-%m-%d %H:%M:%S")
            pairs = {"type": "campaign", "fired_at": fired} | {f"data[{name}]": text for name, text in data.items()}
            body = urlencode(pairs).encode()
            headers = {
                "Content-Type": "application/x-www-form-urlencoded",
                "X-Mailchimp-Signature": signature(secret(hook, state.seed), body, int(now.timestamp())),
            }
            found.append(Notice(hook["url"], body, headers))
    return found


def signature(secret: str, body: bytes, at: int) -> str:
    """The value of `X-Mailchimp-Signature` at an epoch second."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, sha256).hexdigest()
    return f"t={at},v1={digest}"


def post(notice: Notice) -> int:
    """Send a notice, to this machine only. The status of the answer; 0 for none."""
    place = urlsplit(notice.url)
    if place.scheme != "http" or place.hostname not in LOOPBACK:
        return 0
    connection = http.client.HTTPConnection(place.hostname, place.port or 80, timeout=PATIENCE)
    try:
        connection.request("POST", place.path or "/", notice.body, dict(notice.headers))
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
