"""One Jira project as its connector knows it: the site, the place, the fields, and what it learned on the way."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from connectors.answers import part, understood, word
from connectors.jira_fields import Layout, read_layout
from connectors.jira_place import Place, confirm, find_place, number
from connectors.jira_site import Site
from connectors.jira_steps import Given, Step
from sync.model import Kind, Record
from sync.ports import NativeSchema

PROVEN = timedelta(seconds=60)  # how long a proof that we are signed in counts for an empty page


class Project:
    """The configured project. Reads its set-up at the first use; raises as `Site` does."""

    def __init__(self, site: Site, key: str, types: Mapping[Kind, str], given: Given) -> None:
        self.site = site
        self.key = key
        self.given = given
        self.steps: dict[tuple[Kind, str], tuple[Step, ...]] = {}  # by kind and status: what was seen to lead on
        self._types = types
        self._place: Place | None = None
        self._layout: Layout | None = None
        self._epics: dict[str, str] = {}  # key -> id; a key that an epic once had goes on meaning it
        self._keys: dict[str, str] = {}
        self._proven_at: datetime | None = None

    @property
    def tool(self) -> str:
        """The name the user gave the tool."""
        return self.site.tool

    @property
    def place(self) -> Place:
        """The project and its issue types, once found by an account that is proven to be signed in."""
        if self._place is None:
            self._place = find_place(self.site, self.key, self._types)
            self._proven_at = self.site.clock.now()
        return self._place

    @property
    def layout(self) -> Layout:
        """Its fields."""
        if self._layout is None:
            self._layout = read_layout(self.site, self.place)
        return self._layout

    @property
    def schema(self) -> NativeSchema:
        """Its fields, as the mapping sees them."""
        return self.layout.schema

    def confirm(self) -> None:
        """Raises unless we are signed in and see the project: before anything is called empty or gone."""
        confirm(self.site, self.key)
        self._proven_at = self.site.clock.now()

    def prove_once(self) -> None:
        """`confirm`, unless that was done a moment ago: what a question that may well have no answer costs."""
        now = self.site.clock.now()
        if self._place is None or (now and self._proven_at and now - self._proven_at > PROVEN):
            self.confirm()

    # A Data Center names a stage's epic by the epic's key, which is not what we go by (reference jira §5.9).

    def learn(self, record: Record) -> None:
        """Remember an epic's key."""
        if record.ref.kind is Kind.CAMPAIGN and record.key:
            self._epics[record.key] = record.ref.native
            self._keys[record.ref.native] = record.key

    def epic_id(self, key: str) -> str:
        """The id of the epic with this key; the key itself where we do not see that issue, which is then no epic of
        ours."""
        if key not in self._epics:
            found = self.site.find("looking an epic up", f"issue/{quote(key, safe='')}", params={"fields": "issuetype"})
            with understood(self.tool, "looking an epic up"):
                self._epics[key] = number(found, "id") if found is not None else key
        return self._epics[key]

    def epic_key(self, native: str) -> str:
        """The key of the epic with this id. Missing when there is none."""
        if native not in self._keys:
            doing = "looking an epic up"
            found = self.site.ask(doing, "GET", f"issue/{native}", params={"fields": "issuetype"})
            with understood(self.tool, doing):
                key = word(found, "key")
            self._keys[native], self._epics[key] = key, native
        return self._keys[native]

    def hangs_on(self, kind: Kind, parent: str) -> dict[str, Any]:
        """The field that hangs an issue on its parent."""
        if kind is Kind.STAGE and self.layout.epic_link is not None:
            return {self.layout.epic_link: self.epic_key(parent)}
        return {"parent": {"id": parent}}

    def parent_of(self, kind: Kind, native: Mapping[str, Any]) -> str | None:
        """The id of the issue that one with these fields hangs on."""
        if kind is Kind.STAGE and self.layout.epic_link is not None:
            key = native.get(self.layout.epic_link)
            return self.epic_id(key) if isinstance(key, str) and key else None
        try:
            held = part(native, "parent").get("id")
        except (LookupError, TypeError):
            return None
        return str(held) if isinstance(held, str | int) and held else None
