"""A small Brevo account as canned JSON, which remembers what was asked of it and what was sent to it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from requests import PreparedRequest

from connectors.brevo import BrevoEsp
from connectors.calendar import Entry, SendTime
from connectors.http import Retry
from sync.ports import TimeKind

API = "https://api.brevo.com/v3"
NOW = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
KEY = "xkeysib-0123456789abcdef0123456789abcdef-Zy8xW7vU6tS5"
CONTENT = "<html><body>Designed by people</body></html>"
COUNTS = {
    "sent": 1000, "delivered": 980, "viewed": 700, "uniqueViews": 500, "trackableViews": 300, "appleMppOpens": 120,
    "opensRate": 51.02, "clickers": 90, "uniqueClicks": 80, "hardBounces": 15, "softBounces": 5, "unsubscriptions": 4,
}  # fmt: skip
Answer = tuple[int, dict[str, str], str]


def campaign(number: int, **changes: Any) -> dict[str, Any]:
    """A draft as Brevo shows it, changed as given; a change to None leaves the member out."""
    plain: dict[str, Any] = {
        "id": number, "name": "Spring", "type": "classic", "status": "draft", "subject": "Hello", "abTesting": False,
        "sendAtBestTime": False, "createdAt": "2026-11-02T10:14:05.000+01:00",
        "modifiedAt": "2026-11-05T17:20:12.000+01:00", "htmlContent": CONTENT, "tag": "", "tags": [],
        "recipients": {"lists": [32], "exclusionLists": [8], "segments": [], "excludedSegments": []},
        "statistics": {"globalStats": {}, "campaignStats": []},
    }  # fmt: skip
    return {name: value for name, value in (plain | changes).items() if value is not None}


def queued(number: int, at: str = "2026-11-27T14:00:00.000+01:00", **changes: Any) -> dict[str, Any]:
    return campaign(number, **{"status": "queued", "scheduledAt": at, **changes})


def at(text: str) -> SendTime:
    return SendTime(TimeKind.INSTANT, datetime.fromisoformat(text))


def day(text: str) -> SendTime:
    return SendTime(TimeKind.DAY, datetime.fromisoformat(text))


def refusal(status: int, code: str, message: str = "No.", **headers: str) -> Answer:
    return status, headers, json.dumps({"code": code, "message": message})


class Account:
    """Answers as Brevo does for the few requests that are made of it.

    `refuses` may answer instead; `after` runs after each answer; `headers` come with every answer.
    """

    def __init__(self, wire: Any) -> None:
        self.wire = wire
        self.headers: dict[str, str] = {"Date": NOW.strftime("%a, %d %b %Y %H:%M:%S GMT")}
        self.refuses: Callable[[PreparedRequest], Answer | None] = lambda _: None
        self.after: Callable[[], object] = lambda: None
        self.campaigns: dict[int, dict[str, Any]] = {}
        self.lists = {8: "Staff", 32: "Customers", 33: "Newcomers"}
        self.segments = {32: "Lapsed"}
        self.orders: list[dict[str, Any]] = []
        self.page = 100
        self.asked: list[tuple[str, str, dict[str, list[str]]]] = []
        self.sent: list[tuple[str, str, Any]] = []
        for method in ("GET", "POST", "PUT", "DELETE"):
            wire.add_callback(method, re.compile(re.escape(API) + "/.*"), self._answer)

    def holds(self, *campaigns: dict[str, Any]) -> None:
        self.campaigns = {each["id"]: each for each in campaigns}

    def esp(self, **options: Any) -> BrevoEsp:
        """The connector under test; nothing is waited for."""
        retry = Retry(sleep=lambda _: None, rng=lambda: 0.0)
        plain: dict[str, Any] = {
            "token": KEY,
            "sender": {"id": 43},
            "per_second": None,
            "retry": retry,
            "now": lambda: NOW,
        }
        return BrevoEsp("brevo", **{**plain, **options})

    def entry(self, number: int, **options: Any) -> Entry:
        found = self.esp(**options).entry(str(number))
        assert found
        return found

    def hourly(self) -> int:
        """How many requests counted against the hour."""
        return sum(not path.startswith("/contacts") for _, path, _ in self.asked)

    def _answer(self, request: PreparedRequest) -> Answer:
        parts = urlsplit(str(request.url))
        path, query = parts.path.removeprefix(urlsplit(API).path), parse_qs(parts.query)
        self.asked.append((str(request.method), path, query))
        answer = self.refuses(request) or self._do(str(request.method), path, query, request)
        self.after()
        status, headers, body = answer
        return status, {**self.headers, **headers}, body

    def _do(self, method: str, path: str, query: dict[str, list[str]], request: PreparedRequest) -> Answer:
        if method != "GET":
            self.sent.append((method, path, json.loads(request.body) if request.body else None))
            return self._write(method, path, self.sent[-1][2])
        if path == "/emailCampaigns":
            return self._listing("campaigns", list(self.campaigns.values()), query)
        if path == "/contacts/lists":
            return self._listing("lists", [_list(id_, name) for id_, name in self.lists.items()], query)
        if path == "/contacts/segments":
            rows = [{"id": id_, "segmentName": name, "categoryName": ""} for id_, name in self.segments.items()]
            return self._listing("segments", rows, query)
        if path == "/ecommerce/attribution/metrics":
            return 200, {}, json.dumps({"results": self.orders, "totals": {}})
        number = int(path.rpartition("/")[2])
        if path.startswith("/contacts/lists/") and number in self.lists:
            return 200, {}, json.dumps(_list(number, self.lists[number]))
        if path.startswith("/emailCampaigns/") and number in self.campaigns:
            return 200, {}, json.dumps(self.campaigns[number])
        return refusal(404, "document_not_found")

    def _listing(self, key: str, rows: list[dict[str, Any]], query: dict[str, list[str]]) -> Answer:
        start = int(query["offset"][0])
        shown = rows[start : start + min(self.page, int(query["limit"][0]))]
        return 200, {}, json.dumps({"count": len(rows), key: shown} if shown else {"count": len(rows)})

    def _write(self, method: str, path: str, body: Any) -> Answer:
        if method == "POST":
            self.campaigns[1300] = campaign(1300, **{k: v for k, v in body.items() if k != "recipients"})
            return 201, {}, json.dumps({"id": 1300})
        number = int(path.split("/")[2])
        if number not in self.campaigns:
            return refusal(404, "document_not_found")
        held = self.campaigns[number]
        if method == "DELETE":
            del self.campaigns[number]
        elif path.endswith("/status"):
            held["status"] = body["status"]
        else:
            held |= {"status": "queued"} if "scheduledAt" in body else {}
            held |= {name: value for name, value in body.items() if name != "recipients"}
        return 204, {}, ""


def _list(number: int, name: str) -> dict[str, Any]:
    return {"id": number, "name": name, "folderId": 1, "totalSubscribers": 12, "uniqueSubscribers": 10}


def hour(left: int, of: int = 100, reset: float = 1800) -> dict[str, str]:
    """The headers of a rate limit."""
    numbers = {"limit": of, "remaining": left, "reset": reset}
    return {f"x-sib-ratelimit-{name}": str(number) for name, number in numbers.items()}


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)
