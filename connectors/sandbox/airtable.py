"""A stand-in for Airtable's Web API, by the vendor's rules (reference airtable)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.sandbox import airtable_errors as errors
from connectors.sandbox import airtable_oauth as oauth
from connectors.sandbox.airtable_access import permit
from connectors.sandbox.airtable_base import Base, make_id
from connectors.sandbox.airtable_calls import ENDPOINTS, Endpoint
from connectors.sandbox.airtable_human import perform
from connectors.sandbox.airtable_pings import send
from connectors.sandbox.airtable_rules import Rules
from connectors.sandbox.airtable_seed import KINDS, campaign_id, make_base, stage_id
from connectors.sandbox.airtable_site import Call, Site
from connectors.sandbox.company_model import Company
from connectors.sandbox.world import World

URL_LIMIT = 16_000
Handler = Callable[[Request], Awaitable[Response]]


class AirtableServer:
    """The server and its state. `credentials` has a full token, one that may only read, and the base's id.

    `rules` are the switches for what the reference leaves open.
    """

    name = "airtable"
    blocking = frozenset({"deliver"})  # verbs of `human` that wait for others, who may call this server meanwhile

    def __init__(self, world: World, rules: Rules | None = None) -> None:
        self.world = world
        self.site = Site(world, rules)
        self.at_once = False
        routes = [Route(e.path, self._answering(e), methods=list(e.methods)) for e in ENDPOINTS]
        routes += [Route(oauth.PATH, self._refresh, methods=["POST"])]
        oauth.grant(self.site.access, world.now())
        self.app = Starlette(routes=routes, exception_handlers={404: self._no_route, 405: self._no_route})
        self.app.router.redirect_slashes = False  # Airtable sends nobody elsewhere

    @property
    def base(self) -> Base:
        """The company's base."""
        return next(iter(self.site.bases.values()))

    @property
    def user(self) -> str:
        """The user id of the tokens' owner."""
        return self.site.user

    def seed(self, company: Company) -> None:
        """Fill the base with what the company has in Airtable."""
        account = (self.site.user, self.site.email, "Campaign sync")
        self.site.take(make_base(self.world.seed, company, account))

    def credentials(self) -> dict[str, str]:
        secret = self.site.access.secret
        return {
            "token": secret("full"),
            "read_only_token": secret("read only"),
            "no_webhooks_token": secret("no webhooks"),
            "base": self.base.id,
            "base_name": self.base.name,
            "user": self.site.user,
            "email": self.site.email,
            **oauth.shown(self.site.access),
        }

    def dump(self) -> dict[str, Any]:
        return self.site.dump()

    def restore(self, state: dict[str, Any]) -> None:
        self.site.restore(state)

    def find(self, code: str) -> dict[str, Any]:
        """The record ids of a seeded campaign and its stages by kind, as far as they are (still) there."""
        rows = {table.id: table.rows for table in self.base.tables}
        campaigns, stages = (rows.get(make_id("tbl", self.base.id, name), {}) for name in ("Campaigns", "Stages"))
        campaign = campaign_id(self.base, code)
        ids = {kind: stage_id(self.base, code, kind) for kind in KINDS}
        return {
            "campaign": campaign if campaign in campaigns else None,
            "stages": {kind: id for kind, id in ids.items() if id in stages},
        }

    def human(self, verb: str, payload: dict[str, Any]) -> dict[str, Any]:
        """People and the vendor at work (`airtable_human`). ValueError says what is wrong.

        `deliver` sends the webhooks' notifications that are due; `notify` with `at_once` has them sent by themselves.
        """
        if verb == "deliver":
            return self.deliver()
        if verb == "notify":
            self.at_once = payload.get("at_once") is True
            return {}
        self.site.wind()
        answer = perform(self.site, verb, payload)
        self._start_delivery()
        return answer

    def deliver(self) -> dict[str, int]:
        """Send every notification that is due by the world's clock; how many went well, and how many did not."""
        with self.world.lock:
            self.site.wind()
            pings = [(hooks, ping) for hooks in self.site.hooks.values() for ping in hooks.due()]
        count = {"delivered": 0, "failed": 0}
        for hooks, ping in pings:
            trouble = send(ping)  # whoever gets it may come here for the payloads before answering
            with self.world.lock:
                hooks.sent(ping, trouble)
            count["delivered" if trouble is None else "failed"] += 1
        return count

    def _start_delivery(self) -> None:
        if self.at_once:
            asyncio.get_running_loop().run_in_executor(None, self.deliver)

    # The answers

    def _answering(self, endpoint: Endpoint) -> Handler:
        """Lets a request in or not; turns a refusal into its answer, and tells the webhooks of what it changed."""

        async def answer(request: Request) -> Response:
            body = await request.body()
            self.site.wind()
            try:
                shown = endpoint.answer(self._let_in(endpoint, request, body))
            except errors.AirtableError as error:
                return error.response()
            finally:
                self.site.collect("publicApi", self.site.user)
                self._start_delivery()
            return Response(status_code=200) if shown is None else JSONResponse(shown)

        return answer

    def _let_in(self, endpoint: Endpoint, request: Request, body: bytes) -> Call:
        """Token, rates, quota, size, base, scope and role, in this order."""
        access, rules, now = self.site.access, self.site.rules, self.world.now()
        secret, token = access.token(request.headers.get("authorization", ""), rules, now)
        request.state.who, request.state.token = self.site.email, secret
        asked = request.path_params.get("base")
        access.count(asked, now, rules, limited=self.world.rate_limits, upsert=_upserts(request, body))
        access.charge(now, data=endpoint.data)
        if len(body) > rules.body_limit:
            raise errors.too_large(rules.too_large)
        if len(str(request.url)) > URL_LIMIT:
            raise errors.bad_request(f"the URL is longer than {URL_LIMIT} characters")
        base = self.site.bases.get(asked) if asked is not None else None
        if asked is not None and base is None:
            raise errors.not_found(as_object=rules.not_found_object)
        permit(token, base, endpoint.scope, endpoint.role)
        return Call(self.site, request, token, base, body)

    async def _refresh(self, request: Request) -> Response:
        request.state.private, request.state.write = True, False
        authorization, body = request.headers.get("authorization", ""), await request.body()
        return oauth.refresh(self.site.access, self.world.now(), authorization, body)

    async def _no_route(self, _: Request, __: Exception) -> Response:
        return errors.not_found(as_object=self.site.rules.not_found_object).response()


def _upserts(request: Request, body: bytes) -> bool:
    if request.method not in ("PATCH", "PUT") or b"performUpsert" not in body:
        return False
    try:
        return "performUpsert" in json.loads(body)
    except (ValueError, TypeError):
        return False
