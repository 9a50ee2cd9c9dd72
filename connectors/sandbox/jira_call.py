"""One request to the Jira stand-in: who calls with what; and the shapes of refusals (reference jira §2-3)."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.sandbox.jira_state import Account, Issue, JiraState, moment

JSON = dict[str, Any]

NOT_FOUND = "Issue does not exist or you do not have permission to see it."
BAD_PAYLOAD = "Invalid request payload. Refer to the REST API documentation and try again."
BAD_JSON = "There was an error parsing JSON. Check that your request body is valid."


class Refusal(Exception):
    """An answer of 4xx with Jira's error body: messages for everybody, `errors` by field."""

    def __init__(self, status: int, *messages: str, errors: dict[str, str] | None = None, bare: bool = False) -> None:
        super().__init__("; ".join([*messages, *(errors or {}).values()]))
        self.status = status
        self.messages = list(messages)
        self.errors = errors or {}
        self.bare = bare

    def body(self) -> JSON:
        """`bare` bodies have no `errors` member, as some endpoints do."""
        return {"errorMessages": self.messages} | ({} if self.bare else {"errors": self.errors})

    def response(self) -> Response:
        return JSONResponse(self.body(), status_code=self.status)


def problem(request: Request, status: int, title: str, detail: str) -> Response:
    """The RFC 9457 body that the framework in front of Jira's endpoints gives."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, "instance": request.url.path}
    return JSONResponse(body, status_code=status, media_type="application/problem+json")


@dataclass(frozen=True, slots=True)
class Call:
    """A request with everything its handler needs. `viewer` is None for an anonymous caller."""

    request: Request
    state: JiraState
    viewer: Account | None
    now: datetime
    version: str
    raw: bytes

    @property
    def base(self) -> str:
        """The address of the API with its version, as `self` links start."""
        return f"{str(self.request.base_url).rstrip('/')}/rest/api/{self.version}"

    @property
    def rich(self) -> bool:
        """Rich text is ADF in version 3, wiki text in version 2."""
        return self.version == "3"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.viewer.zone if self.viewer else "UTC")

    def query(self, name: str, default: str = "") -> str:
        return self.request.query_params.get(name, default)

    def flag(self, name: str, default: bool = False) -> bool:
        return self.query(name, str(default)).lower() == "true"

    def whole(self, name: str, default: int) -> int:
        """A number from the query. Refusal if it is none."""
        text = self.query(name, str(default))
        if not text.lstrip("-").isdigit():
            raise Refusal(400, f"Failed to convert '{name}' with value: '{text}'")
        return int(text)

    def body(self) -> Any:
        """The request's JSON. Refusal if it is none; an absent body reads as an empty object."""
        if not self.raw.strip():
            return {}
        try:
            return json.loads(self.raw)
        except ValueError:
            raise Refusal(400, BAD_JSON, bare=True) from None

    def strict_body(self, allowed: dict[str, type | tuple[type, ...]]) -> JSON:
        """The JSON of an endpoint that refuses undeclared members and wrong types; null counts as absent."""
        body = self.body()
        if not isinstance(body, dict) or set(body) - set(allowed):
            raise Refusal(400, BAD_PAYLOAD)
        given = {name: value for name, value in body.items() if value is not None}
        if any(not isinstance(value, allowed[name]) for name, value in given.items()):
            raise Refusal(400, BAD_PAYLOAD)
        return given

    def user(self) -> Account:
        """The caller. Refusal 401 for an anonymous one."""
        if self.viewer is None:
            raise Refusal(401, "You are not authenticated. Authentication required to perform this operation.")
        return self.viewer

    def issue(self) -> Issue:
        """The issue that the path names. Refusal 404 without disclosure."""
        found = self.state.find(self.request.path_params["issue"]) if self.viewer else None
        if found is None:
            raise Refusal(404, NOT_FOUND)
        return found

    def touch(self, *ids: str) -> None:
        """Tell the log which issues this request wrote."""
        touched = getattr(self.request.state, "touched", [])
        self.request.state.touched = [*touched, *(id for id in ids if id not in touched)]
        self.request.state.write = True

    def time(self, stamp: str) -> str:
        """A stored moment as the caller sees it: in their zone, the offset without a colon."""
        local = moment(stamp).astimezone(self.zone)
        return f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond // 1000:03d}{local:%z}"

    def user_json(self, id: str) -> JSON:
        """A user as every answer shows it."""
        account = self.state.accounts.get(id) or Account(id, "Former user", "", active=False)
        site = str(self.request.base_url).rstrip("/")
        shown: JSON = {
            "self": f"{self.base}/user?accountId={account.id}",
            "accountId": account.id,
            "accountType": account.kind,
            "avatarUrls": {size: f"{site}/avatars/{size}.png" for size in ("48x48", "24x24", "16x16", "32x32")},
            "displayName": account.name,
            "active": account.active,
        }
        own = self.viewer is not None and self.viewer.id == account.id
        if own or not self.state.switches["hide_emails"]:
            shown |= {"emailAddress": account.email, "timeZone": account.zone}
        return shown


Handler = Callable[[Call], Response]


def authenticated(request: Request, state: JiraState, tokens: dict[str, str]) -> Account | None:
    """Whose e-mail and token the request carries. None for anybody else: Jira goes on with an anonymous caller."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        email, _, token = base64.b64decode(secret, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    known = tokens.get(email.lower())
    if known is None or not hmac.compare_digest(known.encode(), token.encode()):
        return None
    return state.account(email)
