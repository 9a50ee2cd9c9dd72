"""Telling webhooks what has happened: at least once, in any order, signed, on this machine only (reference jira §7)."""

from __future__ import annotations

import base64
import hmac
import http.client
import ipaddress
import json
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from connectors.sandbox.jira_call import Call
from connectors.sandbox.jira_comments import comment_json
from connectors.sandbox.jira_jql import parse
from connectors.sandbox.jira_jql_tokens import JqlError
from connectors.sandbox.jira_login import CLIENT_ID
from connectors.sandbox.jira_names import Names
from connectors.sandbox.jira_query import Asker, matcher
from connectors.sandbox.jira_show import issue_json, items_json
from connectors.sandbox.jira_state import Issue, JiraState, moment, stamp
from connectors.sandbox.jira_webhooks import alive

JSON = dict[str, Any]
Post = Callable[[str, bytes, dict[str, str]], int]

RETRIES = 5
RETRY_AFTER = timedelta(minutes=5)
SECONDARY_AFTER = timedelta(minutes=15)
PATIENCE = 10.0


def signature(secret: str, body: bytes) -> str:
    """The value of `X-Hub-Signature`: the method, and the digest of the body as it is sent."""
    return "sha256=" + hmac.new(secret.encode(), body, sha256).hexdigest()


def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """Send a delivery. The status of the answer; 0 for none. Nothing leaves this machine: other addresses give -1."""
    place = urlsplit(url)
    if place.scheme != "http" or not _loopback(place.hostname or ""):
        return -1
    connection = http.client.HTTPConnection(place.hostname or "", place.port or 80, timeout=PATIENCE)
    try:
        connection.request("POST", f"{place.path or '/'}{'?' * bool(place.query)}{place.query}", body, headers)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        return 0
    else:
        return answer.status
    finally:
        connection.close()


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def enqueue(call: Call, client_secret: str) -> None:
    """Make deliveries of the events since the last time, one for each webhook that wants to hear of one.

    `call` is as the administrators' account sees the site, in the version that webhooks speak.
    """
    state = call.state
    events, state.events = state.events, []
    for event in events:
        issue = Issue(**event["issue"])
        body = json.dumps(_body(call, event, issue), ensure_ascii=False)
        for hook in state.webhooks:
            if not (hook["enabled"] and alive(hook, call.now) and _wants(call, hook, event, issue)):
                continue
            number = state.number("delivery")
            identifier = sha256(f"{hook['id']}/{number}".encode()).hexdigest()[:32]
            due = call.now + timedelta(seconds=state.switches.webhook_delay_seconds)
            due += SECONDARY_AFTER if event.get("secondary") else timedelta(0)
            told: JSON = {"id": number, "url": hook["url"], "at": stamp(due), "tries": 0, "identifier": identifier}
            told["flow"] = "Secondary" if event.get("secondary") else "Primary"
            told["body"] = "" if hook["exclude"] else body
            told["signature"] = signature(hook["secret"], told["body"].encode()) if hook["secret"] else ""
            told["bearer"] = _jwt(client_secret, call.now) if hook["kind"] == "dynamic" else ""
            state.outbox += [dict(told) for _ in range(2 if state.switches.webhook_duplicates else 1)]


def _wants(call: Call, hook: JSON, event: JSON, issue: Issue) -> bool:
    if event["event"] not in hook["events"]:
        return False
    if hook["fields"] is not None and event["event"] == "jira:issue_updated":
        changed = {item["fieldId"] for item in event["changelog"]["items"]}
        if not changed & set(hook["fields"]):
            return False
    if hook["properties"] is not None and "property" in event and event["property"]["key"] not in hook["properties"]:
        return False
    try:
        query = parse(hook["filter"])
        asker = Asker(hook["owner"], call.zone, call.now)
        return query.where is None or matcher(query.where, Names(call.state), asker)(issue)
    except JqlError:  # what it names has gone since
        return False


