"""A stand-in for Mailchimp's Marketing API 3.0 (reference esp §2, §6.6)."""

from __future__ import annotations

import asyncio
import base64
import binascii
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.sandbox import mailchimp_account as account
from connectors.sandbox import mailchimp_actions as actions
from connectors.sandbox import mailchimp_campaigns as campaigns
from connectors.sandbox import mailchimp_hooks as hooks
from connectors.sandbox import mailchimp_reports as reports
from connectors.sandbox.company_model import Company
from connectors.sandbox.mailchimp_call import Call, Problem
from connectors.sandbox.mailchimp_clock import settle
from connectors.sandbox.mailchimp_human import perform
from connectors.sandbox.mailchimp_seed import make_state
from connectors.sandbox.mailchimp_state import Campaign, MailchimpState
from connectors.sandbox.world import World

DC = "us21"
CONNECTIONS = 10

Handler = Callable[[Call], Response]
_ENDPOINTS: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "", account.root),
    ("GET", "/ping", account.ping),
    ("GET", "/campaigns", campaigns.listing),
    ("POST", "/campaigns", campaigns.create),
    ("GET", "/campaigns/{id}", campaigns.read),
    ("PATCH", "/campaigns/{id}", campaigns.edit),
    ("DELETE", "/campaigns/{id}", campaigns.delete),
    ("GET", "/campaigns/{id}/content", campaigns.content),
    ("PUT", "/campaigns/{id}/content", campaigns.set_content),
    ("GET", "/campaigns/{id}/send-checklist", actions.checklist),
    ("POST", "/campaigns/{id}/actions/schedule", actions.schedule),
    ("POST", "/campaigns/{id}/actions/unschedule", actions.unschedule),
    ("POST", "/campaigns/{id}/actions/send", actions.send),
    ("POST", "/campaigns/{id}/actions/cancel-send", actions.cancel_send),
    ("POST", "/campaigns/{id}/actions/pause", actions.pause),
    ("POST", "/campaigns/{id}/actions/resume", actions.resume),
    ("POST", "/campaigns/{id}/actions/replicate", actions.replicate),
    ("GET", "/campaigns/{id}/feedback", account.comments),
    ("POST", "/campaigns/{id}/feedback", account.comment),
    ("DELETE", "/campaigns/{id}/feedback/{comment}", account.delete_comment),
    ("GET", "/campaign-folders", account.folders),
    ("POST", "/campaign-folders", account.create_folder),
    ("GET", "/campaign-folders/{id}", account.folder),
    ("PATCH", "/campaign-folders/{id}", account.rename_folder),
    ("DELETE", "/campaign-folders/{id}", account.delete_folder),
    ("GET", "/lists", account.lists),
    ("GET", "/lists/{id}", account.list_),
    ("GET", "/lists/{id}/segments", account.segments),
    ("GET", "/lists/{id}/segments/{segment}", account.segment),
    ("GET", "/lists/{id}/webhooks", hooks.webhooks),
    ("POST", "/lists/{id}/webhooks", hooks.create),
    ("DELETE", "/lists/{id}/webhooks/{webhook}", hooks.delete),
    ("GET", "/reports", reports.reports),
    ("GET", "/reports/{id}", reports.report),
    ("GET", "/search-campaigns", campaigns.search),
)


@dataclass(frozen=True, slots=True)
class Login:
    """Whose key or token it is. A viewer may change nothing."""

    who: str
    role: str
    bearer_only: bool = False


