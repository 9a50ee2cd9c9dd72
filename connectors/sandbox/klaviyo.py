"""A stand-in for Klaviyo's API, classic revisions and 2026-10-15, of one account (reference esp §1, §6.6)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.sandbox import klaviyo_account as account
from connectors.sandbox import klaviyo_campaigns as campaigns
from connectors.sandbox import klaviyo_omni_campaigns as omni
from connectors.sandbox import klaviyo_omni_messages as messages
from connectors.sandbox import klaviyo_reports as reports
from connectors.sandbox.company_model import Company
from connectors.sandbox.klaviyo_call import MEDIA_TYPE, Call, Problem, answer
from connectors.sandbox.klaviyo_human import perform
from connectors.sandbox.klaviyo_rates import Windows
from connectors.sandbox.klaviyo_seed import make_state
from connectors.sandbox.klaviyo_state import Campaign, KlaviyoState, settle
from connectors.sandbox.world import World

REVISION = "2026-07-15"
OMNICHANNEL = "2026-10-15"  # another model of the same campaigns
# Served alike: the classic model. What is older has been retired.
REVISIONS = ("2024-10-15", "2025-01-15", "2025-04-15", "2025-07-15", "2025-10-15", "2026-01-15", "2026-04-15", REVISION)

Handler = Callable[[Call], Response]
# Method, path, and what answers in the classic revisions and in 2026-10-15; None where a revision has it not.
_ENDPOINTS: tuple[tuple[str, str, Handler | None, Handler | None], ...] = (
    ("GET", "/campaigns", campaigns.listing, omni.listing),
    ("POST", "/campaigns", campaigns.create, omni.create),
    ("GET", "/campaigns/{id}", campaigns.read, omni.read),
    ("PATCH", "/campaigns/{id}", campaigns.edit, omni.edit),
    ("DELETE", "/campaigns/{id}", campaigns.delete, campaigns.delete),
    ("GET", "/campaigns/{id}/campaign-messages", campaigns.messages, omni.messages),
    ("GET", "/campaigns/{id}/relationships/campaign-messages", campaigns.message_ids, omni.message_ids),
    ("GET", "/campaigns/{id}/campaign-audiences", None, omni.audiences),
    ("GET", "/campaign-messages", None, messages.listing),
    ("GET", "/campaign-messages/{id}", campaigns.read_message, messages.read),
    ("PATCH", "/campaign-messages/{id}", campaigns.edit_message, messages.edit),
    ("DELETE", "/campaign-messages/{id}", None, messages.delete),
    ("GET", "/campaign-messages/{id}/relationships/campaign", None, messages.campaign_id),
    ("GET", "/campaign-messages/{id}/tags", None, messages.tags),
    ("GET", "/campaign-messages/{id}/campaign-variations", None, messages.variations),
    ("GET", "/campaign-variations/{id}", None, messages.read_variation),
    ("PATCH", "/campaign-variations/{id}", None, messages.edit_variation),
    ("GET", "/campaign-audiences/{id}", None, messages.read_audience),
    ("PATCH", "/campaign-audiences/{id}", None, messages.edit_audience),
    ("POST", "/campaign-message-schedule", None, messages.schedule),
    ("PATCH", "/campaign-message-schedule/{id}", None, messages.unschedule),
    ("POST", "/campaign-schedule", None, messages.schedule_all),
    ("POST", "/campaign-send-jobs", campaigns.send, campaigns.send),
    ("GET", "/campaign-send-jobs/{id}", campaigns.read_job, campaigns.read_job),
    ("PATCH", "/campaign-send-jobs/{id}", campaigns.stop_job, campaigns.stop_job),
)
# The same in every revision.
_COMMON: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/accounts", account.account),
    ("GET", "/campaigns/{id}/tags", account.tags_of),
    ("GET", "/campaigns/{id}/relationships/tags", account.tag_ids_of),
    ("POST", "/campaign-values-reports", reports.report),
    ("GET", "/metrics", reports.metrics),
    ("GET", "/lists", account.audiences),
    ("GET", "/lists/{id}", account.audience),
    ("GET", "/segments", account.audiences),
    ("GET", "/segments/{id}", account.audience),
    ("GET", "/tags", account.tags),
    ("POST", "/tags", account.create_tag),
    ("GET", "/tags/{id}", account.tag),
    ("PATCH", "/tags/{id}", account.rename_tag),
    ("DELETE", "/tags/{id}", account.delete_tag),
    ("GET", "/tags/{id}/relationships/campaigns", account.tagged),
    ("POST", "/tags/{id}/relationships/campaigns", account.tag_campaigns),
    ("DELETE", "/tags/{id}/relationships/campaigns", account.untag_campaigns),
)


class KlaviyoServer:
    """The server and its state. `credentials` has a full key, one that may only read, and the revision."""

    name = "klaviyo"

    def __init__(self, world: World) -> None:
        self.world = world
        self.state = KlaviyoState(seed=world.seed)
        self.windows = Windows()
        self.keys = {self._key("full"): True, self._key("read only"): False}
        self._ids = world.rng("klaviyo/errors")
        routes = [
            Route(f"/api{path}{end}", self._answering(classic, newer), methods=[method])
            for method, path, classic, newer in (*_ENDPOINTS, *((*one, one[2]) for one in _COMMON))
            for end in ("", "/")
        ]
        self.app = Starlette(routes=routes, exception_handlers={404: self._no_route, 405: self._no_route})

    def _key(self, purpose: str) -> str:
        return f"pk_{sha256(f'klaviyo/{purpose}/{self.world.seed}'.encode()).hexdigest()[:34]}"

    def seed(self, company: Company) -> None:
        """Fill the account with what the company has in Klaviyo."""
        self.state = make_state(self.world.seed, company, self.world.now())

    def credentials(self) -> dict[str, str]:
        full, read_only = self.keys
        return {"token": full, "read_only_token": read_only, "revision": REVISION}

    def dump(self) -> dict[str, Any]:
        return self.state.dump()

    def restore(self, state: dict[str, Any]) -> None:
        self.state = KlaviyoState.load(state)

    def find(self, code: str) -> str | None:
        """The id of a seeded campaign, if it is (still) there."""
        id = self.state.codes.get(code)
        return id if id in self.state.campaigns else None

    def human(self, verb: str, payload: dict[str, Any]) -> dict[str, Any]:
        """A person works in Klaviyo's own interface. ValueError says what is wrong."""
        with self.world.lock:
            self._settle()
            result = perform(self.state, self.world.now(), verb, payload)
            self._settle()
            return result

    def _answering(self, classic: Handler | None, newer: Handler | None) -> Callable[[Request], Awaitable[Response]]:
        async def run(request: Request) -> Response:
            raw = await request.body()
            with self.world.lock:
                headers: dict[str, str] = {}
                try:
                    self._authenticate(request)
                    wait, headers = self.windows.count(request.url.path, self.world.now())
                    if wait and self.world.rate_limits:
                        return self._throttled(wait)
                    handler = newer if _revision(request) == OMNICHANNEL else classic
                    if handler is None:
                        raise _nowhere(request)
                    _check_media_type(request, raw)
                    self._settle()
                    response = handler(Call(request, self.state, self.world.now(), raw))
                    self._report_send(request)
                except Problem as problem:
                    response = self._problem(problem)
                response.headers.update(headers)
                return response

        return run

    def _authenticate(self, request: Request) -> None:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme != "Klaviyo-API-Key":
            raise Problem(
                401, "not_authenticated", "Authentication credentials were not provided.",
                "Missing or invalid authorization scheme. Please use Klaviyo-API-Key.",
            )  # fmt: skip
        if key not in self.keys:
            wrong = "Incorrect authentication credentials."
            raise Problem(401, "authentication_failed", wrong, wrong)
        request.state.who = "full key" if self.keys[key] else "read-only key"
        asks = (
            request.method == "GET" or "/campaign-values-reports" in request.url.path
        )  # a report is asked for by POST
        if not asks and not self.keys[key]:
            detail = "This private API key does not have the scopes that this endpoint needs."
            raise Problem(403, "permission_denied", "You do not have permission to perform this action.", detail)

    def _settle(self) -> None:
        """Campaigns go their way by the clock; what begins to send is shouted into the log."""
        for campaign in list(settle(self.state, self.world.now())):
            self._log_send(campaign, "its time has come")

    def _report_send(self, request: Request) -> None:
        """A send job that sends at once is the accident of all accidents."""
        if request.method != "POST" or not request.url.path.startswith("/api/campaign-send-jobs"):
            return
        for id in getattr(request.state, "touched", ()):
            if self.state.campaigns[id].status == "Adding Recipients":
                request.state.sent = True
                self._log_send(self.state.campaigns[id], "SENT AT ONCE by a send job on the strategy 'immediate'")

    def _log_send(self, campaign: Campaign, why: str) -> None:
        self.world.log(
            {
                "tool": self.name, "actor": "klaviyo", "who": None, "method": "SEND",
                "path": f"/campaigns/{campaign.id}", "query": "", "status": 0, "write": False,
                "touched": [campaign.id], "body": None, "sent": True, "why": why, "name": campaign.name,
            }
        )  # fmt: skip

    def _problem(self, problem: Problem) -> Response:
        id = str(uuid.UUID(int=self._ids.getrandbits(128), version=4))
        return answer(problem.body(id), problem.status)

    def _throttled(self, wait: int) -> Response:
        """A 429 has Retry-After in place of the RateLimit headers."""
        detail = f"Request was throttled. Expected available in {wait} seconds."
        response = self._problem(Problem(429, "throttled", "Request was throttled.", detail))
        response.headers["Retry-After"] = str(wait)
        return response

    async def _no_route(self, request: Request, _: Exception) -> Response:
        return self._problem(_nowhere(request))


