"""A stand-in for Jira's REST API with one project: Cloud (versions 2 and 3), or Data Center (reference jira §10)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from connectors.sandbox import jira_endpoints as endpoints
from connectors.sandbox import jira_oauth as oauth
from connectors.sandbox import jira_rates as rates
from connectors.sandbox.company_model import Company
from connectors.sandbox.jira_call import Call, Handler, Refusal, problem
from connectors.sandbox.jira_delivery import Courier, enqueue
from connectors.sandbox.jira_human import perform
from connectors.sandbox.jira_login import SYNC_EMAIL, Credentials, Login
from connectors.sandbox.jira_schema import CLOUD
from connectors.sandbox.jira_seed import make_state
from connectors.sandbox.jira_state import Account, JiraState
from connectors.sandbox.world import World

# The sync account's profile is not in the company's zone: whoever takes one for the other is found out.
SYNC_ZONE = "America/New_York"
VERSIONS = {CLOUD: {"2": "2", "3": "3", "latest": "2"}, "dc": {"2": "2", "latest": "2"}}
LOCKED_OUT = "<html><body><h1>Basic Authentication Failure - Reason : AUTHENTICATION_DENIED</h1></body></html>"
Answer = Callable[[Request], Awaitable[Response]]


class JiraServer:
    """The server and its state. `flavour` is cloud or dc; `credentials` has the sync account's logins."""

    name = "jira"
    blocking = frozenset({"deliver"})  # verbs of `human` that wait for others, who may call this server meanwhile

    def __init__(self, world: World, flavour: str = CLOUD, site: str = "http://127.0.0.1") -> None:
        if flavour not in VERSIONS:
            raise ValueError(f"there is no Jira of the flavour {flavour}; there are {', '.join(VERSIONS)}")
        self.world, self.flavour = world, flavour
        self.secrets = Credentials(world.seed, flavour)
        key = "" if flavour == CLOUD else "JIRAUSER10100"
        self.sync = Account(self.secrets.sync_id, "Campaign sync", SYNC_EMAIL, zone=SYNC_ZONE, key=key)
        self.state = JiraState()
        self.limits = rates.Limits()
        self.site = site
        self.courier = Courier(world.lock, lambda: self.state, world.now)
        missing = {404: self._no_endpoint, 405: self._no_endpoint}
        self.app = Starlette(routes=list(self._routes()), exception_handlers=missing)

    def _routes(self) -> list[Route]:
        own = endpoints.CLOUD_ONLY if self.flavour == CLOUD else endpoints.DATA_CENTER_ONLY
        api = (*endpoints.BOTH, *own, *endpoints.LAST)
        table = [(f"/rest/api/{{version}}{path}", path, method, handler) for method, path, handler in api]
        table += [(f"/rest/webhooks/1.0{path}", path, method, handler) for method, path, handler in endpoints.WEBHOOKS]
        if self.flavour != CLOUD:
            since_ten = "/rest/jira-webhook/1.0"
            table += [(f"{since_ten}{path}", path, method, handler) for method, path, handler in endpoints.WEBHOOKS_DC]
        table += [("/rest/auth/1/session", "/session", "GET", oauth.session)]
        if self.flavour == CLOUD:
            table += [(f"/ex/jira/{{cloud}}{whole}", path, method, handler) for whole, path, method, handler in table]
            token, sites = "/oauth/token", "/oauth/token/accessible-resources"
            table += [(token, token, "POST", lambda call: oauth.refresh(call, self.secrets))]
            table += [(sites, sites, "GET", lambda call: oauth.resources(call, self.secrets))]
        return [
            Route(whole, self._answering(path, handler), methods=[method]) for whole, path, method, handler in table
        ]

    def seed(self, company: Company) -> None:
        """Fill the project with what the company has in Jira."""
        self.state = make_state(company, self.sync, self.flavour)
        if self.flavour == CLOUD:
            self.state.oauth = self.secrets.grant(0, self.world.now())

    def credentials(self) -> dict[str, str]:
        return self.secrets.shown(self.state)

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
        """A person works in Jira's own interface; `deliver` sends what webhooks have not been told of yet (with `late`:
        also what is not due). ValueError says what is wrong.
        """
        if verb == "deliver":
            return {"deliveries": self.courier.flush(bool(payload.get("late")))}
        with self.world.lock:
            result = perform(self.state, self.world.now(), verb, payload)
            self._tell()
            return result

    def _tell(self) -> None:
        """Webhooks hear of what has happened. They speak version 2 unless switched otherwise."""
        if self.state.events:
            scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}
            version = "2" if self.state.switches.webhook_wiki_text or self.flavour != CLOUD else "3"
            login = Login(self.sync)
            call = Call(Request(scope), self.state, login, self.world.now(), version, b"", self.site)
            enqueue(call, self.secrets.client_secret)
        self.courier.start()

    def _answering(self, path: str, handler: Handler) -> Answer:
        async def answer(request: Request) -> Response:
            raw = await request.body()
            version = VERSIONS[self.flavour].get(request.path_params.get("version", "2"))
            gateway = request.path_params.get("cloud")
            if version is None or gateway not in (None, self.secrets.cloud_id):
                return await self._no_endpoint(request, None)
            with self.world.lock:
                now, prefix = self.world.now(), f"/ex/jira/{gateway}" if gateway else ""
                by_app = gateway is not None or path.startswith("/oauth/")
                login = self.secrets.login(request, self.state, now, by_app)
                request.state.who = login.account.email if login.account else None
                self.site = str(request.base_url).rstrip("/")
                call = Call(request, self.state, login, now, version, raw, self.site, prefix)
                response = self._barred(call, path) or self._handled(call, path, handler)
                self._tell()
            return self._signed(response, login)

        return answer

    def _handled(self, call: Call, path: str, handler: Handler) -> Response:
        """What the endpoint answers, if the limits let the request through to it."""
        counted = self._counted(call, path)
        if isinstance(counted, rates.Refused):
            message = {"errorMessages": ["Rate limit exceeded."], "errors": {}}
            return JSONResponse(message, 429, counted.headers)
        try:
            response = handler(call)
        except Refusal as refusal:
            response = self._refused(call, refusal)
        if call.login.kind == "oauth":
            self.limits.spend(1 + getattr(call.request.state, "objects", 0), call.now)
        response.headers.update(counted)
        return response

    def _refused(self, call: Call, refusal: Refusal) -> Response:
        """A refusal in the words of whoever refuses: the framework before Cloud's Jira, Data Center's, or Jira."""
        if refusal.parameter:
            return problem(call.request, refusal.status, "Bad Request", str(refusal))
        if refusal.status == 401 and call.viewer is None and self.flavour != CLOUD:
            text = "Client must be authenticated to access this resource."
            return JSONResponse({"message": text, "status-code": 401}, 401)
        return refusal.response()

    def _barred(self, call: Call, path: str) -> Response | None:
        """A request that does not come as far as Jira: a captcha to solve, or an app that may not."""
        if self.flavour != CLOUD:
            if not self.state.switches.captcha or call.login.kind == "none":
                return None
            denied = {"X-Authentication-Denied-Reason": f"CAPTCHA_CHALLENGE; login-url={call.site}/login.jsp"}
            return HTMLResponse(LOCKED_OUT, 401, {"X-Seraph-LoginReason": "AUTHENTICATION_DENIED", **denied})
        if call.prefix and call.login.kind != "oauth":
            return oauth.unauthorized("Unauthorized")
        if call.prefix and oauth.needed_scope(call.request.method, path) not in call.login.scopes:
            return oauth.unauthorized("Unauthorized; scope does not match")
        return None

    def _counted(self, call: Call, path: str) -> rates.Refused | dict[str, str]:
        """A refusal by one of the limits, or the headers of an answer. Limits are counted if the world wants it."""
        switches, now, counting = self.state.switches, call.now, self.world.rate_limits
        if self.flavour != CLOUD:
            if switches.user_blocked:
                return rates.Refused(rates.bucket_headers(0) | {"Retry-After": rates.HUGE})
            return self.limits.bucket(call.viewer.id if call.viewer else "", now) if counting else {}
        if call.login.kind == "oauth":
            if switches.quota_reason:
                return rates.exhausted(int(switches.quota_points), switches.quota_reason, now)
            if counting and (refused := self.limits.quota(switches.quota_points, now)):
                return refused
        if not counting:
            return {}
        method, named = call.request.method, call.request.path_params.get("issue")
        issue = self.state.find(named) if named and method != "GET" else None
        return self.limits.cloud(method, path, issue.id if issue else None, now)

    def _signed(self, response: Response, login: Login) -> Response:
        """Data Center says whom it takes the caller for."""
        if self.flavour != CLOUD:
            response.headers["X-AUSERNAME"] = login.account.id if login.account else "anonymous"
            reason = "AUTHENTICATED_FAILED" if login.failed else "OK"
            response.headers.setdefault("X-Seraph-LoginReason", reason)
        return response

    async def _no_endpoint(self, request: Request, _: Exception | None) -> Response:
        if self.flavour != CLOUD:
            told = JSONResponse({"message": f"null for uri: {request.url}", "status-code": 404}, 404)
            return self._signed(told, self.secrets.login(request, self.state, self.world.now(), False))
        return problem(request, 404, "Not Found", f"No endpoint {request.method} {request.url.path}.")