class MailchimpServer:
    """The server and its state. `credentials` has a key, an OAuth token, the key of a viewer, and the data centre."""

    name = "mailchimp"
    blocking = ("deliver",)

    def __init__(self, world: World) -> None:
        self.world = world
        self.state = MailchimpState(seed=world.seed)
        self.open = 0  # requests that have not been answered yet
        self.post = hooks.post
        self.logins = {
            self._key("key"): Login("key of the owner", "owner"),
            self._key("viewer"): Login("key of a viewer", "viewer"),
            self._digest("oauth"): Login("OAuth app", "owner", bearer_only=True),
        }
        self._instances = world.rng("mailchimp/instances")
        routes = [
            Route(f"/3.0{path}{end}", self._answering(handler), methods=[method])
            for method, path, handler in _ENDPOINTS
            for end in ("", "/")
        ]
        routes.append(Route("/oauth2/metadata", self._answering(account.metadata), methods=["GET"]))
        self.app = Starlette(routes=routes, exception_handlers={404: self._no_route, 405: self._no_route})

    def _digest(self, purpose: str) -> str:
        return sha256(f"mailchimp/{purpose}/{self.world.seed}".encode()).hexdigest()[:32]

    def _key(self, purpose: str) -> str:
        return f"{self._digest(purpose)}-{DC}"

    def seed(self, company: Company) -> None:
        """Fill the account with what the company has in Mailchimp."""
        self.state = make_state(self.world.seed, company, self.world.now())

    def credentials(self) -> dict[str, str]:
        key, viewer, oauth = self.logins
        return {"token": key, "read_only_token": viewer, "oauth_token": oauth, "dc": DC}

    def dump(self) -> dict[str, Any]:
        return self.state.dump()

    def restore(self, state: dict[str, Any]) -> None:
        self.state = MailchimpState.load(state)

    def find(self, code: str) -> str | None:
        """The id of a seeded campaign, if it is (still) there."""
        id = self.state.codes.get(code)
        return id if id in self.state.campaigns else None

    def human(self, verb: str, payload: dict[str, Any]) -> dict[str, Any]:
        """A person works in Mailchimp's own interface; `deliver` tells the webhooks, and gives what they answered.

        Raises ValueError that says what is wrong.
        """
        with self.world.lock:
            now = self.world.now()
            self._settle(now, "its time has come")
            if verb != "deliver":
                result = perform(self.state, now, verb, payload)
                self._settle(now, "a person has sent it")
                return result
            waiting = hooks.notices(self.state, now)
        return {"delivered": [self.post(notice) for notice in waiting]}

    def _answering(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def run(request: Request) -> Response:
            self.open += 1
            try:
                raw = await request.body()
                if self.state.switches.answer_seconds:
                    await asyncio.sleep(self.state.switches.answer_seconds)
                with self.world.lock:
                    try:
                        return self._answer(handler, request, raw)
                    except Problem as problem:
                        return self._problem(problem)
            finally:
                self.open -= 1

        return run

    def _answer(self, handler: Handler, request: Request, raw: bytes) -> Response:
        login = self._authenticate(request)
        request.state.who, request.state.role = login.who, login.role
        if self.world.rate_limits and self.open > CONNECTIONS:
            return self._busy()
        if request.method != "GET" and login.role == "viewer":
            raise Problem(403, "Forbidden", "Your account doesn't have permission to perform this action.")
        now = self.world.now()
        self._settle(now, "its time has come")
        response = handler(Call(request, self.state, now, raw, DC))
        self._settle(now, "SENT AT ONCE by actions/send")
        if handler is actions.resume:
            self._log_send(self.state.campaigns[request.path_params["id"]], "SENDS AGAIN by actions/resume")
        return response

    def _authenticate(self, request: Request) -> Login:
        """By HTTP Basic, where any user name will do, or as a bearer; at the data centre that the key names."""
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if not given:
            raise Problem(401, "API Key Missing", "Your request did not include an API key.")
        if scheme.lower() == "basic":
            try:
                given = base64.b64decode(given, validate=True).decode().partition(":")[2]
            except (binascii.Error, UnicodeDecodeError):
                given = ""
        login = self.logins.get(given)
        host = request.headers.get("host", "")
        elsewhere = host.endswith(".api.mailchimp.com") and not host.startswith(f"{DC}.")
        schemes = ("bearer", "oauth") if login and login.bearer_only else ("basic", "bearer")
        if login is None or elsewhere or scheme.lower() not in schemes:
            detail = "Your API key may be invalid, or you've attempted to access the wrong datacenter."
            raise Problem(401, "API Key Invalid", detail)
        return login

    def _settle(self, now: datetime, why: str) -> None:
        """Campaigns go their way by the clock; what begins to send is shouted into the log."""
        for campaign in list(settle(self.state, now)):
            self._log_send(campaign, why)

    def _log_send(self, campaign: Campaign, why: str) -> None:
        self.world.log(
            {
                "tool": self.name, "actor": "mailchimp", "who": None, "method": "SEND",
                "path": f"/campaigns/{campaign.id}", "query": "", "status": 0, "write": False,
                "touched": [campaign.id], "body": None, "sent": True, "why": why, "name": campaign.title,
            }
        )  # fmt: skip

    def _busy(self) -> Response:
        """What says that there were too many at once: never how long to wait, and not always as JSON."""
        if self.state.switches.busy_answer in ("429", "403"):
            return Response("", int(self.state.switches.busy_answer), media_type="text/html")
        detail = f"You have exceeded the limit of {CONNECTIONS} simultaneous connections."
        return self._problem(Problem(429, "Too Many Requests", detail))

    def _problem(self, problem: Problem) -> Response:
        instance = str(uuid.UUID(int=self._instances.getrandbits(128), version=4))
        return problem.answer(instance, self.state.switches.validation_errors)

    async def _no_route(self, _: Request, error: Exception) -> Response:
        status = getattr(error, "status_code", 404)
        if status == 405:
            detail = "The requested method and resource are not compatible."
            return self._problem(Problem(405, "Method Not Allowed", detail))
        return self._problem(Problem(404, "Resource Not Found", "The requested resource could not be found."))
