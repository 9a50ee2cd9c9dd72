"""A stand-in for Brevo's API v3 (reference esp §3, §6.6)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.sandbox import brevo_account as account
from connectors.sandbox import brevo_campaigns as campaigns
from connectors.sandbox.brevo_call import Call, Problem
from connectors.sandbox.brevo_human import perform
from connectors.sandbox.brevo_life import settle
from connectors.sandbox.brevo_rates import Budgets, headers
from connectors.sandbox.brevo_seed import make_state
from connectors.sandbox.brevo_state import BrevoState, Campaign
from connectors.sandbox.company_model import Company
from connectors.sandbox.world import World

Handler = Callable[[Call], Response]
_ENDPOINTS: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/account", account.account),
    ("GET", "/organization/invited/users", account.users),
    ("GET", "/organization/activities", account.activities),
    ("GET", "/senders", account.senders),
    ("GET", "/emailCampaigns", campaigns.listing),
    ("POST", "/emailCampaigns", campaigns.create),
    ("GET", "/emailCampaigns/{id}", campaigns.read),
    ("PUT", "/emailCampaigns/{id}", campaigns.edit),
    ("DELETE", "/emailCampaigns/{id}", campaigns.delete),
    ("PUT", "/emailCampaigns/{id}/status", campaigns.status),
    ("POST", "/emailCampaigns/{id}/sendNow", campaigns.send_now),
    ("GET", "/contacts/lists", account.lists),
    ("GET", "/contacts/lists/{id}", account.one_list),
    ("GET", "/contacts/segments", account.segments),
    ("GET", "/ecommerce/attribution/metrics", account.attribution),
)


class BrevoServer:
    """The server and its state. `credentials` has the API key."""

    name = "brevo"

    def __init__(self, world: World) -> None:
        self.world = world
        self.state = BrevoState(seed=world.seed)
        self.budgets = Budgets()
        self.key = f"xkeysib-{sha256(f'brevo/{world.seed}'.encode()).hexdigest()}-{'acmeAcme42'}"
        routes = [
            Route(f"/v3{path}", self._answering(handler), methods=[method]) for method, path, handler in _ENDPOINTS
        ]
        self.app = Starlette(routes=routes, exception_handlers={404: _no_route, 405: _no_method})

    def seed(self, company: Company) -> None:
        """Fill the account with what the company has in Brevo."""
        self.state = make_state(self.world.seed, company, self.world.now())

    def credentials(self) -> dict[str, str]:
        return {"token": self.key}

    def dump(self) -> dict[str, Any]:
        return self.state.dump()

    def restore(self, state: dict[str, Any]) -> None:
        self.state = BrevoState.load(state)

    def find(self, code: str) -> str | None:
        """The id of a seeded campaign, if it is (still) there."""
        id = self.state.codes.get(code)
        return str(id) if id in self.state.campaigns else None

    def human(self, verb: str, payload: dict[str, Any]) -> dict[str, Any]:
        """A person works in Brevo's own interface. ValueError says what is wrong."""
        with self.world.lock:
            self._settle()
            result = perform(self.state, self.world.now(), verb, payload)
            if verb == "send":
                self._log_send(self.state.campaigns[int(result["id"])], "a person has pressed send")
            self._settle()
            return result

    def _answering(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def run(request: Request) -> Response:
            raw = await request.body()
            with self.world.lock:
                told: dict[str, str] = {}
                try:
                    self._authenticate(request)
                    passes, told = self._counted(request.url.path)
                    if not passes:
                        raise Problem(429, "too_many_requests", "The rate limit has been exceeded")
                    _check_accept(request)
                    self._settle()
                    call = Call(request, self.state, self.world.now(), raw)
                    response = handler(call)
                    for campaign, why in call.sends:
                        request.state.sent = True
                        self._log_send(campaign, why)
                except Problem as problem:
                    response = problem.answer()
                response.headers.update(told)
                return response

        return run

    def _authenticate(self, request: Request) -> None:
        key = request.headers.get("api-key")
        if not key:
            raise Problem(401, "unauthorized", "authentication not found in headers")
        if key != self.key:
            raise Problem(401, "unauthorized", "Key not found")
        request.state.who = "API key"

    def _counted(self, path: str) -> tuple[bool, dict[str, str]]:
        """Without limits the budget stays whole, or clients that heed it would wait for nothing."""
        hourly = int(self.state.switches.hourly_budget)
        if not self.world.rate_limits:
            return True, headers(hourly, hourly - 1, 3600)
        return self.budgets.count(path, self.world.now(), hourly)

    def _settle(self) -> None:
        """Campaigns go their way by the clock; what begins to send is shouted into the log."""
        for campaign in list(settle(self.state, self.world.now())):
            self._log_send(campaign, "its time has come")

    def _log_send(self, campaign: Campaign, why: str) -> None:
        id = str(campaign.id)
        self.world.log(
            {
                "tool": self.name, "actor": "brevo", "who": None, "method": "SEND",
                "path": f"/emailCampaigns/{id}", "query": "", "status": 0, "write": False,
                "touched": [id], "body": None, "sent": True, "why": why, "name": campaign.name,
            }
        )  # fmt: skip


def _check_accept(request: Request) -> None:
    wanted = [part.partition(";")[0].strip() for part in request.headers.get("accept", "*/*").split(",")]
    if not {"*/*", "application/*", "application/json"} & set(wanted):
        raise Problem(406, "not_acceptable", "The answer can only be application/json")


async def _no_route(_: Request, __: Exception) -> Response:
    return Problem(404, "document_not_found", "The route does not exist").answer()


async def _no_method(_: Request, __: Exception) -> Response:
    return Problem(405, "method_not_allowed", "The method is not allowed for this route").answer()
