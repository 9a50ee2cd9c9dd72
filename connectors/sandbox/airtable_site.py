"""Everything that the stand-in Airtable holds: bases, webhooks, tokens, limits; and one request as it looks at them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from connectors.sandbox import airtable_errors as errors
from connectors.sandbox.airtable_access import Access, Token
from connectors.sandbox.airtable_base import Base, Table, make_id
from connectors.sandbox.airtable_hooks import Hooks
from connectors.sandbox.airtable_listing import Pager
from connectors.sandbox.airtable_rules import Rules
from connectors.sandbox.airtable_writes import Change
from connectors.sandbox.world import World


class Site:
    """The account's bases with all that belongs to them. `user` and `email` are the account's."""

    def __init__(self, world: World, rules: Rules | None = None) -> None:
        self.world, self.rules = world, rules or Rules()
        self.user, self.email = make_id("usr", world.seed, "sync account"), "sync@acme.example"
        self.access, self.pager = Access(world.seed), Pager()
        self.bases: dict[str, Base] = {}
        self.hooks: dict[str, Hooks] = {}

    def take(self, base: Base, hooks: Mapping[str, Any] | None = None) -> Base:
        """Add a base, or put it in the place of the one with its id."""
        base.rules, base.now = self.rules, self.world.now()
        self.bases[base.id] = base
        self.hooks[base.id] = Hooks.load(base, hooks) if hooks else Hooks(base)
        return base

    def wind(self) -> None:
        """Let every base know what time it is."""
        for base in self.bases.values():
            base.now = self.world.now()

    def collect(self, source: str, user: str | None) -> None:
        """Tell the webhooks what has just changed."""
        for hooks in self.hooks.values():
            hooks.collect(source, user)

    def dump(self) -> dict[str, Any]:
        """The first base's state, and beside it the others', the webhooks' and the tokens'."""
        first, *others = self.bases.values()
        hooks = {id: hooks.dump() for id, hooks in self.hooks.items() if hooks.hooks}
        rest = {"others": [base.dump() for base in others], "hooks": hooks, "access": self.access.dump()}
        return first.dump() | rest

    def restore(self, state: Mapping[str, Any]) -> None:
        self.bases, self.hooks = {}, {}
        for base in (state, *state.get("others", ())):
            self.take(Base.load(base), state.get("hooks", {}).get(base["id"]))
        if "access" in state:
            self.access.restore(state["access"])


@dataclass(frozen=True, slots=True)
class Call:
    """One request that has been let in. `found` is the base that its path names, if it names one."""

    site: Site
    request: Request
    token: Token
    found: Base | None
    body: bytes

    @property
    def base(self) -> Base:
        if self.found is None:
            raise errors.not_found(as_object=self.site.rules.not_found_object)
        return self.found

    @property
    def table(self) -> Table:
        return self.base.table(self.request.path_params["table"])

    def members(self) -> dict[str, Any]:
        """The body as an object."""
        try:
            members = json.loads(self.body)
        except ValueError:
            members = None
        if not isinstance(members, dict):
            raise errors.bad_request("Could not parse request body")
        return members

    def change(self, members: Mapping[str, Any]) -> Change:
        """A write of this request to its table."""
        by_id = members.get("returnFieldsByFieldId", self.request.query_params.get("returnFieldsByFieldId"))
        return Change(
            self.base,
            self.table,
            self.site.user,
            self.base.now,
            typecast=members.get("typecast") is True,
            by_id=by_id in (True, "true", "1"),
        )

    def touches(self, ids: list[str]) -> None:
        """Which records this request has written, for the log."""
        self.request.state.touched = ids
