"""A small Mailchimp account as canned JSON, which remembers what was sent to it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from requests import PreparedRequest

from connectors.calendar import Entry
from connectors.http import Retry
from connectors.mailchimp import MailchimpEsp

API = "https://us6.api.mailchimp.com/3.0"
KEY = "0123456789abcdef0123456789abcdef-us6"
SENDER = {"from_name": "Acme", "reply_to": "news@acme.example"}
WALL = {"Date": "Mon, 02 Nov 2026 09:00:00 GMT"}
Answer = tuple[int, dict[str, str], str]


def campaign(native: str, **changes: Any) -> dict[str, Any]:
    """A campaign's JSON; `title`, `subject`, `at`, `list`, `segment` and `timewarp` in short, the rest as it is."""
    short = {"title": "Spring", "subject": "Hello", "at": "", "list": "L1", "segment": None, "timewarp": False}
    short |= {key: changes.pop(key) for key in tuple(changes) if key in short}
    recipients: dict[str, Any] = {"list_id": short["list"], "list_name": "Customers", "list_is_active": True}
    if short["segment"]:
        recipients["segment_opts"] = short["segment"]
    plain: dict[str, Any] = {
        "id": native, "web_id": 4521, "type": "regular", "status": "save", "emails_sent": 0, "send_time": short["at"],
        "recipients": recipients if short["list"] else {},
        "settings": {
            "title": short["title"], "subject_line": short["subject"], "preview_text": "Read on",
            "timewarp": short["timewarp"], **SENDER,
        },
        "delivery_status": {"enabled": False},
    }  # fmt: skip
    return plain | changes


def report(native: str, **changes: Any) -> dict[str, Any]:
    """A report's JSON, of ten thousand sent."""
    plain: dict[str, Any] = {
        "id": native, "list_id": "L1", "emails_sent": 10_000, "unsubscribed": 12,
        "send_time": "2026-10-20T09:00:00+00:00",
        "bounces": {"hard_bounces": 30, "soft_bounces": 60, "syntax_errors": 10},
        "opens": {"opens_total": 9000, "unique_opens": 4000, "open_rate": 0.9},
        "clicks": {"clicks_total": 700, "unique_clicks": 600, "unique_subscriber_clicks": 500, "click_rate": 0.9},
        "ecommerce": {"total_orders": 40},
    }  # fmt: skip
    return plain | changes


def problem(status: int, detail: str, **more: Any) -> Answer:
    body = {"type": "https://x.example", "title": "No", "status": status, "detail": detail, "instance": "1", **more}
    return status, {"Content-Type": "application/problem+json; charset=utf-8"}, json.dumps(body)


