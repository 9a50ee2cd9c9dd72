"""An Airtable server of a small company, called without a network."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from starlette.types import ASGIApp, Message

from connectors.sandbox.airtable import AirtableServer
from connectors.sandbox.company import make_company
from connectors.sandbox.world import World

NOW = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)
Answer = tuple[int, Any]


def ask(
    app: ASGIApp, method: str, path: str, query: Any = (), body: Any = None, headers: dict[str, str] | None = None
) -> Answer:
    """The status and the JSON of one request. `query`: pairs or a dict."""
    status, _, found = exchange(app, method, path, query, body, headers)
    return status, found


def exchange(
    app: ASGIApp, method: str, path: str, query: Any = (), body: Any = None, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], Any]:
    """The status, the headers (names in lower case) and the JSON of one request; a text that is no JSON as it is."""
    sent: list[Message] = []
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "server": ("127.0.0.1", 80),
        "path": path,
        "raw_path": quote(path).encode(),
        "query_string": urlencode(query).encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()],
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": b"" if body is None else json.dumps(body).encode()}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))  # type: ignore[arg-type]
    text = b"".join(message.get("body", b"") for message in sent[1:])
    found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    is_json = "json" in found.get("content-type", "")
    return sent[0]["status"], found, json.loads(text) if text and is_json else text.decode() or None


JSON_BODY = {"Content-Type": "application/json"}


class Desk:
    """Somebody with a token at Airtable. The clock stands still at NOW until `world.advance`."""

    def __init__(self, campaigns: int = 2, rate_limits: bool = False) -> None:
        self.world = World(1, NOW, rate_limits=rate_limits)
        self.company = make_company(1, campaigns, NOW)
        self.server = AirtableServer(self.world)
        self.server.seed(self.company)
        self.token = self.server.credentials()["token"]

    def ask(self, method: str, path: str, query: Any = (), body: Any = None) -> Answer:
        """`path` below the base, or from /v0 on."""
        whole = path if path.startswith("/v") else f"/v0/{self.server.base.id}/{path}"
        headers = {"Authorization": f"Bearer {self.token}", **({} if body is None else JSON_BODY)}
        return ask(self.server.app, method, whole, query, body, headers)

    def create(self, table: str = "Campaigns", **fields: Any) -> dict[str, Any]:
        status, record = self.ask("POST", table, body={"fields": fields})
        assert status == 200, record
        return dict(record)

    def get(self, record: str, table: str = "Campaigns") -> dict[str, Any]:
        """The fields of a record."""
        status, found = self.ask("GET", f"{table}/{record}")
        assert status == 200, found
        return dict(found["fields"])

    def listed(self, table: str = "Campaigns", **query: Any) -> list[dict[str, Any]]:
        """All pages of a listing."""
        records: list[dict[str, Any]] = []
        offset: dict[str, str] = {}
        while True:
            status, page = self.ask("GET", table, {**query, **offset})
            assert status == 200, page
            records += page["records"]
            if "offset" not in page:
                return records
            offset = {"offset": page["offset"]}


def kind_of(answer: Answer) -> tuple[int, str]:
    """A refusal's status and type, wherever Airtable put it."""
    status, body = answer
    error = body["error"] if "error" in body else body["errors"][0]["error"]
    return status, error["type"] if isinstance(error, dict) else error
