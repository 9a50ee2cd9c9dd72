"""Who may do what at Airtable: tokens with their scopes and bases, roles, rates and the month's quota (§1, §6, §7)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from connectors.sandbox import airtable_errors as errors
from connectors.sandbox.airtable_base import Base, make_id
from connectors.sandbox.airtable_rates import ALLOWED, SLOWED, Quota, RateLimiter
from connectors.sandbox.airtable_rules import Rules

READ, WRITE = "data.records:read", "data.records:write"
SCHEMA, BUILD = "schema.bases:read", "schema.bases:write"
COMMENTS, COMMENT = "data.recordComments:read", "data.recordComments:write"
HOOKS, EMAIL = "webhook:manage", "user.email:read"
SCOPES = (READ, WRITE, COMMENTS, COMMENT, SCHEMA, BUILD, HOOKS, EMAIL)
ROLES = ("read", "comment", "edit", "create")
TOKENS = {
    "full": SCOPES,
    "read only": (READ, SCHEMA),
    "no webhooks": (READ, WRITE, SCHEMA, EMAIL),
}
PER_BASE, PER_USER = 5, 50


@dataclass(frozen=True, slots=True)
class Token:
    """A token: its scopes, the ids of the bases that it was given (None: all of its owner's), and when it ends."""

    scopes: Sequence[str]
    bases: Sequence[str] | None = None
    expires: str | None = None


class Access:
    """The tokens of one account, and what has been used of its limits."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.tokens = {self.secret(purpose): Token(scopes) for purpose, scopes in TOKENS.items()}
        self.rates, self.quota = RateLimiter(), Quota()
        self.grants = 0  # of OAuth, see `airtable_oauth`

    def secret(self, purpose: str) -> str:
        digest = hashlib.sha256(f"airtable/{purpose}/{self.seed}".encode()).hexdigest()
        return f"{make_id('pat', self.seed, purpose)}.{digest}"

    def grant(self, purpose: str, scopes: Sequence[str], bases: Sequence[str] | None) -> str:
        """A new token, or another reach for one of the same purpose. ValueError names a scope that is none."""
        if unknown := set(scopes) - set(SCOPES):
            raise ValueError(f"airtable has no scope {', '.join(sorted(unknown))}; it has {', '.join(SCOPES)}")
        self.tokens[self.secret(purpose)] = Token(tuple(scopes), None if bases is None else tuple(bases))
        return self.secret(purpose)

    def revoke(self, purpose: str) -> None:
        """The token is good for nothing any more. ValueError if there is none for this purpose."""
        if self.tokens.pop(self.secret(purpose), None) is None:
            raise ValueError(f"there is no token {purpose}")

    def subscribe(self, plan: str, used: int | None, grace: str | None, now: datetime) -> None:
        """Another plan, and maybe another count of this month's calls. ValueError names a plan that is none."""
        if plan not in ALLOWED:
            raise ValueError(f"airtable has no plan {plan}; it has {', '.join(ALLOWED)}")
        self.quota.plan = plan
        self.quota.turn(now)
        self.quota.used = self.quota.used if used is None else used
        self.quota.grace = self.quota.grace if grace is None else grace

    def token(self, authorization: str, rules: Rules, now: datetime) -> tuple[str, Token]:
        """Who asks. 401 if nobody does."""
        scheme, _, secret = authorization.partition(" ")
        if scheme.lower() != "bearer" or secret not in self.tokens:
            raise errors.unauthenticated(rules.unauthenticated)
        found = self.tokens[secret]
        if found.expires is not None and now >= datetime.fromisoformat(found.expires):
            raise errors.unauthenticated(rules.unauthenticated)
        return secret, found

    def count(self, base: str | None, now: datetime, rules: Rules, *, limited: bool, upsert: bool = False) -> None:
        """One more request. The first kind of 429 if it is one too many in its second."""
        limits = {"user": PER_USER}
        if base is not None:
            limits[base] = SLOWED if self.quota.slows else PER_BASE
        if upsert and rules.upsert_rate is not None:
            limits[f"{base}/upsert"] = rules.upsert_rate
        for key, limit in limits.items():
            if (limited or self.quota.slows) and self.rates.refuses(key, limit, now):
                raise errors.too_many_requests(self.rates.wait(key, now) if rules.retry_after else None)

    def charge(self, now: datetime, *, data: bool) -> None:
        """One more call of the month. The second kind of 429 for data once the month is used up; never for meta."""
        self.quota.count(now)
        if data and self.quota.blocks(now):
            raise errors.quota_used_up()

    def dump(self) -> dict[str, Any]:
        return {
            "tokens": {secret: asdict(token) for secret, token in self.tokens.items()},
            "quota": asdict(self.quota),
            "grants": self.grants,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        self.tokens = {secret: Token(**token) for secret, token in state["tokens"].items()}
        self.quota = Quota(**state["quota"])
        self.grants = state.get("grants", 0)


def permit(token: Token, base: Base | None, scope: str | None, role: str) -> None:
    """403 if the token lacks the scope, was not given the base, or its owner has too little a role there (§6)."""
    if base is not None and token.bases is not None and base.id not in token.bases:
        raise errors.model_not_found()
    if scope is not None and scope not in token.scopes:
        raise errors.scope_missing()
    if base is not None and ROLES.index(base.role) < ROLES.index(role):
        raise errors.scope_missing()
