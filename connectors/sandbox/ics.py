"""A stand-in for the read-only feed that a calendar publishes at a secret address (RFC 5545, RFC 9110 §13)."""

from __future__ import annotations

import hmac
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import sha256
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from connectors.sandbox.company_model import Company
from connectors.sandbox.ics_human import perform
from connectors.sandbox.ics_seed import make_state
from connectors.sandbox.ics_state import FeedState
from connectors.sandbox.ics_text import feed, http_moment
from connectors.sandbox.world import World

_PATH = "/calendars/sends/private-{secret}/basic.ics"


class IcsServer:
    """The server and its calendar. `credentials` has the feed's path, whose secret is all that protects it."""

    name = "ics"

    def __init__(self, world: World) -> None:
        self.world = world
        self.state = FeedState(seed=world.seed)
        self.app = Starlette(routes=[Route(_PATH, self._answer, methods=["GET"])])

    def seed(self, company: Company) -> None:
        """Fill the calendar with what the company has planned in it."""
        self.state = make_state(self.world.seed, company, self.world.now())

    def credentials(self) -> dict[str, str]:
        return {"path": _PATH.format(secret=self.state.secret)}

    def dump(self) -> dict[str, Any]:
        return self.state.dump()

    def restore(self, state: dict[str, Any]) -> None:
        self.state = FeedState.load(state)

    def find(self, code: str) -> str | None:
        """The UID of a seeded event, if it is (still) there."""
        uid = self.state.codes.get(code)
        return uid if uid in self.state.events else None

    def human(self, verb: str, payload: dict[str, Any]) -> dict[str, Any]:
        """A person works in the calendar. ValueError says what is wrong."""
        with self.world.lock:
            return perform(self.state, self.world.now(), verb, payload)

    async def _answer(self, request: Request) -> Response:
        secret = str(request.path_params["secret"])
        # The log and whoever hears of the exchange see the address without what protects it.
        request.scope["path"] = _PATH.format(secret="...")
        request.scope["raw_path"] = request.scope["path"].encode()
        with self.world.lock:
            if not hmac.compare_digest(secret.encode(), self.state.secret.encode()):
                return PlainTextResponse("Not Found", 404)
            text = feed(self.state, self.world.now())
            headers = self._validators(text)
            if self._unchanged(request, headers):
                return Response(status_code=304, headers=headers)
            return Response(text, headers=headers, media_type="text/calendar; charset=utf-8")

    def _validators(self, text: bytes) -> dict[str, str]:
        headers = {"cache-control": "private, max-age=0"}
        if self.state.switches.validator != "none":
            tag = f'"{sha256(text).hexdigest()[:20]}"'
            headers["etag"] = tag if self.state.switches.validator == "strong" else f"W/{tag}"
        if self.state.switches.last_modified:
            at = self.world.now() if self.state.switches.stamps_move else http_moment(self.state.changed)
            headers["last-modified"] = format_datetime(at, usegmt=True)
        return headers

    def _unchanged(self, request: Request, headers: dict[str, str]) -> bool:
        """If-None-Match by weak comparison; If-Modified-Since only where there is none (RFC 9110 §13.1)."""
        known = request.headers.get("if-none-match")
        if known is not None and "etag" in headers:
            tags = {tag.strip().removeprefix("W/") for tag in known.split(",")}
            return "*" in tags or headers["etag"].removeprefix("W/") in tags
        since = _moment(request.headers.get("if-modified-since"))
        if known is not None or since is None or "last-modified" not in headers:
            return False
        return parsedate_to_datetime(headers["last-modified"]) <= since


def _moment(text: str | None) -> datetime | None:
    """None for what is no HTTP date, which is as if it were not there."""
    try:
        at = parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
    return at if at is None or at.tzinfo else None
