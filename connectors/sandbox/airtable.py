"""A stand-in for Airtable's Web API: one base, by the vendor's rules (reference airtable)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.sandbox import airtable_errors as errors
from connectors.sandbox.airtable_base import Base, Table, make_id
from connectors.sandbox.airtable_cells import record
from connectors.sandbox.airtable_human import perform
from connectors.sandbox.airtable_listing import Pager, from_members, from_query
from connectors.sandbox.airtable_rates import RateLimiter
from connectors.sandbox.airtable_seed import KINDS, campaign_id, make_base, stage_id
from connectors.sandbox.airtable_writes import Change, create, delete, update
from connectors.sandbox.company_model import Company
from connectors.sandbox.world import World

URL_LIMIT = 16_000
READ, WRITE, SCHEMA = "data.records:read", "data.records:write", "schema.bases:read"
Handler = Callable[[Request], Awaitable[Response]]


class AirtableServer:
    """The server and its state. `credentials` has a full token, one that may only read, and the base's id."""

    name = "airtable"

    def __init__(self, world: World) -> None:
        self.world = world
        self.base = Base("", "", {})
        self.pager, self.rates = Pager(), RateLimiter()
        self.user = make_id("usr", world.seed, "sync account")
        self.email = "sync@acme.example"
        self.tokens = {
            self._token("full"): (READ, WRITE, SCHEMA, "user.email:read"),
            self._token("read only"): (READ, SCHEMA),
        }
        item, rows = "/v0/{base}/{table}/{record}", "/v0/{base}/{table}"
        self.app = Starlette(
            routes=[
                Route("/v0/meta/whoami", self._answering(self._whoami), methods=["GET"]),
                Route("/v0/meta/bases", self._answering(self._bases), methods=["GET"]),
                Route("/v0/meta/bases/{base}/tables", self._answering(self._tables), methods=["GET"]),
                Route("/v0/{base}/{table}/listRecords", self._answering(self._list), methods=["POST"]),
                Route(rows, self._answering(self._list), methods=["GET"]),
                Route(rows, self._answering(self._create), methods=["POST"]),
                Route(rows, self._answering(self._update), methods=["PATCH", "PUT"]),
                Route(rows, self._answering(self._delete), methods=["DELETE"]),
                Route(item, self._answering(self._get), methods=["GET"]),
                Route(item, self._answering(self._update_one), methods=["PATCH", "PUT"]),
                Route(item, self._answering(self._delete_one), methods=["DELETE"]),
            ],
            exception_handlers={404: _no_route, 405: _no_route},
        )

    def _token(self, purpose: str) -> str:
        digest = hashlib.sha256(f"airtable/{purpose}/{self.world.seed}".encode()).hexdigest()
        return f"{make_id('pat', self.world.seed, purpose)}.{digest}"

    def seed(self, company: Company) -> None:
        """Fill the base with what the company has in Airtable."""
        self.base = make_base(self.world.seed, company, (self.user, self.email, "Campaign sync"))

    def credentials(self) -> dict[str, str]:
        full, read_only = self.tokens
        return {
            "token": full,
            "read_only_token": read_only,
            "base": self.base.id,
            "base_name": self.base.name,
            "user": self.user,
            "email": self.email,
        }

    def dump(self) -> dict[str, Any]:
        return self.base.dump()

    def restore(self, state: dict[str, Any]) -> None:
        self.base = Base.load(state)

    def find(self, code: str) -> dict[str, Any]:
        """The record ids of a seeded campaign and its stages by kind, as far as they are (still) there."""
        campaigns, stages = self.base.tables
        campaign = campaign_id(self.base, code)
        ids = {kind: stage_id(self.base, code, kind) for kind in KINDS}
        return {
            "campaign": campaign if campaign in campaigns.rows else None,
            "stages": {kind: id for kind, id in ids.items() if id in stages.rows},
        }

    def human(self, verb: str, payload: dict[str, Any]) -> dict[str, Any]:
        """A person edits, creates or deletes a record in Airtable's own interface. ValueError says what is wrong."""
        return perform(self.base, self.world.now(), verb, payload)

    # The answers

    def _answering(self, handler: Handler) -> Handler:
        """Checks the token, the rates, and the length of the address; turns a refusal into its answer."""

        async def answer(request: Request) -> Response:
            try:
                self._authenticate(request)
                self._count(request)
                if len(str(request.url)) > URL_LIMIT:
                    raise errors.bad_request(f"the URL is longer than {URL_LIMIT} characters")
                if "base" in request.path_params and request.path_params["base"] != self.base.id:
                    raise errors.not_found()
                return await handler(request)
            except errors.AirtableError as error:
                return error.response()

        return answer

    def _authenticate(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or token not in self.tokens:
            raise errors.unauthenticated()
        request.state.who = self.email
        request.state.token = token
        needed = SCHEMA if "/meta/bases" in request.url.path else READ
        if request.method != "GET" and not request.url.path.endswith("/listRecords"):
            needed = WRITE
        if not request.url.path.endswith("/whoami") and needed not in self.tokens[token]:
            raise errors.scope_missing()

    def _count(self, request: Request) -> None:
        if not self.world.rate_limits:
            return
        now = self.world.now()
        base = request.path_params.get("base")
        if self.rates.refuses(request.state.token, 50, now) or (base and self.rates.refuses(base, 5, now)):
            raise errors.too_many_requests()

    def _table(self, request: Request) -> Table:
        return self.base.table(request.path_params["table"])

    async def _whoami(self, request: Request) -> Response:
        scopes = self.tokens[request.state.token]
        shown: dict[str, Any] = {"id": self.user, "scopes": list(scopes)}
        return JSONResponse(shown | ({"email": self.email} if "user.email:read" in scopes else {}))

    async def _bases(self, _: Request) -> Response:
        return JSONResponse({"bases": [{"id": self.base.id, "name": self.base.name, "permissionLevel": "create"}]})

    async def _tables(self, _: Request) -> Response:
        return JSONResponse({"tables": [table.json() for table in self.base.tables]})

    async def _list(self, request: Request) -> Response:
        table = self._table(request)
        if request.method == "POST":
            request.state.write = False
            asked = from_members(await _members(request))
        else:
            asked = from_query(request.query_params)
        return JSONResponse(self.pager.page(self.base, table, asked, self.world.now()))

    async def _get(self, request: Request) -> Response:
        table = self._table(request)
        by_id = request.query_params.get("returnFieldsByFieldId") in ("true", "1")
        row = table.row(request.path_params["record"])
        return JSONResponse(record(self.base, table, row, None, by_id))

    async def _create(self, request: Request) -> Response:
        members = await _members(request)
        answer, touched = create(self._change(request, members), members)
        request.state.touched = touched
        return JSONResponse(answer)

    async def _update(self, request: Request) -> Response:
        members = await _members(request)
        answer, touched = update(self._change(request, members), members, replace=request.method == "PUT")
        request.state.touched = touched
        return JSONResponse(answer)

    async def _update_one(self, request: Request) -> Response:
        members = await _members(request)
        id = self._table(request).row(request.path_params["record"]).id
        whole = {**members, "records": [{"id": id, "fields": members.get("fields", {})}]}
        answer, request.state.touched = update(self._change(request, members), whole, replace=request.method == "PUT")
        return JSONResponse(answer["records"][0])

    async def _delete(self, request: Request) -> Response:
        ids = request.query_params.getlist("records[]") or request.query_params.getlist("records")
        request.state.touched = delete(self._change(request, {}), ids)
        return JSONResponse({"records": [{"id": id, "deleted": True} for id in ids]})

    async def _delete_one(self, request: Request) -> Response:
        row = self._table(request).row(request.path_params["record"])
        request.state.touched = delete(self._change(request, {}), [row.id])
        return JSONResponse({"id": row.id, "deleted": True})

    def _change(self, request: Request, members: dict[str, Any]) -> Change:
        by_id = members.get("returnFieldsByFieldId", request.query_params.get("returnFieldsByFieldId"))
        return Change(
            self.base,
            self._table(request),
            self.user,
            self.world.now(),
            typecast=members.get("typecast") is True,
            by_id=by_id in (True, "true", "1"),
        )


async def _members(request: Request) -> dict[str, Any]:
    try:
        members = json.loads(await request.body())
    except ValueError:
        members = None
    if not isinstance(members, dict):
        raise errors.bad_request("Could not parse request body")
    return members


async def _no_route(_: Request, __: Exception) -> Response:
    return errors.not_found().response()
