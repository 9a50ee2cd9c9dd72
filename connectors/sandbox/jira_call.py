"""One request to the Jira stand-in: who calls with what; and the shapes of refusals (reference jira §2-3)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.sandbox.jira_login import Login
from connectors.sandbox.jira_setup import Project
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
        self.parameter = False  # the framework in front of the endpoint has refused a parameter

    def body(self) -> JSON:
        """What the answer says. `bare` bodies have no `errors` member, as some endpoints do."""
        return {"errorMessages": self.messages} | ({} if self.bare else {"errors": self.errors})

    def response(self) -> Response:
        return JSONResponse(self.body(), status_code=self.status)


def problem(request: Request, status: int, title: str, detail: str) -> Response:
    """The RFC 9457 body that the framework in front of Jira's endpoints gives."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, "instance": request.url.path}
    return JSONResponse(body, status_code=status, media_type="application/problem+json")


@dataclass(frozen=True, slots=True)
class Call:
    """A request with everything its handler needs. `site` is the address of the site, `prefix` what stands between it
    and /rest, `version` that of the API.
    """

    request: Request
    state: JiraState
    login: Login
    now: datetime
    version: str
    raw: bytes
    site: str
    prefix: str = ""

    @property
    def viewer(self) -> Account | None:
        """The caller; None for an anonymous one."""
        return self.login.account

    @property
    def cloud(self) -> bool:
        return self.state.cloud

    @property
    def base(self) -> str:
        """The address of the API with its version, as `self` links start."""
        return f"{self.site}{self.prefix}/rest/api/{self.version}"

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
            refusal = Refusal(400, f"Failed to convert '{name}' with value: '{text}'")
            refusal.parameter = self.cloud
            raise refusal
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

    def may(self, permission: str) -> bool:
        """Whether the caller has a permission of the campaigns' project."""
        return self.viewer is not None and self.state.setup.permissions[permission]

    def demand(self, permission: str, status: int, *messages: str, errors: dict[str, str] | None = None) -> None:
        """Refusal for a caller without this permission."""
        if not self.may(permission):
            raise Refusal(status, *messages, errors=errors)

    def project(self, id_or_key: str) -> Project | None:
        """A project that the caller sees."""
        found = self.state.setup.project(id_or_key)
        return found if found is not None and found.visible and self.may("browse") else None

    def sees(self, issue: Issue) -> bool:
        """Whether the caller is let know of an issue."""
        return not issue.hidden and self.project(issue.project) is not None

    def issue(self) -> Issue:
        """The issue that the path names. Refusal 404 without disclosure."""
        found = self.state.find(self.request.path_params["issue"])
        if found is None or not self.sees(found):
            raise Refusal(404, NOT_FOUND)
        return found

    def writable(self, permission: str = "edit") -> Issue:
        """The issue that the path names, to write to.

        Refusal 403 (400 for a comment) without the permission, 400 in the archive.
        """
        issue = self.issue()
        self.user()
        # The descriptions of both know 403 for edits, and for comments 400.
        status = 400 if permission == "comment" else 403
        self.demand(permission, status, f"You do not have permission to {permission} this issue.")
        return self.unarchived(issue)

    def unarchived(self, issue: Issue) -> Issue:
        """The issue itself. Refusal for one in the archive, which nobody can change."""
        if issue.archived:
            raise Refusal(400, "The issue is archived. You need to restore it before you can change it.")
        return issue

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
        """A user as every answer shows it: by account id on Cloud, by name and key on Data Center."""
        account = self.state.accounts.get(id) or Account(id, "Former user", "", active=False)
        sizes = ("48x48", "24x24", "16x16", "32x32")
        shown: JSON = {
            "avatarUrls": {size: f"{self.site}/avatars/{size}.png" for size in sizes},
            "displayName": account.name,
            "active": account.active,
        }
        if not self.cloud:
            shown |= {"self": f"{self.base}/user?username={account.id}", "name": account.id, "key": account.key}
            return shown | {"emailAddress": account.email, "timeZone": account.zone}
        shown |= {"self": f"{self.base}/user?accountId={account.id}", "accountId": account.id}
        shown |= {"accountType": account.kind}
        own = self.viewer is not None and self.viewer.id == account.id
        if own or not self.state.switches.hide_emails:
            shown |= {"emailAddress": account.email, "timeZone": account.zone}
        return shown


Handler = Callable[[Call], Response]
