"""A stand-in for Jira Cloud's REST API, versions 2 and 3, with one project (reference jira §10)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.sandbox import jira_extras as extras
from connectors.sandbox import jira_issues as issues
from connectors.sandbox import jira_meta as meta
from connectors.sandbox import jira_search as search
from connectors.sandbox.company_model import Company
from connectors.sandbox.jira_call import Call, Handler, Refusal, authenticated, problem
from connectors.sandbox.jira_human import perform
from connectors.sandbox.jira_schema import PROJECT_KEY
from connectors.sandbox.jira_seed import make_state
from connectors.sandbox.jira_state import Account, JiraState
from connectors.sandbox.world import World

SYNC_EMAIL = "sync@acme.example"
# The sync account's profile is not in the company's zone: whoever takes one for the other is found out.
SYNC_ZONE = "America/New_York"
VERSIONS = {"2": "2", "3": "3", "latest": "2"}

_ISSUE = "/issue/{issue}"
_META = "/issue/createmeta/{project}/issuetypes"
_ENDPOINTS: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/serverInfo", meta.server_info),
    ("GET", "/myself", meta.myself),
    ("GET", "/field", meta.fields),
    ("GET", "/status", meta.statuses),
    ("GET", "/status/{id}", meta.status),
    ("GET", "/priority", meta.priorities),
    ("GET", "/issuetype", meta.issue_types),
    ("GET", "/project/search", meta.projects),
    ("GET", "/project/{project}", meta.project),
    ("GET", "/project/{project}/statuses", meta.project_statuses),
    ("GET", "/user", meta.user),
    ("GET", "/user/search", meta.user_search),
    ("GET", "/user/assignable/search", meta.assignable_search),
    ("GET", "/search", search.retired),
    ("POST", "/search", search.retired),
    ("GET", "/search/jql", search.search_by_query),
    ("POST", "/search/jql", search.search_by_body),
    ("POST", "/search/approximate-count", search.count),
    ("POST", "/issue", issues.create),
    ("POST", "/issue/bulk", issues.create_many),
    ("POST", "/issue/bulkfetch", search.bulk_fetch),
    ("GET", _META, meta.create_types),
    ("GET", f"{_META}/{{type}}", meta.create_fields),
    ("GET", _ISSUE, issues.read),
    ("PUT", _ISSUE, issues.edit),
    ("DELETE", _ISSUE, issues.delete),
    ("PUT", f"{_ISSUE}/assignee", issues.assign),
    ("GET", f"{_ISSUE}/editmeta", issues.edit_metadata),
    ("GET", f"{_ISSUE}/transitions", issues.transitions),
    ("POST", f"{_ISSUE}/transitions", issues.transit),
    ("GET", f"{_ISSUE}/changelog", issues.changelog),
    ("GET", f"{_ISSUE}/properties", extras.properties),
    ("GET", f"{_ISSUE}/properties/{{key}}", extras.read_property),
    ("PUT", f"{_ISSUE}/properties/{{key}}", extras.write_property),
    ("DELETE", f"{_ISSUE}/properties/{{key}}", extras.delete_property),
    ("GET", f"{_ISSUE}/remotelink", extras.remote_links),
    ("POST", f"{_ISSUE}/remotelink", extras.write_remote_link),
    ("DELETE", f"{_ISSUE}/remotelink", extras.delete_remote_link),
    ("DELETE", f"{_ISSUE}/remotelink/{{link}}", extras.delete_remote_link),
    ("GET", f"{_ISSUE}/comment", extras.comments),
    ("POST", f"{_ISSUE}/comment", extras.write_comment),
    ("PUT", f"{_ISSUE}/comment/{{comment}}", extras.write_comment),
    ("DELETE", f"{_ISSUE}/comment/{{comment}}", extras.delete_comment),
)


class JiraServer:
    """The server and its state. `credentials` has the sync account's e-mail and API token."""

    name = "jira"

    def __init__(self, world: World) -> None:
        self.world = world
        self.state = JiraState()
        digest = sha256(f"jira/token/{world.seed}".encode()).hexdigest()
        self.tokens = {SYNC_EMAIL: f"ATATT3x{digest[:40]}"}
        id = sha256(f"jira/account/{world.seed}".encode()).hexdigest()[:24]
        self.sync = Account(id, "Campaign sync", SYNC_EMAIL, zone=SYNC_ZONE)
        self.app = Starlette(routes=list(self._routes()), exception_handlers={404: _no_endpoint, 405: _no_endpoint})

    def _routes(self) -> list[Route]:
        return [
            Route(f"/rest/api/{{version}}{path}", self._answering(handler), methods=[method])
            for method, path, handler in _ENDPOINTS
        ]

    def seed(self, company: Company) -> None:
        """Fill the project with what the company has in Jira."""
        self.state = make_state(company, self.sync)

    def credentials(self) -> dict[str, str]:
        return {"email": SYNC_EMAIL, "token": self.tokens[SYNC_EMAIL], "account": self.sync.id, "project": PROJECT_KEY}

    def dump(self) -> dict[str, Any]:
        return self.state.dump()

    def restore(self, state: dict[str, Any]) -> None:
        self.state = JiraState.load(state)

    def find(self, code: str) -> dict[str, Any]:
        """The ids of a seeded campaign's epic and its stages' tasks by kind, as far as they are (still) there."""
        known = self.state.codes.get(code, {"campaign": None, "stages": {}})
        there = self.state.issues
        stages = {kind: id for kind, id in known["stages"].items() if id in there}
        return {"campaign": known["campaign"] if known["campaign"] in there else None, "stages": stages}

    def human(self, verb: str, payload: dict[str, Any]) -> dict[str, Any]:
        """A person edits, creates or deletes an issue in Jira's own interface. ValueError says what is wrong."""
        with self.world.lock:
            return perform(self.state, self.world.now(), verb, payload)

    def _answering(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            raw = await request.body()
            version = VERSIONS.get(request.path_params["version"])
            if version is None:
                return await _no_endpoint(request, None)
            with self.world.lock:
                viewer = authenticated(request, self.state, self.tokens)
                request.state.who = viewer.email if viewer else None
                try:
                    return handler(Call(request, self.state, viewer, self.world.now(), version, raw))
                except Refusal as refusal:
                    return refusal.response()

        return answer


async def _no_endpoint(request: Request, _: Exception | None) -> Response:
    return problem(request, 404, "Not Found", f"No endpoint {request.method} {request.url.path}.")