def _nowhere(request: Request) -> Problem:
    detail = f"The path {request.url.path} could not be found for {request.method}."
    return Problem(404, "not_found", "Not found.", detail)


def _revision(request: Request) -> str:
    """Mandatory. A retired or unknown one falls forward to the next, unless the caller has asked to be told."""
    revision = request.headers.get("revision")
    if revision is None or not re.fullmatch(r"\d{4}-\d\d-\d\d(\.\w+)?", revision):
        detail = "A revision header with the date of an API revision is required, such as revision: 2026-07-15."
        raise Problem(400, "invalid", "Invalid input.", detail, {"parameter": "revision"})
    served = (*REVISIONS, OMNICHANNEL)
    if revision not in served and request.headers.get("x-klaviyo-revision-fall-forward-opt-out") == "1":
        detail = f"The API revision {revision} has been retired or does not exist."
        raise Problem(410, "gone", "Revision is no longer available.", detail, {"parameter": "revision"})
    return next((one for one in served if one >= revision), OMNICHANNEL)


def _check_media_type(request: Request, raw: bytes) -> None:
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if raw and given != MEDIA_TYPE:
        detail = f"Unsupported media type '{given}' in request. Use {MEDIA_TYPE}."
        raise Problem(415, "unsupported_media_type", "Unsupported media type.", detail)
    wanted = [part.partition(";")[0].strip() for part in request.headers.get("accept", "*/*").split(",")]
    if not {"*/*", "application/*", MEDIA_TYPE, "application/json"} & set(wanted):
        raise Problem(406, "not_acceptable", "Not acceptable.", f"The answer can only be {MEDIA_TYPE}.")
