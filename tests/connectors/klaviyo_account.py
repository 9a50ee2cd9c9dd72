"""A small Klaviyo account as canned JSON:API, which remembers what was sent to it."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

from requests import PreparedRequest, ReadTimeout

from sync.model import Kind, Record, Ref
from sync.ports import Connector, Failed, Outcome

API = "https://a.klaviyo.com"
PLAN = {"method": "static", "datetime": "2026-11-27T13:00:00+00:00", "options": {"is_local": False}}
TAGS = {"T1": "promo", "T2": "spring"}
NAMES = {"lists": {"L1": "Customers", "L2": "Newcomers"}, "segments": {"S1": "Lapsed"}, "tags": TAGS}
PLANNED = {"kind": "instant", "at": "2026-11-27T13:00:00+00:00"}
Answer = tuple[int, dict[str, str], str]


def campaign(native: str, **changes: Any) -> dict[str, Any]:
    """A campaign in short: its name, subject, status, strategy, send_time, included, excluded, tags, archived."""
    plain: dict[str, Any] = {
        "id": native, "name": "Spring", "subject": "Hello", "status": "Draft", "strategy": PLAN, "send_time": None,
        "included": ["L1"], "excluded": [], "tags": [], "archived": False,
    }  # fmt: skip
    return plain | changes


def refusal(status: int, detail: str) -> dict[str, Any]:
    return {"status": status, "json": {"errors": [{"status": status, "code": "no", "title": "No.", "detail": detail}]}}


def not_found() -> Answer:
    error = {"status": 404, "code": "not_found", "title": "Not found.", "detail": "No such campaign."}
    return 404, {}, json.dumps({"errors": [error]})


def ref(native: str) -> Ref:
    return Ref("klaviyo", Kind.CAMPAIGN, native)


def held(klaviyo: Connector, native: str = "C1") -> Record:
    record = klaviyo.read([ref(native)])[ref(native)]
    assert record
    return record


def error_of(outcome: Outcome) -> Exception:
    assert isinstance(outcome, Failed)
    return outcome.error


class Account:
    """Answers as Klaviyo does for the few requests that the connector makes."""

    def __init__(self, wire: Any) -> None:
        self.wire = wire
        self.pages: str | None = None  # the host of `next` links: when set, a page has one campaign
        self.next_failure: tuple[int, dict[str, str]] | None = None
        self.forgets = False  # whether what is created cannot be read
        self.loses: str | None = None  # the path of a POST that is carried out and not answered
        self.delay = 1  # how many looks a send job, or its revert, takes to show
        self.report: dict[str, Any] = {}
        self.metrics = {"M1": "Opened Email", "M2": "Placed Order"}
        self.writes: list[tuple[str, str, Any]] = []
        self._campaigns: dict[str, dict[str, Any]] = {}
        for method in ("GET", "POST", "PATCH", "DELETE"):
            wire.add_callback(method, re.compile(re.escape(API) + r"/api/(?!campaigns($|\?)).*"), self._answer)
            wire.add_callback(method, f"{API}/api/campaigns", self._answer)

    def holds(self, *campaigns: dict[str, Any]) -> None:
        self._campaigns = {each["id"]: each for each in campaigns}

    def calls(self, method: str, path: str) -> list[PreparedRequest]:
        requests = [call.request for call in self.wire.calls]
        return [r for r in requests if r.method == method and urlsplit(r.url).path == path]

    def sent(self, method: str, path: str) -> list[dict[str, Any]]:
        """The attributes of each such write."""
        return [data["attributes"] for verb, where, data in self.writes if (verb, where) == (method, path)]

    def _answer(self, request: PreparedRequest) -> Answer:
        path = urlsplit(str(request.url)).path
        query = {name: values[0] for name, values in parse_qs(urlsplit(str(request.url)).query).items()}
        if self.next_failure:
            (status, headers), self.next_failure = self.next_failure, None
            return status, headers, json.dumps({"errors": []})
        if request.method != "GET":
            answer = self._write(str(request.method), path, json.loads(request.body or "{}").get("data"))
            if request.method == "POST" and path == self.loses:
                raise ReadTimeout
            return answer
        if path == "/api/campaigns":
            return self._listing(query)
        kind = path.removeprefix("/api/")
        if kind in NAMES or kind == "metrics":
            names = self.metrics if kind == "metrics" else NAMES[kind]
            things = [{"type": kind[:-1], "id": id_, "attributes": {"name": name}} for id_, name in names.items()]
            return 200, {}, json.dumps({"data": things, "links": {"next": None}})
        found = self._campaigns.get(path.rpartition("/")[2])
        if found and found.get("next"):
            found["next"][0] -= 1
            if found["next"][0] < 0:
                found["status"] = found.pop("next")[1]
                found["send_time"] = found["strategy"].get("datetime") if found["status"] == "Scheduled" else None
        return (200, {}, json.dumps(_document(found))) if found else not_found()

    def _listing(self, query: dict[str, str]) -> Answer:
        filter_ = query["filter"]
        assert "equals(messages.channel,'email')" in filter_
        wanted = "equals(archived,true)" in filter_
        shown = [each for each in self._campaigns.values() if each["archived"] == wanted]
        start = int(query.get("page[cursor]", 0))
        following = None
        if self.pages and start + 1 < len(shown):
            following = f"{self.pages}/api/campaigns?page%5Bcursor%5D={start + 1}&filter={filter_}"
        page = shown[start : start + 1] if self.pages else shown
        documents = [_document(each) for each in page]
        included = [thing for document in documents for thing in document["included"]]
        body = {"data": [d["data"] for d in documents], "included": included, "links": {"next": following}}
        return 200, {}, json.dumps(body)

    def _write(self, method: str, path: str, data: Any) -> Answer:
        self.writes.append((method, path, data))
        native = path.rpartition("/")[2].removeprefix("M-")
        if path.startswith("/api/campaign-send-jobs"):
            return self._job(method, data)
        if path == "/api/campaign-values-reports":
            return 200, {}, json.dumps(self.report)
        if match := re.fullmatch(r"/api/tags/(\w+)/relationships/campaigns", path):
            tags = self._campaigns[data[0]["id"]]["tags"]
            (tags.append if method == "POST" else tags.remove)(match[1])
            return 204, {}, ""
        if method == "DELETE":
            return (204, {}, "") if self._campaigns.pop(native, None) else not_found()
        attributes = data["attributes"]
        if method == "POST":
            message = attributes["campaign-messages"]["data"][0]["attributes"]
            made = campaign("NEW")
            if not self.forgets:
                self._campaigns["NEW"] = made
            _apply(made, attributes)
            _apply(made, message)
            return 201, {}, json.dumps(_document(made))
        _apply(self._campaigns[native], attributes)
        return 200, {}, json.dumps(_document(self._campaigns[native]))

    def _job(self, method: str, data: Any) -> Answer:
        held = self._campaigns[data["id"]]
        if (held["status"] == "Draft") is not (method == "POST"):
            return 400, {}, json.dumps(refusal(400, f"It is {held['status']}.")["json"])
        if method == "PATCH":
            held["next"] = [self.delay, "Draft"]
            return 204, {}, ""
        held["status"], held["next"] = "Preparing to schedule", [self.delay, "Scheduled"]
        return 202, {}, json.dumps({"data": {"type": "campaign-send-job", "id": data["id"]}})


def _apply(held: dict[str, Any], attributes: dict[str, Any]) -> None:
    held["name"] = attributes.get("name", held["name"])
    held["strategy"] = attributes.get("send_strategy", held["strategy"])
    held.update(attributes.get("audiences", {}))
    if "definition" in attributes:
        held["subject"] = attributes["definition"]["content"]["subject"]


def _document(held: dict[str, Any]) -> dict[str, Any]:
    message = {"type": "campaign-message", "id": f"M-{held['id']}"}
    tags = [{"type": "tag", "id": id_} for id_ in held["tags"]]
    definition = {"channel": "email", "content": {"subject": held["subject"]}}
    attributes = {
        "name": held["name"], "status": held["status"], "archived": held["archived"],
        "audiences": {"included": held["included"], "excluded": held["excluded"]},
        "send_strategy": held["strategy"], "send_time": held["send_time"], "updated_at": "2026-11-05T16:20:12+00:00",
    }  # fmt: skip
    relationships = {"campaign-messages": {"data": [message]}, "tags": {"data": tags}}
    return {
        "data": {"type": "campaign", "id": held["id"], "attributes": attributes, "relationships": relationships},
        "included": [
            {**message, "attributes": {"definition": definition}},
            *({**tag, "attributes": {"name": TAGS[tag["id"]]}} for tag in tags),
        ],
    }
