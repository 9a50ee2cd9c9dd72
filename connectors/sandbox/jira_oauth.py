"""The endpoints beside Jira's own: OAuth tokens, which sites they open, and the session (reference jira §2, §9.1)."""

from __future__ import annotations

from datetime import timedelta

from starlette.responses import JSONResponse, Response

from connectors.sandbox.jira_call import Call
from connectors.sandbox.jira_login import CLIENT_ID, SCOPES, TOKEN_LIFE, Credentials
from connectors.sandbox.jira_state import moment, stamp

READING = (
    "/search/jql", "/search/approximate-count", "/issue/bulkfetch", "/changelog/bulkfetch", "/jql/match", "/jql/parse",
)  # fmt: skip


def needed_scope(method: str, path: str) -> str:
    """The scope that an OAuth app needs for an endpoint."""
    if path.startswith("/webhook"):
        return "manage:jira-webhook"
    if path.startswith(("/user", "/myself")):
        return "read:jira-user"
    return "read:jira-work" if method == "GET" or path in READING else "write:jira-work"


def refresh(call: Call, credentials: Credentials) -> Response:
    """`POST /oauth/token`: a new pair for a refresh token, which is good for once."""
    call.request.state.private, call.request.state.write = True, False
    body = call.body()
    given = body if isinstance(body, dict) else {}
    right = {"client_id": CLIENT_ID, "client_secret": credentials.client_secret, "grant_type": "refresh_token"}
    if any(given.get(name) != value for name, value in right.items()):
        return JSONResponse({"error": "access_denied", "error_description": "Unauthorized"}, 401)
    state = call.state
    if not _good(call, given.get("refresh_token")):
        wrong = {"error": "unauthorized_client", "error_description": "refresh_token is invalid"}
        return JSONResponse(wrong, 403)
    state.oauth |= {"used": state.oauth["refresh"], "rotated": stamp(call.now)}
    state.oauth |= credentials.grant(state.oauth["count"] + 1, call.now)
    scopes = " ".join(state.oauth.get("scopes", SCOPES))
    tokens = {"access_token": state.oauth["access"], "refresh_token": state.oauth["refresh"], "token_type": "Bearer"}
    return JSONResponse(tokens | {"expires_in": int(TOKEN_LIFE.total_seconds()), "scope": scopes})


def _good(call: Call, token: object) -> bool:
    """Whether a refresh token is the last one, or the one before, for as long as the switch says."""
    oauth, window = call.state.oauth, call.state.switches.refresh_reuse_seconds
    if token == oauth["refresh"]:
        return True
    used, at = oauth.get("used"), oauth.get("rotated")
    return token == used and used is not None and call.now - moment(str(at)) <= timedelta(seconds=window) and window > 0


def resources(call: Call, credentials: Credentials) -> Response:
    """`GET /oauth/token/accessible-resources`: the sites that the token opens."""
    if call.login.kind != "oauth":
        return unauthorized("Unauthorized")
    scopes = list(call.login.scopes)
    site = {"id": credentials.cloud_id, "url": call.site, "name": "acme", "scopes": scopes}
    return JSONResponse([site | {"avatarUrl": f"{call.site}/avatars/site.png"}])


def unauthorized(message: str) -> Response:
    """What the gateway for OAuth apps says in place of Jira."""
    return JSONResponse({"code": 401, "message": message}, 401)


def session(call: Call) -> Response:
    """`GET /rest/auth/1/session`."""
    if call.viewer is None or (call.cloud and call.state.switches.session_refused):
        return JSONResponse({"errorMessages": ["You are not authenticated."], "errors": {}}, 401)
    return JSONResponse({"self": f"{call.site}/rest/api/latest/user", "name": call.viewer.name, "loginInfo": {}})