class Account:
    """Answers as Mailchimp does for the few requests that are made of it. `next` are answers instead of its own."""

    def __init__(self, wire: Any) -> None:
        self.wire = wire
        self.next: list[Answer] = []
        self.campaigns: list[dict[str, Any]] = []
        self.reports: list[dict[str, Any]] = []
        self.lists: dict[str, str] = {"L1": "Customers", "L2": "Newcomers"}
        self.selling: tuple[str, ...] = ()
        self.segments: dict[str, list[dict[str, Any]]] = {}
        self.folders: dict[str, str] = {}
        self.items: list[dict[str, Any]] = []
        self.writes: list[tuple[str, str, Any]] = []
        self.between_pages: Any = None
        for method in ("GET", "POST", "PATCH", "DELETE"):
            wire.add_callback(method, re.compile(re.escape(API) + r"/.*"), self._answer)

    def esp(self, slept: list[float] | None = None, **options: Any) -> MailchimpEsp:
        slept = [] if slept is None else slept
        retry = Retry(sleep=slept.append, rng=lambda: 0.5, attempts=6, first=1.0)
        return MailchimpEsp("mailchimp", **{"token": KEY, "retry": retry, **SENDER, **options})

    def holds(self, *campaigns: dict[str, Any]) -> None:
        self.campaigns = list(campaigns)

    def asked(self, method: str = "GET") -> list[str]:
        """The path and query of each such request so far, below the version."""
        made: list[PreparedRequest] = [call.request for call in self.wire.calls]
        return [str(one.url).removeprefix(API) for one in made if one.method == method]

    def queries(self, path: str) -> list[dict[str, str]]:
        """The parameters of each listing of one path."""
        found = [urlsplit(url) for url in self.asked() if urlsplit(url).path == path]
        return [{name: values[0] for name, values in parse_qs(one.query).items()} for one in found]

    def _answer(self, request: PreparedRequest) -> Answer:
        if self.next:
            return self.next.pop(0)
        url = urlsplit(str(request.url).removeprefix(API))
        if request.method == "GET":
            return self._told(url.path, {name: values[0] for name, values in parse_qs(url.query).items()})
        return self._write(str(request.method), url.path, json.loads(request.body) if request.body else None)

    def _told(self, path: str, query: Mapping[str, str]) -> Answer:
        listings: dict[str, tuple[str, list[dict[str, Any]]]] = {
            "/campaigns": ("campaigns", self.campaigns),
            "/reports": ("reports", self.reports),
            "/lists": ("lists", [
                _list(id_, name) for id_, name in self.lists.items()
                if "has_ecommerce_store" not in query or id_ in self.selling
            ]),
            "/campaign-folders": ("folders", [{"id": id_, "name": name} for id_, name in self.folders.items()]),
        }  # fmt: skip
        if match := re.fullmatch(r"/lists/(\w+)/segments", path):
            listings[path] = ("segments", self.segments.get(match[1], []))
        if path in listings:
            key, rows = listings[path]
            start, count = int(query["offset"]), int(query["count"])
            page = json.dumps({key: rows[start : start + count], "total_items": len(rows)})
            if self.between_pages:
                self.between_pages()
            return 200, WALL, page
        if path.endswith("/send-checklist"):
            return 200, WALL, json.dumps({"is_ready": not self.items, "items": self.items})
        if match := re.fullmatch(r"/lists/(\w+)/segments/(\d+)", path):
            found = [one for one in self.segments.get(match[1], []) if str(one["id"]) == match[2]]
        elif match := re.fullmatch(r"/lists/(\w+)", path):
            found = [_list(match[1], self.lists[match[1]])] if match[1] in self.lists else []
        else:
            rows = self.reports if path.startswith("/reports/") else self.campaigns
            found = [one for one in rows if one["id"] == path.rpartition("/")[2]]
        return (200, WALL, json.dumps(found[0])) if found else problem(404, "The resource could not be found.")

    def _write(self, method: str, path: str, body: Any) -> Answer:
        self.writes.append((method, path, body))
        if path == "/campaigns":
            made = campaign("NEW", list="")
            self.campaigns.append(made)
            return self._changed(made, body)
        native = path.split("/")[2]
        held = next((one for one in self.campaigns if one["id"] == native), None)
        if held is None:
            return problem(404, "The resource could not be found.")
        if method == "PATCH":
            return self._changed(held, body)
        if method == "DELETE":
            self.campaigns.remove(held)
        elif path.endswith("/schedule"):
            held["status"], held["send_time"] = "schedule", body["schedule_time"]
            held["settings"]["timewarp"] = body["timewarp"]
        elif path.endswith("/unschedule"):
            held["status"], held["send_time"] = "save", ""
        return 204, WALL, ""

    def _changed(self, held: dict[str, Any], body: Any) -> Answer:
        held["settings"] |= body["settings"]
        if "recipients" in body:
            held["recipients"] = body["recipients"]
        return 200, WALL, json.dumps(held)


def _list(id_: str, name: str) -> dict[str, Any]:
    return {"id": id_, "name": name, "stats": {"member_count": 18240}}


def held(esp: MailchimpEsp, native: str = "C1") -> Entry:
    entry = esp.entry(native)
    assert entry
    return entry
