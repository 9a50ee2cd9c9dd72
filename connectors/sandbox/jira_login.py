"""Who calls: e-mail or user name with a secret, an OAuth token, or a personal access token (reference jira §2)."""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from starlette.requests import Request

from connectors.sandbox.jira_schema import CLOUD
from connectors.sandbox.jira_state import Account, JiraState, moment, stamp

JSON = dict[str, Any]

SYNC_EMAIL = "sync@acme.example"
SYNC_USER = "sync"
CLIENT_ID = "sandbox-oauth-app"
SCOPES = ("read:jira-work", "write:jira-work", "read:jira-user", "manage:jira-webhook")
TOKEN_LIFE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Login:
    """The caller. `account` is None for an anonymous one; `failed`: there were credentials, but wrong ones."""

    account: Account | None = None
    kind: str = "none"  # or basic, pat, oauth
    failed: bool = False
    scopes: tuple[str, ...] = SCOPES


class Credentials:
    """The secrets of a site, all made from its seed. OAuth tokens rotate, and so are part of the state."""

    def __init__(self, seed: int, flavour: str) -> None:
        self.flavour = flavour
        self.sync_id = _hex(f"jira/account/{seed}")[:24] if flavour == CLOUD else SYNC_USER
        self.token = f"ATATT3x{_hex(f'jira/token/{seed}')[:40]}" if flavour == CLOUD else _pat(seed)
        self.password = _hex(f"jira/password/{seed}")[:20]
        self.client_secret = _hex(f"jira/client/{seed}")[:40]
        digest = _hex(f"jira/cloud/{seed}")
        self.cloud_id = f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-a{digest[17:20]}-{digest[20:32]}"
        self._seed = seed

    def grant(self, count: int, now: datetime) -> JSON:
        """The OAuth tokens of the n-th refresh."""
        access, refresh = (_hex(f"jira/{kind}/{self._seed}/{count}")[:48] for kind in ("access", "refresh"))
        return {"count": count, "access": access, "refresh": refresh, "expires": stamp(now + TOKEN_LIFE)}

    def shown(self, state: JiraState) -> dict[str, str]:
        """What a test or a demo needs to log in, in every way that this flavour has."""
        common = {"token": self.token, "account": self.sync_id, "email": SYNC_EMAIL, "project": state.setup.key}
        if self.flavour != CLOUD:
            return common | {"flavour": self.flavour, "user": SYNC_USER, "password": self.password}
        oauth = {"cloud_id": self.cloud_id, "client_id": CLIENT_ID, "client_secret": self.client_secret}
        oauth |= {"access_token": state.oauth["access"], "refresh_token": state.oauth["refresh"]}
        return common | {"flavour": self.flavour, "user": SYNC_EMAIL} | oauth

    def login(self, request: Request, state: JiraState, now: datetime, gateway: bool) -> Login:
        """Whose credentials the request carries. `gateway`: it came by the address for OAuth apps."""
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        if not scheme:
            return Login()
        kind, right = self._right(scheme.lower(), secret, state, now, gateway)
        if not right:
            return Login(failed=True)
        scopes = tuple(state.oauth.get("scopes", SCOPES)) if kind == "oauth" else SCOPES
        return Login(state.accounts.get(self.sync_id), kind, scopes=scopes)

    def _right(self, scheme: str, secret: str, state: JiraState, now: datetime, gateway: bool) -> tuple[str, bool]:
        if scheme == "bearer":
            if self.flavour != CLOUD:
                return "pat", _same(secret, self.token)
            alive = moment(state.oauth["expires"]) > now
            return "oauth", gateway and alive and _same(secret, state.oauth["access"])
        if scheme != "basic" or gateway:
            return scheme, False
        try:
            name, _, word = base64.b64decode(secret, validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            return scheme, False
        if self.flavour == CLOUD:
            return scheme, name.lower() == SYNC_EMAIL and _same(word, self.token)
        return scheme, name.lower() == SYNC_USER and _same(word, self.password)


def _pat(seed: int) -> str:
    return base64.b64encode(bytes.fromhex(_hex(f"jira/pat/{seed}"))[:33]).decode()[:44]


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _hex(text: str) -> str:
    return sha256(text.encode()).hexdigest()