def _body(call: Call, event: JSON, issue: Issue) -> JSON:
    at = int(moment(event["at"]).timestamp() * 1000)
    told: JSON = {"timestamp": at, "webhookEvent": event["event"]}
    if "type" in event:
        told |= {"issue_event_type_name": event["type"], "user": call.user_json(event["author"])}
    fields = ["*all"] if "type" in event else ["summary", "issuetype", "project", "assignee", "priority", "status"]
    told["issue"] = issue_json(call, issue, fields, [], set())
    if "changelog" in event:
        told["changelog"] = event["changelog"] | {"items": items_json(call, event["changelog"]["items"])}
    if "property" in event:
        told["property"] = event["property"]
    if "comment" in event:
        told["comment"] = comment_json(call, issue, event["comment"])
    return told


def _jwt(secret: str, now: datetime) -> str:
    """The bearer token of deliveries to an OAuth app, signed with its secret (HS256)."""
    claims = {"iss": CLIENT_ID, "iat": int(now.timestamp()), "exp": int(now.timestamp()) + 300}
    parts = [_part(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims)]
    return ".".join([*parts, _part(hmac.new(secret.encode(), ".".join(parts).encode(), sha256).digest())])


def _part(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Courier:
    """Carries deliveries out. `lock` guards the state; `state` and `now` give it and the world's time."""

    def __init__(self, lock: threading.RLock, state: Callable[[], JiraState], now: Callable[[], datetime]) -> None:
        self.post: Post = post
        self._lock, self._state, self._now = lock, state, now
        self._sending = threading.Lock()
        self._called = False

    def start(self) -> None:
        """Send what is due in the background, unless the switch says otherwise. The lock is held by the caller."""
        state = self._state()
        due = any(moment(one["at"]) <= self._now() for one in state.outbox)
        if due and not self._called and state.switches.webhook_delivery == "background":
            self._called = True
            threading.Thread(target=self._run, name="jira webhooks", daemon=True).start()

    def _run(self) -> None:
        with self._lock:
            self._called = False  # from here on, whoever has something new calls another thread, which then waits
        self._send(by_itself=True)

    def flush(self, late: bool = False) -> list[JSON]:
        """Send everything that is due, `late`: also what is not yet, and wait for what is being sent. What came of it.

        Not to be called with the lock held: who is told may ask the site at once.
        """
        return self._send(late)

    def _send(self, late: bool = False, by_itself: bool = False) -> list[JSON]:
        sent: list[JSON] = []
        with self._sending:
            while batch := self._take(late and not sent, by_itself):
                sent += [self._deliver(one) for one in batch]
        return sent

    def _take(self, late: bool, by_itself: bool) -> list[JSON]:
        """What is to be sent now, taken out of the queue. `by_itself`: nothing once the switch wants an order."""
        with self._lock:
            state, now = self._state(), self._now()
            if by_itself and state.switches.webhook_delivery != "background":
                return []
            queue, state.outbox = state.outbox, []
            batch = [one for one in queue if late or moment(one["at"]) <= now]
            state.outbox = [] if late else [one for one in queue if moment(one["at"]) > now]
            if state.switches.webhook_reordered:
                batch.reverse()
            for one in batch:
                one["lost"] = state.switches.webhook_losses > 0
                state.switches.webhook_losses -= one["lost"]
            return batch

    def _deliver(self, one: JSON) -> JSON:
        headers = {
            "Content-Type": "application/json; charset=UTF-8",
            "User-Agent": "Atlassian Webhook HTTP Client",
            "X-Atlassian-Webhook-Identifier": one["identifier"],
            "X-Atlassian-Webhook-Flow": one["flow"],
        }
        optional = {"X-Hub-Signature": one["signature"], "X-Atlassian-Webhook-Retry": str(one["tries"] or "")}
        optional["Authorization"] = f"Bearer {one['bearer']}" if one["bearer"] else ""
        headers |= {name: value for name, value in optional.items() if value}
        status = -1 if one.pop("lost") else self.post(one["url"], one["body"].encode(), headers)
        again = status in (0, 408, 409, 425, 429) or status >= 500
        if again and one["tries"] < RETRIES:
            with self._lock:
                due = stamp(self._now() + RETRY_AFTER)
                self._state().outbox.append(one | {"tries": one["tries"] + 1, "at": due})
        return {"identifier": one["identifier"], "url": one["url"], "status": status, "tries": one["tries"]}
