"""Airtable's OAuth: access tokens of an hour, refresh tokens that are good for once (airtable.com, OAuth reference)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from urllib.parse import parse_qs

from starlette.responses import JSONResponse, Response

from connectors.sandbox.airtable_access import SCOPES, Access, Token
from connectors.sandbox.airtable_base import stamp

PATH = "/oauth2/v1/token"
CLIENT_ID = "sandbox-oauth-integration"
ACCESS_LIFE, REFRESH_LIFE = timedelta(hours=1), timedelta(days=60)


def shown(access: Access) -> dict[str, str]:
    """What an integration needs to renew its access."""
    return {
        "client_id": CLIENT_ID,
        "client_secret": _secret(access, "client"),
        "access_token": _secret(access, "access"),
        "refresh_token": _secret(access, "refresh"),
    }


def grant(access: Access, now: datetime) -> None:
    """The next tokens, in place of the last."""
    access.tokens.pop(_secret(access, "access"), None)
    access.grants += 1
    access.tokens[_secret(access, "access")] = Token(SCOPES, None, stamp(now + ACCESS_LIFE))


def refresh(access: Access, now: datetime, authorization: str, body: bytes) -> Response:
    """`POST /oauth2/v1/token`, a form. A refresh token that comes a second time ends the integration's access."""
    form = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
    known = base64.b64encode(f"{CLIENT_ID}:{_secret(access, 'client')}".encode()).decode()
    if not hmac.compare_digest(authorization.encode(), f"Basic {known}".encode()):
        return _refused(401, "invalid_client", "Invalid authorization header")
    if form.get("grant_type") != "refresh_token":
        return _refused(400, "unsupported_grant_type", "grant_type must be refresh_token")
    given = form.get("refresh_token", "")
    if given in {_secret(access, "refresh", count) for count in range(access.grants)}:
        access.tokens.pop(_secret(access, "access"), None)
        access.grants += 1  # neither does the last refresh token count any more
        return _refused(400, "invalid_grant", "Refresh token was already used")
    if given != _secret(access, "refresh"):
        return _refused(400, "invalid_grant", "Unknown refresh token")
    grant(access, now)
    tokens = {"access_token": _secret(access, "access"), "refresh_token": _secret(access, "refresh")}
    lives = {"expires_in": int(ACCESS_LIFE.total_seconds()), "refresh_expires_in": int(REFRESH_LIFE.total_seconds())}
    return JSONResponse(tokens | lives | {"token_type": "Bearer", "scope": " ".join(SCOPES)})


def _secret(access: Access, purpose: str, count: int | None = None) -> str:
    number = "" if purpose == "client" else access.grants if count is None else count
    return "oaa" + hashlib.sha256(f"airtable/oauth/{purpose}/{number}/{access.seed}".encode()).hexdigest()


def _refused(status: int, error: str, description: str) -> Response:
    return JSONResponse({"error": error, "error_description": description}, status)
